/* queue_group.c — Which partitions are ours, and where each of them begins.
 *
 *              told what is ours                    every offset is known
 *   JOINING --------------------------> READING -----------------------------> STABLE
 *      ^                                 |   ^ | SQL: next (topic, partition)     |
 *      |                                 |   +-+ (not now: again in a moment)     |
 *      +---- told to give it back -------+----------------------------------------+
 *
 * Rows and offset are one transaction in SQL, so SQL knows where to begin and Kafka only thinks it
 * does: its own commit comes later, is refused while the group rebalances, and is lost with a
 * consumer that is killed between the two. A partition that SQL has never heard of begins at its
 * oldest record; a first offset above 0 is then a gap as well, because topics belong to a run.
 *
 * librdkafka waits for our word before it fetches, for as long as SQL takes. Offsets are asked for
 * one after the other with one call: if the group gives us something else meanwhile, the answer
 * under way is for nobody, and the asking begins again.
 *
 * All members use "range" and no other strategy: a group of mixed strategies aborts the embedded
 * broker. The protocol is the eager one of the virtual world: everything is given back first. */
#include "services/live/queue/queue_inside.h"

#include <stdlib.h>

static const uint64_t ask_timeout_ns = 1000000000;
static const uint64_t ask_again_ns = 100000000;

struct share *group_share(struct consumer *consumer, uint32_t partition)
{
    struct share *share = partition < consumer->shares_max ? &consumer->shares[partition] : NULL;

    return share != NULL && share->is_ours ? share : NULL;
}

/* What was seen of a partition is kept while it is somebody else's. */
static struct share *share_of(struct consumer *consumer, uint32_t partition)
{
    if (partition >= consumer->shares_max) {
        consumer->shares = realloc(consumer->shares, (partition + 1) * sizeof *consumer->shares);
        check(consumer->shares != NULL);
        for (uint32_t i = consumer->shares_max; i <= partition; i++)
            consumer->shares[i] = (struct share){.partition = i};
        consumer->shares_max = partition + 1;
    }
    return &consumer->shares[partition];
}

/* ---- It is ours ------------------------------------------------------------------------------ */

static uint64_t start_of(const rd_kafka_topic_partition_t *partition)
{
    if (partition->offset >= 0)
        return (uint64_t)partition->offset;
    return partition->offset == RD_KAFKA_OFFSET_BEGINNING ? 0 : UINT64_MAX;
}

/* What SQL knows to be written is committed, whoever did it and whether or not Kafka has heard of
 * it: a member that was killed has told nobody. */
static void note_start(struct node_stats *stats, uint32_t partition, uint64_t start)
{
    if (partition < STATS_PARTITIONS_MAX && start != UINT64_MAX &&
        start > stats->log_next[partition])
        stats->log_next[partition] = start;
}

static void settle(struct consumer *consumer)
{
    for (int i = 0; i < consumer->assigned->cnt; i++) {
        const rd_kafka_topic_partition_t *partition = &consumer->assigned->elems[i];

        share_begin(share_of(consumer, (uint32_t)partition->partition), consumer,
                    start_of(partition));
        note_start(consumer->queue->stats, (uint32_t)partition->partition, start_of(partition));
    }
    rd_kafka_assign(consumer->client.kafka, consumer->assigned);
    consumer->state = GROUP_STABLE;
    consumer->queue->stats->queue_rebalances++;
    consumer_look(consumer);
}

static void ask(struct consumer *consumer)
{
    const rd_kafka_topic_partition_list_t *assigned = consumer->assigned;

    if (consumer->asking == assigned->cnt) {
        settle(consumer);
        return;
    }
    consumer->is_asking = true;
    consumer->asked_for = consumer->assignment;
    table_read(consumer->queue->offsets, &consumer->offset, TABLE_ROW, TABLE_OFFSETS,
               consumer->topic, (uint64_t)assigned->elems[consumer->asking].partition,
               ask_timeout_ns);
}

static void ask_again(void *context)
{
    struct consumer *consumer = context;

    if (consumer->state == GROUP_READING && !consumer->is_asking)
        ask(consumer);
}

static void answered(struct call *call)
{
    struct consumer *consumer = list_entry(call, struct consumer, offset);
    bool is_answer = call_is_served(call->outcome);

    consumer->is_asking = false;
    if (consumer->state != GROUP_READING)
        return;
    if (consumer->asked_for == consumer->assignment && !is_answer) {
        loop_alarm_set(consumer->again, ask_again_ns);
        return;
    }
    if (consumer->asked_for == consumer->assignment)
        consumer->assigned->elems[consumer->asking++].offset =
            call->outcome == CALL_OK ? call->value : RD_KAFKA_OFFSET_BEGINNING;
    ask(consumer);
}

static void forget_assigned(struct consumer *consumer)
{
    if (consumer->assigned != NULL)
        rd_kafka_topic_partition_list_destroy(consumer->assigned);
    consumer->assigned = NULL;
}

static void assign(struct consumer *consumer, const rd_kafka_topic_partition_list_t *assigned)
{
    forget_assigned(consumer);
    consumer->assigned = rd_kafka_topic_partition_list_copy(assigned);
    consumer->assignment++;
    consumer->state = GROUP_READING;
    if (consumer->queue->offsets == NULL) {
        for (int i = 0; i < assigned->cnt; i++)
            consumer->assigned->elems[i].offset = RD_KAFKA_OFFSET_STORED;
        settle(consumer);
        return;
    }
    consumer->asking = 0;
    if (!consumer->is_asking)
        ask(consumer);
}

/* ---- It is not ------------------------------------------------------------------------------- */

static void give_back(struct consumer *consumer)
{
    for (uint32_t i = 0; i < consumer->shares_max; i++)
        share_end(&consumer->shares[i]);
    consumer->state = GROUP_JOINING;
    loop_alarm_clear(consumer->again);
    consumer_fail_takes(consumer);
    rd_kafka_assign(consumer->client.kafka, NULL);
}

void group_serve(struct consumer *consumer, rd_kafka_event_t *event)
{
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS &&
        !consumer->queue->is_closing)
        assign(consumer, rd_kafka_event_topic_partition_list(event));
    else
        give_back(consumer);
}

/* ---- Open and close -------------------------------------------------------------------------- */

void group_open(struct consumer *consumer)
{
    consumer->offset.done = answered;
    consumer->again = loop_alarm(consumer->queue->loop, ask_again, consumer);
}

void group_close(struct consumer *consumer)
{
    for (uint32_t i = 0; i < consumer->shares_max; i++) {
        share_end(&consumer->shares[i]);
        free(consumer->shares[i].kept);
    }
    free(consumer->shares);
    forget_assigned(consumer);
    loop_alarm_free(consumer->again);
}
