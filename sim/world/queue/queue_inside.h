/* queue_inside.h — The parts of Kafka's model, and what the two brokers have in common; for
 * sim/world/queue alone.
 *
 * queue_broker.c asks whichever broker the scenario has. Of Kafka, queue_producer.c brings records
 * to the broker, queue_log.c keeps them, queue_group.c shares the partitions out, queue_consumer.c
 * hands the records over, queue_model.c opens, closes and breaks it all. */
#ifndef SIM_WORLD_QUEUE_INSIDE_H
#define SIM_WORLD_QUEUE_INSIDE_H

#include "services/base/list.h"
#include "services/base/map.h"
#include "services/base/pool.h"
#include "sim/world/link.h"
#include "sim/world/op.h"
#include "sim/world/queue/queue_model.h"

enum {
    QUEUE_LETTERS_MAX = 1 << 18,  /* Records on their way to the log; puts beyond are refused. */
    QUEUE_REQUESTS_MAX = 1 << 16, /* Takes and commits in flight. */
    QUEUE_GROUPS_MAX = 64,
    QUEUE_MEMBERS_MAX = 1 << 14,
    QUEUE_CHUNK_RECORDS = 256,
    QUEUE_CHUNKS_MAX = 1 << 15, /* 8 million records; beyond it the broker's disk is full. */
    QUEUE_TAKE_MAX = 4096       /* Records in one answer. */
};

struct queue_broker { /* What queue_model.h promises, of one kind of server. */
    struct queue_ops ops;
    struct queue_model *(*open)(const struct model_setup *with, const struct queue_spec *spec);
    void (*close)(struct queue_model *model, struct queue_result *result);
    void (*crash)(struct queue_model *model);
    void (*restart)(struct queue_model *model);
    void (*pause)(struct queue_model *model);
    void (*resume)(struct queue_model *model);
    void (*cut)(struct queue_model *model, bool is_cut);
    void (*node_died)(struct queue_model *model, const struct node *node);
    void (*node_left)(struct queue_model *model, const struct node *node);
    uint64_t (*lag)(const struct queue_model *model);
    uint64_t (*group_lag)(const struct queue_model *model, const char *service);
    uint64_t (*on_the_way)(const struct queue_model *model);
    uint64_t (*end)(const struct queue_model *model, enum schema_topic topic, uint32_t partition);
    uint64_t (*committed)(const struct queue_model *model, const char *service,
                          enum schema_topic topic, uint32_t partition);
    bool (*is_whole)(const struct queue_model *model);
    void (*plant)(struct queue_model *model, enum queue_bug bug);
};

extern const struct queue_broker queue_kafka, queue_rabbit;

struct queue_chunk {
    struct record records[QUEUE_CHUNK_RECORDS];
};

struct queue_log {  /* One partition of a topic, at its leader. */
    uint32_t index; /* Of all logs. */
    uint32_t topic, partition;
    uint64_t begin, end; /* Offsets: the oldest record kept, and the next one's. */
    struct queue_chunk *last;
    struct list line;              /* Batches that wait for the leader: struct queue_batch.link */
    struct queue_batch *appending; /* NULL: the leader is idle. */
    uint64_t put;                  /* Records since the warm-up. */
};

struct queue_put { /* A producer's call. */
    struct op op;
};

struct queue_letter { /* A record on its way to the log. */
    struct link link; /* In its batch. */
    struct ask ask;
    struct queue_put *put; /* NULL: it has been told. */
};

struct queue_batch {
    struct event event; /* First. */
    struct link link;   /* In the leader's line. */
    struct link place;  /* Among the open ones, or those at the broker. */
    struct list letters;
    struct node *node;
    struct queue_log *log;
    enum call_outcome outcome;
    uint64_t due_ns;  /* At the broker: of its event. */
    uint64_t left_ns; /* While the broker is paused: what was left of it, or none. */
};

struct queue_request { /* A take or a commit. */
    struct op op;
    struct link link; /* With its member while it waits, or among the frozen. */
    bool is_take;
    bool is_parked; /* A take that waits at the broker. */
    uint32_t topic;
    uint32_t partition; /* Commit: whose; take: the answer's. */
    uint64_t offset;    /* Commit: the next one; take: the answer's first. */
    uint32_t max;       /* Take: records wanted, and then found. */
    uint64_t wait_ns;
    struct queue_group *group;
    struct queue_member *member; /* While it is parked. */
    uint32_t generation;         /* Of the group, when it was answered. */
    enum call_outcome outcome;
    void (*time_out)(struct event *event); /* The op's own. */
};

struct queue_share { /* What a group knows of one partition. */
    uint64_t committed;
    uint64_t position;  /* Of the owner: where its next take begins. */
    uint64_t delivered; /* Everything before it was handed to somebody at least once. */
    struct queue_member *owner;
    struct queue_request *in_hand; /* Its answer is on the way. */
};

