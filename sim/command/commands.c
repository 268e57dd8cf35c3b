/* commands.c — The table of subcommands, and what they share. */
#include <stdio.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/scenario/problems/nearest.h"
#include "sim/scenario/yaml/utf8.h"

const struct command *const commands[] = {
    &command_run,       &command_check,   &command_list, &command_theory,  &command_trace,
    &command_calibrate, &command_doctor,  &command_node, &command_prepare, &command_help,
    &command_schema,    &command_version, NULL,
};

const struct command *command_find(const char *name)
{
    for (int i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int command_unknown(const char *word, const struct settings *settings)
{
    struct nearest nearest = nearest_to(word);

    for (int i = 0; commands[i] != NULL; i++)
        nearest_offer(&nearest, commands[i]->name);
    fprintf(stderr, "sim: %s: %s", settings_say(settings, "no such command", "нет такой команды"),
            quote(word).text);
    if (nearest.best != NULL)
        fprintf(stderr, settings_say(settings, "; did you mean %s?", "; может быть, %s?"),
                nearest.best);
    fprintf(stderr, "\n%s:", settings_say(settings, "commands", "команды"));
    for (int i = 0; commands[i] != NULL; i++)
        fprintf(stderr, " %s", commands[i]->name);
    fprintf(stderr, "\n%s: sim help\n", settings_say(settings, "more", "подробнее"));
    return EXIT_USAGE;
}

const char *settings_say(const struct settings *settings, const char *en, const char *ru)
{
    return strcmp(settings->lang, "ru") == 0 ? ru : en;
}

int command_misused(const struct command *command, const struct settings *settings,
                    const char *message_en, const char *message_ru, const char *word)
{
    fprintf(stderr, "sim %s: %s%s%s\n", command->name,
            settings_say(settings, message_en, message_ru), word[0] == '\0' ? "" : ": ", word);
    fprintf(stderr, "%s: sim %s\n", settings_say(settings, "usage", "вызов"), command->usage);
    fprintf(stderr, "%s: sim help %s\n", settings_say(settings, "more", "подробнее"),
            command->name);
    return EXIT_USAGE;
}

bool settings_take_lang(struct settings *settings, int argc, char **argv, int *place)
{
    const char *word = argv[*place];

    if (strncmp(word, "--lang=", 7) == 0) {
        settings->lang = strcmp(word + 7, "ru") == 0 ? "ru" : "en";
        return true;
    }
    if (strcmp(word, "--lang") != 0 || *place + 1 >= argc)
        return false;
    ++*place;
    settings->lang = strcmp(argv[*place], "ru") == 0 ? "ru" : "en";
    return true;
}
