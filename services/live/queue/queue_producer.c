/* queue_producer.c — From a put to its delivery report.
 *
 *   put --> librdkafka: linger, batch, retries --> broker --> report --> OK, or why not
 *    |                    |                                      |
 *    | full: REFUSED      | the put's timeout: TIMEOUT           | nobody waits any more:
 *    |                    v                                      v it is counted, and no more
 *
 * What a report that failed means is librdkafka's to say: a record that was never sent did not
 * happen (CALL_REFUSED), one that was may be in the log (CALL_FAILED). It goes on trying for ten
 * seconds, longer than most of our timeouts: a record may enter the log after its CALL_TIMEOUT, and
 * twice when an acknowledgement was lost and the producer is not idempotent.
 *
 * A key's records keep their order through retries: an idempotent producer is watched over by the
 * broker; any other has one request under way per broker and no more. The embedded broker checks
 * no sequence numbers, and an idempotent producer that trusts it to would report records as
 * written that were lost (measured).
 *
 * The key on the wire is ask.key in decimal digits; murmur2_random chooses the partition as the
 * Java client does, so that other tools agree. */
#include "services/live/queue/queue_inside.h"

#include <inttypes.h>
#include <stdlib.h>

#include "services/live/http/wire.h"

enum { FLUSH_MS = 1000 };

struct put {              /* Librdkafka's note on a record. */
    struct waiter waiter; /* First. */
    struct put *next;     /* Among the spare ones. */
    uint32_t topic;
};

struct producer {
    struct queue_live *queue;
    struct client client;
    struct line line;
    struct put *spare;
    uint32_t under_way; /* Puts that librdkafka has, told or not. */
    bool is_broken;
    char names[TOPIC_KINDS][TOPIC_NAME_MAX];
};

rd_kafka_conf_t *producer_conf(const struct queue_settings *settings, char why[static 160])
{
    char linger[32], batch[16], acks[16], puts[16];
    bool is_idempotent = !settings->is_embedded && settings->acks == -1;
    const struct option options[] = {
        {"linger.ms", linger},
        {"batch.num.messages", batch},
        {"acks", acks},
        {"enable.idempotence", is_idempotent ? "true" : "false"},
        {"max.in.flight.requests.per.connection", is_idempotent ? "5" : "1"},
        {"queue.buffering.max.messages", puts},
        {"message.timeout.ms", "10000"},
        {"retry.backoff.ms", "50"},
        {"partitioner", "murmur2_random"},
        /* Connected to every broker before the first record, which would else wait up to a second
         * for its leader's connection to be thought of. */
        {"enable.sparse.connections", "false"},
        {NULL, NULL}};
    rd_kafka_conf_t *conf;

    snprintf(linger, sizeof linger, "%.3f", (double)settings->linger_ns / 1e6);
    snprintf(batch, sizeof batch, "%" PRIu32, settings->batch);
    snprintf(acks, sizeof acks, "%d", settings->acks);
    snprintf(puts, sizeof puts, "%d", QUEUE_PUTS_MAX);
    conf = queue_conf(settings, options, why);
    if (conf != NULL)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    return conf;
}

/* ---- Reports --------------------------------------------------------------------------------- */

static void count_in_log(struct producer *producer, const rd_kafka_message_t *message,
                         uint32_t topic)
{
    struct node_stats *stats = producer->queue->stats;
    uint32_t partition = (uint32_t)message->partition;

    stats->queue_put++;
    stats->queue_dead += topic == TOPIC_DEAD;
    if (topic == TOPIC_DEAD || partition >= STATS_PARTITIONS_MAX)
        return;
    stats->log_put[partition]++;
    if (message->offset >= 0 && (uint64_t)message->offset >= stats->log_end[partition])
        stats->log_end[partition] = (uint64_t)message->offset + 1;
}

static enum call_outcome outcome_of(const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return CALL_OK;
    return rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED ? CALL_REFUSED
                                                                                 : CALL_FAILED;
}

static void spare(struct producer *producer, struct put *put)
{
    put->next = producer->spare;
    producer->spare = put;
    producer->under_way--;
}

static void report(struct producer *producer, const rd_kafka_message_t *message)
{
    struct put *put = message->_private;
    enum call_outcome outcome = outcome_of(message);

    if (outcome == CALL_OK)
        count_in_log(producer, message, put->topic);
    else if (put->waiter.call != NULL)
        producer->queue->stats->queue_put_failed++;
    line_tell(&producer->line, &put->waiter, outcome, 0);
    spare(producer, put);
}

