/* What an order earns and costs, to the last minor unit. */
#include "tests/lib/test.h"
#include "services/base/pricing.h"

static const struct pricing prices = {
    .commission_ppm = 250000, .payment_ppm = 29000, .delivery_fee = 14900, .courier_trip = 20000};

static void a_part_is_rounded_half_up(void **state)
{
    (void)state;
    assert_int_equal(pricing_part(10, 50000), 1); /* 0.5 */
    assert_int_equal(pricing_part(9, 50000), 0);  /* 0.45 */
    assert_int_equal(pricing_part(30, 50000), 2); /* 1.5 */
    assert_int_equal(pricing_part(123, 0), 0);
    assert_int_equal(pricing_part(123, PRICING_PPM), 123);
}

static void a_part_of_any_amount_fits(void **state)
{
    (void)state;
    assert_int_equal(pricing_part(INT64_MAX, PRICING_PPM), INT64_MAX);
    assert_int_equal(pricing_part(INT64_MAX, 500000), INT64_MAX / 2 + 1);
    assert_int_equal(pricing_part(8000000000000000001, 125000), 1000000000000000000);
}

static void the_parts_of_an_order_add_up_to_its_contribution(void **state)
{
    (void)state;
    assert_int_equal(pricing_commission(&prices, 149000), 37250);
    assert_int_equal(pricing_total(&prices, 149000), 163900);
    assert_int_equal(pricing_payment(&prices, 149000), 4753); /* 4753.1 */
    assert_int_equal(pricing_contribution(&prices, 149000), 37250 + 14900 - 4753 - 20000);
}

static void a_small_basket_costs_more_than_it_earns(void **state)
{
    struct pricing free_delivery = prices;

    (void)state;
    free_delivery.delivery_fee = 0;
    assert_true(pricing_contribution(&free_delivery, 30000) < 0);
    assert_true(pricing_contribution(&free_delivery, 149000) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_rounded_half_up),
        cmocka_unit_test(a_part_of_any_amount_fits),
        cmocka_unit_test(the_parts_of_an_order_add_up_to_its_contribution),
        cmocka_unit_test(a_small_basket_costs_more_than_it_earns),
    };

    return cmocka_run_group_tests_name("pricing", tests, NULL, NULL);
}
