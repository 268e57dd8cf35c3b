/* both.c — sim run --both: estimated on the whiteboard, simulated, measured; side by side.
 *
 *     calibrate --> the machine's numbers --laid over--> the story --> theory --> estimate
 *                                                                 \--> world --> simulated
 *                   the story as it is ----------------------------> lab ----> measured
 *
 * The virtual world is given what this machine was measured to do (or --calibration FILE), for it
 * cannot know the price of a hop here; everything else, and who asks what and when, is the same.
 * What a variant says of another machine (a store on a slow core) is left out: the measured run has
 * this one. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/html_output.h"
#include "sim/command/live.h"
#include "sim/command/output.h"
#include "sim/command/places.h"
#include "sim/command/rates.h"
#include "sim/command/runs.h"
#include "sim/engine/replicate.h"
#include "sim/lab/calibrate.h"
#include "sim/report/beside.h"
#include "sim/scenario/load_story.h"
#include "sim/version.h"

struct both {
    const struct job *job;
    char calibration[PATH_MAX];
    bool is_made;       /* The calibration is a file of ours, to be removed. */
    struct story story; /* With the calibration laid over it. */
    const struct scenario *variants[SCENARIO_VARIANTS_MAX];
    struct runs runs;
    struct live live;
    struct theory *theories[SCENARIO_VARIANTS_MAX];
};

/* ---- The machine's numbers ------------------------------------------------------------------- */

static int calibrate_machine(struct both *both)
{
    const struct job *job = both->job;
    struct lab_options options = {.seed = job->seed,
                                  .servers = live_servers(&job->options->live),
                                  .is_interrupted = job->is_interrupted};
    struct calibration calibration;
    char trouble[400];
    enum lab_end end;
    FILE *file;
    int fd;

    for (unsigned v = 0; v < job->chosen.variants_max; v++)
        rates_note(&options.rates, job->chosen.variants[v]);
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
    snprintf(both->calibration, sizeof both->calibration, "/tmp/sim-calibration-XXXXXX.yaml");
    fd = mkstemps(both->calibration, 5);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        perror(both->calibration);
        return EXIT_RUNTIME;
    }
    both->is_made = true;
    calibration_write(file, &calibration);
    return fclose(file) == 0 ? EXIT_AS_EXPECTED : EXIT_RUNTIME;
}

static int find_calibration(struct both *both)
{
    const char *given = both->job->options->calibration;

    if (given == NULL)
        return calibrate_machine(both);
    snprintf(both->calibration, sizeof both->calibration, "%s", given);
    return EXIT_AS_EXPECTED;
}

static int load_calibrated(struct both *both)
{
    const struct options *options = both->job->options;

    return places_load_on(&both->story, &options->named, both->calibration, both->job->settings);
}

/* The chosen variants again, by their names. */
static void choose_calibrated(struct both *both)
{
    for (unsigned v = 0; v < both->job->chosen.variants_max; v++)
        for (uint32_t i = 0; i < both->story.variants_max; i++)
            if (strcmp(both->job->chosen.variants[v]->variant, both->story.variants[i].variant) ==
                0)
                both->variants[v] = &both->story.variants[i];
}

/* ---- Simulated, measured, estimated ---------------------------------------------------------- */

static int simulate(struct both *both)
{
    const struct job *job = both->job;

    both->runs =
        (struct runs){.variants = both->variants,
                      .variants_max = job->chosen.variants_max,
                      .seed = job->seed,
                      .seeds_max = BESIDE_RUNS,
                      .varies_chance = true,
                      .threads = replicate_threads(),
                      .lang = job->settings->lang,
                      .shows_progress = !job->options->is_quiet,
                      .options = {.repeat = job->repeat, .is_interrupted = job->is_interrupted}};
    if (!runs_fit(&both->runs, job->settings))
        return EXIT_LIMIT;
    return runs_run(&both->runs) ? EXIT_AS_EXPECTED : job_no_memory(job->settings);
}

