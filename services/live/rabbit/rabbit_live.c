/* rabbit_live.c — The queue port on RabbitMQ, on the loop's side.
 *
 *   put    --> ORDERED --the thread sends it--> SENT --confirmed--> OK
 *                 | its timeout: TIMEOUT           |--refused, or the connection breaks--> FAILED
 *                 v                                \--its timeout--> TIMEOUT, and then nobody waits
 *             taken back
 *   take   --> waits for deliveries: services/live/queue/queue_takes.c
 *   commit --> OK, and the thread acknowledges; ABSENT when that connection is no more
 *
 * The rules are those of the virtual world (sim/world/queue/rabbit_take.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "services/live/rabbit/rabbit_inside.h"

enum { FLUSH_MS = 1000 };

static uint64_t tag_of(uint64_t offset)
{
    return offset & ((UINT64_C(1) << RABBIT_TAG_BITS) - 1);
}

static struct rabbit *rabbit_of(struct queue *port)
{
    return ((struct queue_live *)port)->rabbit;
}

static uint64_t wall_ns(void)
{
    struct timespec now;

    check(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- Puts ------------------------------------------------------------------------------------ */

static void spare(struct rabbit *rabbit, struct rabbit_put *put)
{
    list_push_last(&rabbit->spare, &put->link);
    rabbit->under_way--;
}

/* What was not sent is not sent any more. */
static void time_out(struct line *line, struct waiter *waiter)
{
    struct rabbit_put *put = (struct rabbit_put *)waiter;
    struct rabbit *rabbit = line->queue->rabbit;
    bool is_ours;

    pthread_mutex_lock(&rabbit->lock);
    is_ours = put->state == RABBIT_ORDERED;
    if (is_ours)
        list_remove(&rabbit->ordered, &put->link);
    pthread_mutex_unlock(&rabbit->lock);
    line->queue->stats->queue_put_failed++;
    line_tell(line, waiter, CALL_TIMEOUT, 0);
    if (is_ours)
        spare(rabbit, put);
}

static struct rabbit_put *next_put(struct rabbit *rabbit)
{
    struct link *link = list_take_first(&rabbit->spare);
    struct rabbit_put *put;

    put = link != NULL ? list_entry(link, struct rabbit_put, link) : calloc(1, sizeof *put);
    check(put != NULL);
    rabbit->under_way++;
    return put;
}

static void put(struct queue *port, struct call *call, uint32_t topic, const struct ask *ask,
                uint64_t timeout_ns)
{
    struct rabbit *rabbit = rabbit_of(port);
    struct rabbit_put *put;
    bool was_idle;

    check(topic > 0 && topic < TOPIC_KINDS);
    if (rabbit->under_way == QUEUE_PUTS_MAX) {
        rabbit->queue->stats->queue_put_failed++;
        loop_finish(rabbit->queue->loop, call, CALL_REFUSED, 0);
        return;
    }
    put = next_put(rabbit);
    put->topic = topic;
    put->wall_ns = wall_ns();
    put->length = wire_write_record(put->text, ask);
    line_add(&rabbit->line, &put->waiter, call, timeout_ns);
    pthread_mutex_lock(&rabbit->lock);
    was_idle = list_is_empty(&rabbit->ordered);
    put->state = RABBIT_ORDERED;
    list_push_last(&rabbit->ordered, &put->link);
    pthread_mutex_unlock(&rabbit->lock);
    if (was_idle)
        rabbit_wake(rabbit);
}

static void end_put(struct rabbit *rabbit, struct rabbit_put *put)
{
    struct node_stats *stats = rabbit->queue->stats;

    if (put->outcome == CALL_OK) {
        stats->queue_put++;
        stats->queue_dead += put->topic == TOPIC_DEAD;
        stats->log_put[0] += put->topic != TOPIC_DEAD;
    } else if (put->waiter.call != NULL) {
        stats->queue_put_failed++;
    }
    line_tell(&rabbit->line, &put->waiter, put->outcome, 0);
    spare(rabbit, put);
}

/* ---- Takes ----------------------------------------------------------------------------------- */

