/* trace.c — An array of spans that only grows, and who of all requests was worth following. */
#include "sim/measure/trace.h"

#include <stdio.h>
#include <string.h>

enum { NODES_MAX = 1 << 14, OPEN_EXPECTED = 1 << 10 };

static const size_t room_for_map = (size_t)1 << 28;

static uint32_t requests_room(const struct trace_wish *wish)
{
    return wish->first + wish->numbers_max;
}

bool trace_open(struct trace *trace, const struct trace_wish *wish)
{
    size_t spans_bytes = sizeof(struct trace_span) * TRACE_SPANS_MAX;
    size_t nodes_bytes = sizeof *trace->nodes * NODES_MAX;
    size_t requests_bytes = sizeof(struct trace_request) * (requests_room(wish) + 1);

    *trace = (struct trace){.wish = *wish, .spans_max = 1};
    if (!arena_open(&trace->arena,
                    spans_bytes + nodes_bytes + requests_bytes + room_for_map + 4096))
        return false;
    trace->spans = arena_take(&trace->arena, spans_bytes);
    trace->nodes = arena_take(&trace->arena, nodes_bytes);
    trace->requests = arena_take(&trace->arena, requests_bytes);
    map_init(&trace->open, &trace->arena, OPEN_EXPECTED);
    return true;
}

void trace_close(struct trace *trace)
{
    arena_close(&trace->arena);
}

void trace_name_node(struct trace *trace, uint32_t node, const char *name)
{
    check(node == trace->nodes_max && node < NODES_MAX);
    snprintf(trace->nodes[trace->nodes_max++], TRACE_NAME_BYTES, "%s", name);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static bool is_wanted(const struct trace_wish *wish, uint32_t number)
{
    for (uint32_t i = 0; i < wish->numbers_max; i++)
        if (wish->numbers[i] == number)
            return true;
    return number <= wish->first;
}

static uint32_t begin_span(struct trace *trace, struct trace_span span)
{
    if (trace->spans_max == TRACE_SPANS_MAX) {
        trace->is_full = true;
        return 0;
    }
    trace->spans[trace->spans_max] = span;
    trace->requests[span.request].last = trace->spans_max;
    return trace->spans_max++;
}

/* Named twice in the wish, a request is followed once. */
static uint32_t follow(struct trace *trace, const struct ask *ask, uint32_t node,
                       uint64_t intended_ns)
{
    struct trace_request *request = &trace->requests[trace->requests_max];
    uint32_t root;

    if (!is_wanted(&trace->wish, trace->offered))
        return 0;
    root = begin_span(trace, (struct trace_span){.begin_ns = intended_ns,
                                                 .request = trace->requests_max,
                                                 .node = node,
                                                 .kind = SPAN_REQUEST,
                                                 .outcome = CALL_PENDING});
    if (root == 0)
        return 0;
    *request = (struct trace_request){.number = trace->offered,
                                      .span = root,
                                      .last = root,
                                      .verb = ask->verb,
                                      .key = ask->key,
                                      .user = ask->user};
    trace->requests_max++;
    return root;
}

void trace_offer(struct trace *trace, const void *call, const struct ask *ask, uint32_t node,
                 uint64_t intended_ns)
{
    uint64_t *open = map_put(&trace->open, (uintptr_t)call, 0, NULL);

    trace->offered++;
    *open = (uint64_t)trace->offered << 32 | follow(trace, ask, node, intended_ns);
}

static void note_slow(struct trace *trace, uint32_t number, uint64_t latency_ns)
{
    uint32_t place = trace->slow_max;

    if (place == TRACE_SLOWEST_MAX && latency_ns <= trace->slow[place - 1].latency_ns)
        return;
    if (place < TRACE_SLOWEST_MAX)
        trace->slow_max++;
    else
        place--;
    for (; place > 0 && trace->slow[place - 1].latency_ns < latency_ns; place--)
        trace->slow[place] = trace->slow[place - 1];
    trace->slow[place] = (struct trace_slow){latency_ns, number};
}

static void note_ending(struct trace *trace, uint32_t number, const struct trace_ending *ending)
{
    bool is_ok = call_is_served(ending->outcome);

    if (!ending->is_counted)
        return;
    if (is_ok && !ending->is_late)
        note_slow(trace, number, ending->now_ns - ending->intended_ns);
    else if (trace->failed == 0 || number < trace->failed)
        trace->failed = number;
}

void trace_finish(struct trace *trace, const void *call, const struct trace_ending *ending)
{
    const uint64_t *open = map_find(&trace->open, (uintptr_t)call, 0);
    uint32_t number, root;

    check(open != NULL);
    number = (uint32_t)(*open >> 32);
    root = (uint32_t)*open;
    map_drop(&trace->open, (uintptr_t)call, 0);
    note_ending(trace, number, ending);
    if (root == 0)
        return;
    trace->requests[trace->spans[root].request].tries = ending->tries;
    trace->requests[trace->spans[root].request].is_late = ending->is_late;
    trace_end(trace, root, ending->now_ns, ending->outcome);
}

uint32_t trace_root(const struct trace *trace, const void *call)
{
    const uint64_t *open = map_find(&trace->open, (uintptr_t)call, 0);

    return open == NULL ? 0 : (uint32_t)*open;
}

/* ---- Spans ----------------------------------------------------------------------------------- */

uint32_t trace_begin(struct trace *trace, enum span_kind kind, uint32_t parent, uint32_t node,
                     uint64_t now_ns)
{
    if (parent == 0)
        return 0;
    return begin_span(trace, (struct trace_span){.begin_ns = now_ns,
                                                 .request = trace->spans[parent].request,
                                                 .parent = parent,
                                                 .node = node,
                                                 .kind = (uint8_t)kind,
                                                 .outcome = CALL_PENDING});
}

uint32_t trace_end(struct trace *trace, uint32_t span, uint64_t now_ns, enum call_outcome outcome)
{
    struct trace_span *ended = &trace->spans[span];

    if (span != 0 && ended->outcome == CALL_PENDING) {
        ended->end_ns = now_ns;
        ended->outcome = (uint8_t)outcome;
    }
    return ended->parent;
}

void trace_settle(struct trace *trace, uint64_t now_ns)
{
    for (uint32_t i = 1; i < trace->spans_max; i++) {
        struct trace_span *span = &trace->spans[i];
        const struct trace_span *parent = &trace->spans[span->parent];

        if (span->outcome != CALL_PENDING)
            continue;
        span->end_ns = span->parent != 0 && parent->end_ns > span->begin_ns ? parent->end_ns
                       : span->parent != 0                                  ? span->begin_ns
                                                                            : now_ns;
    }
}
