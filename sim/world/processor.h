/* processor.h — The cores of one replica and the runtime that hands them out.
 *
 *   event_loop   each core is a loop: a task runs to its end, and what its handler then asks for at
 *                once as well; the others wait in one line, first in, first out, or by priority.
 *                Visits are handed to the service at once; a new one is shed when `queue` tasks
 *                wait, unless one of them gives way to it. A blocking call holds its loop and no
 *                core computes; where it is the only loop, the whole node stands still: no message
 *                is read, no timer rings.
 *   threads      a visit holds a thread from accept to answer; runnable threads share the cores in
 *                slices of `quantum`. When all threads are held, visits wait at the door, at most
 *                `queue` of them. A blocking call holds its thread and no core.
 *   gil_threads  the same, and of the threads that run the handlers' own code only the one that
 *                holds the interpreter's lock (gil.h) wants a core; native work wants a core alone.
 *   processes    as threads, one process in the place of each thread: a visit has an instance of
 *                the service for itself (node.h), and there is no lock. The line at the door is the
 *                kernel's, before a socket that all share: it knows no priority.
 *
 * Invariants: no core idles beside a waiting task, no lock is free beside one who waits for it, and
 * never do two tasks compute that the lock is there to keep apart. */
#ifndef SIM_WORLD_PROCESSOR_H
#define SIM_WORLD_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/list.h"
#include "services/base/door_line.h"
#include "services/port/cpu.h"
#include "sim/measure/measure.h"
#include "sim/scenario/scenario.h"
#include "sim/world/gil.h"

struct node;
struct task;

struct processor {
    uint32_t cores;
    uint32_t busy;         /* Cores, or loops, that have a task; … */
    uint32_t blocked;      /* … and of the loops those whose task is a blocking call. */
    struct area computing; /* Cores that compute. */
    double speed;
    uint64_t quantum_ns; /* 0: to the end. */
    uint32_t workers;    /* Threads or processes; 0: an event loop. */
    uint32_t workers_held;
    bool has_processes;
    bool is_in_turn;   /* A handler goes on: what it changes is noted when it has. */
    bool is_admitting; /* Visits at the door are being given the workers that came free. */
    uint32_t queue;    /* Limits of the scenario. */
    uint32_t in_flight;
    struct gil gil;
    struct ranks waiting;  /* Tasks that want a core. */
    struct list running;   /* Tasks that have one. */
    struct list blocking;  /* Tasks that wait in a blocking call and want none. */
    struct door_line door; /* Visits without a worker; struct exchange.door */
};

extern const struct cpu_ops processor_ops;

void processor_init(struct processor *processor, const struct service_spec *spec, uint32_t replica);

/* The process is stopped for so long: it keeps its cores and does nothing with them. */
void processor_stand_still(struct node *node, uint64_t for_ns);

/* The node has died: its tasks go back to the world's pool. */
void processor_drop_all(struct node *node);

/* A visit takes a worker from the door to its answer. */
void processor_take_worker(struct node *node);
void processor_free_worker(struct node *node);

static inline uint32_t processor_rank(const struct processor *processor, uint8_t priority)
{
    return line_rank(processor->door.order, priority);
}

/* Its line is full, and somebody of this priority comes: whoever is to give way is shed. False:
 * nobody is less urgent. */
bool processor_gives_way(struct node *node, uint8_t priority);

/* Would a new visit be shed? */
bool processor_is_full(const struct node *node);

/* What of the invariants does not hold; NULL: all do. */
const char *processor_finding(const struct processor *processor);

static inline bool processor_has_free_worker(const struct processor *processor)
{
    return processor->workers_held < processor->workers;
}

/* The line for a first turn: with workers the one at the door. */
static inline uint32_t processor_line(const struct processor *processor)
{
    return processor->workers > 0 ? processor->door.waiting.length : processor->waiting.length;
}

/* Everything that waits here: for a core, for the lock, for a worker. */
static inline uint32_t processor_waiting(const struct processor *processor)
{
    return processor->waiting.length + processor->gil.waiting.length +
           processor->door.waiting.length;
}

#endif
