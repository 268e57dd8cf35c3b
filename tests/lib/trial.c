/* trial.c — Loads once, runs many. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/engine/replicate.h"
#include "sim/scenario/load_story.h"

struct batch {
    const struct scenario *scenario;
    const struct world_options *options;
    struct result **results;
    uint64_t seed;
};

static void run_one(unsigned job, void *context)
{
    struct batch *batch = context;
    struct world_options options = *batch->options;

    options.seed = batch->seed + job;
    batch->results[job] = calloc(1, sizeof(struct result));
    if (batch->results[job] == NULL || !world_run(batch->scenario, &options, batch->results[job]))
        abort();
}

static const struct scenario *find_variant(const struct story *story, const char *name)
{
    for (uint32_t i = 0; i < story->variants_max; i++)
        if (name[0] == '\0' || strcmp(story->variants[i].variant, name) == 0)
            return &story->variants[i];
    fail_msg("%s has no variant \"%s\"", story->path, name);
    return NULL;
}

static void load(struct story *story, const char *path, const char *const *overrides)
{
    struct problems *problems = problems_open();
    size_t overrides_max = 0;

    while (overrides != NULL && overrides[overrides_max] != NULL)
        overrides_max++;
    if (!story_load(story, path, overrides, overrides_max, problems)) {
        problems_print(problems, stderr, "en");
        fail_msg("%s has faults", path);
    }
    problems_close(problems);
}

void trial_run_with(struct trial *trial, const char *path, const char *const *overrides,
                    const char *variant, uint64_t seed, unsigned seeds,
                    const struct world_options *options)
{
    struct batch batch = {.options = options, .seed = seed};

    load(&trial->story, path, overrides);
    trial->seeds = seeds;
    trial->results = calloc(seeds, sizeof *trial->results);
    assert_non_null(trial->results);
    batch.results = trial->results;
    batch.scenario = find_variant(&trial->story, variant);
    replicate(seeds, replicate_threads(), run_one, &batch);
}

void trial_run(struct trial *trial, const char *path, const char *const *overrides,
               const char *variant, uint64_t seed, unsigned seeds)
{
    const struct world_options ordinary = {0};

    trial_run_with(trial, path, overrides, variant, seed, seeds, &ordinary);
}

void trial_run_text_with(struct trial *trial, const char *yaml, uint64_t seed, unsigned seeds,
                         const struct world_options *options)
{
    char path[] = "/tmp/sim-trial-XXXXXX";
    int descriptor = mkstemp(path);
    size_t length = strlen(yaml);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, yaml, length), length);
    close(descriptor);
    trial_run_with(trial, path, NULL, "", seed, seeds, options);
    unlink(path);
}

void trial_run_text(struct trial *trial, const char *yaml, uint64_t seed, unsigned seeds)
{
    const struct world_options ordinary = {0};

    trial_run_text_with(trial, yaml, seed, seeds, &ordinary);
}

void trial_close(struct trial *trial)
{
    for (unsigned i = 0; i < trial->seeds; i++)
        free(trial->results[i]);
    free(trial->results);
    story_close(&trial->story);
}

struct estimate trial_estimate(const struct trial *trial, const char *metric)
{
    return metric_estimate((const struct result *const *)trial->results, trial->seeds, metric);
}

void trial_holds(const struct trial *trial)
{
    for (unsigned i = 0; i < trial->seeds; i++) {
        const struct result *result = trial->results[i];

        assert_true(result->invariants_checked > 0);
        if (result->invariants_violated > 0)
            fail_msg("seed %llu: %s: %s", (unsigned long long)result->seed, result->breaks[0].name,
                     result->breaks[0].finding);
    }
}
