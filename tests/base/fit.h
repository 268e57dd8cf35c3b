/* fit.h — Does a sample come from the law that it claims?
 *
 * Kolmogorov-Smirnov for continuous laws, Pearson's chi-square for counts. Seeds are fixed, so a
 * verdict never wavers: a threshold is crossed on the day that a sampler changes, or never. The
 * thresholds are those that a right sampler crosses once in ten thousand. */
#ifndef TESTS_BASE_FIT_H
#define TESTS_BASE_FIT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t fit_seeds[] = {1, 2, 3, 42, 1000003, 0xdeadbeef, 0x123456789abcdef};

enum { FIT_SEEDS = sizeof fit_seeds / sizeof fit_seeds[0] };

static inline int fit_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* sample: what should be uniform on 0 … 1 (the law's distribution function of each draw); it is
 * sorted in place. The limit 2.23 is where 2 exp(-2 x^2) falls below 1e-4. */
static inline bool fit_is_uniform(double *sample, size_t n)
{
    double worst = 0.0;

    qsort(sample, n, sizeof *sample, fit_compare);
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, sample[i] - (double)i / (double)n);
        worst = fmax(worst, (double)(i + 1) / (double)n - sample[i]);
    }
    return worst * sqrt((double)n) < 2.23;
}

/* By Wilson and Hilferty: the cube root of chi-square is nearly normal; 3.72 is one in 1e4. */
static inline bool fit_has_shares(const uint64_t *counts, const double *shares, size_t cells)
{
    double n = 0.0, sum = 0.0, free = (double)(cells - 1);

    for (size_t i = 0; i < cells; i++)
        n += (double)counts[i];
    for (size_t i = 0; i < cells; i++) {
        double wanted = n * shares[i];

        sum += ((double)counts[i] - wanted) * ((double)counts[i] - wanted) / wanted;
    }
    return (cbrt(sum / free) - 1.0 + 2.0 / (9.0 * free)) / sqrt(2.0 / (9.0 * free)) < 3.72;
}

/* Stirs the bits of a draw into a running hash. */
static inline uint64_t fit_stir(uint64_t hash, double draw)
{
    uint64_t bits;

    memcpy(&bits, &draw, sizeof bits);
    hash = (hash ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

#endif
