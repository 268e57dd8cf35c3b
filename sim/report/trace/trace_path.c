/* trace_path.c — Backwards from the answer, always along what was waited for last. */
#include "sim/report/trace/trace_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    const struct trace *trace;
    struct trace_shares *shares;
};

uint32_t trace_child(const struct trace *trace, uint32_t parent, uint32_t after)
{
    uint32_t last = trace->requests[trace->spans[parent].request].last;

    for (uint32_t i = after == 0 ? parent + 1 : after + 1; i <= last; i++)
        if (trace->spans[i].parent == parent)
            return i;
    return 0;
}

void trace_service_name(const char *node, char name[static TRACE_NAME_BYTES])
{
    const char *slash = strrchr(node, '/');
    bool is_replica = slash != NULL && slash[1] >= '0' && slash[1] <= '9';

    snprintf(name, TRACE_NAME_BYTES, "%.*s",
             is_replica ? (int)(slash - node) : TRACE_NAME_BYTES - 1, node);
}

/* ---- What a piece of the path is ------------------------------------------------------------- */

static const struct trace_span *parent_of(const struct trace *trace, const struct trace_span *span)
{
    return &trace->spans[span->parent];
}

/* Of a run: its task's. */
static enum visit_stage stage_of(const struct trace *trace, const struct trace_span *run)
{
    const struct trace_span *above = parent_of(trace, parent_of(trace, run));

    return above->kind == SPAN_STAGE ? (enum visit_stage)above->stage : STAGE_DOOR;
}

static enum trace_what what_of(const struct trace *trace, const struct trace_span *span)
{
    switch ((enum span_kind)span->kind) {
    case SPAN_RUN:
    case SPAN_CPU:
    case SPAN_TOKENS:
    case SPAN_MEMORY:
        return TRACE_RUN;
    case SPAN_WAIT:
        return parent_of(trace, span)->kind == SPAN_VISIT ? TRACE_THREAD_WAIT : TRACE_CORE_WAIT;
    case SPAN_STORE:
        return TRACE_STORE;
    case SPAN_QUEUE:
        return TRACE_QUEUE;
    case SPAN_TABLE:
        return TRACE_TABLE;
    case SPAN_TIMER:
    case SPAN_BLOCK:
        return TRACE_PAUSE;
    case SPAN_ASK:
        return TRACE_NETWORK;
    case SPAN_REQUEST:
    case SPAN_VISIT:
    case SPAN_STAGE:
    case SPAN_KINDS:
        break;
    }
    return TRACE_ELSE;
}

static struct trace_share share_of(const struct trace *trace, const struct trace_span *span)
{
    struct trace_share share = {.what = what_of(trace, span)};

    if (share.what == TRACE_RUN)
        share.stage = stage_of(trace, span);
    if (share.what != TRACE_STORE && share.what != TRACE_QUEUE && share.what != TRACE_TABLE &&
        share.what != TRACE_NETWORK)
        trace_service_name(trace->nodes[span->node], share.service);
    return share;
}

static bool is_same(const struct trace_share *a, const struct trace_share *b)
{
    return a->what == b->what && a->stage == b->stage && strcmp(a->service, b->service) == 0;
}

/* Beyond their number the rest is put together in the last one. */
static void add(struct walk *walk, const struct trace_span *span, uint64_t ns)
{
    struct trace_share share = share_of(walk->trace, span);
    struct trace_shares *shares = walk->shares;
    uint32_t place = 0;

    if (ns == 0)
        return;
    while (place < shares->shares_max && !is_same(&shares->all[place], &share))
        place++;
    if (place == TRACE_SHARES_MAX)
        place--;
    else if (place == shares->shares_max)
        shares->all[shares->shares_max++] = share;
    shares->all[place].ns += ns;
    shares->sum_ns += ns;
}

/* ---- The path -------------------------------------------------------------------------------- */

/* A question that was given up ends before what it waited for, which is on the path all the
 * same. */
static uint64_t end_within(const struct trace_span *child, const struct trace_span *parent)
{
    bool is_given_up = parent->outcome == CALL_TIMEOUT || parent->outcome == CALL_PENDING;

    return child->end_ns > parent->end_ns && is_given_up ? parent->end_ns : child->end_ns;
}

/* Of those that have ended by then, the child that ended last; of two, the one that began first. */
static uint32_t last_child(const struct walk *walk, uint32_t span, uint64_t by_ns)
{
    const struct trace *trace = walk->trace;
    uint64_t latest_ns = 0;
    uint32_t last = 0;

    for (uint32_t i = trace_child(trace, span, 0); i != 0; i = trace_child(trace, span, i)) {
        const struct trace_span *child = &trace->spans[i];
        uint64_t end_ns = end_within(child, &trace->spans[span]);

        if (child->is_behind || end_ns > by_ns || end_ns == child->begin_ns || end_ns <= latest_ns)
            continue;
        latest_ns = end_ns;
        last = i;
    }
    return last;
}

static void follow(struct walk *walk, uint32_t at, uint64_t from_ns, uint64_t to_ns)
{
    const struct trace_span *span = &walk->trace->spans[at];
    uint32_t child;

    while (to_ns > from_ns && (child = last_child(walk, at, to_ns)) != 0) {
        const struct trace_span *below = &walk->trace->spans[child];
        uint64_t end_ns = end_within(below, span);
        uint64_t begin_ns = below->begin_ns > from_ns ? below->begin_ns : from_ns;

        if (end_ns <= from_ns)
            break;
        add(walk, span, to_ns - end_ns);
        follow(walk, child, begin_ns, end_ns);
        to_ns = begin_ns;
    }
    add(walk, span, to_ns - from_ns);
}

static int larger_first(const void *a, const void *b)
{
    uint64_t left = ((const struct trace_share *)a)->ns,
             right = ((const struct trace_share *)b)->ns;

    return left < right ? 1 : left > right ? -1 : 0;
}

void trace_path_shares(const struct trace *trace, uint32_t root, struct trace_shares *shares)
{
    struct walk walk = {trace, shares};

    shares->shares_max = 0;
    shares->sum_ns = 0;
    follow(&walk, root, trace->spans[root].begin_ns, trace->spans[root].end_ns);
    qsort(shares->all, shares->shares_max, sizeof *shares->all, larger_first);
}
