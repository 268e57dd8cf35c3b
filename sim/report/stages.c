/* stages.c — Where in a service's pipeline its visits spend their time, for services that have one.
 *
 * Means over all visits, waits for a core and in the handler included: a row adds up to the time
 * inside. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "services/port/ask.h"
#include "sim/report/grid.h"
#include "sim/report/sections.h"

struct table_of_stages {
    const struct report *report;
    enum language language;
    const char *service;
    enum visit_stage stages[VISIT_STAGES]; /* Those that take time in any variant. */
    unsigned stages_max;
};

/* NaN: that variant has no such stage. */
static double mean_ms(const struct result *result, const char *service, enum visit_stage stage)
{
    for (uint32_t s = 0; s < result->services_max; s++)
        for (uint32_t i = 0; i < result->services[s].stages_max; i++)
            if (strcmp(result->services[s].name, service) == 0 &&
                strcmp(result->services[s].stages[i].name, visit_stage_name(stage)) == 0)
                return result->services[s].stages[i].mean_ms;
    return NAN;
}

static bool any_has(const struct report *report, const char *service, enum visit_stage stage)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (!isnan(mean_ms(report->variants[v].result, service, stage)))
            return true;
    return false;
}

static struct cell variant_at(const void *context, unsigned variant)
{
    const struct table_of_stages *table = context;
    struct cell cell = {.color = COLOR_STRONG};

    snprintf(cell.text, sizeof cell.text, "%s", variant_name(table->report, variant));
    return cell;
}

static struct head stage_at(const void *context, unsigned item)
{
    const struct table_of_stages *table = context;
    enum visit_stage stage = table->stages[item];
    struct head head = {"", ""};

    snprintf(head.upper, sizeof head.upper, "%s",
             word(table->language, stage == STAGE_DOOR
                                       ? WORD_TRACE_THREAD_WAIT
                                       : (enum word)(WORD_STAGE_ACCEPT + stage - STAGE_ACCEPT)));
    return head;
}

static struct cell mean_at(const void *context, unsigned item, unsigned variant)
{
    const struct table_of_stages *table = context;
    double mean =
        mean_ms(table->report->variants[variant].result, table->service, table->stages[item]);
    struct cell cell = {.color = isnan(mean) ? COLOR_DIM : COLOR_PLAIN};

    snprintf(cell.text, sizeof cell.text, "%s",
             isnan(mean) ? "·" : figure_of(table->language, METRIC_MS, mean).text);
    return cell;
}

static void print_service(struct page *page, const struct report *report, const char *service)
{
    struct table_of_stages table = {
        .report = report, .language = language_of(report->lang), .service = service};
    const struct figure name = figure_word(service);
    char title[160];

    for (enum visit_stage stage = STAGE_DOOR; stage < VISIT_STAGES; stage++)
        if (any_has(report, service, stage))
            table.stages[table.stages_max++] = stage;
    figure_fill(title, sizeof title, word(table.language, WORD_TITLE_STAGES), &name);
    page_end(page);
    page_put(page, COLOR_STRONG, title);
    page_end(page);
    grid_print(page, &(struct grid){.context = &table,
                                    .items_max = table.stages_max,
                                    .variants_max = report->variants_max,
                                    .variant = variant_at,
                                    .item = stage_at,
                                    .cell = mean_at});
}

/* Services come in the order of the file; a variant may have one that the first has not. */
static bool is_told_before(const struct report *report, unsigned variant, const char *service)
{
    for (unsigned v = 0; v < variant; v++)
        for (uint32_t s = 0; s < report->variants[v].result->services_max; s++)
            if (strcmp(report->variants[v].result->services[s].name, service) == 0)
                return true;
    return false;
}

void section_stages(struct page *page, const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        for (uint32_t s = 0; s < report->variants[v].result->services_max; s++) {
            const char *service = report->variants[v].result->services[s].name;

            if (!is_told_before(report, v, service) && any_has(report, service, STAGE_HANDLE))
                print_service(page, report, service);
        }
}
