/* cpu_inside.h — The parts of the live processor; for services/live/loop alone.
 *
 * cpu_live.c is the port, the line, burning, and a process of several; cpu_loops.c the loops of an
 * event loop that computes by waiting. */
#ifndef SERVICES_LIVE_LOOP_CPU_INSIDE_H
#define SERVICES_LIVE_LOOP_CPU_INSIDE_H

#include "services/base/list.h"
#include "services/base/ranks.h"
#include "services/live/loop/cpu_live.h"
#include "services/live/node/stats.h"

struct task {
    struct link link; /* Waiting, or spare. */
    struct call *call;
    enum cpu_kind kind;
    uint64_t asked_ns, since_ns; /* since_ns: in this line. */
    uint64_t left_ns;
    enum stats_wait what;
};

struct slot {          /* A loop and its core. */
    struct task *task; /* NULL: idle, or kept. */
    uint64_t start_ns, due_ns;
    const struct call *kept; /* For the handler that is told that this has ended; NULL: not. */
    uint64_t told_by;        /* Drains of the ready list. */
};

struct cpu_live {
    struct cpu port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct cpu_spec spec;
    struct event *alarm;
    struct slot *slots;     /* [spec.cores] */
    uint32_t busy, blocked; /* blocked: of the busy ones, in a blocking call. */
    uint32_t kept;
    struct task *goes_on; /* Burnt next, before those who wait. NULL: none. */
    uint64_t stood_still_ns;
    struct ranks waiting;
    struct list spare;
    struct pool_live *pool; /* threads, gil_threads. */
    struct cores *cores;    /* processes. */
    uint32_t who;           /* On them. */
    bool has_own_cores;
};

/* cpu_live.c: all instants by the loop's clock. */
void cpu_wait_in_line(struct cpu_live *cpu, struct task *task, uint64_t at_ns);

/* The first, at *at_ns or, if that is later, when it came. NULL: nobody waits. */
struct task *cpu_leave_line(struct cpu_live *cpu, uint64_t *at_ns);
void cpu_end(struct cpu_live *cpu, struct task *task);
void cpu_note_busy(struct cpu_live *cpu, uint64_t at_ns);
void cpu_note_turn(struct cpu_live *cpu, uint64_t waited_ns);
void cpu_sleep_until(struct cpu_live *cpu, uint64_t due_ns);

/* cpu_loops.c */
void cpu_loops_run(struct cpu_live *cpu, struct task *task);
void cpu_loops_ring(struct cpu_live *cpu); /* The alarm. */

/* Plays what was due up to now, as far as nobody has to be told first. */
void cpu_loops_settle(struct cpu_live *cpu);

/* From the end of the call's work until its handler has been told, the loop is the handler's. */
void cpu_loops_keep(struct cpu_live *cpu, struct slot *slot, const struct call *call);
void cpu_loops_let_go(struct cpu_live *cpu, struct slot *slot);

/* The loop that is kept for the handler that runs right now. NULL: none. */
struct slot *cpu_loops_kept(const struct cpu_live *cpu);

static inline bool cpu_loops_told(const struct cpu_live *cpu, const struct slot *slot)
{
    return cpu->loop->drains >= slot->told_by;
}

#endif
