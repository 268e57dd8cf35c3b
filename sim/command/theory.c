/* theory.c — sim theory FILE: the whiteboard estimate of every variant, line by line.
 *
 * Nothing is run, so there is no seed and no thread to choose: the words are those of `sim run`
 * that say which story is meant and how it is to be printed, read here because options.c answers
 * in the name of `sim run`. */
#include <stdio.h>
#include <string.h>

#include "sim/command/chosen.h"
#include "sim/command/output.h"
#include "sim/command/places.h"
#include "sim/command/words.h"
#include "sim/report/theory_report.h"
#include "sim/scenario/load_story.h"
#include "sim/version.h"

struct wish { /* Words are borrowed from argv. */
    struct named_story named;
    const char *variants[SCENARIO_VARIANTS_MAX];
    unsigned variants_max;
    bool is_json, no_color;
};

/* ---- The command line ------------------------------------------------------------------------ */

static int misused(const struct settings *settings, const char *en, const char *ru,
                   const char *word)
{
    return command_misused(&command_theory, settings, en, ru, word);
}

static int take_option(struct wish *wish, int argc, char **argv, int *place,
                       const struct settings *settings)
{
    const char *word = argv[*place], *value;

    if (strcmp(word, "--json") == 0) {
        wish->is_json = true;
    } else if (strcmp(word, "--no-color") == 0) {
        wish->no_color = true;
    } else if ((value = words_value("--variant", argc, argv, place)) != NULL) {
        if (wish->variants_max == SCENARIO_VARIANTS_MAX)
            return misused(settings, "32 variants at most", "не больше 32 вариантов", "");
        wish->variants[wish->variants_max++] = value;
    } else if ((value = words_value("--set", argc, argv, place)) != NULL) {
        if (!places_override(&wish->named, value))
            return misused(
                settings, "--set wants PATH=VALUE, for example services.delivery.replicas=8",
                "--set: нужно ПУТЬ=ЗНАЧЕНИЕ, например services.delivery.replicas=8", value);
    } else if (strcmp(word, "--variant") == 0 || strcmp(word, "--set") == 0) {
        return misused(settings, "a value is missing after", "нет значения после", word);
    } else {
        return misused(settings, "no such option", "нет такого ключа", word);
    }
    return EXIT_AS_EXPECTED;
}

static int read_wish(struct wish *wish, int argc, char **argv, struct settings *settings)
{
    *wish = (struct wish){0};
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

/* ---- The job --------------------------------------------------------------------------------- */

static int print(const struct theory_report *report, const struct wish *wish)
{
    bool is_written = true;

    if (wish->is_json)
        is_written = theory_report_json(report, stdout);
    else
        theory_report_terminal(report, stdout);
    if (fflush(stdout) != 0 || ferror(stdout) || !is_written) {
        perror("sim theory");
        return EXIT_RUNTIME;
    }
    return EXIT_AS_EXPECTED;
}

static int estimate_story(const struct story *story, const struct wish *wish,
                          const struct settings *settings)
{
    struct theory *theories[SCENARIO_VARIANTS_MAX] = {NULL};
    struct theory_report report = {.story = story,
                                   .variants = theories,
                                   .lang = settings->lang,
                                   .version = SIM_VERSION_TEXT,
                                   .use_color = output_wants_color(wish->no_color),
                                   .columns = output_columns()};
    struct chosen chosen;
    int code =
        chosen_of(&chosen, story, wish->variants, wish->variants_max, &command_theory, settings);

    if (code != EXIT_AS_EXPECTED)
        return code;
    for (unsigned v = 0; v < chosen.variants_max && code == EXIT_AS_EXPECTED; v++) {
        theories[report.variants_max] = theory_open(chosen.variants[v]);
        if (theories[report.variants_max] == NULL)
            code = EXIT_RUNTIME;
        else
            report.variants_max++;
    }
    if (code == EXIT_AS_EXPECTED)
        code = print(&report, wish);
    else
        fprintf(stderr, "sim theory: %s\n",
                settings_say(settings, "the system refused memory", "система не дала памяти"));
    for (unsigned v = 0; v < report.variants_max; v++)
        theory_close(theories[v]);
    return code;
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
    code = estimate_story(&story, &wish, settings);
    story_close(&story);
    return code;
}

const struct command command_theory = {
    .name = "theory",
    .usage = "theory FILE [OPTIONS]",
    .summary = {"the whiteboard estimate, each formula with the numbers put in",
                "оценка у доски: каждая формула с подставленными числами"},
    .options = {"  --variant NAME     only this variant (may be repeated)\n"
                "  --set PATH=VALUE   override a key, for example services.delivery.replicas=8\n"
                "  --json             the same as one JSON document on stdout\n"
                "  --no-color         also NO_COLOR\n"
                "  --lang en|ru       also SIM_LANG, LANG\n"
                "\n"
                "Nothing is run: Erlang's and Little's formulas, straight lines where the load\n"
                "is more than the capacity. Compare with `sim run`.\n"
                "\n"
                "  sim theory scenarios/spike.yaml --variant untouched\n"
                "  sim theory likes --variant batched --set table.commit=10ms\n"
                "  sim theory spike --json | jq '.variants[].latency_ms.p99'\n",
                "  --variant ИМЯ      только этот вариант (можно несколько раз)\n"
                "  --set ПУТЬ=ЗНАЧ    заменить ключ, например services.delivery.replicas=8\n"
                "  --json             то же одним документом JSON на stdout\n"
                "  --no-color         также NO_COLOR\n"
                "  --lang en|ru       также SIM_LANG, LANG\n"
                "\n"
                "Ничего не запускается: формулы Эрланга и Литтла и прямые линии там, где нагрузка\n"
                "больше пропускной способности. Сравните с `sim run`.\n"
                "\n"
                "  sim theory scenarios/spike.yaml --variant untouched\n"
                "  sim theory likes --variant batched --set table.commit=10ms\n"
                "  sim theory spike --json | jq '.variants[].latency_ms.p99'\n"},
    .run = run,
};
