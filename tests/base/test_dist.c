/* test_dist.c — Every shape: its law, its mean, its bits. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/dice.h"
#include "tests/base/fit.h"

enum { DRAWS = 200000, HASHED = 1000000 };

static double sample[DRAWS];

/* Draws from dist, with each seed, mapped by its distribution function, should be uniform. */
static void hold_to_law(struct dist dist, double (*law)(const struct dist *dist, double x))
{
    dist_init(&dist);
    for (int s = 0; s < FIT_SEEDS; s++) {
        struct dice dice;

        dice_init(&dice, fit_seeds[s], "dist");
        for (int i = 0; i < DRAWS; i++)
            sample[i] = law(&dist, dist_draw(&dist, &dice));
        assert_true(fit_is_uniform(sample, DRAWS));
    }
}

/* Mean and, where it is finite and kind, the deviation sd. */
static void hold_to_moments(struct dist dist, double sd)
{
    double sum = 0.0, squares = 0.0;
    struct dice dice;

    dist_init(&dist);
    dice_init(&dice, 5, "moments");
    for (int i = 0; i < DRAWS; i++) {
        double x = dist_draw(&dist, &dice);

        sum += x;
        squares += (x - dist.mean) * (x - dist.mean);
    }
    assert_true(fabs(sum / DRAWS - dist.mean) <= 4.0 * sd / sqrt(DRAWS) + 1e-9 * dist.mean);
    assert_true(fabs(sqrt(squares / DRAWS) - sd) <= 0.03 * sd);
}

static double law_exponential(const struct dist *dist, double x)
{
    return -expm1(-x / dist->mean);
}

static double law_lognormal(const struct dist *dist, double x)
{
    double variance = log1p(dist->shape * dist->shape);

    return 0.5 * erfc(-(log(x / dist->mean) + variance / 2) / sqrt(2.0 * variance));
}

static double law_erlang_three(const struct dist *dist, double x)
{
    double y = 3.0 * x / dist->mean;

    return 1.0 - exp(-y) * (1.0 + y + y * y / 2.0);
}

static double law_pareto(const struct dist *dist, double x)
{
    double scale = dist->mean * (dist->shape - 1.0) / dist->shape;

    return 1.0 - pow(scale / x, dist->shape);
}

static double law_uniform(const struct dist *dist, double x)
{
    return (x / dist->mean - 1.0 + dist->shape) / (2.0 * dist->shape);
}

static void a_constant_is_constant_and_draws_nothing(void **state)
{
    struct dist dist = {.kind = DIST_CONSTANT, .mean = 5e6};
    struct dice dice, untouched;

    (void)state;
    dist_init(&dist);
    dice_init(&dice, 1, "constant");
    untouched = dice;
    assert_true(dist_draw(&dist, &dice) == 5e6);
    assert_int_equal(dist_draw_ns(&dist, &dice), 5000000);
    assert_memory_equal(&dice, &untouched, sizeof dice);
}

static void exponential_amounts_follow_their_law(void **state)
{
    struct dist dist = {.kind = DIST_EXPONENTIAL, .mean = 2e6};

    (void)state;
    hold_to_law(dist, law_exponential);
    hold_to_moments(dist, 2e6);
}

static void lognormal_amounts_follow_their_law(void **state)
{
    struct dist dist = {.kind = DIST_LOGNORMAL, .mean = 3e6, .shape = 0.7};

    (void)state;
    hold_to_law(dist, law_lognormal);
    hold_to_moments(dist, 0.7 * 3e6);
}

static void erlang_amounts_follow_their_law(void **state)
{
    struct dist dist = {.kind = DIST_ERLANG, .mean = 9.0, .shape = 3.0};

    (void)state;
    hold_to_law(dist, law_erlang_three);
    hold_to_moments(dist, 9.0 / sqrt(3.0));
}

static void pareto_amounts_follow_their_law(void **state)
{
    struct dist heavy = {.kind = DIST_PARETO, .mean = 100.0, .shape = 1.2};
    struct dist light = {.kind = DIST_PARETO, .mean = 100.0, .shape = 6.0};

    (void)state;
    hold_to_law(heavy, law_pareto);
    hold_to_law(light, law_pareto);
    hold_to_moments(light, 100.0 / sqrt(24.0)); /* mean / sqrt(alpha (alpha - 2)) */
}

static void uniform_amounts_follow_their_law(void **state)
{
    struct dist dist = {.kind = DIST_UNIFORM, .mean = 10.0, .shape = 0.5};

    (void)state;
    hold_to_law(dist, law_uniform);
    hold_to_moments(dist, 5.0 / sqrt(3.0));
}

static void shapes_without_spread_are_constant(void **state)
{
    struct dist lognormal = {.kind = DIST_LOGNORMAL, .mean = 8.0};
    struct dist uniform = {.kind = DIST_UNIFORM, .mean = 8.0};
    struct dist nothing = {.kind = DIST_LOGNORMAL, .mean = 0.0, .shape = 1.0};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "flat");
    dist_init(&lognormal);
    dist_init(&uniform);
    dist_init(&nothing);
    assert_true(dist_draw(&lognormal, &dice) == 8.0);
    assert_true(dist_draw(&uniform, &dice) == 8.0);
    assert_int_equal(dist_draw_ns(&nothing, &dice), 0);
}

