/* beside_rows.c — Which figures are compared, what each of the three says, and how far they are
 * apart. */
#include <math.h>
#include <string.h>

#include "sim/report/beside_inside.h"

enum {
    FIGURE_THROUGHPUT,
    FIGURE_GOODPUT,
    FIGURE_P50,
    FIGURE_P95,
    FIGURE_P99,
    FIGURE_LOST,
    FIGURE_UTILIZATION,
    FIGURE_HITS,
    FIGURE_LAG_MAX,
    FIGURE_LAG_END,
    FIGURE_DEAD,
    FIGURES
};

static const struct beside_figure figures[FIGURES] = {
    [FIGURE_THROUGHPUT] =
        {"throughput_rps", {"throughput", "throughput"}, METRIC_RATE, 0.05, "throughput"},
    [FIGURE_GOODPUT] = {"goodput_rps", {"goodput", "goodput"}, METRIC_RATE, 0.05, "goodput"},
    [FIGURE_P50] = {"p50_ms", {"latency p50", "задержка p50"}, METRIC_MS, 0.10, "latency.p50"},
    [FIGURE_P95] = {"p95_ms", {"latency p95", "задержка p95"}, METRIC_MS, 0.20, "latency.p95"},
    [FIGURE_P99] = {"p99_ms", {"latency p99", "задержка p99"}, METRIC_MS, 0, "latency.p99"},
    [FIGURE_LOST] = {"lost", {"lost", "потеряно"}, METRIC_SHARE, 0, "requests.lost"},
    [FIGURE_UTILIZATION] =
        {"utilization", {"utilisation,", "занятость,"}, METRIC_SHARE, 0.05, NULL},
    [FIGURE_HITS] =
        {"hit_rate", {"store hits", "попаданий в store"}, METRIC_SHARE, 0, "store.hit_rate"},
    [FIGURE_LAG_MAX] =
        {"lag_max", {"lag, highest", "отставание, наибольшее"}, METRIC_COUNT, 0, "queue.lag_max"},
    [FIGURE_LAG_END] =
        {"lag_end", {"lag at the end", "отставание в конце"}, METRIC_COUNT, 0, "queue.lag_end"},
    [FIGURE_DEAD] =
        {"dead_letters", {"dead letters", "мёртвые письма"}, METRIC_COUNT, 0, "queue.dead_letters"},
};

/* ---- The three values ------------------------------------------------------------------------ */

static double figure_or_nan(struct estimate_figure figure)
{
    return figure.has_value ? figure.value : NAN;
}

static double metric_or_nan(const struct result *result, const char *name)
{
    enum metric_unit unit;
    double value;

    return metric_read(result, name, &value, &unit) ? value : NAN;
}

static double utilization_or_nan(const struct result *result, const char *service)
{
    for (uint32_t i = 0; i < result->services_max; i++)
        if (strcmp(result->services[i].name, service) == 0)
            return result->services[i].utilization;
    return NAN;
}

static double estimated_utilization(const struct theory *theory, const char *service)
{
    for (uint32_t i = 0; theory != NULL && i < theory->scenario->services_max; i++)
        if (strcmp(theory->scenario->services[i].name, service) == 0)
            return figure_or_nan(theory->result.utilization[i]);
    return NAN;
}

/* ---- Judging --------------------------------------------------------------------------------- */

enum beside_trust beside_trust(const struct beside_variant *variant)
{
    for (unsigned i = 0; i < variant->simulated_max; i++)
        if (variant->simulated[i]->end != RUN_DONE)
            return BESIDE_PARTIAL;
    if (variant->measured->end != RUN_DONE)
        return BESIDE_PARTIAL;
    if (variant->is_void)
        return BESIDE_VOID;
    if (variant->peak_rps > BESIDE_RATE_MAX)
        return BESIDE_TOO_FAST;
    return variant->lacks_core ? BESIDE_NO_CORE : BESIDE_JUDGED;
}

/* NaN where one of them is missing; infinite where nothing was measured and something simulated. */
static double error_of(const struct beside_row *row)
{
    double difference = row->simulated - row->measured;

    if (row->of->unit == METRIC_SHARE || isnan(difference))
        return difference;
    if (fabs(row->measured) > 0)
        return difference / fabs(row->measured);
    return fabs(difference) > 0 ? copysign(INFINITY, difference) : 0;
}

/* Where one of the two has a value and the other has none, they are as far apart as can be; where
 * neither has, there is nothing to judge. */
static void judge(struct beside_rows *rows, struct beside_row *row)
{
    row->error = error_of(row);
    row->has_goal = row->of->goal > 0 && rows->trust == BESIDE_JUDGED &&
                    !(isnan(row->simulated) && isnan(row->measured));
    row->is_within = row->has_goal && fabs(row->error) <= row->of->goal;
    row->is_by_chance = row->has_goal && !row->is_within && row->least <= row->measured &&
                        row->measured <= row->most;
    rows->goals.of += row->has_goal;
    rows->goals.held += row->is_within;
    rows->goals.by_chance += row->is_by_chance;
}

