/* trace.h — What was done for single requests: where, from when to when, and how it ended.
 *
 * A span is a stretch of time with a cause, its parent: the request's own span is the root, what it
 * asks hangs below it, and so on down to the turns on a core. Spans stand in the order in which
 * they began, so a parent stands before its children.
 *
 *     REQUEST client ──┬─ ASK balancer ── VISIT ── ASK api/2 ── VISIT ──┬─ STAGE validate ── CPU …
 *                      └─ TIMER: back-off                               └─ STAGE handle ──── TABLE
 *
 * Times are exact: nanoseconds of the run's clock. Whom to follow is said beforehand; a run that
 * follows nobody still tells how many requests there were, which were the slowest and which failed
 * first, so that a second run, which is the same to the bit, can follow those. A world writes, and
 * nothing feeds back into the run. */
#ifndef SIM_MEASURE_TRACE_H
#define SIM_MEASURE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/map.h"
#include "services/port/ask.h"

enum { TRACE_SLOWEST_MAX = 10, TRACE_SPANS_MAX = 1 << 21, TRACE_NAME_BYTES = 64 };

enum span_kind {
    SPAN_REQUEST, /* Of a client, from the intended arrival to the last answer. */
    SPAN_ASK,     /* A question to another node, until it is answered or given up. */
    SPAN_VISIT,   /* The same at the node that was asked, from its arrival to its answer. */
    SPAN_STAGE,   /* A stage of a visit's pipeline. */
    SPAN_CPU,     /* This and the next seven are calls on a port. */
    SPAN_TOKENS,  /* A token is signed or checked, on a core. */
    SPAN_MEMORY,  /* Work on memory that threads share, on one of them. */
    SPAN_BLOCK,   /* A blocking call: it holds its thread, and no core. */
    SPAN_TIMER,
    SPAN_STORE,
    SPAN_QUEUE,
    SPAN_TABLE,
    SPAN_WAIT, /* Below a task: in the line for a core. Below a VISIT: for a thread. */
    SPAN_RUN,  /* Below a task: on a core. */
    SPAN_KINDS
};

struct trace_span {
    uint64_t begin_ns, end_ns;
    uint32_t request; /* Its place in trace.requests. */
    uint32_t parent;  /* A span; 0: none. */
    uint32_t node;    /* Its place in trace.nodes: where it was. Of an ASK: who was asked. */
    uint8_t kind;     /* enum span_kind */
    uint8_t stage;    /* enum visit_stage, of a STAGE. */
    uint8_t outcome;  /* enum call_outcome; CALL_PENDING: it was never told of an end. */
    bool is_behind;   /* Nobody waits for it. */
};

struct trace_request {
    uint32_t number; /* From 1 on, in the order in which requests were offered, all loads. */
    uint32_t span;   /* Its root, … */
    uint32_t last;   /* … and the last of its spans; those of others are between them. */
    uint32_t tries;
    uint8_t verb;
    bool is_late; /* Ok, after the client's patience. */
    uint64_t key, user;
};

struct trace_ending { /* Of a request. */
    uint64_t intended_ns, now_ns;
    uint32_t tries;
    enum call_outcome outcome; /* Of the last one. */
    bool is_late;
    bool is_counted; /* It came after the warm-up. */
};

struct trace_wish {
    uint32_t first;          /* Follow the first so many, … */
    const uint32_t *numbers; /* … and these; borrowed. */
    uint32_t numbers_max;
};

struct trace_slow {
    uint64_t latency_ns;
    uint32_t number;
};

struct trace {
    struct trace_wish wish;
    struct arena arena;
    struct trace_span *spans; /* [0] is nobody's. */
    uint32_t spans_max;
    bool is_full; /* There was no room for more spans. */
    struct trace_request *requests;
    uint32_t requests_max;
    char (*nodes)[TRACE_NAME_BYTES]; /* "clients", "api/balancer", "api/2" … */
    uint32_t nodes_max;

    uint32_t offered;                          /* Requests of the run. */
    struct trace_slow slow[TRACE_SLOWEST_MAX]; /* Of those ok, the slowest first. */
    uint32_t slow_max;
    uint32_t failed; /* The first that failed or came late; 0: none did. */
    struct map open; /* Whom a client's call is for: number << 32 | root. */
};

/* False: no address space. */
bool trace_open(struct trace *trace, const struct trace_wish *wish);
void trace_close(struct trace *trace);

void trace_name_node(struct trace *trace, uint32_t node, const char *name); /* In their order. */

/* A request is offered; call: the client's, as long as the request lasts. */
void trace_offer(struct trace *trace, const void *call, const struct ask *ask, uint32_t node,
                 uint64_t intended_ns);
void trace_finish(struct trace *trace, const void *call, const struct trace_ending *ending);
/* The root of the request whose call this is; 0: nobody's who is followed. */
uint32_t trace_root(const struct trace *trace, const void *call);

/* 0 when the parent is 0, that is: when nobody is followed here. */
uint32_t trace_begin(struct trace *trace, enum span_kind kind, uint32_t parent, uint32_t node,
                     uint64_t now_ns);
/* Its parent; span 0 has none. The first end counts. */
uint32_t trace_end(struct trace *trace, uint32_t span, uint64_t now_ns, enum call_outcome outcome);

/* The run is over: what was never told of an end (its node died) ends with its parent. */
void trace_settle(struct trace *trace, uint64_t now_ns);

#endif
