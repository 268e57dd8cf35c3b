/* What an order earns and costs, to the last minor unit; and who is what, by number. */
#include "tests/lib/test.h"
#include "services/base/pricing.h"

static const struct pricing prices = {
    .tiers = {{.share_ppm = 500000, .commission_ppm = 150000, .month = 0},
              {.share_ppm = 350000, .commission_ppm = 250000, .month = 290000},
              {.share_ppm = 150000, .commission_ppm = 300000, .month = 790000}},
    .tiers_max = 3,
    .payment_ppm = 29000,
    .fee = 9900,
    .fee_km = 1500,
    .surge = {.orders = 100, .window_ns = 1, .step_ppm = 250000, .max_ppm = 1000000},
    .trip = 8000,
    .trip_km = 2000,
    .distance_m = 3000,
    .distance_spread_ppm = 500000,
    .premium = {.share_ppm = 100000, .priority = 2, .month = 19900, .order = 4900},
    .clicks_ppm = 20000,
    .contacts_ppm = 300000,
};

/* ---- Parts ----------------------------------------------------------------------------------- */

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

static void a_month_has_thirty_days_and_half_a_minor_unit_is_one(void **state)
{
    const uint64_t day_ms = 24 * 3600 * 1000;

    (void)state;
    assert_int_equal(pricing_pro_rata(29900, 2, 30 * day_ms), 59800);
    assert_int_equal(pricing_pro_rata(30, 1, day_ms), 1);
    assert_int_equal(pricing_pro_rata(1, 1, 15 * day_ms), 1);
    assert_int_equal(pricing_pro_rata(1, 1, 15 * day_ms - 1), 0);
    assert_int_equal(pricing_pro_rata(19900, 40000000, 60000), 18425926); /* 18,425,925.9 */
}

/* ---- Who is what ----------------------------------------------------------------------------- */

static void the_count_of_a_tier_is_that_of_the_restaurants_in_it(void **state)
{
    static const uint64_t towns[] = {0, 1, 2, 7, 100, 2000, 12345, 1000000, 1234567};

    (void)state;
    for (size_t t = 0; t < sizeof towns / sizeof towns[0]; t++) {
        uint64_t found[3] = {0};
        uint32_t from = 0;

        for (uint64_t key = 1; key <= towns[t]; key++)
            found[pricing_tier(&prices, key)]++;
        for (int i = 0; i < 3; i++) {
            assert_int_equal(pricing_count(towns[t], from, from + prices.tiers[i].share_ppm),
                             found[i]);
            from += prices.tiers[i].share_ppm;
        }
    }
}

/* By Zipf's law the first ten restaurants have a quarter of the orders: were they all in one tier,
 * the mean commission would be a matter of luck. */
static void every_short_row_of_restaurants_is_near_to_the_shares(void **state)
{
    (void)state;
    for (uint64_t n = 10; n <= 1000; n += 10) {
        double share = (double)pricing_count(n, 0, 500000) / (double)n;

        assert_true(share > 0.5 - 2.0 / (double)n && share < 0.5 + 2.0 / (double)n);
    }
}

static void members_are_as_many_as_their_share(void **state)
{
    uint64_t members = 0;

    (void)state;
    for (uint64_t customer = 1; customer <= 5000; customer++)
        members += pricing_is_member(&prices.premium, customer);
    assert_int_equal(members, pricing_count(5000, 0, 100000));
    assert_int_equal(pricing_count(1000000, 0, 100000), 100000);
}

static void the_way_is_the_same_each_time_and_three_kilometres_on_average(void **state)
{
    uint64_t sum = 0;
    uint32_t shortest = UINT32_MAX, longest = 0;

    (void)state;
    for (uint64_t customer = 1; customer <= 100000; customer++) {
        uint32_t metres = pricing_distance_m(&prices, 7, customer);

        assert_int_equal(metres, pricing_distance_m(&prices, 7, customer));
        sum += metres;
        shortest = metres < shortest ? metres : shortest;
        longest = metres > longest ? metres : longest;
    }
    assert_in_range(sum / 100000, 2990, 3010); /* 3 000 ± 4 standard errors of 2.7 m */
    assert_in_range(shortest, 1500, 1502);
    assert_in_range(longest, 4498, 4500);
}

static void
clicks_and_calls_are_as_frequent_as_their_shares_and_have_nothing_in_common(void **state)
{
    unsigned clicks = 0, calls = 0, both = 0;

    (void)state;
    for (uint64_t id = 1; id <= 100000; id++) {
        bool is_clicked = pricing_is_clicked(&prices, id, id * 7919 % 1000);
        bool is_contact = pricing_is_contact(&prices, id, id * 7919 % 1000);

        clicks += is_clicked;
        calls += is_contact;
        both += is_clicked && is_contact;
    }
    assert_in_range(clicks, 2000 - 180, 2000 + 180); /* Four standard deviations each. */
    assert_in_range(calls, 30000 - 580, 30000 + 580);
    assert_in_range(both, 600 - 100, 600 + 100);
}

/* ---- Surge ----------------------------------------------------------------------------------- */

static void the_fee_rises_in_steps_and_no_higher_than_its_bound(void **state)
{
    static const struct {
        uint64_t orders;
        uint32_t rise_ppm;
    } rises[] = {{0, 0},        {100, 0},      {124, 0},       {125, 250000},  {149, 250000},
                 {150, 500000}, {199, 750000}, {200, 1000000}, {201, 1000000}, {100000, 1000000}};

    (void)state;
    for (size_t i = 0; i < sizeof rises / sizeof rises[0]; i++)
        assert_int_equal(pricing_surge_ppm(&prices.surge, rises[i].orders), rises[i].rise_ppm);
}

