/* port_rig_queue.h — The worlds of the queue, and what its suite needs besides the port: a Kafka
 * and a RabbitMQ, each virtual and live.
 *
 * A rig has two members of one group, which are two nodes: the first asks through rig->ports.queue,
 * the other through rig_queue_other. Both Kafkas have RIG_PARTITIONS partitions and keep offsets in
 * the group, since the rig has no table; both RabbitMQs hand out RIG_PREFETCH records at most that
 * are not acknowledged. */
#ifndef TESTS_LIB_PORT_RIG_QUEUE_H
#define TESTS_LIB_PORT_RIG_QUEUE_H

#include "tests/lib/broker.h"
#include "tests/lib/port_rig.h"

enum { RIG_PARTITIONS = 4, RIG_PREFETCH = 120 };

extern const struct rig_world rig_queue_virtual, rig_queue_live;
extern const struct rig_world rig_rabbit_virtual, rig_rabbit_live; /* port_rig_rabbit.c */

/* The second node's port. */
struct queue *rig_queue_other(struct rig *rig);

/* The first node closes politely; its port is not asked again. */
void rig_queue_leave(struct rig *rig);

/* ---- For the live worlds --------------------------------------------------------------------- */

struct rig_queue {             /* rig->own */
    struct test_broker broker; /* Its settings and its run; of RabbitMQ no more. */
    struct queue_live *first, *other;
    struct node_stats other_stats;
};

/* The first node, once settings and run are set; and both, away. */
void rig_queue_open(struct rig *rig);
void rig_queue_close(struct rig *rig);

/* Trouble for the model behind it, whichever kind it is of. */
void rig_queue_virtual_pause(struct rig *rig);
void rig_queue_virtual_resume(struct rig *rig);
void rig_queue_virtual_crash(struct rig *rig);
void rig_queue_virtual_restart(struct rig *rig);

#endif
