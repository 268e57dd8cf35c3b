/* jwt.c — The three parts of a token, and what is wrong with them. */
#define _GNU_SOURCE
#include "services/live/tokens/jwt.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "services/live/tokens/base64url.h"

enum { PAYLOAD_MAX = 512 };

static const double latest_s = 9e9; /* The year 2255: in nanoseconds it fits 64 bits. */

static const char *const names[TOKEN_ALGORITHMS] = {
    [TOKEN_HS256] = "HS256", [TOKEN_RS256] = "RS256", [TOKEN_EDDSA] = "EdDSA"};

struct jwt_clock jwt_clock_at(uint64_t run_now_ns)
{
    struct timespec now;

    check(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (struct jwt_clock){(int64_t)run_now_ns -
                              ((int64_t)now.tv_sec * 1000000000 + (int64_t)now.tv_nsec)};
}

/* ---- Writing --------------------------------------------------------------------------------- */

size_t jwt_seal(char text[static TOKEN_BYTES_MAX], struct token_keys *keys, const char *header,
                const char *payload)
{
    unsigned char signature[TOKEN_SIGNATURE_MAX];
    size_t length = 0, signed_bytes;

    if (base64url_length(strlen(header)) + base64url_length(strlen(payload)) + 2 +
            base64url_length(sizeof signature) >
        TOKEN_BYTES_MAX)
        return 0;
    length += base64url_write(text, header, strlen(header));
    text[length++] = '.';
    length += base64url_write(text + length, payload, strlen(payload));
    signed_bytes = token_keys_sign(keys, (struct span){text, length}, signature);
    if (signed_bytes == 0)
        return 0;
    text[length++] = '.';
    return length + base64url_write(text + length, signature, signed_bytes);
}

struct moment { /* "1732766893.250000" */
    char text[32];
};

static struct moment moment_of(int64_t run_ns, struct jwt_clock clock)
{
    int64_t us = (run_ns - clock.epoch_ns) / 1000;
    struct moment moment;

    snprintf(moment.text, sizeof moment.text, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
    return moment;
}

size_t jwt_write(char text[static TOKEN_BYTES_MAX], struct token_keys *keys,
                 const struct token_claims *claims, struct jwt_clock clock)
{
    struct moment from = moment_of(claims->not_before_ns, clock);
    struct moment to = moment_of(claims->expires_ns, clock);
    char header[64], payload[PAYLOAD_MAX];

    snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}",
             names[token_keys_algorithm(keys)]);
    snprintf(payload, sizeof payload,
             "{\"iss\":\"sim\",\"sub\":\"%" PRIu64 "\",\"sid\":\"%" PRIu64
             "\",\"aud\":\"sim-%08" PRIx32 "\",\"iat\":%s,\"nbf\":%s,\"exp\":%s}",
             claims->user, claims->session, claims->audience, from.text, from.text, to.text);
    return jwt_seal(text, keys, header, payload);
}

/* ---- Reading --------------------------------------------------------------------------------- */

struct parts {
    struct span header, payload, signature;
    struct span is_signed; /* The first two and the dot between them. */
};

static bool split(struct span text, struct parts *parts)
{
    const char *end = text.bytes + text.length;
    const char *first = memchr(text.bytes, '.', text.length);
    const char *second = first == NULL ? NULL : memchr(first + 1, '.', (size_t)(end - first - 1));

    if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
        return false;
    parts->header = (struct span){text.bytes, (size_t)(first - text.bytes)};
    parts->payload = (struct span){first + 1, (size_t)(second - first - 1)};
    parts->signature = (struct span){second + 1, (size_t)(end - second - 1)};
    parts->is_signed = (struct span){text.bytes, (size_t)(second - text.bytes)};
    return true;
}

