/* zipf.c — Zipf's law by rejection-inversion.
 *
 * Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete
 * distributions", ACM TOMACS 6(3), 1996: draw from the continuous density h(x) = x^-s by
 * inverting its integral H, round, and reject the little that the rounding added. Constant time
 * and memory for any n, and at most a few rejections in a hundred.
 *
 *   H(x) = (x^(1-s) - 1) / (1 - s), which is log x at s = 1
 *
 * Near s = 1 both H and its inverse would divide one rounding error by another; they are written
 * with (e^t - 1) / t and log(1 + t) / t instead, which stay smooth. */
#include "services/base/dice.h"

#include "services/base/check.h"
#include "services/base/number.h"

static const double small = 0x1p-6; /* Below it the series here beat the subtraction. */

/* (e^t - 1) / t */
static double growth(double t)
{
    if (t > -small && t < small)
        return 1.0 + t / 2 * (1.0 + t / 3 * (1.0 + t / 4 * (1.0 + t / 5 * (1.0 + t / 6))));
    return (number_exp(t) - 1.0) / t;
}

/* log(1 + t) / t, t > -1 */
static double decline(double t)
{
    if (t > -small && t < small) {
        double z = t / (2.0 + t);
        double z2 = z * z;

        return (1.0 + z2 * (1.0 / 3 + z2 * (1.0 / 5 + z2 * (1.0 / 7)))) * 2.0 / (2.0 + t);
    }
    return number_log(1.0 + t) / t;
}

static double h(double x, double s)
{
    return number_exp(-s * number_log(x));
}

static double h_integral(double x, double s)
{
    double log_x = number_log(x);

    return log_x * growth((1.0 - s) * log_x);
}

static double h_inverse(double area, double s)
{
    double t = area * (1.0 - s);

    /* The far end of a steep law: rounding may say that nothing, or less, is left beyond. */
    if (t <= -1.0 + 0x1p-52)
        t = -1.0 + 0x1p-52;
    return number_exp(area * decline(t));
}

void zipf_init(struct zipf *zipf, uint64_t n, double s)
{
    check(n > 0 && n <= UINT64_C(1) << 52);
    check(s >= 0.0 && s <= 100.0);
    *zipf = (struct zipf){
        .n = n,
        .s = s,
        .h_first = h_integral(1.5, s) - 1.0,
        .h_last = h_integral((double)n + 0.5, s),
        .accept = 2.0 - h_inverse(h_integral(2.5, s) - h(2.0, s), s),
    };
}

static uint64_t nearest_rank(const struct zipf *zipf, double x)
{
    if (!(x < (double)zipf->n))
        return zipf->n;
    return x < 1.0 ? 1 : number_round(x);
}

uint64_t zipf_draw(const struct zipf *zipf, struct dice *dice)
{
    if (zipf->s <= 0.0)
        return 1 + dice_below(dice, zipf->n);
    for (;;) {
        double area = zipf->h_last + dice_uniform(dice) * (zipf->h_first - zipf->h_last);
        double x = h_inverse(area, zipf->s);
        uint64_t rank = nearest_rank(zipf, x);
        double k = (double)rank;

        /* Near enough above, or in the part of the column that the law owns. */
        if (k - x <= zipf->accept || area >= h_integral(k + 0.5, zipf->s) - h(k, zipf->s))
            return rank;
    }
}
