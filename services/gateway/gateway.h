/* gateway.h — Stands before another service and lets in who may ask.
 *
 *   kind            who may ask is found by                                    to log out
 *   none            not at all                                                 does nothing
 *   session         one look into the store with every request                 at once
 *   jwt             the signature alone: no store in a request's way           waits for expiry
 *   jwt_denylist    the signature, then one look whether it was taken back     at once
 *
 *   login     makes a session and a token of it; the store keeps the session
 *   refresh   a new signed token of a session that the store still has
 *   revoke    ends the session: it cannot be refreshed, and with a denylist its tokens are dead
 *   all else  is passed on, with the user that the token names and without the token; whoever
 *             stands behind trusts the gateway
 *
 * Who may not ask is told CALL_DENIED with the flaw. Where the store does not say in time:
 * CALL_REFUSED, which did not happen; or, with a denylist that accepts without a store, the
 * request goes on.
 *
 * A refreshed token keeps its session, and a session keeps its end: how long people may stay logged
 * in is bounded from the login on (OWASP's absolute timeout). A signed token that was stolen works
 * until it expires wherever nobody looks it up, which is why it is short-lived and the session,
 * which is not, is opaque and in the store.
 *
 * Left out: passwords and what it costs to check them; rights (scopes); rotating the session's id
 * with every refresh (RFC 9700, section 4.14.2). */
#ifndef SERVICES_GATEWAY_GATEWAY_H
#define SERVICES_GATEWAY_GATEWAY_H

#include "services/port/ports.h"

enum gateway_kind { GATEWAY_NONE, GATEWAY_SESSION, GATEWAY_JWT, GATEWAY_JWT_DENYLIST };

struct gateway_config {
    enum gateway_kind kind;
    uint32_t in_flight;         /* Visits inside at once; beyond it they are shed. */
    uint32_t target;            /* Who stands behind: the peer's number. */
    struct dist work;           /* Processor time of every visit, without the token's. */
    uint32_t audience;          /* Whom its tokens are for. */
    uint64_t ttl_ns;            /* Of a signed token; above 0. */
    uint64_t session_ns;        /* Of a session; above 0. */
    uint64_t leeway_ns;         /* For clocks that differ, before nbf and after exp. */
    bool accepts_without_store; /* GATEWAY_JWT_DENYLIST. */
    uint64_t store_timeout_ns;
    uint64_t ask_timeout_ns; /* For who stands behind; less when the deadline is nearer. */
};

struct gateway;

/* Arena bytes that gateway_init takes. */
size_t gateway_bytes(const struct gateway_config *config);

/* Copies both; wants the door, timer, cpu, peer, dice, arena, and, save for GATEWAY_NONE, tokens
 * and the store. */
struct gateway *gateway_init(const struct gateway_config *config, const struct ports *ports);

extern const struct service_ops gateway_service;

#endif
