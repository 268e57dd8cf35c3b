/* Replications: Student's t, intervals that cover what they promise, merging without loss. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/dice.h"
#include "sim/measure/metric.h"

/* Student's t as the integral of its density, by Simpson's rule: P(0 < T < t) with n degrees. */
static double half_probability(double t, double n)
{
    enum { STEPS = 4000 };
    double scale = exp(lgamma((n + 1) / 2) - lgamma(n / 2)) / sqrt(n * acos(-1));
    double sum = 0;

    for (int i = 0; i <= STEPS; i++) {
        double x = t * i / STEPS;
        double weight = i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2;

        sum += weight * pow(1 + x * x / n, -(n + 1) / 2);
    }
    return scale * sum * t / STEPS / 3;
}

static void the_quantiles_are_right_to_a_thousandth(void **state)
{
    (void)state;
    for (unsigned degrees = 1; degrees <= 200; degrees++) {
        double t = student_t975(degrees);

        assert_true(half_probability(t - 1e-3, degrees) < 0.475);
        assert_true(half_probability(t + 1e-3, degrees) > 0.475);
    }
    assert_true(fabs(student_t975(1000000) - 1.95996) < 1e-4);
}

static void the_mean_of_five_has_the_textbooks_interval(void **state)
{
    static const double values[] = {1, 2, 3, 4, 5};
    struct estimate estimate = estimate_of(values, 5);

    (void)state;
    assert_int_equal(estimate.n, 5);
    assert_true(estimate.mean == 3);
    assert_true(fabs(estimate.half_width - 2.77645 * sqrt(2.5 / 5)) < 1e-5);
}

static void one_value_has_no_width_and_none_has_no_value(void **state)
{
    static const double one[] = {7};

    (void)state;
    assert_true(estimate_of(one, 1).half_width == 0);
    assert_int_equal(estimate_of(one, 0).n, 0);
}

static void tiny_differences_on_a_large_mean_are_not_lost(void **state)
{
    static const double values[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};

    (void)state;
    assert_true(fabs(estimate_of(values, 3).half_width - 4.30265 / sqrt(3)) < 1e-4);
}

/* 4,000 experiments of 5 normal values: 95 % of the intervals hold the mean, give or take three
 * standard errors of that share, 1.03 %. */
static void the_interval_covers_the_mean_19_times_in_20(void **state)
{
    enum { EXPERIMENTS = 4000, N = 5 };
    struct dice dice;
    int covered = 0;

    (void)state;
    dice_init(&dice, 42, "coverage");
    for (int i = 0; i < EXPERIMENTS; i++) {
        double values[N];

        for (int k = 0; k < N; k++)
            values[k] = 10 + 3 * dice_normal(&dice);
        struct estimate estimate = estimate_of(values, N);
        covered += fabs(estimate.mean - 10) <= estimate.half_width;
    }
    assert_in_range(covered, (int)(EXPERIMENTS * (0.95 - 0.0104)),
                    (int)(EXPERIMENTS * (0.95 + 0.0104)));
}

/* ---- Merging -------------------------------------------------------------------------------- */

static struct scenario scenario;
static struct result a, b;

static void fill(struct result *result, uint64_t scale)
{
    memset(result, 0, sizeof *result);
    result->scenario = &scenario;
    result->replications = 1;
    result->measured_s = 10;
    result->requests.offered = 10 * scale;
    result->requests.ok = 10 * scale;
    result->goodput_rps = (double)scale;
    for (uint64_t i = 0; i < 10 * scale; i++)
        histogram_record(&result->latency, i * 1000);
    result->services_max = 1;
    result->services[0].let_in = 10 * scale;
    result->services[0].core_seconds = 10;
    result->services[0].utilization = 0.1 * (double)scale;
    result->services[0].utilization_peak = 0.2 * (double)scale;
    result->services[0].wait_mean_ms = (double)scale;
    result->services[0].queue_max = (uint32_t)scale;
    result->services[0].stages_max = 1;
    strcpy(result->services[0].stages[0].name, scale == 1 ? "cpu" : "store");
    result->services[0].stages[0].mean_ms = 4;
    result->money.lost = (int64_t)(1000 * scale);
    result->series.seconds = 2;
    result->series.offered[0] = (uint32_t)scale;
    result->series.p50_ms[0] = result->series.p99_ms[0] = (float)scale;
    result->series.p50_ms[1] = result->series.p99_ms[1] = scale == 1 ? NAN : 8;
}

static int setup(void **state)
{
    (void)state;
    fill(&a, 1);
    fill(&b, 3);
    return 0;
}

static void counts_add_and_means_are_weighted_by_what_they_are_means_of(void **state)
{
    (void)state;
    result_merge(&a, &b);
    assert_int_equal(a.replications, 2);
    assert_int_equal(a.requests.offered, 40);
    assert_int_equal(a.latency.total, 40);
    assert_int_equal(a.money.lost, 4000);
    assert_true(fabs(a.goodput_rps - 2) < 1e-12);
    assert_true(fabs(a.services[0].utilization - 0.2) < 1e-12);
    assert_true(fabs(a.services[0].utilization_peak - 0.6) < 1e-12);
    assert_true(fabs(a.services[0].wait_mean_ms - 2.5) < 1e-12);
    assert_int_equal(a.services[0].queue_max, 3);
    assert_int_equal(a.series.offered[0], 4);
}

