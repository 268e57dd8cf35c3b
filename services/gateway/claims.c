/* claims.c — The rules of RFC 7519 on who a token is for, and when. */
#include "services/gateway/claims.h"

/* How far `to` lies behind `from`; 0 when it does not. The difference of two instants may be too
 * large for their own type. */
static uint64_t behind(int64_t from_ns, int64_t to_ns)
{
    return to_ns > from_ns ? (uint64_t)to_ns - (uint64_t)from_ns : 0;
}

enum token_flaw claims_judge(const struct token_claims *claims, uint32_t audience,
                             uint64_t leeway_ns, uint64_t now_ns)
{
    int64_t now = now_ns < INT64_MAX ? (int64_t)now_ns : INT64_MAX;

    if (claims->audience != audience)
        return TOKEN_WRONG_AUDIENCE;
    if (behind(now, claims->not_before_ns) > leeway_ns)
        return TOKEN_NOT_YET;
    if (now >= claims->expires_ns && behind(claims->expires_ns, now) >= leeway_ns)
        return TOKEN_EXPIRED;
    return TOKEN_SOUND;
}
