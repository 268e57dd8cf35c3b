/* Measuring a run: counts that add up, seconds, rates, and Little's law to the nanosecond. */
#include "tests/lib/test.h"

#include <math.h>

#include "sim/measure/measure.h"

static const uint64_t second_ns = 1000000000;
static const uint64_t ms = 1000000;

static struct scenario scenario;
static struct result result;
static struct measure measure;

static int setup(void **state)
{
    (void)state;
    scenario = (struct scenario){
        .duration_ns = 12 * second_ns,
        .warmup_ns = 2 * second_ns,
        .prices = {.commission = 0.2, .core_hour = 3600, .store_hour = 7200},
    };
    measure_init(&measure, &scenario, &result);
    return 0;
}

static uint64_t sum_of(const struct requests_result *requests)
{
    uint64_t sum = requests->ok + requests->late + requests->in_flight;

    for (int i = 0; i < FAILURES; i++)
        sum += requests->failed[i];
    return sum;
}

static void every_request_is_in_exactly_one_place_after_every_call(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t intended_ns = i * 10 * ms, now_ns = intended_ns + 5 * ms;

        measure_offered(&measure, intended_ns);
        assert_int_equal(sum_of(&result.requests), result.requests.offered);
        if (i % 4 == 0)
            measure_ok(&measure, intended_ns, now_ns);
        else if (i % 4 == 1)
            measure_late(&measure, intended_ns, now_ns);
        else if (i % 4 == 2)
            measure_failed(&measure, intended_ns, now_ns, (enum failure)(i % FAILURES));
        assert_int_equal(sum_of(&result.requests), result.requests.offered);
    }
    assert_int_equal(result.requests.in_flight, 200); /* A quarter of those after warm-up. */
}

static void a_request_of_the_warm_up_is_left_out_however_late_it_ends(void **state)
{
    (void)state;
    measure_offered(&measure, 2 * second_ns - 1);
    measure_attempt(&measure, 2 * second_ns - 1);
    measure_ok(&measure, 2 * second_ns - 1, 5 * second_ns);
    measure_order(&measure, 2 * second_ns - 1, &(struct sale){.basket = 100}, true, true, 0);
    measure_close(&measure, 12 * second_ns);
    assert_int_equal(result.requests.offered + result.requests.ok + result.requests.attempts, 0);
    assert_int_equal(result.latency.total, 0);
    assert_int_equal(result.money.revenue, 0);
}

static void latency_counts_from_the_intended_arrival_and_of_ok_requests_alone(void **state)
{
    (void)state;
    measure_offered(&measure, 3 * second_ns);
    measure_ok(&measure, 3 * second_ns, 3 * second_ns + 7 * ms);
    measure_offered(&measure, 3 * second_ns);
    measure_late(&measure, 3 * second_ns, 9 * second_ns);
    assert_int_equal(result.latency.total, 1);
    assert_int_equal(result.latency.max_ns, 7 * ms);
}

static void goodput_is_what_came_in_time_and_throughput_what_came_at_all(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        measure_offered(&measure, 3 * second_ns);
        if (i < 10)
            measure_ok(&measure, 3 * second_ns, 4 * second_ns);
        else if (i < 15)
            measure_late(&measure, 3 * second_ns, 4 * second_ns);
        else if (i < 20)
            measure_ok(&measure, 3 * second_ns, 13 * second_ns); /* While draining. */
        else
            measure_failed(&measure, 3 * second_ns, 4 * second_ns, FAILURE_SHED);
    }
    measure_close(&measure, 20 * second_ns);
    assert_true(result.measured_s == 10);
    assert_true(result.goodput_rps == 1.0);
    assert_true(result.throughput_rps == 1.5);
}

static void a_run_cut_short_is_measured_as_far_as_it_went(void **state)
{
    (void)state;
    measure_close(&measure, 7 * second_ns);
    assert_true(result.measured_s == 5);
    setup(state);
    measure_close(&measure, second_ns);
    assert_true(result.measured_s == 0 && result.goodput_rps == 0);
}

