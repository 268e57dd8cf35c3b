/* What servers are paid for: bought, started on demand, or only while they were up. */
#include "tests/lib/test.h"

#include "sim/measure/rental.h"

static const uint64_t second_ns = 1000000000;
enum { MINUTE_MS = 60000, HOUR_MS = 3600000 };

static struct scenario scenario;
static struct result result;

static int setup(void **state)
{
    (void)state;
    scenario = (struct scenario){
        .services_max = 1,
        .services = {{.replicas = 4, .cores = 2, .autoscale = {.replicas_min = 2}}},
        .balancer.cores = 2,
    };
    result = (struct result){.scenario = &scenario,
                             .services_max = 2,
                             .services = {{.replicas_max = 4, .core_seconds = 400},
                                          {.replicas_max = 1, .core_seconds = 120}}};
    return 0;
}

static void without_a_rent_servers_are_paid_for_while_they_are_up(void **state)
{
    (void)state;
    assert_int_equal(rental_core_ms(&result, 0, MINUTE_MS), 400000);
    assert_int_equal(rental_core_ms(&result, 1, MINUTE_MS), 120000);
    assert_int_equal(rental_ms(&scenario.prices, MINUTE_MS), MINUTE_MS);
}

static void what_is_bought_is_paid_for_to_the_end_of_its_rent(void **state)
{
    (void)state;
    scenario.prices.rented_ns = 3600 * second_ns;
    assert_int_equal(rental_core_ms(&result, 0, MINUTE_MS), 4 * 2 * HOUR_MS);
    assert_int_equal(rental_core_ms(&result, 1, MINUTE_MS), 2 * HOUR_MS); /* The balancer's. */
    assert_int_equal(rental_ms(&scenario.prices, MINUTE_MS), HOUR_MS);
}

static void who_is_up_longer_than_rented_pays_for_the_time(void **state)
{
    (void)state;
    scenario.prices.rented_ns = 30 * second_ns;
    assert_int_equal(rental_core_ms(&result, 0, MINUTE_MS), 400000);
    assert_int_equal(rental_ms(&scenario.prices, MINUTE_MS), MINUTE_MS);
}

/* Two are bought for an hour, two more were started and cost ten minutes each, whatever the time
 * that they were up. */
static void an_autoscaler_buys_its_fewest_and_starts_the_others_on_demand(void **state)
{
    (void)state;
    scenario.services[0].autoscale.is_on = true;
    scenario.prices.rented_ns = 3600 * second_ns;
    scenario.prices.on_demand_ns = 600 * second_ns;
    assert_int_equal(rental_core_ms(&result, 0, MINUTE_MS), 2 * 2 * HOUR_MS + 2 * 2 * 600000);
}

static void an_autoscaler_without_a_rent_pays_for_the_time_that_all_were_up(void **state)
{
    (void)state;
    scenario.services[0].autoscale.is_on = true;
    assert_int_equal(rental_core_ms(&result, 0, MINUTE_MS), 400000);
    result.services[0].core_seconds = 100; /* One of the two has been down. */
    assert_int_equal(rental_core_ms(&result, 0, MINUTE_MS), 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_rent_servers_are_paid_for_while_they_are_up, setup),
        cmocka_unit_test_setup(what_is_bought_is_paid_for_to_the_end_of_its_rent, setup),
        cmocka_unit_test_setup(who_is_up_longer_than_rented_pays_for_the_time, setup),
        cmocka_unit_test_setup(an_autoscaler_buys_its_fewest_and_starts_the_others_on_demand,
                               setup),
        cmocka_unit_test_setup(an_autoscaler_without_a_rent_pays_for_the_time_that_all_were_up,
                               setup),
    };
    return cmocka_run_group_tests_name("rental", tests, NULL, NULL);
}
