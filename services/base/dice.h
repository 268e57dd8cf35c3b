/* dice.h — Repeatable chance: one stream per component.
 *
 * A stream is seeded from (seed, component name), so that changing the balancer does not change
 * who arrives when: two designs see the same arrivals (common random numbers). The generator is
 * xoshiro256++ 1.0 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM
 * TOMS 47(4), 2021), seeded through SplitMix64. Every draw is the same bits on any compiler and
 * processor: see number.h. Both worlds and the services use these same streams; dice are the one
 * port that answers at once. */
#ifndef SERVICES_BASE_DICE_H
#define SERVICES_BASE_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state[4];
};

/* name: the component's name, for example "load/0" or "delivery/3". */
void dice_init(struct dice *dice, uint64_t seed, const char *name);

uint64_t dice_next(struct dice *dice);              /* 64 uniform bits. */
double dice_uniform(struct dice *dice);             /* [0, 1), 53 bits. */
uint64_t dice_below(struct dice *dice, uint64_t n); /* 0 … n-1, n > 0, unbiased (Lemire 2019). */
bool dice_chance(struct dice *dice, double p);      /* True with probability p. */
double dice_exponential(struct dice *dice);         /* Mean 1. */
double dice_normal(struct dice *dice);              /* Mean 0, variance 1. */

/* How long, how big: a distribution of non-negative amounts with a given mean. Times are drawn in
 * nanoseconds, amounts of money in minor units. */
enum dist_kind {
    DIST_CONSTANT,
    DIST_EXPONENTIAL,
    DIST_LOGNORMAL, /* shape = coefficient of variation, sd/mean. */
    DIST_ERLANG,    /* shape = k, a whole number of stages. */
    DIST_PARETO,    /* shape = alpha > 1; the scale follows from the mean. */
    DIST_UNIFORM,   /* From mean (1 - shape) to mean (1 + shape), shape in 0 … 1. */
    DIST_EMPIRICAL  /* Values by weight; drawn by Walker's alias method. */
};

struct dist_point {
    double value;   /* Same unit as mean. */
    double weight;  /* Any positive scale. */
    double keep;    /* Set by dist_init. */
    uint32_t other; /* Set by dist_init. */
};

struct dist {
    enum dist_kind kind;
    double mean; /* DIST_EMPIRICAL: worked out by dist_init. */
    double shape;
    double a, b;               /* Constants that dist_init works out once. */
    struct dist_point *points; /* DIST_EMPIRICAL only; lent by the scenario. */
    size_t points_max;
};

/* Works out the constants; call it once, before the first draw. */
void dist_init(struct dist *dist);
double dist_draw(const struct dist *dist, struct dice *dice);
uint64_t dist_draw_ns(const struct dist *dist, struct dice *dice); /* Rounded, saturated. */

/* Zipf over 1 … n with exponent s >= 0 (s = 0 is uniform), by rejection-inversion (Hörmann and
 * Derflinger, ACM TOMACS 6(3), 1996): constant time and memory for any n. */
struct zipf {
    uint64_t n;
    double s;
    double h_first, h_last, accept; /* Constants of the method. */
};

void zipf_init(struct zipf *zipf, uint64_t n, double s);
uint64_t zipf_draw(const struct zipf *zipf, struct dice *dice); /* 1 … n */

#endif
