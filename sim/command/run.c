/* run.c — sim run FILE: the main job, in the order in which the data flows.
 *
 *     options -> story -> variants -> runs on all cores -> results -> merged -> report
 *
 * Results go to stdout, progress and messages to stderr. Ctrl-C ends the runs early and reports
 * what there is; a second one ends the program. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/command/command.h"
#include "sim/command/options.h"
#include "sim/command/places.h"
#include "sim/command/runs.h"
#include "sim/engine/replicate.h"
#include "sim/report/report.h"
#include "sim/scenario/load_story.h"
#include "sim/version.h"

static atomic_bool is_interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    atomic_store(&is_interrupted, true);
}

static void listen_for_interrupts(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- Which variants -------------------------------------------------------------------------- */

static bool is_wanted(const struct options *options, const char *variant)
{
    for (unsigned i = 0; i < options->variants_max; i++)
        if (strcmp(options->variants[i], variant) == 0)
            return true;
    return options->variants_max == 0;
}

static bool has_variant(const struct story *story, const char *name)
{
    for (uint32_t i = 0; i < story->variants_max; i++)
        if (strcmp(story->variants[i].variant, name) == 0)
            return true;
    return false;
}

static bool names_are_known(const struct options *options, const struct story *story,
                            const struct settings *settings)
{
    for (unsigned i = 0; i < options->variants_max; i++) {
        if (has_variant(story, options->variants[i]))
            continue;
        fprintf(stderr, "sim run: %s \"%s\"; %s:",
                settings_say(settings, "no such variant:", "нет такого варианта:"),
                options->variants[i], settings_say(settings, "there are", "есть"));
        for (uint32_t v = 0; v < story->variants_max; v++)
            fprintf(stderr, " %s", story->variants[v].variant);
        fprintf(stderr, "\n");
        return false;
    }
    return true;
}

static unsigned choose(const struct options *options, const struct story *story,
                       const struct scenario **variants)
{
    unsigned chosen = 0;

    for (uint32_t i = 0; i < story->variants_max; i++)
        if (is_wanted(options, story->variants[i].variant))
            variants[chosen++] = &story->variants[i];
    return chosen;
}

/* ---- Reporting ------------------------------------------------------------------------------- */

static unsigned terminal_columns(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return columns == NULL ? 0 : (unsigned)strtoul(columns, NULL, 10);
}

