/* version.c — sim version. */
#include <stdio.h>

#include "sim/command/command.h"
#include "sim/version.h"

static int run(int argc, char **argv, struct settings *settings)
{
    (void)argc;
    (void)argv;
    (void)settings;
    printf("sim %s\n", SIM_VERSION_TEXT);
    return EXIT_AS_EXPECTED;
}

const struct command command_version = {
    .name = "version",
    .usage = "version",
    .summary = {"the version of this program", "версия программы"},
    .options = {"", ""},
    .run = run,
};
