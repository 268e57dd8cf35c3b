/* port_rig_queue.h — The two worlds of the queue, and what its suite needs besides the port.
 *
 * A rig has two members of one group, which are two nodes: the first asks through rig->ports.queue,
 * the other through rig_queue_other. Both worlds have RIG_PARTITIONS partitions and keep offsets in
 * the group, since the rig has no table. */
#ifndef TESTS_LIB_PORT_RIG_QUEUE_H
#define TESTS_LIB_PORT_RIG_QUEUE_H

#include "tests/lib/port_rig.h"

enum { RIG_PARTITIONS = 4 };

extern const struct rig_world rig_queue_virtual, rig_queue_live;

/* The second node's port. */
struct queue *rig_queue_other(struct rig *rig);

/* The first node closes politely; its port is not asked again. */
void rig_queue_leave(struct rig *rig);

#endif
