/* schema.c — sim schema: the JSON Schema of scenario files, for editors. */
#include <stdio.h>

#include "sim/command/command.h"
#include "sim/scenario/keys/keys.h"

static int run(int argc, char **argv, struct settings *settings)
{
    if (argc > 1)
        return command_misused(&command_schema, settings, "takes no words", "слов не принимает",
                               argv[1]);
    keys_schema(stdout);
    return EXIT_AS_EXPECTED;
}

const struct command command_schema = {
    .name = "schema",
    .usage = "schema",
    .summary = {"the JSON Schema of scenario files, for editors",
                "JSON Schema файлов сценариев, для редакторов"},
    .options = {"  sim schema > sim.schema.json\n"
                "  then, as the first line of a scenario:\n"
                "  # yaml-language-server: $schema=sim.schema.json\n",
                "  sim schema > sim.schema.json\n"
                "  затем первой строкой сценария:\n"
                "  # yaml-language-server: $schema=sim.schema.json\n"},
    .run = run,
};
