/* output.h — Where a report goes, and how wide and colourful it is there. */
#ifndef SIM_COMMAND_OUTPUT_H
#define SIM_COMMAND_OUTPUT_H

#include <stdio.h>

#include "sim/command/options.h"
#include "sim/report/report.h"

unsigned output_columns(void);          /* Of the terminal; 0: unknown. */
bool output_wants_color(bool no_color); /* As --no-color said. */

/* Where --json goes: NULL when there is none, stdout, or a file, which is opened before the runs: a
 * path that cannot be written is found now and not after an hour. False: perror has said why. */
bool output_open_json(const struct options *options, FILE **json);

/* False: perror has said that what was written did not all arrive. */
bool output_flush(FILE *file, const char *name);

/* To all places that were asked for; what cannot be written to one is still written to the others.
 * The exit code. */
int output_report(const struct report *report, const struct options *options, FILE *json);

#endif
