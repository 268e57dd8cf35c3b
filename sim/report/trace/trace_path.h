/* trace_path.h — What of a request's time was spent where: its critical path.
 *
 * Going back from the answer, the path follows at each moment the span that was waited for last;
 * what no child covers is the span's own. So the pieces are disjoint and add up to the request's
 * latency, to the nanosecond, whatever ran side by side: the loser of two hedged questions and what
 * goes on behind the answer are in none. */
#ifndef SIM_REPORT_TRACE_TRACE_PATH_H
#define SIM_REPORT_TRACE_TRACE_PATH_H

#include "sim/measure/trace.h"

enum trace_what {
    TRACE_RUN,         /* On a core: at a stage, or for the handler. */
    TRACE_CORE_WAIT,   /* In line for a core. */
    TRACE_THREAD_WAIT, /* At the door, for a thread. */
    TRACE_STORE,
    TRACE_QUEUE,
    TRACE_TABLE,
    TRACE_PAUSE,
    TRACE_NETWORK, /* Between two nodes, there and back; or nobody answers. */
    TRACE_ELSE     /* What a visit does with nothing asked. */
};

struct trace_share {
    char service[TRACE_NAME_BYTES]; /* "api", "api/balancer"; "" for what is between them. */
    enum trace_what what;
    enum visit_stage stage; /* Of a RUN: STAGE_DOOR where there is no pipeline. */
    uint64_t ns;
};

enum { TRACE_SHARES_MAX = 64 };

struct trace_shares { /* The largest first. */
    struct trace_share all[TRACE_SHARES_MAX];
    uint32_t shares_max;
    uint64_t sum_ns;
};

void trace_path_shares(const struct trace *trace, uint32_t root, struct trace_shares *shares);

/* The next child of `parent` behind `after` (0: the first), in the order in which they began; 0:
 * none is left. */
uint32_t trace_child(const struct trace *trace, uint32_t parent, uint32_t after);

/* "api" of "api/2"; "api/balancer" stays. */
void trace_service_name(const char *node, char name[static TRACE_NAME_BYTES]);

#endif
