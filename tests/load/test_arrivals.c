/* When requests come: constant and Poisson arrivals of a rate that steps and ramps. */
#include "tests/lib/test.h"

#include <math.h>
#include <string.h>

#include "sim/load/arrivals.h"

static const uint64_t second_ns = 1000000000;

static struct load_spec load_of(enum arrivals_kind kind, const struct phase *phases, uint32_t n)
{
    struct load_spec spec = {.name = "test", .arrivals = kind, .phases_max = n};

    memcpy(spec.phases, phases, n * sizeof *phases);
    return spec;
}

/* How many arrive in [from, to) of a run of `end` seconds. */
static unsigned count(const struct load_spec *spec, uint64_t seed, double from_s, double to_s,
                      uint64_t end_s)
{
    struct arrivals arrivals;
    unsigned found = 0;
    uint64_t at;

    arrivals_init(&arrivals, spec, seed, end_s * second_ns);
    while ((at = arrivals_next_ns(&arrivals)) != ARRIVALS_NEVER_NS)
        found += (double)at >= from_s * 1e9 && (double)at < to_s * 1e9;
    return found;
}

static void constant_arrivals_are_evenly_spaced(void **state)
{
    const struct phase phase = {.rate = 4};
    struct load_spec spec = load_of(ARRIVALS_CONSTANT, &phase, 1);
    struct arrivals arrivals;

    (void)state;
    arrivals_init(&arrivals, &spec, 1, second_ns);
    assert_int_equal(arrivals_next_ns(&arrivals), second_ns / 4);
    assert_int_equal(arrivals_next_ns(&arrivals), second_ns / 2);
    assert_int_equal(arrivals_next_ns(&arrivals), 3 * second_ns / 4);
    assert_int_equal(arrivals_next_ns(&arrivals), ARRIVALS_NEVER_NS);
}

static void a_step_changes_the_rate_at_once(void **state)
{
    const struct phase phases[] = {{.rate = 100}, {.at_ns = 10 * second_ns, .rate = 1000}};
    struct load_spec spec = load_of(ARRIVALS_CONSTANT, phases, 2);

    (void)state;
    assert_in_range(count(&spec, 1, 0, 10, 20), 999, 1001);
    assert_in_range(count(&spec, 1, 10, 20, 20), 9998, 10001);
}

/* From 100/s to 300/s in ten seconds: 2000 arrivals, 750 of them in the first half. */
static void a_ramp_is_a_straight_line(void **state)
{
    const struct phase phases[] = {
        {.rate = 100}, {.at_ns = 10 * second_ns, .rate = 300, .ramp_ns = 10 * second_ns}};
    struct load_spec spec = load_of(ARRIVALS_CONSTANT, phases, 2);

    (void)state;
    assert_in_range(count(&spec, 1, 10, 20, 30), 1999, 2001);
    assert_in_range(count(&spec, 1, 10, 15, 30), 749, 751);
    assert_in_range(count(&spec, 1, 20, 30, 30), 2998, 3001);
}

/* A ramp that a later phase cuts off starts the next one from where it had got to. */
static void a_ramp_that_is_cut_off_goes_on_from_where_it_was(void **state)
{
    const struct phase phases[] = {
        {.rate = 0},
        {.at_ns = 0, .rate = 200, .ramp_ns = 20 * second_ns},
        {.at_ns = 10 * second_ns, .rate = 100, .ramp_ns = 10 * second_ns}};
    struct load_spec spec = load_of(ARRIVALS_CONSTANT, phases, 3);

    (void)state;
    assert_in_range(count(&spec, 1, 0, 10, 20), 499, 501);
    assert_in_range(count(&spec, 1, 10, 20, 20), 998, 1001);
}

static void a_rate_of_zero_brings_nobody(void **state)
{
    const struct phase phases[] = {{.rate = 0}, {.at_ns = 5 * second_ns, .rate = 100}};
    struct load_spec spec = load_of(ARRIVALS_POISSON, phases, 2);

    (void)state;
    assert_int_equal(count(&spec, 1, 0, 5, 10), 0);
    assert_in_range(count(&spec, 1, 5, 10, 10), 400, 600);
}

/* Counts in equal windows of a Poisson process have variance equal to their mean. */
static void poisson_counts_vary_as_much_as_their_mean(void **state)
{
    const struct phase phase = {.rate = 50};
    struct load_spec spec = load_of(ARRIVALS_POISSON, &phase, 1);
    unsigned counts[2000] = {0};
    struct arrivals arrivals;
    double mean = 0, variance = 0;
    uint64_t at;

    (void)state;
    arrivals_init(&arrivals, &spec, 9, 2000 * second_ns);
    while ((at = arrivals_next_ns(&arrivals)) != ARRIVALS_NEVER_NS)
        counts[at / second_ns]++;
    for (int i = 0; i < 2000; i++)
        mean += counts[i] / 2000.0;
    for (int i = 0; i < 2000; i++)
        variance += (counts[i] - mean) * (counts[i] - mean) / 2000.0;
    assert_true(fabs(mean - 50) < 0.7);
    assert_true(fabs(variance / mean - 1) < 0.1);
}

static void the_name_of_a_load_is_its_stream(void **state)
{
    const struct phase phase = {.rate = 50};
    struct load_spec a = load_of(ARRIVALS_POISSON, &phase, 1), b = a;
    struct arrivals first, second;

    (void)state;
    strcpy(b.name, "other");
    arrivals_init(&first, &a, 9, 10 * second_ns);
    arrivals_init(&second, &b, 9, 10 * second_ns);
    assert_int_not_equal(arrivals_next_ns(&first), arrivals_next_ns(&second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_arrivals_are_evenly_spaced),
        cmocka_unit_test(a_step_changes_the_rate_at_once),
        cmocka_unit_test(a_ramp_is_a_straight_line),
        cmocka_unit_test(a_ramp_that_is_cut_off_goes_on_from_where_it_was),
        cmocka_unit_test(a_rate_of_zero_brings_nobody),
        cmocka_unit_test(poisson_counts_vary_as_much_as_their_mean),
        cmocka_unit_test(the_name_of_a_load_is_its_stream),
    };

    return cmocka_run_group_tests_name("arrivals", tests, NULL, NULL);
}
