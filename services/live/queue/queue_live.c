/* queue_live.c — The port's table, and what producer and consumer share.
 *
 *   librdkafka's threads --> its queue, and a ring of our bell --> the loop: client_turn
 *       --> events, some per turn --> serve --> loop_finish
 *
 * librdkafka rings only when an empty queue ceases to be empty, so a turn that
 * leaves something in the queue must wake itself again.
 *
 * Calls that wait stand in a line by their end, with one alarm for the first: most calls of a kind
 * have the same timeout, so that a new one goes to the end of the line at once. What has timed out
 * is told and stays with librdkafka, which knows of no timeouts of ours: what comes of it later
 * finds nobody waiting. */
#define _GNU_SOURCE
#include "services/live/queue/queue_inside.h"
#include "services/live/rabbit/rabbit_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- A line of calls, by when they run out --------------------------------------------------- */

static struct waiter *waiter_at(struct link *link)
{
    return list_entry(link, struct waiter, link);
}

static void line_set_alarm(struct line *line)
{
    uint64_t now_ns = loop_now_ns(line->queue->loop), due_ns;

    if (list_is_empty(&line->waiters)) {
        loop_alarm_clear(line->alarm);
        return;
    }
    due_ns = waiter_at(list_first(&line->waiters))->due_ns;
    loop_alarm_set(line->alarm, due_ns > now_ns ? due_ns - now_ns : 0);
}

static void line_ring(void *context)
{
    struct line *line = context;
    uint64_t now_ns = loop_now_ns(line->queue->loop);
    struct link *first;

    while ((first = list_first(&line->waiters)) != NULL && waiter_at(first)->due_ns <= now_ns)
        line->expire(line, waiter_at(first));
    line_set_alarm(line);
}

void line_open(struct line *line, struct queue_live *queue,
               void (*expire)(struct line *line, struct waiter *waiter))
{
    line->queue = queue;
    line->expire = expire;
    list_init(&line->waiters);
    line->alarm = loop_alarm(queue->loop, line_ring, line);
}

void line_close(struct line *line)
{
    loop_alarm_free(line->alarm);
}

void line_add(struct line *line, struct waiter *waiter, struct call *call, uint64_t timeout_ns)
{
    uint64_t now_ns = loop_now_ns(line->queue->loop);
    struct link *before = &line->waiters.head;

    waiter->call = call;
    waiter->asked_ns = now_ns;
    waiter->due_ns = timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
    while (before->previous != &line->waiters.head &&
           waiter_at(before->previous)->due_ns > waiter->due_ns)
        before = before->previous;
    list_push_before(&line->waiters, before, &waiter->link);
    if (list_first(&line->waiters) == &waiter->link)
        line_set_alarm(line);
}

/* The alarm is left as it is: it may ring for nothing, once, which is cheaper than to set it for
 * every answer. */
void line_tell(struct line *line, struct waiter *waiter, enum call_outcome outcome, int64_t value)
{
    struct queue_live *queue = line->queue;
    struct call *call = waiter->call;

    if (call == NULL)
        return;
    list_remove(&line->waiters, &waiter->link);
    waiter->call = NULL;
    stats_waited(queue->stats, STATS_QUEUE, loop_now_ns(queue->loop) - waiter->asked_ns);
    if (!queue->is_closing)
        loop_finish(queue->loop, call, outcome, value);
}

/* ---- A client of librdkafka ------------------------------------------------------------------ */

static bool client_serve_one(struct client *client, int timeout_ms)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(client->events, timeout_ms);

    if (event == NULL)
        return false;
    client->serve(client->context, event);
    rd_kafka_event_destroy(event);
    return true;
}

/* Some events and then the others' turn: what is left is no news to librdkafka. */
static void client_turn(void *context)
{
    struct client *client = context;
    int served = 0;

    while (served < QUEUE_EVENTS_PER_TURN && client_serve_one(client, 0))
        served++;
    client->served(client->context);
    if (served == QUEUE_EVENTS_PER_TURN)
        loop_alarm_set(client->more, 0);
}

