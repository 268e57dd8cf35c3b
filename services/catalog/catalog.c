/* catalog.c — One switch per question; a new service adds a case to each. */
#include "services/catalog/catalog.h"

const char *plan_kind_name(enum plan_kind kind)
{
    static const char *const names[PLAN_KINDS] = {
        [PLAN_CUSTOM] = "custom",   [PLAN_LIKES] = "likes",       [PLAN_DELIVERY] = "delivery",
        [PLAN_BATCHER] = "batcher", [PLAN_BALANCER] = "balancer", [PLAN_AUTOSCALER] = "autoscaler",
        [PLAN_GATEWAY] = "gateway", [PLAN_COUNTER] = "counter",
    };

    check(kind < PLAN_KINDS);
    return names[kind];
}

static size_t service_bytes(const struct plan *plan)
{
    switch (plan->kind) {
    case PLAN_CUSTOM:
        return custom_bytes(&plan->custom);
    case PLAN_LIKES:
        return likes_bytes(&plan->likes);
    case PLAN_DELIVERY:
        return delivery_bytes(&plan->delivery);
    case PLAN_BATCHER:
        return batcher_bytes(&plan->batcher);
    case PLAN_COUNTER:
        return counter_bytes(&plan->counter);
    case PLAN_BALANCER:
        return balancer_bytes(&plan->balancer);
    case PLAN_AUTOSCALER:
        return autoscaler_bytes(&plan->autoscaler);
    case PLAN_GATEWAY:
        return gateway_bytes(&plan->gateway);
    case PLAN_KINDS:
        break;
    }
    check(plan->kind < PLAN_KINDS);
    return 0;
}

/* Who passes asks on takes any; but what a custom service answers is a number of its own, and no
 * token. */
unsigned plan_verbs(enum plan_kind kind)
{
    const unsigned any = (1u << VERB_MAX) - 1;

    switch (kind) {
    case PLAN_LIKES:
        return 1u << VERB_LIKE | 1u << VERB_UNLIKE | 1u << VERB_COUNT;
    case PLAN_DELIVERY:
        return 1u << VERB_MENU | 1u << VERB_ORDER | 1u << VERB_TRACK;
    case PLAN_COUNTER:
        return 1u << VERB_LIKE | 1u << VERB_COUNT;
    case PLAN_CUSTOM:
        return any & ~(1u << VERB_LOGIN | 1u << VERB_REFRESH | 1u << VERB_REVOKE);
    case PLAN_BALANCER:
    case PLAN_GATEWAY:
        return any;
    case PLAN_BATCHER:
    case PLAN_AUTOSCALER:
    case PLAN_KINDS:
        return 0;
    }
    return 0;
}

size_t plan_bytes(const struct plan *plan)
{
    size_t around = pipeline_is_free(&plan->pipeline) ? 0 : pipeline_bytes(&plan->pipeline);

    return service_bytes(plan) + around;
}

static void *start_service(const struct plan *plan, const struct ports *ports,
                           const struct service_ops **ops)
{
    switch (plan->kind) {
    case PLAN_CUSTOM:
        *ops = &custom_service;
        return custom_init(&plan->custom, ports);
    case PLAN_LIKES:
        *ops = &likes_service;
        return likes_init(&plan->likes, ports);
    case PLAN_DELIVERY:
        *ops = &delivery_service;
        return delivery_init(&plan->delivery, ports);
    case PLAN_BATCHER:
        *ops = &batcher_service;
        return batcher_init(&plan->batcher, ports);
    case PLAN_COUNTER:
        *ops = &counter_service;
        return counter_init(&plan->counter, ports);
    case PLAN_BALANCER:
        *ops = &balancer_service;
        return balancer_init(&plan->balancer, ports);
    case PLAN_AUTOSCALER:
        *ops = &autoscaler_service;
        return autoscaler_init(&plan->autoscaler, ports);
    case PLAN_GATEWAY:
        *ops = &gateway_service;
        return gateway_init(&plan->gateway, ports);
    case PLAN_KINDS:
        break;
    }
    check(plan->kind < PLAN_KINDS);
    return NULL;
}

void *plan_start(const struct plan *plan, const struct ports *ports, const struct service_ops **ops)
{
    struct pipeline *pipeline;
    struct ports inner;
    void *service;

    if (pipeline_is_free(&plan->pipeline))
        return start_service(plan, ports, ops);
    pipeline = pipeline_init(&plan->pipeline, ports);
    inner = pipeline_inner(pipeline);
    service = start_service(plan, &inner, ops);
    pipeline_surround(pipeline, *ops, service);
    *ops = &pipeline_service;
    return pipeline;
}

static size_t add(struct dist *dist, struct dist **dists, size_t count, size_t max)
{
    check(count < max);
    dists[count] = dist;
    return count + 1;
}

size_t plan_dists(struct plan *plan, struct dist **dists, size_t max)
{
    size_t count = 0;

    for (int stage = 0; stage < VISIT_STAGES; stage++)
        count = add(&plan->pipeline.costs[stage].work, dists, count, max);
    switch (plan->kind) {
    case PLAN_CUSTOM:
        for (uint32_t i = 0; i < plan->custom.steps_max; i++)
            count = add(&plan->custom.steps[i].time, dists, count, max);
        return count;
    case PLAN_LIKES:
        count = add(&plan->likes.work_read, dists, count, max);
        return add(&plan->likes.work_write, dists, count, max);
    case PLAN_DELIVERY:
        count = add(&plan->delivery.work_light, dists, count, max);
        count = add(&plan->delivery.work_read, dists, count, max);
        return add(&plan->delivery.work_write, dists, count, max);
    case PLAN_BATCHER:
        count = add(&plan->batcher.work_batch, dists, count, max);
        return add(&plan->batcher.work_record, dists, count, max);
    case PLAN_GATEWAY:
        return add(&plan->gateway.work, dists, count, max);
    case PLAN_COUNTER:
    case PLAN_BALANCER:
    case PLAN_AUTOSCALER:
    case PLAN_KINDS:
        return count;
    }
    return count;
}
