/* The bottleneck: which component is blamed, and on what evidence. */
#include "tests/lib/test.h"

#include <string.h>

#include "sim/measure/metric.h"

static struct scenario scenario;
static struct result result;

struct busy { /* Shares of the time; a mean where there is no peak to tell. */
    double cores, cores_mean, replica, table, pool, row, store;
    enum { WORKED_OFF, GROWS, STAYS } lag;
    const char *blamed, *evidence;
};

static void set_up(const struct busy *busy)
{
    memset(&result, 0, sizeof result);
    result.scenario = &scenario;
    result.measured_s = 10;
    result.services_max = 2;
    strcpy(result.services[0].name, "delivery");
    result.services[0].utilization_peak = busy->cores;
    result.services[0].utilization = busy->cores_mean;
    result.services[0].busiest_replica = busy->replica;
    strcpy(result.services[1].name, "idle");
    result.table.is_used = result.store.is_used = result.queue.is_used = true;
    result.table.utilization_peak = busy->table;
    result.table.pool_utilization_peak = result.table.pool_utilization = busy->pool;
    result.table.hottest_row_busy = busy->row;
    result.store.utilization_peak = busy->store;
    result.queue.put = 10000;
    result.queue.lag_max = 5000;
    result.series.seconds = 20; /* A drain after ten seconds of load. */
    for (uint64_t i = 0; i < 10; i++)
        result.series.lag[i] = busy->lag == GROWS   ? 500 * (i + 1)
                               : busy->lag == STAYS ? 5000 - 200 * i
                                                    : 5000 - 500 * i;
}

