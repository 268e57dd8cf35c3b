/* port_rig_memory.h — The memory that threads share, modelled and real.
 *
 * A test says how many threads there are and lays the memory, as a service does in its init:
 *
 *     rig_memory(rig, 4, &(struct memory_layout){.design = MEMORY_ATOMIC, …});
 *
 * The virtual node has two cores, as the machines that run these tests. */
#ifndef TESTS_LIB_PORT_RIG_MEMORY_H
#define TESTS_LIB_PORT_RIG_MEMORY_H

#include "services/port/memory.h"
#include "sim/measure/result.h"
#include "tests/lib/port_rig_node.h"

extern const struct rig_world rig_memory_virtual, rig_memory_live;

/* It is ports.memory from then on, and closed with the rig. Once per test in the live world; a
 * virtual node may be given another, when nothing is under way. */
struct memory *rig_memory(struct rig *rig, uint32_t threads, const struct memory_layout *layout);

/* What has been counted; nothing may be under way. */
struct counter_result rig_counted(const struct rig *rig);

/* The virtual node that a test of the model alone stands on: its costs are the test's to say. */
struct service_spec rig_memory_spec(uint32_t cores, uint32_t threads);
void rig_memory_turns(struct rig *rig, uint64_t quantum_ns); /* From then on; 4 ms before. */
struct memory *rig_memory_of(struct rig *rig, const struct service_spec *spec,
                             const struct memory_layout *layout);

#endif
