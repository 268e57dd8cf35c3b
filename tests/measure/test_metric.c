/* Metrics: names, units, and thresholds judged by them. */
#include "tests/lib/test.h"

#include <string.h>

#include "sim/measure/metric.h"

static struct scenario scenario;
static struct result result;

static int setup(void **state)
{
    (void)state;
    memset(&scenario, 0, sizeof scenario);
    memset(&result, 0, sizeof result);
    result.scenario = &scenario;
    result.measured_s = 10;
    result.requests.offered = 1000;
    result.requests.ok = 900;
    result.requests.late = 40;
    result.requests.failed[FAILURE_SHED] = 50;
    result.requests.failed[FAILURE_TIMEOUT] = 10;
    result.requests.attempts = 1500;
    result.goodput_rps = 90;
    result.services_max = 2;
    strcpy(result.services[0].name, "delivery");
    strcpy(result.services[1].name, "a.b");
    result.services[1].queue_max = 7;
    for (uint64_t i = 1; i <= 100; i++)
        histogram_record(&result.latency, i * 1000000);
    return 0;
}

static double read(const char *name)
{
    enum metric_unit unit;
    double value;

    if (!metric_read(&result, name, &value, &unit))
        fail_msg("no %s", name);
    return value;
}

static bool is_read(const char *name)
{
    enum metric_unit unit;
    double value;

    return metric_read(&result, name, &value, &unit);
}

static void every_name_has_a_unit_and_a_place(void **state)
{
    const char *const *names;
    size_t names_max = metric_names(&names);
    enum metric_unit unit;

    (void)state;
    result.store.hits = 1;
    result.measured_s = 1;
    result.auth.is_used = true;
    result.auth.exposures = 1;
    result.money.orders_ok = 1;
    result.services[0].memory = 1;
    result.services[0].runtime = RUNTIME_GIL_THREADS;
    result.counter.attempted = result.counter.adds = result.counter.reads = 1;
    assert_true(names_max > 25);
    for (size_t i = 0; i < names_max; i++) {
        assert_true(metric_unit_of(names[i], &unit));
        assert_true(is_read(names[i]));
    }
}

static void tokens_have_figures_only_where_somebody_shows_them(void **state)
{
    (void)state;
    result.auth = (struct auth_result){.logins = 3, .exposures = 2, .exposure_sum_ms = 500};
    assert_false(is_read("auth.logins"));
    result.auth.is_used = true;
    result.auth.refused[1] = 4;
    result.auth.refused[RESULT_FLAWS - 1] = 5;
    assert_true(read("auth.logins") == 3);
    assert_true(read("auth.refused") == 9);
    assert_true(read("auth.exposure_mean") == 250);
    result.auth.exposures = 0;
    assert_false(is_read("auth.exposure_mean"));
}

static void shares_are_of_offered_requests(void **state)
{
    (void)state;
    assert_true(read("requests.failed") == 0.06);
    assert_true(read("requests.late") == 0.04);
    assert_true(read("requests.lost") == 0.1);
    assert_true(read("requests.shed") == 0.05);
    assert_true(read("requests.timeout") == 0.01);
    assert_true(read("requests.refused") == 0);
    assert_true(read("requests.attempts") == 1.5);
}

static void latencies_are_in_milliseconds(void **state)
{
    (void)state;
    assert_float_equal((float)read("latency.mean"), 50.5, 1e-4);
    assert_float_equal((float)read("latency.p99"), 99, 0.8);
    assert_true(read("latency.max") == 100);
}

static void a_service_is_found_by_its_name_with_dots_or_without(void **state)
{
    enum metric_unit unit;

    (void)state;
    assert_true(read("services.a.b.queue_max") == 7);
    assert_true(read("services.delivery.queue_max") == 0);
    assert_true(metric_unit_of("services.any.wait_p99", &unit));
    assert_int_equal(unit, METRIC_MS);
}

