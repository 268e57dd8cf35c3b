/* sha256.h — A fingerprint of bytes. */
#ifndef SIM_ENGINE_SHA256_H
#define SIM_ENGINE_SHA256_H

#include <stddef.h>

/* SHA-256 (FIPS 180-4) of n bytes, as 64 small hexadecimal digits and a zero. */
void sha256_hex(const void *bytes, size_t n, char hex[65]);

#endif
