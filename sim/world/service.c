/* service.c — From a scenario's words to a running service: one config and one init per kind. */
#include "sim/world/world_inside.h"

static struct balancer_config balancer_config(const struct group *group)
{
    static const enum balance_kind kinds[] = {
        [POLICY_ROUND_ROBIN] = BALANCE_ROUND_ROBIN,
        [POLICY_WEIGHTED] = BALANCE_WEIGHTED,
        [POLICY_RANDOM] = BALANCE_RANDOM,
        [POLICY_LEAST_CONNECTIONS] = BALANCE_LEAST_CONNECTIONS,
        [POLICY_TWO_CHOICES] = BALANCE_TWO_CHOICES,
        [POLICY_PEAK_EWMA] = BALANCE_PEAK_EWMA,
        [POLICY_CONSISTENT_HASH] = BALANCE_CONSISTENT_HASH,
    };
    const struct balancer_spec *spec = &group->world->scenario->balancer;

    return (struct balancer_config){.policy = kinds[spec->policy],
                                    .backends_max = group->behind->replicas_max,
                                    .in_flight = 1 << 20,
                                    .timeout_ns = spec->timeout_ns,
                                    .attempts = spec->attempts,
                                    .work_ns = spec->work_ns,
                                    .health_every_ns = spec->health_every_ns,
                                    .health_timeout_ns = spec->health_timeout_ns,
                                    .health_fall = spec->health_fall,
                                    .health_rise = spec->health_rise,
                                    .bound = spec->bound,
                                    .ewma_ns = spec->ewma_ns};
}

static struct likes_config likes_config(const struct service_spec *spec)
{
    static const enum likes_service_design designs[] = {
        [DESIGN_TABLE] = LIKES_TABLE,     [DESIGN_INDEXED] = LIKES_INDEXED,
        [DESIGN_CACHED] = LIKES_CACHED,   [DESIGN_QUEUED] = LIKES_QUEUED,
        [DESIGN_BATCHED] = LIKES_BATCHED,
    };
    static const enum likes_service_ack acks[] = {
        [ACK_STORE] = LIKES_ACK_STORE,
        [ACK_QUEUE] = LIKES_ACK_QUEUE,
        [ACK_TABLE] = LIKES_ACK_TABLE,
    };

    return (struct likes_config){.design = designs[spec->design],
                                 .ack = acks[spec->ack],
                                 .in_flight = spec->in_flight,
                                 .work_read = spec->work_read,
                                 .work_write = spec->work_write,
                                 .store_timeout_ns = spec->store_timeout_ns,
                                 .table_timeout_ns = spec->table_timeout_ns,
                                 .queue_timeout_ns = spec->queue_timeout_ns};
}

static struct delivery_config delivery_config(const struct service_spec *spec)
{
    return (struct delivery_config){.in_flight = spec->in_flight,
                                    .work_light = spec->work_light,
                                    .work_read = spec->work_read,
                                    .work_write = spec->work_write,
                                    .menu_cache = spec->menu_cache,
                                    .single_flight = spec->single_flight,
                                    .menu_ttl_ns = spec->menu_ttl_ns,
                                    .menu_bytes = spec->menu_bytes,
                                    .orders = spec->orders == ORDERS_QUEUED ? DELIVERY_QUEUED
                                                                            : DELIVERY_SYNC,
                                    .store_timeout_ns = spec->store_timeout_ns,
                                    .table_timeout_ns = spec->table_timeout_ns,
                                    .queue_timeout_ns = spec->queue_timeout_ns};
}

static struct batcher_config batcher_config(const struct service_spec *spec)
{
    return (struct batcher_config){.topic = spec->topic == TOPIC_KIND_LIKES ? BATCHER_LIKES
                                                                            : BATCHER_ORDERS,
                                   .batch = spec->batch,
                                   .linger_ns = spec->linger_ns,
                                   .attempts = spec->attempts,
                                   .trip_orders = spec->trip_orders,
                                   .work_batch = spec->work_batch,
                                   .work_record = spec->work_record,
                                   .table_timeout_ns = spec->table_timeout_ns,
                                   .queue_timeout_ns = spec->queue_timeout_ns};
}