static void a_name_that_is_not_there_is_not_read(void **state)
{
    static const char *const names[] = {"",
                                        "latency",
                                        "latency.p98",
                                        "services",
                                        "services.",
                                        "services..shed",
                                        "services.delivery",
                                        "services.x.shed",
                                        "services.delivery.latency"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_false(is_read(names[i]));
}

static void what_has_nothing_to_stand_on_has_no_value(void **state)
{
    (void)state;
    memset(&result.latency, 0, sizeof result.latency);
    result.requests.offered = 0;
    result.measured_s = 0;
    assert_false(is_read("latency.p99"));
    assert_false(is_read("requests.failed"));
    assert_false(is_read("goodput"));
    assert_false(is_read("store.hit_rate"));
    assert_false(is_read("services.delivery.wait_p99"));
}

static void what_is_not_there_is_idle(void **state)
{
    (void)state;
    assert_true(read("queue.lag_max") == 0);
    assert_true(read("table.utilization") == 0);
    assert_true(read("likes.lost") == 0);
}

static void sums_are_those_of_one_run(void **state)
{
    (void)state;
    result.replications = 4;
    result.money.lost = 4000;
    result.queue.lag_end = 40;
    result.queue.lag_max = 40;
    assert_true(read("money.lost") == 1000);
    assert_true(read("queue.lag_end") == 10);
    assert_true(read("queue.lag_max") == 40);
}

static void what_is_left_of_an_order_is_that_of_those_that_went_well(void **state)
{
    (void)state;
    assert_false(is_read("money.contribution_per_order"));
    result.replications = 4; /* Sums over sums: how many runs is nothing to it. */
    result.money.orders_ok = 200;
    result.money.orders_lost = 1000;
    result.money.contribution = 30000;
    result.money.profit = -10000;
    assert_true(read("money.contribution_per_order") == 150);
    assert_true(read("money.profit_per_order") == -50);
}

static void judge(const char *metric, enum comparison comparison, double bound)
{
    scenario.thresholds_max = 1;
    strcpy(scenario.thresholds[0].metric, metric);
    scenario.thresholds[0].comparison = comparison;
    scenario.thresholds[0].bound = bound;
    metric_judge(&result);
}

static void a_threshold_holds_on_its_own_side_of_the_bound(void **state)
{
    static const struct {
        enum comparison comparison;
        double bound;
        bool holds;
    } cases[] = {{BELOW, 90, false},   {BELOW, 91, true},    {AT_MOST, 90, true},
                 {AT_MOST, 89, false}, {ABOVE, 90, false},   {ABOVE, 89, true},
                 {AT_LEAST, 90, true}, {AT_LEAST, 91, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        judge("goodput", cases[i].comparison, cases[i].bound);
        assert_true(result.thresholds[0].has_value);
        assert_true(result.thresholds[0].value == 90);
        assert_int_equal(result.thresholds[0].passed, cases[i].holds);
        assert_int_equal(result.passed, cases[i].holds);
    }
}

/* "p99 < 300ms" must not hold because every request failed. */
static void a_threshold_without_a_value_has_not_passed(void **state)
{
    (void)state;
    memset(&result.latency, 0, sizeof result.latency);
    judge("latency.p99", BELOW, 300);
    assert_false(result.thresholds[0].has_value);
    assert_false(result.passed);
}

/* "utilization < 80%" must not hold because nobody could ask the store. */
static void what_the_store_did_not_tell_is_no_nought(void **state)
{
    (void)state;
    result.store = (struct store_result){.is_used = true};
    judge("store.utilization", BELOW, 0.8);
    assert_true(result.passed);
    result.store.unread = 1;
    judge("store.utilization", BELOW, 0.8);
    assert_false(result.thresholds[0].has_value);
    assert_false(result.passed);
}

static void what_the_table_did_not_tell_is_no_nought(void **state)
{
    const char *metrics[] = {"table.utilization", "table.hottest_row"};

    (void)state;
    result.table = (struct table_result){.is_used = true, .unread = 1};
    for (int i = 0; i < 2; i++) {
        judge(metrics[i], BELOW, 0.8);
        assert_false(result.thresholds[0].has_value);
        assert_false(result.passed);
    }
    judge("table.pool_utilization", BELOW, 0.8);
    assert_true(result.passed);
}

static void no_thresholds_pass(void **state)
{
    (void)state;
    metric_judge(&result);
    assert_true(result.passed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_name_has_a_unit_and_a_place, setup),
        cmocka_unit_test_setup(tokens_have_figures_only_where_somebody_shows_them, setup),
        cmocka_unit_test_setup(shares_are_of_offered_requests, setup),
        cmocka_unit_test_setup(latencies_are_in_milliseconds, setup),
        cmocka_unit_test_setup(a_service_is_found_by_its_name_with_dots_or_without, setup),
        cmocka_unit_test_setup(a_name_that_is_not_there_is_not_read, setup),
        cmocka_unit_test_setup(what_has_nothing_to_stand_on_has_no_value, setup),
        cmocka_unit_test_setup(what_is_not_there_is_idle, setup),
        cmocka_unit_test_setup(sums_are_those_of_one_run, setup),
        cmocka_unit_test_setup(what_is_left_of_an_order_is_that_of_those_that_went_well, setup),
        cmocka_unit_test_setup(a_threshold_holds_on_its_own_side_of_the_bound, setup),
        cmocka_unit_test_setup(a_threshold_without_a_value_has_not_passed, setup),
        cmocka_unit_test_setup(what_the_store_did_not_tell_is_no_nought, setup),
        cmocka_unit_test_setup(what_the_table_did_not_tell_is_no_nought, setup),
        cmocka_unit_test_setup(no_thresholds_pass, setup),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
