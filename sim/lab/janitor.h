/* janitor.h — The one who cleans up: a process that outlives us, if only by a moment.
 *
 * It is forked before anything is started and waits for the end of a pipe. When we are done we
 * close the pipe and wait for it; when we are killed the kernel closes it. Either way it then drops
 * what the run has made in servers that are not ours (keys, topics, schema) and removes the run's
 * folder. So there is one way of cleaning up, and kill -9 takes it too. */
#ifndef SIM_LAB_JANITOR_H
#define SIM_LAB_JANITOR_H

#include "sim/lab/servers.h"

enum janitor_task { /* What it will have to drop. */
                    JANITOR_KEYS = 'k',
                    JANITOR_TOPICS = 'q',
                    JANITOR_QUEUES = 'r', /* RabbitMQ's; a calibration has both. */
                    JANITOR_TABLES = 't',
                    JANITOR_ALONE = '.' /* Nobody writes any more: we were not killed. */
};

/* It keeps a copy of what the servers' settings are now. Embedded servers need no dropping: they
 * are gone with their process and the folder. False: errno. */
bool janitor_open(struct janitor *janitor, const struct servers *servers);
void janitor_note(struct janitor *janitor, enum janitor_task task); /* Before it is made. */
void janitor_close(struct janitor *janitor);                        /* Returns when all is clean. */

#endif
