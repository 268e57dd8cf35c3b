/* batch.c — Takes records, writes them with their offset, and tells the group.
 *
 *      nothing there, or the broker is away: again
 *           +------+
 *           v      |  first records of a partition since it was assigned
 *   +---> TAKE ----+---------------------------------------> OFFSET
 *   |       | records of a partition we know                   | drop what the table has
 *   |       v                                                  |
 *   |      CPU <-----------------------------------------------+---none left---+
 *   |       v          held for too long: back to OFFSET       |               |
 *   |     WRITE <----------------------------------------------+               |
 *   |       |  ^  |                                                            |
 *   |       |  |  +--refused: a half of it -------------+                      |
 *   |       |  |  +--refused, one record: PROBE --ok----+                      |
 *   |       |  |  +--refused after that: BURY ----------+                      |
 *   |       |  +--------------more to write-------------+                      |
 *   |       v all written                                                      |
 *   +---- COMMIT <-------------------------------------------------------------+
 *
 *   Not drawn: PAUSE, from any of them after a failure and back to it, longer each time; after a
 *   take always the shortest.
 *
 * The table is the truth about how far we are, the group's offset only follows it: rows, counters
 * and the offset behind them are one transaction. A replica that dies between WRITE and COMMIT
 * leaves records that are taken again; the next owner reads the offset and drops them. A write
 * without an answer may have happened, and is done again: done twice in a row, the same records
 * leave the same rows.
 *
 * Not so when somebody else has gone on meanwhile: an old like would come back after its unlike.
 * So a batch that we held for too long before its write (we were stopped, or the table was away)
 * may be another's by now, and the table is asked for its offset first. What is left is the
 * instant between that answer and the write: to close it, the transaction itself would have to
 * hold on the offset that it expects.
 *
 * Only a table that answers "error" accuses a record. When one alone has been refused `attempts`
 * times, the table is asked to write something harmless, its own offset: if that fails too, the
 * table is ill and not the record, and we wait. Otherwise the record is tried once more, because a
 * table that breaks its connections and is back at once has answered "error" as well. Refused again
 * it goes to TOPIC_DEAD and the partition moves on; without dead letters, one poison record would
 * stop it for ever.
 *
 * A work queue (services/port/queue.h) has no offsets to keep, so OFFSET is left out and the rows
 * alone say what was done: an insert that finds its row changes nothing and is not tallied. What a
 * crash between WRITE and COMMIT leaves is done again, by whoever is handed it, and has no effect.
 * That holds for likes and for orders as such. It does not hold for a like and its unlike: two
 * takers may write them the other way round, and a row does not remember that it was deleted. The
 * report counts them (likes.out_of_order); to keep the order wants a log, or one taker at a time
 * (queue.single_active).
 *
 * One batch at a time: the next take waits for the commit. To overlap them hides one round trip
 * and costs the simple order above; a second replica does the same, up to one per partition. */
#include "services/batcher/batch.h"

#include <string.h>

#include "services/batcher/rows.h"
#include "services/batcher/trips.h"
#include "services/port/schema.h"

/* Well below the time after which a silent member loses its partitions (45 s in Kafka). */
static const uint64_t held_longest_ns = 1000000000;

static bool batch_has_orders(const struct batch *batch)
{
    return batch->batcher->config.topic == BATCHER_ORDERS;
}

static bool batch_has_log(const struct batch *batch)
{
    return queue_keeps_log(batch->batcher->ports.queue);
}

static uint32_t batch_topic(const struct batch *batch)
{
    return batch_has_orders(batch) ? TOPIC_ORDERS : TOPIC_LIKES;
}

/* The offset of record i, or the one behind the last. */
static uint64_t batch_offset(const struct batch *batch, uint32_t i)
{
    return i < batch->length ? batch->records[i].offset : batch->next;
}

static void batch_remember(struct batch *batch, uint64_t offset)
{
    struct map *owned = &batch->batcher->owned;

    if (owned->length == BATCH_OWNED_MAX)
        map_clear(owned);
    *map_put(owned, batch->partition, 0, NULL) = offset;
}

/* ---- What it asks --------------------------------------------------------------------------- */

static void batch_rest(struct batch *batch, void (*resume)(struct batch *batch), uint32_t tries)
{
    const struct ports *ports = &batch->batcher->ports;

    batch->state = BATCH_PAUSE;
    batch->resume = resume;
    timer_sleep(ports->timer, &batch->call, retry_pause_ns(tries, ports->dice));
}

static void batch_pause(struct batch *batch, void (*resume)(struct batch *batch))
{
    batch_rest(batch, resume, batch->tries++);
}

static void batch_take(struct batch *batch)
{
    const struct batcher_config *config = &batch->batcher->config;

    batch->state = BATCH_TAKE;
    queue_take(batch->batcher->ports.queue, &batch->call, batch_topic(batch), config->batch,
               config->linger_ns, config->queue_timeout_ns);
}

