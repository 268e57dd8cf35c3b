/* queue_consumer.c — Takes that wait for records, and the consumer around them.
 *
 *   take --> LINE --a partition has enough, or its first record is old enough--> OK
 *             |  \--100 ms without partitions, or they are given back--> FAILED
 *             |   \--the last broker's connection breaks--> FAILED
 *             \--its timeout--> ABSENT
 *
 * These are the rules of the virtual world (sim/world/queue/queue_consumer.c). Age is counted from
 * when a record was put. A position moves when records are handed over. An outage is told once: a
 * take that is asked during it waits for records like any other, and is answered by the first that
 * come; when it lasts longer than the session, the partitions are gone as well.
 */
#include "services/live/queue/queue_inside.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SESSION_LEAST_MS = 6000, HEARTBEAT_MOST_MS = 3000 };
enum { HEARTBEATS_PER_SESSION = 12, WANTED_FIRST = 256, LEAVE_MS = 1000 };

static const uint64_t rebalance_answer_ns = 100000000;

/* Kafka's default of 45 s is a session of a machine room; the broker's least is 6 s unless its
 * owner says otherwise, and the embedded one shares out anew only after a session less a second. */
static uint64_t session_ms(const struct queue_settings *settings)
{
    uint64_t ms = settings->session_ns / 1000000;

    if (settings->is_embedded)
        return QUEUE_EMBEDDED_SESSION_MS;
    if (ms == 0)
        return 45000;
    return ms > SESSION_LEAST_MS ? ms : SESSION_LEAST_MS;
}

/* A member that lives and never takes keeps its partitions, as in the virtual world: hence the
 * poll interval of a day. fetch.wait: the embedded broker sleeps through it whatever comes. */
rd_kafka_conf_t *consumer_conf(const struct queue_settings *settings, char why[static 160])
{
    char session[24], heartbeat[24];
    uint64_t beat_ms = session_ms(settings) / HEARTBEATS_PER_SESSION;
    const struct option options[] = {{"group.id", settings->group},
                                     {"enable.auto.commit", "false"},
                                     {"enable.auto.offset.store", "false"},
                                     {"auto.offset.reset", "earliest"},
                                     {"partition.assignment.strategy", "range"},
                                     {"session.timeout.ms", session},
                                     {"heartbeat.interval.ms", heartbeat},
                                     {"max.poll.interval.ms", "86400000"},
                                     {"enable.sparse.connections", "false"},
                                     {"fetch.wait.max.ms", "10"},
                                     {"fetch.error.backoff.ms", "100"},
                                     {"queued.min.messages", "10000"},
                                     {"queued.max.messages.kbytes", "4096"},
                                     {NULL, NULL}};
    rd_kafka_conf_t *conf;

    if (beat_ms > HEARTBEAT_MOST_MS)
        beat_ms = HEARTBEAT_MOST_MS;
    snprintf(session, sizeof session, "%" PRIu64, session_ms(settings));
    snprintf(heartbeat, sizeof heartbeat, "%" PRIu64, beat_ms);
    conf = queue_conf(settings, settings->group[0] == '\0' ? options + 1 : options, why);
    if (conf != NULL)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                           RD_KAFKA_EVENT_ERROR);
    return conf;
}

/* ---- Takes ----------------------------------------------------------------------------------- */

static void answer(struct consumer *consumer, struct take *take, struct share *share)
{
    uint32_t n = share_hand_over(share, consumer->queue->stats, take_records(take), take->max);

    take_answer(take, n);
    share_fill(share, consumer, consumer->wanted);
}

/* When it can be answered; 0: it has been. */
static uint64_t try(struct consumer *consumer, struct take *take)
{
    uint64_t earliest_ns = UINT64_MAX;

    if (consumer->state != GROUP_STABLE)
        earliest_ns = take->waiter.asked_ns + rebalance_answer_ns;
    if (earliest_ns <= loop_now_ns(consumer->queue->loop)) {
        take_end(take, CALL_FAILED);
        return 0;
    }
    for (uint32_t i = 0; i < consumer->shares_max; i++) {
        uint32_t turn = (consumer->turn + i) % consumer->shares_max;
        uint64_t at_ns = share_ready_ns(&consumer->shares[turn], take->max, take->wait_ns);

        if (at_ns <= loop_now_ns(consumer->queue->loop)) {
            consumer->turn = turn + 1;
            answer(consumer, take, &consumer->shares[turn]);
            return 0;
        }
        earliest_ns = at_ns < earliest_ns ? at_ns : earliest_ns;
    }
    return earliest_ns;
}

