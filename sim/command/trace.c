/* trace.c — sim trace FILE: one request's way through all services, and where its time went.
 *
 *     options -> story -> a variant --run--> which request --the same run--> spans -> waterfall
 *
 * A run repeats to the bit, so the first finds out which request is meant, and records nothing; the
 * second follows that one alone. */
#include <stdlib.h>
#include <string.h>

#include "sim/command/chosen.h"
#include "sim/command/follow.h"
#include "sim/command/output.h"
#include "sim/command/places.h"
#include "sim/command/words.h"
#include "sim/report/trace/trace_report.h"
#include "sim/scenario/load_story.h"
#include "sim/version.h"

enum which { WHICH_NUMBER, WHICH_SLOWEST, WHICH_FAILED };

struct wish { /* Words are borrowed from argv. */
    struct named_story named;
    const char *variant; /* NULL: the first one. */
    bool has_seed, is_json, no_color;
    uint64_t seed;
    enum which which;
    uint32_t number;
};

/* ---- The command line ------------------------------------------------------------------------ */

static int misused(const struct settings *settings, const char *en, const char *ru,
                   const char *word)
{
    return command_misused(&command_trace, settings, en, ru, word);
}

static bool take_request(struct wish *wish, const char *value)
{
    uint64_t number = 0;

    wish->which = strcmp(value, "slowest") == 0  ? WHICH_SLOWEST
                  : strcmp(value, "failed") == 0 ? WHICH_FAILED
                                                 : WHICH_NUMBER;
    if (wish->which == WHICH_NUMBER && (!words_number(value, UINT32_MAX, &number) || number == 0))
        return false;
    wish->number = (uint32_t)number;
    return true;
}

static int take_valued(struct wish *wish, int argc, char **argv, int *place,
                       const struct settings *settings)
{
    const char *word = argv[*place], *value;

    if ((value = words_value("--request", argc, argv, place)) != NULL) {
        if (!take_request(wish, value))
            return misused(settings, "--request wants a number from 1 on, slowest, or failed",
                           "--request: нужен номер от 1, slowest или failed", value);
    } else if ((value = words_value("--variant", argc, argv, place)) != NULL) {
        wish->variant = value;
    } else if ((value = words_value("--seed", argc, argv, place)) != NULL) {
        wish->has_seed = true;
        if (!words_number(value, UINT64_MAX, &wish->seed))
            return misused(settings, "--seed wants a whole number from 0",
                           "--seed: нужно целое число от 0", value);
    } else if ((value = words_value("--set", argc, argv, place)) != NULL) {
        if (!places_override(&wish->named, value))
            return misused(
                settings, "--set wants PATH=VALUE, for example services.delivery.replicas=8",
                "--set: нужно ПУТЬ=ЗНАЧЕНИЕ, например services.delivery.replicas=8", value);
    } else if (strcmp(word, "--request") == 0 || strcmp(word, "--variant") == 0 ||
               strcmp(word, "--seed") == 0 || strcmp(word, "--set") == 0) {
        return misused(settings, "a value is missing after", "нет значения после", word);
    } else {
        return misused(settings, "no such option", "нет такого ключа", word);
    }
    return EXIT_AS_EXPECTED;
}

static int take_option(struct wish *wish, int argc, char **argv, int *place,
                       const struct settings *settings)
{
    if (strcmp(argv[*place], "--json") == 0)
        wish->is_json = true;
    else if (strcmp(argv[*place], "--no-color") == 0)
        wish->no_color = true;
    else
        return take_valued(wish, argc, argv, place, settings);
    return EXIT_AS_EXPECTED;
}

