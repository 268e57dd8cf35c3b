/* nap.c — The timer port: sleeps until an instant of virtual time. */
#include "sim/world/world_inside.h"

static void wake(struct event *event)
{
    struct nap *nap = (struct nap *)event;

    op_end(&nap->op, CALL_OK, 0, NULL, &nap->op.node->world->naps);
}

static uint64_t now_ns(struct timer *timer)
{
    return world_now_ns(node_of(timer, timer)->world);
}

static void sleep_for(struct timer *timer, struct call *call, uint64_t delay_ns)
{
    struct node *node = node_of(timer, timer);
    struct nap *nap = world_take(node->world, &node->world->naps);

    if (nap == NULL)
        return;
    nap->op.event.fire = wake;
    nap->op.event.tag = TAG_TIMER | node->id;
    op_begin(&nap->op, node, call, OP_TIMER, 0);
    event_after(node->world->parts.events, &nap->op.event, delay_ns); /* Saturates. */
}

const struct timer_ops nap_timer_ops = {.now_ns = now_ns, .sleep = sleep_for};
