/* gateway.c — The gateway's door: judges a visit and hands it to its flow.
 *
 *   visit -> known verb? -> deadline ahead? -> room? -> login, refresh, revoke
 *               FAILED         TIMEOUT         SHED     all else: pass */
#include "services/gateway/gateway_flow.h"

void gateway_answer(struct flow *flow, enum call_outcome outcome, int64_t value, uint32_t bytes)
{
    struct gateway *gateway = flow->gateway;
    struct visit *visit = flow->visit;

    pool_give(&gateway->flows, flow);
    door_answer(gateway->ports.door, visit, outcome, value, bytes);
}

void gateway_deny(struct flow *flow, enum token_flaw flaw)
{
    gateway_answer(flow, CALL_DENIED, flaw, 0);
}

void gateway_work(struct flow *flow, void (*done)(struct call *call))
{
    const struct gateway *gateway = flow->gateway;

    flow->call.done = done;
    cpu_run(gateway->ports.cpu, &flow->call,
            dist_draw_ns(&gateway->config.work, gateway->ports.dice));
}

bool gateway_gave_way(struct flow *flow)
{
    if (flow->call.outcome != CALL_SHED)
        return false;
    gateway_answer(flow, CALL_SHED, 0, 0);
    return true;
}

void gateway_verify(struct flow *flow, enum token_part part)
{
    uint64_t token = flow->visit->ask.token;

    if (token == 0)
        gateway_deny(flow, TOKEN_MISSING);
    else
        tokens_verify(flow->gateway->ports.tokens, &flow->call, token, part);
}

bool gateway_verified(struct flow *flow, struct token_claims *claims)
{
    const struct call *call = &flow->call;

    if (call->outcome == CALL_OK) {
        *claims = *(const struct token_claims *)call->span;
        return true;
    }
    if (call->outcome == CALL_ABSENT)
        gateway_deny(flow, (enum token_flaw)call->value);
    else
        gateway_answer(flow, call->outcome, 0, 0);
    return false;
}

void gateway_find(struct flow *flow, const struct token_claims *claims)
{
    store_get(flow->gateway->ports.store, &flow->call, store_key(SPACE_SESSION, claims->session),
              flow->gateway->config.store_timeout_ns);
}

/* What is kept is a digest, and comparing it tells a guesser nothing: who could choose its value
 * would have to invert it. */
enum gateway_finding gateway_found(const struct flow *flow, const struct token_claims *claims)
{
    switch (flow->call.outcome) {
    case CALL_OK:
        return flow->call.value == claims->proof ? SESSION_THERE : SESSION_GONE;
    case CALL_ABSENT:
        return SESSION_GONE;
    case CALL_TIMEOUT:
    case CALL_SHED:
    case CALL_REFUSED:
    case CALL_FAILED:
    case CALL_DENIED:
    case CALL_IDLE:
    case CALL_PENDING:
        return SESSION_UNKNOWN;
    }
    return SESSION_UNKNOWN;
}

static void gateway_begin(struct gateway *gateway, struct visit *visit)
{
    union gateway_flow *flow = pool_take(&gateway->flows);
    const struct flow head = {
        .call.priority = visit->ask.priority, .gateway = gateway, .visit = visit};

    if (flow == NULL) {
        door_answer(gateway->ports.door, visit, CALL_SHED, 0, 0);
    } else if (visit->ask.verb == VERB_LOGIN) {
        flow->login = (struct login){.flow = head};
        gateway_login_begin(&flow->login);
    } else if (visit->ask.verb == VERB_REFRESH) {
        flow->refresh = (struct refresh){.flow = head};
        gateway_refresh_begin(&flow->refresh);
    } else if (visit->ask.verb == VERB_REVOKE) {
        flow->revoke = (struct revoke){.flow = head};
        gateway_revoke_begin(&flow->revoke);
    } else {
        flow->pass = (struct pass){.flow = head};
        gateway_pass_begin(&flow->pass);
    }
}

static void gateway_visit(void *service, struct visit *visit)
{
    struct gateway *gateway = service;
    const struct ask *ask = &visit->ask;

    if (ask->verb == VERB_HEALTH)
        door_answer(gateway->ports.door, visit, CALL_OK, 0, 0);
    else if (ask->verb >= VERB_MAX)
        door_answer(gateway->ports.door, visit, CALL_FAILED, 0, 0);
    else if (ask_is_late(ask, timer_now_ns(gateway->ports.timer)))
        door_answer(gateway->ports.door, visit, CALL_TIMEOUT, 0, 0);
    else
        gateway_begin(gateway, visit);
}

size_t gateway_bytes(const struct gateway_config *config)
{
    return sizeof(struct gateway) + 64 + pool_bytes(sizeof(union gateway_flow), config->in_flight);
}

struct gateway *gateway_init(const struct gateway_config *config, const struct ports *ports)
{
    struct gateway *gateway = arena_take(ports->arena, sizeof(*gateway));

    check(config->ttl_ns > 0 && config->session_ns > 0);
    check(!config->accepts_without_store || config->kind == GATEWAY_JWT_DENYLIST);
    *gateway = (struct gateway){.config = *config, .ports = *ports};
    pool_init(&gateway->flows, ports->arena, sizeof(union gateway_flow), config->in_flight);
    return gateway;
}

const struct service_ops gateway_service = {.visit = gateway_visit};
