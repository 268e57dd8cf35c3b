/* waterfall.c — One request for a person at a terminal: a line per span, and its stretch of time.
 *
 *     client                0   42.1 ms  ────────────────────────────────────────
 *       api/0          250 µs   41.6 ms  ───────────────────────────────────────
 *         validate     250 µs    1.2 ms  ░█
 *         handle      1.45 ms     33 ms    ──────────────────────────
 *           table     1.45 ms      4 ms    ━━━━
 *           cpu       5.45 ms     29 ms        ░░░░░░░░░░█████████████
 *
 * A question and the visit that it became are one line; so are a stage and the task that is all of
 * it. Whatever goes on after the request's end is cut off there. */
#include <stdlib.h>
#include <string.h>

#include "sim/report/page.h"
#include "sim/report/trace/trace_report.h"
#include "sim/report/trace/trace_words.h"

enum {
    ROWS_MAX = 400,
    BAR_MAX = 512,
    INDENT_MAX = 24,
    SHARES_SHOWN = 8,
    FIGURE_WIDTH = 9,
    LABEL_LEAST = 8
};

enum mark { MARK_NONE, MARK_BELOW, MARK_CALL, MARK_WAIT, MARK_RUN };

struct row {
    uint32_t span;
    uint32_t task; /* A CPU whose turns are drawn; 0: none. */
    unsigned indent;
    bool has_rows; /* Below it. */
    char label[2 * TRACE_NAME_BYTES];
};

struct waterfall {
    const struct trace_report *report;
    const struct trace_request *request;
    const struct trace *trace;
    enum language language;
    struct page page;
    uint64_t begin_ns, end_ns;
    struct row *rows;
    unsigned rows_max, left_out;
    unsigned label_width;
};

/* ---- Rows ------------------------------------------------------------------------------------ */

static const struct trace_span *span_at(const struct waterfall *fall, uint32_t at)
{
    return &fall->trace->spans[at];
}

/* The only thing below it, when that is a task. */
static uint32_t only_task(const struct waterfall *fall, uint32_t at)
{
    uint32_t child = trace_child(fall->trace, at, 0);

    if (child == 0 || span_at(fall, child)->kind != SPAN_CPU ||
        trace_child(fall->trace, at, child) != 0)
        return 0;
    return child;
}

static uint32_t task_of(const struct waterfall *fall, uint32_t at)
{
    if (span_at(fall, at)->kind == SPAN_CPU || span_at(fall, at)->kind == SPAN_TOKENS)
        return at;
    return span_at(fall, at)->kind == SPAN_STAGE ? only_task(fall, at) : 0;
}

static void append(char *label, size_t size, const char *text)
{
    size_t length = strlen(label);

    snprintf(label + length, size - length, " · %s", text);
}

/* The how-manieth question of its kind this is, and whether the one before was still open. */
static unsigned place_among(const struct waterfall *fall, uint32_t at, bool *is_beside)
{
    const struct trace_span *span = span_at(fall, at);
    char name[TRACE_NAME_BYTES], other[TRACE_NAME_BYTES];
    unsigned place = 1;

    *is_beside = false;
    trace_service_name(fall->trace->nodes[span->node], name);
    for (uint32_t i = trace_child(fall->trace, span->parent, 0); i < at;
         i = trace_child(fall->trace, span->parent, i)) {
        trace_service_name(fall->trace->nodes[span_at(fall, i)->node], other);
        if (span_at(fall, i)->kind != SPAN_ASK || strcmp(name, other) != 0)
            continue;
        place++;
        *is_beside = span_at(fall, i)->end_ns > span->begin_ns;
    }
    return place;
}

static void say_which_try(const struct waterfall *fall, struct row *row)
{
    bool is_beside;
    unsigned place = place_among(fall, row->span, &is_beside);
    struct figure figure = figure_of(fall->language, METRIC_COUNT, place);
    char text[64];

    if (place == 1)
        return;
    figure_fill(text, sizeof text, word(fall->language, WORD_TRACE_TRY), &figure);
    append(row->label, sizeof row->label,
           is_beside ? word(fall->language, WORD_TRACE_HEDGE) : text);
}

