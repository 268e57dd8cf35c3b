/* report.h — From results to what a person or a program reads. Writes only to `out`. */
#ifndef SIM_REPORT_REPORT_H
#define SIM_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/measure/metric.h"

struct report_variant {
    const struct result *result;              /* Merged over the replications. */
    const struct result *const *replications; /* In order of their seeds; n = 1: just the result. */
    unsigned replications_max;
};

struct report {
    const struct story *story;
    const struct report_variant *variants;
    unsigned variants_max;
    const char *lang; /* "en" or "ru" */
    const char *version;
    const char *repeat; /* The command line that repeats this run. */
    bool use_color;
    unsigned columns; /* Width of the terminal; 0: unknown, 100. */
};

void report_terminal(const struct report *report, FILE *out);
void report_json(const struct report *report, FILE *out);

/* Exit code of design.md section 5 for these results: 0, 3, 4, 99 or 130. A variant is as expected
 * when `passed` agrees with its `expect:`; with EXPECT_NOTHING it must pass. */
int report_exit_code(const struct report *report);

#endif
