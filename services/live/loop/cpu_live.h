/* cpu_live.h — The processor of one replica, by its runtime: really a loop, really threads, really
 * processes. What computes is emulated by sleeping until it would be done, so that twenty replicas
 * can be saturated on a machine of two cores; or really burnt (--burn).
 *
 *   event_loop   one line, first in, first out, before `cores` loops, and a handler that asks at
 *                once goes on before those who wait. A loop's next piece of work
 *                begins when it was *due* to be free, not when the timer was noticed: start =
 *                max(asked, due of the loop). So capacity does not drift (measured: 999 of 1000 per
 *                second at 10 ms, and 4998 of 5000 at 2 ms; without it 993 and 4841). A blocking
 *                call really stops the thread of the node's only loop, burnt or not; of several
 *                loops, which are emulated on one thread, it takes one. Burning blocks that thread
 *                as well, as a handler that computes does: one core, whatever `cores` says.
 *   threads      a pool of threads (runtime/pool.h) on emulated cores (runtime/cores.h); a visit
 *                holds one of them from the door to its answer (door_live.h takes and frees them).
 *   gil_threads  the same threads, and the interpreter's lock (runtime/lock.h).
 *   processes    this process is one of them (node/prefork.h): it computes and blocks on its only
 *                thread, on cores that it shares with the others.
 *
 * A timer that is later than 100 ms tells of a process that was stopped (SIGSTOP): what ran keeps
 * its core and goes on where it was, as in the virtual world. Less than that is made up for.
 *
 * The same rules as the virtual processor (sim/world/processor.h); the port suite holds both to
 * them. Busy and waiting are counted up to the instants when they were due to change. */
#ifndef SERVICES_LIVE_LOOP_CPU_LIVE_H
#define SERVICES_LIVE_LOOP_CPU_LIVE_H

#include "services/base/door_line.h"
#include "services/live/loop/loop.h"
#include "services/port/cpu.h"

struct cores;
struct node_stats;

enum cpu_model { CPU_EVENT_LOOP, CPU_THREADS, CPU_GIL_THREADS, CPU_PROCESSES, CPU_MODELS };

enum { CPU_WORKERS_MAX = 4096 };

struct cpu_spec {
    enum cpu_model model;
    uint32_t cores;
    double speed;
    uint32_t workers; /* Threads or processes; of an event loop none. */
    uint64_t quantum_ns;
    uint64_t switch_interval_ns; /* gil_threads. */
    uint32_t queue;              /* Waiting for a first turn; beyond it a visit is shed. */
    bool is_burnt;
    enum line_order line; /* Of those at the door; where it is by priority, those before a core are
                             served by call->priority too. */
};

struct cpu_live; /* port is its first member. */

/* Copies spec; cores and speed above 0. Of processes it is the only one. */
struct cpu_live *cpu_live_open(struct loop *loop, const struct cpu_spec *spec,
                               struct node_stats *stats);

/* One of the processes that share these cores: number `who` of them. */
struct cpu_live *cpu_live_open_shared(struct loop *loop, const struct cpu_spec *spec,
                                      struct node_stats *stats, struct cores *cores, uint32_t who);

void cpu_live_close(struct cpu_live *cpu); /* What runs or waits never ends. */
struct cpu *cpu_live_port(struct cpu_live *cpu);

/* As the port does, but what is waited for is told of as this: enum stats_wait. */
void cpu_live_run_as(struct cpu_live *cpu, struct call *call, uint64_t work_ns, int what);

/* Counts what was due up to now: before stats are read, or an area could shrink once a late timer
 * rings. Of cores that are shared it counts nothing: whoever opened them does. */
void cpu_live_catch_up(struct cpu_live *cpu);

/* How long it has been stopped, all in all. */
uint64_t cpu_live_stood_still_ns(const struct cpu_live *cpu);

/* No room for one more visit. Event loop: every core is busy and `queue` tasks wait for one. With
 * workers: every one of them is held and at_the_door >= `queue`. */
bool cpu_live_is_full(struct cpu_live *cpu, uint32_t at_the_door);

/* The line is full, and somebody of this priority comes: the last of the least urgent in it is shed
 * (its call ends with CALL_SHED). False: nobody is less urgent. */
bool cpu_live_gives_way(struct cpu_live *cpu, uint8_t priority);

enum line_order cpu_live_line(const struct cpu_live *cpu);

/* Threads; a process has one. */
bool cpu_live_has_workers(const struct cpu_live *cpu);
bool cpu_live_take_worker(struct cpu_live *cpu); /* False: all are held. */
void cpu_live_free_worker(struct cpu_live *cpu);

#endif
