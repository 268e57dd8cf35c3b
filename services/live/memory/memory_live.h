/* memory_live.h — The memory port on real threads: pthreads, a mutex, C11 atomics, real cores.
 *
 *     loop: asked --line--> a thread takes it, adds, ends it --bell--> loop: loop_finish
 *
 * The cores are the machine's, of which the threads use no more than they are given, and so is
 * everything that sharing costs; the keys that describe costs are the virtual world's alone. What
 * the program itself does is done here too: `work` is burnt before each increment, by loops that
 * are timed all the while, and so is the part of `gap` that the machine does not take by
 * itself.
 *
 * Counts go to the node's page. Attempted and shown are of one instant at which nothing was under
 * way, so that they fit together: a process that is killed leaves the last such pair behind. */
#ifndef SERVICES_LIVE_MEMORY_MEMORY_LIVE_H
#define SERVICES_LIVE_MEMORY_MEMORY_LIVE_H

#include "services/live/loop/loop.h"
#include "services/port/memory.h"

struct memory_live; /* port is its first member. */
struct node_stats;

struct memory_live_spec {
    uint32_t threads; /* Above 0. */
    uint32_t cores;   /* Above 0; beyond what the machine has, all of them. */
    uint32_t replica; /* Replicas begin at different cores. */
    double speed;     /* Of the program's own work. */
    uint64_t seed;    /* The threads' chance is drawn from it and the name. */
    const char *name; /* Of the node; borrowed until memory_live_open returns. */
};

/* Threads are started when a service lays it. */
struct memory_live *memory_live_open(struct loop *loop, const struct memory_live_spec *spec,
                                     struct node_stats *stats);
void memory_live_close(struct memory_live *memory); /* Threads end; what was asked never does. */
struct memory *memory_live_port(struct memory_live *memory);

#endif