static void label_row(const struct waterfall *fall, struct row *row)
{
    const struct trace_span *span = span_at(fall, row->span);
    bool is_fine = call_is_served(span->outcome);

    snprintf(row->label, sizeof row->label, "%s",
             trace_span_word(fall->trace, span, fall->language));
    if (span->kind == SPAN_ASK)
        say_which_try(fall, row);
    if (span->is_behind)
        append(row->label, sizeof row->label, word(fall->language, WORD_TRACE_BEHIND));
    if (!is_fine && span->kind != SPAN_REQUEST && span->kind != SPAN_STAGE)
        append(row->label, sizeof row->label,
               trace_outcome_word((enum call_outcome)span->outcome, false, fall->language));
}

static bool add_row(struct waterfall *fall, uint32_t at, unsigned indent)
{
    struct row *row = &fall->rows[fall->rows_max];
    unsigned width;

    if (fall->rows_max == ROWS_MAX) {
        fall->left_out++;
        return false;
    }
    *row = (struct row){.span = at, .task = task_of(fall, at), .indent = indent};
    label_row(fall, row);
    width = 2 * indent + text_columns(row->label);
    fall->label_width = width > fall->label_width ? width : fall->label_width;
    fall->rows_max++;
    return true;
}

/* A visit has no line of its own: what is below it stands below its question. */
static void add_rows(struct waterfall *fall, uint32_t at, unsigned indent)
{
    const struct trace_span *span = span_at(fall, at);
    bool is_silent = span->kind == SPAN_VISIT;
    unsigned mine = fall->rows_max;

    if (!is_silent && !add_row(fall, at, indent < INDENT_MAX ? indent : INDENT_MAX))
        mine = ROWS_MAX;
    if (task_of(fall, at) != 0)
        return;
    for (uint32_t i = trace_child(fall->trace, at, 0); i != 0; i = trace_child(fall->trace, at, i))
        add_rows(fall, i, is_silent ? indent : indent + 1);
    if (!is_silent && mine < ROWS_MAX)
        fall->rows[mine].has_rows = fall->rows_max > mine + 1;
}

/* ---- Bars ------------------------------------------------------------------------------------ */

struct bar {
    uint8_t marks[BAR_MAX];
    unsigned width;
};

static unsigned column_of(const struct waterfall *fall, const struct bar *bar, uint64_t at_ns)
{
    uint64_t whole_ns = fall->end_ns - fall->begin_ns;
    uint64_t since_ns = at_ns > fall->begin_ns ? at_ns - fall->begin_ns : 0;

    if (whole_ns == 0 || since_ns >= whole_ns)
        return bar->width;
    return (unsigned)((double)since_ns / (double)whole_ns * bar->width);
}

/* However short it was, it is seen. */
static void paint(const struct waterfall *fall, struct bar *bar, const struct trace_span *span,
                  enum mark mark)
{
    unsigned from = column_of(fall, bar, span->begin_ns), to = column_of(fall, bar, span->end_ns);

    if (span->begin_ns >= fall->end_ns && span->begin_ns > fall->begin_ns)
        return;
    from = from >= bar->width ? bar->width - 1 : from;
    to = to <= from ? from + 1 : to;
    memset(bar->marks + from, (int)mark, to - from);
}

static void paint_turns(const struct waterfall *fall, struct bar *bar, uint32_t task, uint8_t kind,
                        enum mark mark)
{
    for (uint32_t i = trace_child(fall->trace, task, 0); i != 0;
         i = trace_child(fall->trace, task, i))
        if (span_at(fall, i)->kind == kind)
            paint(fall, bar, span_at(fall, i), mark);
}

static enum mark mark_of(const struct row *row, const struct trace_span *span)
{
    if (span->kind == SPAN_WAIT)
        return MARK_WAIT;
    return row->has_rows || span->kind == SPAN_ASK || span->kind == SPAN_REQUEST ? MARK_BELOW
                                                                                 : MARK_CALL;
}

