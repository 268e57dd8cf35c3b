/* test_zipf.c — Few ranks take most: how often each comes, for steep and flat laws. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/dice.h"
#include "tests/base/fit.h"

enum { DRAWS = 200000, CELLS_MAX = 200 };

/* Ranks 1 … n against k^-s, the last cell taking all from rank CELLS_MAX on. */
static void hold_to_law(uint64_t n, double s, uint64_t seed)
{
    size_t cells = n < CELLS_MAX ? (size_t)n : CELLS_MAX;
    uint64_t counts[CELLS_MAX] = {0};
    double shares[CELLS_MAX] = {0.0}, sum = 0.0;
    struct zipf zipf;
    struct dice dice;

    zipf_init(&zipf, n, s);
    dice_init(&dice, seed, "zipf");
    for (uint64_t k = 1; k <= n; k++) {
        shares[k < cells ? k - 1 : cells - 1] += pow((double)k, -s);
        sum += pow((double)k, -s);
    }
    for (size_t i = 0; i < cells; i++)
        shares[i] /= sum;
    for (int i = 0; i < DRAWS; i++) {
        uint64_t rank = zipf_draw(&zipf, &dice);

        assert_in_range(rank, 1, n);
        counts[rank < cells ? rank - 1 : cells - 1]++;
    }
    assert_true(fit_has_shares(counts, shares, cells));
}

static void hold_all_seeds(uint64_t n, double s)
{
    for (int i = 0; i < FIT_SEEDS; i++)
        hold_to_law(n, s, fit_seeds[i]);
}

static void an_ordinary_law_fits(void **state)
{
    (void)state;
    hold_all_seeds(10000, 1.1);
    hold_all_seeds(10000, 0.8);
}

static void an_exponent_of_one_and_its_neighbours_fit(void **state)
{
    (void)state;
    hold_all_seeds(1000, 1.0);
    hold_all_seeds(1000, 1.0 + 1e-12);
    hold_all_seeds(1000, 1.0 - 1e-7);
    hold_all_seeds(1000, 1.0 + 1e-4);
}

static void an_exponent_of_zero_is_uniform(void **state)
{
    (void)state;
    hold_all_seeds(100, 0.0);
    hold_all_seeds(100, 1e-9);
}

static void steep_laws_fit_as_far_as_they_reach(void **state)
{
    (void)state;
    hold_all_seeds(5, 2.0);
    hold_all_seeds(4, 3.0);
    hold_all_seeds(2, 5.0);
}

static void a_cliff_gives_the_first_rank_alone(void **state)
{
    struct zipf zipf;
    struct dice dice;

    (void)state;
    zipf_init(&zipf, UINT64_C(1) << 40, 100.0);
    dice_init(&dice, 1, "cliff");
    for (int i = 0; i < 100000; i++)
        assert_int_equal(zipf_draw(&zipf, &dice), 1);
}

static void one_rank_is_always_the_first(void **state)
{
    struct zipf zipf;
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "one");
    for (int i = 0; i < 4; i++) {
        zipf_init(&zipf, 1, 0.5 * i);
        assert_int_equal(zipf_draw(&zipf, &dice), 1);
    }
}

/* The mean of log k under k^-1 on 1 … n is near log(n) / 2. */
static void a_thousand_billion_ranks_cost_no_more_than_ten(void **state)
{
    const uint64_t n = UINT64_C(1) << 40;
    struct zipf zipf;
    struct dice dice;
    double sum = 0.0;

    (void)state;
    zipf_init(&zipf, n, 1.0);
    dice_init(&dice, 1, "many");
    for (int i = 0; i < DRAWS; i++)
        sum += log((double)zipf_draw(&zipf, &dice));
    assert_true(fabs(sum / DRAWS / log((double)n) - 0.48) < 0.02);
}

static uint64_t hash_draws(double s)
{
    struct zipf zipf;
    struct dice dice;
    uint64_t hash = 0;

    zipf_init(&zipf, 1000000, s);
    dice_init(&dice, 42, "bits");
    for (int i = 0; i < 1000000; i++)
        hash = fit_stir(hash, (double)zipf_draw(&zipf, &dice));
    return hash;
}

static void a_million_draws_are_the_same_everywhere(void **state)
{
    (void)state;
    assert_int_equal(hash_draws(0.0), UINT64_C(0xbb2aeb73fbff21cc));
    assert_int_equal(hash_draws(0.8), UINT64_C(0x208b9c847bcb4e2a));
    assert_int_equal(hash_draws(1.0), UINT64_C(0xd35c818289b5d047));
    assert_int_equal(hash_draws(1.1), UINT64_C(0x29acce2318b1c0da));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_law_fits),
        cmocka_unit_test(an_exponent_of_one_and_its_neighbours_fit),
        cmocka_unit_test(an_exponent_of_zero_is_uniform),
        cmocka_unit_test(steep_laws_fit_as_far_as_they_reach),
        cmocka_unit_test(a_cliff_gives_the_first_rank_alone),
        cmocka_unit_test(one_rank_is_always_the_first),
        cmocka_unit_test(a_thousand_billion_ranks_cost_no_more_than_ten),
        cmocka_unit_test(a_million_draws_are_the_same_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