static void a_second_without_answers_does_not_spoil_the_others_latency(void **state)
{
    (void)state;
    result_merge(&a, &b);
    assert_true(a.series.p99_ms[0] == 2);
    assert_true(a.series.p99_ms[1] == 8);
    assert_true(a.series.p50_ms[0] == 2);
    assert_true(a.series.p50_ms[1] == 8);
}

static void a_stage_of_one_run_alone_took_no_time_in_the_other(void **state)
{
    (void)state;
    result_merge(&a, &b);
    assert_int_equal(a.services[0].stages_max, 2);
    assert_true(fabs(a.services[0].stages[0].mean_ms - 1) < 1e-12); /* 10 of 40 visits. */
    assert_true(fabs(a.services[0].stages[1].mean_ms - 3) < 1e-12);
}

static void merging_is_the_same_whoever_is_first(void **state)
{
    static struct result c;

    (void)state;
    memcpy(&c, &b, sizeof c);
    result_merge(&c, &a);
    result_merge(&a, &b);
    assert_memory_equal(&a.latency, &c.latency, sizeof a.latency);
    assert_memory_equal(&a.requests, &c.requests, sizeof a.requests);
    assert_memory_equal(&a.money, &c.money, sizeof a.money);
    assert_true(fabs(a.services[0].utilization - c.services[0].utilization) < 1e-12);
}

static void a_limit_says_more_than_an_interruption(void **state)
{
    (void)state;
    a.end = RUN_INTERRUPTED;
    b.end = RUN_LIMIT;
    strcpy(b.limit, "events");
    result_merge(&a, &b);
    assert_int_equal(a.end, RUN_LIMIT);
    assert_string_equal(a.limit, "events");
    fill(&b, 1);
    result_merge(&a, &b);
    assert_int_equal(a.end, RUN_LIMIT);
}

static void violations_add_up_and_the_first_eight_are_kept(void **state)
{
    (void)state;
    a.invariants_violated = 6;
    b.invariants_violated = 9;
    strcpy(a.breaks[5].name, "a");
    strcpy(b.breaks[0].name, "b");
    result_merge(&a, &b);
    assert_int_equal(a.invariants_violated, 15);
    assert_string_equal(a.breaks[5].name, "a");
    assert_string_equal(a.breaks[6].name, "b");
}

static void the_sum_is_judged_and_blamed_anew(void **state)
{
    (void)state;
    scenario.thresholds_max = 1;
    strcpy(scenario.thresholds[0].metric, "money.lost");
    scenario.thresholds[0].comparison = BELOW;
    scenario.thresholds[0].bound = 1500;
    strcpy(a.services[0].name, "delivery");
    b.services[0].utilization_peak = 0.8;
    metric_judge(&a);
    bottleneck_find(&a);
    assert_true(a.passed);
    assert_string_equal(a.bottleneck.component, "none");
    result_merge(&a, &b);
    scenario.thresholds_max = 0;
    assert_false(a.passed); /* 2,000 a run. */
    assert_string_equal(a.bottleneck.component, "delivery");
}

static void an_estimate_takes_only_runs_that_have_the_metric(void **state)
{
    const struct result *results[] = {&a, &b};

    (void)state;
    memset(&b.latency, 0, sizeof b.latency);
    assert_int_equal(metric_estimate(results, 2, "latency.p99").n, 1);
    assert_int_equal(metric_estimate(results, 2, "money.lost").n, 2);
    assert_true(metric_estimate(results, 2, "money.lost").mean == 2000);
    assert_int_equal(metric_estimate(results, 2, "no.such").n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quantiles_are_right_to_a_thousandth),
        cmocka_unit_test(the_mean_of_five_has_the_textbooks_interval),
        cmocka_unit_test(one_value_has_no_width_and_none_has_no_value),
        cmocka_unit_test(tiny_differences_on_a_large_mean_are_not_lost),
        cmocka_unit_test(the_interval_covers_the_mean_19_times_in_20),
        cmocka_unit_test_setup(counts_add_and_means_are_weighted_by_what_they_are_means_of, setup),
        cmocka_unit_test_setup(a_second_without_answers_does_not_spoil_the_others_latency, setup),
        cmocka_unit_test_setup(a_stage_of_one_run_alone_took_no_time_in_the_other, setup),
        cmocka_unit_test_setup(merging_is_the_same_whoever_is_first, setup),
        cmocka_unit_test_setup(a_limit_says_more_than_an_interruption, setup),
        cmocka_unit_test_setup(violations_add_up_and_the_first_eight_are_kept, setup),
        cmocka_unit_test_setup(the_sum_is_judged_and_blamed_anew, setup),
        cmocka_unit_test_setup(an_estimate_takes_only_runs_that_have_the_metric, setup),
    };
    return cmocka_run_group_tests_name("replications", tests, NULL, NULL);
}
