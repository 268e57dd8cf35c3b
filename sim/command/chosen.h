/* chosen.h — Which variants of a story are meant: those that --variant names, else all. */
#ifndef SIM_COMMAND_CHOSEN_H
#define SIM_COMMAND_CHOSEN_H

#include "sim/command/command.h"

struct chosen { /* In the order of the file; borrowed from the story. */
    const struct scenario *variants[SCENARIO_VARIANTS_MAX];
    unsigned variants_max;
};

/* EXIT_USAGE after it said on stderr which name is no variant, and which there are. */
int chosen_of(struct chosen *chosen, const struct story *story, const char *const *names,
              unsigned names_max, const struct command *command, const struct settings *settings);

#endif
