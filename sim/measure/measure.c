/* measure.c — Counting requests, seconds and money while a run goes on.
 *
 * The counts are kept so that the identity offered = ok + late + failed + in flight holds after
 * every call and not only at the end: an invariant that is checked only at the end says that
 * something went wrong, not when.
 *
 * Seconds are counted from the whole second in which the warm-up ends. A request stands in the
 * second of its intended arrival as offered, and in that of its end as ok or failed (late ones
 * are failed there). */
#include "sim/measure/measure.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "sim/measure/rental.h"
#include "sim/scenario/prices.h"

static const uint64_t second_ns = 1000000000;

/* ---- Lines and usage ------------------------------------------------------------------------ */

void line_init(struct line_stat *line, uint64_t now_ns, struct histogram *stays)
{
    *line = (struct line_stat){.stays = stays};
    area_init(&line->length, now_ns, 0);
}

void line_restart(struct line_stat *line, uint64_t now_ns)
{
    uint64_t length = line->length.value;

    line_init(line, now_ns, line->stays);
    line->length.value = length;
    line->longest = (uint32_t)length;
    if (line->stays != NULL)
        *line->stays = (struct histogram){0};
}

double line_stay_mean_ns(const struct line_stat *line)
{
    return line->left == 0 ? 0 : (double)line->stays_ns / (double)line->left;
}

void usage_init(struct usage *usage, uint64_t now_ns, uint64_t capacity)
{
    *usage = (struct usage){0};
    area_init(&usage->busy, now_ns, 0);
    area_init(&usage->capacity, now_ns, capacity);
}

void usage_restart(struct usage *usage, uint64_t now_ns)
{
    area_restart(&usage->busy, now_ns);
    area_restart(&usage->capacity, now_ns);
    usage->busy_before = usage->capacity_before = 0;
    usage->peak = 0;
}

/* No capacity at all (every replica is down): nobody is busy either. */
static double share_of(unsigned __int128 busy, unsigned __int128 capacity)
{
    return capacity == 0 ? 0 : (double)busy / (double)capacity;
}

void usage_second(struct usage *usage, uint64_t now_ns)
{
    unsigned __int128 busy = area_sum(&usage->busy, now_ns);
    unsigned __int128 capacity = area_sum(&usage->capacity, now_ns);
    double share = share_of(busy - usage->busy_before, capacity - usage->capacity_before);

    usage->peak = share > usage->peak ? share : usage->peak;
    usage->busy_before = busy;
    usage->capacity_before = capacity;
}

double usage_mean(const struct usage *usage, uint64_t now_ns)
{
    return share_of(area_sum(&usage->busy, now_ns), area_sum(&usage->capacity, now_ns));
}

/* ---- The latencies of one second ------------------------------------------------------------ */

static void recent_clear(struct recent *recent)
{
    if (recent->lowest <= recent->highest)
        memset(&recent->counts[recent->lowest], 0,
               (recent->highest - recent->lowest + 1) * sizeof recent->counts[0]);
    recent->total = 0;
    recent->lowest = HISTOGRAM_BUCKETS;
    recent->highest = 0;
}

static void recent_record(struct recent *recent, uint64_t value_ns)
{
    uint32_t bucket = histogram_bucket(value_ns);

    recent->counts[bucket]++;
    recent->total++;
    recent->lowest = bucket < recent->lowest ? bucket : recent->lowest;
    recent->highest = bucket > recent->highest ? bucket : recent->highest;
}

/* NaN when nothing was recorded. Counts from the top: p99 is near it, and nothing asked is below
 * the median. */
static float recent_quantile_ms(const struct recent *recent, double q)
{
    uint64_t above;
    uint32_t bucket = recent->highest;

    if (recent->total == 0)
        return NAN;
    above = recent->total - histogram_rank(recent->total, q);
    for (uint64_t seen = recent->counts[bucket]; seen <= above; seen += recent->counts[bucket])
        bucket--;
    return (float)((double)histogram_middle_ns(bucket) / 1e6);
}

/* ---- Requests ------------------------------------------------------------------------------- */

void measure_init(struct measure *measure, const struct scenario *scenario, struct result *result)
{
    struct pricing pricing = prices_pricing(&scenario->prices);

    memset(result, 0, sizeof *result);
    result->scenario = scenario;
    result->seed = scenario->seed;
    result->replications = 1;
    memset(measure, 0, sizeof *measure);
    measure->scenario = scenario;
    measure->result = result;
    measure->warmup_ns = scenario->warmup_ns;
    measure->load_end_ns = scenario->duration_ns;
    measure->origin_s = scenario->warmup_ns / second_ns;
    recent_clear(&measure->recent);
    ledger_init(&measure->ledger, &pricing);
}

static bool is_measured(const struct measure *measure, uint64_t intended_ns)
{
    return intended_ns >= measure->warmup_ns;
}

/* One more in the second of at_ns; beyond the last second of a series it is counted in totals
 * alone. */
static void count_second(const struct measure *measure, uint32_t *series, uint64_t at_ns)
{
    uint64_t second = at_ns / second_ns - measure->origin_s;

    if (second < RESULT_SECONDS_MAX)
        series[second]++;
}

void measure_offered(struct measure *measure, uint64_t intended_ns)
{
    struct result *result = measure->result;

    if (!is_measured(measure, intended_ns))
        return;
    result->requests.offered++;
    result->requests.in_flight++;
    count_second(measure, result->series.offered, intended_ns);
}

void measure_attempt(struct measure *measure, uint64_t intended_ns)
{
    if (is_measured(measure, intended_ns))
        measure->result->requests.attempts++;
}

