/* cpu.h — Processor time on this replica.
 *
 * The runtime decides what waiting means: on an event loop a call holds its core from its first
 * nanosecond to its last; under threads the cores are shared in slices. */
#ifndef SERVICES_PORT_CPU_H
#define SERVICES_PORT_CPU_H

#include "services/port/call.h"

struct cpu {
    const struct cpu_ops *ops;
};
struct cpu_ops {
    void (*run)(struct cpu *cpu, struct call *call, uint64_t work_ns);
};

/* Completes with CALL_OK when work_ns of processor time at speed 1 has been spent. No timeout:
 * it does not leave the node. */
static inline void cpu_run(struct cpu *cpu, struct call *call, uint64_t work_ns)
{
    call_begin(call);
    cpu->ops->run(cpu, call, work_ns);
}

#endif
