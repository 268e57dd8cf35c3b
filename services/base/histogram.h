/* histogram.h — Latencies in a fixed 40 KB, every value within 1/128 of itself.
 *
 * The log-linear layout of HdrHistogram (Tene): each power of two is cut into 128 equal buckets,
 * so a quantile is off by at most 0.8 %, whatever its size; 0 … 255 ns are exact. Histograms add,
 * and adding is exact, so replications merge without loss.
 *
 *   value      0 … 127   128 … 255   256 … 511   512 … 1023   …   2^44 … 2^45 - 1
 *   buckets    0 … 127   128 … 255   256 … 383   384 … 511    …   4864 … 4991
 *   width         1          1           2            4                2^37
 *
 * Recording is inline: one count of leading zeros, two shifts, no branch: about 2 ns. */
#ifndef SERVICES_BASE_HISTOGRAM_H
#define SERVICES_BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 128, HISTOGRAM_BUCKETS = 128 * 39 }; /* Up to 9 h 46 min in ns. */

#define HISTOGRAM_VALUE_MAX ((UINT64_C(1) << 45) - 1) /* Longer ones share the last bucket. */

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t max_ns;
    unsigned __int128 sum_ns;
};

/* The bucket of a value; the sum and the maximum stay exact beyond the last one. */
static inline uint32_t histogram_bucket(uint64_t value_ns)
{
    uint64_t value = value_ns < HISTOGRAM_VALUE_MAX ? value_ns : HISTOGRAM_VALUE_MAX;
    uint32_t shift = 56u - (uint32_t)__builtin_clzll(value | HISTOGRAM_STEPS);

    return shift * HISTOGRAM_STEPS + (uint32_t)(value >> shift);
}

/* The middle of a bucket, rounded down: for widths of 1 the value itself. */
static inline uint64_t histogram_middle_ns(uint32_t bucket)
{
    uint32_t shift = bucket < 2 * HISTOGRAM_STEPS ? 0 : bucket / HISTOGRAM_STEPS - 1;
    uint64_t low = (uint64_t)(bucket - shift * HISTOGRAM_STEPS) << shift;

    return low + ((UINT64_C(1) << shift) - 1) / 2;
}

static inline void histogram_record(struct histogram *histogram, uint64_t value_ns)
{
    histogram->counts[histogram_bucket(value_ns)]++;
    histogram->total++;
    histogram->sum_ns += value_ns;
    histogram->max_ns = value_ns > histogram->max_ns ? value_ns : histogram->max_ns;
}

void histogram_add(struct histogram *to, const struct histogram *from);

/* q in 0 … 1; 0 when empty. The middle of the bucket that holds the value of rank ceil(q total),
 * at least 1, and never above max; the last value of all exactly. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double q);
double histogram_mean_ns(const struct histogram *histogram); /* Exact; 0 when empty. */

/* The rank that a quantile asks for: ceil(q total), within 1 … total. total > 0. */
uint64_t histogram_rank(uint64_t total, double q);

#endif
