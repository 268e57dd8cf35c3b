/* Prices as whole numbers: shares to the millionth, whoever wrote them. */
#include "tests/lib/test.h"

#include "services/port/ask.h"
#include "sim/scenario/prices.h"

static void a_share_that_has_no_exact_double_is_still_the_share_that_was_written(void **state)
{
    const struct prices_spec spec = {.commission = 0.29}; /* As a double, below 0.29. */

    (void)state;
    assert_int_equal(prices_pricing(&spec).tiers[0].commission_ppm, 290000);
}

static void without_tiers_all_restaurants_are_in_one(void **state)
{
    const struct prices_spec spec = {.commission = 0.25, .subscription = 99000};
    struct pricing pricing = prices_pricing(&spec);

    (void)state;
    assert_int_equal(pricing.tiers_max, 1);
    assert_int_equal(pricing.tiers[0].share_ppm, PRICING_PPM);
    assert_int_equal(pricing.tiers[0].month, 99000);
}

/* Each of the seven rounds up by half a millionth, and so does the last. */
static void tiers_are_a_whole_however_their_shares_are_rounded(void **state)
{
    struct prices_spec spec = {.tiers_max = 8};
    struct pricing pricing;
    uint32_t sum = 0;

    (void)state;
    for (int i = 0; i < 7; i++)
        spec.tiers[i].share = 0.1250005;
    spec.tiers[7].share = 0.1249965;
    pricing = prices_pricing(&spec);
    for (int i = 0; i < 8; i++)
        sum += pricing.tiers[i].share_ppm;
    assert_int_equal(sum, PRICING_PPM);
}

static void a_surge_that_begins_at_less_than_an_order_per_window_begins_at_one(void **state)
{
    struct prices_spec spec = {.surge = {.from = 0.01, .step = 0.25, .window_ns = 5000000000}};

    (void)state;
    assert_int_equal(prices_pricing(&spec).surge.orders, 1);
    spec.surge.from = 60;
    assert_int_equal(prices_pricing(&spec).surge.orders, 300);
    spec.surge.from = 0;
    assert_int_equal(prices_pricing(&spec).surge.orders, 0);
}

static void who_is_listed_and_who_may_join_is_whom_menus_and_orders_are_about(void **state)
{
    static struct scenario scenario = {
        .loads_max = 3,
        .loads = {{.verb = VERB_ORDER, .keys = {.n = 200}, .people = 5000},
                  {.verb = VERB_MENU, .keys = {.n = 300}, .people = 4000},
                  {.verb = VERB_LIKE, .keys = {.n = 9000}, .people = 90000}},
    };

    (void)state;
    assert_int_equal(prices_restaurants(&scenario), 300);
    assert_int_equal(prices_customers(&scenario), 5000);
    scenario.loads[1].keys.dist = KEYS_CONSTANT; /* Always restaurant 1. */
    assert_int_equal(prices_restaurants(&scenario), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_that_has_no_exact_double_is_still_the_share_that_was_written),
        cmocka_unit_test(without_tiers_all_restaurants_are_in_one),
        cmocka_unit_test(tiers_are_a_whole_however_their_shares_are_rounded),
        cmocka_unit_test(a_surge_that_begins_at_less_than_an_order_per_window_begins_at_one),
        cmocka_unit_test(who_is_listed_and_who_may_join_is_whom_menus_and_orders_are_about),
    };

    return cmocka_run_group_tests_name("prices", tests, NULL, NULL);
}
