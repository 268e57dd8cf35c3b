/* failpoint.c — In an ordinary build: nothing but the refusal. */
#define _GNU_SOURCE
#include "services/live/node/failpoint.h"

#ifndef SIM_PLANTED_BUGS

bool failpoint_is_known(enum failpoint failpoint)
{
    return failpoint == FAILPOINT_NONE;
}

void failpoint_arm(enum failpoint failpoint, struct ports *ports)
{
    (void)ports;
    check(failpoint == FAILPOINT_NONE);
}

#else

#include <signal.h>
#include <unistd.h>

struct between_commits { /* One per process, as its ports are. */
    struct queue queue;
    struct table table;
    struct queue *queue_inside;
    struct table *table_inside;
    bool has_written;
};

static struct between_commits between;

static void put(struct queue *queue, struct call *call, uint32_t topic, const struct ask *ask,
                uint64_t timeout_ns)
{
    (void)queue;
    between.queue_inside->ops->put(between.queue_inside, call, topic, ask, timeout_ns);
}

static void take(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                 uint64_t wait_ns, uint64_t timeout_ns)
{
    (void)queue;
    between.queue_inside->ops->take(between.queue_inside, call, topic, max, wait_ns, timeout_ns);
}

static void commit(struct queue *queue, struct call *call, uint32_t topic, uint32_t partition,
                   uint64_t next_offset, uint64_t timeout_ns)
{
    (void)queue;
    if (between.has_written)
        kill(getpid(), SIGKILL);
    between.queue_inside->ops->commit(between.queue_inside, call, topic, partition, next_offset,
                                      timeout_ns);
}

static void read_row(struct table *table, struct call *call, enum table_read how, uint8_t of,
                     uint64_t a, uint64_t b, uint64_t timeout_ns)
{
    (void)table;
    between.table_inside->ops->read(between.table_inside, call, how, of, a, b, timeout_ns);
}

static void write_rows(struct table *table, struct call *call, const struct table_op *ops,
                       uint32_t ops_max, uint64_t timeout_ns)
{
    (void)table;
    between.has_written = true; /* The batcher commits only after a write that ended well. */
    between.table_inside->ops->write(between.table_inside, call, ops, ops_max, timeout_ns);
}

/* Of the kind that is inside. */
static struct queue_ops queue_between = {.put = put, .take = take, .commit = commit};
static const struct table_ops table_between = {.read = read_row, .write = write_rows};

bool failpoint_is_known(enum failpoint failpoint)
{
    return failpoint < FAILPOINTS;
}

void failpoint_arm(enum failpoint failpoint, struct ports *ports)
{
    if (failpoint != FAILPOINT_BETWEEN_COMMITS || ports->queue == NULL || ports->table == NULL)
        return;
    between = (struct between_commits){.queue.ops = &queue_between,
                                       .table.ops = &table_between,
                                       .queue_inside = ports->queue,
                                       .table_inside = ports->table};
    queue_between.is_work_queue = !queue_keeps_log(ports->queue);
    ports->queue = &between.queue;
    ports->table = &between.table;
}

#endif