static struct custom_config custom_config(const struct service_spec *spec)
{
    static const enum custom_kind kinds[] = {
        [STEP_COMPUTE] = CUSTOM_COMPUTE,
        [STEP_SLEEP] = CUSTOM_SLEEP,
        [STEP_STORE_GET] = CUSTOM_STORE_GET,
        [STEP_STORE_SET] = CUSTOM_STORE_SET,
        [STEP_STORE_ADD] = CUSTOM_STORE_ADD,
        [STEP_TABLE_READ] = CUSTOM_TABLE_READ,
        [STEP_TABLE_WRITE] = CUSTOM_TABLE_WRITE,
        [STEP_PUT] = CUSTOM_PUT,
        [STEP_ASK] = CUSTOM_ASK,
    };
    struct custom_config config = {.in_flight = spec->in_flight, .steps_max = spec->steps_max};

    for (uint32_t i = 0; i < spec->steps_max; i++)
        config.steps[i] = (struct custom_step){.kind = kinds[spec->steps[i].kind],
                                               .time = spec->steps[i].time,
                                               .target = spec->steps[i].service,
                                               .ttl_ns = spec->steps[i].ttl_ns,
                                               .timeout_ns = spec->steps[i].timeout_ns};
    return config;
}

void service_config_init(struct group *group)
{
    if (group->is_balancer) {
        group->config.balancer = balancer_config(group);
        return;
    }
    switch (group->spec->kind) {
    case KIND_CUSTOM:
        group->config.custom = custom_config(group->spec);
        return;
    case KIND_LIKES:
        group->config.likes = likes_config(group->spec);
        return;
    case KIND_DELIVERY:
        group->config.delivery = delivery_config(group->spec);
        return;
    case KIND_BATCHER:
        group->config.batcher = batcher_config(group->spec);
        return;
    }
}

size_t service_bytes(const struct group *group)
{
    if (group->is_balancer)
        return balancer_bytes(&group->config.balancer);
    switch (group->spec->kind) {
    case KIND_CUSTOM:
        return custom_bytes(&group->config.custom);
    case KIND_LIKES:
        return likes_bytes(&group->config.likes);
    case KIND_DELIVERY:
        return delivery_bytes(&group->config.delivery);
    case KIND_BATCHER:
        return batcher_bytes(&group->config.batcher);
    }
    return 0;
}

static struct autoscaler_config scaler_config(const struct group *group)
{
    static const enum autoscaler_signal signals[] = {
        [SIGNAL_CPU] = AUTOSCALER_CPU,
        [SIGNAL_IN_FLIGHT] = AUTOSCALER_IN_FLIGHT,
        [SIGNAL_RATE] = AUTOSCALER_RATE,
        [SIGNAL_LAG] = AUTOSCALER_LAG,
    };
    const struct autoscale_spec *spec = &group->spec->autoscale;

    return (struct autoscaler_config){.signal = signals[spec->signal],
                                      .target = spec->target,
                                      .replicas_min = spec->replicas_min,
                                      .replicas_max = spec->replicas_max,
                                      .every_ns = spec->every_ns,
                                      .tolerance = spec->tolerance,
                                      .down_window_ns = spec->down_window_ns};
}

size_t service_scaler_bytes(const struct group *group)
{
    struct autoscaler_config config = scaler_config(group);

    return autoscaler_bytes(&config);
}

static void start_replica(struct node *node)
{
    struct group *group = node->group;

    switch (group->spec->kind) {
    case KIND_CUSTOM:
        node->service = custom_init(&group->config.custom, &node->ports);
        node->service_ops = &custom_service;
        return;
    case KIND_LIKES:
        node->service = likes_init(&group->config.likes, &node->ports);
        node->service_ops = &likes_service;
        return;
    case KIND_DELIVERY:
        node->service = delivery_init(&group->config.delivery, &node->ports);
        node->service_ops = &delivery_service;
        return;
    case KIND_BATCHER:
        node->service = batcher_init(&group->config.batcher, &node->ports);
        node->service_ops = &batcher_service;
        return;
    }
}

void node_start_service(struct node *node)
{
    if (node->scales != NULL) {
        struct autoscaler_config config = scaler_config(node->scales);

        node->service = autoscaler_init(&config, &node->ports);
        node->service_ops = &autoscaler_service;
    } else if (node->group->is_balancer) {
        node->service = balancer_init(&node->group->config.balancer, &node->ports);
        node->service_ops = &balancer_service;
    } else {
        start_replica(node);
    }
}
