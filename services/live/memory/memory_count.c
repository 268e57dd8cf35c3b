/* memory_count.c — One increment on real cores, in five designs.
 *
 * unlocked is a relaxed load and a relaxed store: at the machine they are what a plain `n = n + 1`
 * is, and in C11 they are not undefined, as that would be with another thread at it.
 *
 * copied must know when an object may be freed: not while another thread has read the pointer to it
 * and not yet swapped. That is also what makes compare-and-swap right, since an object that was
 * freed could come back at the same address with another number (the ABA problem). A thread shows
 * the object that it reads in its hazard, and looks again whether it is still the current one; who
 * has replaced an object keeps it until no hazard shows it (M. Michael, "Hazard Pointers: Safe
 * Memory Reclamation for Lock-Free Objects", IEEE TPDS 15(6), 2004). Both are sequentially
 * consistent: either the second look sees the new object, or the search sees the hazard. Of n
 * hazards n objects can be held, so a search over 2n frees n of them at least, and the garbage has
 * a bound. */
#define _GNU_SOURCE
#include "services/live/memory/memory_inside.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY = 64 }; /* At the clock: increments. */

static void work(struct worker *worker)
{
    uint64_t loops = worker->loops.work_least;

    if (worker->loops.work_range > 1)
        loops += dice_below(&worker->dice, worker->loops.work_range);
    memory_worker_burn(worker, loops);
}

/* ---- unlocked -------------------------------------------------------------------------------- */

static void add_unlocked(struct worker *worker, struct slot *slot, struct burst *burst)
{
    uint64_t seen = atomic_load_explicit(&slot->number, memory_order_relaxed);

    (void)burst;
    memory_worker_burn(worker, worker->loops.gap);
    atomic_store_explicit(&slot->number, seen + 1, memory_order_relaxed);
}

static uint64_t read_number(struct worker *worker, struct slot *slot, struct burst *burst)
{
    (void)worker;
    (void)burst;
    return atomic_load_explicit(&slot->number, memory_order_relaxed);
}

/* ---- locked ---------------------------------------------------------------------------------- */

static void lock(struct slot *slot, struct burst *burst)
{
    if (pthread_mutex_trylock(&slot->lock) == 0)
        return;
    burst->lock_waits++;
    pthread_mutex_lock(&slot->lock);
}

static void add_locked(struct worker *worker, struct slot *slot, struct burst *burst)
{
    lock(slot, burst);
    slot->locked_number++;
    memory_worker_burn(worker, worker->loops.hold);
    pthread_mutex_unlock(&slot->lock);
}

static uint64_t read_locked(struct worker *worker, struct slot *slot, struct burst *burst)
{
    uint64_t number;

    (void)worker;
    lock(slot, burst);
    number = slot->locked_number;
    pthread_mutex_unlock(&slot->lock);
    return number;
}

/* ---- atomic ---------------------------------------------------------------------------------- */

static void add_atomic(struct worker *worker, struct slot *slot, struct burst *burst)
{
    (void)worker;
    (void)burst;
    atomic_fetch_add_explicit(&slot->number, 1, memory_order_relaxed);
}

/* ---- sharded --------------------------------------------------------------------------------- */

/* Nobody else writes there. */
static void add_sharded(struct worker *worker, struct slot *slot, struct burst *burst)
{
    struct shard *own = memory_shard(worker->memory, burst->slot, worker->number);

    (void)slot;
    atomic_store_explicit(&own->number,
                          atomic_load_explicit(&own->number, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static uint64_t sum_of_shards(const struct memory_live *memory, uint32_t slot)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < memory->spec.threads; i++)
        sum += atomic_load_explicit(&memory_shard(memory, slot, i)->number, memory_order_relaxed);
    return sum;
}

static uint64_t read_sharded(struct worker *worker, struct slot *slot, struct burst *burst)
{
    (void)slot;
    return sum_of_shards(worker->memory, burst->slot);
}

/* ---- copied ---------------------------------------------------------------------------------- */

static bool is_shown(const struct memory_live *memory, const struct object *object)
{
    for (uint32_t i = 0; i < memory->spec.threads; i++)
        if (atomic_load(&memory->workers[i].hazard) == object)
            return true;
    return false;
}

void memory_free_retired(struct worker *worker, bool all)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < worker->retired_max; i++)
        if (!all && is_shown(worker->memory, worker->retired[i]))
            worker->retired[kept++] = worker->retired[i];
        else
            free(worker->retired[i]);
    worker->retired_max = kept;
}