static void client_stop_listening(struct client *client)
{
    loop_alarm_free(client->more);
    bell_close(&client->bell);
}

bool client_open(struct client *client, rd_kafka_type_t kind, rd_kafka_conf_t *conf,
                 char why[static 160])
{
    client->more = loop_alarm(client->loop, client_turn, client);
    if (!bell_open(&client->bell, client->loop, client_turn, client)) {
        snprintf(why, 160, "no file descriptor for Kafka's events: %s", strerror(errno));
        rd_kafka_conf_destroy(conf);
        client_stop_listening(client);
        return false;
    }
    client->kafka = rd_kafka_new(kind, conf, why, 160);
    if (client->kafka == NULL) {
        rd_kafka_conf_destroy(conf);
        client_stop_listening(client);
        return false;
    }
    if (kind == RD_KAFKA_CONSUMER)
        rd_kafka_poll_set_consumer(client->kafka);
    client->events = kind == RD_KAFKA_CONSUMER ? rd_kafka_queue_get_consumer(client->kafka)
                                               : rd_kafka_queue_get_main(client->kafka);
    client_listen(client, client->events);
    return true;
}

void client_listen(const struct client *client, rd_kafka_queue_t *records)
{
    uint64_t one = 1;

    rd_kafka_queue_io_event_enable(records, client->bell.fd, &one, sizeof one);
}

void client_close(struct client *client, bool is_idle)
{
    rd_kafka_queue_io_event_enable(client->events, -1, NULL, 0);
    rd_kafka_queue_destroy(client->events);
    if (is_idle)
        rd_kafka_destroy_flags(client->kafka, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    client_stop_listening(client);
}

void client_wait(struct client *client, bool (*is_over)(void *context), int within_ms)
{
    uint64_t end_ns = loop_clock_ns() + (uint64_t)within_ms * 1000000;

    while (!is_over(client->context) && loop_clock_ns() < end_ns)
        client_serve_one(client, 10);
}

/* ---- Settings of librdkafka ------------------------------------------------------------------ */

static bool conf_set(rd_kafka_conf_t *conf, const struct option *option, char why[static 160])
{
    return rd_kafka_conf_set(conf, option->name, option->value, why, 160) == RD_KAFKA_CONF_OK;
}

/* It waits for a broker that is away for half a second at most before it tries again: with the
 * default of ten, an outage of four seconds is one of ten. Its log would come from its own
 * threads, and goes nowhere: what matters of it is in the outcomes. */
rd_kafka_conf_t *queue_conf(const struct queue_settings *settings, const struct option *options,
                            char why[static 160])
{
    const struct option common[] = {{"bootstrap.servers", settings->brokers},
                                    {"client.id", "sim"},
                                    {"reconnect.backoff.ms", "50"},
                                    {"reconnect.backoff.max.ms", "500"},
                                    {"topic.metadata.refresh.interval.ms", "10000"},
                                    {"socket.keepalive.enable", "true"}};
    rd_kafka_conf_t *conf;
    bool is_good = true;

    if (settings->brokers[0] == '\0') {
        snprintf(why, 160, "no Kafka brokers are named");
        return NULL;
    }
    conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof common / sizeof *common && is_good; i++)
        is_good = conf_set(conf, &common[i], why);
    for (; options->name != NULL && is_good; options++)
        is_good = conf_set(conf, options, why);
    if (!is_good) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_log_cb(conf, NULL);
    return conf;
}

/* ---- The port -------------------------------------------------------------------------------- */

static struct queue_live *queue_of(struct queue *port)
{
    return (struct queue_live *)port;
}

/* A producer that Kafka has fenced, or that has lost count of its records, is replaced. */
static void put(struct queue *port, struct call *call, uint32_t topic, const struct ask *ask,
                uint64_t timeout_ns)
{
    struct queue_live *queue = queue_of(port);

    check(topic > 0 && topic < TOPIC_KINDS);
    if (queue->producer != NULL && producer_is_broken(queue->producer)) {
        producer_close(queue->producer);
        queue->producer = NULL;
    }
    if (queue->producer == NULL)
        queue->producer = producer_open(queue);
    if (queue->producer == NULL) {
        queue->stats->queue_put_failed++;
        loop_finish(queue->loop, call, CALL_REFUSED, 0);
    } else {
        producer_put(queue->producer, call, topic, ask, timeout_ns);
    }
}

