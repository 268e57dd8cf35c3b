/* follow.h — Runs a variant in virtual time and follows single requests. */
#ifndef SIM_COMMAND_FOLLOW_H
#define SIM_COMMAND_FOLLOW_H

#include "sim/measure/trace.h"
#include "sim/world/world.h"

/* The run that `options` ask for, and its trace, which is the caller's to close. False: memory was
 * refused, and there is nothing to close. */
bool follow(struct trace *trace, const struct trace_wish *wish, const struct scenario *variant,
            const struct world_options *options);

#endif