struct queue_member {
    struct link link; /* In its group. */
    struct queue_group *group;
    struct node *node;
    uint32_t epoch;
    uint64_t heard_ns; /* Its last heartbeat. */
    struct event heartbeat;
    struct list parked;           /* Its takes at the broker. */
    uint32_t first, shares, turn; /* Its range of partitions; where the next take looks first. */
};

struct queue_group {
    struct queue_model *model;
    char service[NAME_MAX_BYTES];
    uint32_t topic;
    bool is_rebalancing;
    uint32_t generation;
    struct list members;
    struct event settle;        /* The end of a rebalance, or another look at it. */
    uint64_t settles_ns;        /* It does not end before. */
    struct queue_share *shares; /* One per partition. */
};

struct queue_model { /* Kafka's; RabbitMQ has its own, which begins with its broker as well. */
    const struct queue_broker *broker;
    struct events *events;
    struct link_model *link;
    const struct queue_spec *spec;
    bool is_used, is_down, is_paused, is_cut;
    enum queue_bug bug;
    struct pool puts, letters, batches, requests, members, chunk_records;
    struct map open;          /* (node's id, log's index) -> struct queue_batch */
    struct list open_batches; /* struct queue_batch.place */
    struct list at_broker;    /* struct queue_batch.place */
    struct list frozen;       /* Requests that arrived while it was paused. */
    struct map chunks;      /* (log's index, offset / QUEUE_CHUNK_RECORDS) -> struct queue_chunk */
    struct queue_log *logs; /* TOPIC_KINDS x partitions. */
    struct queue_group groups[QUEUE_GROUPS_MAX];
    uint32_t groups_max;
    struct record *answer; /* QUEUE_TAKE_MAX; lent to whoever is being answered. */
    uint64_t lag;
    struct event warm;
    struct queue_result counts;
};

enum { QUEUE_SETTLE_PLACE = 0xfffffe, QUEUE_WARM_PLACE = 0xffffff }; /* In tags: no node's id. */

static inline uint64_t queue_now(const struct queue_model *model)
{
    return events_now_ns(model->events);
}

static inline struct queue_log *queue_log_of(const struct queue_model *model, uint32_t topic,
                                             uint32_t partition)
{
    return &model->logs[topic * model->spec->partitions + partition];
}

/* queue_producer.c */
void queue_put_record(struct queue *queue, struct call *call, uint32_t topic, const struct ask *ask,
                      uint64_t timeout_ns);
void queue_batch_send(struct queue_model *model, struct queue_batch *batch);
void queue_batch_lose(struct queue_model *model, struct queue_batch *batch); /* Never arrives. */
void queue_batches_freeze(struct queue_model *model);
void queue_batches_thaw(struct queue_model *model);
void queue_batches_fail(struct queue_model *model); /* All at the broker. */

/* queue_log.c */
void queue_logs_init(struct queue_model *model, struct arena *arena);

/* False: the disk is full. */
bool queue_log_append(struct queue_model *model, struct queue_log *log, const struct ask *ask);

/* After appends or commits: what is too old goes, and chunks that nobody needs are free again. */
void queue_log_trim(struct queue_model *model, struct queue_log *log);
const struct record *queue_log_record(const struct queue_model *model, const struct queue_log *log,
                                      uint64_t offset);

/* Records from offset on, n of them, less those that are gone by now. */
uint32_t queue_log_copy(const struct queue_model *model, const struct queue_log *log,
                        uint64_t offset, uint32_t n, struct record *to);
void queue_lag_change(struct queue_model *model, uint64_t more, uint64_t less);

/* queue_group.c */
struct queue_group *queue_group_of(struct queue_model *model, const char *node_name, uint32_t topic,
                                   bool may_begin);

/* NULL: not a member. */
struct queue_member *queue_member_of(struct queue_group *group, const struct node *node);
struct queue_member *queue_group_join(struct queue_group *group, struct node *node);
void queue_group_leave(struct queue_group *group, struct queue_member *member);
void queue_group_rebalance(struct queue_group *group);
void queue_group_thaw(struct queue_group *group);    /* The broker goes on. */
void queue_group_restart(struct queue_group *group); /* The broker is back. */

/* queue_consumer.c */
void queue_take_records(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                        uint64_t wait_ns, uint64_t timeout_ns);
void queue_commit_offset(struct queue *queue, struct call *call, uint32_t topic, uint32_t partition,
                         uint64_t next_offset, uint64_t timeout_ns);
void queue_serve(struct queue_model *model, struct queue_member *member); /* Its parked takes. */
void queue_fail_parked(struct queue_model *model, struct queue_member *member);
void queue_requests_thaw(struct queue_model *model);
void queue_requests_fail(struct queue_model *model); /* All at the broker. */

#endif
