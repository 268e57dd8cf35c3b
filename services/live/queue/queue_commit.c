/* queue_commit.c — Telling the group how far we are.
 *
 *   commit --> ours? --> librdkafka --> coordinator --> OK
 *               |                          \--it knows another owner--> ABSENT
 *               \--no: ABSENT               \--it is busy sharing out--> FAILED: ask again
 *
 * While a group shares its partitions out anew the broker takes no commits, though they are still
 * ours: that is CALL_FAILED, and when they have been given back the next try is CALL_ABSENT. The
 * embedded broker does the same. Nothing hangs on it: where a partition begins, SQL knows. */
#include "services/live/queue/queue_inside.h"

#include <stdlib.h>

struct commit {           /* Librdkafka's note on a commit. */
    struct waiter waiter; /* First. */
    struct link place;    /* Among those that librdkafka has, told or not. */
    uint32_t partition;
    uint64_t next;
};

static enum call_outcome outcome_of(rd_kafka_event_t *event)
{
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);

    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && list != NULL && list->cnt > 0)
        error = list->elems[0].err;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return CALL_OK;
    if (error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
        error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
        error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
        error == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST)
        return CALL_ABSENT;
    return CALL_FAILED;
}

static void count_committed(struct consumer *consumer, uint32_t partition, uint64_t next)
{
    struct node_stats *stats = consumer->queue->stats;
    struct share *share = group_share(consumer, partition);

    if (share == NULL || next <= share->committed)
        return;
    stats->queue_committed += next - share->committed;
    share->committed = next;
    if (partition < STATS_PARTITIONS_MAX && next > stats->log_next[partition])
        stats->log_next[partition] = next;
}

void commits_serve(struct consumer *consumer, rd_kafka_event_t *event)
{
    struct commit *commit = rd_kafka_event_opaque(event);
    enum call_outcome outcome = outcome_of(event);

    if (commit == NULL)
        return;
    if (outcome == CALL_OK)
        count_committed(consumer, commit->partition, commit->next);
    line_tell(&consumer->commits_line, &commit->waiter, outcome, 0);
    list_remove(&consumer->commits, &commit->place);
    free(commit);
}

static void time_out_commit(struct line *line, struct waiter *waiter)
{
    line_tell(line, waiter, CALL_TIMEOUT, 0);
}

static rd_kafka_resp_err_t send_commit(struct consumer *consumer, struct commit *commit)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t error;

    rd_kafka_topic_partition_list_add(list, consumer->topic_name, (int32_t)commit->partition)
        ->offset = (int64_t)commit->next;
    error =
        rd_kafka_commit_queue(consumer->client.kafka, list, consumer->client.events, NULL, commit);
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

/* It never goes back: what another owner has committed meanwhile is above what SQL told us. */
void consumer_commit(struct consumer *consumer, struct call *call, uint32_t partition,
                     uint64_t next, uint64_t timeout_ns)
{
    const struct share *share = group_share(consumer, partition);
    struct loop *loop = consumer->queue->loop;
    struct commit *commit;

    if (share == NULL || next <= share->committed) {
        loop_finish(loop, call, share == NULL ? CALL_ABSENT : CALL_OK, 0);
        return;
    }
    commit = calloc(1, sizeof *commit);
    check(commit != NULL);
    commit->partition = partition;
    commit->next = next;
    if (send_commit(consumer, commit) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        line_add(&consumer->commits_line, &commit->waiter, call, timeout_ns);
        list_push_last(&consumer->commits, &commit->place);
        return;
    }
    free(commit);
    loop_finish(loop, call, CALL_FAILED, 0);
}

/* ---- Open and close -------------------------------------------------------------------------- */

void commits_open(struct consumer *consumer)
{
    line_open(&consumer->commits_line, consumer->queue, time_out_commit);
    list_init(&consumer->commits);
}

/* After librdkafka has forgotten them. */
void commits_close(struct consumer *consumer)
{
    struct link *link;

    while ((link = list_take_first(&consumer->commits)) != NULL)
        free(list_entry(link, struct commit, place));
    line_close(&consumer->commits_line);
}
