/* cpu.h — Processor time on this replica.
 *
 * The runtime decides what waiting means: on an event loop a call holds its core from its first
 * nanosecond to its last; under threads the cores are shared in slices.
 *
 * Who waits is served first in, first out; where the line is by priority, a call of a higher
 * call->priority overtakes those of a lower one, but interrupts nobody. When such a line is full
 * and somebody more urgent comes in by the door, the last of the least urgent gives way: its call
 * ends with CALL_SHED, and its work has not been done. */
#ifndef SERVICES_PORT_CPU_H
#define SERVICES_PORT_CPU_H

#include "services/port/call.h"

struct cpu {
    const struct cpu_ops *ops;
};
struct cpu_ops {
    void (*run)(struct cpu *cpu, struct call *call, uint64_t work_ns);
};

/* Completes with CALL_OK when work_ns of processor time at speed 1 has been spent, or with
 * CALL_SHED when it gave way. No timeout: it does not leave the node. */
static inline void cpu_run(struct cpu *cpu, struct call *call, uint64_t work_ns)
{
    call_begin(call);
    cpu->ops->run(cpu, call, work_ns);
}

#endif
