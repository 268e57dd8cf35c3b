/* rabbit_inside.h — The parts of RabbitMQ's model; for sim/world/queue alone.
 *
 * rabbit_publish.c brings messages into the queues, rabbit_queue.c keeps them and sends them out,
 * rabbit_channel.c is a consumer's connection and its death, rabbit_take.c the port on the
 * consumer's side, rabbit_model.c opens, closes and breaks it all. */
#ifndef SIM_WORLD_QUEUE_RABBIT_INSIDE_H
#define SIM_WORLD_QUEUE_RABBIT_INSIDE_H

#include "sim/world/queue/queue_inside.h"

enum {
    RABBIT_MESSAGES_MAX = 1 << 22, /* In the queues; beyond it the broker's disk is full. */
    RABBIT_PUTS_MAX = 1 << 18,     /* On their way there; puts beyond are refused. */
    RABBIT_REQUESTS_MAX = 1 << 16, /* Takes and acknowledgements in flight. */
    RABBIT_CHANNELS_MAX = 1 << 14,
    RABBIT_TAG_BITS = 40, /* An offset is a channel's number, and the tag of a delivery there. */
    RABBIT_MESSAGE_BYTES = 1024, /* What the broker keeps beside a body: a round figure. */
    RABBIT_RETRANSMIT_NS = 200000000
};

struct rabbit_timer { /* Of the broker itself: it stands still when the broker does. */
    struct event event;
    uint64_t due_ns;
    uint64_t left_ns; /* While the broker is paused; UINT64_MAX: it was not running. */
};

struct rabbit_put {
    struct op op;
    struct link link;
    struct ask ask;
    uint32_t topic;
    enum call_outcome outcome;
};

struct rabbit_message {
    struct event event; /* First: its way to the consumer. */
    struct link link;   /* Ready, or on its channel. */
    struct record record;
    uint64_t number;                /* Its place in the queue, for ever. */
    struct rabbit_channel *channel; /* NULL: ready. */
    bool has_arrived;               /* At the consumer. */
    bool is_repeat;                 /* It was on another channel before. */
};

struct rabbit_channel { /* A consumer, and its connection. */
    struct link link;   /* In its queue. */
    struct rabbit_queue *queue;
    struct node *node;
    uint32_t epoch;
    uint64_t number;   /* No other channel has it. */
    bool is_consuming; /* The broker knows of it. */
    bool has_knocked;  /* Its request came to a broker that stood still. */
    struct event subscribe, heartbeat;
    uint64_t heard_ns;

    struct list unacked;      /* struct rabbit_message.link, in the order of their tags. */
    uint64_t tag;             /* Of the next delivery. */
    struct link *missing;     /* The first that has not arrived; the list's head: none. */
    struct link *next;        /* The first that was not handed over. */
    uint64_t arrived, handed; /* Messages before these two, since the beginning. */

    struct list takes; /* struct rabbit_request.link, in the order of asking. */
    struct event look; /* At the takes. */
};

struct rabbit_request { /* A take, or an acknowledgement on its way. */
    struct op op;
    struct link link;
    bool is_waiting; /* A take, with its channel. */
    struct rabbit_channel *channel;
    struct rabbit_queue *queue;
    uint64_t number, tag; /* Acknowledgement: the channel's, and behind the last. */
    uint32_t max;
    uint64_t wait_ns;
    enum call_outcome outcome;
    void (*time_out)(struct event *event); /* The op's own. */
};

struct rabbit_queue { /* Of one topic. */
    struct rabbit_model *model;
    uint32_t topic;
    char service[NAME_MAX_BYTES]; /* Who takes from it; "": nobody has. */
    struct list ready;            /* struct rabbit_message.link, by number. */
    struct list channels;         /* In the order in which they came. */
    struct link *turn;            /* The channel that was given something last. */
    uint64_t entered, acked;      /* Messages, since the beginning. */
    uint64_t put;                 /* Since the warm-up. */

    struct list line;           /* Puts that wait for the queue's process. */
    struct rabbit_put *working; /* NULL: it idles. */
    struct list dirty;          /* Those that wait for a flush, … */
    struct list flushing;       /* … and that are in one. */
    struct rabbit_timer work, flush;
};

struct rabbit_model {
    const struct queue_broker *broker; /* First. */
    struct events *events;
    struct link_model *link;
    const struct queue_spec *spec;
    bool is_used, is_down, is_paused, is_cut;
    enum queue_bug bug;
    struct pool puts, messages, requests, channels;
    struct rabbit_queue queues[TOPIC_KINDS];
    struct list frozen_puts, frozen_acks; /* Came while it was paused. */
    struct list blocked;                  /* Came while its memory was full. */
    uint64_t bytes;                       /* Of all messages. */
    uint64_t channels_made, lag;
    struct record *answer; /* QUEUE_TAKE_MAX; lent to whoever is being answered. */
    struct event warm;
    struct queue_result counts;
};

static inline uint64_t rabbit_now(const struct rabbit_model *model)
{
    return events_now_ns(model->events);
}

struct rabbit_model *rabbit_of(const struct node *node);

/* rabbit_model.c: the broker's own timers. */
void rabbit_timer_set(struct rabbit_model *model, struct rabbit_timer *timer, uint64_t after_ns);

/* rabbit_publish.c */
void rabbit_put_record(struct queue *queue, struct call *call, uint32_t topic,
                       const struct ask *ask, uint64_t timeout_ns);
void rabbit_puts_init(struct rabbit_queue *queue);
void rabbit_puts_thaw(struct rabbit_model *model);
void rabbit_puts_unblock(struct rabbit_model *model); /* Some memory is free again. */
void rabbit_puts_fail(struct rabbit_model *model);    /* All at the broker. */

/* rabbit_queue.c. False: the disk is full. */
bool rabbit_queue_enter(struct rabbit_queue *queue, const struct ask *ask);
void rabbit_queue_push(struct rabbit_queue *queue); /* To whoever has room. */
void rabbit_queue_read_by(struct rabbit_queue *queue, const struct node *node);

/* What a channel has goes back to where it was. */
void rabbit_queue_take_back(struct rabbit_queue *queue, struct rabbit_channel *channel);

/* Everything on the channel before `tag` is done with. */
void rabbit_queue_forget(struct rabbit_queue *queue, struct rabbit_channel *channel, uint64_t tag);

/* rabbit_channel.c. NULL: the node has none. */
struct rabbit_channel *rabbit_channel_of(const struct rabbit_queue *queue, const struct node *node);
struct rabbit_channel *rabbit_channel_open(struct rabbit_queue *queue, struct node *node);
void rabbit_channel_close(struct rabbit_channel *channel);
void rabbit_channel_thaw(struct rabbit_channel *channel); /* The broker goes on. */
bool rabbit_can_pass(const struct rabbit_model *model, const struct node *node);

/* Fires arrive when a message arrives; if it cannot, then again, which should send it once more. */
void rabbit_channel_send(struct rabbit_channel *channel, struct event *event,
                         void (*arrive)(struct event *event), void (*again)(struct event *event));

/* rabbit_take.c */
void rabbit_take_records(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                         uint64_t wait_ns, uint64_t timeout_ns);
void rabbit_commit_offset(struct queue *queue, struct call *call, uint32_t topic,
                          uint32_t partition, uint64_t next_offset, uint64_t timeout_ns);
void rabbit_channel_look(struct event *event); /* struct rabbit_channel.look */
void rabbit_takes_fail(struct rabbit_channel *channel);
void rabbit_acks_thaw(struct rabbit_model *model);
void rabbit_acks_drop(struct rabbit_model *model);

#endif
