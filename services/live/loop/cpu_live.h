/* cpu_live.h — The cores of one replica, emulated by timers, so that twenty replicas can be
 * saturated on a machine of two cores; or really burnt (--burn).
 *
 *   event_loop   first in, first out over `cores` slots. A slot's next piece of work begins when it
 *                was *due* to be free, not when the timer was noticed: start = max(asked, due of
 *                the slot). So capacity does not drift (measured: 999 of 1000 per second at 10 ms,
 *                and 4998 of 5000 at 2 ms; without it 993 and 4841).
 *   threads      the same slots in slices of `quantum`; a visit holds one of `threads` threads from
 *                the door to its answer (door_live.h takes and frees them).
 *   burn         the work is done on this thread, measured by CLOCK_THREAD_CPUTIME_ID, and blocks
 *                the loop, as a handler that computes does: one core, whatever `cores` says.
 *
 * A timer that is later than 100 ms tells of a process that was stopped (SIGSTOP): what ran keeps
 * its core and goes on where it was, as in the virtual world. Less than that is made up for.
 *
 * The same rules as the virtual processor (sim/world/processor.h); the port suite holds both to
 * them. Busy and waiting are counted up to the instants when they were due to change. */
#ifndef SERVICES_LIVE_LOOP_CPU_LIVE_H
#define SERVICES_LIVE_LOOP_CPU_LIVE_H

#include "services/live/loop/loop.h"
#include "services/port/cpu.h"

struct node_stats;

struct cpu_spec {
    uint32_t cores;
    double speed;
    uint32_t threads; /* 0: an event loop. */
    uint64_t quantum_ns;
    uint32_t queue; /* Waiting for a first turn; beyond it a visit is shed. */
    bool is_burnt;
    bool is_by_priority; /* Who waits is served by call->priority; otherwise first come. */
};

struct cpu_live; /* port is its first member. */

/* Copies spec; cores and speed above 0. */
struct cpu_live *cpu_live_open(struct loop *loop, const struct cpu_spec *spec,
                               struct node_stats *stats);
void cpu_live_close(struct cpu_live *cpu); /* What runs or waits never ends. */
struct cpu *cpu_live_port(struct cpu_live *cpu);

/* As the port does, but what is waited for is told of as this: enum stats_wait. */
void cpu_live_run_as(struct cpu_live *cpu, struct call *call, uint64_t work_ns, int what);

/* Counts what was due up to now: before stats are read, or an area could shrink once a late timer
 * rings. */
void cpu_live_catch_up(struct cpu_live *cpu);

/* How long it has been stopped, all in all. */
uint64_t cpu_live_stood_still_ns(const struct cpu_live *cpu);

/* No room for one more visit. Event loop: every core is busy and `queue` tasks wait for one. Under
 * threads: every thread is held and at_the_door >= `queue`. */
bool cpu_live_is_full(struct cpu_live *cpu, uint32_t at_the_door);

/* The line is full, and somebody of this priority comes: the last of the least urgent in it is shed
 * (its call ends with CALL_SHED). False: nobody is less urgent. */
bool cpu_live_gives_way(struct cpu_live *cpu, uint8_t priority);

/* The rank in a line of this node; all the same where lines are not by priority. */
uint32_t cpu_live_rank(const struct cpu_live *cpu, uint8_t priority);

/* Threads. */
bool cpu_live_has_threads(const struct cpu_live *cpu);
bool cpu_live_take_thread(struct cpu_live *cpu); /* False: all are held. */
void cpu_live_free_thread(struct cpu_live *cpu);

#endif
