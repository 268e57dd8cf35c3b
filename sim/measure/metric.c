/* metric.c — One table of names, and thresholds judged by it.
 *
 * Most metrics are a field: the table holds its place and, from its C type, how to read it. The
 * others have a reader of their own. To add a metric is to add a line. */
#include "sim/measure/metric.h"

#include <stdint.h>
#include <string.h>

enum field_type { FIELD_NONE, FIELD_DOUBLE, FIELD_U32, FIELD_U64, FIELD_I64 };

struct metric {
    const char *name;
    enum metric_unit unit;
    bool (*read)(const struct result *result, const void *record, const struct metric *metric,
                 double *value);
    enum field_type type;
    size_t offset; /* Of the field in the record: the result, or the service in it. */
    double q;      /* A quantile's. */
};

static double field(const void *record, enum field_type type, size_t offset)
{
    const unsigned char *at = (const unsigned char *)record + offset;

    switch (type) {
    case FIELD_DOUBLE:
        return *(const double *)(const void *)at;
    case FIELD_U32:
        return *(const uint32_t *)(const void *)at;
    case FIELD_U64:
        return (double)*(const uint64_t *)(const void *)at;
    case FIELD_I64:
        return (double)*(const int64_t *)(const void *)at;
    case FIELD_NONE:
        break;
    }
    return 0;
}

/* ---- Readers: false where there is nothing to measure --------------------------------------- */

static bool read_field(const struct result *result, const void *record, const struct metric *metric,
                       double *value)
{
    (void)result;
    *value = field(record, metric->type, metric->offset);
    return true;
}

/* A sum over replications, as one run has it. */
static bool read_per_run(const struct result *result, const void *record,
                         const struct metric *metric, double *value)
{
    double runs = result->replications > 1 ? result->replications : 1;

    *value = field(record, metric->type, metric->offset) / runs;
    return true;
}

/* What became of likes that are still in the log nobody knows. */
static bool read_likes(const struct result *result, const void *record, const struct metric *metric,
                       double *value)
{
    return read_per_run(result, record, metric, value) && result->likes.undrained == 0;
}

static bool read_rate(const struct result *result, const void *record, const struct metric *metric,
                      double *value)
{
    *value = field(record, metric->type, metric->offset);
    return result->measured_s > 0;
}

static bool share(double part, double whole, double *value)
{
    *value = whole > 0 ? part / whole : 0;
    return whole > 0;
}

static bool read_share(const struct result *result, const void *record, const struct metric *metric,
                       double *value)
{
    return share(field(record, metric->type, metric->offset), (double)result->requests.offered,
                 value);
}

/* Whom the end of the drain found waiting: nothing will come any more. A run that was cut short
 * says nothing of those who waited then. */
static double unanswered_of(const struct result *result)
{
    return result->end == RUN_DONE ? (double)result->requests.in_flight : 0;
}

static bool read_unanswered(const struct result *result, const void *record,
                            const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share(unanswered_of(result), (double)result->requests.offered, value);
}

static double failed_of(const struct result *result)
{
    double failed = unanswered_of(result);

    for (unsigned i = 0; i < FAILURES; i++)
        failed += (double)result->requests.failed[i];
    return failed;
}

static bool read_failed(const struct result *result, const void *record,
                        const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share(failed_of(result), (double)result->requests.offered, value);
}

static bool read_lost(const struct result *result, const void *record, const struct metric *metric,
                      double *value)
{
    (void)record, (void)metric;
    return share(failed_of(result) + (double)result->requests.late,
                 (double)result->requests.offered, value);
}

static bool read_quantile(const struct result *result, const void *record,
                          const struct metric *metric, double *value)
{
    (void)record;
    *value = (double)histogram_quantile_ns(&result->latency, metric->q) / 1e6;
    return result->latency.total > 0;
}

static bool read_latency_mean(const struct result *result, const void *record,
                              const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    *value = histogram_mean_ns(&result->latency) / 1e6;
    return result->latency.total > 0;
}

/* Of an order that went well: a sum over those orders. */
static bool read_per_order(const struct result *result, const void *record,
                           const struct metric *metric, double *value)
{
    return share(field(record, metric->type, metric->offset), (double)result->money.orders_ok,
                 value);
}

