/* gateway_flow.h — What a gateway keeps, and the four flows inside it.
 *
 * Seen by this service's own files alone. */
#ifndef SERVICES_GATEWAY_GATEWAY_FLOW_H
#define SERVICES_GATEWAY_GATEWAY_FLOW_H

#include "services/base/pool.h"
#include "services/gateway/claims.h"
#include "services/gateway/gateway.h"
#include "services/port/schema.h"

struct flow {         /* The head of every flow. */
    struct call call; /* First, so that a call is its flow. */
    struct gateway *gateway;
    struct visit *visit; /* Borrowed until it is answered. */
};

enum pass_state { PASS_CPU, PASS_TOKEN, PASS_STORE, PASS_PEER };

struct pass { /* A request on its way through. */
    struct flow flow;
    enum pass_state state;
    struct token_claims claims; /* Once the token has been read. */
};

enum login_state { LOGIN_CPU, LOGIN_TOKEN, LOGIN_STORE };

struct login {
    struct flow flow;
    enum login_state state;
    uint64_t token;
};

enum refresh_state { REFRESH_CPU, REFRESH_SESSION, REFRESH_STORE, REFRESH_TOKEN };

struct refresh {
    struct flow flow;
    enum refresh_state state;
    struct token_claims claims;
};

enum revoke_state { REVOKE_CPU, REVOKE_SESSION, REVOKE_STORE, REVOKE_DENY, REVOKE_FORGET };

struct revoke {
    struct flow flow;
    enum revoke_state state;
    struct token_claims claims;
};

union gateway_flow {
    struct flow flow;
    struct pass pass;
    struct login login;
    struct refresh refresh;
    struct revoke revoke;
};

struct gateway {
    struct gateway_config config;
    struct ports ports;
    struct pool flows;
};

void gateway_pass_begin(struct pass *pass);
void gateway_login_begin(struct login *login);
void gateway_refresh_begin(struct refresh *refresh);
void gateway_revoke_begin(struct revoke *revoke);

/* The flow answers and is no more. */
void gateway_answer(struct flow *flow, enum call_outcome outcome, int64_t value, uint32_t bytes);
void gateway_deny(struct flow *flow, enum token_flaw flaw);

/* What every flow begins with: done, and the work of a visit. It may give way to somebody more
 * urgent: then it has answered, and says so. */
void gateway_work(struct flow *flow, void (*done)(struct call *call));
bool gateway_gave_way(struct flow *flow);

/* Asks what the visit's token says, and takes what it claims. Where there is nothing to take (none
 * is shown, or none of ours) the visit has been answered; the second one says so by false. */
void gateway_verify(struct flow *flow, enum token_part part);
bool gateway_verified(struct flow *flow, struct token_claims *claims);

/* Asks for the session's entry in the store, and what the answer says of it. */
enum gateway_finding { SESSION_THERE, SESSION_GONE, SESSION_UNKNOWN };
void gateway_find(struct flow *flow, const struct token_claims *claims);
enum gateway_finding gateway_found(const struct flow *flow, const struct token_claims *claims);

#endif
