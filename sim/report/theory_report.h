/* theory_report.h — The whiteboard estimate as a person or a program reads it. Writes only to
 * `out`. */
#ifndef SIM_REPORT_THEORY_REPORT_H
#define SIM_REPORT_THEORY_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/theory/theory.h"

struct theory_report {
    const struct story *story;
    struct theory *const *variants; /* Borrowed; one per variant, in the order of the file. */
    unsigned variants_max;
    const char *lang; /* "en" or "ru" */
    const char *version;
    bool use_color;
    unsigned columns; /* Width of the terminal; 0: unknown, 100. */
};

void theory_report_terminal(const struct theory_report *report, FILE *out);

/* One document: {"schema_version": 1, "scenario": …, "engine": "theory", "variants": […]}. False:
 * no memory. */
bool theory_report_json(const struct theory_report *report, FILE *out);

#endif
