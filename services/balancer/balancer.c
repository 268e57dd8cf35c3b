/* balancer.c — The balancer's door, and who is behind it.
 *
 *   visit -> known verb? -> deadline ahead? -> a token? -> balancer_proxy.c -> balancer_try.c
 *                                                                       \--> balancer_hedge.c
 *   join, leave -> backends.c, the policy, balancer_health.c
 *
 * Membership comes from service discovery at once; health follows from the balancer's own checks,
 * and until they notice, a dead replica goes on being chosen. */
#include "services/balancer/balancer_flow.h"

const struct policy *policy_of(enum balance_kind kind)
{
    static const struct policy *const policies[BALANCE_KINDS] = {
        [BALANCE_ROUND_ROBIN] = &policy_round_robin,
        [BALANCE_WEIGHTED] = &policy_weighted,
        [BALANCE_RANDOM] = &policy_random,
        [BALANCE_LEAST_CONNECTIONS] = &policy_least_connections,
        [BALANCE_TWO_CHOICES] = &policy_two_choices,
        [BALANCE_PEAK_EWMA] = &policy_peak_ewma,
        [BALANCE_CONSISTENT_HASH] = &policy_consistent_hash,
    };

    check(kind < BALANCE_KINDS);
    return policies[kind];
}

void balancer_join(struct balancer *balancer, uint32_t target, double weight)
{
    uint32_t known = backends_find(&balancer->backends, target);
    bool is_member = known != BACKEND_NONE && balancer->backends.all[known].is_member;
    uint32_t place = backends_join(&balancer->backends, target, weight);

    if (!is_member)
        backend_came(&balancer->backends.all[place], timer_now_ns(balancer->ports.timer));
    if (!is_member && balancer->policy->joined != NULL)
        balancer->policy->joined(&balancer->backends, place);
    if (balancer->config.health_every_ns > 0 && !balancer->backends.all[place].is_watched)
        balancer_health_begin(balancer, place);
}

void balancer_leave(struct balancer *balancer, uint32_t target)
{
    uint32_t place = backends_find(&balancer->backends, target);

    if (place == BACKEND_NONE || !balancer->backends.all[place].is_member)
        return;
    backends_leave(&balancer->backends, place);
    if (balancer->policy->left != NULL)
        balancer->policy->left(&balancer->backends, place);
}

static void balancer_visit(void *service, struct visit *visit)
{
    struct balancer *balancer = service;
    const struct ask *ask = &visit->ask;

    if (ask->verb == VERB_HEALTH)
        door_answer(balancer->ports.door, visit, CALL_OK, 0, 0);
    else if (ask->verb >= VERB_MAX)
        door_answer(balancer->ports.door, visit, CALL_FAILED, 0, 0);
    else if (ask_is_late(ask, timer_now_ns(balancer->ports.timer)))
        door_answer(balancer->ports.door, visit, CALL_TIMEOUT, 0, 0);
    else if (!bucket_take(&balancer->bucket, timer_now_ns(balancer->ports.timer)))
        door_answer(balancer->ports.door, visit, CALL_SHED, 0, 0);
    else
        balancer_proxy_begin(balancer, visit);
}

static size_t checks_bytes(const struct balancer_config *config)
{
    return config->backends_max * sizeof(struct health);
}

/* Without hedging there are none. */
static uint32_t hedges_max(const struct balancer_config *config)
{
    return config->hedge_after_ns > 0 ? config->in_flight : 0;
}

size_t balancer_bytes(const struct balancer_config *config)
{
    const struct policy *policy = policy_of(config->policy);
    size_t of_policy = policy->bytes == NULL ? 0 : policy->bytes(config->backends_max);

    return sizeof(struct balancer) + checks_bytes(config) + (size_t)2 * 64 +
           backends_bytes(config->backends_max) + of_policy +
           pool_bytes(sizeof(struct proxy), config->in_flight) +
           pool_bytes(sizeof(struct hedge), hedges_max(config));
}

struct balancer *balancer_init(const struct balancer_config *config, const struct ports *ports)
{
    struct balancer *balancer = arena_take(ports->arena, sizeof(*balancer));

    check(config->attempts > 0 && config->attempts <= BALANCER_ATTEMPTS_MAX);
    check(config->outlier_failures == 0 || config->outlier_for_ns > 0);
    *balancer = (struct balancer){
        .config = *config,
        .ports = *ports,
        .policy = policy_of(config->policy),
        .checks = arena_take(ports->arena, checks_bytes(config)),
        .returns_ns = UINT64_MAX,
        .bucket = bucket_of(config->limit_rate, config->limit_burst),
        .breaker = {.config = config->breaker},
    };
    backends_init(&balancer->backends, ports->arena, config->backends_max);
    if (balancer->policy->init != NULL)
        balancer->policy->init(&balancer->backends, ports->arena, config);
    pool_init(&balancer->proxies, ports->arena, sizeof(struct proxy), config->in_flight);
    if (hedges_max(config) > 0)
        pool_init(&balancer->hedges, ports->arena, sizeof(struct hedge), hedges_max(config));
    return balancer;
}

const struct service_ops balancer_service = {.visit = balancer_visit};
