/* verdict.c — Was it as expected? The first lines of a report, and the exit code.
 *
 * The order of the exit codes is the order of trust: figures of a run that broke an invariant mean
 * nothing, those of a partial run little, and only then does it matter whether they are good. */
#include <string.h>

#include "sim/report/grid.h"
#include "sim/report/sections.h"

enum exit_code {
    EXIT_AS_EXPECTED = 0,
    EXIT_INVARIANT = 3,
    EXIT_LIMIT = 4,
    EXIT_NOT_AS_EXPECTED = 99,
    EXIT_INTERRUPTED = 130
};

bool variant_is_as_expected(const struct report_variant *variant)
{
    const struct result *result = variant->result;

    switch (result->scenario->expect) {
    case EXPECT_FAIL:
        return !result->passed;
    case EXPECT_NOTHING:
    case EXPECT_PASS:
        break;
    }
    return result->passed;
}

const char *variant_name(const struct report *report, unsigned variant)
{
    const struct scenario *scenario = report->variants[variant].result->scenario;

    return scenario->variant[0] != 0 ? scenario->variant : scenario->name;
}

unsigned variant_names_width(const struct report *report)
{
    unsigned width = 0;

    for (unsigned v = 0; v < report->variants_max; v++) {
        unsigned columns = text_columns(variant_name(report, v));

        width = columns > width ? columns : width;
    }
    return width < GRID_NAME_MAX ? width : GRID_NAME_MAX;
}

static unsigned count_as_expected(const struct report *report)
{
    unsigned count = 0;

    for (unsigned v = 0; v < report->variants_max; v++)
        count += variant_is_as_expected(&report->variants[v]);
    return count;
}

static bool any_ended(const struct report *report, enum run_end end)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (report->variants[v].result->end == end)
            return true;
    return false;
}

int report_exit_code(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (report->variants[v].result->invariants_violated > 0)
            return EXIT_INVARIANT;
    if (any_ended(report, RUN_LIMIT))
        return EXIT_LIMIT;
    if (any_ended(report, RUN_INTERRUPTED))
        return EXIT_INTERRUPTED;
    return count_as_expected(report) == report->variants_max ? EXIT_AS_EXPECTED
                                                             : EXIT_NOT_AS_EXPECTED;
}

/* ---- Warnings ------------------------------------------------------------------------------- */

static void print_sentence(struct page *page, enum color color, unsigned indent, enum word what,
                           enum language language, const struct figure *figures)
{
    char sentence[320];

    figure_fill(sentence, sizeof sentence, word(language, what), figures);
    page_wrap(page, color, indent, sentence);
}

static void print_break(struct page *page, const struct report *report, unsigned variant,
                        const struct result *result, const struct break_result *what)
{
    enum language language = language_of(report->lang);
    char seed[24];

    snprintf(seed, sizeof seed, "%llu", (unsigned long long)result->seed);
    const struct figure figures[] = {
        figure_word(what->name),
        figure_of(language, METRIC_MS, (double)what->at_ns / 1e6),
        figure_word(seed),
    };
    page_put(page, COLOR_BAD, "✗ ");
    print_sentence(page, COLOR_BAD, 2, WORD_INVARIANT_BROKEN, language, figures);
    page_end(page);
    page_move(page, 2);
    page_put(page, COLOR_STRONG, variant_name(report, variant));
    page_move(page, page->at + 2);
    page_wrap(page, COLOR_BAD, 4, what->finding);
    page_end(page);
}

/* From each replication, for its seed; those that were not kept are counted. */
static void print_breaks(struct page *page, const struct report *report, unsigned v)
{
    const struct report_variant *variant = &report->variants[v];
    enum language language = language_of(report->lang);
    uint32_t more = variant->result->invariants_violated, shown = 0;

    for (unsigned r = 0; r < variant->replications_max; r++) {
        const struct result *result = variant->replications[r];

        for (uint32_t i = 0; i < result->invariants_violated && shown < RESULT_BREAKS_MAX; i++)
            if (i < RESULT_BREAKS_MAX) {
                print_break(page, report, v, result, &result->breaks[i]);
                shown++;
            }
    }
    if (more > shown) {
        const struct figure figure = figure_of(language, METRIC_COUNT, more - shown);

        page_move(page, 2);
        print_sentence(page, COLOR_BAD, 2, WORD_INVARIANTS_MORE, language, &figure);
        page_end(page);
    }
}

/* Ctrl-C stops them all: one line is enough then. */
static bool all_ended_alike(const struct report *report)
{
    const struct result *first = report->variants[0].result;

    for (unsigned v = 1; v < report->variants_max; v++)
        if (report->variants[v].result->end != first->end ||
            strcmp(report->variants[v].result->limit, first->limit) != 0)
            return false;
    return report->variants_max > 1;
}

