/* cpu.h — Processor time on this replica, and handlers that wait without giving way.
 *
 * The runtime decides who goes on meanwhile:
 *
 *                  cpu_run                    cpu_run_native             cpu_block
 *   event_loop     holds its loop to the      the same                   holds its loop: nobody
 *                  end; the others wait                                  runs, and no core computes
 *   threads        shares the cores in        the same                   holds its own thread
 *                  slices
 *   gil_threads    one at a time, by the      beside the lock, as        lets go of the lock, holds
 *                  interpreter's lock         under threads              its own thread
 *   processes      shares the cores in        the same                   holds its own process
 *                  slices
 *
 * A handler that awaits (timer_sleep, a store, a table) holds no loop anywhere; under the other
 * three it keeps its thread or process until its visit is answered.
 *
 * The lock is CPython's, to the letter of Python/ceval_gil.c: who has waited for it a whole switch
 * interval (5 ms, sys.getswitchinterval) in which it did not change hands asks the holder to drop
 * it; who comes first is served first; it is let go of when the work ends, around native work, and
 * around a wait.
 *
 * On an event loop a handler goes on until it awaits: the first work or wait that it asks for when
 * the one before has ended, inside its `done`, is done in the same turn, before all who wait.
 *
 * Who waits for a core or a loop is served first in, first out; where the line is by priority, a
 * call of a higher call->priority overtakes those of a lower one, but interrupts nobody. When such
 * a line is full and somebody more urgent comes in by the door, the last of the least urgent gives
 * way: its call ends with CALL_SHED, and its work has not been done. */
#ifndef SERVICES_PORT_CPU_H
#define SERVICES_PORT_CPU_H

#include "services/port/call.h"

enum cpu_kind {
    CPU_OWN,    /* The handler's own code, in the language of the runtime. */
    CPU_NATIVE, /* In a C extension that lets go of the interpreter's lock: NumPy, zlib, a hash. */
    CPU_BLOCK   /* No work at all: a wait in time.sleep or in a driver that is not async. */
};

struct cpu {
    const struct cpu_ops *ops;
};
struct cpu_ops {
    void (*run)(struct cpu *cpu, struct call *call, enum cpu_kind kind, uint64_t ns);
};

/* Completes with CALL_OK when work_ns of processor time at speed 1 has been spent, or with
 * CALL_SHED when it gave way. No timeout: it does not leave the node. */
static inline void cpu_run(struct cpu *cpu, struct call *call, uint64_t work_ns)
{
    call_begin(call);
    cpu->ops->run(cpu, call, CPU_OWN, work_ns);
}

/* The same, of work that other threads can go on beside. */
static inline void cpu_run_native(struct cpu *cpu, struct call *call, uint64_t work_ns)
{
    call_begin(call);
    cpu->ops->run(cpu, call, CPU_NATIVE, work_ns);
}

/* Completes with CALL_OK wait_ns after its turn came; the speed of the cores is nothing to it. */
static inline void cpu_block(struct cpu *cpu, struct call *call, uint64_t wait_ns)
{
    call_begin(call);
    cpu->ops->run(cpu, call, CPU_BLOCK, wait_ns);
}

#endif
