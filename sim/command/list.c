/* list.c — sim list: the scenarios at hand, what each asks, and its variants. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/command/places.h"
#include "sim/scenario/load_story.h"

enum { COLUMNS = 80 };

static int is_scenario(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static void print_story(const struct story *story, const struct settings *settings)
{
    const struct scenario *first = &story->variants[0];

    size_t column = 1;

    printf("%s\n  %s\n  %s\n ", story->path,
           settings_say(settings, first->title.en, first->title.ru),
           settings_say(settings, first->question.en, first->question.ru));
    for (uint32_t i = 0; i < story->variants_max; i++) {
        size_t length = strlen(story->variants[i].variant);

        if (column + 1 + length > COLUMNS) {
            printf("\n ");
            column = 1;
        }
        printf(" %s", story->variants[i].variant);
        column += 1 + length;
    }
    printf("\n\n");
}

static unsigned list_folder(const char *folder, const struct settings *settings)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, is_scenario, alphasort);
    unsigned listed = 0;

    for (int i = 0; i < found; i++) {
        char path[PATH_MAX + NAME_MAX + 2];
        struct problems *problems = problems_open();
        struct story story;

        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (problems != NULL && story_load(&story, path, NULL, 0, problems)) {
            print_story(&story, settings);
            story_close(&story);
            listed++;
        }
        if (problems != NULL)
            problems_close(problems);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return listed;
}

static int run(int argc, char **argv, struct settings *settings)
{
    char folder[PATH_MAX];
    unsigned listed = 0;

    for (int i = 1; i < argc; i++)
        if (!settings_take_lang(settings, argc, argv, &i))
            return command_misused(&command_list, settings, "takes no words", "слов не принимает",
                                   argv[i]);
    for (unsigned i = 0; listed == 0 && places_folder(i, folder, sizeof folder); i++)
        listed = list_folder(folder, settings);
    if (listed > 0)
        return EXIT_AS_EXPECTED;
    fprintf(stderr, "sim list: %s\n",
            settings_say(settings, "no scenarios here; set SIM_SCENARIOS to their folder",
                         "сценариев здесь нет; задайте их папку в SIM_SCENARIOS"));
    return EXIT_RUNTIME;
}

const struct command command_list = {
    .name = "list",
    .usage = "list",
    .summary = {"the scenarios at hand, with their questions and variants",
                "доступные сценарии, их вопросы и варианты"},
    .options = {"  SIM_SCENARIOS=dir sim list\n", "  SIM_SCENARIOS=dir sim list\n"},
    .run = run,
};
