/* sha256.c — A fingerprint of bytes, by OpenSSL: whoever packages us audits one hash, not two. */
#include "sim/engine/sha256.h"

#include <openssl/evp.h>

#include "services/base/check.h"

void sha256_hex(const void *bytes, size_t n, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;

    check(EVP_Digest(bytes, n, digest, &length, EVP_sha256(), NULL) == 1);
    check(length == 32);
    for (unsigned int i = 0; i < length; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = '\0';
}