static void retire(struct worker *worker, struct object *object)
{
    if (worker->retired_max == worker->memory->retired_room)
        memory_free_retired(worker, false);
    worker->retired[worker->retired_max++] = object;
}

/* The current object, which nobody frees until the hazard shows another. */
static struct object *show_current(struct worker *worker, struct slot *slot)
{
    struct object *seen = atomic_load(&slot->object), *now;

    for (;;) {
        atomic_store(&worker->hazard, seen);
        now = atomic_load(&slot->object);
        if (now == seen)
            return seen;
        seen = now;
    }
}

static struct object *copy(const struct object *seen, size_t bytes, struct burst *burst)
{
    struct object *fresh = malloc(bytes);

    check(fresh != NULL);
    memcpy(fresh, seen, bytes);
    fresh->number++;
    burst->allocations++;
    return fresh;
}

static void add_copied(struct worker *worker, struct slot *slot, struct burst *burst)
{
    struct object *seen = show_current(worker, slot), *expected = seen;
    struct object *fresh = copy(seen, worker->memory->layout.bytes, burst);

    while (!atomic_compare_exchange_strong(&slot->object, &expected, fresh)) {
        burst->retries++;
        free(fresh);
        expected = seen = show_current(worker, slot);
        fresh = copy(seen, worker->memory->layout.bytes, burst);
    }
    atomic_store(&worker->hazard, NULL);
    retire(worker, seen);
}

static uint64_t read_copied(struct worker *worker, struct slot *slot, struct burst *burst)
{
    uint64_t number = show_current(worker, slot)->number;

    (void)burst;
    atomic_store(&worker->hazard, NULL);
    return number;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static const struct {
    void (*add)(struct worker *worker, struct slot *slot, struct burst *burst);
    uint64_t (*read)(struct worker *worker, struct slot *slot, struct burst *burst);
} designs[MEMORY_DESIGNS] = {
    [MEMORY_UNLOCKED] = {add_unlocked, read_number}, [MEMORY_LOCKED] = {add_locked, read_locked},
    [MEMORY_ATOMIC] = {add_atomic, read_number},     [MEMORY_SHARDED] = {add_sharded, read_sharded},
    [MEMORY_COPIED] = {add_copied, read_copied},
};

void memory_count(struct worker *worker, struct burst *burst)
{
    struct memory_live *memory = worker->memory;
    struct slot *slot = &memory->slots[burst->slot];
    enum memory_design design = memory->layout.design;

    for (uint64_t i = 0; i < burst->adds; i++) {
        if (atomic_load_explicit(&memory->is_stopping, memory_order_relaxed))
            return;
        if (i % LOOK_EVERY == 0)
            memory_worker_keep_time(worker);
        work(worker);
        designs[design].add(worker, slot, burst);
    }
    burst->shown = designs[design].read(worker, slot, burst);
}

uint64_t memory_live_shown(struct memory_live *memory, uint32_t number)
{
    struct slot *slot = &memory->slots[number];

    switch (memory->layout.design) {
    case MEMORY_LOCKED:
        return slot->locked_number;
    case MEMORY_SHARDED:
        return sum_of_shards(memory, number);
    case MEMORY_COPIED:
        return atomic_load(&slot->object)->number;
    case MEMORY_UNLOCKED:
    case MEMORY_ATOMIC:
    case MEMORY_DESIGNS:
        break;
    }
    return atomic_load(&slot->number);
}
