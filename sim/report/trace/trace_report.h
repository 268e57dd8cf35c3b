/* trace_report.h — Spans for people and programs: a waterfall, a JSON document, trace events. */
#ifndef SIM_REPORT_TRACE_TRACE_REPORT_H
#define SIM_REPORT_TRACE_TRACE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/measure/trace.h"
#include "sim/scenario/scenario.h"

struct trace_report { /* All borrowed. */
    const struct trace *trace;
    const struct scenario *scenario;
    uint64_t seed;
    const char *lang; /* "en" or "ru" */
    const char *version;
    const char *sha256; /* Of the scenario. */
    const char *repeat; /* The command line that repeats it. */
    bool use_color;
    unsigned columns; /* Width of the terminal; 0: unknown, 100. */
};

/* One request, line by line, and where its time went. */
void trace_report_terminal(const struct trace_report *report, const struct trace_request *request,
                           FILE *out);

/* The same as one document, and its spans one by one. False: it was not all written. */
bool trace_report_json(const struct trace_report *report, const struct trace_request *request,
                       FILE *out);

/* All that was followed, in the Trace Event Format of chrome://tracing, which ui.perfetto.dev opens
 * as well. False: it was not all written. */
bool trace_report_events(const struct trace_report *report, FILE *out);

#endif