static bool read_hit_rate(const struct result *result, const void *record,
                          const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share((double)result->store.hits, (double)(result->store.hits + result->store.misses),
                 value);
}

static bool read_counter_lost(const struct result *result, const void *record,
                              const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share((double)result->counter.lost, (double)result->counter.attempted, value);
}

static bool read_add_mean(const struct result *result, const void *record,
                          const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share((double)result->counter.add_ns / 1e6, (double)result->counter.adds, value);
}

static bool read_read_mean(const struct result *result, const void *record,
                           const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share((double)result->counter.read_ns / 1e6, (double)result->counter.reads, value);
}

static bool read_wait_p99(const struct result *result, const void *record,
                          const struct metric *metric, double *value)
{
    const struct service_result *service = record;

    (void)result, (void)metric;
    *value = (double)histogram_quantile_ns(&service->wait, 0.99) / 1e6;
    return service->wait.total > 0;
}

static bool read_shed(const struct result *result, const void *record, const struct metric *metric,
                      double *value)
{
    const struct service_result *service = record;

    (void)result, (void)metric;
    return share((double)service->shed, (double)service->visits, value);
}

/* Of the stolen tokens that were revoked. */
static bool read_exposure_mean(const struct result *result, const void *record,
                               const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share(result->auth.exposure_sum_ms, (double)result->auth.exposures, value);
}

/* Without a thief nothing was exposed; where nobody logs in there is nothing to measure. */
static bool read_auth(const struct result *result, const void *record, const struct metric *metric,
                      double *value)
{
    return read_field(result, record, metric, value) && result->auth.is_used;
}

static bool read_auth_count(const struct result *result, const void *record,
                            const struct metric *metric, double *value)
{
    return read_per_run(result, record, metric, value) && result->auth.is_used;
}

/* What its server did not tell nobody knows. */
static bool read_store(const struct result *result, const void *record, const struct metric *metric,
                       double *value)
{
    return read_field(result, record, metric, value) && result->store.unread == 0;
}

static bool read_table(const struct result *result, const void *record, const struct metric *metric,
                       double *value)
{
    return read_field(result, record, metric, value) && result->table.unread == 0;
}

/* Per second: what it costs the store that people log in. */
static bool read_store_rate(const struct result *result, const void *record,
                            const struct metric *metric, double *value)
{
    (void)record, (void)metric;
    return share((double)result->store.commands, result->measured_s, value) && result->auth.is_used;
}

static bool read_auth_refused(const struct result *result, const void *record,
                              const struct metric *metric, double *value)
{
    double runs = result->replications > 1 ? result->replications : 1;

    (void)record, (void)metric;
    *value = 0;
    for (unsigned i = 0; i < RESULT_FLAWS; i++)
        *value += (double)result->auth.refused[i] / runs;
    return result->auth.is_used;
}

/* ---- Runtimes ------------------------------------------------------------------------------- */

static bool read_memory(const struct result *result, const void *record,
                        const struct metric *metric, double *value)
{
    double bytes = 0;

    (void)record, (void)metric;
    for (uint32_t i = 0; i < result->services_max; i++)
        bytes += (double)result->services[i].memory;
    *value = bytes / (1 << 20);
    return bytes > 0;
}

static bool read_held(const struct result *result, const void *record, const struct metric *metric,
                      double *value)
{
    (void)record, (void)metric;
    for (uint32_t i = 0; i < result->services_max; i++)
        if (result->services[i].held > *value)
            *value = result->services[i].held;
    return result->services_max > 0;
}

/* The service whose lock is wanted most; NULL: there is no such lock. */
static const struct service_result *most_locked(const struct result *result)
{
    const struct service_result *most = NULL;

    for (uint32_t i = 0; i < result->services_max; i++) {
        const struct service_result *service = &result->services[i];

        if (service->runtime == RUNTIME_GIL_THREADS &&
            (most == NULL || service->gil_held > most->gil_held))
            most = service;
    }
    return most;
}

/* A field of that service. */
static bool read_gil(const struct result *result, const void *record, const struct metric *metric,
                     double *value)
{
    const struct service_result *most = most_locked(result);

    (void)record;
    if (most != NULL)
        *value = field(most, metric->type, metric->offset);
    return most != NULL;
}

