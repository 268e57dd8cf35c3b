/* claims.h — Is a token that is ours acceptable, here and now? A pure decision.
 *
 *   aud   meant for somebody else: refused        RFC 7519, section 4.1.3; RFC 8725, section 3.9
 *   nbf   refused before that instant             section 4.1.5
 *   exp   refused on that instant and after it    section 4.1.4
 *
 * leeway is what both instants are stretched by where clocks differ ("usually no more than a few
 * minutes", the same sections). The audience is looked at first: the time of a token that is meant
 * for somebody else is none of our business. */
#ifndef SERVICES_GATEWAY_CLAIMS_H
#define SERVICES_GATEWAY_CLAIMS_H

#include "services/port/tokens.h"

/* TOKEN_SOUND, TOKEN_WRONG_AUDIENCE, TOKEN_NOT_YET or TOKEN_EXPIRED. */
enum token_flaw claims_judge(const struct token_claims *claims, uint32_t audience,
                             uint64_t leeway_ns, uint64_t now_ns);

#endif
