/* progress.h — How far a long run is, and when it will be done, on stderr.
 *
 * A thread of its own looks at a share a few times a second. On a terminal it keeps one line up to
 * date and wipes it at the end; elsewhere it adds a line every ten seconds. Nothing is shown in
 * the first second: most runs are over by then. */
#ifndef SIM_COMMAND_PROGRESS_H
#define SIM_COMMAND_PROGRESS_H

#include <time.h>

struct progress;

/* share: 0 … 1, called from the thread. NULL when no thread was to be had: a run without a line. */
struct progress *progress_open(double (*share)(void *context), void *context, const char *lang);
void progress_close(struct progress *progress); /* NULL is fine. */

double progress_seconds_since(const struct timespec *then); /* Of CLOCK_MONOTONIC. */

#endif
