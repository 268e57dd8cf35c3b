/* theory.c — The estimate on the terminal: per variant its phases, each line a formula with the
 * numbers put in, then what that makes of the whole run.
 *
 *   untouched — Two replicas, as in the calm hour
 *     0 s – 30 s, 150/s
 *       delivery
 *         utilisation       ρ = λ E[S] / c = 150/s × 2.55 ms / 2 = 0.19
 *
 * A phase in which every line reads as in an earlier one refers to it. */
#include <math.h>
#include <string.h>

#include "sim/report/page.h"
#include "sim/report/theory_report.h"
#include "sim/report/words.h"

enum { PHASE_AT = 2, SERVICE_AT = 4, LINE_AT = 6, FORMULA_AT = 34 };

enum theory_word {
    SAY_TITLE,
    SAY_AS_IN,
    SAY_RAMP,
    SAY_CLIENTS,
    SAY_WHOLE,
    SAY_LOST,
    SAY_HITS,
    SAY_LAG,
    SAY_UTILIZATION,
    SAY_NOT_ESTIMABLE,
    SAY_ASSUMED,
    SAY_WORDS
};

static const struct text said[SAY_WORDS] = {
    [SAY_TITLE] = {"the whiteboard estimate", "оценка у доски"},
    [SAY_AS_IN] = {"as in", "как в"},
    [SAY_RAMP] = {"mean of the ramp", "среднее подъёма"},
    [SAY_CLIENTS] = {"clients", "клиенты"},
    [SAY_WHOLE] = {"The whole run", "Весь прогон"},
    [SAY_LOST] = {"lost", "потеряно"},
    [SAY_HITS] = {"cache hits", "попадания в кеш"},
    [SAY_LAG] = {"lag at the end", "отставание в конце"},
    [SAY_UTILIZATION] = {"utilisation", "загрузка"},
    [SAY_NOT_ESTIMABLE] = {"not estimable", "не оценить"},
    [SAY_ASSUMED] = {"Assumed", "Допущения"},
};

static const char *say_in(const struct theory_report *report, enum theory_word what)
{
    return text_in(language_of(report->lang), &said[what]);
}

static void put_number(struct page *page, const struct theory_report *report, enum color color,
                       enum theory_unit unit, double value)
{
    char text[96];

    theory_put_number(text, sizeof text, report->lang,
                      (struct theory_number){.unit = unit, .value = value});
    page_put(page, color, text);
}

/* ---- Phases ---------------------------------------------------------------------------------- */

static void put_span(struct page *page, const struct theory_report *report,
                     const struct theory_phase *phase, enum color color)
{
    put_number(page, report, color, THEORY_MS, (double)phase->from_ns / 1e6);
    page_put(page, color, " – ");
    put_number(page, report, color, THEORY_MS, (double)phase->to_ns / 1e6);
}

static void put_label(struct page *page, const struct theory_report *report,
                      const struct theory_line *line)
{
    page_put(page, COLOR_DIM, text_in(language_of(report->lang), theory_label(line->what)));
    if (line->verb[0] != '\0') {
        page_put(page, COLOR_DIM, " ");
        page_put(page, COLOR_DIM, line->verb);
    }
    if (page->at >= FORMULA_AT)
        page_move(page, page->at + 2);
    page_move(page, FORMULA_AT);
}

/* What a candidate should not overlook. */
static enum color color_of(const struct theory_line *line)
{
    bool is_use = line->what == THEORY_UTILIZATION || line->what == THEORY_TABLE_POOL ||
                  line->what == THEORY_TABLE_ROW || line->what == THEORY_TABLE_CORES ||
                  line->what == THEORY_TABLE_WRITERS || line->what == THEORY_THREADS ||
                  line->what == THEORY_PLACES || line->what == THEORY_STORE ||
                  line->what == THEORY_STORE_THREADS || line->what == THEORY_BATCH_UTILIZATION ||
                  line->what == THEORY_STRAGGLERS;

    return is_use && line->value.value >= 1 ? COLOR_BAD : COLOR_PLAIN;
}

static void put_line(struct page *page, const struct theory_report *report,
                     const struct theory_line *line)
{
    char formula[THEORY_TEXT_BYTES];

    theory_put_formula(formula, sizeof formula, report->lang, line);
    page_move(page, LINE_AT);
    put_label(page, report, line);
    page_wrap(page, color_of(line), FORMULA_AT + 2, formula);
    page_end(page);
}

static void put_lines(struct page *page, const struct theory_report *report,
                      const struct theory *theory, const struct theory_phase *phase)
{
    const char *service = NULL;

    for (uint32_t i = 0; i < phase->lines_max; i++) {
        const struct theory_line *line = &theory->lines[phase->line + i];

        if (service == NULL || strcmp(service, line->service) != 0) {
            page_move(page, SERVICE_AT);
            page_put(page, COLOR_STRONG,
                     line->service[0] == '\0' ? say_in(report, SAY_CLIENTS) : line->service);
            page_end(page);
        }
        service = line->service;
        put_line(page, report, line);
    }
}

