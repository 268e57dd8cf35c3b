/* fingerprint.c — From the running state to the text that a report prints.
 *
 * The state is laid out byte by byte, least first, so that the text does not depend on the
 * machine's own order. */
#include "sim/engine/fingerprint.h"

#include <stddef.h>

#include "sim/engine/sha256.h"

static void lay_out(unsigned char *bytes, uint64_t word)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> 8 * i);
}

void fingerprint_hex(const struct fingerprint *print, uint64_t count, char hex[65])
{
    unsigned char bytes[24];

    lay_out(bytes, print->low);
    lay_out(bytes + 8, print->high);
    lay_out(bytes + 16, count);
    sha256_hex(bytes, sizeof bytes, hex);
}