static void hold_to_weights(struct dist_point *points, size_t length)
{
    struct dist dist = {.kind = DIST_EMPIRICAL, .points = points, .points_max = length};
    uint64_t counts[64] = {0};
    double shares[64], weights = 0.0;
    struct dice dice;

    dist_init(&dist);
    dice_init(&dice, 3, "weights");
    for (size_t i = 0; i < length; i++)
        weights += points[i].weight;
    for (size_t i = 0; i < length; i++)
        shares[i] = points[i].weight / weights;
    for (int i = 0; i < DRAWS; i++)
        counts[(size_t)dist_draw(&dist, &dice)]++;
    assert_true(fit_has_shares(counts, shares, length));
}

static void empirical_values_come_by_their_weights(void **state)
{
    struct dist_point falling[64], rising[64], one[1] = {{.value = 0.0, .weight = 3.0}};
    struct dist_point few[3] = {{.value = 0.0, .weight = 1.0},
                                {.value = 1.0, .weight = 1.0},
                                {.value = 2.0, .weight = 98.0}};

    (void)state;
    for (int i = 0; i < 64; i++) {
        falling[i] = (struct dist_point){.value = i, .weight = 100.0 / (i + 1)};
        rising[i] = (struct dist_point){.value = i, .weight = 1.0 + i * i};
    }
    hold_to_weights(falling, 64);
    hold_to_weights(rising, 64);
    hold_to_weights(few, 3);
    struct dist dist = {.kind = DIST_EMPIRICAL, .points = one, .points_max = 1};
    dist_init(&dist);
    assert_true(dist.mean == 0.0);
}

static void the_mean_of_an_empirical_distribution_is_worked_out(void **state)
{
    struct dist_point points[2] = {{.value = 10.0, .weight = 3.0}, {.value = 50.0, .weight = 1.0}};
    struct dist dist = {.kind = DIST_EMPIRICAL, .points = points, .points_max = 2};

    (void)state;
    hold_to_moments(dist, sqrt(300.0));
    dist_init(&dist);
    assert_true(dist.mean == 20.0);
}

static void times_are_rounded_and_saturate(void **state)
{
    struct dist half = {.kind = DIST_CONSTANT, .mean = 2.5};
    struct dist endless = {.kind = DIST_CONSTANT, .mean = 1e30};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "ns");
    dist_init(&half);
    dist_init(&endless);
    assert_int_equal(dist_draw_ns(&half, &dice), 3);
    assert_int_equal(dist_draw_ns(&endless, &dice), UINT64_MAX / 2);
}

static uint64_t hash_draws(struct dist dist)
{
    struct dice dice;
    uint64_t hash = 0;

    dist_init(&dist);
    dice_init(&dice, 42, "bits");
    for (int i = 0; i < HASHED; i++)
        hash = fit_stir(hash, dist_draw(&dist, &dice));
    return hash;
}

static void a_million_draws_have_the_same_bits_everywhere(void **state)
{
    static const uint64_t hashes[] = {
        [DIST_CONSTANT] = UINT64_C(0x1e803a774c4def22),
        [DIST_EXPONENTIAL] = UINT64_C(0xe7f401abbb40b453),
        [DIST_LOGNORMAL] = UINT64_C(0x6577acf12d11228),
        [DIST_ERLANG] = UINT64_C(0x5333928e5a6a920f),
        [DIST_PARETO] = UINT64_C(0x156e3ecdd959c796),
        [DIST_UNIFORM] = UINT64_C(0x9b2a0e810976b3c5),
        [DIST_EMPIRICAL] = UINT64_C(0xf219272874a6759b),
    };
    static const double shapes[] = {0.0, 0.0, 0.7, 3.0, 1.5, 0.5, 0.0};
    struct dist_point points[3] = {{.value = 1.0, .weight = 0.1},
                                   {.value = 2.0, .weight = 0.7},
                                   {.value = 3.0, .weight = 0.3}};

    (void)state;
    for (size_t kind = 0; kind < sizeof hashes / sizeof hashes[0]; kind++) {
        struct dist dist = {.kind = (enum dist_kind)kind,
                            .mean = 1234567.0,
                            .shape = shapes[kind],
                            .points = points,
                            .points_max = 3};

        assert_int_equal(hash_draws(dist), hashes[kind]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_is_constant_and_draws_nothing),
        cmocka_unit_test(exponential_amounts_follow_their_law),
        cmocka_unit_test(lognormal_amounts_follow_their_law),
        cmocka_unit_test(erlang_amounts_follow_their_law),
        cmocka_unit_test(pareto_amounts_follow_their_law),
        cmocka_unit_test(uniform_amounts_follow_their_law),
        cmocka_unit_test(shapes_without_spread_are_constant),
        cmocka_unit_test(empirical_values_come_by_their_weights),
        cmocka_unit_test(the_mean_of_an_empirical_distribution_is_worked_out),
        cmocka_unit_test(times_are_rounded_and_saturate),
        cmocka_unit_test(a_million_draws_have_the_same_bits_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
