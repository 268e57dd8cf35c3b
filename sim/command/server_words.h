/* server_words.h — The words that say where servers are: --redis, --memcached, --kafka, --db,
 * --allow-remote; for commands that need servers and no scenario. */
#ifndef SIM_COMMAND_SERVER_WORDS_H
#define SIM_COMMAND_SERVER_WORDS_H

#include <stdbool.h>

#include "sim/command/options.h"

/* True when argv[*place] is one of them, with a value where it wants one; takes it and moves on. */
bool server_words_take(struct live_options *live, int argc, char **argv, int *place);

#endif