static void the_busiest_is_blamed_causes_before_symptoms(void **state)
{
    static const struct busy cases[] = {
        {.cores = 0.69, .blamed = "none", .evidence = "69% at peak (delivery)"},
        {.cores = 0.71, .blamed = "delivery", .evidence = "cores busy 71%"},
        {.cores = 0.9, .store = 0.95, .blamed = "store", .evidence = "one thread busy 95%"},
        {.cores = 0.9, .table = 0.8, .blamed = "delivery", .evidence = "cores busy 90%"},
        {.cores = 0.9, .table = 1, .blamed = "table", .evidence = "server cores busy 100%"},
        {.cores = 0.9, .pool = 1, .blamed = "table", .evidence = "connections taken 100%"},
        /* Full connections are a symptom of the row that they wait for, or of spent cores. */
        {.pool = 1, .row = 0.8, .blamed = "table", .evidence = "row is locked 80%"},
        {.pool = 1, .table = 0.96, .blamed = "table", .evidence = "server cores busy 96%"},
        /* Equal peaks: the mean decides. */
        {.cores = 1, .cores_mean = 0.9, .store = 1, .blamed = "delivery", .evidence = "90%"},
        /* One of several has all of its core taken, and the mean hides it. */
        {.cores = 0.72, .replica = 1, .blamed = "delivery", .evidence = "busiest replica"},
        {.cores = 0.72, .replica = 0.7, .blamed = "delivery", .evidence = "cores busy 72%"},
        /* Nothing is saturated, and yet the consumers cannot keep up. */
        {.cores = 0.8, .lag = GROWS, .blamed = "queue", .evidence = "grows to 5,000"},
        {.cores = 0.8, .lag = STAYS, .blamed = "queue", .evidence = "grows to 5,000"},
        {.cores = 1, .lag = GROWS, .blamed = "delivery", .evidence = "cores busy 100%"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up(&cases[i]);
        bottleneck_find(&result);
        assert_string_equal(result.bottleneck.component, cases[i].blamed);
        if (strstr(result.bottleneck.why_en, cases[i].evidence) == NULL)
            fail_msg("case %zu: %s", i, result.bottleneck.why_en);
    }
}

/* A live run knows of the table how far its connections were taken, and no more. */
static void what_was_not_measured_is_not_named(void **state)
{
    (void)state;
    set_up(&(struct busy){.pool = 0.6, .cores = 0.1});
    result.table.unread = 1;
    bottleneck_find(&result);
    assert_string_equal(result.bottleneck.why_en, "nothing is busier than 60% at peak (table)");
    result.table.pool_utilization_peak = 0.9;
    bottleneck_find(&result);
    assert_string_equal(result.bottleneck.component, "table");
    assert_non_null(strstr(result.bottleneck.why_en, "connections taken 90%"));
    set_up(&(struct busy){0});
    result.services_max = 0;
    result.table.is_used = result.store.is_used = false;
    bottleneck_find(&result);
    assert_string_equal(result.bottleneck.component, "none");
    assert_string_equal(result.bottleneck.why_en, "nothing was measured that can be busy");
}

static void the_evidence_names_line_and_wait_in_both_languages(void **state)
{
    const struct busy busy = {.cores = 1, .cores_mean = 0.6};

    (void)state;
    set_up(&busy);
    result.services[0].queue_max = 1000;
    histogram_record(&result.services[0].wait, 2300000000);
    bottleneck_find(&result);
    assert_string_equal(result.bottleneck.why_en,
                        "cores busy 100% at peak, 60% overall; line 1,000, wait p99 2.3\u00a0s");
    assert_string_equal(result.bottleneck.why_ru,
                        "ядра: пик 100\u00a0%, в среднем 60\u00a0%; очередь 1\u00a0000, "
                        "ожидание p99 2,3\u00a0с");
    assert_ptr_equal(result.bottleneck.why.en, result.bottleneck.why_en);
}

static void a_run_in_which_nothing_can_be_busy_has_none(void **state)
{
    (void)state;
    memset(&result, 0, sizeof result);
    result.scenario = &scenario;
    bottleneck_find(&result);
    assert_string_equal(result.bottleneck.component, "none");
}

/* A front whose visits wait for the service behind it holds its threads for somebody else. */
static void full_threads_are_blamed_where_nothing_is_busy_and_on_who_has_no_excuse(void **state)
{
    const struct busy calm = {.cores = 0.1};

    (void)state;
    set_up(&calm);
    result.services[0].held_peak = result.services[1].held_peak = 1;
    result.services[1].runtime = RUNTIME_THREADS;
    strcpy(result.services[0].stages[0].name, "peer");
    result.services[0].stages[0].mean_ms = 200;
    result.services[0].stages_max = 1;
    bottleneck_find(&result);
    assert_string_equal(result.bottleneck.component, "idle");
    assert_non_null(strstr(result.bottleneck.why_en, "threads held 100%"));
    result.services[0].utilization_peak = 0.9;
    bottleneck_find(&result);
    assert_non_null(strstr(result.bottleneck.why_en, "cores busy 90%"));
}

static void the_interpreters_lock_is_blamed_where_it_is_busier_than_the_cores(void **state)
{
    const struct busy calm = {.cores = 0.1};

    (void)state;
    set_up(&calm);
    result.services[0].utilization_peak = 0.25; /* One core of four. */
    result.services[0].gil_held_peak = 1;
    bottleneck_find(&result);
    assert_non_null(strstr(result.bottleneck.why_en, "interpreter's lock held 100%"));
    result.services[0].utilization_peak = 1; /* Who holds it waits for a core: that is the cause. */
    bottleneck_find(&result);
    assert_non_null(strstr(result.bottleneck.why_en, "cores busy 100%"));
}

static void a_loop_that_is_held_by_blocking_calls_is_called_so(void **state)
{
    const struct busy calm = {.cores = 0.1};

    (void)state;
    set_up(&calm);
    result.services[0].held_peak = 1;
    bottleneck_find(&result);
    assert_non_null(strstr(result.bottleneck.why_en, "loops held 100%"));
    assert_non_null(strstr(result.bottleneck.why_ru, "блокирующий вызов"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_threads_are_blamed_where_nothing_is_busy_and_on_who_has_no_excuse),
        cmocka_unit_test(the_interpreters_lock_is_blamed_where_it_is_busier_than_the_cores),
        cmocka_unit_test(a_loop_that_is_held_by_blocking_calls_is_called_so),
        cmocka_unit_test(the_busiest_is_blamed_causes_before_symptoms),
        cmocka_unit_test(what_was_not_measured_is_not_named),
        cmocka_unit_test(the_evidence_names_line_and_wait_in_both_languages),
        cmocka_unit_test(a_run_in_which_nothing_can_be_busy_has_none),
    };
    return cmocka_run_group_tests_name("bottleneck", tests, NULL, NULL);
}
