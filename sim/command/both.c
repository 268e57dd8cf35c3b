/* both.c — sim run --both: estimated on the whiteboard, simulated, measured; side by side.
 *
 *     calibrate --> the machine's numbers --laid over--> the story --> theory --> estimate
 *                                                                 \--> world --> simulated
 *                   the story as it is ----------------------------> lab ----> measured
 *     calibrate --> the machine's numbers --laid over--> the story --> world --> simulated
 *
 * A machine is not the same at two times, and the measured runs lie between them: half of the
 * simulated ones have its numbers of before, half those of after. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/command/html_output.h"
#include "sim/command/live.h"
#include "sim/command/output.h"
#include "sim/command/twin.h"
#include "sim/report/beside.h"
#include "sim/version.h"

struct both {
    const struct job *job;
    struct twin before, after; /* The measured runs. */
    struct live live;
    struct theory *theories[SCENARIO_VARIANTS_MAX];
    const struct result *simulated[SCENARIO_VARIANTS_MAX][BESIDE_RUNS];
    unsigned simulated_max;
};

/* The next of all simulated runs of each variant. */
static int simulate(struct both *both, struct twin *twin, unsigned runs_max)
{
    unsigned first = both->simulated_max;
    int code = twin_simulate(twin, first, runs_max);

    if (code != EXIT_AS_EXPECTED)
        return code;
    for (unsigned v = 0; v < both->job->chosen.variants_max; v++)
        for (unsigned i = 0; i < runs_max; i++)
            both->simulated[v][first + i] = runs_result(&twin->runs, v, i);
    both->simulated_max += runs_max;
    return EXIT_AS_EXPECTED;
}

static bool any_violated(const struct both *both)
{
    for (unsigned v = 0; v < both->live.begun; v++) {
        if (both->live.results[v]->invariants_violated > 0)
            return true;
        for (unsigned i = 0; i < both->simulated_max; i++)
            if (both->simulated[v][i]->invariants_violated > 0)
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

        both->theories[v] = theory_open(both->before.variants[v]);
        of[v] = (struct beside_variant){.theory = both->theories[v],
                                        .simulated = both->simulated[v],
                                        .simulated_max = both->simulated_max,
                                        .measured = both->live.results[v],
                                        .send_lag_p50_ms = lab->send_lag_p50_ms,
                                        .send_lag_p99_ms = lab->send_lag_p99_ms,
                                        .is_void = lab->is_void,
                                        .peak_rps = lab_peak_rate(job->chosen.variants[v]),
                                        .lacks_core = lab_lacks_core(job->chosen.variants[v]),
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
    twin_close(&both->before);
    twin_close(&both->after);
    live_free(&both->live);
}

/* A calibration that is given is that of all. */
static int run_both(struct both *both)
{
    bool is_given = both->job->options->calibration != NULL;
    unsigned first = is_given ? BESIDE_RUNS : BESIDE_RUNS - BESIDE_RUNS / 2;
    int code = twin_open(&both->before, both->job);

    if (code == EXIT_AS_EXPECTED)
        code = simulate(both, &both->before, first);
    if (code == EXIT_AS_EXPECTED)
        code = live_run(&both->live);
    if (code == EXIT_AS_EXPECTED && !is_given)
        code = twin_open(&both->after, both->job);
    if (code == EXIT_AS_EXPECTED && !is_given)
        code = simulate(both, &both->after, BESIDE_RUNS - first);
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
