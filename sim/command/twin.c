/* twin.c — Lays this machine's numbers over a story, runs a variant of it in virtual time. */
#include "sim/command/twin.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/live.h"
#include "sim/command/places.h"
#include "sim/engine/replicate.h"
#include "sim/lab/servers.h"
#include "sim/scenario/load_story.h"

static int load(struct twin *twin, const char *variant, const char *calibration)
{
    const struct options *options = twin->job->options;
    const struct lab_servers servers = live_servers(&options->live);
    int code = places_load_on(&twin->story, &options->named, calibration, twin->job->settings);

    for (uint32_t i = 0; i < twin->story.variants_max; i++) {
        servers_overrule(&twin->story.variants[i], &servers);
        if (strcmp(variant, twin->story.variants[i].variant) == 0)
            twin->variant = &twin->story.variants[i];
    }
    return code;
}

int twin_open(struct twin *twin, const struct job *job, const char *variant,
              const struct machine *machine)
{
    char made[PATH_MAX] = "";
    int code = EXIT_AS_EXPECTED;

    twin->job = job;
    if (machine != NULL)
        code = machine_write(machine, made, sizeof made);
    if (code == EXIT_AS_EXPECTED)
        code = load(twin, variant, machine != NULL ? made : job->options->calibration);
    if (made[0] != '\0') /* At once: who is killed later leaves nothing. */
        unlink(made);
    return code;
}

int twin_simulate(struct twin *twin, unsigned first_chance, unsigned runs_max)
{
    const struct job *job = twin->job;

    twin->runs = (struct runs){.variants = &twin->variant,
                               .variants_max = 1,
                               .seed = job->seed,
                               .seeds_max = runs_max,
                               .varies_chance = true,
                               .threads = replicate_threads(),
                               .lang = job->settings->lang,
                               .shows_progress = !job->options->is_quiet,
                               .options = {.chance = first_chance,
                                           .repeat = job->repeat,
                                           .is_interrupted = job->is_interrupted}};
    if (!runs_run(&twin->runs))
        return job_no_memory(job->settings);
    return atomic_load(job->is_interrupted) ? EXIT_INTERRUPTED : EXIT_AS_EXPECTED;
}

void twin_close(struct twin *twin)
{
    if (twin->runs.results != NULL)
        runs_free(&twin->runs);
    story_close(&twin->story);
}
