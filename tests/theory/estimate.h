/* estimate.h — What the tests of the whiteboard estimate share: the estimate of a trial, its lines,
 * and how near it is to what was simulated. */
#ifndef TESTS_THEORY_ESTIMATE_H
#define TESTS_THEORY_ESTIMATE_H

#include "tests/theory/phenomena.h"

#include <string.h>

#include "sim/theory/theory.h"

static inline struct theory *estimate_of_variant(const struct trial *trial, const char *variant)
{
    struct theory *theory = NULL;

    for (uint32_t v = 0; v < trial->story.variants_max && theory == NULL; v++)
        if (strcmp(trial->story.variants[v].variant, variant) == 0)
            theory = theory_open(&trial->story.variants[v]);
    assert_non_null(theory);
    return theory;
}

/* Of the trial's only variant, or of its first. */
static inline struct theory *estimate_of_trial(const struct trial *trial)
{
    return estimate_of_variant(trial, trial->story.variants[0].variant);
}

/* The first line of its kind about `component` ("": whoever); NULL: it is not said. */
static inline const struct theory_line *line_about(const struct theory *theory,
                                                   enum theory_what what, const char *component)
{
    for (uint32_t i = 0; i < theory->lines_max; i++)
        if (theory->lines[i].what == what &&
            (component[0] == '\0' || strcmp(theory->lines[i].service, component) == 0))
            return &theory->lines[i];
    return NULL;
}

/* What it says; NaN: it is not said. */
static inline double value_of(const struct theory *theory, enum theory_what what)
{
    const struct theory_line *line = line_about(theory, what, "");

    return line == NULL ? NAN : line->value.value;
}

static inline void agree(const struct trial *trial, const char *metric,
                         struct estimate_figure figure, double within)
{
    struct estimate simulated = trial_estimate(trial, metric);

    assert_true(figure.has_value);
    expect_about(metric, figure.value, simulated.mean, within);
}

#endif