static void put_phase(struct page *page, const struct theory_report *report,
                      const struct theory *theory, uint32_t p)
{
    const struct theory_phase *phase = &theory->phases[p];

    page_move(page, PHASE_AT);
    put_span(page, report, phase, COLOR_STRONG);
    page_put(page, COLOR_PLAIN, ": ");
    put_number(page, report, COLOR_PLAIN, THEORY_RATE, phase->rate);
    if (phase->is_ramp) {
        page_put(page, COLOR_DIM, ", ");
        page_put(page, COLOR_DIM, say_in(report, SAY_RAMP));
    }
    if (phase->same_as != p) {
        page_put(page, COLOR_PLAIN, ", ");
        page_put(page, COLOR_PLAIN, say_in(report, SAY_AS_IN));
        page_put(page, COLOR_PLAIN, " ");
        put_span(page, report, &theory->phases[phase->same_as], COLOR_PLAIN);
    }
    page_end(page);
    if (phase->same_as == p)
        put_lines(page, report, theory, phase);
}

/* ---- The whole run --------------------------------------------------------------------------- */

static void put_figure(struct page *page, const struct theory_report *report, const char *label,
                       enum theory_unit unit, struct estimate_figure figure)
{
    page_move(page, SERVICE_AT);
    page_put(page, COLOR_DIM, label);
    page_move(page, FORMULA_AT);
    if (figure.has_value)
        put_number(page, report, COLOR_PLAIN, unit, figure.value);
    else
        page_put(page, COLOR_WARN, say_in(report, SAY_NOT_ESTIMABLE));
    page_end(page);
}

static void put_texts(struct page *page, const struct theory_report *report, enum theory_word title,
                      const struct text *texts, uint32_t texts_max)
{
    if (texts_max == 0)
        return;
    page_move(page, PHASE_AT);
    page_put(page, COLOR_STRONG, say_in(report, title));
    page_end(page);
    for (uint32_t i = 0; i < texts_max; i++) {
        page_move(page, SERVICE_AT);
        page_wrap(page, COLOR_DIM, SERVICE_AT + 2, text_in(language_of(report->lang), &texts[i]));
        page_end(page);
    }
}

static bool has_batcher(const struct scenario *scenario)
{
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (scenario->services[s].kind == KIND_BATCHER)
            return true;
    return false;
}

static void put_whole(struct page *page, const struct theory_report *report,
                      const struct theory *theory)
{
    const struct estimate_result *result = &theory->result;
    const struct scenario *scenario = theory->scenario;
    char label[NAME_MAX_BYTES + 64];

    page_move(page, PHASE_AT);
    page_put(page, COLOR_STRONG, say_in(report, SAY_WHOLE));
    page_end(page);
    put_figure(page, report, "throughput", THEORY_RATE, result->throughput_rps);
    put_figure(page, report, "goodput", THEORY_RATE, result->goodput_rps);
    put_figure(page, report, "p50", THEORY_MS, result->p50_ms);
    put_figure(page, report, "p95", THEORY_MS, result->p95_ms);
    put_figure(page, report, "p99", THEORY_MS, result->p99_ms);
    put_figure(page, report, say_in(report, SAY_LOST), THEORY_SHARE, result->lost);
    for (uint32_t s = 0; s < scenario->services_max; s++) {
        snprintf(label, sizeof label, "%s, %s", say_in(report, SAY_UTILIZATION),
                 scenario->services[s].name);
        put_figure(page, report, label, THEORY_SHARE, result->utilization[s]);
    }
    if (result->hit_rate.has_value)
        put_figure(page, report, say_in(report, SAY_HITS), THEORY_SHARE, result->hit_rate);
    if (has_batcher(scenario))
        put_figure(page, report, say_in(report, SAY_LAG), THEORY_COUNT, result->lag_end);
    put_texts(page, report, SAY_NOT_ESTIMABLE, theory->why, theory->why_max);
    put_texts(page, report, SAY_ASSUMED, theory->notes, theory->notes_max);
}

static void put_variant(struct page *page, const struct theory_report *report,
                        const struct theory *theory)
{
    const struct scenario *scenario = theory->scenario;
    const char *title = text_in(language_of(report->lang), &scenario->variant_title);

    page_end(page);
    page_put(page, COLOR_STRONG, scenario->variant[0] != '\0' ? scenario->variant : scenario->name);
    if (title[0] != '\0') {
        page_put(page, COLOR_PLAIN, " — ");
        page_put(page, COLOR_PLAIN, title);
    }
    page_end(page);
    for (uint32_t p = 0; p < theory->phases_max; p++)
        put_phase(page, report, theory, p);
    put_whole(page, report, theory);
}

void theory_report_terminal(const struct theory_report *report, FILE *out)
{
    const struct scenario *first = report->variants[0]->scenario;
    struct page page;

    page_init(&page, out, report->columns, report->use_color);
    page_put(&page, COLOR_STRONG, text_in(language_of(report->lang), &first->title));
    page_put(&page, COLOR_DIM, ": ");
    page_put(&page, COLOR_DIM, say_in(report, SAY_TITLE));
    page_end(&page);
    for (unsigned v = 0; v < report->variants_max; v++)
        put_variant(&page, report, report->variants[v]);
}