static void seconds_start_when_the_warm_up_ends(void **state)
{
    (void)state;
    measure_offered(&measure, 2 * second_ns + 1);
    measure_ok(&measure, 2 * second_ns + 1, 2 * second_ns + 1 + ms);
    measure_second(&measure, 2 * second_ns, 9, 9, 9); /* Still warm-up. */
    measure_second(&measure, 3 * second_ns, 5, 4, 3);
    measure_offered(&measure, 3 * second_ns + 1);
    measure_failed(&measure, 3 * second_ns + 1, 3 * second_ns + 2, FAILURE_ERROR);
    measure_second(&measure, 4 * second_ns, 0, 4, 0);
    assert_int_equal(result.series.seconds, 2);
    assert_int_equal(result.series.offered[0], 1);
    assert_int_equal(result.series.ok[0], 1);
    assert_int_equal(result.series.queue[0], 5);
    assert_int_equal(result.series.replicas[0], 4);
    assert_int_equal(result.series.lag[0], 3);
    assert_int_equal(result.series.failed[1], 1);
}

static void a_seconds_quantiles_are_its_own_and_forgotten_in_the_next(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 100; i++) {
        measure_offered(&measure, 2 * second_ns);
        measure_ok(&measure, 2 * second_ns, 2 * second_ns + i * ms);
    }
    measure_second(&measure, 3 * second_ns, 0, 0, 0);
    measure_offered(&measure, 3 * second_ns);
    measure_ok(&measure, 3 * second_ns, 3 * second_ns + ms);
    measure_second(&measure, 4 * second_ns, 0, 0, 0);
    measure_second(&measure, 5 * second_ns, 0, 0, 0);
    assert_true(fabsf(result.series.p50_ms[0] - 50) < 50.0f / HISTOGRAM_STEPS);
    assert_true(fabsf(result.series.p95_ms[0] - 95) < 95.0f / HISTOGRAM_STEPS);
    assert_true(fabsf(result.series.p99_ms[0] - 99) < 99.0f / HISTOGRAM_STEPS);
    assert_true(fabsf(result.series.p50_ms[1] - 1) < 1.0f / HISTOGRAM_STEPS);
    assert_true(fabsf(result.series.p99_ms[1] - 1) < 1.0f / HISTOGRAM_STEPS);
    assert_true(isnan(result.series.p50_ms[2]) && isnan(result.series.p99_ms[2]));
}

static void a_run_longer_than_its_series_still_counts(void **state)
{
    (void)state;
    scenario.duration_ns = 5000 * second_ns;
    measure_init(&measure, &scenario, &result);
    measure_offered(&measure, 4500 * second_ns);
    measure_ok(&measure, 4500 * second_ns, 4501 * second_ns);
    measure_second(&measure, 4502 * second_ns, 1, 1, 1);
    assert_int_equal(result.requests.ok, 1);
    assert_int_equal(result.series.seconds, 0);
}

static void servers_cost_what_they_were_up_for(void **state)
{
    (void)state;
    result.services_max = 1;
    result.services[0].core_seconds = 50;
    result.store.is_used = true;
    measure_close(&measure, 12 * second_ns);
    assert_int_equal(result.money.infra_cost, 50 + 2 * 10);
    assert_int_equal(result.money.profit, -70);
}

static void an_order_that_was_charged_and_came_late_is_given_back(void **state)
{
    (void)state;
    measure_order(&measure, 3 * second_ns, &(struct sale){.basket = 1000}, false, true, FAILURES);
    measure_close(&measure, 12 * second_ns);
    assert_int_equal(result.money.revenue, 200);
    assert_int_equal(result.money.refunds, 200);
    assert_int_equal(result.money.lost_by[FAILURES], 200);
}

/* ---- Levels over time ----------------------------------------------------------------------- */

