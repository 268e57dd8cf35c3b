/* json.c — A report for a program: one document, the same keys every time.
 *
 * result.schema.json beside this file says what each key means and in which unit; schema_version
 * moves when a key changes its meaning or goes, not when one is added. What has no value is null
 * (a p99 of no answers, a store that the design has not): NaN and infinities are not JSON. Counts
 * and money of several replications are their totals; rates, shares, latencies and series are
 * those of one run; "ci" says how sure they are. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "sim/report/choice.h"
#include "sim/report/document.h"

enum { SCHEMA_VERSION = 1, DIGITS = 10, NS_IN_MS = 1000000 };

/* ---- Values --------------------------------------------------------------------------------- */

static json_t *real_of(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count_of(uint64_t value)
{
    return json_integer(value < INT64_MAX ? (json_int_t)value : INT64_MAX);
}

/* Text that is not UTF-8 is our mistake, but no reason to lose the document over. */
static json_t *string_of(const char *text)
{
    json_t *string = json_string(text);

    return string != NULL ? string : json_string("?");
}

static json_t *name_or_null(const char *name)
{
    return name == NULL || name[0] == 0 ? json_null() : string_of(name);
}

static json_t *quantile_ms(const struct histogram *histogram, double q)
{
    return histogram->total == 0
               ? json_null()
               : json_real((double)histogram_quantile_ns(histogram, q) / NS_IN_MS);
}

static json_t *mean_ms(const struct histogram *histogram)
{
    return histogram->total == 0 ? json_null() : json_real(histogram_mean_ns(histogram) / NS_IN_MS);
}

static void set_count(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, count_of(value));
}

static void set_real(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, real_of(value));
}

static void set_money(json_t *object, const char *key, int64_t value)
{
    json_object_set_new(object, key, json_integer(value));
}

static unsigned runs_of(const struct result *result)
{
    return result->replications > 1 ? result->replications : 1;
}

/* ---- Requests ------------------------------------------------------------------------------- */

static const char *const causes[FAILURES] = {
    [FAILURE_TIMEOUT] = "timeout", [FAILURE_SHED] = "shed",     [FAILURE_REFUSED] = "refused",
    [FAILURE_ERROR] = "error",     [FAILURE_DENIED] = "denied",
};

static json_t *requests_of(const struct requests_result *requests)
{
    json_t *object = json_object(), *failed = json_object();

    for (unsigned i = 0; i < FAILURES; i++)
        set_count(failed, causes[i], requests->failed[i]);
    set_count(object, "offered", requests->offered);
    set_count(object, "ok", requests->ok);
    set_count(object, "late", requests->late);
    json_object_set_new(object, "failed", failed);
    set_count(object, "in_flight", requests->in_flight);
    set_count(object, "attempts", requests->attempts);
    return object;
}

static json_t *latency_of(const struct histogram *latency)
{
    json_t *object = json_object();

    json_object_set_new(object, "mean", mean_ms(latency));
    json_object_set_new(object, "p50", quantile_ms(latency, 0.5));
    json_object_set_new(object, "p90", quantile_ms(latency, 0.9));
    json_object_set_new(object, "p95", quantile_ms(latency, 0.95));
    json_object_set_new(object, "p99", quantile_ms(latency, 0.99));
    json_object_set_new(object, "p999", quantile_ms(latency, 0.999));
    json_object_set_new(object, "max", quantile_ms(latency, 1));
    return object;
}

/* ---- Components ----------------------------------------------------------------------------- */

static json_t *runtime_of(const struct service_result *service)
{
    static const char *const models[] = {[RUNTIME_EVENT_LOOP] = "event_loop",
                                         [RUNTIME_THREADS] = "threads",
                                         [RUNTIME_GIL_THREADS] = "gil_threads",
                                         [RUNTIME_PROCESSES] = "processes"};
    json_t *object = json_object(), *gil = json_object();

    json_object_set_new(object, "model", json_string(models[service->runtime]));
    set_count(object, "memory_bytes", service->memory);
    set_real(object, "held", service->held);
    set_real(object, "held_peak", service->held_peak);
    set_real(gil, "held", service->gil_held);
    set_real(gil, "held_peak", service->gil_held_peak);
    set_real(gil, "wait_mean_ms", service->gil_wait_mean_ms);
    if (service->runtime == RUNTIME_GIL_THREADS)
        json_object_set_new(object, "gil", gil);
    else
        json_decref(gil);
    return object;
}

