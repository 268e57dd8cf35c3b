/* memory_model.h — The memory of one replica in virtual time, shared by its threads.
 *
 * Holds real numbers in real slots, and lets its threads really interleave: they run on the
 * replica's cores in slices, and every increment is the steps that its design makes of it, each at
 * its own nanosecond. So updates get lost because one thread wrote between the read and the write
 * of another; and a thread whose slice ends just there overwrites, when it comes back, all that the
 * others have counted meanwhile. Nothing here knows a probability of that.
 *
 *   what costs       when
 *   work             before each increment, varied by chance (the memory's own stream of it)
 *   gap              between the read and the write of an unlocked increment; the last of it is the
 *                    write's way out of the store buffer, which an interrupt empties
 *   line             a cache line was last in another core; who wants it waits for those before
 *   hold             the lock is held for
 *   park             a system call: of who finds it held, and of who lets go of a lock that another
 *                    has found held; if it is free by then, nobody sleeps
 *   wake, asleep     else the sleeper gives up its core, waking it costs whoever lets go, and it
 *                    runs so much later, half of that at least, the rest exponential. Then it must
 *                    try again: the lock is not handed over
 *                    (U. Drepper, "Futexes Are Tricky", 2011, mutex 2; glibc's mutex does the same)
 *   allocate, copy   a new object, and its bytes; garbage is counted, not collected
 *
 * Left out: the costs of a context switch at a slice's end (2 us of 4 ms), that a core which
 * hammers on a line keeps it for a few increments (measured in tests/bench/bench_counter.c), and
 * false sharing.
 *
 * A step costs some 10 ns of the host's time and no event; a burst that runs alone goes in leaps.
 * Steps count against limits.events, as events do. */
#ifndef SIM_WORLD_MEMORY_MODEL_H
#define SIM_WORLD_MEMORY_MODEL_H

#include <stddef.h>

#include "services/port/memory.h"
#include "sim/measure/result.h"

struct arena;
struct memory_model;
struct node;

extern const struct memory_ops memory_model_ops;

/* Of this node, whose memory_model it becomes. Takes from the arena, address space that is touched
 * as it is used. */
struct memory_model *memory_model_open(struct node *node, const struct service_spec *spec,
                                       const struct sharing_spec *sharing, struct arena *arena);

/* These do nothing at a node that has none. */
void memory_model_forget(struct node *node); /* It died: slots are 0, what ran is gone. */
void memory_model_stand_still(struct node *node, uint64_t for_ns);
void memory_model_catch_up(struct node *node); /* Before its cores' time is read. */
void memory_model_close(struct node *node, struct counter_result *result); /* Adds its own. */

/* Records of world->bursts: a call that waits for a thread or has one. */
size_t memory_model_call_bytes(void);

void memory_model_plant(struct memory_model *model); /* An atomic add loses one in a million. */

#endif
