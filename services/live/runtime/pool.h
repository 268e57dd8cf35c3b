/* pool.h — Real threads that do what visits ask of their processor.
 *
 *     the loop --submit--> a thread: lock, core, work, or a blocking wait --bell--> loop_finish
 *
 * A visit holds one of `workers` threads from the door to its answer (door_live.c counts them). The
 * service's own code runs on the loop, as everywhere; what stands for the handler's work runs on a
 * thread: it computes on one of the replica's emulated cores (cores.h), really burns, or sleeps in
 * a blocking call. Between two pieces of work a visit's thread waits with the others; they are all
 * alike, so which of them wakes for it cannot be told.
 *
 * Threads start when they are first needed. Work beyond their number (of a service that works
 * without a visit) waits for one, first come, first served. */
#ifndef SERVICES_LIVE_RUNTIME_POOL_H
#define SERVICES_LIVE_RUNTIME_POOL_H

#include "services/live/loop/cpu_live.h"

struct pool_live;

/* spec->model CPU_THREADS or CPU_GIL_THREADS. */
struct pool_live *pool_live_open(struct loop *loop, const struct cpu_spec *spec,
                                 struct node_stats *stats);
void pool_live_close(struct pool_live *pool); /* What runs or waits never ends. */

/* From the loop alone. what: enum stats_wait, as which the wait is told of. */
void pool_live_submit(struct pool_live *pool, struct call *call, enum cpu_kind kind, uint64_t ns,
                      int what);
void pool_live_read(struct pool_live *pool); /* Its figures, up to now, into the stats. */
uint64_t pool_live_stood_still_ns(struct pool_live *pool);

#endif
