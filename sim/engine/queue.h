/* queue.h — The queue for any due time: a ring of buckets over a short sorted run.
 *
 * Inside the engine.
 *
 *      due before the horizon       within the ring's window            beyond it
 *   +---------------------------+-----------------------------------+--------------+
 *   | run: 48 sorted entries    | ring: buckets of equal width,     | overflow:    |
 *   | heap: whatever is over    | each an unsorted list             | one list     |
 *   +---------------------------+-----------------------------------+--------------+
 *   now                         horizon = start of the bucket at the cursor
 *
 * An entry is thrown into its bucket, and sorted only when the cursor gets there, together
 * with the handful of its neighbours. So both asking and taking are constant, as long as a bucket
 * holds about four. The width is worked out anew at each lap of the cursor from how fast entries
 * were taken, and when a lap says too little, from how closely the next eighth of all entries
 * lies. Where a distribution defeats the estimate (everything at one instant, say), entries pass
 * through the heap, and nothing costs more than a logarithm. A queue of few entries is its run
 * alone, with the horizon at the end of time.
 *
 * (A calendar queue after Brown, CACM 31(10), 1988, with the bottom of a ladder queue after Tang,
 * Goh and Thng, ACM TOMACS 15(3), 2005, and a heap to fall back on.) */
#ifndef SIM_ENGINE_QUEUE_H
#define SIM_ENGINE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"
#include "sim/engine/heap.h"

enum { RUN_MAX = 48, RUN_ALONE_MAX = 24, BOX_ENTRIES = 5 };

#define QUEUE_PENDING_MAX (UINT64_C(1) << 29) /* So that a box has a number of 29 bits. */

/* Two cache lines. A box is chosen for its place, not for its looks: the entries of a bucket lie
 * together and can be fetched ahead of the cursor without following a chain. */
struct box {
    struct entry entries[BOX_ENTRIES];
    uint32_t next; /* 0: the last. */
    uint32_t unused;
};

/* An unsorted list: a box that is being filled, and full ones behind it. One word, because the
 * buckets of a large queue fill much of a cache by themselves. */
struct bucket {
    uint32_t box : 29;   /* 0: empty. */
    uint32_t length : 3; /* Entries in that first box. */
};

struct queue {
    struct entry run[RUN_MAX]; /* Latest first: the next to fire is at the end. */
    uint32_t run_length;
    uint32_t run_max; /* Less without a ring; 0 in EVENTS_HEAP: everything goes to the heap. */
    struct heap heap;
    uint64_t horizon_ns; /* What is due before it is in the run or the heap. */
    uint64_t length;     /* Entries in all, stale ones included. */

    struct bucket *buckets;
    uint64_t mask;   /* Buckets in use less one, a power of two less one. */
    uint64_t cursor; /* The bucket that starts at the horizon, counted from time zero. */
    unsigned shift;  /* A bucket is 2^shift ns wide. */
    uint64_t in_ring;
    uint64_t in_overflow;
    uint64_t overflow_first_ns; /* The earliest due time there; UINT64_MAX: empty. */
    struct bucket overflow;

    struct box *boxes; /* [0] is nobody's. */
    uint32_t free;     /* Boxes given back. */
    uint32_t fresh;    /* Boxes never used begin here. */

    uint64_t lap_ns;       /* Where the horizon stood when the lap began, */
    uint64_t lap_cursor;   /* the cursor, */
    uint64_t lap_taken;    /* and how many have been taken since. */
    uint64_t pressure;     /* Entries that had to go to the heap since the last rebuild. */
    uint64_t pressure_max; /* At so many, the width is worked out early. */
    uint64_t buckets_max;
};

size_t queue_bytes(uint64_t pending_max);
void queue_init(struct queue *queue, struct arena *arena, enum events_order order,
                uint64_t pending_max);

/* The run is full, or not in use. */
void queue_spill(struct queue *queue, const struct entry *entry);

/* Run and heap are empty: moves the next bucket that holds anything due at or before until_ns to
 * them. They may still be empty afterwards; then nothing is due by then. */
void queue_refill(struct queue *queue, uint64_t until_ns);

/* An entry beyond the ring's window. */
void queue_put_far(struct queue *queue, const struct entry *entry);

static inline uint32_t queue_take_box(struct queue *queue)
{
    uint32_t box = queue->free;

    if (box == 0)
        return queue->fresh++;
    queue->free = queue->boxes[box].next;
    return box;
}

static inline void queue_put_bucket(struct queue *queue, struct bucket *bucket,
                                    const struct entry *entry)
{
    if (bucket->box == 0 || bucket->length == BOX_ENTRIES) {
        uint32_t box = queue_take_box(queue);

        queue->boxes[box].next = bucket->box;
        *bucket = (struct bucket){.box = box & (QUEUE_PENDING_MAX - 1)};
    }
    queue->boxes[bucket->box].entries[bucket->length++] = *entry;
}

/* A new asking: its seq is the greatest so far, so it comes after all that are due with it. */
static inline void queue_put_run(struct queue *queue, const struct entry *entry)
{
    uint32_t i = queue->run_length++;

    for (; i > 0 && queue->run[i - 1].due_ns <= entry->due_ns; i--)
        queue->run[i] = queue->run[i - 1];
    queue->run[i] = *entry;
}

/* Due before UINT64_MAX, with the greatest seq so far. */
static inline void queue_put(struct queue *queue, const struct entry *entry)
{
    uint64_t bucket = entry->due_ns >> queue->shift;

    queue->length++;
    if (entry->due_ns >= queue->horizon_ns) {
        if (bucket - queue->cursor <= queue->mask) {
            queue_put_bucket(queue, &queue->buckets[bucket & queue->mask], entry);
            queue->in_ring++;
        } else {
            queue_put_far(queue, entry);
        }
    } else if (queue->run_length < queue->run_max) {
        queue_put_run(queue, entry);
    } else {
        queue_spill(queue, entry);
    }
}

/* The next entry if it is due at or before until_ns; NULL when none is. (It may answer with a
 * later one, too: the caller looks.) Borrowed until the queue is touched again. */
static inline const struct entry *queue_first(struct queue *queue, uint64_t until_ns)
{
    const struct entry *first;

    if (queue->run_length == 0 && queue->heap.length == 0) {
        if (queue->length == 0 || queue->horizon_ns > until_ns)
            return NULL;
        queue_refill(queue, until_ns);
    }
    if (queue->run_length == 0)
        return queue->heap.length == 0 ? NULL : &queue->heap.entries[0];
    first = &queue->run[queue->run_length - 1];
    if (queue->heap.length > 0 && entry_is_before(&queue->heap.entries[0], first))
        first = &queue->heap.entries[0];
    return first;
}

/* Takes what queue_first() has just answered. */
static inline struct entry queue_take(struct queue *queue, const struct entry *first)
{
    queue->length--;
    queue->lap_taken++;
    if (first == queue->heap.entries)
        return heap_take(&queue->heap);
    return queue->run[--queue->run_length];
}

#endif
