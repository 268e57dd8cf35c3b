/* queueing.h — The closed forms of the whiteboard: Erlang, Allen and Cunneen, a gamma's tail.
 *
 * Pure arithmetic. a is the offered load in erlangs (arrival rate x mean service time), c servers,
 * rho = a / c. Times are in any unit, and come back in the same. Variability is that of arrivals
 * (Ca2) and of service (Cs2): variance over squared mean, 1 when exponential, 0 when constant. */
#ifndef SIM_THEORY_QUEUEING_H
#define SIM_THEORY_QUEUEING_H

#include "services/base/dice.h"

/* P(all c are busy) where nobody waits; Erlang's B, by its recursion. */
double erlang_b(unsigned c, double a);

/* P(an arrival waits) of M/M/c; Erlang's C. 1 when a >= c. */
double erlang_c(unsigned c, double a);

/* Mean wait of G/G/c, a < c: Erlang-C's, times (Ca2 + Cs2) / 2 (A. O. Allen, "Probability,
 * Statistics, and Queueing Theory", 2nd ed., 1990, section 5.4.4). Exact for M/M/c and M/G/1. */
double allen_cunneen(unsigned c, double a, double service, double ca2, double cs2);

/* The factor by which arrivals that are more regular than Poisson's shorten that wait further
 * (W. Kraemer and M. Langenbach-Belz, ITC 8, 1976); 1 for Ca2 >= 1. */
double regularity(double rho, double ca2, double cs2);

/* Mean wait where each arrival joins the shorter of two single servers drawn by chance, many
 * servers in all: E[S] (rho^2 + rho^6 + rho^14 + ...) (M. Mitzenmacher, IEEE TPDS 12(10), 2001). */
double two_choices_wait(double rho, double service);

/* M/M/c with `places` to wait: who comes when all are taken is shed. Any a. */
struct finite_line {
    double shed;    /* Share of arrivals. */
    double waiting; /* Share of those let in that wait. */
    double length;  /* Mean number waiting. */
};
struct finite_line finite_line(unsigned c, double a, unsigned places);

/* A line that has too much and whose customers leave when they have waited for so long: how far
 * below that time the wait of the others stays is exponential, with a mean of 1 / x services, x > 0
 * of x = rho (1 - e^-x). Of constant services, rho > 1: work that comes in jumps of one service at
 * rate rho, and goes at rate 1. */
double impatience(double rho);

/* Share of a gamma-distributed time of this mean and variance that is below x, by Wilson and
 * Hilferty's cube root (PNAS 17, 1931): within a hundredth. Where it varies too much for that, a
 * lognormal. Exact enough for what it stands for: an M/M/1's time in system is a gamma's. */
double gamma_below(double x, double mean, double variance);

/* Variance over squared mean of a distribution. A Pareto's is infinite for alpha <= 2, and just
 * above 2 larger than any run shows: `most` at most. All others have theirs, however large. */
double dist_scv(const struct dist *dist, double most);

#endif
