/* partition.c — MurmurHash2 of a number's digits. */
#include "services/base/partition.h"

#include <stddef.h>

#include "services/base/check.h"

enum { DIGITS_MAX = 20, WORD_BYTES = 4 };

static const uint32_t seed = 0x9747b28c, factor = 0x5bd1e995;

/* The digits are the last of the bytes; answers how many. */
static size_t write_digits(unsigned char bytes[static DIGITS_MAX], uint64_t key)
{
    size_t length = 0;

    do {
        bytes[DIGITS_MAX - ++length] = (unsigned char)('0' + key % 10);
        key /= 10;
    } while (key > 0);
    return length;
}

/* Up to four bytes as a number, the first one lowest. */
static uint32_t word_of(const unsigned char *bytes, size_t length)
{
    uint32_t word = 0;

    for (size_t i = length; i > 0; i--)
        word = word << 8 | bytes[i - 1];
    return word;
}

static uint32_t murmur2(const unsigned char *bytes, size_t length)
{
    uint32_t hash = seed ^ (uint32_t)length;

    for (; length >= WORD_BYTES; bytes += WORD_BYTES, length -= WORD_BYTES) {
        uint32_t word = word_of(bytes, WORD_BYTES) * factor;

        word = (word ^ word >> 24) * factor;
        hash = hash * factor ^ word;
    }
    if (length > 0)
        hash = (hash ^ word_of(bytes, length)) * factor;
    hash = (hash ^ hash >> 13) * factor;
    return hash ^ hash >> 15;
}

uint32_t partition_of(uint64_t key, uint32_t partitions)
{
    unsigned char bytes[DIGITS_MAX];
    size_t length = write_digits(bytes, key);

    check(partitions > 0);
    return (murmur2(bytes + DIGITS_MAX - length, length) & INT32_MAX) % partitions;
}
