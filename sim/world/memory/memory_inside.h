/* memory_inside.h — What a model of shared memory keeps; for sim/world/memory alone.
 *
 *     memory_model.c   the port: calls come, calls end; totals
 *     memory_cores.c   threads on cores: who runs, who waits for a core, who sleeps on a lock
 *     memory_steps.c   what one increment is, step by step, in each design
 *
 * A call that has a thread is a burst. Its life:
 *
 *     in line --thread free--> READY --core free--> RUNNING --last step--> ended
 *                                ^  ^                |   |
 *                                |  +--slice used up-+   | the lock is held
 *                                |                       v
 *                              WAKING <--let go---- SLEEPING     (neither has a core)
 *
 * Between two events of the world the steps of all running bursts are played in the order of their
 * instants, one by one: that is where updates get lost. No event is fired per step. The world's
 * clock is behind the model's only inside memory_advance(). */
#ifndef SIM_WORLD_MEMORY_INSIDE_H
#define SIM_WORLD_MEMORY_INSIDE_H

#include "sim/world/memory/memory_model.h"
#include "sim/world/op.h"

#define MEMORY_NEVER UINT64_MAX

enum burst_state { BURST_READY, BURST_RUNNING, BURST_SLEEPING, BURST_WAKING };

/* What comes next in a burst, at its at_ns. */
enum burst_step {
    DO_READ,    /* unlocked: sees the number. */
    DO_WRITE,   /* unlocked: one more than it saw. */
    DO_PASS,    /* unlocked: was written when the core was taken away. */
    DO_TRY,     /* locked: takes the lock if it is free. */
    DO_PARK,    /* locked: it was not, and the kernel looks once more before it lets it sleep. */
    DO_RETRY,   /* locked: woken, and somebody may have been faster. */
    DO_RELEASE, /* locked: one more, and lets go. */
    DO_ASK,     /* atomic, copied: wants the cache line, behind who wanted it before. */
    DO_APPLY,   /* atomic: has it: one more. */
    DO_BUMP,    /* sharded: one more in its own slot. */
    DO_COPY,    /* copied: sees the object, makes a new one. */
    DO_SWAP,    /* copied: has the line: puts it there, unless another was faster. */
    DO_LOOK     /* A read has what it came for. */
};

struct burst {
    struct op op;       /* First. */
    struct link link;   /* In line, ready, or waking. */
    struct link active; /* Of those that have a thread. */
    struct burst *next; /* Sleeping: behind it. */
    enum burst_state state;
    enum burst_step step;
    uint32_t slot, thread, core;
    bool is_read;
    uint64_t adds, adds_left; /* A read: 1. */
    uint64_t at_ns;           /* RUNNING: of its next step. WAKING: it is READY then. */
    uint64_t left_ns;         /* READY: until its next step, once it has a core. */
    uint64_t slice_ns;        /* RUNNING: its slice ends, if another wants the core. */
    uint64_t since_ns;        /* RUNNING: it got its core. */
    uint64_t had_ns;          /* Of cores until then; who comes: as the others on the average. */
    uint64_t begun_ns;        /* It got its thread. */
    uint64_t seen;            /* unlocked, copied: the number that it saw. */
    int64_t shown;            /* In the end. */
};

struct slot {
    uint64_t value;        /* sharded: of no meaning. */
    uint64_t line_free_ns; /* Its cache line goes to the next who asked. */
    uint32_t owner;        /* The core that has it, from 1; 0: none. */
    bool is_held;          /* locked */
    bool is_wanted;        /* And who lets go must look whom to wake. */
    struct burst *sleeper_first, *sleeper_last;
};

struct memory_costs { /* At the speed of the cores. */
    uint64_t atomic_ns, line_ns, hold_ns, park_ns, wake_ns, asleep_ns, copy_ns;
    uint64_t gap_ns, store_ns;                      /* store: the last part of it. */
    uint64_t work_ns, work_least_ns, work_range_ns; /* Mean; least and how many values. */
    uint64_t add_ns;                                /* One increment alone, without the work. */
};

struct memory_model {
    struct node *node;
    const struct service_spec *spec;
    const struct sharing_spec *sharing;
    struct events *events;
    struct arena *arena;
    struct usage *usage; /* Of the service's cores. */
    struct memory_layout layout;
    struct memory_costs costs;
    struct dice dice;
    struct slot *slots;
    uint64_t *shards; /* [slots][threads] */
    bool loses;       /* A planted bug. */

    struct burst **cores; /* Who runs on each; NULL: nobody. */
    uint32_t running;
    uint32_t *free_threads; /* A stack of their numbers. */
    uint32_t threads_free;
    struct list line, ready, waking, active, ended; /* ready: who has had least is first. */
    uint64_t busy_since_ns, busy_ns;
    struct event tick;
    struct counter_result totals; /* Without `shown`, which the slots know. */
};

static inline uint64_t memory_sooner(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* memory_cores.c */
/* Plays all steps before until_ns, which is the world's now or one behind it. */
void memory_advance(struct memory_model *model, uint64_t until_ns);
void memory_start(struct memory_model *model, struct burst *burst, uint64_t now_ns);
void memory_sleep(struct memory_model *model, struct burst *burst);
void memory_wake_first(struct memory_model *model, struct slot *slot, uint64_t now_ns);
void memory_end(struct memory_model *model, struct burst *burst);
uint64_t memory_next_ns(const struct memory_model *model); /* Of any step; MEMORY_NEVER: none. */

/* memory_steps.c */
void memory_work_out(struct memory_model *model); /* What things cost, from spec and layout. */
void memory_begin(struct memory_model *model, struct burst *burst); /* Its first step and when. */
void memory_step(struct memory_model *model, struct burst *burst);
void memory_interrupt(struct memory_model *model, struct burst *burst); /* Loses its core. */
/* As many increments as one burst can make before an instant, when nobody else is there. */
void memory_step_alone(struct memory_model *model, struct burst *burst, uint64_t until_ns);
uint64_t memory_least_ns(const struct memory_model *model); /* No increment takes less. */
int64_t memory_shown(const struct memory_model *model, uint32_t slot);

#endif
