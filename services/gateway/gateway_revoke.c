/* gateway_revoke.c — Ends a session, and with a denylist the life of its signed tokens.
 *
 *   CPU --none--------------------------------> CALL_ABSENT
 *    | +--no token----------------------------> CALL_DENIED
 *    v
 *   SESSION --no session's id-----------------> CALL_DENIED
 *    |
 *    v
 *   STORE --gone------------------------------> CALL_ABSENT: it had ended before
 *    | |
 *    | +--denylist--> DENY --on it--+
 *    v                              v
 *   FORGET <------------------------+ --deleted-> CALL_OK, 1
 *
 * A session that is gone by itself takes its tokens with it, since none outlives it.
 *
 * No answer from the store, at any step: CALL_REFUSED, and nobody was promised anything. All of it
 * may then be asked again, since the session goes last: as long as it is there, the way is open.
 *
 * An entry of the denylist lives twice as long as a token may: a refresh that found the session
 * just before it went may sign a little after, and its token must not outlive the entry. So the
 * list is as long as the logouts of two lifetimes, and not of all time. */
#include "services/gateway/gateway_flow.h"

static void revoke_read(struct revoke *revoke)
{
    if (revoke->flow.gateway->config.kind == GATEWAY_NONE) {
        gateway_answer(&revoke->flow, CALL_ABSENT, 0, 0);
        return;
    }
    revoke->state = REVOKE_SESSION;
    gateway_verify(&revoke->flow, TOKEN_SESSION);
}

static void revoke_look_up(struct revoke *revoke)
{
    if (!gateway_verified(&revoke->flow, &revoke->claims))
        return;
    revoke->state = REVOKE_STORE;
    gateway_find(&revoke->flow, &revoke->claims);
}

static void revoke_forget(struct revoke *revoke)
{
    const struct gateway *gateway = revoke->flow.gateway;

    revoke->state = REVOKE_FORGET;
    store_expire(gateway->ports.store, &revoke->flow.call,
                 store_key(SPACE_SESSION, revoke->claims.session), 0,
                 gateway->config.store_timeout_ns);
}

static void revoke_deny(struct revoke *revoke)
{
    const struct gateway *gateway = revoke->flow.gateway;

    revoke->state = REVOKE_DENY;
    store_set(gateway->ports.store, &revoke->flow.call,
              store_key(SPACE_DENIED, revoke->claims.session), 1, 1,
              2 * gateway->config.ttl_ns + gateway->config.leeway_ns,
              gateway->config.store_timeout_ns);
}

static void revoke_after_store(struct revoke *revoke)
{
    switch (gateway_found(&revoke->flow, &revoke->claims)) {
    case SESSION_THERE:
        if (revoke->flow.gateway->config.kind == GATEWAY_JWT_DENYLIST)
            revoke_deny(revoke);
        else
            revoke_forget(revoke);
        return;
    case SESSION_GONE:
        gateway_answer(&revoke->flow, CALL_ABSENT, 0, 0);
        return;
    case SESSION_UNKNOWN:
        gateway_answer(&revoke->flow, CALL_REFUSED, 0, 0);
        return;
    }
}

static void revoke_step(struct call *call)
{
    struct revoke *revoke = (struct revoke *)call;
    bool is_done = call_is_served(call->outcome);

    switch (revoke->state) {
    case REVOKE_CPU:
        if (!gateway_gave_way(&revoke->flow))
            revoke_read(revoke);
        return;
    case REVOKE_SESSION:
        revoke_look_up(revoke);
        return;
    case REVOKE_STORE:
        revoke_after_store(revoke);
        return;
    case REVOKE_DENY:
        if (is_done)
            revoke_forget(revoke);
        else
            gateway_answer(&revoke->flow, CALL_REFUSED, 0, 0);
        return;
    case REVOKE_FORGET:
        gateway_answer(&revoke->flow, is_done ? CALL_OK : CALL_REFUSED, is_done, 0);
        return;
    }
}

void gateway_revoke_begin(struct revoke *revoke)
{
    revoke->state = REVOKE_CPU;
    gateway_work(&revoke->flow, revoke_step);
}
