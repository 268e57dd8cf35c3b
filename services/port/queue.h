/* queue.h — Records from who puts them to who takes them, at least once: by one of two kinds of
 * server, which differ in what a taker may rely on. queue_keeps_log tells them apart.
 *
 *                    a log: Kafka                          a work queue: RabbitMQ
 *   a record goes    to the partition its key hashes to    to the one queue of its topic
 *   takers share     the partitions; one owner each        the records: whoever has room is next
 *   order            of a partition: always                of the puts, until records are handed
 *                                                          out again; and takers overtake
 *   record.offset    its place; the same for ever          its delivery to this taker; another
 *                                                          one when it is handed out again
 *   a commit         moves the group's offset              acknowledges deliveries, one by one or
 *                                                          all before an offset; they are gone
 *   a taker dies     its partitions stand still until its  what it had not acknowledged goes to
 *                    session ends and all share anew       the others at once
 *   afterwards       an offset in SQL can be compared      nothing can: only rows that are there
 *                    with the log's                        already tell that it was done
 *
 * Producers put, consumers take; a work queue pushes to its client, up to a limit, and the port
 * hands out what is there. With a log, offsets are kept by (group, topic, partition). Either way
 * delivery is at least once: a taker must be idempotent. A port that stands before another is of
 * that one's kind. */
#ifndef SERVICES_PORT_QUEUE_H
#define SERVICES_PORT_QUEUE_H

#include <stdbool.h>

#include "services/port/ask.h"

struct record {
    struct ask ask;     /* What was asked: ask.key chooses the partition. */
    uint64_t offset;    /* Set by the queue; ascending within an answer. */
    uint64_t put_ns;    /* When it was appended; set by the queue; the same whenever it comes. */
    uint32_t partition; /* Set by the queue; 0 in a work queue. */
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
    bool is_work_queue; /* See the top. */
};

/* Whether records stay where they are and offsets mean the same to everybody. */
static inline bool queue_keeps_log(const struct queue *queue)
{
    return !queue->ops->is_work_queue;
}

/* CALL_OK when the record is acknowledged as the scenario's acks say. CALL_FAILED and
 * CALL_TIMEOUT: it may be in the queue all the same. */
static inline void queue_put(struct queue *queue, struct call *call, uint32_t topic,
                             const struct ask *ask, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    queue->ops->put(queue, call, topic, ask, timeout_ns);
}

/* Joins the consumer group of this service on first use. Waits until max records are there, or
 * wait_ns has passed since the first of them arrived, or none came within timeout_ns. A work queue
 * hands out no more than `prefetch` records that are not acknowledged, and answers with fewer than
 * max when that many are there.
 * CALL_OK: value records in span (const struct record *), of one partition, in offset order.
 * CALL_ABSENT: none. CALL_FAILED: the group is rebalancing or the broker is away: ask again.
 * Records taken count as taken until this member commits or loses the partition (or, of a work
 * queue, its connection): the next take goes on behind them. */
static inline void queue_take(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                              uint64_t wait_ns, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    check(max > 0);
    call_begin(call);
    queue->ops->take(queue, call, topic, max, wait_ns, timeout_ns);
}

/* Everything before next_offset is done. CALL_ABSENT: the partition is no longer ours; of a work
 * queue: the connection that the records came by is gone, and they are handed out again. A work
 * queue does not answer acknowledgements: CALL_OK says that it is on its way, and if it gets lost
 * with the connection the records come again. */
static inline void queue_commit(struct queue *queue, struct call *call, uint32_t topic,
                                uint32_t partition, uint64_t next_offset, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    queue->ops->commit(queue, call, topic, partition, next_offset, timeout_ns);
}

#endif
