/* live.c — sim run --live: runs variants in the lab and says meanwhile how it goes.
 *
 * One at a time: the machine is small, and two at once would measure each other. */
#include "sim/command/live.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/output.h"
#include "sim/report/beside.h"
#include "sim/version.h"

struct line { /* What is said once a second. */
    const struct job *job;
    const struct scenario *variant;
    bool is_terminal;
    unsigned said;
};

static void tell_second(const struct line *line, const struct lab_progress *progress)
{
    const struct settings *settings = line->job->settings;
    double all_s = (double)line->variant->duration_ns * 1e-9;
    double now_s = (double)progress->now_ns * 1e-9;
    char p99[32] = "–";

    if (!isnan(progress->p99_ms))
        snprintf(p99, sizeof p99, "%.0f", progress->p99_ms);
    if (progress->is_draining)
        fprintf(stderr,
                settings_say(settings, "  draining: lag %llu", "  дорабатываем: отставание %llu"),
                (unsigned long long)progress->lag);
    else
        fprintf(stderr,
                settings_say(settings,
                             "  %s %2.0f/%.0f s: %.0f/s asked, %.0f/s ok, %.0f/s lost, p99 %s ms, "
                             "%u replicas, lag %llu",
                             "  %s %2.0f/%.0f с: запросов %.0f/с, успешно %.0f/с, потеряно %.0f/с, "
                             "p99 %s мс, реплик %u, отставание %llu"),
                line->variant->variant, now_s, all_s, progress->offered_rps, progress->ok_rps,
                progress->failed_rps, p99, progress->replicas, (unsigned long long)progress->lag);
}

/* On a terminal one line that changes; elsewhere one every ten seconds. */
static void progress(void *context, const struct lab_progress *progress)
{
    struct line *line = context;

    line->said++;
    if (line->is_terminal)
        fprintf(stderr, "\r\033[K");
    else if (line->said % 10 != 0)
        return;
    tell_second(line, progress);
    if (!line->is_terminal)
        fprintf(stderr, "\n");
    fflush(stderr);
}

static const char *first_text(const char *option, const char *variable)
{
    return option != NULL ? option : getenv(variable);
}

struct lab_servers live_servers(const struct live_options *given)
{
    return (struct lab_servers){.redis = first_text(given->redis, "SIM_REDIS"),
                                .memcached = first_text(given->memcached, "SIM_MEMCACHED"),
                                .kafka = first_text(given->kafka, "SIM_KAFKA"),
                                .rabbitmq = first_text(given->rabbitmq, "SIM_RABBITMQ"),
                                .db = first_text(given->db, "SIM_DB"),
                                .allows_remote = given->allow_remote};
}

/* A run's name is of letters, digits, '-' and '_'. */
const char *live_run_name(char run[static LIVE_RUN_MAX], const struct live_options *given,
                          const struct scenario *scenario)
{
    if (given->run != NULL)
        return given->run;
    snprintf(run, LIVE_RUN_MAX, "%.8s%s%.14s", scenario->name,
             scenario->variant[0] == '\0' ? "" : "-", scenario->variant);
    for (char *c = run; *c != '\0'; c++)
        if (strchr("-_", *c) == NULL &&
            !((unsigned)*c - '0' < 10 || ((unsigned)*c | 32) - 'a' < 26))
            *c = '_';
    return run;
}

static struct lab_options lab_options_of(const struct job *job, struct line *line)
{
    const struct live_options *given = &job->options->live;

    return (struct lab_options){.lang = job->settings->lang,
                                .seed = job->seed,
                                .servers = live_servers(given),
                                .burns = given->burn,
                                .attach = given->attach,
                                .token = getenv("SIM_TOKEN"),
                                .run = given->run,
                                .failpoint = strcmp(job->options->planted, "between-commits") == 0
                                                 ? FAILPOINT_BETWEEN_COMMITS
                                                 : FAILPOINT_NONE,
                                .is_interrupted = job->is_interrupted,
                                .progress = job->options->is_quiet ? NULL : progress,
                                .context = line};
}

static void announce(const struct job *job, const struct scenario *variant)
{
    double peak = lab_peak_rate(variant);

    if (job->options->is_quiet)
        return;
    if (peak > (double)BESIDE_RATE_MAX)
        fprintf(
            stderr,
            settings_say(job->settings,
                         "  %s asks for up to %.0f/s; two cores carry about %.0f/s live: look at "
                         "the send lag before you believe it\n",
                         "  %s просит до %.0f/с; два ядра вживую держат около %.0f/с: прежде чем "
                         "верить, посмотрите на отставание отправки\n"),
            variant->variant, peak, (double)BESIDE_RATE_MAX);
}

