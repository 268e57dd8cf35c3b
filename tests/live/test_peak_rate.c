/* The peak of a scenario's loads together, by which a live run says whether it is too fast. */
#include "tests/lib/test.h"

#include "sim/lab/lab.h"

#define S(n) ((uint64_t)(n)*1000000000)

static struct scenario scenario;

static double peak_of(const struct load_spec *loads, uint32_t loads_max)
{
    scenario = (struct scenario){.duration_ns = S(60), .loads_max = loads_max};
    for (uint32_t i = 0; i < loads_max; i++)
        scenario.loads[i] = loads[i];
    return lab_peak_rate(&scenario);
}

static void peaks_of_different_moments_are_not_one(void **state)
{
    const struct load_spec loads[] = {
        {.name = "a", .phases = {{0, 1000, 0}, {S(30), 10, 0}}, .phases_max = 2},
        {.name = "b", .phases = {{0, 10, 0}, {S(30), 1000, 0}}, .phases_max = 2}};

    (void)state;
    assert_float_equal(peak_of(loads, 2), 1010, 1e-9);
    assert_float_equal(peak_of(loads, 1), 1000, 1e-9);
}

/* 500 at its end, where the other one has come down from 1000 to 250. */
static void a_ramp_is_highest_where_it_ends(void **state)
{
    const struct load_spec loads[] = {
        {.name = "up", .phases = {{0, 0, 0}, {S(10), 500, S(20)}, {S(30), 0, 0}}, .phases_max = 3},
        {.name = "down", .phases = {{0, 1000, 0}, {S(15), 250, S(15)}}, .phases_max = 2}};

    (void)state;
    assert_float_equal(peak_of(loads, 1), 500, 1e-9);
    assert_float_equal(peak_of(loads, 2), 1125, 1e-9); /* At 15 s: 125 and 1000. */
}

static void closed_loads_have_no_rate(void **state)
{
    const struct load_spec load = {.name = "c", .arrivals = ARRIVALS_CLOSED, .users = 9};

    (void)state;
    assert_float_equal(peak_of(&load, 1), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peaks_of_different_moments_are_not_one),
        cmocka_unit_test(a_ramp_is_highest_where_it_ends),
        cmocka_unit_test(closed_loads_have_no_rate),
    };

    return cmocka_run_group_tests_name("peak rate", tests, NULL, NULL);
}