static json_t *service_of(const struct service_result *service)
{
    json_t *object = json_object(), *wait = json_object(), *stages = json_object();

    set_real(wait, "mean", service->wait_mean_ms);
    json_object_set_new(wait, "p99", quantile_ms(&service->wait, 0.99));
    for (uint32_t i = 0; i < service->stages_max; i++)
        set_real(stages, service->stages[i].name, service->stages[i].mean_ms);
    set_count(object, "replicas_max", service->replicas_max);
    set_count(object, "visits", service->visits);
    set_count(object, "shed", service->shed);
    set_real(object, "utilization", service->utilization);
    set_real(object, "utilization_peak", service->utilization_peak);
    set_real(object, "busiest_replica", service->busiest_replica);
    json_object_set_new(object, "wait_ms", wait);
    set_count(object, "queue_max", service->queue_max);
    set_real(object, "in_system_mean", service->in_system_mean);
    set_real(object, "sojourn_mean_ms", service->sojourn_mean_ms);
    set_real(object, "core_seconds", service->core_seconds);
    json_object_set_new(object, "stages_ms", stages);
    json_object_set_new(object, "runtime", runtime_of(service));
    return object;
}

static json_t *services_of(const struct result *result)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < result->services_max; i++)
        json_object_set_new(object, result->services[i].name, service_of(&result->services[i]));
    return object;
}

/* NULL behind the last of them. */
static void set_unknown(json_t *object, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        json_object_set_new(object, *keys, json_null());
}

static json_t *store_of(const struct scenario *scenario, const struct store_result *store)
{
    static const char *const told[] = {
        "evictions", "expired",      "utilization", "utilization_peak",
        "bytes_max", "wasted_bytes", NULL};
    bool is_memcached = scenario->store.kind == STORE_MEMCACHED;
    json_t *object = json_object();

    json_object_set_new(object, "kind", json_string(is_memcached ? "memcached" : "redis"));
    set_count(object, "commands", store->commands);
    set_count(object, "hits", store->hits);
    set_count(object, "misses", store->misses);
    set_count(object, "evictions", store->evictions);
    set_count(object, "expired", store->expired);
    set_count(object, "lost", store->lost);
    set_real(object, "utilization", store->utilization);
    set_real(object, "utilization_peak", store->utilization_peak);
    set_count(object, "bytes_max", store->bytes_max);
    set_count(object, "wasted_bytes", store->wasted_bytes);
    if (store->unread > 0)
        set_unknown(object, told);
    return object;
}

static json_t *queue_of(const struct queue_result *queue, enum queue_server kind)
{
    json_t *object = json_object();

    json_object_set_new(object, "kind", json_string(kind == QUEUE_KAFKA ? "kafka" : "rabbitmq"));
    set_count(object, "put", queue->put);
    set_count(object, "taken", queue->taken);
    set_count(object, "committed", queue->committed);
    set_count(object, "redelivered", queue->redelivered);
    set_count(object, "batches", queue->batches);
    set_real(object, "batch_mean", queue->batch_mean);
    set_count(object, "dead", queue->dead);
    set_count(object, "dropped", queue->dropped);
    set_count(object, "lag_max", queue->lag_max);
    set_count(object, "lag_end", queue->lag_end);
    set_count(object, "rebalances", queue->rebalances);
    set_count(object, "max_partition_put", queue->max_partition_put);
    set_count(object, "unacked_max", queue->unacked_max);
    set_count(object, "blocked", queue->blocked);
    return object;
}

static json_t *table_of(const struct table_result *table)
{
    static const char *const told[] = {
        "rows_walked",       "flushes",          "utilization", "utilization_peak",
        "lock_wait_mean_ms", "hottest_row_busy", NULL};
    json_t *object = json_object();

    set_count(object, "reads", table->reads);
    set_count(object, "writes", table->writes);
    set_count(object, "rows_written", table->rows_written);
    set_count(object, "rows_walked", table->rows_walked);
    set_count(object, "commits", table->commits);
    set_count(object, "flushes", table->flushes);
    set_real(object, "utilization", table->utilization);
    set_real(object, "utilization_peak", table->utilization_peak);
    set_real(object, "pool_utilization", table->pool_utilization);
    set_real(object, "pool_utilization_peak", table->pool_utilization_peak);
    set_real(object, "lock_wait_mean_ms", table->lock_wait_mean_ms);
    set_real(object, "pool_wait_mean_ms", table->pool_wait_mean_ms);
    set_real(object, "hottest_row_busy", table->hottest_row_busy);
    if (table->unread > 0)
        set_unknown(object, told);
    return object;
}

