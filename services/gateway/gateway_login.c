/* gateway_login.c — A new session and a token of it.
 *
 *   CPU --none-----------------------------> CALL_OK, 0: nobody will ask for a token
 *    |
 *    v
 *   TOKEN --cannot be made-----------------> CALL_FAILED; CALL_SHED: it gave way, as the CPU may
 *    |
 *    v
 *   STORE --kept---------------------------> CALL_OK, the token
 *      +----no answer----------------------> CALL_REFUSED; what may be in the store is of no use,
 *                                            since nobody was given its token
 *
 * That the password is right is taken for granted. */
#include "services/gateway/gateway_flow.h"

enum { GRANT_BYTES = 512 }; /* The answer: about an access token, a session's id, and JSON. */

/* No token outlives its session: when that is over, there is nothing left to take back. */
static uint64_t first_life_ns(const struct gateway *gateway)
{
    return gateway->config.ttl_ns < gateway->config.session_ns ? gateway->config.ttl_ns
                                                               : gateway->config.session_ns;
}

static void login_make(struct login *login)
{
    const struct gateway *gateway = login->flow.gateway;
    const struct token_order order = {.user = login->flow.visit->ask.user,
                                      .audience = gateway->config.audience,
                                      .lifetime_ns = first_life_ns(gateway),
                                      .session_ns = gateway->config.session_ns,
                                      .is_signed = gateway->config.kind != GATEWAY_SESSION};

    if (gateway->config.kind == GATEWAY_NONE) {
        gateway_answer(&login->flow, CALL_OK, 0, 0);
        return;
    }
    login->state = LOGIN_TOKEN;
    tokens_issue(gateway->ports.tokens, &login->flow.call, &order);
}

static void login_keep(struct login *login)
{
    const struct gateway *gateway = login->flow.gateway;
    const struct token_claims *claims = login->flow.call.span;

    if (login->flow.call.outcome != CALL_OK) {
        gateway_answer(&login->flow, login->flow.call.outcome, 0, 0);
        return;
    }
    login->token = (uint64_t)login->flow.call.value;
    login->state = LOGIN_STORE;
    store_set(gateway->ports.store, &login->flow.call, store_key(SPACE_SESSION, claims->session),
              claims->proof, sizeof claims->proof, gateway->config.session_ns,
              gateway->config.store_timeout_ns);
}

static void login_after_store(struct login *login)
{
    if (login->flow.call.outcome == CALL_OK) {
        gateway_answer(&login->flow, CALL_OK, (int64_t)login->token, GRANT_BYTES);
        return;
    }
    tokens_drop(login->flow.gateway->ports.tokens, login->token);
    gateway_answer(&login->flow, CALL_REFUSED, 0, 0);
}

static void login_step(struct call *call)
{
    struct login *login = (struct login *)call;

    switch (login->state) {
    case LOGIN_CPU:
        if (!gateway_gave_way(&login->flow))
            login_make(login);
        return;
    case LOGIN_TOKEN:
        login_keep(login);
        return;
    case LOGIN_STORE:
        login_after_store(login);
        return;
    }
}

void gateway_login_begin(struct login *login)
{
    login->state = LOGIN_CPU;
    gateway_work(&login->flow, login_step);
}
