/* test_dice.c — The streams and their plain draws.
 *
 * Three kinds of claims: known answers, fit with the law, and the very bits. The constants of the
 * last kind were the same with gcc and clang, -O0 and -O3, for this processor and for any, and
 * with glibc told to forget FMA and AVX2. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/dice.h"
#include "tests/base/fit.h"

enum { DRAWS = 200000, HASHED = 1000000 };

static double sample[DRAWS];

/* The reference, transcribed from the authors' own xoshiro256plusplus.c as plainly as can be. */
static uint64_t reference_next(uint64_t s[4])
{
    uint64_t sum = s[0] + s[3];
    uint64_t result = ((sum << 23) | (sum >> 41)) + s[0];
    uint64_t t = s[1] << 17;

    s[2] = s[2] ^ s[0];
    s[3] = s[3] ^ s[1];
    s[1] = s[1] ^ s[2];
    s[0] = s[0] ^ s[3];
    s[2] = s[2] ^ t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

static void the_words_are_those_of_xoshiro256_plus_plus(void **state)
{
    /* The first words from the state 1, 2, 3, 4, as other implementations publish them. */
    static const uint64_t known[] = {41943041, 58720359, UINT64_C(3588806011781223),
                                     UINT64_C(3591011842654386), UINT64_C(9228616714210784205)};
    struct dice dice = {.state = {1, 2, 3, 4}};
    uint64_t reference[4] = {1, 2, 3, 4};

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_int_equal(reference_next(reference), known[i]);
        assert_int_equal(dice_next(&dice), known[i]);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(dice_next(&dice), reference_next(reference));
}

static void streams_differ_by_seed_and_by_name_and_repeat_by_both(void **state)
{
    struct dice one, same, other_seed, other_name;
    uint64_t word;

    (void)state;
    dice_init(&one, 1, "load/0");
    dice_init(&same, 1, "load/0");
    dice_init(&other_seed, 2, "load/0");
    dice_init(&other_name, 1, "load/1");
    word = dice_next(&one);
    assert_int_equal(dice_next(&same), word);
    assert_int_not_equal(dice_next(&other_seed), word);
    assert_int_not_equal(dice_next(&other_name), word);
}

static void two_named_streams_have_nothing_in_common(void **state)
{
    struct dice a, b;
    double sum = 0.0;

    (void)state;
    dice_init(&a, 7, "delivery/0");
    dice_init(&b, 7, "delivery/1");
    for (int i = 0; i < DRAWS; i++)
        sum += (dice_uniform(&a) - 0.5) * (dice_uniform(&b) - 0.5) * 12.0;
    assert_true(fabs(sum) < 3.9 * sqrt(DRAWS)); /* Each term has variance 1. */
}

static void uniform_draws_are_uniform_and_below_one(void **state)
{
    (void)state;
    for (int s = 0; s < FIT_SEEDS; s++) {
        struct dice dice;

        dice_init(&dice, fit_seeds[s], "uniform");
        for (int i = 0; i < DRAWS; i++) {
            sample[i] = dice_uniform(&dice);
            assert_true(sample[i] >= 0.0 && sample[i] < 1.0);
        }
        assert_true(fit_is_uniform(sample, DRAWS));
    }
}

static void exponential_draws_are_exponential(void **state)
{
    (void)state;
    for (int s = 0; s < FIT_SEEDS; s++) {
        struct dice dice;

        dice_init(&dice, fit_seeds[s], "exponential");
        for (int i = 0; i < DRAWS; i++)
            sample[i] = -expm1(-dice_exponential(&dice));
        assert_true(fit_is_uniform(sample, DRAWS));
    }
}

static void normal_draws_are_normal(void **state)
{
    (void)state;
    for (int s = 0; s < FIT_SEEDS; s++) {
        struct dice dice;

        dice_init(&dice, fit_seeds[s], "normal");
        for (int i = 0; i < DRAWS; i++)
            sample[i] = 0.5 * erfc(-dice_normal(&dice) / sqrt(2.0));
        assert_true(fit_is_uniform(sample, DRAWS));
    }
}

/* One draw in 2200 lies beyond the base layer's edge at 7.7, one in 4000 beyond 3.65. */
static void the_tails_are_as_heavy_as_they_should_be(void **state)
{
    enum { MANY = 20000000 };
    int far_exponential = 0, farther = 0, far_normal = 0;
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "tail");
    for (int i = 0; i < MANY; i++) {
        double x = dice_exponential(&dice);

        far_exponential += x > 8.0;
        farther += x > 10.0;
        far_normal += fabs(dice_normal(&dice)) > 3.8;
    }
    assert_true(fabs(far_exponential - MANY * exp(-8.0)) < 3.9 * sqrt(MANY * exp(-8.0)));
    assert_true(fabs(farther - MANY * exp(-10.0)) < 3.9 * sqrt(MANY * exp(-10.0)));
    assert_true(fabs(far_normal - MANY * erfc(3.8 / sqrt(2.0))) <
                3.9 * sqrt(MANY * erfc(3.8 / sqrt(2.0))));
}

