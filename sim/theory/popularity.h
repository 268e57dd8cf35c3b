/* popularity.h — How often each key is asked for: Zipf's law in buckets, and what follows from it.
 *
 * A key's rate is what decides whether a cache has it. The first keys stand alone, the others in
 * buckets that grow by a twentieth and count as equal, so that a sum over 10^9 keys takes
 * microseconds. Key 1 is the hottest of every load; loads of different exponents add up. */
#ifndef SIM_THEORY_POPULARITY_H
#define SIM_THEORY_POPULARITY_H

#include "sim/scenario/scenario.h"

enum { POPULARITY_SINGLES = 256, POPULARITY_BUCKETS = 1100 };

struct popularity {
    double keys[POPULARITY_BUCKETS]; /* In the bucket. */
    double rate[POPULARITY_BUCKETS]; /* Of one of them; any unit of time, or a plain count. */
    double total;                    /* Of all keys. */
};

void popularity_init(struct popularity *popularity);

/* Adds a load that asks `rate` times. */
void popularity_add(struct popularity *popularity, const struct keys_spec *keys, double rate);

/* Share of the hottest key. */
double popularity_top(const struct popularity *popularity);

/* Different keys among n that are drawn. */
double popularity_distinct(const struct popularity *popularity, double n);

/* Share of asks that find their key where it stays `ttl` from the ask that missed it: the sum over
 * keys of p x r ttl / (1 + r ttl), by renewal. Rates per second, ttl in seconds. */
double popularity_hits_ttl(const struct popularity *popularity, double ttl);

/* The same where a key stays until it is not touched for `age`, LRU, with age such that as much is
 * in as there is room for (H. Che, Y. Tung, Z. Wang, IEEE JSAC 20(7), 2002). Keys of several kinds
 * share the room; who asks counts among who touches. Rates per second. */
struct kept {
    const struct popularity *touches; /* Borrowed. */
    double bytes;                     /* Of one key. */
    double life;                      /* Seconds after which it goes in any case; INFINITY. */
};
double popularity_lru_age(const struct kept *kept, unsigned n, double room);
double popularity_hits_lru(const struct popularity *asks, const struct popularity *touches,
                           double age);

/* Asks of a phase that are the first for their key: `before` counts the asks until its begin,
 * `during` those in it. */
double popularity_first_asks(const struct popularity *before, const struct popularity *during);

/* Asks of a phase about keys of which nothing has been heard: `heard` counts what would have
 * made them known, up to the middle of the phase. */
double popularity_unheard(const struct popularity *heard, const struct popularity *during);

#endif
