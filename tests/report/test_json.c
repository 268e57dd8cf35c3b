/* The JSON document: its keys, its types, and numbers that are always numbers. */
#include "tests/lib/test.h"

#include <jansson.h>

#include "tests/report/sample.h"

static struct sample sample;
static json_t *document;

static void print(void)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    json_error_t trouble;

    assert_non_null(out);
    report_json(&sample.report, out);
    fclose(out);
    json_decref(document);
    document = json_loads(text, JSON_REJECT_DUPLICATES, &trouble);
    if (document == NULL)
        fail_msg("%s at %d", trouble.text, trouble.position);
    free(text);
}

static int setup(void **state)
{
    (void)state;
    sample_open(&sample, 2, 1);
    return 0;
}

static int setup_of_three_seeds(void **state)
{
    (void)state;
    sample_open(&sample, 2, 3);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(document);
    document = NULL;
    sample_close(&sample);
    return 0;
}

static const json_t *variant(size_t i)
{
    return json_array_get(json_object_get(document, "variants"), i);
}

/* Follows "money.lost_by.late" from a variant down. */
static const json_t *at(size_t i, const char *path)
{
    const json_t *value = variant(i);
    char copy[96];

    snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok(copy, "."); key != NULL; key = strtok(NULL, ".")) {
        value = json_object_get(value, key);
        if (value == NULL)
            fail_msg("no %s on the way to %s", key, path);
    }
    return value;
}

static void the_document_names_its_run(void **state)
{
    (void)state;
    print();
    assert_int_equal(json_integer_value(json_object_get(document, "schema_version")), 1);
    assert_string_equal(json_string_value(json_object_get(document, "scenario")), "lunch-spike");
    assert_int_equal(json_integer_value(json_object_get(document, "seed")), 42);
    assert_string_equal(json_string_value(json_object_get(document, "engine")), "virtual");
    assert_string_equal(json_string_value(json_object_get(document, "version")), "0.1.0");
    assert_int_equal(json_string_length(json_object_get(document, "scenario_sha256")), 64);
    assert_int_equal(json_array_size(json_object_get(document, "variants")), 2);
}

static void every_key_of_the_design_is_there(void **state)
{
    static const char *const paths[] = {
        "name",
        "expect",
        "passed",
        "fingerprint",
        "requests.offered",
        "requests.ok",
        "requests.late",
        "requests.failed.timeout",
        "requests.failed.shed",
        "requests.failed.refused",
        "requests.failed.error",
        "requests.in_flight",
        "latency_ms.mean",
        "latency_ms.p50",
        "latency_ms.p90",
        "latency_ms.p95",
        "latency_ms.p99",
        "latency_ms.p999",
        "latency_ms.max",
        "throughput_rps",
        "goodput_rps",
        "services.delivery.replicas_max",
        "services.delivery.utilization",
        "services.delivery.wait_ms.mean",
        "services.delivery.wait_ms.p99",
        "services.delivery.queue_max",
        "services.delivery.in_system_mean",
        "store.hits",
        "store.misses",
        "store.evictions",
        "queue.lag_max",
        "queue.redelivered",
        "queue.batches",
        "queue.batch_mean",
        "table",
        "money.currency",
        "money.revenue",
        "money.lost",
        "money.subscription",
        "money.ads",
        "money.premium",
        "money.support",
        "money.infra_cost",
        "money.contribution",
        "money.profit",
        "bottleneck.component",
        "bottleneck.why",
        "thresholds",
        "invariants.checked",
        "invariants.violated",
        "series.step_s",
        "series.offered_rps",
        "series.ok_rps",
        "series.p50_ms",
        "series.p95_ms",
        "series.p99_ms",
        "series.queue",
        "events",
        "wall_s",
    };

    (void)state;
    sample.merged[0].store.is_used = sample.merged[0].queue.is_used = true;
    print();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        (void)at(0, paths[i]);
}

static void requests_add_up_in_the_document_too(void **state)
{
    json_int_t sum = 0;
    const char *cause;
    json_t *count;

    (void)state;
    print();
    json_object_foreach((json_t *)(uintptr_t)at(0, "requests.failed"), cause, count) sum +=
        json_integer_value(count);
    sum += json_integer_value(at(0, "requests.ok")) + json_integer_value(at(0, "requests.late")) +
           json_integer_value(at(0, "requests.in_flight"));
    assert_int_equal(sum, json_integer_value(at(0, "requests.offered")));
}

static void money_is_whole_minor_units(void **state)
{
    const char *key;
    json_t *value;

    (void)state;
    print();
    json_object_foreach((json_t *)(uintptr_t)at(0, "money"), key, value)
        assert_true(json_is_integer(value) || json_is_string(value) || json_is_object(value));
    assert_int_equal(json_integer_value(at(0, "money.profit")), sample.merged[0].money.profit);
}

