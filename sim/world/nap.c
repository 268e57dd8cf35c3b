/* nap.c — The timer port: sleeps until an instant of virtual time. */
#include "sim/world/world_inside.h"

static void wake(struct event *event)
{
    struct nap *nap = (struct nap *)event;

    op_end(&nap->op, CALL_OK, 0, NULL, &nap->op.node->world->naps);
}

static uint64_t now_of(struct timer *timer)
{
    return world_now_ns(node_of(timer, timer)->world);
}

static void sleep_for(struct timer *timer, struct call *call, uint64_t delay_ns)
{
    struct node *node = node_of(timer, timer);
    struct nap *nap = world_take(node->world, &node->world->naps);
    uint64_t now_ns = world_now_ns(node->world);

    if (nap == NULL)
        return;
    nap->op.event.fire = wake;
    nap->op.event.tag = TAG_TIMER | node->id;
    op_begin(&nap->op, node, call, OP_TIMER, 0);
    event_at(node->world->parts.events, &nap->op.event,
             now_ns + (delay_ns < UINT64_MAX - now_ns ? delay_ns : UINT64_MAX - now_ns));
}

const struct timer_ops nap_timer_ops = {.now_ns = now_of, .sleep = sleep_for};
