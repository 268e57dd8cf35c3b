/* test_number.c — Our elementary functions against libm's long doubles, which are right to well
 * beyond the last place of a double. */
#include "tests/lib/test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "services/base/dice.h"
#include "services/base/number.h"

enum { TRIALS = 300000 };

/* How far ours is from the truth, in units of the last place of the truth. */
static double ulps(double ours, long double truth)
{
    double magnitude = fabs((double)truth);
    double unit = nextafter(magnitude, INFINITY) - magnitude;

    return (double)(fabsl((long double)ours - truth) / (long double)unit);
}

/* Any size: a fraction times a power of two. */
static double any_double(struct dice *dice)
{
    return ldexp(1.0 + dice_uniform(dice), (int)dice_below(dice, 2040) - 1020);
}

static void the_logarithm_is_within_a_unit_at_any_size(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "log");
    for (int i = 0; i < TRIALS; i++) {
        double x = any_double(&dice);

        assert_true(ulps(number_log(x), logl(x)) < 1.0);
    }
}

static void the_logarithm_is_within_a_unit_around_one(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 2, "log");
    for (int i = 0; i < TRIALS; i++) {
        double x = 0.5 + 1.5 * dice_uniform(&dice);
        double close = 1.0 + (dice_uniform(&dice) - 0.5) * ldexp(1.0, -(int)dice_below(&dice, 50));

        assert_true(ulps(number_log(x), logl(x)) < 1.0);
        assert_true(close == 1.0 || ulps(number_log(close), logl(close)) < 1.0);
    }
    assert_true(number_log(1.0) == 0.0);
}

static void the_exponential_is_within_a_unit(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "exp");
    for (int i = 0; i < TRIALS; i++) {
        double x = (dice_uniform(&dice) - 0.5) * 1400.0;

        assert_true(ulps(number_exp(x), expl(x)) < 1.0);
        x *= 1e-3;
        assert_true(ulps(number_exp(x), expl(x)) < 1.0);
        x *= 1e-8;
        assert_true(ulps(number_exp(x), expl(x)) < 1.0);
    }
}

static void the_exponential_saturates(void **state)
{
    (void)state;
    assert_true(number_exp(0.0) == 1.0);
    assert_true(number_exp(700.1) == 1e304);
    assert_true(number_exp(1e300) == 1e304);
    assert_true(number_exp(-700.1) == 0.0);
    assert_true(number_exp(-1e300) == 0.0);
}

static void the_power_is_good_to_thirteen_digits(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "pow");
    for (int i = 0; i < TRIALS; i++) {
        double x = 1e6 * dice_uniform(&dice) + 1e-6;
        double y = 40.0 * dice_uniform(&dice) - 20.0;
        long double truth = powl(x, y);

        assert_true(fabsl(number_pow(x, y) - truth) <= 1e-13L * truth);
    }
}

static void the_root_is_rounded_as_ieee_asks(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "sqrt");
    for (int i = 0; i < TRIALS; i++) {
        double x = any_double(&dice);
        double square = floor(1e6 * dice_uniform(&dice));

        assert_true(number_sqrt(x) == sqrt(x));
        assert_true(number_sqrt(square * square) == square);
    }
}

static void the_root_of_odd_numbers_out_is_right_too(void **state)
{
    static const double xs[] = {0.0,
                                1.0,
                                2.0,
                                DBL_MIN,
                                DBL_MAX,
                                DBL_TRUE_MIN,
                                1e-310,
                                0x1.fffffffffffffp+0,
                                0x1.fffffffffffffp-1};

    (void)state;
    for (size_t i = 0; i < sizeof xs / sizeof xs[0]; i++)
        assert_true(number_sqrt(xs[i]) == sqrt(xs[i]));
}

static void rounding_goes_to_the_nearest_and_halves_go_up(void **state)
{
    (void)state;
    assert_int_equal(number_round(0.49999999999999994), 0);
    assert_int_equal(number_round(0.5), 1);
    assert_int_equal(number_round(2.5), 3);
    assert_int_equal(number_round(0x1.fffffffffffffp+52), UINT64_C(0x1fffffffffffff));
    assert_int_equal(number_round(4503599627370495.5), UINT64_C(4503599627370496));
}

static void rounding_saturates(void **state)
{
    (void)state;
    assert_int_equal(number_round(-3.0), 0);
    assert_int_equal(number_round(0.0), 0);
    assert_int_equal(number_round(1e300), UINT64_MAX / 2);
    assert_int_equal(number_round(INFINITY), UINT64_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_logarithm_is_within_a_unit_at_any_size),
        cmocka_unit_test(the_logarithm_is_within_a_unit_around_one),
        cmocka_unit_test(the_exponential_is_within_a_unit),
        cmocka_unit_test(the_exponential_saturates),
        cmocka_unit_test(the_power_is_good_to_thirteen_digits),
        cmocka_unit_test(the_root_is_rounded_as_ieee_asks),
        cmocka_unit_test(the_root_of_odd_numbers_out_is_right_too),
        cmocka_unit_test(rounding_goes_to_the_nearest_and_halves_go_up),
        cmocka_unit_test(rounding_saturates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
