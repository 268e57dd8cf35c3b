/* follow.c — A run whose result nobody reads. */
#include "sim/command/follow.h"

#include <stdlib.h>

bool follow(struct trace *trace, const struct trace_wish *wish, const struct scenario *variant,
            const struct world_options *options)
{
    struct world_options traced = *options;
    struct result *result = calloc(1, sizeof *result);
    bool is_run;

    if (result == NULL || !trace_open(trace, wish)) {
        free(result);
        return false;
    }
    traced.trace = trace;
    is_run = world_run(variant, &traced, result);
    if (!is_run)
        trace_close(trace);
    free(result);
    return is_run;
}