static void batch_read_offset(struct batch *batch)
{
    batch->state = BATCH_OFFSET;
    table_read(batch->batcher->ports.table, &batch->call, TABLE_ROW, TABLE_OFFSETS,
               batch_topic(batch), batch->partition, batch->batcher->config.table_timeout_ns);
}

static void batch_work(struct batch *batch)
{
    const struct batcher_config *config = &batch->batcher->config;
    const struct ports *ports = &batch->batcher->ports;
    uint64_t work_ns = dist_draw_ns(&config->work_batch, ports->dice);

    for (uint32_t i = 0; i < batch->length; i++)
        work_ns += dist_draw_ns(&config->work_record, ports->dice);
    batch->state = BATCH_CPU;
    cpu_run(ports->cpu, &batch->call, work_ns);
}

static uint32_t batch_rows(struct batch *batch)
{
    const struct record *records = batch->records + batch->part.first;
    uint32_t length = batch->part.length;

    if (!batch_has_orders(batch))
        return likes_rows(records, length, batch_has_log(batch), batch->sorted, batch->ops);
    trips_plan(records, length, batch->batcher->config.trip_orders, batch->salt, batch->trips);
    return order_rows(records, length, batch->trips, batch->ops);
}

static struct table_op batch_offset_op(const struct batch *batch, uint64_t offset)
{
    return (struct table_op){.verb = TABLE_RAISE,
                             .table = TABLE_OFFSETS,
                             .a = batch_topic(batch),
                             .b = batch->partition,
                             .value = (int64_t)offset};
}

/* One transaction of the operations made so far. */
static void batch_transact(struct batch *batch, uint32_t ops)
{
    table_write(batch->batcher->ports.table, &batch->call, batch->ops, ops,
                batch->batcher->config.table_timeout_ns);
}

static void batch_written(struct batch *batch);

/* Rows, and with a log that everything before the offset behind them is done. Without one there may
 * be nothing to write: a dead letter was the last of its part. */
static void batch_write_part(struct batch *batch)
{
    uint32_t ops = batch_rows(batch), end = batch->part.first + batch->part.length;

    batch->state = BATCH_WRITE;
    if (batch_has_log(batch))
        batch->ops[ops++] = batch_offset_op(batch, batch_offset(batch, end));
    if (ops > 0)
        batch_transact(batch, ops);
    else
        batch_written(batch);
}

static bool batch_was_held(const struct batch *batch)
{
    return timer_now_ns(batch->batcher->ports.timer) - batch->checked_ns > held_longest_ns;
}

static void batch_write(struct batch *batch)
{
    if (batch_has_log(batch) && batch_was_held(batch))
        batch_read_offset(batch);
    else
        batch_write_part(batch);
}

/* Harmless: everything before the suspect is written already, and 0 raises nothing. */
static void batch_probe(struct batch *batch)
{
    batch->state = BATCH_PROBE;
    batch->ops[0] =
        batch_offset_op(batch, batch_has_log(batch) ? batch_offset(batch, batch->part.first) : 0);
    batch_transact(batch, 1);
}

static void batch_bury(struct batch *batch)
{
    batch->state = BATCH_BURY;
    queue_put(batch->batcher->ports.queue, &batch->call, TOPIC_DEAD,
              &batch->records[batch->part.first].ask, batch->batcher->config.queue_timeout_ns);
}

static void batch_commit(struct batch *batch)
{
    batch->state = BATCH_COMMIT;
    queue_commit(batch->batcher->ports.queue, &batch->call, batch_topic(batch), batch->partition,
                 batch->next, batch->batcher->config.queue_timeout_ns);
}

/* ---- What it makes of the answer ------------------------------------------------------------ */

/* The table is at `done`: records below it are rows already. */
static void batch_drop_done(struct batch *batch, uint64_t done)
{
    uint32_t old = 0;

    batch->checked_ns = timer_now_ns(batch->batcher->ports.timer);
    while (old < batch->length && batch->records[old].offset < done)
        old++;
    if (old == 0)
        return;
    batch->length -= old;
    memmove(batch->records, batch->records + old, batch->length * sizeof(*batch->records));
    part_drop(&batch->part, old, batch->length);
}

/* The group is told of records that were done before as well. */
static void batch_go_on(struct batch *batch)
{
    if (batch->length == 0)
        batch_commit(batch);
    else if (batch->is_worked)
        batch_write(batch);
    else
        batch_work(batch);
}