/* null while records are still in the log: then nothing is known. */
static json_t *likes_of(const struct likes_result *likes)
{
    json_t *object;

    if (likes->undrained > 0)
        return json_null();
    object = json_object();
    set_count(object, "acknowledged", likes->acknowledged);
    set_count(object, "in_table", likes->in_table);
    set_count(object, "shown_off", likes->shown_off);
    set_count(object, "lost", likes->lost);
    set_count(object, "out_of_order", likes->out_of_order);
    return object;
}

/* Figures of tokens; null where nobody asks for one. The names of the flaws are those of
 * services/port/tokens.h. */
static json_t *auth_of(const struct auth_result *auth)
{
    static const char *const flaws[RESULT_FLAWS] = {
        NULL,       "missing",      "malformed",     "oversized",
        "alg_none", "alg_confused", "bad_signature", "wrong_audience",
        "not_yet",  "expired",      "revoked"};
    json_t *object = json_object(), *refused = json_object();

    for (unsigned i = 1; i < RESULT_FLAWS; i++)
        set_count(refused, flaws[i], auth->refused[i]);
    set_count(object, "logins", auth->logins);
    set_count(object, "refreshes", auth->refreshes);
    set_count(object, "revoked", auth->revoked);
    set_count(object, "stolen", auth->stolen);
    set_count(object, "hostile", auth->hostile);
    json_object_set_new(object, "refused", refused);
    set_count(object, "forged_accepted", auth->forged_accepted);
    set_count(object, "accepted_after_revocation", auth->accepted_after_revocation);
    set_real(object, "exposure_mean_ms",
             auth->exposures > 0 ? auth->exposure_sum_ms / (double)auth->exposures : NAN);
    set_real(object, "exposure_max_ms", auth->exposure_max_ms);
    return object;
}

static json_t *mean_ns(uint64_t ns, uint64_t times)
{
    return times == 0 ? json_null() : json_real((double)ns / (double)times);
}

static json_t *counter_of(const struct counter_result *counter)
{
    json_t *object = json_object();

    set_count(object, "attempted", counter->attempted);
    set_count(object, "shown", counter->shown);
    json_object_set_new(object, "lost", json_integer(counter->lost));
    set_count(object, "forgotten", counter->forgotten);
    json_object_set_new(object, "add_mean_ns", mean_ns(counter->add_ns, counter->adds));
    json_object_set_new(object, "read_mean_ns", mean_ns(counter->read_ns, counter->reads));
    set_count(object, "reads", counter->reads);
    set_count(object, "lock_waits", counter->lock_waits);
    set_count(object, "retries", counter->retries);
    set_count(object, "allocations", counter->allocations);
    set_count(object, "allocated_bytes", counter->allocated_bytes);
    set_count(object, "steps", counter->steps);
    return object;
}

static json_t *money_of(const struct result *result)
{
    const struct money_result *money = &result->money;
    json_t *object = json_object(), *lost_by = json_object();

    for (unsigned i = 0; i < FAILURES; i++)
        set_money(lost_by, causes[i], money->lost_by[i]);
    set_money(lost_by, "late", money->lost_by[FAILURES]);
    json_object_set_new(object, "currency", name_or_null(result->scenario->prices.currency));
    set_money(object, "revenue", money->revenue);
    set_money(object, "commission", money->commission);
    set_money(object, "delivery_fee", money->delivery_fee);
    set_money(object, "subscription", money->subscription);
    set_money(object, "ads", money->ads);
    set_money(object, "premium", money->premium);
    set_money(object, "courier", money->courier);
    set_money(object, "payment", money->payment);
    set_money(object, "refunds", money->refunds);
    set_money(object, "support", money->support);
    set_money(object, "infra_cost", money->infra_cost);
    set_money(object, "contribution", money->contribution);
    set_money(object, "profit", money->profit);
    set_money(object, "lost", money->lost);
    json_object_set_new(object, "lost_by", lost_by);
    set_count(object, "orders_ok", money->orders_ok);
    set_count(object, "orders_lost", money->orders_lost);
    set_count(object, "views", money->views);
    set_count(object, "clicks", money->clicks);
    set_count(object, "contacts", money->contacts);
    return object;
}

/* ---- Judgement ------------------------------------------------------------------------------ */

static json_t *bottleneck_of(const struct bottleneck_result *bottleneck)
{
    json_t *object = json_object();

    json_object_set_new(object, "component", string_of(bottleneck->component));
    json_object_set_new(object, "why", string_of(bottleneck->why_en));
    return object;
}

