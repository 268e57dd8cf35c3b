/* memory_inside.h — The two sides of the live memory; for services/live/memory alone.
 *
 * memory_live.c is the loop's side: asking, completing, counting. memory_worker.c is a thread: it
 * takes a burst from the line and works it off; memory_count.c is how, in each design. A burst is
 * the loop's, or on a list under the lock, or the worker's that took it off the line; its call is
 * the loop's always. */
#ifndef SERVICES_LIVE_MEMORY_MEMORY_INSIDE_H
#define SERVICES_LIVE_MEMORY_MEMORY_INSIDE_H

#include <stdatomic.h>

#include "services/base/dice.h"
#include "services/base/list.h"
#include "services/live/loop/threads.h"
#include "services/live/memory/memory_live.h"
#include "services/live/node/stats.h"

/* Two lines: the one of its own, and the one that the processor fetches along with it. */
enum { MEMORY_APART = 128 };

struct burst {
    struct link link; /* In line, ended, or free. */
    struct call *call;
    uint32_t slot;
    bool is_read;
    uint64_t adds; /* A read: 0. */
    uint64_t asked_ns;

    /* Of the thread that worked it off. */
    uint64_t shown;
    uint64_t took_ns;
    uint64_t lock_waits, retries, allocations;
};

struct object { /* copied: never changes once it can be seen. */
    uint64_t number;
    unsigned char rest[]; /* Up to layout.bytes in all. */
};

struct slot { /* Each member on a line of its own: a design uses one of them. */
    _Alignas(MEMORY_APART) _Atomic uint64_t number; /* unlocked, atomic */
    _Alignas(MEMORY_APART) pthread_mutex_t lock;
    uint64_t locked_number; /* Under the lock. */
    _Alignas(MEMORY_APART) _Atomic(struct object *) object;
};

struct shard {
    _Alignas(MEMORY_APART) _Atomic uint64_t number;
};

struct loops { /* Of burnt time, at the speed that the core has now. */
    uint64_t work_least, work_range, gap, hold;
};

struct worker {
    /* copied: what it reads right now; nobody frees that. Others look at it. */
    _Alignas(MEMORY_APART) _Atomic(struct object *) hazard;
    _Alignas(MEMORY_APART) struct memory_live *memory; /* From here on its thread's alone. */
    pthread_t thread;
    uint32_t number;
    struct dice dice;
    double loop_ns; /* How long one takes. */
    uint64_t timed_next_ns;
    struct loops loops;
    uint64_t burnt;
    struct object **retired; /* [retired_room] Replaced, and perhaps still read. */
    uint32_t retired_max;
};

struct memory_live {
    struct memory port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct memory_live_spec spec;
    char name[64];
    struct memory_layout layout; /* slots 0: not laid yet. */
    struct slot *slots;
    struct shard *shards; /* [slots][threads] */
    struct worker *workers;
    uint32_t retired_room;

    struct list free; /* Bursts; the loop's alone, as what follows. */
    uint32_t under_way;
    uint64_t attempted, worked_ns;
    struct bell ended_bell;

    atomic_bool is_stopping;
    pthread_mutex_t lock; /* Guards what follows. */
    pthread_cond_t has_come;
    struct list line, ended;
};

/* memory_worker.c */
void *memory_worker_run(void *worker); /* In each thread. */
void memory_worker_burn(struct worker *worker, uint64_t loops);
void memory_worker_keep_time(struct worker *worker); /* Now and then, between increments. */

/* memory_count.c */
void memory_count(struct worker *worker, struct burst *burst);
uint64_t memory_live_shown(struct memory_live *memory,
                           uint32_t slot); /* While nothing is under way. */
void memory_free_retired(struct worker *worker, bool all);

static inline struct shard *memory_shard(const struct memory_live *memory, uint32_t slot,
                                         uint32_t worker)
{
    return &memory->shards[(size_t)slot * memory->spec.threads + worker];
}

#endif
