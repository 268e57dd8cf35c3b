/* main.c — The program sim: which command, in which language.
 *
 * The main job reads as the data flows, in command/run.c: load the story, build a world for each
 * variant and seed, run them, check what must hold, report. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/command.h"

static const char *language_of_environment(void)
{
    static const char *const names[] = {"SIM_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strncmp(value, "ru", 2) == 0 ? "ru" : "en";
    }
    return "en";
}

static const char *plain_name(const char *word)
{
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return "help";
    if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
        return "version";
    return word;
}

/* sim run --help */
static bool asks_for_help(int argc, char **argv, struct settings *settings)
{
    bool asks = false;

    for (int i = 1; i < argc; i++)
        if (!settings_take_lang(settings, argc, argv, &i))
            asks = asks || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0;
    return asks;
}

/* Whoever starts us with one of them closed (`sim … <&-`) would have the first file that we open
 * take its place, and a child's pipes in the way of one another. */
static void open_standard_files(void)
{
    int fd;

    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct settings settings = {.lang = language_of_environment()};
    int place = 1;
    const struct command *command;

    open_standard_files();
    while (place < argc && settings_take_lang(&settings, argc, argv, &place))
        place++;
    if (place >= argc) {
        command_help.run(1, (char *[]){(char *)"help", NULL}, &settings);
        return EXIT_USAGE;
    }
    command = command_find(plain_name(argv[place]));
    if (command == NULL)
        return command_unknown(argv[place], &settings);
    if (asks_for_help(argc - place, argv + place, &settings))
        return command_help.run(2, (char *[]){(char *)"help", argv[place], NULL}, &settings);
    return command->run(argc - place, argv + place, &settings);
}
