/* queueing.c — Each formula in the form that neither overflows nor cancels. */
#include "sim/theory/queueing.h"

#include <math.h>

double erlang_b(unsigned c, double a)
{
    double b = 1;

    for (unsigned i = 1; i <= c; i++)
        b = a * b / (i + a * b);
    return b;
}

double erlang_c(unsigned c, double a)
{
    double b = erlang_b(c, a);

    return a >= c ? 1 : b / (1 - a / c * (1 - b));
}

double allen_cunneen(unsigned c, double a, double service, double ca2, double cs2)
{
    return erlang_c(c, a) * service / (c - a) * (ca2 + cs2) / 2;
}

double regularity(double rho, double ca2, double cs2)
{
    double lack = 1 - ca2;

    if (lack <= 0 || ca2 + cs2 <= 0)
        return 1;
    return exp(-2 * (1 - rho) * lack * lack / (3 * rho * (ca2 + cs2)));
}

double two_choices_wait(double rho, double service)
{
    double sum = 0;

    for (double power = 4; power < 4096; power *= 2)
        sum += pow(rho, power - 2);
    return service * sum;
}

/* Walks the states upwards, keeping the sums to the scale of the largest. */
struct finite_line finite_line(unsigned c, double a, unsigned places)
{
    double weight = 1, all = 1, waiting = c == 0 ? 1 : 0, length = 0;

    for (unsigned n = 1; n <= c + places; n++) {
        weight *= a / (n < c ? n : c);
        all += weight;
        waiting += n >= c ? weight : 0;
        length += n > c ? weight * (n - c) : 0;
        if (all > 1e200) {
            weight /= 1e200;
            all /= 1e200;
            waiting /= 1e200;
            length /= 1e200;
        }
    }
    double let_in = all - weight;

    return (struct finite_line){.shed = weight / all,
                                .waiting = let_in > 0 ? (waiting - weight) / let_in : 0,
                                .length = length / all};
}

double impatience(double rho)
{
    double low = 0, high = rho;

    for (unsigned i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (rho * -expm1(-middle) > middle)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static double normal_below(double z)
{
    return 0.5 * erfc(-z / sqrt(2));
}

double gamma_below(double x, double mean, double variance)
{
    double shape;

    if (x <= 0)
        return 0;
    if (variance <= 1e-12 * mean * mean)
        return x >= mean ? 1 : 0;
    shape = mean * mean / variance;
    if (shape < 0.5) {
        double spread = log(1 + variance / (mean * mean));

        return normal_below((log(x / mean) + spread / 2) / sqrt(spread));
    }
    return normal_below((cbrt(x / mean) - 1 + 1 / (9 * shape)) * 3 * sqrt(shape));
}

static double empirical_scv(const struct dist *dist)
{
    double weights = 0, squares = 0;

    for (size_t i = 0; i < dist->points_max; i++) {
        weights += dist->points[i].weight;
        squares += dist->points[i].weight * dist->points[i].value * dist->points[i].value;
    }
    return squares / weights / (dist->mean * dist->mean) - 1;
}

double dist_scv(const struct dist *dist, double most)
{
    double shape = dist->shape, scv = 0;

    if (dist->mean <= 0)
        return 0;
    switch (dist->kind) {
    case DIST_CONSTANT:
        break;
    case DIST_EXPONENTIAL:
        scv = 1;
        break;
    case DIST_LOGNORMAL:
        scv = shape * shape;
        break;
    case DIST_ERLANG:
        scv = 1 / shape;
        break;
    case DIST_PARETO:
        scv = shape > 2 ? fmin(1 / (shape * (shape - 2)), most) : most;
        break;
    case DIST_UNIFORM:
        scv = shape * shape / 3;
        break;
    case DIST_EMPIRICAL:
        scv = empirical_scv(dist);
        break;
    }
    return scv;
}
