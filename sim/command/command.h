/* command.h — The subcommands of sim: one table entry each. */
#ifndef SIM_COMMAND_COMMAND_H
#define SIM_COMMAND_COMMAND_H

#include <stdbool.h>

#include "sim/scenario/scenario.h"

/* Exit codes, for scripts: what went wrong can be told from a number. */
enum exit_code {
    EXIT_AS_EXPECTED = 0,
    EXIT_RUNTIME = 1,
    EXIT_USAGE = 2, /* The command line or the scenario. */
    EXIT_INVARIANT = 3,
    EXIT_LIMIT = 4,
    EXIT_DEPENDENCY = 5,
    EXIT_THRESHOLDS = 99,
    EXIT_INTERRUPTED = 130
};

struct settings {     /* What holds for every command. */
    const char *lang; /* "en" or "ru": --lang, else SIM_LANG, else LC_ALL, LC_MESSAGES, LANG. */
};

struct command {
    const char *name;
    const char *usage;   /* After "sim ". */
    struct text summary; /* One line. */
    struct text options; /* Whole lines, with examples. */
    /* argv[0] is the command's name. Returns an enum exit_code. */
    int (*run)(int argc, char **argv, struct settings *settings);
};

extern const struct command command_run, command_check, command_schema, command_help, command_list,
    command_theory, command_trace, command_version, command_node, command_prepare,
    command_calibrate, command_doctor;

/* Ends with an entry whose name is NULL. */
extern const struct command *const commands[];

const struct command *command_find(const char *name);

/* Says on stderr what is wrong with the command line and where to look; EXIT_USAGE. */
int command_misused(const struct command *command, const struct settings *settings,
                    const char *message_en, const char *message_ru, const char *word);

/* The same for a word that is no command, with those that there are; EXIT_USAGE. */
int command_unknown(const char *word, const struct settings *settings);

const char *settings_say(const struct settings *settings, const char *en, const char *ru);

/* True when argv[*place] is --lang or --lang=..; takes it and moves on. */
bool settings_take_lang(struct settings *settings, int argc, char **argv, int *place);

#endif
