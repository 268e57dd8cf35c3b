/* batcher.h — Makes rows of what waits in the log: the worker behind the queues.
 *
 * Each replica is one member of the group and works on one batch at a time. It serves nobody:
 * VERB_HEALTH is answered CALL_OK, everything else CALL_FAILED.
 *
 *   BATCHER_LIKES    TOPIC_LIKES into the rows of TABLE_LIKES and their TABLE_COUNTERS
 *   BATCHER_ORDERS   TOPIC_ORDERS into TABLE_ORDERS, TABLE_CHARGES (one per order) and, one courier
 *                    for several orders of an area, TABLE_TRIPS
 *
 * Of a log, rows, counters and the offset behind them are one transaction; of a work queue, rows
 * and counters alone, and rows that are there already count for nothing. So a batch that is done
 * again, by this replica or the partition's next owner, changes nothing: delivery is at least
 * once, effect is once. batch = 1 is the design without batches, one transaction per record. */
#ifndef SERVICES_BATCHER_BATCHER_H
#define SERVICES_BATCHER_BATCHER_H

#include "services/port/ports.h"
#include "services/port/table.h"

/* An order makes three rows at most, a like two; the offset takes one more. */
enum { BATCHER_BATCH_MAX = (TABLE_OPS_MAX - 1) / 3 };

enum batcher_topic { BATCHER_LIKES, BATCHER_ORDERS };

struct batcher_config {
    enum batcher_topic topic;
    uint32_t batch;          /* Records in one transaction at most, 1 … BATCHER_BATCH_MAX. */
    uint64_t linger_ns;      /* Longest wait for a batch to fill; for orders the dispatch window. */
    uint32_t attempts;       /* Times that a record may fail before it is a dead letter; above 0. */
    uint32_t trip_orders;    /* Orders: what one courier carries at most; above 0. */
    struct dist work_batch;  /* Processor time per batch; dist_init has been called. */
    struct dist work_record; /* And per record in it. */
    uint64_t table_timeout_ns, queue_timeout_ns; /* Above 0. */
};

struct batcher;

/* Arena bytes that batcher_init takes. */
size_t batcher_bytes(const struct batcher_config *config);

/* Copies both; wants the door, timer, cpu, queue, table, dice, arena. */
struct batcher *batcher_init(const struct batcher_config *config, const struct ports *ports);

extern const struct service_ops batcher_service;

#endif
