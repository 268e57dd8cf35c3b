/* jwt_forge.c — Tokens that must not be accepted, each made as its maker would. */
#include <string.h>

#include "services/live/tokens/base64url.h"
#include "services/live/tokens/jwt.h"

static const int64_t hour_ns = INT64_C(3600000000000);

static struct token_claims somebody(uint32_t audience, uint64_t now_ns)
{
    return (struct token_claims){.user = 1,
                                 .session = 1,
                                 .audience = audience,
                                 .not_before_ns = (int64_t)now_ns - hour_ns,
                                 .expires_ns = (int64_t)now_ns + hour_ns};
}

/* The same payload under a header that says it is not signed, and no signature. */
static size_t unsign(char *text, size_t length)
{
    static const char header[] = "{\"alg\":\"nOnE\"}";
    const char *from = memchr(text, '.', length);
    const char *to = memchr(from + 1, '.', length - (size_t)(from + 1 - text));
    char payload[TOKEN_BYTES_MAX];
    size_t kept = (size_t)(to - from) + 1, at;

    memcpy(payload, from, kept); /* Both dots with it. */
    at = base64url_write(text, header, sizeof header - 1);
    memcpy(text + at, payload, kept);
    return at + kept;
}

/* A key that everybody knows taken for a secret (RFC 8725, section 2.1): HS256 with the public key,
 * where the gateway expects a pair; where it expects HS256, a pair of the forger's own. */
static size_t confuse(char *text, struct token_keys *keys, const struct token_claims *claims,
                      struct jwt_clock clock)
{
    struct token_settings settings = {.algorithm = TOKEN_HS256};
    struct token_keys *forged;
    char pem[1024];
    size_t length = token_keys_public(keys, pem, sizeof pem);

    settings.length = (uint32_t)length;
    if (length > 0)
        memcpy(settings.key, pem, length);
    else
        check(token_settings_make(&settings, TOKEN_EDDSA));
    forged = token_keys_open(&settings);
    check(forged != NULL);
    length = jwt_write(text, forged, claims, clock);
    token_keys_close(forged);
    return length;
}

/* Somebody else's name over the old signature. */
static void spoil(char *text, size_t length)
{
    char *payload = (char *)memchr(text, '.', length) + 1;

    payload[20] = payload[20] == 'A' ? 'B' : 'A';
}

size_t jwt_forge(char text[static FORGED_BYTES_MAX], struct token_keys *keys, enum token_flaw flaw,
                 uint32_t audience, struct jwt_clock clock, uint64_t now_ns)
{
    struct token_claims claims = somebody(audience, now_ns);
    size_t length;

    if (flaw == TOKEN_WRONG_AUDIENCE)
        claims.audience = ~audience;
    else if (flaw == TOKEN_NOT_YET)
        claims.not_before_ns = (int64_t)now_ns + hour_ns;
    else if (flaw == TOKEN_EXPIRED)
        claims.expires_ns = (int64_t)now_ns - hour_ns / 2;
    if (flaw == TOKEN_ALG_CONFUSED)
        return confuse(text, keys, &claims, clock);
    length = jwt_write(text, keys, &claims, clock);
    check(length > 0);
    if (flaw == TOKEN_ALG_NONE)
        return unsign(text, length);
    if (flaw == TOKEN_BAD_SIGNATURE)
        spoil(text, length);
    if (flaw == TOKEN_MALFORMED) /* No second dot. */
        return (size_t)((char *)memchr(text, '.', length) - text) + 20;
    if (flaw == TOKEN_OVERSIZED) {
        memset(text + length, 'A', FORGED_BYTES_MAX - length);
        return FORGED_BYTES_MAX;
    }
    return length;
}
