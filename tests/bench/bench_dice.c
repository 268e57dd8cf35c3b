/* bench_dice.c — What a draw costs.
 *
 * Each line is the median over repeated runs of a million draws, in nanoseconds per draw, two
 * calls and the loop included (the first line is nearly all that). Usage: bench_dice [repeats] */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "services/base/check.h"
#include "services/base/dice.h"
#include "services/base/number.h"

enum { REPEATS_MAX = 99, DRAWS = 1000000, POINTS = 1000 };

static struct dice dice;
static struct dist dist;
static struct dist_point points[POINTS];
static struct zipf zipf;

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static double draw_word(void)
{
    return (double)(dice_next(&dice) >> 63);
}

static double draw_below(void)
{
    return (double)dice_below(&dice, 1000);
}

static double draw_uniform(void)
{
    return dice_uniform(&dice);
}

static double draw_exponential(void)
{
    return dice_exponential(&dice);
}

static double draw_normal(void)
{
    return dice_normal(&dice);
}

static double draw_dist(void)
{
    return (double)dist_draw_ns(&dist, &dice);
}

static double draw_zipf(void)
{
    return (double)zipf_draw(&zipf, &dice);
}

static double take_log(void)
{
    return number_log(dice_uniform(&dice) + 0x1p-60);
}

static double take_exp(void)
{
    return number_exp(dice_uniform(&dice));
}

static double take_sqrt(void)
{
    return number_sqrt(dice_uniform(&dice));
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void time_draws(const char *name, double (*draw)(void), int repeats)
{
    double runs[REPEATS_MAX];
    double sum = 0.0;

    dice_init(&dice, 1, "bench");
    for (int r = 0; r < repeats; r++) {
        uint64_t started_ns = now_ns();

        for (int i = 0; i < DRAWS; i++)
            sum += draw();
        runs[r] = (double)(now_ns() - started_ns) / DRAWS;
    }
    qsort(runs, (size_t)repeats, sizeof *runs, compare);
    check(sum > -1e300); /* The sum is used, so the draws are made. */
    printf("%-28s %6.1f\n", name, runs[repeats / 2]);
}

static void time_dist(const char *name, enum dist_kind kind, double shape, int repeats)
{
    for (int i = 0; i < POINTS; i++)
        points[i] = (struct dist_point){.value = i, .weight = 1.0 + i % 17};
    dist = (struct dist){
        .kind = kind, .mean = 1e6, .shape = shape, .points = points, .points_max = POINTS};
    dist_init(&dist);
    time_draws(name, draw_dist, repeats);
}

static void time_zipf(const char *name, uint64_t n, double s, int repeats)
{
    zipf_init(&zipf, n, s);
    time_draws(name, draw_zipf, repeats);
}

int main(int argc, char **argv)
{
    int repeats = argc > 1 ? atoi(argv[1]) : 15;

    repeats = repeats < 1 ? 1 : repeats > REPEATS_MAX ? REPEATS_MAX : repeats;
    printf("ns per draw, median of %d\n", repeats);
    time_draws("64 bits", draw_word, repeats);
    time_draws("below 1000", draw_below, repeats);
    time_draws("uniform", draw_uniform, repeats);
    time_draws("exponential", draw_exponential, repeats);
    time_draws("normal", draw_normal, repeats);
    time_dist("exponential, ns", DIST_EXPONENTIAL, 0.0, repeats);
    time_dist("lognormal, ns", DIST_LOGNORMAL, 0.5, repeats);
    time_dist("erlang of 4, ns", DIST_ERLANG, 4.0, repeats);
    time_dist("pareto, ns", DIST_PARETO, 2.5, repeats);
    time_dist("uniform, ns", DIST_UNIFORM, 0.5, repeats);
    time_dist("empirical of 1000, ns", DIST_EMPIRICAL, 0.0, repeats);
    time_zipf("zipf 1.1 of 1e4", 10000, 1.1, repeats);
    time_zipf("zipf 1.0 of 1e6", 1000000, 1.0, repeats);
    time_zipf("zipf 0.8 of 1e6", 1000000, 0.8, repeats);
    time_draws("logarithm of a uniform", take_log, repeats);
    time_draws("exponential of a uniform", take_exp, repeats);
    time_draws("root of a uniform", take_sqrt, repeats);
    return 0;
}
