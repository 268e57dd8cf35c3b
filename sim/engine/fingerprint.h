/* fingerprint.h — One number for a whole history.
 *
 * Inside the engine. Each fact is stirred into 128 bits by an exclusive or, a multiplication by an
 * odd constant and a fold of the upper half onto the lower. Every step can be undone when the fact
 * is known, so two histories that once differ can meet again only by a later difference: by
 * chance, about once in 2^128. It guards against mistakes, not against forgers. At the end the
 * state and the count go through SHA-256, for a text of the usual shape.
 *
 * A fact costs 1 to 2 ns, and none of it is on the way to the next event. */
#ifndef SIM_ENGINE_FINGERPRINT_H
#define SIM_ENGINE_FINGERPRINT_H

#include <stdint.h>

__extension__ typedef unsigned __int128 fingerprint_bits; /* -Wpedantic lets this spelling pass. */

struct fingerprint {
    uint64_t low, high;
};

static inline void fingerprint_init(struct fingerprint *print)
{
    /* The first bits of the fractions of the square roots of 2 and 3. */
    print->low = UINT64_C(0x6a09e667f3bcc908);
    print->high = UINT64_C(0xbb67ae8584caa73b);
}

/* kind keeps facts of different sorts apart: an event's is its tag, below 2^32. */
static inline void fingerprint_fold(struct fingerprint *print, uint64_t fact, uint64_t kind)
{
    const uint64_t factor = UINT64_C(0xda942042e4dd58b5); /* Of PCG64 (O'Neill): good spectra. */
    fingerprint_bits bits = (fingerprint_bits)(print->high ^ kind) << 64 | (print->low ^ fact);

    bits *= factor;
    print->high = (uint64_t)(bits >> 64);
    print->low = (uint64_t)bits ^ print->high;
}

/* hex: 64 digits and the final zero. */
void fingerprint_hex(const struct fingerprint *print, uint64_t count, char hex[65]);

#endif
