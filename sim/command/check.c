/* check.c — sim check FILE…: every fault of every file, and nothing is run. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/command/places.h"
#include "sim/scenario/load_story.h"

static bool check_one(const char *word, const struct settings *settings)
{
    char path[PATH_MAX];
    struct problems *problems = problems_open();
    struct story story;
    bool is_good;

    if (problems == NULL)
        return false;
    places_find(word, path, sizeof path);
    is_good = story_load(&story, path, NULL, 0, problems);
    if (is_good) {
        printf("%s: %s", path, settings_say(settings, "ok", "ошибок нет"));
        if (story.variants[0].variant[0] != '\0')
            printf(", %s: %u", settings_say(settings, "variants", "вариантов"), story.variants_max);
        printf("\n");
        story_close(&story);
    } else {
        problems_print(problems, stderr, settings->lang);
    }
    problems_close(problems);
    return is_good;
}

static int run(int argc, char **argv, struct settings *settings)
{
    unsigned files = 0, bad = 0;

    for (int i = 1; i < argc; i++) {
        if (settings_take_lang(settings, argc, argv, &i))
            continue;
        if (argv[i][0] == '-' && argv[i][1] != '\0')
            return command_misused(&command_check, settings, "no such option", "нет такого ключа",
                                   argv[i]);
        files++;
        bad += !check_one(argv[i], settings);
    }
    if (files == 0)
        return command_misused(&command_check, settings, "which file?", "какой файл?", "");
    return bad == 0 ? EXIT_AS_EXPECTED : EXIT_USAGE;
}

const struct command command_check = {
    .name = "check",
    .usage = "check FILE…",
    .summary = {"find every fault of a scenario without running it",
                "найти все ошибки сценария, не запуская его"},
    .options = {"  sim check scenarios/spike.yaml scenarios/likes.yaml\n",
                "  sim check scenarios/spike.yaml scenarios/likes.yaml\n"},
    .run = run,
};
