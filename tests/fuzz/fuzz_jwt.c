/* fuzz_jwt.c — Tokens, session ids, bearer headers and grants of an enemy.
 *
 * Whatever is shown, it is read within its bytes, and nothing is believed that we have not signed:
 * the fuzzer has no key. What our key signs with an enemy's header and payload may be believed only
 * as far as it says what a token must. */
#include <stdlib.h>
#include <string.h>

#include "services/live/http/wire_token.h"
#include "services/live/tokens/jwt.h"
#include "services/live/tokens/session_id.h"

static struct token_keys *keys[TOKEN_ALGORITHMS];
static const struct jwt_clock origin = {0};

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void make_keys(void)
{
    struct token_settings settings;

    for (int i = 0; i < TOKEN_ALGORITHMS; i++) {
        check(token_settings_make(&settings, (enum token_algorithm)i));
        keys[i] = token_keys_open(&settings);
        check(keys[i] != NULL);
    }
}

static void judge_token(struct span text)
{
    struct token_claims claims;

    for (int i = 0; i < TOKEN_ALGORITHMS; i++)
        check(jwt_read(&claims, keys[i], text, origin) != TOKEN_SOUND);
    (void)session_id_read(&claims, text, origin);
}

/* Header and payload part at the first line end. */
static void judge_sealed(char *bytes)
{
    char text[TOKEN_BYTES_MAX], again[TOKEN_BYTES_MAX];
    char *payload = strchr(bytes, '\n');
    struct token_claims claims, read;
    size_t length;

    if (payload == NULL)
        return;
    *payload++ = '\0';
    length = jwt_seal(text, keys[TOKEN_HS256], bytes, payload);
    if (length == 0 ||
        jwt_read(&claims, keys[TOKEN_HS256], (struct span){text, length}, origin) != TOKEN_SOUND)
        return;
    check(claims.session < UINT64_C(1) << 56);
    check(claims.expires_ns >= 0 && claims.not_before_ns >= 0);
    length = jwt_write(again, keys[TOKEN_HS256], &claims, origin);
    check(jwt_read(&read, keys[TOKEN_HS256], (struct span){again, length}, origin) == TOKEN_SOUND);
    check(read.user == claims.user && read.session == claims.session &&
          read.audience == claims.audience);
}

static void judge_wire(struct span bytes)
{
    static char text[WIRE_GRANT_MAX];
    const struct http_request request = {.head = bytes};
    struct span one, two;

    if (wire_read_bearer(&request, &one) == WIRE_TOKEN)
        check(one.bytes >= bytes.bytes && one.bytes + one.length <= bytes.bytes + bytes.length);
    if (!wire_read_grant(bytes, &one, &two))
        return;
    check(wire_read_grant((struct span){text, wire_write_grant(text, one, two)}, &one, &two));
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *bytes;

    if (keys[0] == NULL)
        make_keys();
    if (size == 0 || size > UINT16_MAX)
        return 0;
    bytes = malloc(size);
    check(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    bytes[size - 1] = '\0';
    if (data[0] % 3 == 0)
        judge_token((struct span){bytes, size - 1});
    else if (data[0] % 3 == 1)
        judge_wire((struct span){bytes, size - 1});
    else
        judge_sealed(bytes);
    free(bytes);
    return 0;
}