/* NULL: it is no object. Names given twice are how two readers come to see two tokens. */
static json_t *read_object(struct span text)
{
    char bytes[TOKEN_BYTES_MAX];
    size_t length;
    json_t *object;

    if (!base64url_read(bytes, sizeof bytes, &length, text))
        return NULL;
    object = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

static enum token_flaw judge_header(const json_t *header, enum token_algorithm expected)
{
    const char *name = json_string_value(json_object_get(header, "alg"));
    const json_t *type = json_object_get(header, "typ");

    if (name == NULL || json_object_get(header, "crit") != NULL)
        return TOKEN_MALFORMED;
    if (type != NULL && (!json_is_string(type) || strcasecmp(json_string_value(type), "JWT") != 0))
        return TOKEN_MALFORMED;
    if (strcasecmp(name, "none") == 0)
        return TOKEN_ALG_NONE;
    return strcmp(name, names[expected]) == 0 ? TOKEN_SOUND : TOKEN_ALG_CONFUSED;
}

static enum token_flaw read_header(struct span text, enum token_algorithm expected)
{
    json_t *header = read_object(text);
    enum token_flaw flaw = header == NULL ? TOKEN_MALFORMED : judge_header(header, expected);

    json_decref(header);
    return flaw;
}

static enum token_flaw check_signature(struct token_keys *keys, const struct parts *parts)
{
    unsigned char signature[TOKEN_SIGNATURE_MAX];
    size_t length;

    if (!base64url_read(signature, sizeof signature, &length, parts->signature))
        return TOKEN_MALFORMED;
    return token_keys_verify(keys, parts->is_signed, signature, length) ? TOKEN_SOUND
                                                                        : TOKEN_BAD_SIGNATURE;
}

/* Digits alone, and not more of them than fit. */
static bool read_number(const json_t *object, const char *name, int base, const char *before,
                        uint64_t most, uint64_t *number)
{
    const char *text = json_string_value(json_object_get(object, name));
    size_t skipped = strlen(before), length = text == NULL ? 0 : strlen(text);
    const char *digits = base == 16 ? "0123456789abcdef" : "0123456789";

    if (length <= skipped || strncmp(text, before, skipped) != 0 || length > skipped + 20 ||
        strspn(text + skipped, digits) != length - skipped)
        return false;
    errno = 0;
    *number = strtoull(text + skipped, NULL, base);
    return errno == 0 && *number <= most;
}

static bool read_moment(const json_t *object, const char *name, struct jwt_clock clock,
                        int64_t *run_ns)
{
    const json_t *value = json_object_get(object, name);
    double seconds = json_number_value(value);

    if (!json_is_number(value) || !(seconds >= 0 && seconds <= latest_s))
        return false;
    *run_ns = (int64_t)(seconds * 1e6 + 0.5) * 1000 + clock.epoch_ns;
    return true;
}

static bool read_claims(const json_t *payload, struct jwt_clock clock, struct token_claims *claims)
{
    const char *issuer = json_string_value(json_object_get(payload, "iss"));
    uint64_t audience;

    *claims = (struct token_claims){0};
    if (issuer == NULL || strcmp(issuer, "sim") != 0 ||
        !read_number(payload, "sub", 10, "", UINT64_MAX, &claims->user) ||
        !read_number(payload, "sid", 10, "", (UINT64_C(1) << 56) - 1, &claims->session) ||
        !read_number(payload, "aud", 16, "sim-", UINT32_MAX, &audience) ||
        !read_moment(payload, "nbf", clock, &claims->not_before_ns) ||
        !read_moment(payload, "exp", clock, &claims->expires_ns))
        return false;
    claims->audience = (uint32_t)audience;
    return true;
}

static enum token_flaw read_payload(struct span text, struct jwt_clock clock,
                                    struct token_claims *claims)
{
    json_t *payload = read_object(text);
    bool is_read = payload != NULL && read_claims(payload, clock, claims);

    json_decref(payload);
    return is_read ? TOKEN_SOUND : TOKEN_MALFORMED;
}

enum token_flaw jwt_read(struct token_claims *claims, struct token_keys *keys, struct span text,
                         struct jwt_clock clock)
{
    struct parts parts;
    enum token_flaw flaw;

    if (text.length > TOKEN_BYTES_MAX)
        return TOKEN_OVERSIZED;
    if (text.length == 0 || !split(text, &parts))
        return TOKEN_MALFORMED;
    flaw = read_header(parts.header, token_keys_algorithm(keys));
    if (flaw == TOKEN_SOUND)
        flaw = check_signature(keys, &parts);
    if (flaw == TOKEN_SOUND)
        flaw = read_payload(parts.payload, clock, claims);
    return flaw;
}
