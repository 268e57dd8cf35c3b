/* beside.h — Three answers side by side: what the whiteboard estimated, virtual time simulated and
 * real processes measured; and how far the simulation was from what was measured.
 *
 *                              estimate   simulated   measured       error
 *     throughput                  400/s       399/s      398/s     ✓ +0.3%
 *     latency p50                     –      8.1 ms     9.3 ms      ≈ −13%
 *     latency p95                     –     31.2 ms    33.0 ms     ✓ −5.4%
 *     utilisation, delivery       66.7%       66.9%      64.1%    ✓ +2.8 pp
 *
 * Simulated is the mean of several runs with the same people and other luck (chance in world.h),
 * for a measured run has one luck of many, too; and they may have been given what the machine was
 * like at several times. The error is of the simulated against the measured:
 * in percent of what was measured, or, for what is a share already, in points. Goals: throughput
 * and goodput within 5 %, p50 within 10 %, p95 within 20 %, utilisation within 5 points. The rest
 * is shown and has none.
 *
 * A goal is held (✓), missed (✗), or not held by chance (≈): where the measured lies between the
 * least and the most of the simulated runs, one run cannot tell it from them. Were it one of them,
 * it would lie there with probability (n - 1)/(n + 1), whatever the distribution: 95 % for 39.
 *
 * A measurement that cannot be believed is not judged: the driver sent too late, the scenario asks
 * for more than two cores can serve or really computes on all there are, or one of the two runs is
 * a part of one. What is void is said,
 * and its figures stand there all the same. */
#ifndef SIM_REPORT_BESIDE_H
#define SIM_REPORT_BESIDE_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/measure/result.h"
#include "sim/report/page.h"
#include "sim/theory/theory.h"

/* Requests per second at the peak, above which two cores measure themselves. */
enum { BESIDE_RATE_MAX = 1500 };

enum { BESIDE_RUNS = 39 }; /* Simulated for each measured one. */

struct beside_variant {
    const struct theory *theory;           /* NULL: not estimated. */
    const struct result *const *simulated; /* [0]: of the seed's own luck; its course is drawn. */
    unsigned simulated_max;                /* At least 1. */
    const struct result *measured;
    double send_lag_p50_ms, send_lag_p99_ms; /* Of the driver, behind the intended instants. */
    bool is_void;                            /* The send lag was over 2 ms at its p99. */
    double peak_rps;                         /* The highest rate that the scenario asks for. */
    bool lacks_core;                         /* What it really computes takes all of them. */
    const char *servers;                     /* What was measured on; "" or NULL: not said. */
};

struct beside { /* All borrowed. */
    const struct story *story;
    const struct beside_variant *variants;
    unsigned variants_max;
    const char *lang; /* "en" or "ru" */
    bool use_color;
    unsigned columns; /* Width of the terminal; 0: unknown, 100. */
};

void beside_terminal(const struct beside *beside, FILE *out);
void beside_print(struct page *page, const struct beside *beside); /* The same on any page. */

/* One document, described in beside.schema.json. */
void beside_json(const struct beside *beside, FILE *out);

/* How many goals there were, how many held and how many did not by chance, over all variants that
 * are judged. */
struct beside_goals {
    unsigned held, by_chance, of, variants_judged;
};
struct beside_goals beside_goals(const struct beside *beside);

static inline unsigned beside_missed(const struct beside_goals *goals)
{
    return goals->of - goals->held - goals->by_chance;
}

#endif