static int read_wish(struct wish *wish, int argc, char **argv, struct settings *settings)
{
    *wish = (struct wish){.which = WHICH_SLOWEST};
    for (int i = 1; i < argc; i++) {
        int code = EXIT_AS_EXPECTED;

        if (settings_take_lang(settings, argc, argv, &i))
            continue;
        if (argv[i][0] == '-')
            code = take_option(wish, argc, argv, &i, settings);
        else if (wish->named.file == NULL)
            wish->named.file = argv[i];
        else
            code = misused(settings, "one file at a time", "по одному файлу за раз", argv[i]);
        if (code != EXIT_AS_EXPECTED)
            return code;
    }
    if (wish->named.file == NULL)
        return misused(settings, "which scenario?", "какой сценарий?", "");
    return EXIT_AS_EXPECTED;
}

/* ---- Which request --------------------------------------------------------------------------- */

static int no_memory(const struct settings *settings)
{
    fprintf(stderr, "sim trace: %s\n",
            settings_say(settings, "the system refused memory", "система не дала памяти"));
    return EXIT_RUNTIME;
}

static int nothing_to_follow(const struct wish *wish, const struct trace *trace,
                             const struct settings *settings)
{
    char many[32];

    snprintf(many, sizeof many, "%u", trace->offered);
    if (wish->which == WHICH_NUMBER)
        return misused(settings, "there are fewer requests in this run; their number is",
                       "в этом прогоне запросов меньше; их всего", many);
    if (wish->which == WHICH_FAILED)
        return misused(settings, "no request failed; --request slowest has one to show",
                       "все запросы удались; есть что показать у --request slowest", "");
    return misused(settings, "no request was answered in time; --request failed has one to show",
                   "ни на один запрос не ответили вовремя; есть что показать у --request failed",
                   "");
}

/* 0: there is no such request. */
static uint32_t number_of(const struct wish *wish, const struct trace *trace)
{
    switch (wish->which) {
    case WHICH_NUMBER:
        return wish->number <= trace->offered ? wish->number : 0;
    case WHICH_SLOWEST:
        return trace->slow_max > 0 ? trace->slow[0].number : 0;
    case WHICH_FAILED:
        break;
    }
    return trace->failed;
}

static int find(const struct wish *wish, const struct scenario *variant,
                const struct world_options *options, const struct settings *settings,
                uint32_t *number)
{
    const struct trace_wish nobody = {0};
    struct trace trace;
    int code = EXIT_AS_EXPECTED;

    if (!follow(&trace, &nobody, variant, options))
        return no_memory(settings);
    *number = number_of(wish, &trace);
    if (*number == 0)
        code = nothing_to_follow(wish, &trace, settings);
    trace_close(&trace);
    return code;
}

/* ---- The job --------------------------------------------------------------------------------- */

/* The words that were given, and the number that was found. NULL: no memory. */
static char *repeat_of(const struct wish *wish, const struct scenario *variant, uint64_t seed,
                       uint32_t number)
{
    char *words = NULL;
    size_t words_bytes = 0;
    FILE *line = open_memstream(&words, &words_bytes);

    if (line == NULL)
        return NULL;
    words_put(line, "sim trace ", wish->named.file);
    if (variant->variant[0] != '\0')
        words_put(line, " --variant ", variant->variant);
    fprintf(line, " --seed %llu", (unsigned long long)seed);
    for (unsigned i = 0; i < wish->named.overrides_max; i++)
        words_put(line, " --set ", wish->named.overrides[i]);
    fprintf(line, " --request %u", number);
    fclose(line);
    return words;
}

static int print(const struct wish *wish, const struct trace_report *report)
{
    const struct trace_request *request = &report->trace->requests[0];
    bool is_written = true;

    if (wish->is_json)
        is_written = trace_report_json(report, request, stdout);
    else
        trace_report_terminal(report, request, stdout);
    return output_flush(stdout, "sim trace") && is_written ? EXIT_AS_EXPECTED : EXIT_RUNTIME;
}

