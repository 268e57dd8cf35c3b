/* queue_inside.h — The parts of the live queue; for services/live/queue, and for
 * services/live/rabbit, which has its lines of calls and its takes from here.
 *
 *   queue_live.c      the port's table, open and close, and what the parts share: a client of
 *                     librdkafka with its events on the loop, and a line of calls by their end
 *   queue_producer.c  puts and their delivery reports
 *   queue_takes.c     takes that wait, of either kind of server
 *   queue_consumer.c  what they wait for
 *   queue_commit.c    commits
 *   queue_group.c     which partitions are ours, and where each begins
 *   queue_share.c     one partition: from its own queue in librdkafka to records in hand
 *   queue_lab.c       blocking questions, without a loop */
#ifndef SERVICES_LIVE_QUEUE_INSIDE_H
#define SERVICES_LIVE_QUEUE_INSIDE_H

#include <stdbool.h>

#include <librdkafka/rdkafka.h>

#include "services/base/list.h"
#include "services/live/loop/threads.h"
#include "services/live/node/stats.h"
#include "services/live/queue/queue_live.h"
#include "services/live/queue/topic_name.h"

enum {
    QUEUE_PUTS_MAX = 1 << 16,  /* Records on their way to the log; puts beyond are refused. */
    QUEUE_TAKE_MAX = 4096,     /* Records in one answer. */
    QUEUE_KEY_MAX = 24,        /* A key's digits. */
    QUEUE_EVENTS_PER_TURN = 64 /* Events of librdkafka before the loop sees to others. */
};

/* ---- A line of calls, by when they run out --------------------------------------------------- */

struct waiter { /* First in whatever waits. */
    struct link link;
    struct call *call; /* NULL: it has been told; what becomes of it now changes nothing. */
    uint64_t asked_ns, due_ns;
};

struct line {
    struct queue_live *queue;
    struct list waiters; /* Earliest end first. */
    struct event *alarm;
    void (*expire)(struct line *line, struct waiter *waiter); /* It is off the line by then. */
};

void line_open(struct line *line, struct queue_live *queue,
               void (*expire)(struct line *line, struct waiter *waiter));
void line_close(struct line *line);
void line_add(struct line *line, struct waiter *waiter, struct call *call, uint64_t timeout_ns);

/* The call's end: off the line, counted, and told from the loop. Nothing when it has been told. */
void line_tell(struct line *line, struct waiter *waiter, enum call_outcome outcome, int64_t value);

/* ---- Takes that wait ------------------------------------------------------------------------- */

struct answer;

struct takes {
    struct line line;
    struct list waiting; /* struct take.turn, in the order of asking. */
    struct list told;    /* Their answers have not been read yet. */
    struct list spare;   /* Nobody's. */
};

struct take {
    struct waiter waiter; /* First. */
    struct link turn;
    struct takes *takes; /* NULL: they were closed. */
    uint32_t max;
    uint64_t wait_ns;
    void (*done)(struct call *call); /* Who asked. */
    struct answer *answer;
    uint32_t room; /* Records. */
};

static inline struct take *take_at(struct link *link)
{
    return list_entry(link, struct take, turn);
}

void takes_open(struct takes *takes, struct queue_live *queue);
void takes_close(struct takes *takes); /* Fails those that wait. */
struct take *takes_add(struct takes *takes, struct call *call, uint32_t max, uint64_t wait_ns,
                       uint64_t timeout_ns);

/* Where take->max records have room, and the call's end with the first n of them. */
struct record *take_records(struct take *take);
void take_answer(struct take *take, uint32_t n);
void take_end(struct take *take, enum call_outcome outcome);
void takes_fail(struct takes *takes);

/* ---- A client of librdkafka ------------------------------------------------------------------ */

struct client {
    struct loop *loop;
    rd_kafka_t *kafka;
    rd_kafka_queue_t *events;
    struct bell bell;
    struct event *more;
    void (*serve)(void *context, rd_kafka_event_t *event); /* One event; it stays the client's. */
    void (*served)(void *context);                         /* After some of them. */
    void *context;
};

/* kind: RD_KAFKA_PRODUCER or _CONSUMER. Takes conf. False, with the reason. */
bool client_open(struct client *client, rd_kafka_type_t kind, rd_kafka_conf_t *conf,
                 char why[static 160]);

/* Not idle: something is under way whose end librdkafka would wait for, such as the five seconds in
 * which the embedded broker shares partitions out. Then its threads are left behind, for the end
 * of the process, and know nothing of us. */
void client_close(struct client *client, bool is_idle);

/* Wakes the loop for this queue too. */
void client_listen(const struct client *client, rd_kafka_queue_t *records);

/* Serves events, waiting for them, until `is_over` or until within_ms have passed. */
void client_wait(struct client *client, bool (*is_over)(void *context), int within_ms);

/* ---- Settings of librdkafka ------------------------------------------------------------------ */

struct option {
    const char *name, *value;
};

