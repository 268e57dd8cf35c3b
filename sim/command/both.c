/* both.c — sim run --both: estimated on the whiteboard, simulated, measured; side by side.
 *
 *     look at the machine --numbers laid over--> a variant --> theory --> estimate
 *                                                       \--> world --> simulated
 *                            the variant as it is ------------> lab ----> measured
 *     look at the machine --numbers laid over--> a variant --> world --> simulated
 *
 * A machine is not the same at two times: half of the simulated runs have its numbers of just
 * before the measured one, half those of just after. The next variant begins with the last look,
 * where that was at what it asks for, too. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/command/html_output.h"
#include "sim/command/live.h"
#include "sim/command/output.h"
#include "sim/command/progress.h"
#include "sim/command/twin.h"
#include "sim/report/beside.h"
#include "sim/version.h"

struct answers { /* To one variant; with live.results the measured ones. */
    struct twin before, after;
    struct theory *theory;
    const struct result *simulated[BESIDE_RUNS];
    unsigned simulated_max;
};

struct both {
    const struct job *job;
    struct timespec began;  /* CLOCK_MONOTONIC. */
    struct machine machine; /* As it was looked at last. */
    struct live live;
    struct answers of[SCENARIO_VARIANTS_MAX];
};

static bool is_violated(const struct result *result)
{
    return result->invariants_violated > 0;
}

static bool is_limited(const struct result *result)
{
    return result->end == RUN_LIMIT;
}

/* Of all that were measured or simulated. */
static bool any_run(const struct both *both, bool (*is)(const struct result *result))
{
    for (unsigned v = 0; v < both->live.begun; v++) {
        if (is(both->live.results[v]))
            return true;
        for (unsigned i = 0; i < both->of[v].simulated_max; i++)
            if (is(both->of[v].simulated[i]))
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
        struct answers *answers = &both->of[v];

        answers->theory = theory_open(answers->before.variant);
        of[v] = (struct beside_variant){.theory = answers->theory,
                                        .simulated = answers->simulated,
                                        .simulated_max = answers->simulated_max,
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
    if (any_run(both, is_violated))
        return EXIT_INVARIANT;
    if (any_run(both, is_limited))
        return EXIT_LIMIT;
    if (atomic_load(job->is_interrupted))
        return EXIT_INTERRUPTED;
    return beside_missed(&goals) == 0 ? EXIT_AS_EXPECTED : EXIT_THRESHOLDS;
}

static void forget(struct both *both)
{
    for (unsigned v = 0; v < both->job->chosen.variants_max; v++) {
        theory_close(both->of[v].theory);
        twin_close(&both->of[v].before);
        twin_close(&both->of[v].after);
    }
    live_free(&both->live);
}

/* A calibration that is given is that of all. */
static bool is_given(const struct both *both)
{
    return both->job->options->calibration != NULL;
}

/* Some of the simulated runs, with the machine as it is now, or as --calibration says. */
static int simulate(struct both *both, unsigned v, struct twin *twin, unsigned runs_max)
{
    struct answers *answers = &both->of[v];
    unsigned first = answers->simulated_max;
    int code = twin_open(twin, both->job, both->job->chosen.variants[v]->variant,
                         is_given(both) ? NULL : &both->machine);

    if (code == EXIT_AS_EXPECTED)
        code = twin_simulate(twin, first, runs_max);
    if (code != EXIT_AS_EXPECTED)
        return code;
    for (unsigned i = 0; i < runs_max; i++)
        answers->simulated[first + i] = runs_result(&twin->runs, 0, i);
    answers->simulated_max += runs_max;
    return EXIT_AS_EXPECTED;
}

static int look(struct both *both, unsigned v)
{
    return machine_look(&both->machine, both->job, both->job->chosen.variants[v]);
}

/* As long as those before it took, so long each of the others will. */
static void announce(const struct both *both, unsigned v)
{
    const struct job *job = both->job;
    unsigned max = job->chosen.variants_max;
    double past_s = progress_seconds_since(&both->began);

    if (job->options->is_quiet || max == 1)
        return;
    fprintf(stderr, settings_say(job->settings, "%s, %u of %u", "%s, %u из %u"),
            job->chosen.variants[v]->variant, v + 1, max);
    if (v > 0)
        fprintf(stderr,
                settings_say(job->settings, "; about %.0f min left", "; осталось около %.0f мин"),
                ceil(past_s / v * (max - v) / 60));
    fprintf(stderr, "\n");
}

static int answer(struct both *both, unsigned v)
{
    unsigned first = is_given(both) ? BESIDE_RUNS : BESIDE_RUNS - BESIDE_RUNS / 2;
    int code = EXIT_AS_EXPECTED;

    announce(both, v);
    if (!is_given(both) && !machine_is_for(&both->machine, both->job->chosen.variants[v]))
        code = look(both, v);
    if (code == EXIT_AS_EXPECTED)
        code = simulate(both, v, &both->of[v].before, first);
    if (code == EXIT_AS_EXPECTED)
        code = live_run(&both->live, v);
    if (code == EXIT_AS_EXPECTED && !is_given(both))
        code = look(both, v);
    if (code == EXIT_AS_EXPECTED && !is_given(both))
        code = simulate(both, v, &both->of[v].after, BESIDE_RUNS - first);
    return code;
}

static int answer_all(struct both *both)
{
    const struct job *job = both->job;
    const struct runs all = {.variants = job->chosen.variants,
                             .variants_max = job->chosen.variants_max,
                             .seeds_max = BESIDE_RUNS};
    int code = runs_fit(&all, job->settings) ? EXIT_AS_EXPECTED : EXIT_LIMIT;

    for (unsigned v = 0; v < job->chosen.variants_max && code == EXIT_AS_EXPECTED; v++)
        code = answer(both, v);
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
    clock_gettime(CLOCK_MONOTONIC, &both->began);
    code = answer_all(both);
    if (both->live.begun > 0) {
        int said = report(both);

        code = code == EXIT_AS_EXPECTED ? said : code;
    }
    forget(both);
    free(both);
    return code;
}