static int trace_variant(const struct wish *wish, const struct story *story,
                         const struct scenario *variant, const struct settings *settings)
{
    const struct world_options options = {.seed = wish->has_seed ? wish->seed : variant->seed};
    struct trace_wish one = {.numbers_max = 1};
    uint32_t number = 0;
    struct trace trace;
    char *repeat;
    int code = find(wish, variant, &options, settings, &number);

    if (code != EXIT_AS_EXPECTED)
        return code;
    one.numbers = &number;
    if (!follow(&trace, &one, variant, &options))
        return no_memory(settings);
    repeat = repeat_of(wish, variant, options.seed, number);
    if (repeat == NULL) {
        code = no_memory(settings);
    } else {
        code = print(wish, &(struct trace_report){.trace = &trace,
                                                  .scenario = variant,
                                                  .seed = options.seed,
                                                  .lang = settings->lang,
                                                  .version = SIM_VERSION_TEXT,
                                                  .sha256 = story->sha256,
                                                  .repeat = repeat,
                                                  .use_color = output_wants_color(wish->no_color),
                                                  .columns = output_columns()});
    }
    free(repeat);
    trace_close(&trace);
    return code;
}

static int trace_story(const struct wish *wish, const struct story *story,
                       const struct settings *settings)
{
    struct chosen chosen;
    int code =
        chosen_of(&chosen, story, &wish->variant, wish->variant != NULL, &command_trace, settings);

    return code == EXIT_AS_EXPECTED ? trace_variant(wish, story, chosen.variants[0], settings)
                                    : code;
}

static int run(int argc, char **argv, struct settings *settings)
{
    struct wish wish;
    struct story story;
    int code = read_wish(&wish, argc, argv, settings);

    if (code == EXIT_AS_EXPECTED)
        code = places_load(&story, &wish.named, NULL, settings);
    if (code != EXIT_AS_EXPECTED)
        return code;
    code = trace_story(&wish, &story, settings);
    story_close(&story);
    return code;
}

const struct command command_trace = {
    .name = "trace",
    .usage = "trace FILE [OPTIONS]",
    .summary = {"one request's way through all services, and where its time went",
                "путь одного запроса по всем сервисам: куда ушло его время"},
    .options =
        {"  --request N        the N-th request, slowest (in time, after the warm-up; the\n"
         "                     default), or failed: the first that failed or came late\n"
         "  --variant NAME     of this variant; by default the first one\n"
         "  --seed N           the seed of chance; by default the scenario's\n"
         "  --set PATH=VALUE   override a key, for example services.delivery.replicas=8\n"
         "  --json             its spans as one JSON document on stdout\n"
         "  --no-color         also NO_COLOR\n"
         "  --lang en|ru       also SIM_LANG, LANG\n"
         "\n"
         "In virtual time. Many requests at once, for chrome://tracing or ui.perfetto.dev:\n"
         "sim run FILE --variant NAME --trace out.json\n"
         "\n"
         "  sim trace pipeline --request slowest\n"
         "  sim trace spike --variant horizontal --request 4711\n"
         "  sim trace spike --variant untouched --request failed\n"
         "  sim trace pipeline --json | jq '.where'\n",
         "  --request N        N-й запрос, slowest (самый долгий из удавшихся после разогрева;\n"
         "                     так по умолчанию) или failed: первый неудачный или опоздавший\n"
         "  --variant ИМЯ      этого варианта; по умолчанию первого\n"
         "  --seed N           зерно случайности; по умолчанию из сценария\n"
         "  --set ПУТЬ=ЗНАЧ    заменить ключ, например services.delivery.replicas=8\n"
         "  --json             отрезки одним документом JSON на stdout\n"
         "  --no-color         также NO_COLOR\n"
         "  --lang en|ru       также SIM_LANG, LANG\n"
         "\n"
         "В виртуальном времени. Много запросов сразу, для chrome://tracing и\n"
         "ui.perfetto.dev: sim run ФАЙЛ --variant ИМЯ --trace out.json\n"
         "\n"
         "  sim trace pipeline --request slowest\n"
         "  sim trace spike --variant horizontal --request 4711\n"
         "  sim trace spike --variant untouched --request failed\n"
         "  sim trace pipeline --json | jq '.where'\n"},
    .run = run,
};