static void print_end(struct page *page, enum language language, const char *name,
                      const struct result *result)
{
    const struct figure limit =
        figure_word(result->limit[0] != 0 ? result->limit : word(language, WORD_LIMIT_UNKNOWN));

    if (result->end == RUN_DONE)
        return;
    page_put(page, COLOR_WARN, "! ");
    page_put(page, COLOR_STRONG, name);
    page_move(page, page->at + 2);
    print_sentence(page, COLOR_WARN, 2, result->end == RUN_LIMIT ? WORD_LIMIT : WORD_INTERRUPTED,
                   language, &limit);
    page_end(page);
}

void section_warnings(struct page *page, const struct report *report)
{
    enum language language = language_of(report->lang);

    for (unsigned v = 0; v < report->variants_max; v++)
        print_breaks(page, report, v);
    if (all_ended_alike(report)) {
        print_end(page, language, word(language, WORD_ALL_VARIANTS), report->variants[0].result);
        return;
    }
    for (unsigned v = 0; v < report->variants_max; v++)
        print_end(page, language, variant_name(report, v), report->variants[v].result);
}

/* ---- The verdict ---------------------------------------------------------------------------- */

static bool wants_singular(unsigned n)
{
    return n % 10 == 1 && n % 100 != 11;
}

static bool any_expected(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (report->variants[v].result->scenario->expect != EXPECT_NOTHING)
            return true;
    return false;
}

/* Where nothing was promised nothing can be against expectation: passing counts. */
static enum word word_of_variants(const struct report *report)
{
    if (!any_expected(report))
        return WORD_VARIANTS_PASS;
    return wants_singular(report->variants_max) ? WORD_VARIANTS_AS_EXPECTED_ONE
                                                : WORD_VARIANTS_AS_EXPECTED;
}

static void print_of_variants(struct page *page, const struct report *report, unsigned good)
{
    enum language language = language_of(report->lang);
    bool is_good = good == report->variants_max;
    const char *separator = "";
    const struct figure figures[] = {
        figure_of(language, METRIC_COUNT, good),
        figure_of(language, METRIC_COUNT, report->variants_max),
    };

    print_sentence(page, is_good ? COLOR_GOOD : COLOR_BAD, 2, word_of_variants(report), language,
                   figures);
    if (is_good)
        return;
    page_wrap(page, COLOR_BAD, 2, "; ");
    page_wrap(page, COLOR_BAD, 2,
              word(language, any_expected(report) ? WORD_NOT_AS_EXPECTED : WORD_FAILING));
    for (unsigned v = 0; v < report->variants_max; v++) {
        char name[NAME_MAX_BYTES + 4];

        if (variant_is_as_expected(&report->variants[v]))
            continue;
        snprintf(name, sizeof name, "%s %s", separator, variant_name(report, v));
        page_wrap(page, COLOR_BAD, 2, name);
        separator = ",";
    }
}

/* A scenario without variants: the thresholds themselves are the verdict. */
static void print_of_thresholds(struct page *page, const struct report *report)
{
    const struct result *result = report->variants[0].result;
    enum language language = language_of(report->lang);
    enum color color = variant_is_as_expected(&report->variants[0]) ? COLOR_GOOD : COLOR_BAD;
    unsigned max = result->scenario->thresholds_max, held = 0;

    if (max == 0) {
        page_wrap(page, color, 2, word(language, WORD_NO_THRESHOLDS));
        return;
    }
    for (unsigned i = 0; i < max; i++)
        held += result->thresholds[i].passed;
    const struct figure figures[] = {figure_of(language, METRIC_COUNT, held),
                                     figure_of(language, METRIC_COUNT, max)};
    page_wrap(page, color, 2, word(language, result->passed ? WORD_PASSES : WORD_FAILS));
    page_wrap(page, color, 2, "; ");
    print_sentence(page, color, 2, WORD_THRESHOLDS_HOLD, language, figures);
}

static void print_titles(struct page *page, const struct report *report)
{
    const struct scenario *scenario = report->variants[0].result->scenario;
    enum language language = language_of(report->lang);
    const char *title = text_in(language, &scenario->title);
    const char *question = text_in(language, &scenario->question);

    if (title[0] == 0 && question[0] == 0)
        return;
    page_move(page, 2);
    page_wrap(page, COLOR_STRONG, 2, title);
    page_wrap(page, COLOR_PLAIN, 2, title[0] != 0 && question[0] != 0 ? " — " : "");
    page_wrap(page, COLOR_PLAIN, 2, question);
    page_end(page);
}