static void print_bar(struct waterfall *fall, const struct row *row)
{
    static const char *const texts[] = {" ", "─", "━", "░", "█"};
    static const enum color colors[] = {COLOR_PLAIN, COLOR_DIM, COLOR_STRONG, COLOR_WARN,
                                        COLOR_GOOD};
    struct bar bar = {.width = fall->page.columns - fall->page.at};

    if (bar.width == 0) /* A very narrow page has figures alone. */
        return;
    bar.width = bar.width < BAR_MAX ? bar.width : BAR_MAX;
    if (row->task == 0) {
        paint(fall, &bar, span_at(fall, row->span), mark_of(row, span_at(fall, row->span)));
    } else {
        paint_turns(fall, &bar, row->task, SPAN_WAIT, MARK_WAIT);
        paint_turns(fall, &bar, row->task, SPAN_RUN, MARK_RUN);
    }
    for (unsigned i = 0; i < bar.width; i++)
        if (bar.marks[i] == MARK_NONE)
            page_move(&fall->page, fall->page.at + 1);
        else
            page_put(&fall->page, colors[bar.marks[i]], texts[bar.marks[i]]);
}

/* ---- The page -------------------------------------------------------------------------------- */

static struct figure time_figure(const struct waterfall *fall, uint64_t ns)
{
    return figure_of(fall->language, METRIC_MS, (double)ns * 1e-6);
}

static void print_times(struct waterfall *fall, const char *start, const char *took)
{
    page_move(&fall->page, 2 + fall->label_width);
    page_cell(&fall->page, COLOR_DIM, FIGURE_WIDTH + 1, true, start);
    page_cell(&fall->page, COLOR_PLAIN, FIGURE_WIDTH + 1, true, took);
    page_move(&fall->page, fall->page.at + 2);
}

static void print_row(struct waterfall *fall, const struct row *row)
{
    const struct trace_span *span = span_at(fall, row->span);
    bool is_fine = call_is_served(span->outcome);
    struct figure start = time_figure(fall, span->begin_ns - fall->begin_ns);
    struct figure took = time_figure(fall, span->end_ns - span->begin_ns);
    unsigned label = text_columns(row->label), room = label < LABEL_LEAST ? label : LABEL_LEAST;
    unsigned indent =
        2 * row->indent + room <= fall->label_width ? 2 * row->indent : fall->label_width - room;

    page_move(&fall->page, 2 + indent);
    page_cell(&fall->page, is_fine ? COLOR_PLAIN : COLOR_BAD, fall->label_width - indent, false,
              row->label);
    print_times(fall, start.text, took.text);
    print_bar(fall, row);
    page_end(&fall->page);
}

static void print_head(struct waterfall *fall)
{
    const struct trace_report *report = fall->report;
    enum call_outcome outcome = (enum call_outcome)span_at(fall, fall->request->span)->outcome;
    const struct figure request[] = {
        figure_word(verb_name(fall->request->verb)),
        figure_of(fall->language, METRIC_COUNT, fall->request->number),
        figure_of(fall->language, METRIC_COUNT, fall->trace->offered),
        time_figure(fall, fall->end_ns - fall->begin_ns),
        figure_word(trace_outcome_word(outcome, fall->request->is_late, fall->language))};
    char seed[32], sentence[320];

    snprintf(seed, sizeof seed, "%llu", (unsigned long long)report->seed);
    const struct figure run[] = {
        figure_word(report->scenario->name),
        figure_word(report->scenario->variant[0] == '\0' ? "—" : report->scenario->variant),
        figure_word(seed), time_figure(fall, fall->begin_ns)};

    figure_fill(sentence, sizeof sentence, word(fall->language, WORD_TRACE_REQUEST), request);
    page_wrap(&fall->page, COLOR_STRONG, 2, sentence);
    page_end(&fall->page);
    figure_fill(sentence, sizeof sentence, word(fall->language, WORD_TRACE_RUN), run);
    page_wrap(&fall->page, COLOR_DIM, 2, sentence);
    page_end(&fall->page);
    page_end(&fall->page);
}

static void print_rows(struct waterfall *fall)
{
    struct figure more = figure_of(fall->language, METRIC_COUNT, fall->left_out);
    unsigned most = fall->page.columns / 2;
    char sentence[160];

    fall->label_width = fall->label_width < most ? fall->label_width : most;
    print_times(fall, word(fall->language, WORD_TRACE_START),
                word(fall->language, WORD_TRACE_TOOK));
    page_end(&fall->page);
    for (unsigned i = 0; i < fall->rows_max; i++)
        print_row(fall, &fall->rows[i]);
    if (fall->left_out == 0)
        return;
    figure_fill(sentence, sizeof sentence, word(fall->language, WORD_TRACE_MORE), &more);
    page_move(&fall->page, 2);
    page_put(&fall->page, COLOR_DIM, sentence);
    page_end(&fall->page);
}