static void a_bound_between_two_steps_is_reached(void **state)
{
    const struct surge surge = {.orders = 100, .step_ppm = 250000, .max_ppm = 600000};

    (void)state;
    assert_int_equal(pricing_surge_ppm(&surge, 174), 500000);
    assert_int_equal(pricing_surge_ppm(&surge, 175), 600000);
}

static void without_a_limit_of_couriers_the_fee_never_rises(void **state)
{
    const struct surge surge = {.orders = 0, .step_ppm = 250000, .max_ppm = 1000000};

    (void)state;
    assert_int_equal(pricing_surge_ppm(&surge, UINT64_MAX), 0);
}

/* ---- A bill ---------------------------------------------------------------------------------- */

static struct bill bill_of(uint64_t restaurant, uint64_t customer, uint32_t surge_ppm)
{
    const struct sale sale = {.order = 1,
                              .restaurant = restaurant,
                              .customer = customer,
                              .basket = 149000,
                              .surge_ppm = surge_ppm};

    return pricing_bill(&prices, &sale);
}

static void a_restaurant_pays_the_commission_of_its_tier(void **state)
{
    (void)state;
    assert_int_equal(pricing_tier(&prices, 2), 0); /* 0.236 of the way through the tiers. */
    assert_int_equal(pricing_tier(&prices, 1), 1); /* 0.618 */
    assert_int_equal(pricing_tier(&prices, 3), 2); /* 0.854 */
    assert_int_equal(bill_of(2, 5, 0).commission, 22350);
    assert_int_equal(bill_of(1, 5, 0).commission, 37250);
    assert_int_equal(bill_of(3, 5, 0).commission, 44700);
}

static void a_member_pays_for_being_served_first(void **state)
{
    (void)state;
    assert_true(pricing_is_member(&prices.premium, 5)); /* 0.090 */
    assert_false(pricing_is_member(&prices.premium, 2));
    assert_int_equal(bill_of(1, 5, 0).premium, 4900);
    assert_int_equal(bill_of(1, 2, 0).premium, 0);
}

static void fee_and_pay_grow_with_the_way_and_the_fee_with_demand(void **state)
{
    int64_t metres = pricing_distance_m(&prices, 1, 2);
    struct pricing shared = prices;
    struct bill calm = bill_of(1, 2, 0), busy = bill_of(1, 2, 1500000), passed_on;

    (void)state;
    assert_int_equal(calm.fee, 9900 + (1500 * metres + 500) / 1000);
    assert_int_equal(calm.distance, (2000 * metres + 500) / 1000);
    assert_int_equal(busy.fee, calm.fee + calm.fee + pricing_part(calm.fee, 500000));
    assert_int_equal(busy.distance, calm.distance);
    shared.surge.couriers_ppm = 500000;
    passed_on = pricing_bill(
        &shared,
        &(struct sale){.restaurant = 1, .customer = 2, .basket = 149000, .surge_ppm = 1500000});
    assert_int_equal(passed_on.distance, calm.distance + pricing_part(busy.fee - calm.fee, 500000));
}

static void the_bank_has_its_share_of_all_that_the_customer_pays(void **state)
{
    struct bill bill = bill_of(1, 5, 250000);

    (void)state;
    assert_int_equal(bill.payment, pricing_part(149000 + bill.fee + bill.premium, 29000));
    assert_int_equal(bill_contribution(&bill), bill.commission + bill.fee + bill.premium -
                                                   bill.payment - bill.trip - bill.distance);
}

static void a_small_basket_costs_more_than_it_earns(void **state)
{
    const struct pricing flat = {
        .tiers = {{.share_ppm = PRICING_PPM, .commission_ppm = 250000}},
        .tiers_max = 1,
        .payment_ppm = 29000,
        .trip = 20000,
    };
    struct bill small = pricing_bill(&flat, &(struct sale){.basket = 30000});
    struct bill large = pricing_bill(&flat, &(struct sale){.basket = 149000});

    (void)state;
    assert_true(bill_contribution(&small) < 0);
    assert_true(bill_contribution(&large) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_rounded_half_up),
        cmocka_unit_test(a_part_of_any_amount_fits),
        cmocka_unit_test(a_month_has_thirty_days_and_half_a_minor_unit_is_one),
        cmocka_unit_test(the_count_of_a_tier_is_that_of_the_restaurants_in_it),
        cmocka_unit_test(every_short_row_of_restaurants_is_near_to_the_shares),
        cmocka_unit_test(members_are_as_many_as_their_share),
        cmocka_unit_test(the_way_is_the_same_each_time_and_three_kilometres_on_average),
        cmocka_unit_test(
            clicks_and_calls_are_as_frequent_as_their_shares_and_have_nothing_in_common),
        cmocka_unit_test(the_fee_rises_in_steps_and_no_higher_than_its_bound),
        cmocka_unit_test(a_bound_between_two_steps_is_reached),
        cmocka_unit_test(without_a_limit_of_couriers_the_fee_never_rises),
        cmocka_unit_test(a_restaurant_pays_the_commission_of_its_tier),
        cmocka_unit_test(a_member_pays_for_being_served_first),
        cmocka_unit_test(fee_and_pay_grow_with_the_way_and_the_fee_with_demand),
        cmocka_unit_test(the_bank_has_its_share_of_all_that_the_customer_pays),
        cmocka_unit_test(a_small_basket_costs_more_than_it_earns),
    };

    return cmocka_run_group_tests_name("pricing", tests, NULL, NULL);
}
