/* arrivals.h — When the next request is meant to come: open arrivals of a rate that changes.
 *
 * The rate is a chain of straight lines (steps and ramps). Arrivals are found by inversion: the
 * next one is where the area under the rate has grown by one unit (constant arrivals) or by an
 * exponential draw of mean 1 (a Poisson process of that rate; Çinlar, "Introduction to Stochastic
 * Processes", 1975, section 4.7). Nothing is thinned, so the same draws serve any rate. */
#ifndef SIM_LOAD_ARRIVALS_H
#define SIM_LOAD_ARRIVALS_H

#include <stdint.h>

#include "services/base/dice.h"
#include "sim/scenario/scenario.h"

enum { ARRIVALS_NEVER_NS = INT64_MAX };

struct rate_piece { /* A straight line over [from_ns, to_ns). Rates are per second. */
    uint64_t from_ns, to_ns;
    double rate_from, rate_to;
    double slope; /* Per second and second. */
};

struct arrivals {
    enum arrivals_kind kind;
    struct dice dice;
    uint64_t at_ns; /* The last one. */
    uint32_t piece, pieces_max;
    struct rate_piece pieces[2 * SCENARIO_PHASES_MAX];
};

/* None come at or after end_ns. */
void arrivals_init(struct arrivals *arrivals, const struct load_spec *spec, uint64_t seed,
                   uint64_t end_ns);

/* The next instant, or ARRIVALS_NEVER_NS. */
uint64_t arrivals_next_ns(struct arrivals *arrivals);

#endif