static bool any_violated(const struct both *both)
{
    for (unsigned v = 0; v < both->live.begun; v++) {
        if (both->live.results[v]->invariants_violated > 0)
            return true;
        for (unsigned i = 0; i < BESIDE_RUNS; i++)
            if (runs_result(&both->runs, v, i)->invariants_violated > 0)
                return true;
    }
    return false;
}

/* The page of the measured run, with all three answers in it. */
static bool write_html(const struct both *both, const struct beside *beside)
{
    const struct job *job = both->job;
    struct report_variant of[SCENARIO_VARIANTS_MAX] = {{0}};
    const struct report report = {.story = job->story,
                                  .variants = of,
                                  .variants_max = both->live.begun,
                                  .lang = job->settings->lang,
                                  .version = SIM_VERSION_TEXT,
                                  .repeat = job->repeat};

    for (unsigned v = 0; v < both->live.begun; v++)
        of[v] = live_variant(&both->live, v);
    return html_output_write(job->options, &report, beside);
}

static int report(struct both *both)
{
    const struct job *job = both->job;
    struct beside_variant of[SCENARIO_VARIANTS_MAX];
    struct beside beside = {.story = job->story,
                            .variants = of,
                            .variants_max = both->live.begun,
                            .lang = job->settings->lang,
                            .use_color = output_wants_color(job->options->no_color),
                            .columns = output_columns()};
    struct beside_goals goals;
    bool is_written = true;

    for (unsigned v = 0; v < both->live.begun; v++) {
        const struct lab_report *lab = &both->live.reports[v];

        both->theories[v] = theory_open(both->variants[v]);
        of[v] = (struct beside_variant){.theory = both->theories[v],
                                        .simulated = runs_results(&both->runs, v),
                                        .simulated_max = BESIDE_RUNS,
                                        .measured = both->live.results[v],
                                        .send_lag_p50_ms = lab->send_lag_p50_ms,
                                        .send_lag_p99_ms = lab->send_lag_p99_ms,
                                        .is_void = lab->is_void,
                                        .peak_rps = lab_peak_rate(both->variants[v]),
                                        .servers = lab->servers};
    }
    if (job->json != NULL) {
        beside_json(&beside, job->json);
        is_written = output_flush(job->json, job->options->json_path);
    }
    if (job->json != stdout && !job->options->is_quiet) {
        beside_terminal(&beside, stdout);
        is_written = output_flush(stdout, "sim run") && is_written;
    }
    is_written = write_html(both, &beside) && is_written;
    goals = beside_goals(&beside);
    if (!is_written)
        return EXIT_RUNTIME;
    if (any_violated(both))
        return EXIT_INVARIANT;
    if (atomic_load(job->is_interrupted))
        return EXIT_INTERRUPTED;
    return beside_missed(&goals) == 0 ? EXIT_AS_EXPECTED : EXIT_THRESHOLDS;
}

static void forget(struct both *both)
{
    for (unsigned v = 0; v < both->job->chosen.variants_max; v++)
        theory_close(both->theories[v]);
    if (both->runs.results != NULL)
        runs_free(&both->runs);
    live_free(&both->live);
    story_close(&both->story);
}

static int run_both(struct both *both)
{
    int code = find_calibration(both);

    if (code == EXIT_AS_EXPECTED)
        code = load_calibrated(both);
    if (both->is_made) /* At once: who is killed later leaves nothing. */
        unlink(both->calibration);
    if (code != EXIT_AS_EXPECTED)
        return code;
    choose_calibrated(both);
    code = simulate(both);
    if (code == EXIT_AS_EXPECTED)
        code = live_run(&both->live);
    if (both->live.begun > 0) {
        int said = report(both);

        code = code == EXIT_AS_EXPECTED ? said : code;
    }
    forget(both);
    return code;
}

int job_both(const struct job *job)
{
    struct both *both = calloc(1, sizeof *both);
    int code;

    if (both == NULL)
        return job_no_memory(job->settings);
    both->job = job;
    both->live.job = job;
    code = run_both(both);
    free(both);
    return code;
}