static void what_has_no_value_is_null(void **state)
{
    (void)state;
    memset(&sample.merged[0].latency, 0, sizeof sample.merged[0].latency);
    sample.merged[0].goodput_rps = NAN;
    sample.merged[0].services[0].utilization = INFINITY;
    metric_judge(&sample.merged[0]);
    print();
    assert_true(json_is_null(at(0, "latency_ms.p99")));
    assert_true(json_is_null(at(0, "goodput_rps")));
    assert_true(json_is_null(at(0, "services.delivery.utilization")));
    assert_true(json_is_null(at(0, "store")));
    assert_true(json_is_null(at(0, "ci")));
    assert_true(json_is_null(json_object_get(json_array_get(at(0, "thresholds"), 0), "value")));
}

static void what_the_store_did_not_tell_is_null_and_what_clients_saw_of_it_is_not(void **state)
{
    (void)state;
    sample.merged[0].store = (struct store_result){.is_used = true, .hits = 7, .unread = 1};
    print();
    assert_true(json_is_null(at(0, "store.evictions")));
    assert_true(json_is_null(at(0, "store.bytes_max")));
    assert_true(json_is_null(at(0, "store.utilization")));
    assert_int_equal(json_integer_value(at(0, "store.hits")), 7);
}

static void what_the_table_did_not_tell_is_null(void **state)
{
    (void)state;
    sample.merged[0].table = (struct table_result){
        .is_used = true, .pool_utilization = 0.5, .pool_utilization_peak = 0.5, .unread = 1};
    print();
    assert_true(json_is_null(at(0, "table.utilization")));
    assert_true(json_is_null(at(0, "table.hottest_row_busy")));
    assert_true(json_is_null(at(0, "table.flushes")));
    assert_float_equal(json_real_value(at(0, "table.pool_utilization")), 0.5, 0);
}

static void series_have_one_value_per_second_and_null_where_nothing_came_in_time(void **state)
{
    const json_t *p99_ms;
    unsigned nulls = 0;

    (void)state;
    print();
    p99_ms = at(0, "series.p99_ms");
    assert_int_equal(json_array_size(p99_ms), 90);
    assert_int_equal(json_array_size(at(0, "series.queue")), 90);
    for (size_t i = 0; i < 90; i++)
        nulls += json_is_null(json_array_get(p99_ms, i));
    assert_true(nulls > 10);
}

static void replications_bring_intervals_and_keep_the_series_at_one_runs_height(void **state)
{
    const json_t *interval;

    (void)state;
    print();
    assert_int_equal(json_integer_value(at(0, "replications")), 3);
    assert_int_equal(json_integer_value(at(0, "requests.offered")), 3 * 45000);
    assert_int_equal(json_integer_value(json_array_get(at(0, "series.offered_rps"), 0)), 150);
    interval = json_object_get(at(0, "ci"), "money.lost");
    assert_int_equal(json_integer_value(json_object_get(interval, "n")), 3);
    assert_true(json_real_value(json_object_get(interval, "half_width")) > 0);
    assert_non_null(json_object_get(at(0, "ci"), "services.delivery.wait_p99"));
}

static void a_violation_is_told_with_its_seed_and_time(void **state)
{
    const json_t *first;

    (void)state;
    sample.runs[2].invariants_violated = 1;
    snprintf(sample.runs[2].breaks[0].name, sizeof sample.runs[2].breaks[0].name, "offsets");
    sample.runs[2].breaks[0].at_ns = 5;
    print();
    first = json_array_get(at(0, "invariants.breaks"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "offsets");
    assert_int_equal(json_integer_value(json_object_get(first, "at_ns")), 5);
    assert_int_equal(json_integer_value(json_object_get(first, "seed")), 44);
}

static void text_that_is_not_utf8_does_not_lose_its_key(void **state)
{
    (void)state;
    snprintf(sample.merged[0].bottleneck.why_en, sizeof sample.merged[0].bottleneck.why_en, "\xff");
    print();
    assert_string_equal(json_string_value(at(0, "bottleneck.why")), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_document_names_its_run, setup, teardown),
        cmocka_unit_test_setup_teardown(every_key_of_the_design_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(requests_add_up_in_the_document_too, setup, teardown),
        cmocka_unit_test_setup_teardown(money_is_whole_minor_units, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_no_value_is_null, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_the_store_did_not_tell_is_null_and_what_clients_saw_of_it_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_table_did_not_tell_is_null, setup, teardown),
        cmocka_unit_test_setup_teardown(
            series_have_one_value_per_second_and_null_where_nothing_came_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(
            replications_bring_intervals_and_keep_the_series_at_one_runs_height,
            setup_of_three_seeds, teardown),
        cmocka_unit_test_setup_teardown(a_violation_is_told_with_its_seed_and_time,
                                        setup_of_three_seeds, teardown),
        cmocka_unit_test_setup_teardown(text_that_is_not_utf8_does_not_lose_its_key, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
