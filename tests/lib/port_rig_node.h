/* port_rig_node.h — What a node has of itself: its timer and its processor, in both worlds.
 *
 * A rig of these worlds has ports.timer at once. The processor's shape is the test's to say:
 *
 *     struct cpu *cpu = rig_processor(rig, &(struct cpu_spec){.cores = 2, .speed = 1});
 *
 * The same struct describes both, since sim-node is started with it; is_burnt has no virtual
 * counterpart and is not for suites. The rest of the file is for worlds whose nodes have a
 * processor too (port_rig_peer.c). */
#ifndef TESTS_LIB_PORT_RIG_NODE_H
#define TESTS_LIB_PORT_RIG_NODE_H

#include "services/live/loop/cpu_live.h"
#include "tests/lib/port_rig.h"

extern const struct rig_world rig_node_virtual, rig_node_live;

/* Once per test; it is ports.cpu from then on, and closed with the rig. */
struct cpu *rig_processor(struct rig *rig, const struct cpu_spec *spec);

/* When an answer may come that was due then: at that instant in virtual time, where nothing is
 * ever late; in the live world not before it, but for a tolerance, and then any time. */
void rig_was_due(const struct rig_question *question, uint64_t due_ns, uint64_t tolerance_ns);

/* ---- For worlds of other ports --------------------------------------------------------------- */

struct rig_machine; /* What a virtual node wants to stand on: a group, a scenario, pools. */

struct rig_machine *rig_machine_open(struct rig *rig, uint64_t latency_ns);
void rig_machine_close(struct rig_machine *machine);
/* The node (of rig->fixture) has this processor now, and nothing runs on it. */
void rig_machine_set(struct rig_machine *machine, struct node *node, const struct cpu_spec *spec,
                     uint32_t in_flight);

#endif
