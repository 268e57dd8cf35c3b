/* words.h — Words of a command line: options with a value, numbers, and a line that repeats it. */
#ifndef SIM_COMMAND_WORDS_H
#define SIM_COMMAND_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The value of --name VALUE, then *place is the value's, or of --name=VALUE; NULL: argv[*place] is
 * another word, or there is no value. */
const char *words_value(const char *name, int argc, char **argv, int *place);

/* A whole number from 0 to max and nothing else. */
bool words_number(const char *word, uint64_t max, uint64_t *number);

/* before as it is, then the word so that a shell reads it as one. */
void words_put(FILE *line, const char *before, const char *word);

#endif