void print_facts(struct page *page, const struct report *report)
{
    const struct result *result = report->variants[0].result;
    enum language language = language_of(report->lang);
    unsigned runs = report->variants[0].replications_max;
    bool is_live = strcmp(result->engine, "live") == 0;
    char seed[24];

    snprintf(seed, sizeof seed, "%llu", (unsigned long long)result->seed);
    const struct figure seeds[] = {figure_word(seed), figure_of(language, METRIC_COUNT, runs)};
    const struct figure measured =
        figure_of(language, METRIC_MS, result->measured_s * 1e3 / (runs > 1 ? runs : 1));
    page_move(page, 2);
    page_wrap(page, COLOR_DIM, 2, result->scenario->name);
    page_wrap(page, COLOR_DIM, 2, " · ");
    print_sentence(page, COLOR_DIM, 2, runs > 1 ? WORD_SEEDS : WORD_SEED, language, seeds);
    page_wrap(page, COLOR_DIM, 2, " · ");
    print_sentence(page, COLOR_DIM, 2, WORD_MEASURED, language, &measured);
    page_wrap(page, COLOR_DIM, 2, " · ");
    page_wrap(page, COLOR_DIM, 2, word(language, is_live ? WORD_LIVE : WORD_VIRTUAL));
    page_end(page);
}

static void print_fault(struct page *page, enum language language, const struct fault_spec *fault)
{
    static const enum word words[] = {
        [FAULT_CRASH] = WORD_FAULT_CRASH,
        [FAULT_PAUSE] = WORD_FAULT_PAUSE,
        [FAULT_CUT] = WORD_FAULT_CUT,
    };
    const struct figure figures[] = {
        figure_word(fault->target),
        figure_of(language, METRIC_MS, (double)fault->at_ns * 1e-6),
        fault->for_ns == 0
            ? figure_word(word(language, WORD_FAULT_END))
            : figure_of(language, METRIC_MS, (double)(fault->at_ns + fault->for_ns) * 1e-6),
    };

    print_sentence(page, COLOR_WARN, 2, words[fault->kind], language, figures);
}

void print_faults(struct page *page, const struct report *report)
{
    const struct scenario *first = report->variants[0].result->scenario;

    for (unsigned v = 1; v < report->variants_max; v++)
        if (memcmp(first->faults, report->variants[v].result->scenario->faults,
                   sizeof first->faults) != 0)
            return;
    for (uint32_t i = 0; i < first->faults_max; i++) {
        page_move(page, 2);
        print_fault(page, language_of(report->lang), &first->faults[i]);
        page_end(page);
    }
}

/* A variant with a title, or one that failed and shall say why. */
static bool any_to_tell(const struct report *report)
{
    for (unsigned v = 0; v < report->variants_max; v++)
        if (!report->variants[v].result->passed ||
            text_in(language_of(report->lang),
                    &report->variants[v].result->scenario->variant_title)[0] != 0)
            return true;
    return false;
}

/* What each variant changes, in the words of the scenario, and why it failed if it did. */
static void print_variants(struct page *page, const struct report *report)
{
    unsigned width = variant_names_width(report), indent = 2 + width + GRID_GAP;

    if (!any_to_tell(report))
        return;
    page_end(page);
    for (unsigned v = 0; v < report->variants_max; v++) {
        const struct report_variant *variant = &report->variants[v];
        const char *title =
            text_in(language_of(report->lang), &variant->result->scenario->variant_title);
        bool is_good = variant_is_as_expected(variant);

        page_put(page, is_good ? COLOR_GOOD : COLOR_BAD, is_good ? "✓ " : "✗ ");
        page_cell(page, COLOR_STRONG, width, false, variant_name(report, v));
        page_move(page, indent);
        page_wrap(page, COLOR_PLAIN, indent, title);
        if (title[0] != 0 || variant->result->passed)
            page_end(page);
        print_why(page, report, v, indent);
    }
}

static bool has_variants(const struct report *report)
{
    return report->variants_max > 1 || report->variants[0].result->scenario->variant[0] != 0;
}

void print_verdict(struct page *page, const struct report *report)
{
    unsigned good = count_as_expected(report);
    bool is_good = good == report->variants_max;

    page_put(page, is_good ? COLOR_GOOD : COLOR_BAD, is_good ? "✓ " : "✗ ");
    if (has_variants(report))
        print_of_variants(page, report, good);
    else
        print_of_thresholds(page, report);
    page_end(page);
}

void section_verdict(struct page *page, const struct report *report)
{
    print_verdict(page, report);
    if (!has_variants(report) && report->variants[0].result->scenario->thresholds_max > 0)
        print_why(page, report, 0, 2);
    print_titles(page, report);
    print_facts(page, report);
    print_faults(page, report);
    if (has_variants(report))
        print_variants(page, report);
}
