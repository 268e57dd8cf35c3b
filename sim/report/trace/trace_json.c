/* trace_json.c — One request as a document: its spans, and the pieces of its critical path.
 *
 * Offsets count from the request's intended arrival. "parent" is a span's "id"; null: the
 * root's. */
#include <jansson.h>

#include "sim/report/trace/trace_report.h"
#include "sim/report/trace/trace_words.h"

enum { SCHEMA_VERSION = 1, DIGITS = 12 };

static json_t *ms(uint64_t ns)
{
    return json_real((double)ns * 1e-6);
}

static json_t *span_json(const struct trace *trace, uint32_t at, uint64_t begin_ns)
{
    const struct trace_span *span = &trace->spans[at];

    return json_pack("{s:i, s:o, s:s, s:s, s:o, s:o, s:s, s:b}", "id", (int)at, "parent",
                     span->parent == 0 ? json_null() : json_integer(span->parent), "node",
                     trace->nodes[span->node], "what", trace_span_key(span), "start_ms",
                     ms(span->begin_ns - begin_ns), "took_ms", ms(span->end_ns - span->begin_ns),
                     "outcome", trace_outcome_key((enum call_outcome)span->outcome, false),
                     "nobody_waits", (int)span->is_behind);
}

static json_t *spans_json(const struct trace *trace, const struct trace_request *request)
{
    uint64_t begin_ns = trace->spans[request->span].begin_ns;
    uint32_t place = trace->spans[request->span].request;
    json_t *spans = json_array();

    for (uint32_t i = request->span; i <= request->last; i++)
        if (trace->spans[i].request == place)
            json_array_append_new(spans, span_json(trace, i, begin_ns));
    return spans;
}

static json_t *shares_json(const struct trace *trace, uint32_t root)
{
    struct trace_shares shares;
    json_t *all = json_array();

    trace_path_shares(trace, root, &shares);
    for (uint32_t i = 0; i < shares.shares_max; i++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:o}", "service", shares.all[i].service,
                                             "what", trace_share_key(&shares.all[i]), "ms",
                                             ms(shares.all[i].ns)));
    return all;
}

static json_t *request_json(const struct trace *trace, const struct trace_request *request)
{
    const struct trace_span *root = &trace->spans[request->span];

    return json_pack("{s:i, s:i, s:s, s:I, s:I, s:i, s:o, s:o, s:s}", "number",
                     (int)request->number, "of", (int)trace->offered, "verb",
                     verb_name(request->verb), "key", (json_int_t)request->key, "user",
                     (json_int_t)request->user, "tries", (int)request->tries, "at_ms",
                     ms(root->begin_ns), "latency_ms", ms(root->end_ns - root->begin_ns), "outcome",
                     trace_outcome_key((enum call_outcome)root->outcome, request->is_late));
}

bool trace_report_json(const struct trace_report *report, const struct trace_request *request,
                       FILE *out)
{
    const struct scenario *scenario = report->scenario;
    json_t *document = json_pack(
        "{s:i, s:s, s:s, s:I, s:s, s:s, s:o, s:o, s:o}", "schema_version", SCHEMA_VERSION,
        "scenario", scenario->name, "variant", scenario->variant, "seed", (json_int_t)report->seed,
        "version", report->version, "scenario_sha256", report->sha256, "request",
        request_json(report->trace, request), "where", shares_json(report->trace, request->span),
        "spans", spans_json(report->trace, request));
    bool is_written;

    if (document == NULL)
        return false;
    is_written = json_dumpf(document, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) == 0;
    fputc('\n', out);
    json_decref(document);
    return is_written;
}