/* ---- The tables ----------------------------------------------------------------------------- */

#define TYPE_OF(record, member)                                                                    \
    _Generic(((struct record *)0)->member, double                                                  \
             : FIELD_DOUBLE, uint32_t                                                              \
             : FIELD_U32, uint64_t                                                                 \
             : FIELD_U64, int64_t                                                                  \
             : FIELD_I64)
#define AT(record, member) TYPE_OF(record, member), offsetof(struct record, member), 0
#define QUANTILE(q) FIELD_NONE, 0, q
#define OWN FIELD_NONE, 0, 0

static const struct metric metrics[] = {
    {"latency.mean", METRIC_MS, read_latency_mean, OWN},
    {"latency.p50", METRIC_MS, read_quantile, QUANTILE(0.5)},
    {"latency.p90", METRIC_MS, read_quantile, QUANTILE(0.9)},
    {"latency.p95", METRIC_MS, read_quantile, QUANTILE(0.95)},
    {"latency.p99", METRIC_MS, read_quantile, QUANTILE(0.99)},
    {"latency.p999", METRIC_MS, read_quantile, QUANTILE(0.999)},
    {"latency.max", METRIC_MS, read_quantile, QUANTILE(1)},
    {"requests.failed", METRIC_SHARE, read_failed, OWN},
    {"requests.late", METRIC_SHARE, read_share, AT(result, requests.late)},
    {"requests.lost", METRIC_SHARE, read_lost, OWN},
    {"requests.timeout", METRIC_SHARE, read_share, AT(result, requests.failed[FAILURE_TIMEOUT])},
    {"requests.shed", METRIC_SHARE, read_share, AT(result, requests.failed[FAILURE_SHED])},
    {"requests.refused", METRIC_SHARE, read_share, AT(result, requests.failed[FAILURE_REFUSED])},
    {"requests.error", METRIC_SHARE, read_share, AT(result, requests.failed[FAILURE_ERROR])},
    {"requests.denied", METRIC_SHARE, read_share, AT(result, requests.failed[FAILURE_DENIED])},
    {"requests.unanswered", METRIC_SHARE, read_unanswered, OWN},
    {"requests.attempts", METRIC_COUNT, read_share, AT(result, requests.attempts)},
    {"goodput", METRIC_RATE, read_rate, AT(result, goodput_rps)},
    {"throughput", METRIC_RATE, read_rate, AT(result, throughput_rps)},
    {"money.revenue", METRIC_MONEY, read_per_run, AT(result, money.revenue)},
    {"money.commission", METRIC_MONEY, read_per_run, AT(result, money.commission)},
    {"money.delivery_fee", METRIC_MONEY, read_per_run, AT(result, money.delivery_fee)},
    {"money.subscription", METRIC_MONEY, read_per_run, AT(result, money.subscription)},
    {"money.ads", METRIC_MONEY, read_per_run, AT(result, money.ads)},
    {"money.premium", METRIC_MONEY, read_per_run, AT(result, money.premium)},
    {"money.courier", METRIC_MONEY, read_per_run, AT(result, money.courier)},
    {"money.payment", METRIC_MONEY, read_per_run, AT(result, money.payment)},
    {"money.refunds", METRIC_MONEY, read_per_run, AT(result, money.refunds)},
    {"money.support", METRIC_MONEY, read_per_run, AT(result, money.support)},
    {"money.infra_cost", METRIC_MONEY, read_per_run, AT(result, money.infra_cost)},
    {"money.contribution", METRIC_MONEY, read_per_run, AT(result, money.contribution)},
    {"money.contribution_per_order", METRIC_MONEY, read_per_order, AT(result, money.contribution)},
    {"money.profit", METRIC_MONEY, read_per_run, AT(result, money.profit)},
    {"money.profit_per_order", METRIC_MONEY, read_per_order, AT(result, money.profit)},
    {"money.lost", METRIC_MONEY, read_per_run, AT(result, money.lost)},
    {"money.lost_timeout", METRIC_MONEY, read_per_run, AT(result, money.lost_by[FAILURE_TIMEOUT])},
    {"money.lost_shed", METRIC_MONEY, read_per_run, AT(result, money.lost_by[FAILURE_SHED])},
    {"money.lost_refused", METRIC_MONEY, read_per_run, AT(result, money.lost_by[FAILURE_REFUSED])},
    {"money.lost_error", METRIC_MONEY, read_per_run, AT(result, money.lost_by[FAILURE_ERROR])},
    {"money.lost_denied", METRIC_MONEY, read_per_run, AT(result, money.lost_by[FAILURE_DENIED])},
    {"money.lost_late", METRIC_MONEY, read_per_run, AT(result, money.lost_by[FAILURES])},
    {"queue.lag_max", METRIC_COUNT, read_field, AT(result, queue.lag_max)},
    {"queue.lag_end", METRIC_COUNT, read_per_run, AT(result, queue.lag_end)},
    {"queue.redelivered", METRIC_COUNT, read_per_run, AT(result, queue.redelivered)},
    {"queue.dead_letters", METRIC_COUNT, read_per_run, AT(result, queue.dead)},
    {"store.hit_rate", METRIC_SHARE, read_hit_rate, OWN},
    {"store.utilization", METRIC_SHARE, read_store, AT(result, store.utilization)},
    {"table.utilization", METRIC_SHARE, read_table, AT(result, table.utilization)},
    {"table.pool_utilization", METRIC_SHARE, read_field, AT(result, table.pool_utilization)},
    {"table.hottest_row", METRIC_SHARE, read_table, AT(result, table.hottest_row_busy)},
    {"runtime.memory", METRIC_COUNT, read_memory, OWN},
    {"runtime.held", METRIC_SHARE, read_held, OWN},
    {"runtime.gil_held", METRIC_SHARE, read_gil, AT(service_result, gil_held)},
    {"runtime.gil_wait", METRIC_MS, read_gil, AT(service_result, gil_wait_mean_ms)},
    {"likes.lost", METRIC_COUNT, read_likes, AT(result, likes.lost)},
    {"likes.out_of_order", METRIC_COUNT, read_likes, AT(result, likes.out_of_order)},
    {"likes.shown_off", METRIC_COUNT, read_likes, AT(result, likes.shown_off)},
    {"auth.logins", METRIC_COUNT, read_auth_count, AT(result, auth.logins)},
    {"auth.refreshes", METRIC_COUNT, read_auth_count, AT(result, auth.refreshes)},
    {"auth.revoked", METRIC_COUNT, read_auth_count, AT(result, auth.revoked)},
    {"auth.stolen", METRIC_COUNT, read_auth_count, AT(result, auth.stolen)},
    {"auth.refused", METRIC_COUNT, read_auth_refused, OWN},
    {"auth.forged_accepted", METRIC_COUNT, read_auth_count, AT(result, auth.forged_accepted)},
    {"auth.accepted_after_revocation", METRIC_COUNT, read_auth_count,
     AT(result, auth.accepted_after_revocation)},
    {"auth.store_commands", METRIC_RATE, read_store_rate, OWN},
    {"auth.exposure_mean", METRIC_MS, read_exposure_mean, OWN},
    {"auth.exposure_max", METRIC_MS, read_auth, AT(result, auth.exposure_max_ms)},
    {"counter.attempted", METRIC_COUNT, read_per_run, AT(result, counter.attempted)},
    {"counter.shown", METRIC_COUNT, read_per_run, AT(result, counter.shown)},
    {"counter.lost", METRIC_SHARE, read_counter_lost, OWN},
    {"counter.forgotten", METRIC_COUNT, read_per_run, AT(result, counter.forgotten)},
    {"counter.add_mean", METRIC_MS, read_add_mean, OWN},
    {"counter.read_mean", METRIC_MS, read_read_mean, OWN},
    {"counter.lock_waits", METRIC_COUNT, read_per_run, AT(result, counter.lock_waits)},
    {"counter.retries", METRIC_COUNT, read_per_run, AT(result, counter.retries)},
    {"counter.allocations", METRIC_COUNT, read_per_run, AT(result, counter.allocations)},
    {"counter.garbage", METRIC_COUNT, read_per_run, AT(result, counter.allocated_bytes)},
};