/* What every client of ours is told, then options up to one without a name. NULL, with the
 * reason. */
rd_kafka_conf_t *queue_conf(const struct queue_settings *settings, const struct option *options,
                            char why[static 160]);

/* ---- The producer ---------------------------------------------------------------------------- */

struct producer;

rd_kafka_conf_t *producer_conf(const struct queue_settings *settings, char why[static 160]);
struct producer *producer_open(struct queue_live *queue); /* NULL: not now. */
void producer_close(struct producer *producer);
void producer_put(struct producer *producer, struct call *call, uint32_t topic,
                  const struct ask *ask, uint64_t timeout_ns);
void producer_greet(struct producer *producer, int timeout_ms); /* Blocks: learns who leads. */
bool producer_is_broken(const struct producer *producer);

/* ---- A partition of ours --------------------------------------------------------------------- */

struct kept {
    struct record record;
    uint64_t arrived_ns;
};

struct share {
    uint32_t partition;
    bool is_ours;
    rd_kafka_queue_t *records; /* NULL: not ours. */
    struct kept *kept;         /* [first … first + length) */
    uint32_t first, length, room;
    uint64_t expected;  /* The offset that should come next; UINT64_MAX: whichever. */
    uint64_t seen;      /* Behind the last ever handed over: below it is redelivery. */
    uint64_t committed; /* Never goes back. */
};

struct consumer;

/* Before rd_kafka_assign, so that none of its records goes to the client's own queue.
 * start UINT64_MAX: Kafka knows. */
void share_begin(struct share *share, const struct consumer *consumer, uint64_t start);
void share_end(struct share *share);

/* Takes what librdkafka has fetched until `wanted` records are in hand. */
void share_fill(struct share *share, const struct consumer *consumer, uint32_t wanted);

/* Copies up to max records and moves behind them. Returns how many. */
uint32_t share_hand_over(struct share *share, struct node_stats *stats, struct record *to,
                         uint32_t max);

/* When it can answer such a take; 0: now, UINT64_MAX: not by time alone. */
uint64_t share_ready_ns(const struct share *share, uint32_t max, uint64_t wait_ns);

/* ---- The consumer ---------------------------------------------------------------------------- */

enum group_state {
    GROUP_JOINING, /* Nothing is ours. */
    GROUP_READING, /* We have been told what is ours, and ask SQL where it begins. */
    GROUP_STABLE
};

struct consumer {
    struct queue_live *queue;
    struct client client;
    uint32_t topic;
    char topic_name[TOPIC_NAME_MAX];

    struct takes takes;
    struct line commits_line;
    struct list commits; /* struct commit.place */
    struct event *look;  /* When a take that waits may be ready. */
    uint32_t wanted;     /* Records to have in hand, by partition. */
    uint32_t turn;       /* The partition that is looked at first. */

    enum group_state state;
    struct share *shares; /* By partition. */
    uint32_t shares_max;
    rd_kafka_topic_partition_list_t *assigned; /* GROUP_READING: offsets below `asking` are set. */
    int asking;
    uint32_t assignment; /* Counts them. */
    uint32_t asked_for;  /* The assignment that the offset is asked for. */
    struct call offset;
    bool is_asking;      /* The call is the table's. */
    struct event *again; /* To ask once more. */
};

rd_kafka_conf_t *consumer_conf(const struct queue_settings *settings, char why[static 160]);
struct consumer *consumer_open(struct queue_live *queue, uint32_t topic); /* NULL: not now. */
void consumer_close(struct consumer *consumer);
void consumer_take(struct consumer *consumer, struct call *call, uint32_t max, uint64_t wait_ns,
                   uint64_t timeout_ns);
void consumer_look(struct consumer *consumer); /* Answers the takes that can be answered. */
void consumer_fail_takes(struct consumer *consumer);

void commits_open(struct consumer *consumer);
void commits_close(struct consumer *consumer);
void commits_serve(struct consumer *consumer, rd_kafka_event_t *event); /* A commit's end. */
void consumer_commit(struct consumer *consumer, struct call *call, uint32_t partition,
                     uint64_t next, uint64_t timeout_ns);

void group_open(struct consumer *consumer);
void group_close(struct consumer *consumer);
void group_serve(struct consumer *consumer, rd_kafka_event_t *event);     /* A rebalance. */
struct share *group_share(struct consumer *consumer, uint32_t partition); /* NULL: not ours. */

/* ---- All of it ------------------------------------------------------------------------------- */

struct queue_live {
    struct queue port; /* First. */
    struct loop *loop;
    struct queue_settings settings;
    char run[24];
    struct table *offsets; /* NULL: Kafka's. */
    struct node_stats *stats;
    uint64_t wall_ns; /* CLOCK_REALTIME at the run's beginning. */
    bool is_closing;  /* Nobody is told any more. */
    struct producer *producer;
    struct consumer *consumers[TOPIC_KINDS];
    struct rabbit *rabbit; /* Instead of these two. */
};

#endif
