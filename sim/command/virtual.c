/* virtual.c — sim run in virtual time: runs on all cores -> results -> merged -> report. */
#include <stdlib.h>

#include "sim/command/job.h"
#include "sim/command/output.h"
#include "sim/command/runs.h"
#include "sim/engine/replicate.h"
#include "sim/version.h"

/* Variants that an interruption kept from beginning are not reported; they are the last ones. */
static unsigned variants_begun(const struct runs *runs)
{
    unsigned begun = 0;

    while (begun < runs->variants_max && runs_begun(runs, begun) > 0)
        begun++;
    return begun > 0 ? begun : 1;
}

/* False when memory was refused. What is merged belongs to the caller, and where there is one seed
 * nothing is. */
static bool merge(const struct runs *runs, struct report_variant *of)
{
    for (unsigned v = 0; v < runs->variants_max; v++) {
        struct result *const *first = &runs->results[v * runs->seeds_max];
        unsigned begun = runs_begun(runs, v);

        of[v].replications = (const struct result *const *)first;
        of[v].replications_max = begun > 0 ? begun : 1;
        of[v].result = first[0];
        if (begun > 1) {
            struct result *sum = malloc(sizeof *sum);

            if (sum == NULL)
                return false;
            *sum = *first[0];
            for (unsigned i = 1; i < begun; i++)
                result_merge(sum, first[i]);
            of[v].result = sum;
        }
    }
    return true;
}

static void free_merged(const struct runs *runs, struct report_variant *of)
{
    for (unsigned v = 0; v < runs->variants_max; v++)
        if (of[v].result != NULL && of[v].result != runs_result(runs, v, 0))
            free((void *)(uintptr_t)of[v].result);
}

int job_no_memory(const struct settings *settings)
{
    fprintf(stderr, "sim run: %s\n",
            settings_say(settings, "the system refused memory; fewer --threads need less",
                         "система не дала памяти; меньше --threads — меньше памяти"));
    return EXIT_RUNTIME;
}

static int report_runs(const struct job *job, const struct runs *runs)
{
    struct report_variant of[SCENARIO_VARIANTS_MAX] = {{0}};
    struct report report = {.story = job->story,
                            .variants = of,
                            .variants_max = variants_begun(runs),
                            .lang = job->settings->lang,
                            .version = SIM_VERSION_TEXT,
                            .repeat = job->repeat,
                            .use_color = output_wants_color(job->options->no_color),
                            .columns = output_columns()};
    int code = merge(runs, of) ? output_report(&report, job->options, job->json)
                               : job_no_memory(job->settings);

    free_merged(runs, of);
    return code;
}

int job_virtual(const struct job *job)
{
    const struct options *options = job->options;
    struct runs runs = {.variants = job->chosen.variants,
                        .variants_max = job->chosen.variants_max,
                        .seed = job->seed,
                        .seeds_max = options->seeds,
                        .threads = options->threads > 0 ? options->threads : replicate_threads(),
                        .lang = job->settings->lang,
                        .shows_progress = !options->is_quiet,
                        .options = {.repeat = job->repeat,
                                    .planted = world_planted(options->planted),
                                    .is_interrupted = job->is_interrupted,
                                    .uses_plain_heap = options->uses_plain_heap}};
    int code;

    if (!runs_fit(&runs, job->settings))
        return EXIT_LIMIT;
    code = runs_run(&runs) ? report_runs(job, &runs) : job_no_memory(job->settings);
    runs_free(&runs);
    return code;
}
