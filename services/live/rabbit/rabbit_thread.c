/* rabbit_thread.c — One connection after another, for as long as the node lives.
 *
 *   CONNECT --logged in--> SERVE --its socket or a heartbeat fails, the broker hangs up--> BREAK
 *      ^  |                                                                                  |
 *      |  +--not now--> a pause, 50 ms to 500 ms <-------------------------------------------+
 *      +------------------------+
 *
 * SERVE sends what is ordered, asks to consume what somebody takes of, acknowledges, and reads
 * frames. On BREAK what was sent and not confirmed has failed: it may be in the queue all the same.
 * What was only ordered waits for the next connection, or for its timeout. Deliveries that nobody
 * has fetched are thrown away, since the broker hands them out again. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/live/rabbit/rabbit_inside.h"

enum { PAUSE_MS = 50, PAUSE_MAX_MS = 500, PATIENCE_MS = 5000, LOOK_MS = 500, PUTS_PER_TURN = 64 };

/* One that held so long was no failure: the next pause is short. A login may take PATIENCE_MS. */
static const uint64_t lasting_ns = 2 * UINT64_C(1000000) * PATIENCE_MS;

void rabbit_wake(const struct rabbit *rabbit)
{
    const uint64_t one = 1;

    while (write(rabbit->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void fall_asleep(struct rabbit *rabbit)
{
    uint64_t times;

    while (read(rabbit->wake_fd, &times, sizeof times) < 0 && errno == EINTR)
        ;
}

static bool is_stopping(struct rabbit *rabbit)
{
    bool is;

    pthread_mutex_lock(&rabbit->lock);
    is = rabbit->is_stopping;
    pthread_mutex_unlock(&rabbit->lock);
    return is;
}

void rabbit_end_locked(struct rabbit *rabbit, struct rabbit_put *put, enum call_outcome outcome)
{
    put->state = RABBIT_ENDED;
    put->outcome = outcome;
    list_push_last(&rabbit->ended, &put->link);
}

/* ---- Sending --------------------------------------------------------------------------------- */

static bool publish(struct rabbit *rabbit, const struct rabbit_put *put)
{
    amqp_table_entry_t entry = {
        .key = amqp_cstring_bytes(RABBIT_PUT_NS_HEADER),
        .value = {.kind = AMQP_FIELD_KIND_I64, .value.i64 = (int64_t)put->wall_ns}};
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG |
                                                    AMQP_BASIC_HEADERS_FLAG |
                                                    AMQP_BASIC_CONTENT_TYPE_FLAG,
                                          .delivery_mode = AMQP_DELIVERY_PERSISTENT,
                                          .content_type = amqp_cstring_bytes("application/json"),
                                          .headers = {.num_entries = 1, .entries = &entry}};
    amqp_bytes_t body = {.len = put->length, .bytes = (void *)(uintptr_t)put->text};

    return amqp_basic_publish(rabbit->state, RABBIT_PUT_CHANNEL, amqp_empty_bytes,
                              amqp_cstring_bytes(rabbit->names[put->topic]), 1, 0, &properties,
                              body) == AMQP_STATUS_OK;
}

static struct rabbit_put *next_order(struct rabbit *rabbit)
{
    struct link *first;
    struct rabbit_put *put = NULL;

    pthread_mutex_lock(&rabbit->lock);
    first = list_take_first(&rabbit->ordered);
    if (first != NULL) {
        put = list_entry(first, struct rabbit_put, link);
        put->state = RABBIT_SENT;
        put->number = ++rabbit->puts;
        list_push_last(&rabbit->sent, first);
    }
    pthread_mutex_unlock(&rabbit->lock);
    return put;
}

/* Without confirms to come, what has left is done. */
static void end_unconfirmed(struct rabbit *rabbit, struct rabbit_put *put)
{
    bool is_first;

    pthread_mutex_lock(&rabbit->lock);
    is_first = rabbit->ended.length == 0; /* All are taken at once. */
    list_remove(&rabbit->sent, &put->link);
    rabbit_end_locked(rabbit, put, CALL_OK);
    pthread_mutex_unlock(&rabbit->lock);
    if (is_first)
        bell_ring(&rabbit->news);
}

static bool send_orders(struct rabbit *rabbit)
{
    struct rabbit_put *put;

    for (int i = 0; i < PUTS_PER_TURN && (put = next_order(rabbit)) != NULL; i++) {
        if (!publish(rabbit, put))
            return false;
        if (rabbit->queue->settings.acks == 0)
            end_unconfirmed(rabbit, put);
    }
    return true;
}

static bool consume(struct rabbit *rabbit, uint32_t topic)
{
    amqp_channel_t channel = (amqp_channel_t)(RABBIT_PUT_CHANNEL + topic);
    uint16_t prefetch = (uint16_t)rabbit->queue->settings.prefetch;
    char why[160];

    rabbit->is_consuming[topic] = true;
    return amqp_channel_open(rabbit->state, channel) != NULL &&
           amqp_basic_qos(rabbit->state, channel, 0, prefetch, 0) != NULL &&
           amqp_basic_consume(rabbit->state, channel, amqp_cstring_bytes(rabbit->names[topic]),
                              amqp_empty_bytes, 0, 0, 0, amqp_empty_table) != NULL &&
           rabbit_is_good(amqp_get_rpc_reply(rabbit->state), why);
}

static bool acknowledge(struct rabbit *rabbit, uint32_t topic, uint64_t tag)
{
    amqp_channel_t channel = (amqp_channel_t)(RABBIT_PUT_CHANNEL + topic);

    if (tag <= rabbit->acked[topic])
        return true;
    rabbit->acked[topic] = tag;
    return amqp_basic_ack(rabbit->state, channel, tag, 1) == AMQP_STATUS_OK;
}

static bool see_to_topics(struct rabbit *rabbit)
{
    uint64_t ack_to[TOPIC_KINDS];
    bool wants[TOPIC_KINDS], is_good = true;

    pthread_mutex_lock(&rabbit->lock);
    memcpy(ack_to, rabbit->ack_to, sizeof ack_to);
    memcpy(wants, rabbit->wants, sizeof wants);
    pthread_mutex_unlock(&rabbit->lock);
    for (uint32_t topic = TOPIC_LIKES; topic < TOPIC_KINDS && is_good; topic++) {
        if (wants[topic] && !rabbit->is_consuming[topic])
            is_good = consume(rabbit, topic);
        is_good = is_good && acknowledge(rabbit, topic, ack_to[topic]);
    }
    return is_good;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static bool has_orders(struct rabbit *rabbit)
{
    bool has;

    pthread_mutex_lock(&rabbit->lock);
    has = !list_is_empty(&rabbit->ordered);
    pthread_mutex_unlock(&rabbit->lock);
    return has;
}

/* For the broker, the loop, or the time of a heartbeat. */
static void wait_for_news(struct rabbit *rabbit)
{
    struct pollfd fds[] = {{.fd = amqp_get_sockfd(rabbit->state), .events = POLLIN},
                           {.fd = rabbit->wake_fd, .events = POLLIN}};
    bool is_busy = has_orders(rabbit) || amqp_frames_enqueued(rabbit->state) ||
                   amqp_data_in_buffer(rabbit->state);

    if (poll(fds, 2, is_busy ? 0 : LOOK_MS) > 0 && fds[1].revents != 0)
        fall_asleep(rabbit);
}

static void pause_for(struct rabbit *rabbit, int ms)
{
    for (; ms > 0 && !is_stopping(rabbit); ms -= 10)
        poll(NULL, 0, 10);
}

/* ---- From connection to connection ----------------------------------------------------------- */

static void tell_fd(void *context, int fd)
{
    struct rabbit *rabbit = context;

    pthread_mutex_lock(&rabbit->lock);
    rabbit->fd = fd;
    pthread_mutex_unlock(&rabbit->lock);
}

static bool open_channel(struct rabbit *rabbit)
{
    char why[160];

    if (amqp_channel_open(rabbit->state, RABBIT_PUT_CHANNEL) == NULL)
        return false;
    if (rabbit->queue->settings.acks != 0)
        amqp_confirm_select(rabbit->state, RABBIT_PUT_CHANNEL);
    return rabbit_is_good(amqp_get_rpc_reply(rabbit->state), why);
}

static void begin(struct rabbit *rabbit)
{
    rabbit->puts = 0;
    memset(rabbit->acked, 0, sizeof rabbit->acked);
    memset(rabbit->is_consuming, 0, sizeof rabbit->is_consuming);
    memset(rabbit->incoming, 0, sizeof rabbit->incoming);
    pthread_mutex_lock(&rabbit->lock);
    memset(rabbit->ack_to, 0, sizeof rabbit->ack_to);
    rabbit->connection = ++rabbit->connections;
    pthread_mutex_unlock(&rabbit->lock);
    bell_ring(&rabbit->news);
}

static void fail_all(struct rabbit *rabbit)
{
    struct link *link;

    pthread_mutex_lock(&rabbit->lock);
    while ((link = list_take_first(&rabbit->sent)) != NULL)
        rabbit_end_locked(rabbit, list_entry(link, struct rabbit_put, link), CALL_FAILED);
    while ((link = list_take_first(&rabbit->deliveries)) != NULL)
        free(list_entry(link, struct rabbit_delivery, link));
    rabbit->connection = 0;
    rabbit->breaks++;
    rabbit->fd = -1;
    pthread_mutex_unlock(&rabbit->lock);
    bell_ring(&rabbit->news);
}

static bool serve(struct rabbit *rabbit)
{
    return send_orders(rabbit) && see_to_topics(rabbit) && rabbit_read_frames(rabbit);
}

void *rabbit_thread_run(void *context)
{
    struct rabbit *rabbit = context;
    const struct queue_settings *settings = &rabbit->queue->settings;
    int pause_ms = PAUSE_MS;
    char why[160];

    while (!is_stopping(rabbit)) {
        uint64_t begun_ns = loop_clock_ns();

        rabbit->state = rabbit_connect(settings->brokers, settings->session_ns, PATIENCE_MS,
                                       tell_fd, rabbit, why);
        if (rabbit->state != NULL && open_channel(rabbit)) {
            begin(rabbit);
            while (!is_stopping(rabbit) && serve(rabbit))
                wait_for_news(rabbit);
        }
        fail_all(rabbit);
        if (rabbit->state != NULL)
            amqp_destroy_connection(rabbit->state);
        if (loop_clock_ns() - begun_ns > lasting_ns)
            pause_ms = PAUSE_MS;
        pause_for(rabbit, pause_ms);
        pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms * 2;
    }
    return NULL;
}