static void print_legend(struct waterfall *fall)
{
    static const enum word legend[] = {WORD_TRACE_LEGEND_RUN, WORD_TRACE_LEGEND_WAIT,
                                       WORD_TRACE_LEGEND_CALL, WORD_TRACE_LEGEND_BELOW};

    page_end(&fall->page);
    page_move(&fall->page, 2);
    for (size_t i = 0; i < sizeof legend / sizeof *legend; i++) {
        page_wrap(&fall->page, COLOR_DIM, 2, word(fall->language, legend[i]));
        page_move(&fall->page, fall->page.at + 3);
    }
    page_end(&fall->page);
}

/* "api: serialise 62%, api: wait for a core 20%, table 9% …": what is under one percent of
 * `whole_ns` is not said. */
static void print_parts(struct waterfall *fall, const struct trace_shares *shares, bool only_runs,
                        uint64_t whole_ns)
{
    unsigned said = 0;

    for (unsigned i = 0; i < shares->shares_max && said < SHARES_SHOWN; i++) {
        const struct trace_share *share = &shares->all[i];
        double part = (double)share->ns / (double)whole_ns;
        char text[256];

        if (part < 0.01 || (only_runs && share->what != TRACE_RUN))
            continue;
        snprintf(text, sizeof text, "%s%s%s %s", share->service,
                 share->service[0] == '\0' ? "" : ": ", trace_share_word(share, fall->language),
                 figure_of(fall->language, METRIC_SHARE, part).text);
        page_wrap(&fall->page, COLOR_PLAIN, 2, said++ == 0 ? " " : ", ");
        page_wrap(&fall->page, COLOR_PLAIN, 2, text);
    }
    page_end(&fall->page);
}

/* What waited is one thing, what kept the cores busy, and others waiting, another. */
static void print_shares(struct waterfall *fall)
{
    struct trace_shares shares;
    struct figure figure;
    char sentence[128];
    uint64_t runs_ns = 0;

    trace_path_shares(fall->trace, fall->request->span, &shares);
    page_end(&fall->page);
    page_wrap(&fall->page, COLOR_STRONG, 2, word(fall->language, WORD_TRACE_WHERE));
    print_parts(fall, &shares, false, shares.sum_ns);
    for (unsigned i = 0; i < shares.shares_max; i++)
        runs_ns += shares.all[i].what == TRACE_RUN ? shares.all[i].ns : 0;
    if (runs_ns == 0)
        return;
    figure = time_figure(fall, runs_ns);
    figure_fill(sentence, sizeof sentence, word(fall->language, WORD_TRACE_ON_CORES), &figure);
    page_wrap(&fall->page, COLOR_STRONG, 2, sentence);
    print_parts(fall, &shares, true, runs_ns);
}

static void print_repeat(struct waterfall *fall)
{
    page_end(&fall->page);
    page_put(&fall->page, COLOR_STRONG, word(fall->language, WORD_REPEAT));
    page_wrap(&fall->page, COLOR_PLAIN, 4, " ");
    page_wrap(&fall->page, COLOR_PLAIN, 4, fall->report->repeat);
    page_end(&fall->page);
}

void trace_report_terminal(const struct trace_report *report, const struct trace_request *request,
                           FILE *out)
{
    const struct trace_span *root = &report->trace->spans[request->span];
    struct waterfall fall = {.report = report,
                             .request = request,
                             .trace = report->trace,
                             .language = language_of(report->lang),
                             .begin_ns = root->begin_ns,
                             .end_ns = root->end_ns,
                             .rows = calloc(ROWS_MAX, sizeof(struct row))};

    check(fall.rows != NULL);
    page_init(&fall.page, out, report->columns, report->use_color);
    add_rows(&fall, request->span, 0);
    print_head(&fall);
    print_rows(&fall);
    print_legend(&fall);
    print_shares(&fall);
    print_repeat(&fall);
    free(fall.rows);
}
