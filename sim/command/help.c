/* help.c — sim help: the commands, one command, or one key of a scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/scenario/keys/keys.h"

static void print_overview(const struct settings *settings)
{
    printf("%s\n\n",
           settings_say(settings, "sim — one scenario of load, and what your design makes of it",
                        "sim — сценарий нагрузки и как с ней справится ваша система"));
    printf("  sim run scenarios/spike.yaml\n  sim run scenarios/spike.yaml --variant autoscale "
           "--seeds 20\n  sim run scenarios/likes.yaml --set "
           "services.likes.replicas=8 --json\n\n");
    for (int i = 0; commands[i] != NULL; i++)
        printf("  %-10s %s\n", commands[i]->name,
               settings_say(settings, commands[i]->summary.en, commands[i]->summary.ru));
    printf("\n%s\n",
           settings_say(settings,
                        "sim help COMMAND; sim help keys; sim help KEY, for example replicas, "
                        "latency.p99;\n--lang en or ru",
                        "sim help КОМАНДА; sim help keys — все ключи; sim help КЛЮЧ, например "
                        "replicas,\nlatency.p99; --lang en или ru"));
}

static void print_command(const struct command *command, const struct settings *settings)
{
    printf("sim %s — %s\n\n  sim %s\n\n%s", command->name,
           settings_say(settings, command->summary.en, command->summary.ru), command->usage,
           settings_say(settings, command->options.en, command->options.ru));
}

/* What is found goes to stdout; that there is nothing is an error, and goes to stderr. */
static int help_key(const char *word, const struct settings *settings)
{
    bool is_overview = strcmp(word, "keys") == 0;
    char *text = NULL;
    size_t bytes = 0;
    FILE *page = open_memstream(&text, &bytes);
    bool is_found;

    if (page == NULL)
        return EXIT_RUNTIME;
    is_found = keys_help(page, is_overview ? NULL : word, settings->lang);
    fclose(page);
    fputs(text, is_found ? stdout : stderr);
    if (!is_found)
        fputs(settings_say(settings, "sim help keys lists the keys, sim help the commands\n",
                           "все ключи: sim help keys, все команды: sim help\n"),
              stderr);
    free(text);
    return is_found ? EXIT_AS_EXPECTED : EXIT_USAGE;
}

static int run(int argc, char **argv, struct settings *settings)
{
    const char *word = NULL;

    for (int i = 1; i < argc; i++)
        if (!settings_take_lang(settings, argc, argv, &i))
            word = argv[i];
    if (word == NULL) {
        print_overview(settings);
        return EXIT_AS_EXPECTED;
    }
    if (command_find(word) != NULL) {
        print_command(command_find(word), settings);
        return EXIT_AS_EXPECTED;
    }
    return help_key(word, settings);
}

const struct command command_help = {
    .name = "help",
    .usage = "help [COMMAND | KEY]",
    .summary = {"help on a command, or on a key of a scenario",
                "справка о команде или о ключе сценария"},
    .options = {"  sim help run\n  sim help keys\n  sim help balancer\n"
                "  sim help services.*.replicas\n  sim help thresholds\n",
                "  sim help run\n  sim help keys\n  sim help balancer\n"
                "  sim help services.*.replicas\n  sim help thresholds\n"},
    .run = run,
};
