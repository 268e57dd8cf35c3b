/* lock.h — The interpreter's lock of a process with real threads, handed over as CPython does it
 * (Python/ceval_gil.c).
 *
 * A thread that wants the lock waits on its condition in periods of one switch interval; when a
 * period ends in which the lock did not change hands, it asks the holder to drop it. The holder
 * looks for that between two instructions: here, when its piece of work is over, at once when it
 * sleeps through its work, and every 100 us when it burns it.
 *
 * Unlike CPython's, this lock is handed to the first in line and not left lying for whoever comes
 * by: CPython reaches the same with a second condition on which the holder waits until somebody
 * else has had it (FORCE_SWITCHING). sim/world/gil.c is the same in virtual time.
 *
 * Guarded by the lock of its cores, as CPython's is by the mutex of the GIL. */
#ifndef SERVICES_LIVE_RUNTIME_LOCK_H
#define SERVICES_LIVE_RUNTIME_LOCK_H

#include "services/live/runtime/cores.h"

struct lock {
    struct cores *cores;
    uint64_t interval_ns;
    uint32_t holder; /* CORES_NOBODY: it is free. */
    uint64_t switches;
    uint64_t held_since_ns, held_ns; /* held_ns: by those who have let go of it. */
    uint64_t waits, waits_ns;
    struct cores_line line;
    struct lock_turn { /* Of one worker, while it waits. */
        uint64_t since_ns, switches;
    } * turns; /* [cores->workers_max] */
};

void lock_init(struct lock *lock, struct cores *cores, uint64_t interval_ns);
void lock_close(struct lock *lock);

/* `who` wants it since at_ns: it holds it now, and wants a core; or it stands in line. Asked for
 * the worker before it wakes, as cores_want. */
void lock_want(struct lock *lock, uint32_t who, uint64_t at_ns);

/* The worker's own: waits for the lock and a core, computes, drops the lock when it is asked to,
 * and so on until all is done. */
void lock_compute(struct lock *lock, uint32_t who, uint64_t work_ns, bool burns);

/* The time it has been held, up to now. */
void lock_read(const struct lock *lock, uint64_t now_ns, struct node_stats *stats);

#endif