static json_t *thresholds_of(const struct result *result)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < result->scenario->thresholds_max; i++) {
        const struct threshold *threshold = &result->scenario->thresholds[i];
        const struct threshold_result *judged = &result->thresholds[i];
        json_t *object = json_object();

        json_object_set_new(object, "text", string_of(threshold->text));
        json_object_set_new(object, "metric", string_of(threshold->metric));
        json_object_set_new(object, "value",
                            judged->has_value ? real_of(judged->value) : json_null());
        json_object_set_new(object, "passed", json_boolean(judged->passed));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *break_of(const struct result *result, const struct break_result *what)
{
    json_t *object = json_object();

    json_object_set_new(object, "name", string_of(what->name));
    json_object_set_new(object, "finding", string_of(what->finding));
    set_count(object, "at_ns", what->at_ns);
    set_count(object, "seed", result->seed);
    return object;
}

static json_t *invariants_of(const struct report_variant *variant)
{
    json_t *object = json_object(), *breaks = json_array();

    for (unsigned r = 0; r < variant->replications_max; r++) {
        const struct result *result = variant->replications[r];

        for (uint32_t i = 0; i < result->invariants_violated && i < RESULT_BREAKS_MAX; i++)
            json_array_append_new(breaks, break_of(result, &result->breaks[i]));
    }
    set_count(object, "checked", variant->result->invariants_checked);
    set_count(object, "violated", variant->result->invariants_violated);
    json_object_set_new(object, "breaks", breaks);
    return object;
}

static void set_interval(json_t *object, const struct report_variant *variant, const char *metric)
{
    struct estimate estimate =
        metric_estimate(variant->replications, variant->replications_max, metric);
    json_t *interval = json_object();

    set_real(interval, "mean", estimate.n > 0 ? estimate.mean : NAN);
    set_real(interval, "half_width", estimate.n > 1 ? estimate.half_width : NAN);
    set_count(interval, "n", estimate.n);
    json_object_set_new(object, metric, interval);
}

static json_t *intervals_of(const struct report_variant *variant)
{
    const char *const *names;
    const char *const *service_names;
    size_t names_max = metric_names(&names);
    size_t service_names_max = metric_service_names(&service_names);
    json_t *object = json_object();

    for (size_t i = 0; i < names_max; i++)
        set_interval(object, variant, names[i]);
    for (uint32_t s = 0; s < variant->result->services_max; s++)
        for (size_t i = 0; i < service_names_max; i++) {
            char name[96];

            snprintf(name, sizeof name, "services.%s.%s", variant->result->services[s].name,
                     service_names[i]);
            set_interval(object, variant, name);
        }
    return object;
}

/* ---- Series --------------------------------------------------------------------------------- */

/* A sum over replications, as one run has it; whole where it can be. */
static json_t *per_run(const struct result *result, uint64_t sum)
{
    unsigned runs = runs_of(result);

    return sum % runs == 0 ? count_of(sum / runs) : json_real((double)sum / runs);
}

static json_t *series_of_u32(const struct result *result, const uint32_t *values)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < result->series.seconds; i++)
        json_array_append_new(list, per_run(result, values[i]));
    return list;
}

static json_t *series_of_lag(const struct result *result)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < result->series.seconds; i++)
        json_array_append_new(list, per_run(result, result->series.lag[i]));
    return list;
}

static json_t *series_of_ms(const struct result *result, const float *values)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < result->series.seconds; i++)
        json_array_append_new(list, real_of((double)values[i]));
    return list;
}

json_t *report_series(const struct result *result)
{
    const struct series_result *series = &result->series;
    json_t *object = json_object();

    json_object_set_new(object, "step_s", json_integer(1));
    set_count(object, "from_s", result->scenario->warmup_ns / 1000000000);
    json_object_set_new(object, "offered_rps", series_of_u32(result, series->offered));
    json_object_set_new(object, "ok_rps", series_of_u32(result, series->ok));
    json_object_set_new(object, "failed_rps", series_of_u32(result, series->failed));
    json_object_set_new(object, "p50_ms", series_of_ms(result, series->p50_ms));
    json_object_set_new(object, "p95_ms", series_of_ms(result, series->p95_ms));
    json_object_set_new(object, "p99_ms", series_of_ms(result, series->p99_ms));
    json_object_set_new(object, "queue", series_of_u32(result, series->queue));
    json_object_set_new(object, "replicas", series_of_u32(result, series->replicas));
    json_object_set_new(object, "lag", series_of_lag(result));
    return object;
}

