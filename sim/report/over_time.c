/* over_time.c — What was asked, how long it took, what waited: second by second.
 *
 *   untouched    ▁▁▁███▁▁ 1,210/s   ▁▁▁▂▅█×× 2.31 s   ▁▁▁▃▆██▇ 1,000
 *
 * All variants share one time axis and, chart by chart, one scale: the highest value of all is █.
 * So a glance along a column compares the designs. The figure behind a chart is its highest second.
 * Marks stand for whole seconds; a rate is their mean, a p99 or a queue their highest. */
#include <math.h>
#include <stdio.h>

#include "sim/report/chart.h"
#include "sim/report/grid.h"
#include "sim/report/sections.h"

enum chart_kind { CHART_OFFERED, CHART_P99, CHART_QUEUE, CHARTS };

static const struct {
    enum word head, lower;
    enum metric_unit unit;
    enum chart_pick pick;
} kinds[CHARTS] = {
    [CHART_OFFERED] = {WORD_OFFERED, WORD_NONE, METRIC_RATE, CHART_MEAN},
    [CHART_P99] = {WORD_LATENCY, WORD_P99, METRIC_MS, CHART_MAX},
    [CHART_QUEUE] = {WORD_QUEUE, WORD_NONE, METRIC_COUNT, CHART_MAX},
};

/* Work that waits in a log waits as much as that in a service. */
static bool any_log(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (report->variants[v].result->queue.is_used)
            return true;
    return false;
}

/* One run's value: series are sums over replications. A second in which nothing was asked and
 * nothing answered has no p99, but is not to blame for it. */
static double value_at(const struct result *result, enum chart_kind kind, uint32_t second)
{
    const struct series_result *series = &result->series;
    double runs = result->replications > 1 ? result->replications : 1;

    switch (kind) {
    case CHART_OFFERED:
        return series->offered[second] / runs;
    case CHART_QUEUE:
        return ((double)series->queue[second] + (double)series->lag[second]) / runs;
    case CHART_P99:
    case CHARTS:
        break;
    }
    if (isnan(series->p99_ms[second]) && series->offered[second] + series->failed[second] == 0)
        return 0;
    return (double)series->p99_ms[second];
}

static double highest_of(const struct result *result, enum chart_kind kind)
{
    double highest = 0;

    for (uint32_t i = 0; i < result->series.seconds; i++) {
        double value = value_at(result, kind, i);

        highest = value > highest ? value : highest;
    }
    return highest;
}

struct plan { /* What all lines share. */
    unsigned name_width, figure_width[CHARTS], stride;
    double top[CHARTS];
    uint32_t seconds;
};

static struct figure peak_figure(const struct report *report, unsigned v, enum chart_kind kind)
{
    return figure_of(language_of(report->lang), kinds[kind].unit,
                     highest_of(report->variants[v].result, kind));
}

static void measure_variant(struct plan *plan, const struct report *report, unsigned v)
{
    const struct result *result = report->variants[v].result;
    unsigned name = text_columns(variant_name(report, v));

    plan->name_width = name > plan->name_width ? name : plan->name_width;
    plan->seconds = result->series.seconds > plan->seconds ? result->series.seconds : plan->seconds;
    for (unsigned k = 0; k < CHARTS; k++) {
        double highest = highest_of(result, (enum chart_kind)k);
        unsigned width = text_columns(peak_figure(report, v, (enum chart_kind)k).text);

        plan->top[k] = highest > plan->top[k] ? highest : plan->top[k];
        plan->figure_width[k] = width > plan->figure_width[k] ? width : plan->figure_width[k];
    }
}

/* The charts share what the name and the figures leave of the line. */
static struct plan plan_for(const struct page *page, const struct report *report)
{
    struct plan plan = {.stride = 1};
    unsigned taken = GRID_INDENT, room;

    for (unsigned v = 0; v < report->variants_max; v++)
        measure_variant(&plan, report, v);
    if (plan.name_width > GRID_NAME_MAX / 2 && page->columns < 80)
        plan.name_width = GRID_NAME_MAX / 2;
    if (plan.name_width > GRID_NAME_MAX)
        plan.name_width = GRID_NAME_MAX;
    taken += plan.name_width;
    for (unsigned k = 0; k < CHARTS; k++)
        taken += GRID_GAP + 1 + plan.figure_width[k];
    room = taken + CHARTS < page->columns ? (page->columns - taken) / CHARTS : 1;
    room = room < CHART_WIDTH_MAX ? room : CHART_WIDTH_MAX;
    plan.stride = plan.seconds > room ? (plan.seconds + room - 1) / room : 1;
    return plan;
}

static unsigned marks_of(const struct plan *plan)
{
    return (plan->seconds + plan->stride - 1) / plan->stride;
}

static bool draw(struct page *page, const struct plan *plan, const struct report *report,
                 unsigned v, enum chart_kind kind)
{
    const struct result *result = report->variants[v].result;
    double values[RESULT_SECONDS_MAX];
    bool has_gap = false;

    for (uint32_t i = 0; i < result->series.seconds; i++) {
        values[i] = value_at(result, kind, i);
        has_gap = has_gap || isnan(values[i]);
    }
    struct chart chart =
        chart_draw(values, result->series.seconds, plan->stride, plan->top[kind], kinds[kind].pick);
    page_move(page, page->at + GRID_GAP);
    page_cell(page, COLOR_PLAIN, marks_of(plan), false, chart.text);
    page_move(page, page->at + 1);
    page_cell(page, COLOR_DIM, plan->figure_width[kind], true, peak_figure(report, v, kind).text);
    return has_gap;
}

static void print_heads(struct page *page, const struct plan *plan, const struct report *report)
{
    enum language language = language_of(report->lang);

    page_move(page, GRID_INDENT + plan->name_width);
    for (unsigned k = 0; k < CHARTS; k++) {
        char head[80];
        unsigned width = marks_of(plan) + 1 + plan->figure_width[k];
        bool has_log = k == CHART_QUEUE && any_log(report);

        snprintf(head, sizeof head, "%s%s%s",
                 word(language, has_log ? WORD_QUEUE_AND_LOG : kinds[k].head),
                 kinds[k].lower == WORD_NONE ? "" : " ",
                 kinds[k].lower == WORD_NONE ? "" : word(language, kinds[k].lower));
        page_move(page, page->at + GRID_GAP);
        page_cell(page, COLOR_DIM, width, false, head);
    }
    page_end(page);
}

void section_over_time(struct page *page, const struct report *report)
{
    struct plan plan = plan_for(page, report);
    enum language language = language_of(report->lang);
    const struct figure lengths[] = {figure_of(language, METRIC_MS, plan.seconds * 1e3),
                                     figure_of(language, METRIC_MS, plan.stride * 1e3)};
    char title[120];
    bool has_gap = false;

    if (plan.seconds == 0)
        return;
    figure_fill(title, sizeof title, word(language, WORD_TITLE_TIME), lengths);
    page_end(page);
    page_put(page, COLOR_STRONG, title);
    page_end(page);
    print_heads(page, &plan, report);
    for (unsigned v = 0; v < report->variants_max; v++) {
        page_move(page, GRID_INDENT);
        page_cell(page, COLOR_STRONG, plan.name_width, false, variant_name(report, v));
        for (unsigned k = 0; k < CHARTS; k++)
            has_gap |= draw(page, &plan, report, v, (enum chart_kind)k);
        page_end(page);
    }
    if (has_gap) {
        page_move(page, GRID_INDENT);
        page_wrap(page, COLOR_DIM, GRID_INDENT, word(language, WORD_NOTHING_IN_TIME));
        page_end(page);
    }
}
