/* gateway_pass.c — Looks at who asks, and passes on what they ask.
 *
 *   CPU --none----------------------------------------------------------------+
 *    | +--no token--------------------------------------> CALL_DENIED         |
 *    v                                                                        v
 *   TOKEN --flaw, claims not acceptable-----------------> CALL_DENIED       PEER --> answer
 *    | +--jwt-----------------------------------------------------------------^
 *    v                                                                        |
 *   STORE --session: there, with this proof-----------------------------------+
 *      |    denylist: not on it, or no answer and it accepts without----------+
 *      +----revoked-------------------------------------> CALL_DENIED
 *      +----no answer-----------------------------------> CALL_REFUSED
 *
 * The deadline travels with the ask, and the ask waits no longer than to it. */
#include "services/gateway/gateway_flow.h"

static void pass_on(struct pass *pass)
{
    const struct gateway *gateway = pass->flow.gateway;
    struct ask ask = pass->flow.visit->ask;
    uint64_t left_ns =
        ask_time_left_ns(&ask, timer_now_ns(gateway->ports.timer), gateway->config.ask_timeout_ns);

    if (left_ns == 0) {
        gateway_answer(&pass->flow, CALL_TIMEOUT, 0, 0);
        return;
    }
    if (gateway->config.kind != GATEWAY_NONE)
        ask.user = pass->claims.user;
    ask.token = 0;
    pass->state = PASS_PEER;
    peer_ask(gateway->ports.peer, &pass->flow.call, gateway->config.target, &ask, left_ns);
}

static void pass_after_cpu(struct pass *pass)
{
    enum gateway_kind kind = pass->flow.gateway->config.kind;

    if (kind == GATEWAY_NONE) {
        pass_on(pass);
        return;
    }
    pass->state = PASS_TOKEN;
    gateway_verify(&pass->flow, kind == GATEWAY_SESSION ? TOKEN_SESSION : TOKEN_ACCESS);
}

/* The signature is right: are the claims? A session's id claims when it ends; the store says
 * whether that is true, and may keep it for longer (memcached counts in whole seconds). */
static enum token_flaw pass_judge(const struct pass *pass)
{
    const struct gateway *gateway = pass->flow.gateway;
    uint64_t now_ns = timer_now_ns(gateway->ports.timer);

    if (gateway->config.kind == GATEWAY_SESSION)
        return claims_judge(&pass->claims, pass->claims.audience, 0, now_ns);
    return claims_judge(&pass->claims, gateway->config.audience, gateway->config.leeway_ns, now_ns);
}

static void pass_after_token(struct pass *pass)
{
    const struct gateway *gateway = pass->flow.gateway;
    enum token_flaw flaw;

    if (!gateway_verified(&pass->flow, &pass->claims))
        return;
    flaw = pass_judge(pass);
    if (flaw != TOKEN_SOUND) {
        gateway_deny(&pass->flow, flaw);
    } else if (gateway->config.kind == GATEWAY_JWT) {
        pass_on(pass);
    } else if (gateway->config.kind == GATEWAY_SESSION) {
        pass->state = PASS_STORE;
        gateway_find(&pass->flow, &pass->claims);
    } else {
        pass->state = PASS_STORE;
        store_get(gateway->ports.store, &pass->flow.call,
                  store_key(SPACE_DENIED, pass->claims.session), gateway->config.store_timeout_ns);
    }
}

static void pass_after_session(struct pass *pass)
{
    switch (gateway_found(&pass->flow, &pass->claims)) {
    case SESSION_THERE:
        pass_on(pass);
        return;
    case SESSION_GONE:
        gateway_deny(&pass->flow, TOKEN_REVOKED);
        return;
    case SESSION_UNKNOWN:
        gateway_answer(&pass->flow, CALL_REFUSED, 0, 0);
        return;
    }
}

static void pass_after_denylist(struct pass *pass)
{
    enum call_outcome outcome = pass->flow.call.outcome;

    if (outcome == CALL_OK)
        gateway_deny(&pass->flow, TOKEN_REVOKED);
    else if (outcome == CALL_ABSENT || pass->flow.gateway->config.accepts_without_store)
        pass_on(pass);
    else
        gateway_answer(&pass->flow, CALL_REFUSED, 0, 0);
}

static void pass_step(struct call *call)
{
    struct pass *pass = (struct pass *)call;

    switch (pass->state) {
    case PASS_CPU:
        if (!gateway_gave_way(&pass->flow))
            pass_after_cpu(pass);
        return;
    case PASS_TOKEN:
        pass_after_token(pass);
        return;
    case PASS_STORE:
        if (pass->flow.gateway->config.kind == GATEWAY_SESSION)
            pass_after_session(pass);
        else
            pass_after_denylist(pass);
        return;
    case PASS_PEER:
        gateway_answer(&pass->flow, call->outcome, call->value, call->bytes);
        return;
    }
}

void gateway_pass_begin(struct pass *pass)
{
    pass->state = PASS_CPU;
    gateway_work(&pass->flow, pass_step);
}
