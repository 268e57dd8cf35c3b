/* runs.c — Hands runs to threads and watches how far they are. */
#include "sim/command/runs.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/command/progress.h"
#include "sim/engine/replicate.h"

/* After an interruption no further run is begun. */
static bool must_not_begin(const struct runs *runs)
{
    return runs->options.is_interrupted != NULL && atomic_load(runs->options.is_interrupted);
}

/* The result of a run that was not begun. Its pages stay untouched: there may be thousands. */
static void leave_empty(struct result *result, const struct scenario *variant, uint64_t seed)
{
    result->scenario = variant;
    result->seed = seed;
    result->end = RUN_INTERRUPTED;
}

static void run_one(unsigned job, void *context)
{
    struct runs *runs = context;
    const struct scenario *variant = runs->variants[job / runs->seeds_max];
    struct world_options options = runs->options;
    struct result *result = calloc(1, sizeof *result);

    options.seed = runs->seed + (runs->varies_chance ? 0 : job % runs->seeds_max);
    options.chance += runs->varies_chance ? job % runs->seeds_max : 0;
    options.progress_ns = &runs->reached_ns[job];
    runs->results[job] = result;
    if (result != NULL && must_not_begin(runs))
        leave_empty(result, variant, options.seed);
    else if (result == NULL || !world_run(variant, &options, result))
        atomic_store(&runs->is_out_of_memory, true);
    atomic_store(options.progress_ns, UINT64_MAX);
}

/* How much of all virtual time has been run, 0 … 1. */
static double share_done(void *context)
{
    const struct runs *runs = context;
    double done = 0, all = 0;

    for (unsigned job = 0; job < runs->variants_max * runs->seeds_max; job++) {
        double whole = (double)runs->variants[job / runs->seeds_max]->duration_ns;
        double reached = (double)atomic_load_explicit(&runs->reached_ns[job], memory_order_relaxed);

        all += whole;
        done += reached < whole ? reached : whole;
    }
    return all > 0 ? done / all : 1;
}

bool runs_fit(const struct runs *runs, const struct settings *settings)
{
    uint64_t bytes = (uint64_t)runs->variants_max * runs->seeds_max * sizeof(struct result);
    uint64_t room = runs->variants[0]->limits.memory;

    if (bytes < room)
        return true;
    fprintf(stderr, "sim run: %s: %llu MiB, limits.memory %llu MiB\n",
            settings_say(settings, "the results of so many seeds do not fit",
                         "результаты стольких повторов не поместятся"),
            (unsigned long long)(bytes >> 20), (unsigned long long)(room >> 20));
    return false;
}

bool runs_run(struct runs *runs)
{
    unsigned jobs = runs->variants_max * runs->seeds_max;
    struct progress *progress = NULL;

    runs->results = calloc(jobs, sizeof *runs->results);
    runs->reached_ns = calloc(jobs, sizeof *runs->reached_ns);
    if (runs->results == NULL || runs->reached_ns == NULL)
        return false;
    if (runs->shows_progress)
        progress = progress_open(share_done, runs, runs->lang);
    replicate(jobs, runs->threads, run_one, runs);
    progress_close(progress);
    return !atomic_load(&runs->is_out_of_memory);
}

unsigned runs_begun(const struct runs *runs, unsigned variant)
{
    unsigned begun = 0;

    while (begun < runs->seeds_max && runs_result(runs, variant, begun)->replications > 0)
        begun++;
    return begun;
}

void runs_free(struct runs *runs)
{
    for (unsigned job = 0; runs->results != NULL && job < runs->variants_max * runs->seeds_max;
         job++)
        free(runs->results[job]);
    free(runs->results);
    free(runs->reached_ns);
}
