/* cores.h — Emulated cores that workers take turns on: threads of one process, or processes that
 * share this struct's memory.
 *
 *     want --core free--> has one --piece over, nobody waits--+
 *      |                   ^   ^  |                           |
 *      | all taken         |   |  +---------------------------+
 *      v                   |   |  piece over, others wait
 *     in the line ---------+   +--------- the end of the line
 *
 * A worker that computes sleeps until its work would be done, so that a replica of twenty cores can
 * be saturated on a machine of two; or it really burns its time (CLOCK_THREAD_CPUTIME_ID), with as
 * many at once as there are cores here.
 *
 * A core passes from worker to worker at the instant when it was *due* to come free and not when
 * the sleeper noticed, so that capacity does not drift with late timers. Who runs while nobody
 * waits has no slices; when somebody comes, it is cut at the end of the slice it would be in. A
 * sleeper that is later than 100 ms tells of a process that was stopped: what ran keeps its core
 * and goes on where it was. These are the rules of sim/world/processor.c; tests/port holds both to
 * them.
 *
 * Nothing here points anywhere, so that it may lie in memory that processes share; workers are
 * numbers. Everything is called with the lock held. */
#ifndef SERVICES_LIVE_RUNTIME_CORES_H
#define SERVICES_LIVE_RUNTIME_CORES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/live/node/stats.h"

#define CORES_NOBODY UINT32_MAX
#define CORES_EARLY_NS UINT64_C(60000)        /* A sleeper asks to be woken so much early. */
#define CORES_LATE_MAX_NS UINT64_C(100000000) /* Later than this is no late timer but a stop. */

struct turn {            /* Of one worker. */
    pthread_cond_t come; /* Its core, or the lock, or the end of its piece sooner. */
    uint32_t next;       /* In the one line that it may wait in. */
    uint32_t rank;       /* In the line for a core: higher goes first. */
    uint64_t since_ns;   /* It stands in that line. */
    bool has_core;
    bool is_asked;             /* To stop and give its core back, done or not. */
    uint64_t start_ns, due_ns; /* With a core: its piece; due_ns 0: not known yet. Afterwards
                                  due_ns is when it gave the core back. */
};

struct cores_line {
    uint32_t first, last, length;
};

struct cores {
    pthread_mutex_t lock;
    uint32_t cores_max, workers_max, busy, busy_max;
    uint64_t quantum_ns; /* 0: to the end. */
    uint64_t freed_ns;   /* A core came free last. */
    uint64_t busy_ns;    /* Pieces that are over. */
    uint64_t stood_still_ns;
    bool is_stopping; /* All give up what they do. */
    struct cores_line line;
    struct turn turns[]; /* [workers_max] */
};

size_t cores_bytes(uint32_t workers_max);

/* is_shared: processes will lock it. */
void cores_init(struct cores *cores, uint32_t cores_max, uint32_t workers_max, uint64_t quantum_ns,
                bool is_shared);
void cores_close(struct cores *cores); /* Nobody waits. */

/* Since when new work may have a core: since at_ns, or since one came free that it did not see come
 * free, as a loop's time is that of its last look at the clock. */
uint64_t cores_free_since(const struct cores *cores, uint64_t at_ns);

/* `who` wants a core since at_ns: it has one now, or stands in line. Asked for the worker, before
 * it wakes, so that workers stand in the order in which their work was asked for. */
void cores_want(struct cores *cores, uint32_t who, uint64_t at_ns);

/* The rank of what it will ask for next; 0 until it is set. */
void cores_set_rank(struct cores *cores, uint32_t who, uint32_t rank);

/* The worker's own: waits for its core, computes, gives it back. What is left of the work: 0,
 * unless it was asked to stop, or all were. */
uint64_t cores_compute(struct cores *cores, uint32_t who, uint64_t work_ns, bool burns);

/* Everybody leaves off where they are; nothing may be asked for any more. */
void cores_stop(struct cores *cores);

/* It stops at once, when it next has a core. */
void cores_ask(struct cores *cores, uint32_t who);

/* Busy cores, up to now. */
void cores_read(const struct cores *cores, uint64_t now_ns, struct stats_level *busy);

/* Lines of workers, for this and for the lock. */
void cores_line_push(struct cores *cores, struct cores_line *line, uint32_t who);
uint32_t cores_line_take(struct cores *cores, struct cores_line *line); /* CORES_NOBODY: empty. */

/* Waits for the worker's condition, until then by CLOCK_MONOTONIC at most. */
void cores_wait(struct cores *cores, uint32_t who, uint64_t until_ns);

#endif
