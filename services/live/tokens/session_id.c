/* session_id.c — Made of chance, read by form. */
#include "services/live/tokens/session_id.h"

#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "services/live/tokens/base64url.h"

enum { USER_BYTES = 8, RANDOM_BYTES = 16, ALL_BYTES = USER_BYTES + RANDOM_BYTES };

static uint64_t big_endian(const unsigned char *bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static bool claim(const unsigned char bytes[static ALL_BYTES], struct token_claims *claims)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(bytes, ALL_BYTES, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    claims->user = big_endian(bytes);
    claims->session = big_endian(bytes + USER_BYTES) >> 8;
    claims->proof = (int64_t)(big_endian(digest) >> 1);
    return claims->session != 0;
}

bool session_id_make(char text[static SESSION_ID_LENGTH], uint64_t user,
                     struct token_claims *claims)
{
    unsigned char bytes[ALL_BYTES];

    for (int i = 0; i < USER_BYTES; i++)
        bytes[i] = (unsigned char)(user >> (56 - 8 * i));
    if (getrandom(bytes + USER_BYTES, RANDOM_BYTES, 0) != RANDOM_BYTES || !claim(bytes, claims))
        return false;
    base64url_write(text, bytes, sizeof bytes);
    return true;
}

enum token_flaw session_id_read(struct token_claims *claims, struct span text)
{
    unsigned char bytes[ALL_BYTES];
    size_t length;

    *claims = (struct token_claims){0};
    if (text.length > TOKEN_BYTES_MAX)
        return TOKEN_OVERSIZED;
    if (text.length != SESSION_ID_LENGTH || !base64url_read(bytes, sizeof bytes, &length, text) ||
        length != ALL_BYTES || !claim(bytes, claims))
        return TOKEN_MALFORMED;
    return TOKEN_SOUND;
}