static void the_area_under_a_line_is_the_sum_of_the_stays(void **state)
{
    enum { PEOPLE = 1000 };
    static uint64_t entered[PEOPLE];
    static struct histogram stays;
    struct line_stat line;
    uint64_t now_ns = 17, chance = 1;
    unsigned in = 0, out = 0;

    (void)state;
    line_init(&line, now_ns, &stays);
    while (out < PEOPLE) {
        chance = chance * 6364136223846793005u + 1442695040888963407u;
        now_ns += chance >> 40;
        if (in < PEOPLE && (in == out || chance >> 63 == 0)) {
            line_enter(&line, now_ns);
            entered[in++] = now_ns;
        } else {
            line_leave(&line, now_ns, now_ns - entered[out]);
            out++;
        }
    }
    assert_int_equal(line.length.value, 0);
    assert_true(area_sum(&line.length, now_ns + 1000) == line.stays_ns);
    assert_true(stays.sum_ns == line.stays_ns);
    /* L = lambda W, over any stretch that begins and ends empty. */
    double length = area_mean(&line.length, 17, now_ns);
    double rate = (double)line.left / (double)(now_ns - 17);
    assert_true(fabs(length / (rate * line_stay_mean_ns(&line)) - 1) < 1e-12);
}

static void who_finds_no_line_counts_as_a_wait_of_nothing(void **state)
{
    struct line_stat line;

    (void)state;
    line_init(&line, 0, NULL);
    line_pass(&line);
    line_enter(&line, 10);
    line_leave(&line, 40, 30);
    assert_true(line_stay_mean_ns(&line) == 15);
    assert_int_equal(line.longest, 1);
}

static void a_restart_keeps_who_is_there_and_forgets_the_past(void **state)
{
    struct area area;

    (void)state;
    area_init(&area, 0, 10);
    area_restart(&area, 100);
    assert_true(area_mean(&area, 100, 200) == 10);
    area_change(&area, 200, 0);
    assert_true(area_mean(&area, 100, 300) == 5);
    assert_true(area_mean(&area, 100, 100) == 0);
}

static void usage_is_busy_over_there_and_its_peak_is_one_seconds(void **state)
{
    struct usage usage;

    (void)state;
    usage_init(&usage, 0, 2);
    usage_change(&usage, 0, 1);
    usage_second(&usage, second_ns); /* 1 of 2. */
    usage_change(&usage, second_ns, 2);
    usage_second(&usage, 2 * second_ns); /* 2 of 2. */
    usage_change(&usage, 2 * second_ns, 0);
    usage_resize(&usage, 2 * second_ns, 4);
    usage_second(&usage, 3 * second_ns); /* 0 of 4. */
    assert_true(usage.peak == 1);
    assert_true(usage_mean(&usage, 3 * second_ns) == 3.0 / 8);
}

static void nothing_that_is_there_is_not_busy(void **state)
{
    struct usage usage;

    (void)state;
    usage_init(&usage, 0, 0);
    usage_second(&usage, second_ns);
    assert_true(usage.peak == 0 && usage_mean(&usage, second_ns) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_request_is_in_exactly_one_place_after_every_call, setup),
        cmocka_unit_test_setup(a_request_of_the_warm_up_is_left_out_however_late_it_ends, setup),
        cmocka_unit_test_setup(latency_counts_from_the_intended_arrival_and_of_ok_requests_alone,
                               setup),
        cmocka_unit_test_setup(goodput_is_what_came_in_time_and_throughput_what_came_at_all, setup),
        cmocka_unit_test_setup(a_run_cut_short_is_measured_as_far_as_it_went, setup),
        cmocka_unit_test_setup(seconds_start_when_the_warm_up_ends, setup),
        cmocka_unit_test_setup(a_seconds_quantiles_are_its_own_and_forgotten_in_the_next, setup),
        cmocka_unit_test_setup(a_run_longer_than_its_series_still_counts, setup),
        cmocka_unit_test_setup(servers_cost_what_they_were_up_for, setup),
        cmocka_unit_test_setup(an_order_that_was_charged_and_came_late_is_given_back, setup),
        cmocka_unit_test(the_area_under_a_line_is_the_sum_of_the_stays),
        cmocka_unit_test(who_finds_no_line_counts_as_a_wait_of_nothing),
        cmocka_unit_test(a_restart_keeps_who_is_there_and_forgets_the_past),
        cmocka_unit_test(usage_is_busy_over_there_and_its_peak_is_one_seconds),
        cmocka_unit_test(nothing_that_is_there_is_not_busy),
    };
    return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