static void draws_below_a_number_are_even(void **state)
{
    enum { CELLS = 10 };
    uint64_t counts[CELLS] = {0};
    double shares[CELLS];
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "below");
    for (int i = 0; i < DRAWS; i++)
        counts[dice_below(&dice, CELLS)]++;
    for (int i = 0; i < CELLS; i++)
        shares[i] = 1.0 / CELLS;
    assert_true(fit_has_shares(counts, shares, CELLS));
}

/* Taken modulo n, the lower half would come up twice as often as the upper quarter. */
static void draws_below_three_quarters_of_all_words_are_even_too(void **state)
{
    const uint64_t n = UINT64_C(3) << 62;
    uint64_t counts[3] = {0};
    const double shares[3] = {1.0 / 3, 1.0 / 3, 1.0 / 3};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "below");
    for (int i = 0; i < DRAWS; i++)
        counts[dice_below(&dice, n) >> 62]++;
    assert_true(fit_has_shares(counts, shares, 3));
}

static void a_chance_of_zero_never_comes_and_of_one_always(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "chance");
    for (int i = 0; i < 10000; i++) {
        assert_false(dice_chance(&dice, 0.0));
        assert_true(dice_chance(&dice, 1.0));
    }
}

static uint64_t hash_draws(double (*draw)(struct dice *dice))
{
    struct dice dice;
    uint64_t hash = 0;

    dice_init(&dice, 42, "bits");
    for (int i = 0; i < HASHED; i++)
        hash = fit_stir(hash, draw(&dice));
    return hash;
}

static void a_million_draws_have_the_same_bits_everywhere(void **state)
{
    (void)state;
    assert_int_equal(hash_draws(dice_uniform), UINT64_C(0x355dca4998e6fb17));
    assert_int_equal(hash_draws(dice_exponential), UINT64_C(0xb7da2f018613585b));
    assert_int_equal(hash_draws(dice_normal), UINT64_C(0xb6f4bfb9da8a45a6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_are_those_of_xoshiro256_plus_plus),
        cmocka_unit_test(streams_differ_by_seed_and_by_name_and_repeat_by_both),
        cmocka_unit_test(two_named_streams_have_nothing_in_common),
        cmocka_unit_test(uniform_draws_are_uniform_and_below_one),
        cmocka_unit_test(exponential_draws_are_exponential),
        cmocka_unit_test(normal_draws_are_normal),
        cmocka_unit_test(the_tails_are_as_heavy_as_they_should_be),
        cmocka_unit_test(draws_below_a_number_are_even),
        cmocka_unit_test(draws_below_three_quarters_of_all_words_are_even_too),
        cmocka_unit_test(a_chance_of_zero_never_comes_and_of_one_always),
        cmocka_unit_test(a_million_draws_have_the_same_bits_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
