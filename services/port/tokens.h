/* tokens.h — Who asks: tokens are made here, and what is shown is looked at here.
 *
 * A login is answered with a token. To a service and to people it is a handle in one word
 * (ask.token, and the value of the answer); what it stands for is this world's business: an entry
 * of a list in virtual time, two texts in the live world:
 *
 *   access    shown with every request: a JWT (RFC 7519) in compact JWS form (RFC 7515), or, where
 *             nothing is signed, the session's own id
 *   session   shown to refresh and to revoke: a random id that says nothing by itself. Whether the
 *             session is there, the store knows, under its first 56 bits (claims.session); what
 *             is kept there is a digest (claims.proof), so that who reads the store cannot log in
 *
 * This port knows keys, forms and signatures. It does not know what time it is and which session
 * has ended: that is the service's decision, from the claims. A verifier expects one algorithm and
 * looks at the header only to refuse all others (RFC 8725, sections 3.1 and 3.2).
 *
 * Issue and verify take processor time on this replica, as cpu.h has it, and never leave the node:
 * there is no timeout, and either may give way (CALL_SHED): then there is no token, and nothing is
 * known of the one that was shown. */
#ifndef SERVICES_PORT_TOKENS_H
#define SERVICES_PORT_TOKENS_H

#include <stdbool.h>

#include "services/port/call.h"

enum token_algorithm { TOKEN_HS256, TOKEN_RS256, TOKEN_EDDSA, TOKEN_ALGORITHMS };

/* Why a token is not accepted; the value of CALL_DENIED. */
enum token_flaw {
    TOKEN_SOUND,
    TOKEN_MISSING,        /* None was shown. */
    TOKEN_MALFORMED,      /* No token, or one with claims that cannot be read. */
    TOKEN_OVERSIZED,      /* Longer than TOKEN_BYTES_MAX: nobody reads it. */
    TOKEN_ALG_NONE,       /* It says that it is not signed. */
    TOKEN_ALG_CONFUSED,   /* It says another algorithm than the one that is expected. */
    TOKEN_BAD_SIGNATURE,  /* Not by our key, or not of these claims. */
    TOKEN_WRONG_AUDIENCE, /* Ours, and meant for somebody else. */
    TOKEN_NOT_YET,
    TOKEN_EXPIRED,
    TOKEN_REVOKED, /* Its session is not there, or was ended before its time. */
    TOKEN_FLAWS
};

enum { TOKEN_BYTES_MAX = 4096 }; /* As a header field: servers allow 4 to 8 KiB for a line. */

/* What a forger shows: a token with this flaw, TOKEN_MALFORMED … TOKEN_EXPIRED. The first five are
 * made without the key; the others are ours, and of another time or for another audience. */
#define TOKEN_FORGED (UINT64_C(1) << 62)
static inline uint64_t token_forged(enum token_flaw flaw)
{
    return TOKEN_FORGED | (uint64_t)flaw;
}

enum token_part { TOKEN_ACCESS, TOKEN_SESSION };

struct token_claims {
    uint64_t user;
    uint64_t session; /* 56 bits, not 0: the session's id in the store. */
    int64_t proof;    /* Of a session id, and from tokens_issue: what the store must say; >= 0. */
    uint32_t audience;
    int64_t not_before_ns; /* On the run's clock, as the next; before its beginning: below 0. */
    int64_t expires_ns;    /* Of the access token; of a session's id: the session's own end. */
};

struct token_order { /* What is to be made. */
    uint64_t user;
    uint32_t audience;
    uint64_t lifetime_ns; /* Of the access token, from now on. */
    uint64_t session_ns;  /* Of a session of its own, from now on. */
    uint64_t renews;      /* A token whose session goes on; 0: a session of its own. */
    bool is_signed;       /* False: the session's id is the access token, too. */
};

struct tokens {
    const struct tokens_ops *ops;
};
struct tokens_ops {
    void (*issue)(struct tokens *tokens, struct call *call, const struct token_order *order);
    void (*verify)(struct tokens *tokens, struct call *call, uint64_t token, enum token_part part);
    void (*drop)(struct tokens *tokens, uint64_t token);
};

/* CALL_OK: value is the token, span its claims (const struct token_claims *). CALL_FAILED: nothing
 * can be made any more. The order is read during the submit only. */
static inline void tokens_issue(struct tokens *tokens, struct call *call,
                                const struct token_order *order)
{
    call_begin(call);
    tokens->ops->issue(tokens, call, order);
}

/* CALL_OK: form and signature are right, span is what it claims. CALL_ABSENT: it is no token of
 * ours; value is its flaw, TOKEN_MALFORMED … TOKEN_BAD_SIGNATURE. Of a session's id there is only
 * a form to be looked at, and what it claims (user, session, proof, expires_ns) is true when the
 * store has this proof. */
static inline void tokens_verify(struct tokens *tokens, struct call *call, uint64_t token,
                                 enum token_part part)
{
    check(token != 0);
    call_begin(call);
    tokens->ops->verify(tokens, call, token, part);
}

/* A token that was made here and is given to nobody: it takes no room any more. At once; and nobody
 * asks about it again. */
static inline void tokens_drop(struct tokens *tokens, uint64_t token)
{
    tokens->ops->drop(tokens, token);
}

#endif
