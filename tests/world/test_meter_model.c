/* How busy something was, second by second. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "sim/world/meter.h"

static const uint64_t second_ns = 1000000000;

static int open_meter(void **state)
{
    *state = calloc(1, sizeof(struct meter));
    return *state == NULL;
}

static int close_meter(void **state)
{
    free(*state);
    return 0;
}

static void assert_near(double found, double expected)
{
    assert_true(found > expected - 1e-9 && found < expected + 1e-9);
}

static void an_interval_is_cut_at_the_seconds(void **state)
{
    struct meter *meter = *state;

    meter_add(meter, second_ns / 2, 3 * second_ns + second_ns / 4);
    assert_int_equal(meter->busy_ns[0], second_ns / 2);
    assert_int_equal(meter->busy_ns[1], second_ns);
    assert_int_equal(meter->busy_ns[2], second_ns);
    assert_int_equal(meter->busy_ns[3], second_ns / 4);
}

static void the_mean_is_busy_time_over_time_and_capacity(void **state)
{
    struct meter *meter = *state;

    meter_add(meter, 0, second_ns);
    meter_add(meter, 0, second_ns);
    meter_add(meter, 2 * second_ns, 3 * second_ns);
    assert_near(meter_mean(meter, 2, 0, 3 * second_ns), 0.5);
    assert_near(meter_mean(meter, 2, second_ns, 3 * second_ns), 0.25);
}

static void the_peak_is_the_busiest_whole_second(void **state)
{
    struct meter *meter = *state;

    meter_add(meter, 0, second_ns / 10);
    meter_add(meter, second_ns, second_ns + second_ns * 8 / 10);
    meter_add(meter, 2 * second_ns, 2 * second_ns + second_ns / 5);
    assert_near(meter_peak(meter, 1, 0, 3 * second_ns), 0.8);
    assert_near(meter_peak(meter, 1, 2 * second_ns, 3 * second_ns), 0.2);
}

static void a_run_shorter_than_a_second_is_measured_in_full(void **state)
{
    struct meter *meter = *state;

    meter_add(meter, 0, second_ns / 4);
    assert_near(meter_mean(meter, 1, 0, second_ns / 4), 1.0);
    assert_near(meter_peak(meter, 1, 0, second_ns / 4), 1.0);
}

static void a_second_that_is_cut_counts_by_its_share(void **state)
{
    struct meter *meter = *state;

    meter_add(meter, 0, second_ns / 2);
    meter_add(meter, 2 * second_ns, 2 * second_ns + 1);
    assert_near(meter_busy_s(meter, second_ns / 2, second_ns), 0.25);
}

static void nothing_is_busy_between_an_instant_and_itself(void **state)
{
    assert_near(meter_mean(*state, 1, second_ns, second_ns), 0);
    assert_near(meter_peak(*state, 1, second_ns, second_ns), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_interval_is_cut_at_the_seconds, open_meter, close_meter),
        cmocka_unit_test_setup_teardown(the_mean_is_busy_time_over_time_and_capacity, open_meter,
                                        close_meter),
        cmocka_unit_test_setup_teardown(the_peak_is_the_busiest_whole_second, open_meter,
                                        close_meter),
        cmocka_unit_test_setup_teardown(a_run_shorter_than_a_second_is_measured_in_full, open_meter,
                                        close_meter),
        cmocka_unit_test_setup_teardown(a_second_that_is_cut_counts_by_its_share, open_meter,
                                        close_meter),
        cmocka_unit_test_setup_teardown(nothing_is_busy_between_an_instant_and_itself, open_meter,
                                        close_meter),
    };

    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
