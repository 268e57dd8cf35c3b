/* session_id.c — Made of chance, read by form. */
#include "services/live/tokens/session_id.h"

#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "services/live/tokens/base64url.h"

enum { USER_AT = 0, END_AT = 8, RANDOM_AT = 16, RANDOM_BYTES = 16, ALL_BYTES = 32 };

static const uint64_t latest_us = UINT64_C(9000000000000000); /* As a token's: the year 2255. */

static uint64_t read_number(const unsigned char *bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static void write_number(unsigned char *bytes, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (56 - 8 * i));
}

static bool claim(const unsigned char bytes[static ALL_BYTES], struct token_claims *claims,
                  struct jwt_clock clock)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    uint64_t end_us = read_number(bytes + END_AT);

    if (end_us > latest_us || EVP_Digest(bytes, ALL_BYTES, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    claims->user = read_number(bytes + USER_AT);
    claims->session = read_number(bytes + RANDOM_AT) >> 8;
    claims->proof = (int64_t)(read_number(digest) >> 1);
    claims->expires_ns = (int64_t)end_us * 1000 + clock.epoch_ns;
    return claims->session != 0;
}

bool session_id_make(char text[static SESSION_ID_LENGTH], struct token_claims *claims,
                     struct jwt_clock clock)
{
    unsigned char bytes[ALL_BYTES];

    write_number(bytes + USER_AT, claims->user);
    write_number(bytes + END_AT, (uint64_t)((claims->expires_ns - clock.epoch_ns) / 1000));
    if (getrandom(bytes + RANDOM_AT, RANDOM_BYTES, 0) != RANDOM_BYTES ||
        !claim(bytes, claims, clock))
        return false;
    base64url_write(text, bytes, sizeof bytes);
    return true;
}

enum token_flaw session_id_read(struct token_claims *claims, struct span text,
                                struct jwt_clock clock)
{
    unsigned char bytes[ALL_BYTES];
    size_t length;

    *claims = (struct token_claims){0};
    if (text.length > TOKEN_BYTES_MAX)
        return TOKEN_OVERSIZED;
    if (text.length != SESSION_ID_LENGTH || !base64url_read(bytes, sizeof bytes, &length, text) ||
        length != ALL_BYTES || !claim(bytes, claims, clock))
        return TOKEN_MALFORMED;
    return TOKEN_SOUND;
}
