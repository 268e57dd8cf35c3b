/* rabbit_inside.h — The two sides of the live queue on RabbitMQ; for this folder, and queue_live.c.
 *
 *   rabbit_live.c     the loop's side: puts, takes, commits, their timeouts
 *   rabbit_thread.c   the thread's: one connection, from its beginning to its break, and again
 *   rabbit_frames.c   what arrives on it: confirms, and deliveries frame by frame
 *   rabbit_connect.c  a connection, for the thread and for the lab
 *   rabbit_lab.c      blocking questions, without a loop
 *
 * librabbitmq blocks when a socket is full, and a broker that stands still leaves it full. So it
 * lives on a thread of its own, and the loop never calls it. Between them stand lists under one
 * lock: a put is the thread's while it is ordered or sent, and the loop's otherwise; its waiter is
 * the loop's always. */
#ifndef SERVICES_LIVE_RABBIT_INSIDE_H
#define SERVICES_LIVE_RABBIT_INSIDE_H

#include <amqp.h>

#include "services/live/http/wire.h"
#include "services/live/queue/queue_inside.h"

enum {
    RABBIT_TAG_BITS = 40,  /* An offset is the connection's number and the delivery's tag there. */
    RABBIT_PUT_CHANNEL = 1 /* Topics have the channels behind it. */
};

#define RABBIT_PUT_NS_HEADER "sim-put-ns" /* A message's header: when it was put, a wall clock's. */

enum rabbit_put_state { RABBIT_ORDERED, RABBIT_SENT, RABBIT_ENDED };

struct rabbit_put {
    struct waiter waiter; /* First. */
    struct link link;     /* Ordered, sent, ended, or spare. */
    enum rabbit_put_state state;
    uint32_t topic;
    uint64_t number; /* On its connection: what a confirm names. */
    uint64_t wall_ns;
    enum call_outcome outcome;
    size_t length;
    char text[WIRE_RECORD_MAX];
};

struct rabbit_delivery {
    struct link link;
    uint32_t topic;
    uint64_t offset, wall_ns;
    bool is_repeat;
    struct ask ask;
};

struct rabbit_incoming { /* A delivery of which not all frames have come. */
    bool is_open, is_repeat;
    uint64_t tag, wall_ns, size, got;
    char text[WIRE_RECORD_MAX];
};

struct rabbit_consumer { /* The loop's. */
    struct rabbit *rabbit;
    uint32_t topic;
    struct takes takes;
    struct event *look;
    struct list kept;                  /* struct rabbit_delivery.link, by tag. */
    uint64_t delivered, handed, acked; /* Tags up to which that is so, on this connection. */
};

struct rabbit {
    struct queue_live *queue;
    pthread_t thread;
    struct bell news;
    int wake_fd; /* An eventfd, for the thread. */

    /* Under the lock. */
    pthread_mutex_t lock;
    struct list ordered, sent, ended; /* struct rabbit_put.link */
    struct list deliveries;           /* struct rabbit_delivery.link */
    bool wants[TOPIC_KINDS];          /* Somebody takes of it. */
    uint64_t ack_to[TOPIC_KINDS];     /* Tags, of this connection. */
    uint64_t connection;              /* Its number; 0: there is none. */
    uint64_t confirms;                /* That arrived. */
    uint32_t breaks;
    int fd; /* The connection's socket; -1: none. */
    bool is_stopping;

    /* The loop's. */
    struct line line;
    struct list spare; /* struct rabbit_put.link */
    uint32_t under_way;
    uint32_t seen_breaks;
    uint64_t seen_confirms;
    struct rabbit_consumer *consumers[TOPIC_KINDS];

    /* The thread's. */
    amqp_connection_state_t state;
    uint64_t connections, puts; /* Made so far; sent on this one. */
    uint64_t acked[TOPIC_KINDS];
    bool is_consuming[TOPIC_KINDS];
    struct rabbit_incoming incoming[TOPIC_KINDS];
    char names[TOPIC_KINDS][TOPIC_NAME_MAX];
};

/* ---- rabbit_connect.c ------------------------------------------------------------------------ */

/* where: "HOST:PORT", "USER:PASSWORD@HOST:PORT", or "amqp://…"; fd may be NULL, and is told as soon
 * as there is a socket. NULL, with the reason; blocks for up to about timeout_ms. */
amqp_connection_state_t rabbit_connect(const char *where, uint64_t session_ns, int timeout_ms,
                                       void (*tell_fd)(void *context, int fd), void *context,
                                       char why[static 160]);

/* Whether the last answer on the connection was one; else why has the broker's words. */
bool rabbit_is_good(amqp_rpc_reply_t reply, char why[static 160]);

/* ---- rabbit_thread.c ------------------------------------------------------------------------- */

void *rabbit_thread_run(void *rabbit);
void rabbit_wake(const struct rabbit *rabbit); /* The thread. */

/* Ends the put, for the loop to tell. With the lock held, as all that is named `_locked`. */
void rabbit_end_locked(struct rabbit *rabbit, struct rabbit_put *put, enum call_outcome outcome);

/* ---- rabbit_frames.c ------------------------------------------------------------------------- */

/* Reads whatever has arrived. False: the connection is of no use any more. */
bool rabbit_read_frames(struct rabbit *rabbit);

/* ---- rabbit_live.c, for queue_live.c --------------------------------------------------------- */

extern const struct queue_ops rabbit_live_ops;
struct rabbit *rabbit_open(struct queue_live *queue, char why[static 160]);
void rabbit_greet(struct rabbit *rabbit, int timeout_ms);
void rabbit_close(struct rabbit *rabbit);

#endif
