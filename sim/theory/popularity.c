/* popularity.c — Sums over buckets. The borders are the same for every load, so that loads can be
 * added bucket by bucket. */
#include "sim/theory/popularity.h"

#include <math.h>
#include <string.h>

static double border(unsigned bucket)
{
    if (bucket <= POPULARITY_SINGLES)
        return 1.0 + bucket;
    return floor((1 + POPULARITY_SINGLES) * pow(1.05, bucket - POPULARITY_SINGLES));
}

/* The sum of i^-s from `from` up to and without `to`. */
static double mass(double from, double to, double s)
{
    if (to - from <= 1)
        return pow(from, -s);
    if (fabs(s - 1) < 1e-9)
        return log((to - 0.5) / (from - 0.5));
    return (pow(to - 0.5, 1 - s) - pow(from - 0.5, 1 - s)) / (1 - s);
}

void popularity_init(struct popularity *popularity)
{
    memset(popularity, 0, sizeof *popularity);
}

void popularity_add(struct popularity *popularity, const struct keys_spec *spec, double rate)
{
    double n = spec->dist == KEYS_CONSTANT || spec->n == 0 ? 1 : (double)spec->n;
    double s = spec->dist == KEYS_ZIPF ? spec->s : 0, all = 0;
    double masses[POPULARITY_BUCKETS] = {0};

    for (unsigned b = 0; b < POPULARITY_BUCKETS && border(b) <= n; b++)
        all += masses[b] = mass(border(b), fmin(border(b + 1), n + 1), s);
    for (unsigned b = 0; b < POPULARITY_BUCKETS && border(b) <= n; b++) {
        double keys = fmin(border(b + 1), n + 1) - border(b);
        double most = fmax(keys, popularity->keys[b]);

        popularity->rate[b] *= popularity->keys[b] / most;
        popularity->rate[b] += rate * masses[b] / all / most;
        popularity->keys[b] = most;
    }
    popularity->total += rate;
}

double popularity_top(const struct popularity *popularity)
{
    return popularity->total > 0 ? popularity->rate[0] / popularity->total : 0;
}

double popularity_distinct(const struct popularity *popularity, double n)
{
    double distinct = 0;

    for (unsigned b = 0; b < POPULARITY_BUCKETS && popularity->total > 0; b++)
        distinct -= popularity->keys[b] *
                    expm1(n * log1p(-fmin(popularity->rate[b] / popularity->total, 1 - 1e-12)));
    return distinct;
}

double popularity_hits_ttl(const struct popularity *popularity, double ttl)
{
    double hits = 0;

    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++) {
        double asks = popularity->rate[b] * ttl;

        hits += popularity->keys[b] * popularity->rate[b] * asks / (1 + asks);
    }
    return popularity->total > 0 ? hits / popularity->total : 0;
}

static double keys_in(const struct popularity *popularity, double age)
{
    double keys = 0;

    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++)
        keys -= popularity->keys[b] * expm1(-popularity->rate[b] * age);
    return keys;
}

static double bytes_in(const struct kept *kept, unsigned n, double age)
{
    double bytes = 0;

    for (unsigned i = 0; i < n; i++)
        bytes += kept[i].bytes * keys_in(kept[i].touches, fmin(age, kept[i].life));
    return bytes;
}

double popularity_lru_age(const struct kept *kept, unsigned n, double room)
{
    double low = 0, high = 1e-3;

    while (high < 1e12 && bytes_in(kept, n, high) < room)
        high *= 2;
    for (unsigned i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (bytes_in(kept, n, middle) < room)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double popularity_hits_lru(const struct popularity *asks, const struct popularity *touches,
                           double age)
{
    double hits = 0;

    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++)
        hits -= asks->keys[b] * asks->rate[b] * expm1(-touches->rate[b] * age);
    return asks->total > 0 ? hits / asks->total : 0;
}

double popularity_first_asks(const struct popularity *before, const struct popularity *during)
{
    double first = 0;

    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++)
        first -= during->keys[b] * exp(-before->rate[b]) * expm1(-during->rate[b]);
    return first;
}

double popularity_unheard(const struct popularity *heard, const struct popularity *during)
{
    double unheard = 0;

    for (unsigned b = 0; b < POPULARITY_BUCKETS; b++)
        unheard += during->keys[b] * during->rate[b] * exp(-heard->rate[b]);
    return unheard;
}
