/* check.c — What is left to do when a claim is broken: say so, and stop.
 *
 * The listener is the run's chance to print where it stood (seed, virtual time, the command that
 * repeats it). It is kept per thread, because replications run on threads that share nothing. It
 * is forgotten before it is called: a listener that breaks a claim itself must not come back here
 * for ever. */
#include "services/base/check.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local void (*listener)(void *context);
static _Thread_local void *listener_context;

_Noreturn void check_failed(const char *file, int line, const char *claim)
{
    void (*tell)(void *context) = listener;

    listener = NULL;
    (void)fprintf(stderr, "%s:%d: broken claim: %s\n", file, line, claim);
    if (tell != NULL)
        tell(listener_context);
    (void)fflush(stderr);
    abort();
}

void check_listen(void (*tell)(void *context), void *context)
{
    listener = tell;
    listener_context = context;
}
