/* jwt.h — JSON Web Tokens, written and read: header.payload.signature, each in base64url.
 *
 *     eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 . eyJpc3MiOiJzaW0i… . 9bX2…
 *     {"alg":"HS256","typ":"JWT"}            {"iss":"sim","sub":"7","sid":"…","aud":"sim-…",
 *                                             "iat":…,"nbf":…,"exp":…}
 *
 * Reading goes from the outside in and stops at the first thing that is wrong:
 *
 *   size        TOKEN_BYTES_MAX, before anything is decoded
 *   form        two dots, three parts, each strict base64url
 *   header      a JSON object; alg is the one that our key is for. "none" in any spelling, and any
 *               other name, is refused whatever the signature says: the verifier chooses, not the
 *               token (RFC 8725, sections 2.1, 3.1). crit names what we do not understand, so it is
 *               refused (RFC 7515, section 4.1.11). kid, jku, jwk, x5c and their like are not read.
 *   signature   over the first two parts as they were sent
 *   payload     a JSON object without a name given twice; iss, sub, sid, aud, nbf and exp are there
 *               and of their types. Times are NumericDates (RFC 7519, section 2): numbers, seconds
 *               since 1970, here with microseconds.
 *
 * Whether the times and the audience are acceptable is not decided here. */
#ifndef SERVICES_LIVE_TOKENS_JWT_H
#define SERVICES_LIVE_TOKENS_JWT_H

#include "services/live/tokens/token_keys.h"

struct jwt_clock { /* What the run's clock shows at the beginning of 1970. */
    int64_t epoch_ns;
};

/* From the real-time clock of this machine and the run's clock, now. */
struct jwt_clock jwt_clock_at(uint64_t run_now_ns);

/* The token's length, 0: OpenSSL refused. The claims' proof is not written. */
size_t jwt_write(char text[static TOKEN_BYTES_MAX], struct token_keys *keys,
                 const struct token_claims *claims, struct jwt_clock clock);

/* TOKEN_SOUND, and what it claims; else TOKEN_MALFORMED … TOKEN_BAD_SIGNATURE. */
enum token_flaw jwt_read(struct token_claims *claims, struct token_keys *keys, struct span text,
                         struct jwt_clock clock);

/* A token of that flaw, TOKEN_MALFORMED … TOKEN_EXPIRED, as a forger would make it; longer than
 * TOKEN_BYTES_MAX where that is its flaw. Returns its length. */
enum { FORGED_BYTES_MAX = TOKEN_BYTES_MAX + 512 };
size_t jwt_forge(char text[static FORGED_BYTES_MAX], struct token_keys *keys, enum token_flaw flaw,
                 uint32_t audience, struct jwt_clock clock, uint64_t now_ns);

/* For forgers and tests: a token of these two JSON texts, signed by our key, whatever they say. */
size_t jwt_seal(char text[static TOKEN_BYTES_MAX], struct token_keys *keys, const char *header,
                const char *payload);

#endif
