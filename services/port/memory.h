/* memory.h — Memory that the threads of one process share: counters in its slots.
 *
 * A service on one thread has no need of it. Where threads run side by side, `n = n + 1` is three
 * things (read, add, write), and another thread may come between them. How to add is the service's
 * to choose:
 *
 *   unlocked  read, then write: what others wrote in between is overwritten, and lost
 *   locked    a mutex around both: who finds it held sleeps until it is let go
 *   atomic    one indivisible instruction: the cores hand its cache line around
 *   sharded   a slot per thread, each on a cache line of its own; a read adds them all up
 *   copied    the number is in an object that never changes: a new one is made, and put in the old
 *             one's place if that is still there (compare and swap), else all over again
 *
 * One increment takes nanoseconds, and a thousand requests per second would never meet in one. So a
 * call is a burst: `adds` increments one after the other, on one thread of the process, with the
 * program's own work before each of them. Calls beyond the threads wait, first in, first out.
 *
 * The process's memory dies with it: after a crash every slot is 0 again. */
#ifndef SERVICES_PORT_MEMORY_H
#define SERVICES_PORT_MEMORY_H

#include "services/port/call.h"

enum memory_design {
    MEMORY_UNLOCKED,
    MEMORY_LOCKED,
    MEMORY_ATOMIC,
    MEMORY_SHARDED,
    MEMORY_COPIED,
    MEMORY_DESIGNS
};

struct memory_layout {
    enum memory_design design;
    uint32_t slots;
    uint64_t work_ns; /* The program's own, before each increment; mean. */
    double jitter;    /* It varies evenly by this share, up and down: 0 … 1. */
    uint64_t gap_ns;  /* unlocked: from the read to the write, at least 1. */
    uint64_t hold_ns; /* locked: from taking the lock to letting go, at least 1. */
    uint32_t bytes;   /* copied: of the object that holds the number; at least 8. */
};

struct memory {
    const struct memory_ops *ops;
};
struct memory_ops {
    void (*lay)(struct memory *memory, const struct memory_layout *layout);
    void (*add)(struct memory *memory, struct call *call, uint32_t slot, uint64_t adds);
    void (*read)(struct memory *memory, struct call *call, uint32_t slot);
};

/* Once, in a service's init, before any other question: all slots are there, and 0. Copies it. */
static inline void memory_lay(struct memory *memory, const struct memory_layout *layout)
{
    check(layout->design < MEMORY_DESIGNS && layout->slots > 0);
    check(layout->jitter >= 0 && layout->jitter <= 1);
    check(layout->gap_ns > 0 && layout->hold_ns > 0 && layout->bytes >= 8);
    memory->ops->lay(memory, layout);
}

/* Adds 1, `adds` times. CALL_OK when all of that is done; value: what the slot shows then, the
 * others' increments included. No timeout: it does not leave the node. Twice adds twice. */
static inline void memory_add(struct memory *memory, struct call *call, uint32_t slot,
                              uint64_t adds)
{
    check(adds > 0);
    call_begin(call);
    memory->ops->add(memory, call, slot, adds);
}

/* CALL_OK with what the slot shows. Every add that had completed before it was asked is in it, save
 * for those that `unlocked` has lost. */
static inline void memory_read(struct memory *memory, struct call *call, uint32_t slot)
{
    call_begin(call);
    memory->ops->read(memory, call, slot);
}

#endif
