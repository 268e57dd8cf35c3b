/* twin.c — Measures this machine, lays its numbers over the story, runs it in virtual time. */
#define _GNU_SOURCE
#include "sim/command/twin.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/live.h"
#include "sim/command/places.h"
#include "sim/command/rates.h"
#include "sim/engine/replicate.h"
#include "sim/lab/calibrate.h"
#include "sim/lab/servers.h"
#include "sim/scenario/load_story.h"

/* ---- The machine's numbers ------------------------------------------------------------------- */

static int write_calibration(const struct calibration *calibration, char path[static PATH_MAX])
{
    FILE *file;
    int fd;

    snprintf(path, PATH_MAX, "/tmp/sim-calibration-XXXXXX.yaml");
    fd = mkstemps(path, 5);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        perror(path);
        return EXIT_RUNTIME;
    }
    calibration_write(file, calibration);
    return fclose(file) == 0 ? EXIT_AS_EXPECTED : EXIT_RUNTIME;
}

static int calibrate_machine(const struct job *job, char path[static PATH_MAX])
{
    struct lab_options options = {.seed = job->seed,
                                  .servers = live_servers(&job->options->live),
                                  .is_interrupted = job->is_interrupted};
    struct calibration calibration;
    char trouble[400];
    enum lab_end end;

    for (unsigned v = 0; v < job->chosen.variants_max; v++) {
        rates_note(&options.rates, job->chosen.variants[v]);
        options.parts |= calibrate_parts(job->chosen.variants[v]);
    }
    if (!job->options->is_quiet)
        fprintf(stderr, "%s\n",
                settings_say(job->settings, "  measuring this machine (sim calibrate) …",
                             "  измеряем эту машину (sim calibrate) …"));
    end = calibrate(&options, &calibration, trouble);
    if (end != LAB_DONE && atomic_load(job->is_interrupted))
        return EXIT_INTERRUPTED;
    if (end != LAB_DONE) {
        fprintf(stderr, "sim run --both: %s\n", trouble);
        return end == LAB_DEPENDENCY ? EXIT_DEPENDENCY : EXIT_RUNTIME;
    }
    return write_calibration(&calibration, path);
}

/* ---- The story of this machine --------------------------------------------------------------- */

static int load(struct twin *twin, const struct job *job, const char *calibration)
{
    const struct options *options = job->options;
    const struct lab_servers servers = live_servers(&options->live);
    int code = places_load_on(&twin->story, &options->named, calibration, job->settings);

    for (uint32_t i = 0; i < twin->story.variants_max; i++)
        servers_overrule(&twin->story.variants[i], &servers);
    return code;
}

/* The chosen variants again, by their names. */
static void choose(struct twin *twin, const struct job *job)
{
    for (unsigned v = 0; v < job->chosen.variants_max; v++)
        for (uint32_t i = 0; i < twin->story.variants_max; i++)
            if (strcmp(job->chosen.variants[v]->variant, twin->story.variants[i].variant) == 0)
                twin->variants[v] = &twin->story.variants[i];
}

int twin_open(struct twin *twin, const struct job *job)
{
    const char *given = job->options->calibration;
    char made[PATH_MAX] = "";
    int code;

    twin->job = job;
    code = given == NULL ? calibrate_machine(job, made) : EXIT_AS_EXPECTED;
    if (code == EXIT_AS_EXPECTED)
        code = load(twin, job, given == NULL ? made : given);
    if (made[0] != '\0') /* At once: who is killed later leaves nothing. */
        unlink(made);
    if (code == EXIT_AS_EXPECTED)
        choose(twin, job);
    return code;
}

int twin_simulate(struct twin *twin, unsigned first_chance, unsigned runs_max)
{
    const struct job *job = twin->job;

    twin->runs = (struct runs){.variants = twin->variants,
                               .variants_max = job->chosen.variants_max,
                               .seed = job->seed,
                               .seeds_max = runs_max,
                               .varies_chance = true,
                               .threads = replicate_threads(),
                               .lang = job->settings->lang,
                               .shows_progress = !job->options->is_quiet,
                               .options = {.chance = first_chance,
                                           .repeat = job->repeat,
                                           .is_interrupted = job->is_interrupted}};
    if (!runs_fit(&twin->runs, job->settings))
        return EXIT_LIMIT;
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
