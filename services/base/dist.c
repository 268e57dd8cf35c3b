/* dist.c — How long, how big.
 *
 * Every shape is driven by the draws of dice.c and by number.h alone, so it is the same bits
 * everywhere. A Pareto amount is the exponential of an exponential, a lognormal one that of a
 * normal; an Erlang time is the sum of its stages, which costs a draw per stage and loses nothing.
 *
 * An empirical distribution is drawn by Walker's alias method: n columns of equal width, each
 * shared by at most two points. The columns are filled in one sweep that needs no memory beside
 * the points: a light point takes what it lacks from the current heavy one, and a heavy point that
 * has thus become light is served at once (Hübschle-Schneider and Sanders, "Parallel weighted
 * random sampling", ACM TOMS 48(3), 2022, section 4.1). */
#include "services/base/dice.h"

#include "services/base/check.h"
#include "services/base/number.h"

static const double stages_max = 10000.0; /* Beyond this it is a constant for all that we ask. */

__extension__ typedef unsigned __int128 wide; /* The one spelling that -Wpedantic lets pass. */

static bool is_light(const struct dist *dist, size_t i, double scale)
{
    return dist->points[i].weight * scale < 1.0;
}

/* The next light (or heavy) point at or after i; points_max when there is none. */
static size_t next_point(const struct dist *dist, size_t i, double scale, bool wants_light)
{
    while (i < dist->points_max && is_light(dist, i, scale) != wants_light)
        i++;
    return i;
}

static void fill_columns(struct dist *dist, double scale)
{
    struct dist_point *points = dist->points;
    size_t light = next_point(dist, 0, scale, true);
    size_t heavy = next_point(dist, 0, scale, false);
    size_t needy = light;

    for (size_t i = 0; i < dist->points_max; i++) {
        points[i].keep = points[i].weight * scale;
        points[i].other = (uint32_t)i;
    }
    /* What rounding leaves over at the end keeps itself as other, and so fills its column. */
    while (needy < dist->points_max && heavy < dist->points_max) {
        points[needy].other = (uint32_t)heavy;
        points[heavy].keep -= 1.0 - points[needy].keep;
        if (points[heavy].keep < 1.0) {
            needy = heavy;
            heavy = next_point(dist, heavy + 1, scale, false);
        } else {
            light = next_point(dist, light + 1, scale, true);
            needy = light;
        }
    }
}

static void init_empirical(struct dist *dist)
{
    double weights = 0.0, sum = 0.0;

    check(dist->points != NULL);
    check(dist->points_max > 0 && dist->points_max <= UINT32_MAX);
    for (size_t i = 0; i < dist->points_max; i++) {
        const struct dist_point *point = &dist->points[i];

        check(point->value >= 0.0 && point->weight >= 0.0);
        weights += point->weight;
        sum += point->weight * point->value;
    }
    check(weights > 0.0);
    dist->mean = sum / weights;
    fill_columns(dist, (double)dist->points_max / weights);
}

static void init_lognormal(struct dist *dist)
{
    double variance = number_log(1.0 + dist->shape * dist->shape); /* Of the logarithm. */

    check(dist->shape >= 0.0);
    dist->a = dist->mean * number_exp(-0.5 * variance);
    dist->b = number_sqrt(variance);
}

void dist_init(struct dist *dist)
{
    check(dist->mean >= 0.0 || dist->kind == DIST_EMPIRICAL);
    switch (dist->kind) {
    case DIST_CONSTANT:
    case DIST_EXPONENTIAL:
        break;
    case DIST_LOGNORMAL:
        init_lognormal(dist);
        break;
    case DIST_ERLANG:
        check(dist->shape >= 1.0 && dist->shape <= stages_max);
        dist->b = (double)number_round(dist->shape);
        dist->a = dist->mean / dist->b;
        break;
    case DIST_PARETO:
        check(dist->shape > 1.0);
        dist->a = dist->mean * (dist->shape - 1.0) / dist->shape;
        dist->b = 1.0 / dist->shape;
        break;
    case DIST_UNIFORM:
        check(dist->shape >= 0.0 && dist->shape <= 1.0);
        dist->a = dist->mean * (1.0 - dist->shape);
        dist->b = dist->mean * 2.0 * dist->shape;
        break;
    case DIST_EMPIRICAL:
        init_empirical(dist);
        break;
    }
}

static double draw_erlang(const struct dist *dist, struct dice *dice)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < (uint32_t)dist->b; i++)
        sum += dice_exponential(dice);
    return dist->a * sum;
}

static double draw_empirical(const struct dist *dist, struct dice *dice)
{
    /* One word chooses both: its upper part the column, what is left over the place in it. */
    wide product = (wide)dice_next(dice) * dist->points_max;
    const struct dist_point *point = &dist->points[(size_t)(product >> 64)];
    double place = (double)(int64_t)((uint64_t)product >> 11) * 0x1p-53;

    return place < point->keep ? point->value : dist->points[point->other].value;
}

double dist_draw(const struct dist *dist, struct dice *dice)
{
    switch (dist->kind) {
    case DIST_CONSTANT:
        return dist->mean;
    case DIST_EXPONENTIAL:
        return dist->mean * dice_exponential(dice);
    case DIST_LOGNORMAL:
        return dist->a * number_exp(dist->b * dice_normal(dice));
    case DIST_ERLANG:
        return draw_erlang(dist, dice);
    case DIST_PARETO:
        return dist->a * number_exp(dist->b * dice_exponential(dice));
    case DIST_UNIFORM:
        return dist->a + dist->b * dice_uniform(dice);
    case DIST_EMPIRICAL:
        return draw_empirical(dist, dice);
    }
    check(false);
    return 0.0;
}

uint64_t dist_draw_ns(const struct dist *dist, struct dice *dice)
{
    return number_round(dist_draw(dist, dice));
}