int live_run(struct live *live, unsigned v)
{
    const struct job *job = live->job;
    struct line line = {
        .job = job, .variant = job->chosen.variants[v], .is_terminal = isatty(STDERR_FILENO) != 0};
    struct lab_options options = lab_options_of(job, &line);
    char run[LIVE_RUN_MAX];
    struct result *result = calloc(1, sizeof *result);
    enum lab_end end;

    if (result == NULL)
        return job_no_memory(job->settings);
    announce(job, job->chosen.variants[v]);
    if (options.attach != NULL)
        options.run = live_run_name(run, &job->options->live, job->chosen.variants[v]);
    end = lab_run(job->chosen.variants[v], &options, result, &live->reports[v]);
    if (line.is_terminal && line.said > 0)
        fprintf(stderr, "\r\033[K");
    if (end == LAB_INTERRUPTED) {
        free(result);
        return EXIT_INTERRUPTED;
    }
    if (end != LAB_DONE) {
        fprintf(stderr, "sim run --live: %s\n", live->reports[v].trouble.text);
        free(result);
        return end == LAB_DEPENDENCY ? EXIT_DEPENDENCY : EXIT_RUNTIME;
    }
    live->results[v] = result;
    live->begun = v + 1;
    return EXIT_AS_EXPECTED;
}

static int run_all(struct live *live)
{
    for (unsigned v = 0; v < live->job->chosen.variants_max; v++) {
        int code;

        if (atomic_load(live->job->is_interrupted))
            return EXIT_INTERRUPTED;
        code = live_run(live, v);
        if (code != EXIT_AS_EXPECTED)
            return code;
    }
    return EXIT_AS_EXPECTED;
}

void live_free(struct live *live)
{
    for (unsigned v = 0; v < live->begun; v++)
        free(live->results[v]);
}

struct report_variant live_variant(const struct live *live, unsigned v)
{
    return (struct report_variant){.result = live->results[v],
                                   .replications = (const struct result *const *)&live->results[v],
                                   .replications_max = 1};
}

void live_tell(const struct live *live)
{
    const struct settings *settings = live->job->settings;

    if (live->job->options->is_quiet)
        return;
    for (unsigned v = 0; v < live->begun; v++) {
        const struct lab_report *report = &live->reports[v];

        fprintf(stderr,
                settings_say(settings, "%s: %s; sent %.2f ms late at the median, p99 %.2f ms%s\n",
                             "%s: %s; отправлено с опозданием: медиана %.2f мс, p99 %.2f мс%s\n"),
                live->job->chosen.variants[v]->variant, report->servers, report->send_lag_p50_ms,
                report->send_lag_p99_ms,
                report->is_void
                    ? settings_say(settings,
                                   ": over 2 ms, so its latencies are VOID: the machine "
                                   "was too busy to send on time (sim doctor)",
                                   ": больше 2 мс, поэтому задержки НЕДЕЙСТВИТЕЛЬНЫ: "
                                   "машина не успевала отправлять вовремя (sim doctor)")
                    : "");
        if (report->deaths > 0)
            fprintf(stderr,
                    settings_say(settings, "%s: nodes killed by faults: %u\n",
                                 "%s: узлов убито сбоями: %u\n"),
                    live->job->chosen.variants[v]->variant, report->deaths);
        if (report->failpoint_deaths > 0)
            fprintf(stderr,
                    settings_say(settings, "%s: nodes killed by a failpoint: %u\n",
                                 "%s: узлов убито в точке отказа: %u\n"),
                    live->job->chosen.variants[v]->variant, report->failpoint_deaths);
    }
}

int job_live(const struct job *job)
{
    struct report_variant of[SCENARIO_VARIANTS_MAX] = {{0}};
    struct live live = {.job = job};
    struct report report = {.story = job->story,
                            .variants = of,
                            .lang = job->settings->lang,
                            .version = SIM_VERSION_TEXT,
                            .repeat = job->repeat,
                            .use_color = output_wants_color(job->options->no_color),
                            .columns = output_columns()};
    int code = run_all(&live);

    for (unsigned v = 0; v < live.begun; v++)
        of[v] = live_variant(&live, v);
    report.variants_max = live.begun;
    if (live.begun > 0) {
        int said = output_report(&report, job->options, job->json);

        live_tell(&live);
        code = code == EXIT_AS_EXPECTED ? said : code;
    }
    live_free(&live);
    return code;
}