/* ---- The document --------------------------------------------------------------------------- */

static json_t *expectation_of(enum expectation expect)
{
    switch (expect) {
    case EXPECT_PASS:
        return json_string("pass");
    case EXPECT_FAIL:
        return json_string("fail");
    case EXPECT_NOTHING:
        break;
    }
    return json_null();
}

static const char *end_of(enum run_end end)
{
    static const char *const names[] = {
        [RUN_DONE] = "done", [RUN_LIMIT] = "limit", [RUN_INTERRUPTED] = "interrupted"};

    return names[end];
}

static void set_figures(json_t *object, const struct result *result)
{
    json_object_set_new(object, "requests", requests_of(&result->requests));
    json_object_set_new(object, "latency_ms", latency_of(&result->latency));
    set_real(object, "throughput_rps", result->throughput_rps);
    set_real(object, "goodput_rps", result->goodput_rps);
    json_object_set_new(object, "services", services_of(result));
    json_object_set_new(object, "store",
                        result->store.is_used ? store_of(result->scenario, &result->store)
                                              : json_null());
    json_object_set_new(object, "queue",
                        result->queue.is_used
                            ? queue_of(&result->queue, result->scenario->queue.kind)
                            : json_null());
    json_object_set_new(object, "table",
                        result->table.is_used ? table_of(&result->table) : json_null());
    json_object_set_new(object, "likes", likes_of(&result->likes));
    json_object_set_new(object, "auth",
                        result->auth.is_used ? auth_of(&result->auth) : json_null());
    json_object_set_new(object, "counter",
                        result->counter.is_used ? counter_of(&result->counter) : json_null());
    json_object_set_new(object, "money", money_of(result));
    json_object_set_new(object, "bottleneck", bottleneck_of(&result->bottleneck));
    json_object_set_new(object, "thresholds", thresholds_of(result));
}

static json_t *variant_of(const struct report_variant *variant)
{
    const struct result *result = variant->result;
    json_t *object = json_object();

    json_object_set_new(object, "name", string_of(result->scenario->variant));
    json_object_set_new(object, "expect", expectation_of(result->scenario->expect));
    json_object_set_new(object, "passed", json_boolean(result->passed));
    json_object_set_new(object, "fingerprint", name_or_null(result->fingerprint));
    json_object_set_new(object, "end", json_string(end_of(result->end)));
    json_object_set_new(object, "limit",
                        result->end == RUN_LIMIT ? name_or_null(result->limit) : json_null());
    json_object_set_new(object, "replications", json_integer(runs_of(result)));
    set_real(object, "measured_s", result->measured_s);
    set_figures(object, result);
    json_object_set_new(object, "invariants", invariants_of(variant));
    json_object_set_new(object, "series", report_series(result));
    json_object_set_new(object, "ci",
                        variant->replications_max > 1 ? intervals_of(variant) : json_null());
    set_count(object, "events", result->events);
    set_real(object, "wall_s", result->wall_s);
    return object;
}

static json_t *variant_or_null(const struct report *report, int variant)
{
    return variant < 0 ? json_null()
                       : name_or_null(report->variants[variant].result->scenario->variant);
}

json_t *report_document(const struct report *report)
{
    const struct result *first = report->variants[0].result;
    json_t *document = json_object(), *variants = json_array();

    for (unsigned v = 0; v < report->variants_max; v++)
        json_array_append_new(variants, variant_of(&report->variants[v]));
    json_object_set_new(document, "schema_version", json_integer(SCHEMA_VERSION));
    json_object_set_new(document, "scenario", string_of(first->scenario->name));
    set_count(document, "seed", first->seed);
    json_object_set_new(document, "engine", string_of(first->engine));
    json_object_set_new(document, "version", name_or_null(report->version));
    json_object_set_new(document, "scenario_sha256", name_or_null(report->story->sha256));
    json_object_set_new(document, "repeat", name_or_null(report->repeat));
    json_object_set_new(document, "variants", variants);
    json_object_set_new(document, "cheapest", variant_or_null(report, choice_cheapest(report)));
    json_object_set_new(document, "most_profitable",
                        variant_or_null(report, choice_most_profitable(report)));
    return document;
}

void report_json(const struct report *report, FILE *out)
{
    json_t *document = report_document(report);

    json_dumpf(document, out, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    fputc('\n', out);
    json_decref(document);
}