/* Of our own run's clock; a wall clock may be a little ahead of it. */
static uint64_t put_ns(const struct queue_live *queue, uint64_t wall)
{
    uint64_t now_ns = loop_now_ns(queue->loop), at_ns = wall - queue->wall_ns;

    if (wall < queue->wall_ns)
        return 0;
    return at_ns < now_ns ? at_ns : now_ns;
}

static void note_in_hand(const struct rabbit_consumer *consumer)
{
    const struct queue_live *queue = consumer->rabbit->queue;

    stats_level_set(&queue->stats->queue_in_hand, loop_now_ns(queue->loop),
                    consumer->delivered - consumer->acked);
}

static void hand_over(struct rabbit_consumer *consumer, struct take *take, uint32_t n)
{
    struct queue_live *queue = consumer->rabbit->queue;
    struct record *records = take_records(take);

    for (uint32_t i = 0; i < n; i++) {
        struct rabbit_delivery *delivery =
            list_entry(list_take_first(&consumer->kept), struct rabbit_delivery, link);

        records[i] = (struct record){.ask = delivery->ask,
                                     .offset = delivery->offset,
                                     .put_ns = put_ns(queue, delivery->wall_ns),
                                     .topic = consumer->topic};
        queue->stats->queue_redelivered += delivery->is_repeat;
        consumer->handed = tag_of(delivery->offset);
        free(delivery);
    }
    queue->stats->queue_taken += n;
    take_answer(take, n);
}

/* When it can be answered; 0: now, UINT64_MAX: not by time alone. */
static uint64_t ready_ns(const struct rabbit_consumer *consumer, const struct take *take)
{
    const struct queue_live *queue = consumer->rabbit->queue;
    const struct rabbit_delivery *first;
    uint64_t first_ns;

    if (list_is_empty(&consumer->kept))
        return UINT64_MAX;
    if (consumer->kept.length >= take->max ||
        consumer->delivered - consumer->acked >= queue->settings.prefetch)
        return 0;
    first = list_entry(list_first(&consumer->kept), struct rabbit_delivery, link);
    first_ns = put_ns(queue, first->wall_ns);
    return take->wait_ns < UINT64_MAX - first_ns ? first_ns + take->wait_ns : UINT64_MAX;
}

static void look(void *context)
{
    struct rabbit_consumer *consumer = context;
    uint64_t now_ns = loop_now_ns(consumer->rabbit->queue->loop);
    struct link *first;

    while ((first = list_first(&consumer->takes.waiting)) != NULL) {
        struct take *take = take_at(first);
        uint64_t at_ns = ready_ns(consumer, take);
        uint32_t there = consumer->kept.length;

        if (at_ns > now_ns) {
            if (at_ns == UINT64_MAX)
                loop_alarm_clear(consumer->look);
            else
                loop_alarm_set(consumer->look, at_ns - now_ns);
            return;
        }
        hand_over(consumer, take, there < take->max ? there : take->max);
    }
}

static struct rabbit_consumer *consumer_of(struct rabbit *rabbit, uint32_t topic)
{
    struct rabbit_consumer *consumer = rabbit->consumers[topic];

    if (consumer != NULL)
        return consumer;
    consumer = rabbit->consumers[topic] = calloc(1, sizeof *consumer);
    check(consumer != NULL);
    consumer->rabbit = rabbit;
    consumer->topic = topic;
    takes_open(&consumer->takes, rabbit->queue);
    list_init(&consumer->kept);
    consumer->look = loop_alarm(rabbit->queue->loop, look, consumer);
    pthread_mutex_lock(&rabbit->lock);
    rabbit->wants[topic] = true;
    pthread_mutex_unlock(&rabbit->lock);
    rabbit_wake(rabbit);
    return consumer;
}

static void take(struct queue *port, struct call *call, uint32_t topic, uint32_t max,
                 uint64_t wait_ns, uint64_t timeout_ns)
{
    struct rabbit_consumer *consumer;

    check(topic > 0 && topic < TOPIC_KINDS);
    consumer = consumer_of(rabbit_of(port), topic);
    takes_add(&consumer->takes, call, max, wait_ns, timeout_ns);
    look(consumer);
}

