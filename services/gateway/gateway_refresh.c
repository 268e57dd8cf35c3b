/* gateway_refresh.c — A new signed token of a session that is still there.
 *
 *   CPU --nothing is signed here-----------> CALL_ABSENT
 *    | +--no token-------------------------> CALL_DENIED
 *    v
 *   SESSION --no session's id--------------> CALL_DENIED
 *    |
 *    v
 *   STORE --gone, or another proof---------> CALL_DENIED, revoked; over by now: expired
 *    | +----no answer----------------------> CALL_REFUSED
 *    v
 *   TOKEN --made---------------------------> CALL_OK, the token
 *      +----cannot be made-----------------> CALL_FAILED
 *
 * The new token lives as long as any, but not beyond the session: when that is over, there is
 * nothing left that a logout would have to take back. */
#include "services/gateway/gateway_flow.h"

enum { GRANT_BYTES = 512 }; /* As a login's. */

static void refresh_read(struct refresh *refresh)
{
    const struct gateway *gateway = refresh->flow.gateway;

    if (gateway->config.kind == GATEWAY_NONE || gateway->config.kind == GATEWAY_SESSION) {
        gateway_answer(&refresh->flow, CALL_ABSENT, 0, 0);
        return;
    }
    refresh->state = REFRESH_SESSION;
    gateway_verify(&refresh->flow, TOKEN_SESSION);
}

static void refresh_look_up(struct refresh *refresh)
{
    if (!gateway_verified(&refresh->flow, &refresh->claims))
        return;
    refresh->state = REFRESH_STORE;
    gateway_find(&refresh->flow, &refresh->claims);
}

/* What may be left of the session; 0: nothing. */
static uint64_t session_left_ns(const struct refresh *refresh)
{
    uint64_t now_ns = timer_now_ns(refresh->flow.gateway->ports.timer);
    int64_t end_ns = refresh->claims.expires_ns;

    return end_ns > 0 && (uint64_t)end_ns > now_ns ? (uint64_t)end_ns - now_ns : 0;
}

static void refresh_make(struct refresh *refresh)
{
    const struct gateway *gateway = refresh->flow.gateway;
    uint64_t left_ns = session_left_ns(refresh), ttl_ns = gateway->config.ttl_ns;
    const struct token_order order = {.user = refresh->claims.user,
                                      .audience = gateway->config.audience,
                                      .lifetime_ns = left_ns < ttl_ns ? left_ns : ttl_ns,
                                      .renews = refresh->flow.visit->ask.token,
                                      .is_signed = true};

    if (left_ns == 0) {
        gateway_deny(&refresh->flow, TOKEN_EXPIRED);
        return;
    }
    refresh->state = REFRESH_TOKEN;
    tokens_issue(gateway->ports.tokens, &refresh->flow.call, &order);
}

static void refresh_after_store(struct refresh *refresh)
{
    switch (gateway_found(&refresh->flow, &refresh->claims)) {
    case SESSION_THERE:
        refresh_make(refresh);
        return;
    case SESSION_GONE:
        gateway_deny(&refresh->flow, TOKEN_REVOKED);
        return;
    case SESSION_UNKNOWN:
        gateway_answer(&refresh->flow, CALL_REFUSED, 0, 0);
        return;
    }
}

static void refresh_step(struct call *call)
{
    struct refresh *refresh = (struct refresh *)call;

    switch (refresh->state) {
    case REFRESH_CPU:
        if (!gateway_gave_way(&refresh->flow))
            refresh_read(refresh);
        return;
    case REFRESH_SESSION:
        refresh_look_up(refresh);
        return;
    case REFRESH_STORE:
        refresh_after_store(refresh);
        return;
    case REFRESH_TOKEN:
        if (call->outcome == CALL_OK)
            gateway_answer(&refresh->flow, CALL_OK, call->value, GRANT_BYTES);
        else
            gateway_answer(&refresh->flow, call->outcome, 0, 0);
        return;
    }
}

void gateway_refresh_begin(struct refresh *refresh)
{
    refresh->state = REFRESH_CPU;
    gateway_work(&refresh->flow, refresh_step);
}
