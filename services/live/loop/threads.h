/* threads.h — Threads beside the loop's: how they begin, and how they wake it.
 *
 *     a thread: puts what has ended on a list of its owner's, under a lock
 *           bell_ring --> the loop: `rung` takes it off
 *
 * Signals are the loop's alone. */
#ifndef SERVICES_LIVE_LOOP_THREADS_H
#define SERVICES_LIVE_LOOP_THREADS_H

#include <pthread.h>

#include "services/live/loop/loop.h"

/* attributes NULL: the usual ones. False, with errno: the system gives no more. */
bool thread_begin(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *context),
                  void *context);

struct bell {
    struct loop *loop;
    struct event *event;
    int fd; /* An eventfd, for who rings by himself: eight bytes that are not 0. -1: none. */
    void (*rung)(void *context);
    void *context;
};

/* `rung` runs in the loop (loop_enter has been called) once or more often after each ring, and once
 * for all rings before it. False, with errno: no file descriptor. */
bool bell_open(struct bell *bell, struct loop *loop, void (*rung)(void *context), void *context);
void bell_close(
    struct bell *bell); /* Also of one that could not be opened. Nobody rings any more. */

void bell_ring(const struct bell *bell); /* From any thread. */

#endif
