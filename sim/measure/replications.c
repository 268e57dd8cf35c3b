/* replications.c — Many seeds as one result, and what they are worth.
 *
 * Two ways to put replications together, for two questions. Merging pools all requests of all
 * runs: counts add, means are weighted by what they are means of, peaks are the highest. An
 * estimate takes each run as one observation: requests within a run hang together (one queue
 * delays them all), runs do not, so only the spread between runs says how far the mean can be
 * trusted. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/measure/metric.h"

/* ---- Confidence ----------------------------------------------------------------------------- */

/* Up to 10 degrees from the table (Abramowitz and Stegun, Handbook of Mathematical Functions,
 * table 26.10), beyond by their expansion 26.7.5 around the normal quantile: error below 1e-4. */
double student_t975(unsigned degrees)
{
    static const double table[] = {12.70620, 4.30265, 3.18245, 2.77645, 2.57058,
                                   2.44691,  2.36462, 2.30600, 2.26216, 2.22814};
    const double z = 1.959963985, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    double n = degrees;

    if (degrees <= sizeof table / sizeof table[0])
        return table[degrees > 0 ? degrees - 1 : 0];
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

/* Mean and variance in one pass (Welford 1962): no large sums that cancel. */
struct spread {
    unsigned n;
    double mean, squares; /* Of the differences from the mean. */
};

static void spread_add(struct spread *spread, double value)
{
    double off = value - spread->mean;

    spread->n++;
    spread->mean += off / spread->n;
    spread->squares += off * (value - spread->mean);
}

static struct estimate spread_estimate(const struct spread *spread)
{
    struct estimate estimate = {.mean = spread->mean, .n = spread->n};

    if (spread->n >= 2)
        estimate.half_width =
            student_t975(spread->n - 1) * sqrt(spread->squares / (spread->n - 1) / spread->n);
    return estimate;
}

struct estimate estimate_of(const double *values, unsigned n)
{
    struct spread spread = {0};

    for (unsigned i = 0; i < n; i++)
        spread_add(&spread, values[i]);
    return spread_estimate(&spread);
}

struct estimate metric_estimate(const struct result *const *results, unsigned n, const char *name)
{
    struct spread spread = {0};
    enum metric_unit unit;
    double value;

    for (unsigned i = 0; i < n; i++)
        if (metric_read(results[i], name, &value, &unit))
            spread_add(&spread, value);
    return spread_estimate(&spread);
}

/* ---- Merging -------------------------------------------------------------------------------- */

/* The mean of two means, each with its weight. */
static void pool(double *to, double to_weight, double from, double from_weight)
{
    double weight = to_weight + from_weight;

    if (weight > 0)
        *to = (*to * to_weight + from * from_weight) / weight;
}

#define KEEP_MAX(to, from, field)                                                                  \
    ((to)->field = (from)->field > (to)->field ? (from)->field : (to)->field)
#define ADD(to, from, field) ((to)->field += (from)->field)

static void merge_requests(struct requests_result *to, const struct requests_result *from)
{
    ADD(to, from, offered);
    ADD(to, from, ok);
    ADD(to, from, late);
    ADD(to, from, in_flight);
    ADD(to, from, attempts);
    for (unsigned i = 0; i < FAILURES; i++)
        ADD(to, from, failed[i]);
}

static struct stage_result *stage_named(struct service_result *service, const char *name)
{
    for (uint32_t i = 0; i < service->stages_max; i++)
        if (strcmp(service->stages[i].name, name) == 0)
            return &service->stages[i];
    if (service->stages_max == RESULT_STAGES_MAX)
        return NULL;
    struct stage_result *stage = &service->stages[service->stages_max++];
    snprintf(stage->name, sizeof stage->name, "%s", name);
    return stage;
}

/* A stage that one side has not is one of 0 ms there. */
static void merge_stages(struct service_result *to, const struct service_result *from)
{
    double to_let_in = (double)to->let_in, from_let_in = (double)from->let_in;

    for (uint32_t i = 0; i < from->stages_max; i++)
        (void)stage_named(to, from->stages[i].name);
    for (uint32_t i = 0; i < to->stages_max; i++) {
        double mean_ms = 0;

        for (uint32_t j = 0; j < from->stages_max; j++)
            if (strcmp(from->stages[j].name, to->stages[i].name) == 0)
                mean_ms = from->stages[j].mean_ms;
        pool(&to->stages[i].mean_ms, to_let_in, mean_ms, from_let_in);
    }
}

static void merge_service(struct service_result *to, double to_s, const struct service_result *from,
                          double from_s)
{
    merge_stages(to, from);
    pool(&to->utilization, to->core_seconds, from->utilization, from->core_seconds);
    pool(&to->busiest_replica, to->core_seconds, from->busiest_replica, from->core_seconds);
    pool(&to->held, to->core_seconds, from->held, from->core_seconds);
    pool(&to->gil_held, to->core_seconds, from->gil_held, from->core_seconds);
    pool(&to->gil_wait_mean_ms, (double)to->let_in, from->gil_wait_mean_ms, (double)from->let_in);
    pool(&to->wait_mean_ms, (double)to->let_in, from->wait_mean_ms, (double)from->let_in);
    pool(&to->sojourn_mean_ms, (double)to->let_in, from->sojourn_mean_ms, (double)from->let_in);
    pool(&to->in_system_mean, to_s, from->in_system_mean, from_s);
    KEEP_MAX(to, from, replicas_max);
    KEEP_MAX(to, from, held_peak);
    KEEP_MAX(to, from, gil_held_peak);
    KEEP_MAX(to, from, memory);
    KEEP_MAX(to, from, utilization_peak);
    KEEP_MAX(to, from, queue_max);
    ADD(to, from, visits);
    ADD(to, from, let_in);
    ADD(to, from, shed);
    ADD(to, from, replica_seconds);
    ADD(to, from, core_seconds);
    histogram_add(&to->wait, &from->wait);
}

static void merge_store(struct store_result *to, double to_s, const struct store_result *from,
                        double from_s)
{
    to->is_used = to->is_used || from->is_used;
    pool(&to->utilization, to_s, from->utilization, from_s);
    KEEP_MAX(to, from, utilization_peak);
    KEEP_MAX(to, from, bytes_max);
    KEEP_MAX(to, from, wasted_bytes);
    ADD(to, from, commands);
    ADD(to, from, hits);
    ADD(to, from, misses);
    ADD(to, from, evictions);
    ADD(to, from, expired);
    ADD(to, from, lost);
    ADD(to, from, unread);
}

static void merge_queue(struct queue_result *to, const struct queue_result *from)
{
    to->is_used = to->is_used || from->is_used;
    pool(&to->batch_mean, (double)to->batches, from->batch_mean, (double)from->batches);
    KEEP_MAX(to, from, lag_max);
    ADD(to, from, lag_end);
    ADD(to, from, put);
    ADD(to, from, taken);
    ADD(to, from, committed);
    ADD(to, from, redelivered);
    ADD(to, from, batches);
    ADD(to, from, dead);
    ADD(to, from, dropped);
    ADD(to, from, rebalances);
    KEEP_MAX(to, from, unacked_max);
    ADD(to, from, blocked);
    ADD(to, from, max_partition_put);
}

static void merge_table(struct table_result *to, double to_s, const struct table_result *from,
                        double from_s)
{
    double to_calls = (double)(to->reads + to->writes);
    double from_calls = (double)(from->reads + from->writes);

    to->is_used = to->is_used || from->is_used;
    pool(&to->utilization, to_s, from->utilization, from_s);
    pool(&to->pool_utilization, to_s, from->pool_utilization, from_s);
    pool(&to->hottest_row_busy, to_s, from->hottest_row_busy, from_s);
    pool(&to->pool_wait_mean_ms, to_calls, from->pool_wait_mean_ms, from_calls);
    pool(&to->lock_wait_mean_ms, (double)to->writes, from->lock_wait_mean_ms, (double)from->writes);
    KEEP_MAX(to, from, utilization_peak);
    KEEP_MAX(to, from, pool_utilization_peak);
    ADD(to, from, reads);
    ADD(to, from, writes);
    ADD(to, from, rows_written);
    ADD(to, from, commits);
    ADD(to, from, flushes);
    ADD(to, from, rows_walked);
    ADD(to, from, unread);
}

static void merge_money(struct money_result *to, const struct money_result *from)
{
    ADD(to, from, commission);
    ADD(to, from, delivery_fee);
    ADD(to, from, subscription);
    ADD(to, from, ads);
    ADD(to, from, premium);
    ADD(to, from, courier);
    ADD(to, from, payment);
    ADD(to, from, refunds);
    ADD(to, from, support);
    ADD(to, from, infra_cost);
    ADD(to, from, revenue);
    ADD(to, from, contribution);
    ADD(to, from, profit);
    ADD(to, from, lost);
    ADD(to, from, orders_ok);
    ADD(to, from, orders_lost);
    ADD(to, from, views);
    ADD(to, from, clicks);
    ADD(to, from, contacts);
    for (unsigned i = 0; i <= FAILURES; i++)
        ADD(to, from, lost_by[i]);
}

static void merge_auth(struct auth_result *to, const struct auth_result *from)
{
    ADD(to, from, logins);
    ADD(to, from, refreshes);
    ADD(to, from, revoked);
    ADD(to, from, stolen);
    ADD(to, from, hostile);
    ADD(to, from, forged_accepted);
    ADD(to, from, accepted_after_revocation);
    ADD(to, from, exposures);
    ADD(to, from, exposure_sum_ms);
    KEEP_MAX(to, from, exposure_max_ms);
    for (unsigned i = 0; i < RESULT_FLAWS; i++)
        ADD(to, from, refused[i]);
}

/* The mean over the replications that answered anything in that second. */
static void merge_latency(float *to, double to_runs, float from, double from_runs)
{
    double mean_ms = *to;

    if (isnan(*to))
        mean_ms = from;
    else if (!isnan(from))
        pool(&mean_ms, to_runs, from, from_runs);
    *to = (float)mean_ms;
}

void counter_result_add(struct counter_result *to, const struct counter_result *from)
{
    to->is_used = to->is_used || from->is_used;
    ADD(to, from, attempted);
    ADD(to, from, shown);
    ADD(to, from, lost);
    ADD(to, from, forgotten);
    ADD(to, from, lock_waits);
    ADD(to, from, retries);
    ADD(to, from, allocations);
    ADD(to, from, allocated_bytes);
    ADD(to, from, adds);
    ADD(to, from, add_ns);
    ADD(to, from, reads);
    ADD(to, from, read_ns);
    ADD(to, from, steps);
}

static void merge_series(struct series_result *to, double to_runs, const struct series_result *from,
                         double from_runs)
{
    for (uint32_t i = to->seconds; i < from->seconds; i++)
        to->p50_ms[i] = to->p95_ms[i] = to->p99_ms[i] = NAN;
    for (uint32_t i = 0; i < from->seconds; i++) {
        merge_latency(&to->p50_ms[i], to_runs, from->p50_ms[i], from_runs);
        merge_latency(&to->p95_ms[i], to_runs, from->p95_ms[i], from_runs);
        merge_latency(&to->p99_ms[i], to_runs, from->p99_ms[i], from_runs);
        ADD(to, from, offered[i]);
        ADD(to, from, ok[i]);
        ADD(to, from, failed[i]);
        ADD(to, from, queue[i]);
        ADD(to, from, replicas[i]);
        ADD(to, from, lag[i]);
    }
    KEEP_MAX(to, from, seconds);
}

/* A limit tells more than an interruption: the run could not have gone on. */
static void merge_end(struct result *to, const struct result *from)
{
    if (to->end == RUN_LIMIT || from->end == RUN_DONE)
        return;
    to->end = from->end;
    memcpy(to->limit, from->limit, sizeof to->limit);
}

static void merge_breaks(struct result *to, const struct result *from)
{
    uint32_t kept =
        to->invariants_violated < RESULT_BREAKS_MAX ? to->invariants_violated : RESULT_BREAKS_MAX;

    for (uint32_t i = 0; i < from->invariants_violated && i < RESULT_BREAKS_MAX; i++)
        if (kept < RESULT_BREAKS_MAX)
            to->breaks[kept++] = from->breaks[i];
    ADD(to, from, invariants_checked);
    ADD(to, from, invariants_violated);
}

void result_merge(struct result *to, const struct result *from)
{
    double to_s = to->measured_s, from_s = from->measured_s;
    uint32_t to_runs = to->replications > 1 ? to->replications : 1;
    uint32_t from_runs = from->replications > 1 ? from->replications : 1;

    merge_requests(&to->requests, &from->requests);
    histogram_add(&to->latency, &from->latency);
    pool(&to->throughput_rps, to_s, from->throughput_rps, from_s);
    pool(&to->goodput_rps, to_s, from->goodput_rps, from_s);
    for (uint32_t i = 0; i < to->services_max && i < from->services_max; i++)
        merge_service(&to->services[i], to_s, &from->services[i], from_s);
    merge_store(&to->store, to_s, &from->store, from_s);
    merge_queue(&to->queue, &from->queue);
    merge_table(&to->table, to_s, &from->table, from_s);
    merge_money(&to->money, &from->money);
    ADD(to, from, likes.acknowledged);
    ADD(to, from, likes.in_table);
    ADD(to, from, likes.shown_off);
    ADD(to, from, likes.lost);
    ADD(to, from, likes.out_of_order);
    ADD(to, from, likes.undrained);
    merge_auth(&to->auth, &from->auth);
    counter_result_add(&to->counter, &from->counter);
    merge_series(&to->series, to_runs, &from->series, from_runs);
    merge_end(to, from);
    merge_breaks(to, from);
    ADD(to, from, measured_s);
    ADD(to, from, events);
    ADD(to, from, wall_s);
    to->replications = to_runs + from_runs;
    metric_judge(to);
    bottleneck_find(to);
}
