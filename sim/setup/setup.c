/* setup.c — One function per kind of service: the scenario's words into the service's own. */
#include "sim/setup/setup.h"

#include <stdio.h>

static struct balancer_config balancer_config(const struct balancer_spec *spec,
                                              uint32_t replicas_max)
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

    return (struct balancer_config){.policy = kinds[spec->policy],
                                    .backends_max = replicas_max,
                                    .in_flight = 1 << 20,
                                    .timeout_ns = spec->timeout_ns,
                                    .attempts = spec->attempts,
                                    .work_ns = spec->work_ns,
                                    .health_every_ns = spec->health_every_ns,
                                    .health_timeout_ns = spec->health_timeout_ns,
                                    .health_fall = spec->health_fall,
                                    .health_rise = spec->health_rise,
                                    .slow_start_ns = spec->slow_start_ns,
                                    .outlier_failures = spec->outlier_failures,
                                    .outlier_for_ns = spec->outlier_for_ns,
                                    .outlier_share = spec->outlier_share,
                                    .hedge_after_ns = spec->hedge_after_ns,
                                    .hedge_share = spec->hedge_share,
                                    .limit_rate = spec->limit_rate,
                                    .limit_burst = spec->limit_burst,
                                    .breaker = {.share = spec->breaker_share,
                                                .calls_min = spec->breaker_calls,
                                                .window_ns = spec->breaker_window_ns,
                                                .open_ns = spec->breaker_open_ns},
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
                                    .menu_lease_ns = spec->menu_lease_ns,
                                    .menu_early = spec->menu_early,
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

/* FNV-1a of its name: tokens are for the gateway of that name, whichever replica made them. */
static uint32_t audience_of(const char *name)
{
    uint32_t sum = 0x811c9dc5;

    for (; *name != '\0'; name++)
        sum = (sum ^ (unsigned char)*name) * 0x01000193;
    return sum;
}

static struct gateway_config gateway_config(const struct service_spec *spec)
{
    static const enum gateway_kind kinds[] = {
        [AUTH_NONE] = GATEWAY_NONE,
        [AUTH_SESSION] = GATEWAY_SESSION,
        [AUTH_JWT] = GATEWAY_JWT,
        [AUTH_JWT_DENYLIST] = GATEWAY_JWT_DENYLIST,
    };

    return (struct gateway_config){.kind = kinds[spec->auth.kind],
                                   .in_flight = spec->in_flight,
                                   .target = spec->behind,
                                   .work = spec->work_light,
                                   .audience = audience_of(spec->name),
                                   .ttl_ns = spec->auth.ttl_ns,
                                   .session_ns = spec->auth.session_ns,
                                   .leeway_ns = spec->auth.leeway_ns,
                                   .accepts_without_store = spec->auth.accepts_without_store,
                                   .store_timeout_ns = spec->store_timeout_ns,
                                   .ask_timeout_ns = spec->ask_timeout_ns};
}

static struct counter_config counter_config(const struct service_spec *spec)
{
    static const enum memory_design designs[] = {
        [COUNT_UNLOCKED] = MEMORY_UNLOCKED, [COUNT_LOCKED] = MEMORY_LOCKED,
        [COUNT_ATOMIC] = MEMORY_ATOMIC,     [COUNT_SHARDED] = MEMORY_SHARDED,
        [COUNT_COPIED] = MEMORY_COPIED,
    };
    const struct memory_spec *memory = &spec->shared;

    return (struct counter_config){.in_flight = spec->in_flight,
                                   .adds = memory->adds,
                                   .layout = {.design = designs[memory->design],
                                              .slots = memory->posts,
                                              .work_ns = memory->work_ns,
                                              .jitter = memory->jitter,
                                              .gap_ns = memory->gap_ns,
                                              .hold_ns = memory->hold_ns,
                                              .bytes = memory->bytes}};
}

static struct custom_config custom_config(const struct service_spec *spec)
{
    static const enum custom_kind kinds[] = {
        [STEP_COMPUTE] = CUSTOM_COMPUTE,
        [STEP_NATIVE] = CUSTOM_NATIVE,
        [STEP_SLEEP] = CUSTOM_SLEEP,
        [STEP_BLOCK] = CUSTOM_BLOCK,
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
                                               .timeout_ns = spec->steps[i].timeout_ns,
                                               .is_concurrent = spec->steps[i].is_concurrent};
    return config;
}

static struct autoscaler_config autoscaler_config(const struct autoscale_spec *spec)
{
    static const enum autoscaler_signal signals[] = {
        [SIGNAL_CPU] = AUTOSCALER_CPU,
        [SIGNAL_IN_FLIGHT] = AUTOSCALER_IN_FLIGHT,
        [SIGNAL_RATE] = AUTOSCALER_RATE,
        [SIGNAL_LAG] = AUTOSCALER_LAG,
    };

    return (struct autoscaler_config){.signal = signals[spec->signal],
                                      .target = spec->target,
                                      .replicas_min = spec->replicas_min,
                                      .replicas_max = spec->replicas_max,
                                      .every_ns = spec->every_ns,
                                      .tolerance = spec->tolerance,
                                      .down_window_ns = spec->down_window_ns};
}

static struct pipeline_config pipeline_config(const struct service_spec *spec)
{
    const struct pipeline_spec *pipeline = &spec->pipeline;

    return (struct pipeline_config){
        .in_flight = spec->in_flight,
        .speed = spec->speed,
        .costs = {
            [STAGE_ACCEPT] = {.work = pipeline->accept},
            [STAGE_ROUTE] = {.work = pipeline->route},
            [STAGE_VALIDATE] = {pipeline->validate, pipeline->validate_kib_ns},
            [STAGE_DEPENDENCIES] = {.work = pipeline->dependencies},
            [STAGE_VALIDATE_ANSWER] = {pipeline->validate_answer, pipeline->validate_answer_kib_ns},
            [STAGE_SERIALISE] = {pipeline->serialise, pipeline->serialise_kib_ns},
            [STAGE_SEND] = {pipeline->send, pipeline->send_kib_ns},
        }};
}

void setup_replica(struct plan *plan, const struct service_spec *spec, uint32_t replica)
{
    plan->pipeline.speed = service_speed(spec, replica);
}

/* The service alone. */
static struct plan plan_of(const struct service_spec *spec)
{
    check(spec->kind <= KIND_COUNTER);
    switch (spec->kind) {
    case KIND_CUSTOM:
        return (struct plan){.kind = PLAN_CUSTOM, .custom = custom_config(spec)};
    case KIND_LIKES:
        return (struct plan){.kind = PLAN_LIKES, .likes = likes_config(spec)};
    case KIND_DELIVERY:
        return (struct plan){.kind = PLAN_DELIVERY, .delivery = delivery_config(spec)};
    case KIND_BATCHER:
        return (struct plan){.kind = PLAN_BATCHER, .batcher = batcher_config(spec)};
    case KIND_GATEWAY:
        return (struct plan){.kind = PLAN_GATEWAY, .gateway = gateway_config(spec)};
    case KIND_COUNTER:
        return (struct plan){.kind = PLAN_COUNTER, .counter = counter_config(spec)};
    }
    return (struct plan){.kind = PLAN_KINDS};
}

struct plan setup_service(const struct service_spec *spec)
{
    struct plan plan = plan_of(spec);

    plan.pipeline = pipeline_config(spec);
    return plan;
}

struct plan setup_balancer(const struct balancer_spec *spec, const struct service_spec *behind)
{
    return (struct plan){.kind = PLAN_BALANCER,
                         .balancer = balancer_config(spec, setup_replicas_max(behind))};
}

struct plan setup_autoscaler(const struct autoscale_spec *spec)
{
    return (struct plan){.kind = PLAN_AUTOSCALER, .autoscaler = autoscaler_config(spec)};
}

uint32_t setup_replicas_max(const struct service_spec *spec)
{
    return spec->autoscale.is_on && spec->autoscale.replicas_max > spec->replicas
               ? spec->autoscale.replicas_max
               : spec->replicas;
}

bool setup_takes_visits(const struct service_spec *spec)
{
    return spec->kind != KIND_BATCHER;
}

bool setup_has_balancer(const struct scenario *scenario, const struct service_spec *spec)
{
    return scenario->balancer.policy != POLICY_NONE && setup_takes_visits(spec);
}

struct service_spec setup_balancer_spec(const struct scenario *scenario,
                                        const struct service_spec *behind)
{
    struct service_spec spec = {.replicas = 1,
                                .cores = scenario->balancer.cores,
                                .speed = 1.0,
                                .queue = UINT32_MAX,
                                .in_flight = UINT32_MAX};

    snprintf(spec.name, sizeof spec.name, "%.*s/balancer", SERVICE_NAME_MAX_BYTES - 1,
             behind->name);
    return spec;
}