/* False: belongs to the warm-up. Otherwise the request is no longer in flight. */
static bool request_ends(struct measure *measure, uint64_t intended_ns, uint64_t now_ns)
{
    if (!is_measured(measure, intended_ns))
        return false;
    check(now_ns >= intended_ns);
    check(measure->result->requests.in_flight > 0);
    measure->result->requests.in_flight--;
    return true;
}

void measure_ok(struct measure *measure, uint64_t intended_ns, uint64_t now_ns)
{
    struct result *result = measure->result;

    if (!request_ends(measure, intended_ns, now_ns))
        return;
    result->requests.ok++;
    measure->ok_in_load += now_ns <= measure->load_end_ns;
    histogram_record(&result->latency, now_ns - intended_ns);
    recent_record(&measure->recent, now_ns - intended_ns);
    count_second(measure, result->series.ok, now_ns);
}

void measure_late(struct measure *measure, uint64_t intended_ns, uint64_t now_ns)
{
    if (!request_ends(measure, intended_ns, now_ns))
        return;
    measure->result->requests.late++;
    measure->late_in_load += now_ns <= measure->load_end_ns;
    count_second(measure, measure->result->series.failed, now_ns);
}

void measure_failed(struct measure *measure, uint64_t intended_ns, uint64_t now_ns,
                    enum failure cause)
{
    if (!request_ends(measure, intended_ns, now_ns))
        return;
    measure->result->requests.failed[cause]++;
    count_second(measure, measure->result->series.failed, now_ns);
}

/* ---- Money ---------------------------------------------------------------------------------- */

void measure_order(struct measure *measure, uint64_t intended_ns, const struct sale *sale,
                   bool is_ok, bool was_charged, unsigned cause)
{
    if (!is_measured(measure, intended_ns))
        return;
    if (is_ok) {
        ledger_order_ok(&measure->ledger, sale);
        return;
    }
    ledger_order_lost(&measure->ledger, sale, cause);
    if (was_charged)
        ledger_refund(&measure->ledger, sale);
}

void measure_view(struct measure *measure, uint64_t intended_ns, uint64_t view, uint64_t customer,
                  bool is_ok, unsigned cause)
{
    if (!is_measured(measure, intended_ns))
        return;
    if (is_ok)
        ledger_view_ok(&measure->ledger, view, customer);
    else
        ledger_view_lost(&measure->ledger, view, customer, cause);
}

void measure_trips(struct measure *measure, uint64_t orders, uint64_t trips)
{
    check(trips <= orders);
    ledger_trips_shared(&measure->ledger, orders - trips);
}

/* Servers are rented by the time that was measured; replicas by the core-seconds they were up. */
static void book_servers(struct measure *measure, uint64_t measured_ms)
{
    const struct result *result = measure->result;
    const struct prices_spec *prices = &measure->scenario->prices;
    uint64_t rented_ms = rental_ms(prices, measured_ms), core_ms = 0;
    int64_t table_hour =
        prices->table_hour + prices->table_core_hour * (int64_t)measure->scenario->table.cores;

    for (uint32_t i = 0; i < result->services_max; i++)
        core_ms += rental_core_ms(result, i, measured_ms);
    ledger_infra(&measure->ledger, ledger_hours(prices->core_hour, core_ms));
    if (result->store.is_used)
        ledger_infra(&measure->ledger, ledger_hours(prices->store_hour, rented_ms));
    if (result->queue.is_used)
        ledger_infra(&measure->ledger, ledger_hours(prices->queue_hour, rented_ms));
    if (result->table.is_used)
        ledger_infra(&measure->ledger, ledger_hours(table_hour, rented_ms));
}

static void book_time(struct measure *measure)
{
    const struct scenario *scenario = measure->scenario;
    uint64_t measured_ms = (uint64_t)(measure->result->measured_s * 1e3 + 0.5);

    ledger_months(&measure->ledger, prices_restaurants(scenario), prices_customers(scenario),
                  measured_ms);
    book_servers(measure, measured_ms);
}

/* ---- Seconds, and the end ------------------------------------------------------------------- */

void measure_second(struct measure *measure, uint64_t now_ns, uint32_t queue, uint32_t replicas,
                    uint64_t lag)
{
    struct series_result *series = &measure->result->series;
    uint64_t ended = now_ns / second_ns; /* Seconds that have ended by now. */

    if (ended <= measure->origin_s)
        return;
    uint64_t second = ended - measure->origin_s - 1;
    if (second < RESULT_SECONDS_MAX) {
        for (uint32_t i = series->seconds; i < second; i++) /* Nobody looked: live, stopped. */
            series->p50_ms[i] = series->p95_ms[i] = series->p99_ms[i] = NAN;
        series->p50_ms[second] = recent_quantile_ms(&measure->recent, 0.5);
        series->p95_ms[second] = recent_quantile_ms(&measure->recent, 0.95);
        series->p99_ms[second] = recent_quantile_ms(&measure->recent, 0.99);
        series->queue[second] = queue;
        series->replicas[second] = replicas;
        series->lag[second] = lag;
        series->seconds = (uint32_t)second + 1;
    }
    recent_clear(&measure->recent);
}

void measure_close(struct measure *measure, uint64_t end_ns)
{
    struct result *result = measure->result;
    uint64_t end = end_ns < measure->load_end_ns ? end_ns : measure->load_end_ns;

    if (end > measure->warmup_ns)
        result->measured_s = (double)(end - measure->warmup_ns) / 1e9;
    if (result->measured_s > 0) {
        result->goodput_rps = (double)measure->ok_in_load / result->measured_s;
        result->throughput_rps =
            (double)(measure->ok_in_load + measure->late_in_load) / result->measured_s;
    }
    book_time(measure);
    ledger_close(&measure->ledger, &result->money);
}
