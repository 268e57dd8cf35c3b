/* op.c — The one road by which an answer reaches a service. */
#include "sim/world/op.h"

#include "sim/world/tracing.h"
#include "sim/world/world_inside.h"

static void time_out(struct event *event);
static void resume(struct event *event);

void op_begin(struct op *op, struct node *node, struct call *call, enum op_kind kind,
              uint64_t timeout_ns)
{
    struct world *world = node->world;

    op->event.seq = 0;
    op->timer.seq = 0;
    op->call = call;
    op->node = node;
    op->epoch = node->epoch;
    op->kind = (uint8_t)kind;
    op->pool = NULL;
    op->asked_ns = world_now_ns(world);
    if (world->trace != NULL)
        tracing_asked(op);
    if (timeout_ns > 0 && call != NULL) {
        op->timer.fire = time_out;
        op->timer.tag = TAG_TIMEOUT | (uint32_t)kind;
        event_after(world->parts.events, &op->timer, timeout_ns);
    }
}

/* The call is the asker's again. cause: see tracing.h. */
static void tell(struct node *node, uint32_t cause, struct call *call, enum call_outcome outcome,
                 int64_t value)
{
    struct world *world = node->world;
    uint32_t before = world->cause;

    events_note(world->parts.events, (uint64_t)outcome << 56 ^ (uint64_t)value);
    world->cause = cause;
    call_complete(call, outcome, value);
    world->cause = before;
}

static void note_waited(const struct op *op)
{
    struct group *group = op->node->group;

    if (group != NULL) {
        group->waited[op->kind].sum_ns += world_now_ns(op->node->world) - op->asked_ns;
        group->waited[op->kind].calls++;
    }
}

static uint32_t ends(struct op *op, enum call_outcome outcome)
{
    return op->node->world->trace == NULL ? 0 : tracing_ends(op, outcome);
}

/* Nothing runs at a stopped node; the answer waits in its socket. What was lent meanwhile may be
 * gone by then, so an answer with a span turns into a failure, which every asker can bear. */
static void hold(struct op *op, enum call_outcome outcome, int64_t value, const void *span,
                 struct pool *pool)
{
    event_cancel(&op->timer);
    op->outcome = (uint8_t)(span == NULL ? outcome : CALL_FAILED);
    op->value = span == NULL ? value : 0;
    op->pool = pool;
    op->event.fire = resume;
    event_at(op->node->world->parts.events, &op->event, op->node->resumes_ns);
}

static void resume(struct event *event)
{
    struct op *op = (struct op *)event;

    op_end(op, (enum call_outcome)op->outcome, op->value, NULL, op->pool);
}

void op_end(struct op *op, enum call_outcome outcome, int64_t value, const void *span,
            struct pool *pool)
{
    struct node *node = op->node;
    struct call *call = op->call;
    bool is_waited_for = op_is_waited_for(op);
    uint32_t cause;

    if (is_waited_for && node_is_paused(node, world_now_ns(node->world))) {
        hold(op, outcome, value, span, pool);
        return;
    }
    event_cancel(&op->timer);
    event_cancel(&op->event);
    if (is_waited_for)
        note_waited(op);
    cause = ends(op, outcome);
    pool_give(pool, op);
    if (!is_waited_for)
        return;
    call->span = span;
    tell(node, cause, call, outcome, value);
}

void op_lost(struct op *op, struct pool *pool)
{
    event_cancel(
        &op->event); /* It may wait still, in the socket of one who was stopped and died. */
    if (!op_is_waited_for(op)) {
        event_cancel(&op->timer);
        ends(op, CALL_FAILED);
        pool_give(pool, op);
        return;
    }
    op->pool = pool;
}

static void time_out(struct event *event)
{
    struct op *op = list_entry(event, struct op, timer);
    struct node *node = op->node;
    struct call *call = op->call;
    bool is_waited_for = op_is_waited_for(op);
    uint32_t cause;

    if (is_waited_for && node_is_paused(node, world_now_ns(node->world))) {
        event_at(node->world->parts.events, &op->timer, node->resumes_ns);
        return;
    }
    if (is_waited_for)
        note_waited(op);
    cause = ends(op, CALL_TIMEOUT);
    op->call = NULL;
    if (op->pool != NULL)
        pool_give(op->pool, op);
    if (!is_waited_for)
        return;
    call->span = NULL;
    tell(node, cause, call, CALL_TIMEOUT, 0);
}
