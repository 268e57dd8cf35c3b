/* queue_model.h — The queue in virtual time, a Kafka or a RabbitMQ as the scenario says: real
 * records, and what becomes of them when somebody dies.
 *
 * Kafka (queue_*.c): offsets by group, and the stand-still of a rebalance.
 *
 *   put     node's open batch of the partition --full or linger--> link --> the leader's line
 *             --append_ns + n record_ns--> (acks all: + replicate_ns) --> in the log --link--> OK
 *   take    link --> member's partitions, round robin; nothing there: it waits at the broker and
 *             is woken by an append --link--> OK; its records count as taken when they arrive
 *   commit  link --> the group's offset of the partition --link--> OK, or ABSENT: not its own
 *
 * A group is a service (its name is that of its nodes up to the slash) and a topic; its members
 * are the nodes that have taken from it. Offsets are kept by (group, partition).
 *
 *            first take of a node; a member leaves or its session ends
 *   STABLE -----------------------------------------------------------> REBALANCING
 *      ^                                                                     |
 *      +---- after rebalance_ns, and when no member is silent any more ------+
 *
 * The rebalance is eager: nobody takes meanwhile (takes that wait are answered CALL_FAILED, new
 * ones after 100 ms), then partitions are shared out in ranges, in the order of joining, and each
 * owner goes on from the committed offset. The coordinator waits for every member that it knows;
 * one that has died, stopped or been cut off holds the rebalance up until its session ends.
 *
 * Memory: a chunk of a partition's log is used again once every group of the topic has committed
 * it, or once retention has dropped it. So a group that is new to a topic begins at the oldest
 * record that is still there, and only what is behind stays in memory.
 *
 * RabbitMQ (rabbit_*.c): one queue per topic, from which messages are pushed to consumers.
 *
 *   put     link --> the queue's one process, message_ns each --> a flush that many share, flush_ns
 *             (acks all: + replicate_ns, to a majority) --> in the queue --link--> confirmed
 *   push    the next consumer by turns that has fewer than `prefetch` without an acknowledgement
 *             --link--> at its node, where takes wait for it
 *   commit  answered at once --link--> acknowledged: all before it are gone for good
 *
 *   READY --push--> UNACKED --acknowledged--> gone
 *     ^                |
 *     +----------------+ its consumer's connection broke: back to its old place, at once
 *
 * A process that dies closes its connection, which the broker sees at once; one that is stopped or
 * cut off is missed when its heartbeats have failed to come for session_ns. */
#ifndef SIM_WORLD_QUEUE_MODEL_H
#define SIM_WORLD_QUEUE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "services/port/queue.h"
#include "services/port/schema.h"
#include "sim/measure/result.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world_parts.h"

struct node;
struct queue_model;

enum queue_bug {
    QUEUE_SOUND,
    QUEUE_STARTS_OVER, /* After a rebalance the new owner begins at the log's start. */
    QUEUE_SKIPS        /* After a rebalance the new owner begins at the log's end; RabbitMQ forgets
                          what a consumer had when its connection broke. */
};

/* Address space for all that it can ever hold: 8 million records behind, a quarter of a million
 * on their way. Pages are touched as they come into use: 72 bytes per record. */
#define QUEUE_MODEL_BYTES (UINT64_C(2) << 30)

struct queue_model *queue_model_open(const struct model_setup *with, const struct queue_spec *spec);

/* What the nodes' ports are to be wired with. */
const struct queue_ops *queue_model_ops(const struct queue_model *model);

void queue_model_crash(struct queue_model *model);
void queue_model_restart(struct queue_model *model); /* What was written is there. */
void queue_model_pause(struct queue_model *model);
void queue_model_resume(struct queue_model *model);
void queue_model_cut(struct queue_model *model, bool is_cut);

/* The process is gone: records in its open batches are lost, its heartbeats stop, its connections
 * are closed. Paused and cut off nodes need no telling: the heartbeats look at the node. */
void queue_model_node_died(struct queue_model *model, const struct node *node);

/* It closes politely (scaled down, drained): it leaves its groups at once, and the batches that it
 * has opened are sent. To be told before its epoch moves on. */
void queue_model_node_left(struct queue_model *model, const struct node *node);

/* Fills in the figures from the warm-up's end to now. */
void queue_model_close(struct queue_model *model, struct queue_result *result);

/* Records behind: log end less committed offset, over all partitions; of RabbitMQ, messages that
 * are ready or not acknowledged, in queues that have had a consumer. */
uint64_t queue_model_lag(const struct queue_model *model); /* Of all groups. */
uint64_t queue_model_group_lag(const struct queue_model *model, const char *service);

/* Records that producers have put and that are neither in the log nor answered for. */
uint64_t queue_model_on_the_way(const struct queue_model *model);

/* For the invariants. RabbitMQ's topics have one partition, 0: messages that have been in the
 * queue, and that were acknowledged. */
uint64_t queue_model_end(const struct queue_model *model, enum schema_topic topic,
                         uint32_t partition);
uint64_t queue_model_committed(const struct queue_model *model, const char *service,
                               enum schema_topic topic, uint32_t partition);
uint32_t queue_model_partition(const struct queue_model *model, uint64_t key); /* Kafka's. */

/* No offset is beyond its log's end; every message is ready, or with one consumer, or gone. */
bool queue_model_is_whole(const struct queue_model *model);

/* Only in builds with SIM_PLANTED_BUGS; else ignored. */
void queue_model_plant(struct queue_model *model, enum queue_bug bug);

#endif