static void batch_keep(struct batch *batch)
{
    const struct record *records = batch->call.span;
    uint32_t length = (uint32_t)batch->call.value;

    check(length > 0 && length <= batch->batcher->config.batch);
    memcpy(batch->records, records, length * sizeof(*records));
    batch->length = length;
    batch->partition = records->partition;
    batch->next = records[length - 1].offset + 1;
    batch->part = part_of(length);
    batch->is_worked = false;
    batch->tries = 0;
    batch->salt = 0;
    if (!batch_has_log(batch))
        batch->salt = 1 + dice_below(batch->batcher->ports.dice, UINT64_MAX);
}

/* The table is asked once for each partition that is assigned to us: from then on we know. A work
 * queue knows itself what is done. */
static void batch_skip_known(struct batch *batch)
{
    const uint64_t *done = map_find(&batch->batcher->owned, batch->partition, 0);

    if (!batch_has_log(batch)) {
        batch_go_on(batch);
        return;
    }
    if (done == NULL) {
        batch_read_offset(batch);
        return;
    }
    batch_drop_done(batch, *done);
    batch_go_on(batch);
}

static void batch_after_take(struct batch *batch)
{
    if (batch->call.outcome == CALL_OK) {
        batch_keep(batch);
        batch_skip_known(batch);
    } else if (batch->call.outcome == CALL_ABSENT) {
        batch_take(batch);
    } else { /* The group may be sharing out its partitions anew. What we ask is a client in our own
                process, which spares the broker itself. */
        map_clear(&batch->batcher->owned);
        batch_rest(batch, batch_take, 0);
    }
}

static void batch_after_offset(struct batch *batch)
{
    enum call_outcome outcome = batch->call.outcome;
    uint64_t done = outcome == CALL_OK ? (uint64_t)batch->call.value : 0;

    if (!call_is_served(outcome)) {
        batch_pause(batch, batch_read_offset);
        return;
    }
    batch_remember(batch, done);
    batch_drop_done(batch, done);
    batch_go_on(batch);
}

static void batch_written(struct batch *batch)
{
    batch->tries = 0;
    part_finish(&batch->part, batch->length);
    if (batch_has_log(batch))
        batch_remember(batch, batch_offset(batch, batch->part.first));
    if (batch->part.length > 0)
        batch_write(batch);
    else
        batch_commit(batch);
}

static void batch_refused(struct batch *batch)
{
    switch (part_refuse(&batch->part, batch->batcher->config.attempts)) {
    case PART_AGAIN:
        batch_pause(batch, batch_write);
        return;
    case PART_HALVED:
        batch->tries = 0;
        batch_write(batch);
        return;
    case PART_SUSPECT:
        batch_probe(batch);
        return;
    case PART_POISON:
        batch_bury(batch);
        return;
    }
}

/* The table is away, and its next answer may be a connection that it broke. */
static void batch_unanswered(struct batch *batch)
{
    batch->part.is_suspect = false;
    batch_pause(batch, batch_write);
}

static void batch_after_write(struct batch *batch)
{
    if (batch->call.outcome == CALL_OK)
        batch_written(batch);
    else if (batch->call.outcome == CALL_FAILED)
        batch_refused(batch);
    else
        batch_unanswered(batch);
}

static void batch_after_probe(struct batch *batch)
{
    if (batch->call.outcome != CALL_OK) {
        batch_pause(batch, batch_write);
        return;
    }
    batch->part.is_suspect = true;
    batch_write(batch);
}

/* The offset behind a dead letter is written with the next part, though that be empty. */
static void batch_after_bury(struct batch *batch)
{
    if (batch->call.outcome != CALL_OK) {
        batch_pause(batch, batch_bury);
        return;
    }
    batch->tries = 0;
    part_finish(&batch->part, batch->length);
    batch_write(batch);
}

/* The table knows how far we are whatever the group thinks; but were a commit that got lost left to
 * the next one, a partition that has fallen silent would look behind for ever. */
static void batch_after_commit(struct batch *batch)
{
    if (!call_is_served(batch->call.outcome)) {
        batch_pause(batch, batch_commit);
        return;
    }
    if (batch->call.outcome == CALL_ABSENT)
        map_drop(&batch->batcher->owned, batch->partition, 0);
    batch_take(batch);
}

static void batch_step(struct call *call)
{
    struct batch *batch = (struct batch *)call;

    switch (batch->state) {
    case BATCH_TAKE:
        batch_after_take(batch);
        return;
    case BATCH_OFFSET:
        batch_after_offset(batch);
        return;
    case BATCH_CPU:
        batch->is_worked = true;
        batch_write(batch);
        return;
    case BATCH_WRITE:
        batch_after_write(batch);
        return;
    case BATCH_PROBE:
        batch_after_probe(batch);
        return;
    case BATCH_BURY:
        batch_after_bury(batch);
        return;
    case BATCH_COMMIT:
        batch_after_commit(batch);
        return;
    case BATCH_PAUSE:
        batch->resume(batch);
        return;
    }
}

void batch_begin(struct batch *batch)
{
    batch->call.done = batch_step;
    batch_take(batch);
}
