/* fingerprint.c — From the running state to the text that a report prints.
 *
 * The state is laid out byte by byte, least first, so that the text does not depend on the
 * machine's own order. */
#include "sim/engine/fingerprint.h"

#include <stddef.h>

#include <openssl/evp.h>

#include "services/base/check.h"

static void lay_out(unsigned char *bytes, uint64_t word)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> 8 * i);
}

void fingerprint_hex(const struct fingerprint *print, uint64_t count, char hex[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[24];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length = 0;

    lay_out(bytes, print->low);
    lay_out(bytes + 8, print->high);
    lay_out(bytes + 16, count);
    check(EVP_Digest(bytes, sizeof bytes, digest, &length, EVP_sha256(), NULL) == 1);
    check(length == 32);
    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = '\0';
}