static void take(struct queue *port, struct call *call, uint32_t topic, uint32_t max,
                 uint64_t wait_ns, uint64_t timeout_ns)
{
    struct queue_live *queue = queue_of(port);

    check(topic > 0 && topic < TOPIC_KINDS);
    if (queue->consumers[topic] == NULL)
        queue->consumers[topic] = consumer_open(queue, topic);
    if (queue->consumers[topic] == NULL)
        loop_finish(queue->loop, call, CALL_FAILED, 0);
    else
        consumer_take(queue->consumers[topic], call, max, wait_ns, timeout_ns);
}

static void commit(struct queue *port, struct call *call, uint32_t topic, uint32_t partition,
                   uint64_t next_offset, uint64_t timeout_ns)
{
    struct queue_live *queue = queue_of(port);

    check(topic > 0 && topic < TOPIC_KINDS);
    if (queue->consumers[topic] == NULL)
        loop_finish(queue->loop, call, CALL_ABSENT, 0);
    else
        consumer_commit(queue->consumers[topic], call, partition, next_offset, timeout_ns);
}

static const struct queue_ops queue_live_ops = {.put = put, .take = take, .commit = commit};

/* ---- Open and close -------------------------------------------------------------------------- */

/* So that bad settings are told at the start and not at the first put. */
static bool are_sound(const struct queue_settings *settings, char why[static 160])
{
    rd_kafka_conf_t *producer = producer_conf(settings, why), *consumer;

    if (producer == NULL)
        return false;
    rd_kafka_conf_destroy(producer);
    consumer = consumer_conf(settings, why);
    if (consumer == NULL)
        return false;
    rd_kafka_conf_destroy(consumer);
    return true;
}

static uint64_t wall_at_origin_ns(const struct loop *loop)
{
    uint64_t since_origin_ns = loop_clock_ns() - loop->origin_ns;
    struct timespec now;

    check(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - since_origin_ns;
}

struct queue_live *queue_live_open(struct loop *loop, const struct queue_settings *settings,
                                   const char *run, struct table *offsets, struct node_stats *stats,
                                   char why[static 160])
{
    struct queue_live *queue;

    if (!settings->is_rabbit && !are_sound(settings, why))
        return NULL;
    queue = calloc(1, sizeof *queue);
    check(queue != NULL);
    *queue =
        (struct queue_live){.port.ops = settings->is_rabbit ? &rabbit_live_ops : &queue_live_ops,
                            .loop = loop,
                            .settings = *settings,
                            .offsets = offsets,
                            .stats = stats,
                            .wall_ns = wall_at_origin_ns(loop)};
    check(strlen(run) < sizeof queue->run);
    strcpy(queue->run, run);
    if (!settings->is_rabbit)
        return queue;
    queue->rabbit = rabbit_open(queue, why);
    if (queue->rabbit != NULL)
        return queue;
    free(queue);
    return NULL;
}

void queue_live_greet(struct queue_live *queue, int timeout_ms)
{
    if (queue->rabbit != NULL) {
        rabbit_greet(queue->rabbit, timeout_ms);
        return;
    }
    if (queue->producer == NULL)
        queue->producer = producer_open(queue);
    if (queue->producer != NULL)
        producer_greet(queue->producer, timeout_ms);
}

void queue_live_close(struct queue_live *queue)
{
    queue->is_closing = true;
    if (queue->rabbit != NULL)
        rabbit_close(queue->rabbit);
    for (uint32_t topic = 0; topic < TOPIC_KINDS; topic++)
        if (queue->consumers[topic] != NULL)
            consumer_close(queue->consumers[topic]);
    if (queue->producer != NULL)
        producer_close(queue->producer);
    free(queue);
}

struct queue *queue_live_port(struct queue_live *queue)
{
    return &queue->port;
}
