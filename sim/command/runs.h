/* runs.h — Every variant with every seed, on all cores, and their results in order.
 *
 * A run is a variant with a seed. Runs share nothing and finish in any order; their results are
 * read in the order of variants and seeds, so the bits do not depend on the number of threads. */
#ifndef SIM_COMMAND_RUNS_H
#define SIM_COMMAND_RUNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/command/command.h"
#include "sim/measure/metric.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

struct runs {
    const struct scenario *const *variants; /* Borrowed. */
    unsigned variants_max;
    uint64_t seed; /* The first; then seed + 1 … */
    unsigned seeds_max;
    bool varies_chance; /* The seed stays, and chance (world.h) goes up in its place. */
    unsigned threads;
    struct world_options options; /* For all; the seed and the progress are each run's own. */
    const char *lang;
    bool shows_progress;

    struct result **results;          /* [variant * seeds_max + seed]; owned. */
    atomic_uint_fast64_t *reached_ns; /* Virtual time of each run; owned. */
    atomic_bool is_out_of_memory;
};

/* Results are kept until the end, for means and intervals. False, after saying so on stderr, where
 * they are more than limits.memory: before the runs, and not in the middle of them. */
bool runs_fit(const struct runs *runs, const struct settings *settings);

/* Runs them all. False: memory was refused, and nothing is to be reported. */
bool runs_run(struct runs *runs);
void runs_free(struct runs *runs);

/* How many seeds of a variant were begun: all, unless the runs were interrupted. They are the first
 * ones, for runs begin in their order; the results of the others are empty. */
unsigned runs_begun(const struct runs *runs, unsigned variant);

static inline struct result *runs_result(const struct runs *runs, unsigned variant, unsigned seed)
{
    return runs->results[variant * runs->seeds_max + seed];
}

#endif
