/* terminal.c — A report for a person at a terminal: the verdict first, the command that repeats it
 * last.
 *
 *   warnings     broken invariants, partial runs: before anything that they put in doubt
 *   verdict      as expected or not; which scenario, seed, world; why a variant failed
 *   thresholds   variants side by side, each bound with its value and mark
 *   answers      goodput apart from throughput; latency
 *   failures     shares of all requests, by cause
 *   bottleneck   named, with its evidence
 *   stages       of services with a pipeline: where their visits spend their time
 *   auth         logins, tokens refused, and what a thief could do
 *   counter      what threads that share memory added, lost, and what it cost
 *   queue        dead letters, and the lag behind a record that is none yet
 *   money        earned and spent, stream by stream; which design one would take
 *   money lost   by cause
 *   over time    offered rate, p99 and queue, drawn
 *   repeat       one line, ready to be pasted
 *
 * What a table of services would add is in the JSON document. */
#include <string.h>

#include "sim/report/sections.h"

static const char *component_name(enum language language, const struct result *result)
{
    const char *component = result->bottleneck.component;

    if (strcmp(component, "store") == 0)
        return word(language, result->scenario->store.kind == STORE_MEMCACHED
                                  ? WORD_COMPONENT_MEMCACHED
                                  : WORD_COMPONENT_STORE);
    if (strcmp(component, "queue") == 0)
        return word(language, result->scenario->queue.kind == QUEUE_KAFKA ? WORD_COMPONENT_QUEUE
                                                                          : WORD_COMPONENT_RABBIT);
    if (strcmp(component, "table") == 0)
        return word(language, WORD_COMPONENT_TABLE);
    return strcmp(component, "none") == 0 ? word(language, WORD_NONE) : component;
}

void print_bottleneck(struct page *page, const struct report *report, unsigned v, unsigned indent)
{
    const struct bottleneck_result *found = &report->variants[v].result->bottleneck;
    enum language language = language_of(report->lang);
    bool is_none = strcmp(found->component, "none") == 0;

    page_wrap(page, is_none ? COLOR_DIM : COLOR_WARN, indent,
              component_name(language, report->variants[v].result));
    page_wrap(page, COLOR_PLAIN, indent, " — ");
    page_wrap(page, COLOR_PLAIN, indent, language == LANGUAGE_RU ? found->why_ru : found->why_en);
    page_end(page);
}

static void section_bottleneck(struct page *page, const struct report *report)
{
    enum language language = language_of(report->lang);
    unsigned width = variant_names_width(report);

    page_end(page);
    page_put(page, COLOR_STRONG, word(language, WORD_TITLE_BOTTLENECK));
    page_end(page);
    for (unsigned v = 0; v < report->variants_max; v++) {
        page_move(page, 2);
        page_cell(page, COLOR_STRONG, width, false, variant_name(report, v));
        page_move(page, 2 + width + 3);
        print_bottleneck(page, report, v, 2 + width + 3);
    }
}

/* How much was simulated, how fast, and what was checked on the way. */
void section_work(struct page *page, const struct report *report)
{
    enum language language = language_of(report->lang);
    uint64_t events = 0, checked = 0, violated = 0;
    double wall_s = 0;
    char sentence[160];

    for (unsigned v = 0; v < report->variants_max; v++) {
        const struct result *result = report->variants[v].result;

        events += result->events;
        checked += result->invariants_checked;
        violated += result->invariants_violated;
        wall_s += result->wall_s;
    }
    const struct figure figures[] = {figure_of(language, METRIC_COUNT, (double)events),
                                     figure_of(language, METRIC_MS, wall_s * 1e3),
                                     figure_of(language, METRIC_COUNT, (double)checked)};
    page_end(page);
    figure_fill(sentence, sizeof sentence, word(language, WORD_EVENTS), figures);
    page_wrap(page, COLOR_DIM, 0, sentence);
    if (checked > 0 && violated == 0) {
        figure_fill(sentence, sizeof sentence, word(language, WORD_INVARIANTS_HOLD), figures + 2);
        page_wrap(page, COLOR_DIM, 0, " · ");
        page_wrap(page, COLOR_DIM, 0, sentence);
    }
    page_end(page);
}

/* Bytes up to the next space that no quotation mark holds. */
static size_t argument_bytes(const char *command)
{
    char quote = 0;
    size_t at = 0;

    for (; command[at] != 0 && (quote != 0 || command[at] != ' '); at++)
        if (quote != 0)
            quote = command[at] == quote ? 0 : quote;
        else if (command[at] == '\'' || command[at] == '"')
            quote = command[at];
    return at;
}

/* A command that is too long goes on below, with the backslash that a shell wants before it. */
static void section_repeat(struct page *page, const struct report *report)
{
    const char *left = report->repeat == NULL ? "" : report->repeat;

    page_put(page, COLOR_STRONG, word(language_of(report->lang), WORD_REPEAT));
    page_move(page, page->at + 1);
    while (*left != 0) {
        size_t bytes = argument_bytes(left);

        if (page->at + text_columns_within(left, bytes) + 2 > page->columns && page->at > 4) {
            page_put_whole(page, COLOR_PLAIN, "\\", 1);
            page_end(page);
            page_move(page, 4);
        }
        page_put_whole(page, COLOR_PLAIN, left, bytes);
        page_move(page, page->at + 1);
        left += bytes;
        left += strspn(left, " ");
    }
    page_end(page);
}

const struct section sections[] = {
    {section_thresholds, false},
    {section_answers, false},
    {section_failures, false},
    {section_bottleneck, true},
    {section_runtimes, false},
    {section_auth, false},
    {section_stages, false},
    {section_counter, false},
    {section_queue, false},
    {section_money, false},
    {section_money_lost, false},
    {section_over_time, true},
    {NULL, false},
};

void report_terminal(const struct report *report, FILE *out)
{
    struct page page;

    page_init(&page, out, report->columns, report->use_color);
    section_warnings(&page, report);
    section_verdict(&page, report);
    for (const struct section *section = sections; section->print != NULL; section++)
        section->print(&page, report);
    section_work(&page, report);
    section_repeat(&page, report);
}