static void forget_kept(struct rabbit_consumer *consumer)
{
    struct link *link;

    while ((link = list_take_first(&consumer->kept)) != NULL)
        free(list_entry(link, struct rabbit_delivery, link));
}

/* The connection is gone, and with it all that came by it. */
static void consumer_breaks(struct rabbit_consumer *consumer)
{
    forget_kept(consumer);
    consumer->delivered = consumer->handed = consumer->acked = 0;
    note_in_hand(consumer);
    takes_fail(&consumer->takes);
}

/* ---- Commits --------------------------------------------------------------------------------- */

/* False: it was of a connection that is no more. */
static bool acknowledge(struct rabbit *rabbit, uint32_t topic, uint64_t connection, uint64_t tag)
{
    bool is_it;

    pthread_mutex_lock(&rabbit->lock);
    is_it = connection == rabbit->connection && rabbit->breaks == rabbit->seen_breaks;
    if (is_it && tag > rabbit->ack_to[topic])
        rabbit->ack_to[topic] = tag;
    pthread_mutex_unlock(&rabbit->lock);
    return is_it;
}

static void commit(struct queue *port, struct call *call, uint32_t topic, uint32_t partition,
                   uint64_t next_offset, uint64_t timeout_ns)
{
    struct rabbit *rabbit = rabbit_of(port);
    struct rabbit_consumer *consumer = rabbit->consumers[topic];
    uint64_t last = next_offset - 1, tag = tag_of(last);
    enum call_outcome outcome = CALL_ABSENT;

    (void)partition;
    (void)timeout_ns; /* It is answered at once. */
    check(topic > 0 && topic < TOPIC_KINDS);
    if (consumer != NULL && tag > consumer->handed)
        tag = consumer->handed;
    if (consumer != NULL && acknowledge(rabbit, topic, last >> RABBIT_TAG_BITS, tag)) {
        outcome = CALL_OK;
        if (tag > consumer->acked) {
            rabbit->queue->stats->queue_committed += tag - consumer->acked;
            consumer->acked = tag;
            note_in_hand(consumer);
        }
        rabbit_wake(rabbit);
    }
    loop_finish(rabbit->queue->loop, call, outcome, 0);
}

const struct queue_ops rabbit_live_ops = {
    .put = put, .take = take, .commit = commit, .is_work_queue = true};

/* ---- What the thread has to tell ------------------------------------------------------------- */

static void accept_deliveries(struct rabbit *rabbit, struct list *deliveries)
{
    struct link *link;

    while ((link = list_take_first(deliveries)) != NULL) {
        struct rabbit_delivery *delivery = list_entry(link, struct rabbit_delivery, link);
        struct rabbit_consumer *consumer = rabbit->consumers[delivery->topic];

        consumer->delivered = tag_of(delivery->offset);
        list_push_last(&consumer->kept, link);
    }
}

/* After a break the thread has thrown away what it had: these deliveries are the next one's. */
static void hear(void *context)
{
    struct rabbit *rabbit = context;
    struct list ended, deliveries;
    uint64_t confirms;
    struct link *link;
    bool has_broken;

    pthread_mutex_lock(&rabbit->lock);
    list_take_all(&rabbit->ended, &ended);
    list_take_all(&rabbit->deliveries, &deliveries);
    has_broken = rabbit->breaks != rabbit->seen_breaks;
    rabbit->seen_breaks = rabbit->breaks;
    confirms = rabbit->confirms;
    pthread_mutex_unlock(&rabbit->lock);
    rabbit->queue->stats->queue_batches += confirms - rabbit->seen_confirms;
    rabbit->seen_confirms = confirms;
    while ((link = list_take_first(&ended)) != NULL)
        end_put(rabbit, list_entry(link, struct rabbit_put, link));
    for (uint32_t topic = 0; topic < TOPIC_KINDS && has_broken; topic++)
        if (rabbit->consumers[topic] != NULL)
            consumer_breaks(rabbit->consumers[topic]);
    accept_deliveries(rabbit, &deliveries);
    for (uint32_t topic = 0; topic < TOPIC_KINDS; topic++)
        if (rabbit->consumers[topic] != NULL) {
            note_in_hand(rabbit->consumers[topic]);
            look(rabbit->consumers[topic]);
        }
}

