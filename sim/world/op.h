/* op.h — A call on its way through the virtual world.
 *
 * A service's memory may be gone before its answer comes, so what is in flight lives here, in
 * pools of the world. Each port's model embeds an op at the head of its own record:
 *
 *     struct store_command { struct op op; ... };
 *
 *   op_begin     the question leaves the node; its timeout starts
 *   op.event     the model's own next step (arrive, execute, answer …)
 *   op_end       the model is done with it: the asker is told, if it still waits and still lives,
 *                and the record goes back to its pool
 *   op_lost      the answer will never arrive (a message was lost): the asker learns from its
 *                timeout, and then the record goes back to its pool
 *
 * Every op ends in exactly one of the last two. A timeout tells the asker at once and leaves the
 * op with the model: a slow server goes on working for a client that has left, as in life. */
#ifndef SIM_WORLD_OP_H
#define SIM_WORLD_OP_H

#include "sim/world/node.h"

struct op {
    struct event event; /* First: the model's fire handlers cast it back. The notes of both … */
    struct event timer; /* … are for tracing.h. */
    struct call *call;  /* NULL: nobody waits any more. */
    struct node *node;  /* Who asked. */
    uint32_t epoch;     /* Its epoch then. */
    uint8_t kind;       /* enum op_kind */
    uint8_t outcome;    /* To be told later: of work, or while held at a paused node. */
    uint64_t asked_ns;
    int64_t value;     /* The same. */
    struct pool *pool; /* Set by op_lost and while held: where the record goes back to. */
};

/* Sets every field but event.fire and event.tag, which are the caller's. call may be NULL: nobody
 * waits. timeout_ns 0: none. */
void op_begin(struct op *op, struct node *node, struct call *call, enum op_kind kind,
              uint64_t timeout_ns);

/* The answer has arrived at the asker, now. span is borrowed until the call's done returns. The
 * op is the first member of a record of `pool`, which takes it back: before done runs, so that
 * what done asks next may use the same record. */
void op_end(struct op *op, enum call_outcome outcome, int64_t value, const void *span,
            struct pool *pool);

/* No answer will come. */
void op_lost(struct op *op, struct pool *pool);

/* Somebody lives who waits for it. A model may spare itself work that nobody waits for, where the
 * real server would notice. */
static inline bool op_is_waited_for(const struct op *op)
{
    return op->call != NULL && op->epoch == op->node->epoch;
}

/* Tags of events, for the fingerprint: what it is in the high byte, which one in the rest. */
enum tag {
    TAG_TIMEOUT = 3 << 24,
    TAG_CPU = 4 << 24,
    TAG_TIMER = 5 << 24,
    TAG_PEER = 6 << 24,
    TAG_STORE = 7 << 24,
    TAG_QUEUE = 8 << 24,
    TAG_TABLE = 9 << 24,
    TAG_FAULT = 10 << 24,
    TAG_FLEET = 11 << 24,
    TAG_SECOND = 12 << 24,
    TAG_MEMORY = 13 << 24
};

#endif
