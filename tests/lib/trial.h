/* trial.h — Runs a scenario in a test: a file, overrides, seeds, and the figures of the runs. */
#ifndef TESTS_LIB_TRIAL_H
#define TESTS_LIB_TRIAL_H

#include "sim/measure/metric.h"
#include "sim/world/world.h"

struct trial {
    struct story story;
    struct result **results; /* One per seed. */
    unsigned seeds;
};

/* Runs `variant` ("" is the first) with seeds `seed`, seed + 1 … on all cores. The overrides end
 * with NULL. Fails the test, and says why, when the file has faults. */
void trial_run(struct trial *trial, const char *path, const char *const *overrides,
               const char *variant, uint64_t seed, unsigned seeds);

/* The same with other options than the ordinary ones: a planted bug, the plain heap. */
void trial_run_with(struct trial *trial, const char *path, const char *const *overrides,
                    const char *variant, uint64_t seed, unsigned seeds,
                    const struct world_options *options);
/* The same for a scenario that stands in the test itself. */
void trial_run_text(struct trial *trial, const char *yaml, uint64_t seed, unsigned seeds);
void trial_run_text_with(struct trial *trial, const char *yaml, uint64_t seed, unsigned seeds,
                         const struct world_options *options);

void trial_close(struct trial *trial);

/* Mean and 95 % confidence interval of a metric over the seeds. */
struct estimate trial_estimate(const struct trial *trial, const char *metric);

/* Fails the test, and prints what was found, when a run violated an invariant. */
void trial_holds(const struct trial *trial);

#endif
