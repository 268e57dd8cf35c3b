/* html_output.h — sim run --html FILE: whether it can be written is known before the run, and it is
 * written whole or not at all. */
#ifndef SIM_COMMAND_HTML_OUTPUT_H
#define SIM_COMMAND_HTML_OUTPUT_H

#include "sim/command/options.h"
#include "sim/report/html/html.h"

/* EXIT_AS_EXPECTED when no page is wanted, or one can be written. Else it has said on stderr why
 * not: a build without uPlot (EXIT_USAGE), a path that cannot be written (EXIT_RUNTIME). */
int html_output_check(const struct options *options, const struct settings *settings);

/* Nothing where no page is wanted. False: perror has said why there is none; what was at the path
 * before is there still. */
bool html_output_write(const struct options *options, const struct report *report,
                       const struct beside *beside);

#endif
