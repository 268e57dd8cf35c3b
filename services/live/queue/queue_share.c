/* queue_share.c — One partition that is ours: from librdkafka's queue to records in hand.
 *
 *   broker --fetch ahead--> the partition's queue in librdkafka --as many as wanted--> in hand
 *       --the next take--> the service
 *
 * Each partition has a queue of its own instead of the one that librdkafka merges them into: a hot
 * partition fills its own queue and stops being fetched, and the others, and the group's events,
 * do not stand behind it. Only as much is taken in hand as takes want; the rest of what was
 * fetched ahead stays where librdkafka bounds it. It tells us when that queue ceases to be empty,
 * so whoever makes room in hand asks for more himself.
 *
 * Offsets that are missing between two records, or before the first, are what retention has
 * dropped before we came to read it; the embedded broker does that silently after 5 MiB. A record
 * that is not one of ours is passed over. */
#include "services/live/queue/queue_inside.h"

#include <stdlib.h>
#include <string.h>

#include "services/live/http/wire.h"

enum { FETCH_MAX = 64, ROOM_FIRST = 64 };

/* A record that comes late is old enough at once; but when we are behind, the next ones are right
 * behind it, and a batch of one would be a waste. */
static const uint64_t fill_ns = 20000000;

/* ---- Begin and end --------------------------------------------------------------------------- */

void share_begin(struct share *share, const struct consumer *consumer, uint64_t start)
{
    share->is_ours = true;
    share->first = share->length = 0;
    share->expected = start;
    share->committed = start == UINT64_MAX ? 0 : start;
    share->records = rd_kafka_queue_get_partition(consumer->client.kafka, consumer->topic_name,
                                                  (int32_t)share->partition);
    check(share->records != NULL);
    rd_kafka_queue_forward(share->records, NULL);
    client_listen(&consumer->client, share->records);
}

void share_end(struct share *share)
{
    share->is_ours = false;
    share->first = share->length = 0;
    if (share->records == NULL)
        return;
    rd_kafka_queue_io_event_enable(share->records, -1, NULL, 0);
    rd_kafka_queue_destroy(share->records);
    share->records = NULL;
}

/* ---- Records in hand ------------------------------------------------------------------------- */

static void make_room(struct share *share)
{
    if (share->first + share->length < share->room)
        return;
    if (share->first > 0) {
        memmove(share->kept, share->kept + share->first, share->length * sizeof *share->kept);
        share->first = 0;
    }
    if (share->length < share->room)
        return;
    share->room = share->room == 0 ? ROOM_FIRST : 2 * share->room;
    share->kept = realloc(share->kept, share->room * sizeof *share->kept);
    check(share->kept != NULL);
}

/* The message's timestamp is a wall clock's, in milliseconds; it may be a little ahead of ours. */
static uint64_t put_ns(const struct queue_live *queue, const rd_kafka_message_t *message)
{
    uint64_t now_ns = loop_now_ns(queue->loop);
    rd_kafka_timestamp_type_t type;
    int64_t wall_ms = rd_kafka_message_timestamp(message, &type);
    uint64_t wall_ns;

    if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || wall_ms < 0)
        return now_ns;
    wall_ns = (uint64_t)wall_ms * 1000000;
    if (wall_ns < queue->wall_ns)
        return 0;
    return wall_ns - queue->wall_ns < now_ns ? wall_ns - queue->wall_ns : now_ns;
}

static void keep(struct share *share, const struct consumer *consumer,
                 const rd_kafka_message_t *message)
{
    const struct queue_live *queue = consumer->queue;
    uint64_t offset = (uint64_t)message->offset;
    struct kept *kept;

    if (share->expected != UINT64_MAX && offset > share->expected)
        queue->stats->queue_gaps += offset - share->expected;
    share->expected = offset + 1;
    make_room(share);
    kept = &share->kept[share->first + share->length];
    kept->arrived_ns = loop_now_ns(queue->loop);
    kept->record = (struct record){.offset = offset,
                                   .put_ns = put_ns(queue, message),
                                   .partition = share->partition,
                                   .topic = consumer->topic};
    share->length +=
        wire_read_record(&kept->record.ask, (struct span){message->payload, message->len});
}

/* A message with an error is librdkafka's remark (an offset that was out of range and begins anew
 * elsewhere, a leader that moved), and it sees to it. */
void share_fill(struct share *share, const struct consumer *consumer, uint32_t wanted)
{
    rd_kafka_message_t *messages[FETCH_MAX];
    ssize_t n = FETCH_MAX;

    while (share->is_ours && share->length < wanted && n > 0) {
        n = rd_kafka_consume_batch_queue(share->records, 0, messages, FETCH_MAX);
        for (ssize_t i = 0; i < n; i++) {
            if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR)
                keep(share, consumer, messages[i]);
            rd_kafka_message_destroy(messages[i]);
        }
    }
}

uint32_t share_hand_over(struct share *share, struct node_stats *stats, struct record *to,
                         uint32_t max)
{
    uint32_t n = share->length < max ? share->length : max;

    for (uint32_t i = 0; i < n; i++) {
        to[i] = share->kept[share->first + i].record;
        stats->queue_redelivered += to[i].offset < share->seen;
        if (to[i].offset >= share->seen)
            share->seen = to[i].offset + 1;
    }
    share->first += n;
    share->length -= n;
    stats->queue_taken += n;
    return n;
}

uint64_t share_ready_ns(const struct share *share, uint32_t max, uint64_t wait_ns)
{
    const struct kept *first;
    uint64_t old_ns, filled_ns;

    if (share->length == 0)
        return UINT64_MAX;
    first = &share->kept[share->first];
    if (share->length >= max)
        return 0;
    if (wait_ns >= UINT64_MAX - first->record.put_ns)
        return UINT64_MAX; /* It waits for all of them, however long. */
    old_ns = first->record.put_ns + wait_ns;
    filled_ns = first->arrived_ns + (wait_ns < fill_ns ? wait_ns : fill_ns);
    return old_ns > filled_ns ? old_ns : filled_ns;
}
