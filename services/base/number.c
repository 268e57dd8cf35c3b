/* number.c — Elementary functions from plain arithmetic in a fixed order.
 *
 * Each reduces its argument to a short interval and sums the plain Taylor series there: the
 * coefficients are fractions that anyone can check, at the price of three or four terms more than
 * a fitted polynomial would need. The sums are grouped in pairs (Estrin), so that a processor
 * works on several terms at once; the grouping is written out, so that every compiler does the
 * same roundings. The combination of the terms of the logarithm is fdlibm's (Sun, 1993).
 *
 * The square root works on integers, bit by bit, and is exact by construction. It costs some 80 ns
 * and is meant for constants and reports, not for the event loop. */
#include "services/base/number.h"

#include <float.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles");

#define LN2_HIGH 0x1.62e42fee00000p-1 /* The first 32 bits of log 2: a multiple stays exact. */
#define LN2_LOW 0x1.a39ef35793c76p-33 /* The rest. */
#define ONE_OVER_LN2 0x1.71547652b82fep+0
#define ROUNDER 0x1.8p52 /* Adding it leaves the nearest integer in the low bits. */

static uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2/3 z + 2/5 z^2 + … + 2/23 z^11, for 0 <= z < 0.02944: what log((1+s)/(1-s)) / s has beyond 2,
 * with z = s^2. The first term left out is below 2^-60. */
static double log_series(double z)
{
    double z2 = z * z;
    double z4 = z2 * z2;
    double a = 2.0 / 3 + z * (2.0 / 5) + z2 * (2.0 / 7 + z * (2.0 / 9));
    double b = 2.0 / 11 + z * (2.0 / 13) + z2 * (2.0 / 15 + z * (2.0 / 17));
    double c = 2.0 / 19 + z * (2.0 / 21) + z2 * (2.0 / 23);

    return z * (a + z4 * (b + z4 * c));
}

double number_log(double x)
{
    /* x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2). */
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd);
    uint64_t bits = bits_of(x);
    int64_t k = (int64_t)(bits - root_half) >> 52;
    double f = from_bits(bits - ((uint64_t)k << 52)) - 1.0;
    double s = f / (2.0 + f);
    double half_square = 0.5 * f * f;
    double tail = s * (half_square + log_series(s * s));
    double scale = (double)k;

    return scale * LN2_HIGH - ((half_square - (tail + scale * LN2_LOW)) - f);
}

/* (e^r - 1 - r) / r^2 = 1/2! + r/3! + … + r^11/13!, for |r| <= 0.3466. */
static double exp_series(double r)
{
    double r2 = r * r;
    double r4 = r2 * r2;
    double a = 1.0 / 2 + r * (1.0 / 6) + r2 * (1.0 / 24 + r * (1.0 / 120));
    double b = 1.0 / 720 + r * (1.0 / 5040) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
    double c =
        1.0 / 3628800 + r * (1.0 / 39916800) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800.0));

    return a + r4 * (b + r4 * c);
}

double number_exp(double x)
{
    double k, high, low, r;
    uint64_t exponent;

    if (!(x >= -700.0))
        return 0.0;
    if (x > 700.0)
        return 1e304;
    k = x * ONE_OVER_LN2 + ROUNDER;
    exponent = bits_of(k) << 52; /* The low 12 bits of k, where a double keeps its exponent. */
    k -= ROUNDER;
    high = x - k * LN2_HIGH;
    low = k * LN2_LOW;
    r = high - low;
    r = 1.0 + ((high - r - low) + r * r * exp_series(r) + r);
    return from_bits(bits_of(r) + exponent);
}

double number_pow(double x, double y)
{
    return number_exp(y * number_log(x));
}

double number_sqrt(double x)
{
    const uint64_t fraction_mask = (UINT64_C(1) << 52) - 1;
    uint64_t bits = bits_of(x);
    uint64_t exponent = bits >> 52;
    uint64_t rest = (bits & fraction_mask) | (UINT64_C(1) << 52);
    uint64_t root = 0, sum = 0;

    if (!(x > 0.0) || exponent == 2047)
        return x > 0.0 ? x : 0.0;
    if (exponent == 0) /* Subnormal: scale by an even power of two, exactly. */
        return number_sqrt(x * 0x1p108) * 0x1p-54;
    if (exponent % 2 == 0) /* The true exponent is odd: give one to the fraction. */
        rest *= 2;
    /* Digit by digit: 54 bits of root, the last one for the rounding. */
    for (uint64_t bit = UINT64_C(1) << 53; bit != 0; bit >>= 1) {
        uint64_t has_it; /* All ones when the root has this bit; a branch would guess badly. */

        rest *= 2;
        has_it = (uint64_t)0 - (uint64_t)(sum + bit <= rest);
        rest -= (sum + bit) & has_it;
        sum += 2 * bit & has_it;
        root += bit & has_it;
    }
    /* A root of 53 bits never falls half way, so adding the last bit rounds correctly. */
    root = (root + 1) / 2;
    return from_bits((((exponent + 1023) / 2) << 52) + (root - (UINT64_C(1) << 52)));
}

uint64_t number_round(double x)
{
    uint64_t whole;

    if (!(x > 0.0))
        return 0;
    if (x >= 0x1p63)
        return UINT64_MAX / 2;
    whole = (uint64_t)(int64_t)x;
    return x - (double)(int64_t)whole >= 0.5 ? whole + 1 : whole;
}
