/* why.c — Why a variant failed, in one line beside its name, so that nobody has to look for it:
 *
 *   fails: shed 20.4% — delivery (cores busy 100% at peak)
 *
 * What was lost comes first, by its greatest causes; where hardly anything was lost, the first
 * threshold that broke. Behind the dash stands the bottleneck with the first clause of its
 * evidence; the whole of it has a section of its own. */
#include <stdio.h>
#include <string.h>

#include "sim/report/sections.h"

static const double hardly_any = 0.001;  /* Share of requests. */
static const double worth_telling = 0.2; /* Of what was lost: a second cause. */

struct cause {
    enum word word;
    const char *metric;
};

static const struct cause causes[] = {
    {WORD_TIMEOUT, "requests.timeout"}, {WORD_SHED, "requests.shed"},
    {WORD_REFUSED, "requests.refused"}, {WORD_ERROR, "requests.error"},
    {WORD_DENIED, "requests.denied"},   {WORD_UNANSWERED, "requests.unanswered"},
    {WORD_LATE, "requests.late"},
};
enum { CAUSES = sizeof causes / sizeof causes[0] };

static double share_of(const struct report_variant *variant, const char *metric)
{
    struct estimate estimate = variant_estimate(variant, metric);

    return estimate.n > 0 && estimate.mean > 0 ? estimate.mean : 0;
}

/* The cause that lost the most, `besides` aside; CAUSES when there is none. */
static unsigned greatest(const struct report_variant *variant, unsigned besides)
{
    unsigned found = CAUSES;
    double most = 0;

    for (unsigned i = 0; i < CAUSES; i++) {
        double share = share_of(variant, causes[i].metric);

        if (i != besides && share > most) {
            most = share;
            found = i;
        }
    }
    return found;
}

static void add_cause(char *line, size_t size, enum language language,
                      const struct report_variant *variant, unsigned cause)
{
    size_t used = strlen(line);
    double share = share_of(variant, causes[cause].metric);

    snprintf(line + used, size - used, "%s%s %s", used == 0 ? "" : ", ",
             word(language, causes[cause].word), figure_of(language, METRIC_SHARE, share).text);
}

static void say_lost(char *line, size_t size, enum language language,
                     const struct report_variant *variant)
{
    unsigned first = greatest(variant, CAUSES), second = greatest(variant, first);

    if (first < CAUSES)
        add_cause(line, size, language, variant, first);
    if (second < CAUSES && share_of(variant, causes[second].metric) >
                               worth_telling * share_of(variant, "requests.lost"))
        add_cause(line, size, language, variant, second);
}

static void say_threshold(char *line, size_t size, enum language language,
                          const struct result *result)
{
    uint32_t i = 0;
    enum metric_unit unit = METRIC_COUNT;
    char wanted[160];

    while (i < result->scenario->thresholds_max && result->thresholds[i].passed)
        i++;
    if (i == result->scenario->thresholds_max)
        return;
    const struct threshold *threshold = &result->scenario->thresholds[i];
    const struct figure bound = figure_word(threshold->text + strcspn(threshold->text, "<>="));

    (void)metric_unit_of(threshold->metric, &unit);
    figure_fill(wanted, sizeof wanted, word(language, WORD_WANTED), &bound);
    snprintf(line, size, "%s %s %s", threshold->metric,
             result->thresholds[i].has_value
                 ? figure_of(language, unit, result->thresholds[i].value).text
                 : word(language, WORD_NOT_MEASURED),
             wanted);
}

/* Up to where the evidence goes into detail; of a backlog, how far it grows. */
static int clause_bytes(const struct bottleneck_result *found, const char *why)
{
    const char *ends[] = {", ", "; ", strcmp(found->component, "queue") == 0 ? ": " : "; "};
    size_t bytes = strlen(why);

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const char *end = strstr(why, ends[i]);

        if (end != NULL && (size_t)(end - why) < bytes)
            bytes = (size_t)(end - why);
    }
    return (int)bytes;
}

void print_why(struct page *page, const struct report *report, unsigned v, unsigned indent)
{
    const struct report_variant *variant = &report->variants[v];
    const struct result *result = variant->result;
    const struct bottleneck_result *found = &result->bottleneck;
    enum language language = language_of(report->lang);
    const char *why = language == LANGUAGE_RU ? found->why_ru : found->why_en;
    bool is_expected = result->scenario->expect == EXPECT_FAIL;
    char reason[400] = "", line[1000];

    if (result->passed)
        return;
    if (share_of(variant, "requests.lost") >= hardly_any)
        say_lost(reason, sizeof reason, language, variant);
    if (reason[0] == 0)
        say_threshold(reason, sizeof reason, language, result);
    snprintf(line, sizeof line, "%s: %s", word(language, WORD_FAILS), reason);
    if (strcmp(found->component, "none") != 0)
        snprintf(line + strlen(line), sizeof line - strlen(line), " — %s (%.*s)", found->component,
                 clause_bytes(found, why), why);
    page_move(page, indent);
    page_wrap(page, is_expected ? COLOR_DIM : COLOR_BAD, indent, line);
    page_end(page);
}