void consumer_look(struct consumer *consumer)
{
    uint64_t now_ns = loop_now_ns(consumer->queue->loop), earliest_ns = UINT64_MAX;
    struct link *link = consumer->takes.waiting.head.next;

    while (link != &consumer->takes.waiting.head) {
        struct take *take = take_at(link);
        uint64_t at_ns;

        link = link->next;
        at_ns = try(consumer, take);
        if (at_ns > 0 && at_ns < earliest_ns)
            earliest_ns = at_ns;
    }
    if (earliest_ns == UINT64_MAX)
        loop_alarm_clear(consumer->look);
    else
        loop_alarm_set(consumer->look, earliest_ns - now_ns);
}

/* In hand is what can be handed over: nothing while nobody asks. */
static void consumer_fill(struct consumer *consumer)
{
    for (uint32_t i = 0; i < consumer->shares_max; i++)
        share_fill(&consumer->shares[i], consumer, consumer->wanted);
}

static void look(void *context)
{
    consumer_look(context);
}

void consumer_fail_takes(struct consumer *consumer)
{
    takes_fail(&consumer->takes);
}

void consumer_take(struct consumer *consumer, struct call *call, uint32_t max, uint64_t wait_ns,
                   uint64_t timeout_ns)
{
    const struct take *take = takes_add(&consumer->takes, call, max, wait_ns, timeout_ns);

    if (consumer->wanted < take->max)
        consumer->wanted = take->max;
    consumer_fill(consumer);
    consumer_look(consumer);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void serve(void *context, rd_kafka_event_t *event)
{
    struct consumer *consumer = context;

    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE:
        group_serve(consumer, event);
        return;
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
        commits_serve(consumer, event);
        return;
    case RD_KAFKA_EVENT_ERROR:
        if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
            consumer_fail_takes(consumer);
        return;
    default: /* Nothing else is asked for, and it is an int. */
        return;
    }
}

static void served(void *context)
{
    consumer_fill(context);
    consumer_look(context);
}

/* ---- Open and close -------------------------------------------------------------------------- */

static bool subscribe(const struct consumer *consumer)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t error;

    rd_kafka_topic_partition_list_add(list, consumer->topic_name, RD_KAFKA_PARTITION_UA);
    error = rd_kafka_subscribe(consumer->client.kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

struct consumer *consumer_open(struct queue_live *queue, uint32_t topic)
{
    struct consumer *consumer = calloc(1, sizeof *consumer);
    rd_kafka_conf_t *conf;
    char why[160];

    check(consumer != NULL);
    consumer->queue = queue;
    consumer->topic = topic;
    consumer->wanted = WANTED_FIRST;
    consumer->client =
        (struct client){.loop = queue->loop, .serve = serve, .served = served, .context = consumer};
    topic_name(consumer->topic_name, queue->run, topic);
    conf = consumer_conf(&queue->settings, why);
    if (conf == NULL || !client_open(&consumer->client, RD_KAFKA_CONSUMER, conf, why)) {
        free(consumer);
        return NULL;
    }
    takes_open(&consumer->takes, queue);
    consumer->look = loop_alarm(queue->loop, look, consumer);
    commits_open(consumer);
    group_open(consumer);
    check(subscribe(consumer)); /* One good name, and a consumer that nothing has happened to. */
    return consumer;
}

static bool has_left(void *context)
{
    const struct consumer *consumer = context;

    return rd_kafka_consumer_closed(consumer->client.kafka);
}

void consumer_close(struct consumer *consumer)
{
    rd_kafka_error_t *error;

    error = rd_kafka_consumer_close_queue(consumer->client.kafka, consumer->client.events);
    if (error == NULL)
        client_wait(&consumer->client, has_left, LEAVE_MS);
    else
        rd_kafka_error_destroy(error);
    group_close(consumer);
    client_close(&consumer->client, has_left(consumer));
    commits_close(consumer);
    takes_close(&consumer->takes);
    loop_alarm_free(consumer->look);
    free(consumer);
}
