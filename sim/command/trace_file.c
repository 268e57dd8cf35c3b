/* trace_file.c — The same run twice more: to find out which requests were the slowest, and to
 * follow those and the first thousand. */
#include "sim/command/trace_file.h"

#include "sim/command/follow.h"
#include "sim/report/trace/trace_report.h"
#include "sim/version.h"

enum { FIRST = 1000 };

int trace_file_open(const struct job *job, FILE **out)
{
    const char *path = job->options->trace_path;

    *out = NULL;
    if (path == NULL)
        return EXIT_AS_EXPECTED;
    if (job->chosen.variants_max > 1)
        return command_misused(&command_run, job->settings,
                               "a trace is of one variant; add --variant NAME",
                               "трасса бывает у одного варианта; добавьте --variant ИМЯ", path);
    *out = fopen(path, "w");
    if (*out == NULL)
        perror(path);
    return *out == NULL ? EXIT_RUNTIME : EXIT_AS_EXPECTED;
}

static bool write_trace(const struct job *job, const struct trace *trace, FILE *out)
{
    const struct trace_report report = {.trace = trace,
                                        .scenario = job->chosen.variants[0],
                                        .seed = job->seed,
                                        .version = SIM_VERSION_TEXT,
                                        .sha256 = job->story->sha256,
                                        .repeat = job->repeat};

    return trace_report_events(&report, out);
}

/* False: no memory, or the file was not all written. */
static bool follow_and_write(const struct job *job, FILE *out)
{
    const struct world_options options = {.seed = job->seed,
                                          .repeat = job->repeat,
                                          .planted = world_planted(job->options->planted),
                                          .is_interrupted = job->is_interrupted,
                                          .uses_plain_heap = job->options->uses_plain_heap};
    const struct scenario *variant = job->chosen.variants[0];
    struct trace_wish wish = {0};
    uint32_t numbers[TRACE_SLOWEST_MAX];
    struct trace trace;
    bool is_written;

    if (!follow(&trace, &wish, variant, &options))
        return false;
    for (uint32_t i = 0; i < trace.slow_max; i++)
        numbers[i] = trace.slow[i].number;
    wish = (struct trace_wish){FIRST, numbers, trace.slow_max};
    trace_close(&trace);
    if (!follow(&trace, &wish, variant, &options))
        return false;
    is_written = write_trace(job, &trace, out);
    trace_close(&trace);
    return is_written;
}

int trace_file_write(const struct job *job, FILE *out, int code)
{
    bool has_run = code != EXIT_RUNTIME && code != EXIT_INTERRUPTED;
    bool is_written = has_run && follow_and_write(job, out);

    is_written = fclose(out) == 0 && is_written;
    if (!is_written)
        fprintf(
            stderr, "sim run: %s: %s\n", job->options->trace_path,
            settings_say(job->settings, "the trace was not all written", "трасса записана не вся"));
    return is_written || !has_run ? code : EXIT_RUNTIME;
}
