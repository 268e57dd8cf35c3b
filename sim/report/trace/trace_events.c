/* trace_events.c — All that was followed, as Chrome's trace events.
 *
 * Google's "Trace Event Format" (2016): an object with traceEvents, complete events (ph X, ts and
 * dur in microseconds) and metadata that names processes and threads. A process is a node; a thread
 * is a lane of it. On a lane spans nest and never overlap otherwise, which the viewers demand: a
 * span takes the first lane of its node on which nothing else is open, or only what it is part of.
 *
 * Events are written one by one, so that a long trace needs no memory. */
#include <jansson.h>
#include <stdlib.h>

#include "sim/report/trace/trace_report.h"
#include "sim/report/trace/trace_words.h"

enum { LANES_MAX = 4096, DEEP_MAX = 32 };

struct lane { /* Spans that are open on it, outermost first. */
    uint32_t open[DEEP_MAX];
    unsigned depth;
};

struct writer {
    const struct trace_report *report;
    const struct trace *trace;
    FILE *out;
    uint32_t *lane_of;   /* [span] */
    uint32_t *lanes_max; /* [node] */
    bool has_events, is_written;
};

/* ---- Lanes ----------------------------------------------------------------------------------- */

/* A question is put by its parent's node. */
static uint32_t process_of(const struct trace *trace, const struct trace_span *span)
{
    return span->kind == SPAN_ASK ? trace->spans[span->parent].node : span->node;
}

static bool is_below(const struct trace *trace, uint32_t span, uint32_t above)
{
    while (span > above)
        span = trace->spans[span].parent;
    return span == above;
}

static void close_ended(const struct trace *trace, struct lane *lane, uint64_t now_ns)
{
    while (lane->depth > 0 && trace->spans[lane->open[lane->depth - 1]].end_ns <= now_ns)
        lane->depth--;
}

static bool has_room(const struct trace *trace, const struct lane *lane, uint32_t at)
{
    uint32_t top;

    if (lane->depth == 0)
        return true;
    top = lane->open[lane->depth - 1];
    return lane->depth < DEEP_MAX && trace->spans[top].end_ns >= trace->spans[at].end_ns &&
           is_below(trace, at, top);
}

/* Spans stand in the order in which they began. One that takes no time would not be seen. */
static void lay_out(struct writer *writer, uint32_t process, struct lane *lanes)
{
    const struct trace *trace = writer->trace;
    uint32_t used = 0;

    for (uint32_t at = 1; at < trace->spans_max; at++) {
        const struct trace_span *span = &trace->spans[at];
        uint32_t i = 0;

        if (process_of(trace, span) != process || span->end_ns == span->begin_ns)
            continue;
        for (; i < used; i++) {
            close_ended(trace, &lanes[i], span->begin_ns);
            if (has_room(trace, &lanes[i], at))
                break;
        }
        if (i == LANES_MAX)
            continue;
        if (i == used)
            lanes[used++].depth = 0;
        lanes[i].open[lanes[i].depth++] = at;
        writer->lane_of[at] = i + 1;
    }
    writer->lanes_max[process] = used;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void write_event(struct writer *writer, json_t *event)
{
    if (event == NULL) {
        writer->is_written = false;
        return;
    }
    fputs(writer->has_events ? ",\n" : "\n", writer->out);
    writer->has_events = true;
    if (json_dumpf(event, writer->out, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0)
        writer->is_written = false;
    json_decref(event);
}

static double us(uint64_t ns)
{
    return (double)ns * 1e-3;
}

static void write_span(struct writer *writer, uint32_t at)
{
    const struct trace *trace = writer->trace;
    const struct trace_span *span = &trace->spans[at];
    const struct trace_request *request = &trace->requests[span->request];
    bool is_request = span->kind == SPAN_REQUEST;
    json_t *args = json_pack(
        "{s:i, s:s}", "request", (int)request->number, "outcome",
        trace_outcome_key((enum call_outcome)span->outcome, is_request && request->is_late));

    if (span->kind == SPAN_ASK)
        json_object_set_new(args, "of", json_string(trace->nodes[span->node]));
    write_event(writer,
                json_pack("{s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:o}", "name",
                          is_request ? verb_name(request->verb) : trace_span_key(span), "cat",
                          span->kind == SPAN_STAGE ? "stage" : trace_span_key(span), "ph", "X",
                          "ts", us(span->begin_ns), "dur", us(span->end_ns - span->begin_ns), "pid",
                          (int)process_of(trace, span) + 1, "tid", (int)writer->lane_of[at], "args",
                          args));
}

static void write_names(struct writer *writer, uint32_t process)
{
    const char *name = writer->trace->nodes[process];
    char lane[32];

    write_event(writer, json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "name", "process_name", "ph",
                                  "M", "pid", (int)process + 1, "tid", 0, "args", "name", name));
    write_event(writer,
                json_pack("{s:s, s:s, s:i, s:i, s:{s:i}}", "name", "process_sort_index", "ph", "M",
                          "pid", (int)process + 1, "tid", 0, "args", "sort_index",
                          process + 1 == writer->trace->nodes_max ? 0 : (int)process + 1));
    for (uint32_t i = 1; i <= writer->lanes_max[process]; i++) {
        snprintf(lane, sizeof lane, "%u", i);
        write_event(writer,
                    json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "name", "thread_name", "ph", "M",
                              "pid", (int)process + 1, "tid", (int)i, "args", "name", lane));
    }
}

/* ---- The file -------------------------------------------------------------------------------- */

static json_t *about(const struct trace_report *report)
{
    const struct trace *trace = report->trace;
    char requests[96];

    snprintf(requests, sizeof requests, "the first %u and the slowest, %u of %u",
             trace->wish.first < trace->offered ? trace->wish.first : trace->offered,
             trace->requests_max, trace->offered);
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:b}", "scenario", report->scenario->name,
                     "variant", report->scenario->variant, "seed", (json_int_t)report->seed,
                     "version", report->version, "requests", requests, "repeat", report->repeat,
                     "is_cut", (int)trace->is_full);
}

static void write_all(struct writer *writer)
{
    json_t *other = about(writer->report);

    fputs("{\"displayTimeUnit\":\"ms\",\"otherData\":", writer->out);
    writer->is_written = other != NULL && json_dumpf(other, writer->out, JSON_COMPACT) == 0;
    json_decref(other);
    fputs(",\"traceEvents\":[", writer->out);
    for (uint32_t i = 0; i < writer->trace->nodes_max; i++)
        if (writer->lanes_max[i] > 0)
            write_names(writer, i);
    for (uint32_t at = 1; at < writer->trace->spans_max; at++)
        if (writer->lane_of[at] > 0)
            write_span(writer, at);
    fputs("\n]}\n", writer->out);
}

bool trace_report_events(const struct trace_report *report, FILE *out)
{
    const struct trace *trace = report->trace;
    struct writer writer = {.report = report,
                            .trace = trace,
                            .out = out,
                            .lane_of = calloc(trace->spans_max, sizeof(uint32_t)),
                            .lanes_max = calloc(trace->nodes_max + 1, sizeof(uint32_t))};
    struct lane *lanes = calloc(LANES_MAX, sizeof *lanes);

    if (writer.lane_of != NULL && writer.lanes_max != NULL && lanes != NULL) {
        for (uint32_t i = 0; i < trace->nodes_max; i++)
            lay_out(&writer, i, lanes);
        write_all(&writer);
    }
    free(lanes);
    free(writer.lanes_max);
    free(writer.lane_of);
    return writer.is_written && fflush(out) == 0 && ferror(out) == 0;
}