static double read_row(const struct beside_row *row, const struct result *result)
{
    return row->service == NULL ? metric_or_nan(result, row->of->metric)
                                : utilization_or_nan(result, row->service);
}

/* Runs without a value are left out; where that is most of them, the simulation says none. */
static void read_simulated(struct beside_row *row, const struct beside_variant *variant)
{
    double sum = 0, least = INFINITY, most = -INFINITY;
    unsigned n = 0;

    for (unsigned i = 0; i < variant->simulated_max; i++) {
        double value = read_row(row, variant->simulated[i]);

        if (isnan(value))
            continue;
        sum += value;
        least = fmin(least, value);
        most = fmax(most, value);
        n++;
    }
    row->simulated = row->least = row->most = NAN;
    if (n * 2 <= variant->simulated_max)
        return;
    row->simulated = sum / n;
    row->least = least;
    row->most = most;
}

static void add(struct beside_rows *rows, const struct beside_variant *variant,
                struct beside_row row)
{
    if (rows->rows_max == BESIDE_ROWS_MAX)
        return;
    read_simulated(&row, variant);
    row.measured = read_row(&row, variant->measured);
    judge(rows, &row);
    rows->row[rows->rows_max++] = row;
}

/* ---- The rows -------------------------------------------------------------------------------- */

static void add_metric(struct beside_rows *rows, const struct beside_variant *variant,
                       unsigned figure, const struct estimate_figure *estimate)
{
    add(rows, variant,
        (struct beside_row){
            .of = &figures[figure],
            .estimate = estimate == NULL ? NAN : figure_or_nan(*estimate),
        });
}

static void add_answers(struct beside_rows *rows, const struct beside_variant *variant,
                        const struct estimate_result *estimate)
{
    add_metric(rows, variant, FIGURE_THROUGHPUT, &estimate->throughput_rps);
    add_metric(rows, variant, FIGURE_GOODPUT, &estimate->goodput_rps);
    add_metric(rows, variant, FIGURE_P50, &estimate->p50_ms);
    add_metric(rows, variant, FIGURE_P95, &estimate->p95_ms);
    add_metric(rows, variant, FIGURE_P99, &estimate->p99_ms);
    add_metric(rows, variant, FIGURE_LOST, &estimate->lost);
}

static void add_utilization(struct beside_rows *rows, const struct beside_variant *variant,
                            const char *service)
{
    add(rows, variant,
        (struct beside_row){
            .of = &figures[FIGURE_UTILIZATION],
            .service = service,
            .estimate = estimated_utilization(variant->theory, service),
        });
}

static void add_services(struct beside_rows *rows, const struct beside_variant *variant)
{
    const struct result *simulated = variant->simulated[0], *measured = variant->measured;

    for (uint32_t i = 0; i < simulated->services_max; i++)
        add_utilization(rows, variant, simulated->services[i].name);
    for (uint32_t i = 0; i < measured->services_max; i++)
        if (isnan(utilization_or_nan(simulated, measured->services[i].name)))
            add_utilization(rows, variant, measured->services[i].name);
}

/* Only where the design has a store or a log; and dead letters, where there are any. */
static void add_data(struct beside_rows *rows, const struct beside_variant *variant,
                     const struct estimate_result *estimate)
{
    const struct result *simulated = variant->simulated[0];

    if (simulated->store.is_used || variant->measured->store.is_used)
        add_metric(rows, variant, FIGURE_HITS, &estimate->hit_rate);
    if (!simulated->queue.is_used && !variant->measured->queue.is_used)
        return;
    add_metric(rows, variant, FIGURE_LAG_MAX, NULL); /* A whiteboard has none. */
    add_metric(rows, variant, FIGURE_LAG_END, &estimate->lag_end);
    if (simulated->queue.dead > 0 || variant->measured->queue.dead > 0)
        add_metric(rows, variant, FIGURE_DEAD, NULL);
}

void beside_rows(struct beside_rows *rows, const struct beside_variant *variant)
{
    static const struct estimate_result nothing;
    const struct estimate_result *estimate =
        variant->theory == NULL ? &nothing : &variant->theory->result;

    *rows = (struct beside_rows){.trust = beside_trust(variant)};
    add_answers(rows, variant, estimate);
    add_services(rows, variant);
    add_data(rows, variant, estimate);
}

const char *beside_name(const struct beside_variant *variant)
{
    const struct scenario *scenario = variant->simulated[0]->scenario;

    return scenario->variant[0] != '\0' ? scenario->variant : scenario->name;
}

struct beside_goals beside_goals(const struct beside *beside)
{
    struct beside_goals goals = {0};

    for (unsigned v = 0; v < beside->variants_max; v++) {
        struct beside_rows rows;

        beside_rows(&rows, &beside->variants[v]);
        goals.held += rows.goals.held;
        goals.by_chance += rows.goals.by_chance;
        goals.of += rows.goals.of;
        goals.variants_judged += rows.trust == BESIDE_JUDGED;
    }
    return goals;
}
