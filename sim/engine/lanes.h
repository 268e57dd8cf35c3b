/* lanes.h — First in, first out, for delays that repeat.
 *
 * Inside the engine. Time never goes back, so askings with the same delay are due in the order in
 * which they are asked: a queue per delay needs no sorting at all. A tournament over the heads of
 * the lanes says which is first, at a comparison per doubling of the number of lanes.
 *
 * A lane is opened when its delay comes for the second time (the tenth at worst) within a short
 * memory, so that delays which are drawn and never return do not use the lanes up.
 *
 * A head is kept beside the tournament; what waits behind it lies in chunks that the lanes take
 * from one store and give back, so that memory follows what is pending and not what has passed.
 * Cancelled entries are dropped as they come to the head of their lane, in time to spare the
 * tournament: most timeouts never fire. */
#ifndef SIM_ENGINE_LANES_H
#define SIM_ENGINE_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"
#include "sim/engine/heap.h"

enum { LANES_MAX = 64, LANES_NONE = LANES_MAX, LANES_SLOTS = 128, CHUNK_ENTRIES = 64 };

struct chunk {
    struct entry entries[CHUNK_ENTRIES];
    struct chunk *next;
};

struct lane {
    struct chunk *first, *last; /* NULL until something waits behind the head. */
    uint32_t read, write;       /* Places in the first and in the last chunk. */
};

struct lanes {
    struct entry heads[LANES_MAX];  /* An idle lane's is due never: UINT64_MAX, UINT64_MAX. */
    uint8_t winners[2 * LANES_MAX]; /* A tree: [1] is the first of all, the leaves are lanes. */
    uint32_t leaves;                /* A power of two. */
    uint32_t opened;
    uint64_t length; /* Entries in all lanes, cancelled ones included. */
    struct lane lanes[LANES_MAX];
    uint64_t delays_ns[LANES_SLOTS]; /* Open addressing, half full at most. */
    uint8_t numbers[LANES_SLOTS];    /* The lane of that delay plus one; 0: free. */
    uint64_t seen_ns[LANES_MAX];     /* Delays that came once, by their hash, */
    uint8_t patience[LANES_MAX];     /* and how many others are turned away before they go. */
    struct chunk *free;
    struct chunk *fresh; /* Chunks never used begin here. */
};

size_t lanes_bytes(uint64_t pending_max);
void lanes_init(struct lanes *lanes, struct arena *arena, uint64_t pending_max);

/* The lane of this delay, or LANES_NONE: all lanes are in use, or the delay is new. */
unsigned lanes_open(struct lanes *lanes, uint64_t delay_ns);
void lanes_replay(struct lanes *lanes, unsigned lane);
void lanes_append(struct lanes *lanes, unsigned lane, const struct entry *entry);

static inline uint32_t lanes_slot(uint64_t delay_ns)
{
    return (uint32_t)(delay_ns * UINT64_C(0x9e3779b97f4a7c15) >> 57);
}

static inline unsigned lanes_find(struct lanes *lanes, uint64_t delay_ns)
{
    uint32_t slot = lanes_slot(delay_ns);

    while (lanes->numbers[slot] != 0) {
        if (lanes->delays_ns[slot] == delay_ns)
            return lanes->numbers[slot] - 1U;
        slot = (slot + 1) % LANES_SLOTS;
    }
    return lanes_open(lanes, delay_ns);
}

static inline bool lane_is_idle(const struct lanes *lanes, unsigned lane)
{
    return lanes->heads[lane].due_ns == UINT64_MAX;
}

/* The entry is due no earlier than the last of its lane, and before UINT64_MAX. */
static inline void lanes_put(struct lanes *lanes, unsigned lane, const struct entry *entry)
{
    lanes->length++;
    if (lane_is_idle(lanes, lane)) {
        lanes->heads[lane] = *entry;
        lanes_replay(lanes, lane);
    } else {
        lanes_append(lanes, lane, entry);
    }
}

/* Due at UINT64_MAX when all lanes are idle. */
static inline const struct entry *lanes_first(const struct lanes *lanes)
{
    return &lanes->heads[lanes->winners[1]];
}

/* Not all lanes are idle. */
struct entry lanes_take(struct lanes *lanes);

#endif
