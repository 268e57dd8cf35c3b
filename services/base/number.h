/* number.h — Logarithm, exponential and power that give the same bits everywhere.
 *
 * glibc picks its log, exp and pow by processor (with and without FMA) and their last bit differs,
 * so one seed would give two histories. These use plain IEEE-754 double arithmetic in a fixed
 * order; with -ffp-contract=off every compiler and processor agrees. Accuracy: within 1 unit in
 * the last place for number_log and number_exp over the ranges below, within 1e-13 relative for
 * number_pow while |y log x| <= 300; the samplers need no more. A logarithm or an exponential costs
 * about 6 ns, the root 80 to 90: it is for constants and reports. */
#ifndef SERVICES_BASE_NUMBER_H
#define SERVICES_BASE_NUMBER_H

#include <stdint.h>

double number_log(double x);           /* x > 0, finite, normal. */
double number_exp(double x);           /* |x| <= 700; beyond it saturates to 0 or 1e304. */
double number_pow(double x, double y); /* x > 0: exp(y log x). */
double number_sqrt(double x);          /* x >= 0, correctly rounded. */
uint64_t number_round(double x);       /* To the nearest integer, halves up; 0 below 0,
                                          UINT64_MAX / 2 above it. */

#endif
