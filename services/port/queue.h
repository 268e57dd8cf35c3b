/* queue.h — An ordered, partitioned log: Kafka, or the model of it.
 *
 * Producers put, consumers take; the queue never pushes. A record goes to the partition that its
 * key hashes to. A group shares the partitions of a topic among its members; its offsets are kept
 * by (group, topic, partition), so that a partition's new owner goes on where the old one
 * committed. Delivery is at least once: a taker must be idempotent. */
#ifndef SERVICES_PORT_QUEUE_H
#define SERVICES_PORT_QUEUE_H

#include "services/port/ask.h"

struct record {
    struct ask ask;     /* What was asked: ask.key chooses the partition. */
    uint64_t offset;    /* Set by the queue. */
    uint64_t put_ns;    /* When it was appended; set by the queue. */
    uint32_t partition; /* Set by the queue. */
    uint32_t topic;     /* schema.h */
};

struct queue {
    const struct queue_ops *ops;
};
struct queue_ops {
    void (*put)(struct queue *queue, struct call *call, uint32_t topic, const struct ask *ask,
                uint64_t timeout_ns);
    void (*take)(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                 uint64_t wait_ns, uint64_t timeout_ns);
    void (*commit)(struct queue *queue, struct call *call, uint32_t topic, uint32_t partition,
                   uint64_t next_offset, uint64_t timeout_ns);
};

/* CALL_OK when the record is acknowledged as the scenario's acks say. CALL_FAILED and
 * CALL_TIMEOUT: it may be in the log all the same. */
static inline void queue_put(struct queue *queue, struct call *call, uint32_t topic,
                             const struct ask *ask, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    queue->ops->put(queue, call, topic, ask, timeout_ns);
}

/* Joins the consumer group of this service on first use. Waits until max records are there, or
 * wait_ns has passed since the first of them arrived, or none came within timeout_ns.
 * CALL_OK: value records in span (const struct record *), of one partition, in offset order.
 * CALL_ABSENT: none. CALL_FAILED: the group is rebalancing or the broker is away: ask again.
 * Records taken count as taken until this member commits or loses the partition: the next take
 * goes on behind them. */
static inline void queue_take(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                              uint64_t wait_ns, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    check(max > 0);
    call_begin(call);
    queue->ops->take(queue, call, topic, max, wait_ns, timeout_ns);
}

/* Everything before next_offset is done. CALL_ABSENT: the partition is no longer ours. */
static inline void queue_commit(struct queue *queue, struct call *call, uint32_t topic,
                                uint32_t partition, uint64_t next_offset, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    queue->ops->commit(queue, call, topic, partition, next_offset, timeout_ns);
}

#endif