/* What follows "services.NAME."; the record is the service. */
static const struct metric service_metrics[] = {
    {"utilization", METRIC_SHARE, read_field, AT(service_result, utilization)},
    {"wait_mean", METRIC_MS, read_field, AT(service_result, wait_mean_ms)},
    {"wait_p99", METRIC_MS, read_wait_p99, OWN},
    {"in_system", METRIC_COUNT, read_field, AT(service_result, in_system_mean)},
    {"queue_max", METRIC_COUNT, read_field, AT(service_result, queue_max)},
    {"replicas_max", METRIC_COUNT, read_field, AT(service_result, replicas_max)},
    {"shed", METRIC_SHARE, read_shed, OWN},
};

enum {
    METRICS = sizeof metrics / sizeof metrics[0],
    SERVICE_METRICS = sizeof service_metrics / sizeof service_metrics[0]
};

static const char *const services_prefix = "services.";

static const struct metric *find(const struct metric *table, size_t table_max, const char *name)
{
    for (size_t i = 0; i < table_max; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* Splits "services.NAME.metric" at its last dot: a NAME may have dots of its own. */
static const struct metric *find_service_metric(const char *name, const char **service,
                                                size_t *service_bytes)
{
    const char *dot = strrchr(name, '.');

    if (strncmp(name, services_prefix, strlen(services_prefix)) != 0)
        return NULL;
    *service = name + strlen(services_prefix);
    if (dot <= *service)
        return NULL;
    *service_bytes = (size_t)(dot - *service);
    return find(service_metrics, SERVICE_METRICS, dot + 1);
}

bool metric_is_peak(const char *name)
{
    size_t length = strlen(name);

    return length > 4 &&
           (strcmp(name + length - 4, ".max") == 0 || strcmp(name + length - 4, "_max") == 0);
}

bool metric_unit_of(const char *name, enum metric_unit *unit)
{
    const char *service;
    size_t service_bytes;
    const struct metric *metric = find(metrics, METRICS, name);

    if (metric == NULL)
        metric = find_service_metric(name, &service, &service_bytes);
    if (metric == NULL)
        return false;
    *unit = metric->unit;
    return true;
}

static const struct service_result *find_service(const struct result *result, const char *name,
                                                 size_t name_bytes)
{
    for (uint32_t i = 0; i < result->services_max; i++) {
        const struct service_result *service = &result->services[i];

        if (strlen(service->name) == name_bytes && memcmp(service->name, name, name_bytes) == 0)
            return service;
    }
    return NULL;
}

bool metric_read(const struct result *result, const char *name, double *value,
                 enum metric_unit *unit)
{
    const char *service = NULL;
    size_t service_bytes = 0;
    const void *record = result;
    const struct metric *metric = find(metrics, METRICS, name);

    *value = 0;
    if (metric == NULL) {
        metric = find_service_metric(name, &service, &service_bytes);
        record = metric == NULL ? NULL : find_service(result, service, service_bytes);
    }
    if (record == NULL)
        return false;
    *unit = metric->unit;
    return metric->read(result, record, metric, value);
}

static bool holds(double value, enum comparison comparison, double bound)
{
    switch (comparison) {
    case BELOW:
        return value < bound;
    case AT_MOST:
        return value <= bound;
    case ABOVE:
        return value > bound;
    case AT_LEAST:
        return value >= bound;
    }
    return false;
}

void metric_judge(struct result *result)
{
    const struct scenario *scenario = result->scenario;

    result->passed = true;
    for (uint32_t i = 0; i < scenario->thresholds_max; i++) {
        const struct threshold *threshold = &scenario->thresholds[i];
        struct threshold_result *judged = &result->thresholds[i];
        enum metric_unit unit;

        judged->has_value = metric_read(result, threshold->metric, &judged->value, &unit);
        judged->passed =
            judged->has_value && holds(judged->value, threshold->comparison, threshold->bound);
        result->passed = result->passed && judged->passed;
    }
}

/* Laid out when asked for; the command line asks, from one thread. */
size_t metric_names(const char *const **names)
{
    static const char *list[METRICS];

    for (size_t i = 0; i < METRICS; i++)
        list[i] = metrics[i].name;
    *names = list;
    return METRICS;
}

size_t metric_service_names(const char *const **names)
{
    static const char *list[SERVICE_METRICS];

    for (size_t i = 0; i < SERVICE_METRICS; i++)
        list[i] = service_metrics[i].name;
    *names = list;
    return SERVICE_METRICS;
}
