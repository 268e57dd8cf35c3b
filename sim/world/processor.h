/* processor.h — The cores of one replica and the runtime that hands them out.
 *
 *   event_loop   each core is a loop: a task runs to its end, the others wait in one line, first
 *                in, first out, or by priority. Visits are handed to the service at once; a new one
 *                is shed when `queue` tasks wait, unless one of them gives way to it.
 *   threads      a visit holds a thread from accept to answer; runnable threads share the cores in
 *                slices of `quantum`. When all threads are held, visits wait at the door, at most
 *                `queue` of them.
 *
 * Invariant: no core idles beside a waiting task. */
#ifndef SIM_WORLD_PROCESSOR_H
#define SIM_WORLD_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/list.h"
#include "services/base/ranks.h"
#include "services/port/cpu.h"
#include "sim/scenario/scenario.h"

struct node;
struct task;

struct processor {
    uint32_t cores;
    uint32_t busy;
    double speed;
    uint64_t quantum_ns; /* 0: to the end. */
    uint32_t threads;    /* 0: no limit, an event loop. */
    uint32_t threads_held;
    bool is_admitting; /* Visits at the door are being given the threads that came free. */
    uint32_t queue;    /* Limits of the scenario. */
    uint32_t in_flight;
    bool is_by_priority;      /* Otherwise everybody has rank 0. */
    struct ranks waiting;     /* Tasks that want a core. */
    struct list running;      /* Tasks that have one. */
    struct ranks at_the_door; /* threads: visits without a thread; struct exchange.door */
};

extern const struct cpu_ops processor_ops;

void processor_init(struct processor *processor, const struct service_spec *spec);

/* The process is stopped for so long: it keeps its cores and does nothing with them. */
void processor_stand_still(struct node *node, uint64_t for_ns);

/* The node has died: its tasks go back to the world's pool. */
void processor_drop_all(struct node *node);

/* threads: a visit takes one from the door to its answer. */
void processor_take_thread(struct node *node);
void processor_free_thread(struct node *node);

static inline uint32_t processor_rank(const struct processor *processor, uint8_t priority)
{
    return processor->is_by_priority ? rank_of(priority) : 0;
}

/* Its line is full, and somebody of this priority comes: whoever is to give way is shed. False:
 * nobody is less urgent. */
bool processor_gives_way(struct node *node, uint8_t priority);

/* Would a new visit be shed? */
bool processor_is_full(const struct node *node);

/* Checks the invariant; false when it is broken. */
bool processor_is_busy_enough(const struct processor *processor);

/* The line for a first turn: under threads the one at the door. */
static inline uint32_t processor_line(const struct processor *processor)
{
    return processor->threads > 0 ? processor->at_the_door.length : processor->waiting.length;
}

/* Everything that waits here: for a core or for a thread. */
static inline uint32_t processor_waiting(const struct processor *processor)
{
    return processor->waiting.length + processor->at_the_door.length;
}

#endif