/* One event holds the reports of one batch. */
static void serve(void *context, rd_kafka_event_t *event)
{
    struct producer *producer = context;
    const rd_kafka_message_t *message;
    bool is_in_log = false;

    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
        producer->is_broken |= rd_kafka_event_error_is_fatal(event) != 0;
    if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_DR)
        return;
    while ((message = rd_kafka_event_message_next(event)) != NULL) {
        is_in_log |= message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
        report(producer, message);
    }
    producer->queue->stats->queue_batches += is_in_log;
}

static void served(void *context)
{
    (void)context;
}

static void time_out(struct line *line, struct waiter *waiter)
{
    line->queue->stats->queue_put_failed++;
    line_tell(line, waiter, CALL_TIMEOUT, 0);
}

/* ---- Puts ------------------------------------------------------------------------------------ */

static struct put *take_put(struct producer *producer)
{
    struct put *put = producer->spare;

    if (producer->under_way == QUEUE_PUTS_MAX)
        return NULL;
    if (put != NULL)
        producer->spare = put->next;
    else
        put = calloc(1, sizeof *put);
    check(put != NULL);
    producer->under_way++;
    return put;
}

static rd_kafka_resp_err_t produce(struct producer *producer, struct put *put,
                                   const struct ask *ask)
{
    char text[WIRE_RECORD_MAX], key[QUEUE_KEY_MAX];
    size_t length = wire_write_record(text, ask);
    int key_length = snprintf(key, sizeof key, "%" PRIu64, ask->key);

    return rd_kafka_producev(
        producer->client.kafka, RD_KAFKA_V_TOPIC(producer->names[put->topic]),
        RD_KAFKA_V_KEY(key, (size_t)key_length), RD_KAFKA_V_VALUE(text, length),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(put), RD_KAFKA_V_END);
}

void producer_put(struct producer *producer, struct call *call, uint32_t topic,
                  const struct ask *ask, uint64_t timeout_ns)
{
    struct put *put = take_put(producer);
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__QUEUE_FULL;

    if (put != NULL) {
        put->topic = topic;
        error = produce(producer, put, ask);
    }
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        line_add(&producer->line, &put->waiter, call, timeout_ns);
        return;
    }
    if (put != NULL)
        spare(producer, put);
    producer->is_broken |= error == RD_KAFKA_RESP_ERR__FATAL;
    producer->queue->stats->queue_put_failed++;
    loop_finish(producer->queue->loop, call, CALL_REFUSED, 0);
}

/* ---- Open and close -------------------------------------------------------------------------- */

struct producer *producer_open(struct queue_live *queue)
{
    struct producer *producer = calloc(1, sizeof *producer);
    rd_kafka_conf_t *conf;
    char why[160];

    check(producer != NULL);
    producer->queue = queue;
    producer->client =
        (struct client){.loop = queue->loop, .serve = serve, .served = served, .context = producer};
    for (uint32_t topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++)
        topic_name(producer->names[topic], queue->run, topic);
    conf = producer_conf(&queue->settings, why);
    if (conf == NULL || !client_open(&producer->client, RD_KAFKA_PRODUCER, conf, why)) {
        free(producer);
        return NULL;
    }
    line_open(&producer->line, queue, time_out);
    return producer;
}

void producer_greet(struct producer *producer, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata;

    if (rd_kafka_metadata(producer->client.kafka, 1, NULL, &metadata, timeout_ms) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
}

static bool is_idle(void *context)
{
    const struct producer *producer = context;

    return producer->under_way == 0 || producer->is_broken;
}

/* Every put is reported on before the client is gone: what was not sent in time is purged. */
static bool is_empty(void *context)
{
    const struct producer *producer = context;

    return producer->under_way == 0;
}

void producer_close(struct producer *producer)
{
    struct link *first;
    struct put *put;

    client_wait(&producer->client, is_idle, FLUSH_MS);
    rd_kafka_purge(producer->client.kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    client_wait(&producer->client, is_empty, FLUSH_MS);
    while ((first = list_first(&producer->line.waiters)) != NULL)
        line_tell(&producer->line, list_entry(first, struct waiter, link), CALL_FAILED, 0);
    client_close(&producer->client, true);
    line_close(&producer->line);
    while ((put = producer->spare) != NULL) {
        producer->spare = put->next;
        free(put);
    }
    free(producer);
}

bool producer_is_broken(const struct producer *producer)
{
    return producer->is_broken;
}
