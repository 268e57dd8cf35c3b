/* wire_token.h — Tokens on the wire: in a request's head, and in the answer that grants one.
 *
 *   request   Authorization: Bearer TEXT                          RFC 6750, section 2.1
 *   answer    {"access_token":"…","token_type":"Bearer",          RFC 6749, section 5.1
 *              "refresh_token":"…"}
 *
 * The texts are looked at by nobody here but for letters that JSON or a head could not bear: a
 * token is b64token of RFC 6750, letters, digits and -._~+/=. */
#ifndef SERVICES_LIVE_HTTP_WIRE_TOKEN_H
#define SERVICES_LIVE_HTTP_WIRE_TOKEN_H

#include "services/live/http/wire.h"

enum {
    WIRE_TOKEN_MAX = 7168, /* Of one that is passed on; with the rest it fits a head of 8 kB. */
    WIRE_GRANT_MAX = 2 * WIRE_TOKEN_MAX + 128
};

static inline bool wire_grants(const struct ask *ask)
{
    return ask->verb == VERB_LOGIN || ask->verb == VERB_REFRESH;
}

enum wire_bearer {
    WIRE_NO_TOKEN,  /* There is no such header. */
    WIRE_TOKEN,     /* text is what it shows; empty: it is of another scheme, or no token. */
    WIRE_TWO_TOKENS /* The header is there twice: 400. */
};
enum wire_bearer wire_read_bearer(const struct http_request *request, struct span *text);

/* Puts the header into a request of wire_write_ask, behind its first line; room for `max`. Returns
 * the new length; 0: it does not fit. */
size_t wire_add_bearer(char *text, size_t length, size_t max, struct span token);

size_t wire_write_grant(char text[static WIRE_GRANT_MAX], struct span access, struct span session);
/* False: it grants nothing that we can read. */
bool wire_read_grant(struct span body, struct span *access, struct span *session);

#endif