static bool wants_color(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return !options->no_color && (no_color == NULL || no_color[0] == '\0') &&
           isatty(STDOUT_FILENO) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

/* Where --json goes: NULL when there is none, stdout, or a file, which is opened before the runs: a
 * path that cannot be written is found now and not after an hour. False: perror has said why. */
static bool open_json(const struct options *options, FILE **json)
{
    *json = NULL;
    if (options->json_path == NULL)
        return true;
    *json = strcmp(options->json_path, "-") == 0 ? stdout : fopen(options->json_path, "w");
    if (*json == NULL)
        perror(options->json_path);
    return *json != NULL;
}

static bool flush(FILE *file, const char *name)
{
    if (fflush(file) == 0 && ferror(file) == 0)
        return true;
    perror(name);
    return false;
}

/* What cannot be written to one place is still written to the other. */
static int print(const struct report *report, const struct options *options, FILE *json)
{
    bool is_written = true;

    if (json != NULL) {
        report_json(report, json);
        is_written = flush(json, options->json_path);
    }
    if (json != stdout && !options->is_quiet) {
        report_terminal(report, stdout);
        is_written = flush(stdout, "sim run") && is_written;
    }
    return is_written ? report_exit_code(report) : EXIT_RUNTIME;
}

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

static int no_memory(const struct settings *settings)
{
    fprintf(stderr, "sim run: %s\n",
            settings_say(settings, "the system refused memory; fewer --threads need less",
                         "система не дала памяти; меньше --threads — меньше памяти"));
    return EXIT_RUNTIME;
}

static int report_runs(const struct runs *runs, const struct story *story,
                       const struct options *options, const struct settings *settings, FILE *json)
{
    struct report_variant of[SCENARIO_VARIANTS_MAX] = {{0}};
    struct report report = {.story = story,
                            .variants = of,
                            .variants_max = variants_begun(runs),
                            .lang = settings->lang,
                            .version = SIM_VERSION_TEXT,
                            .repeat = runs->options.repeat,
                            .use_color = wants_color(options),
                            .columns = terminal_columns()};
    int code = merge(runs, of) ? print(&report, options, json) : no_memory(settings);

    free_merged(runs, of);
    return code;
}

/* Results are kept until the end, for means and intervals: said before the runs, and not by a limit
 * that is hit in the middle of them. */
static bool results_fit(const struct runs *runs, const struct settings *settings)
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

/* ---- The job --------------------------------------------------------------------------------- */

static int run_story(const struct story *story, const struct options *options,
                     const struct settings *settings)
{
    const struct scenario *variants[SCENARIO_VARIANTS_MAX];
    struct runs runs = {.variants = variants,
                        .seed = options->has_seed ? options->seed : story->variants[0].seed,
                        .seeds_max = options->seeds,
                        .threads = options->threads,
                        .lang = settings->lang,
                        .shows_progress = !options->is_quiet};
    char *repeat;
    FILE *json;
    int code;

    if (!names_are_known(options, story, settings))
        return EXIT_USAGE;
    runs.variants_max = choose(options, story, variants);
    if (!results_fit(&runs, settings))
        return EXIT_LIMIT;
    if (!open_json(options, &json))
        return EXIT_RUNTIME;
    repeat = options_repeat(options, runs.seed);
    runs.options = (struct world_options){.repeat = repeat,
                                          .planted = world_planted(options->planted),
                                          .is_interrupted = &is_interrupted,
                                          .uses_plain_heap = options->uses_plain_heap};
    if (runs.threads == 0)
        runs.threads = replicate_threads();
    listen_for_interrupts();
    code = repeat != NULL && runs_run(&runs) ? report_runs(&runs, story, options, settings, json)
                                             : no_memory(settings);
    runs_free(&runs);
    free(repeat);
    if (json != NULL && json != stdout && fclose(json) != 0)
        code = EXIT_RUNTIME;
    return code;
}

static int run(int argc, char **argv, struct settings *settings)
{
    struct options options;
    struct problems *problems;
    struct story story;
    char path[PATH_MAX];
    int code = options_read(&options, argc, argv, settings);

    if (code != EXIT_AS_EXPECTED)
        return code;
    problems = problems_open();
    if (problems == NULL)
        return EXIT_RUNTIME;
    places_find(options.file, path, sizeof path);
    if (story_load(&story, path, options.overrides, options.overrides_max, problems)) {
        code = run_story(&story, &options, settings);
        story_close(&story);
    } else {
        problems_print(problems, stderr, settings->lang);
        code = EXIT_USAGE;
    }
    problems_close(problems);
    return code;
}

const struct command command_run = {
    .name = "run",
    .usage = "run FILE [OPTIONS]",
    .summary = {"run a scenario: all its variants on the same arrivals, side by side",
                "прогнать сценарий: все варианты на одних и тех же запросах, рядом"},
    .options = {"  --variant NAME     only this variant (may be repeated)\n"
                "  --set PATH=VALUE   override a key, for example services.delivery.replicas=8\n"
                "  --seed N           the seed of chance; by default the scenario's\n"
                "  --seeds N          N replications, seeds N, N+1 …: means with 95 % intervals\n"
                "  --threads N        by default one per core; the results are the same bits\n"
                "  --json[=FILE]      results as JSON on stdout, or in FILE beside the report\n"
                "  -q, --quiet        no report, no progress: the exit code says it\n"
                "  --no-color         also NO_COLOR\n"
                "  --lang en|ru       also SIM_LANG, LANG\n"
                "\n"
                "Exit codes: 0 as expected, 1 runtime error, 2 usage or scenario, 3 invariant\n"
                "violated, 4 a limit was hit, 99 thresholds failed, 130 interrupted\n"
                "\n"
                "  sim run scenarios/spike.yaml\n"
                "  sim run spike --variant queue --seeds 20\n"
                "  sim run spike --json | jq '.variants[].latency_ms.p99'\n",
                "  --variant ИМЯ      только этот вариант (можно несколько раз)\n"
                "  --set ПУТЬ=ЗНАЧ    заменить ключ, например services.delivery.replicas=8\n"
                "  --seed N           зерно случайности; по умолчанию из сценария\n"
                "  --seeds N          N повторов, зёрна N, N+1 …: средние с 95 % интервалами\n"
                "  --threads N        по умолчанию по числу ядер; результат бит в бит тот же\n"
                "  --json[=ФАЙЛ]      результаты в JSON на stdout или в ФАЙЛ рядом с отчётом\n"
                "  -q, --quiet        без отчёта и хода работы: всё скажет код выхода\n"
                "  --no-color         также NO_COLOR\n"
                "  --lang en|ru       также SIM_LANG, LANG\n"
                "\n"
                "Коды выхода: 0 как ожидалось, 1 сбой, 2 вызов или сценарий, 3 нарушен инвариант,\n"
                "4 достигнут предел, 99 пороги не выдержаны, 130 прервано\n"
                "\n"
                "  sim run scenarios/spike.yaml\n"
                "  sim run spike --variant queue --seeds 20\n"
                "  sim run spike --json | jq '.variants[].latency_ms.p99'\n"},
    .run = run,
};