/* ---- Open and close -------------------------------------------------------------------------- */

static void free_puts(struct list *puts)
{
    struct link *link;

    while ((link = list_take_first(puts)) != NULL)
        free(list_entry(link, struct rabbit_put, link));
}

static void give_back(struct rabbit *rabbit)
{
    struct link *link;

    bell_close(&rabbit->news);
    if (rabbit->wake_fd >= 0)
        close(rabbit->wake_fd);
    line_close(&rabbit->line);
    free_puts(&rabbit->ordered);
    free_puts(&rabbit->sent);
    free_puts(&rabbit->ended);
    free_puts(&rabbit->spare);
    while ((link = list_take_first(&rabbit->deliveries)) != NULL)
        free(list_entry(link, struct rabbit_delivery, link));
    pthread_mutex_destroy(&rabbit->lock);
    free(rabbit);
}

static bool start(struct rabbit *rabbit)
{
    rabbit->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return rabbit->wake_fd >= 0 && bell_open(&rabbit->news, rabbit->queue->loop, hear, rabbit) &&
           thread_begin(&rabbit->thread, NULL, rabbit_thread_run, rabbit);
}

struct rabbit *rabbit_open(struct queue_live *queue, char why[static 160])
{
    struct rabbit *rabbit = calloc(1, sizeof *rabbit);
    struct list *lists[] = {&rabbit->ordered, &rabbit->sent, &rabbit->ended, &rabbit->deliveries,
                            &rabbit->spare};

    check(rabbit != NULL);
    rabbit->queue = queue;
    rabbit->wake_fd = rabbit->news.fd = rabbit->fd = -1;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list_init(lists[i]);
    for (uint32_t topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++)
        topic_name(rabbit->names[topic], queue->run, topic);
    pthread_mutex_init(&rabbit->lock, NULL);
    line_open(&rabbit->line, queue, time_out);
    if (start(rabbit))
        return rabbit;
    snprintf(why, 160, "no thread for RabbitMQ: %s", strerror(errno));
    give_back(rabbit);
    return NULL;
}

/* Looks every millisecond, up to within_ms. */
static void wait_until(struct rabbit *rabbit, bool (*is_so)(const struct rabbit *rabbit),
                       int within_ms)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    bool is = false;

    for (int i = 0; i < within_ms && !is; i++) {
        pthread_mutex_lock(&rabbit->lock);
        is = is_so(rabbit);
        pthread_mutex_unlock(&rabbit->lock);
        if (!is)
            nanosleep(&moment, NULL);
    }
}

static bool is_connected(const struct rabbit *rabbit)
{
    return rabbit->connection != 0;
}

void rabbit_greet(struct rabbit *rabbit, int timeout_ms)
{
    wait_until(rabbit, is_connected, timeout_ms);
}

static bool has_nothing_to_do(const struct rabbit *rabbit)
{
    bool is_idle = list_is_empty(&rabbit->ordered) && list_is_empty(&rabbit->sent);

    return is_idle || rabbit->connection == 0;
}

/* A thread that is stuck in a full socket, or in a handshake, is freed by its shutdown. */
static void stop(struct rabbit *rabbit)
{
    pthread_mutex_lock(&rabbit->lock);
    rabbit->is_stopping = true;
    if (rabbit->fd >= 0)
        shutdown(rabbit->fd, SHUT_RDWR);
    pthread_mutex_unlock(&rabbit->lock);
    rabbit_wake(rabbit);
    pthread_join(rabbit->thread, NULL);
}

static void close_consumer(struct rabbit_consumer *consumer)
{
    forget_kept(consumer);
    takes_close(&consumer->takes);
    loop_alarm_free(consumer->look);
    free(consumer);
}

void rabbit_close(struct rabbit *rabbit)
{
    wait_until(rabbit, has_nothing_to_do, FLUSH_MS);
    stop(rabbit);
    for (uint32_t topic = 0; topic < TOPIC_KINDS; topic++)
        if (rabbit->consumers[topic] != NULL)
            close_consumer(rabbit->consumers[topic]);
    give_back(rabbit);
}
