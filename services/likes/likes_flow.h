/* likes_flow.h — What a replica of the likes service keeps, and the flows inside it.
 *
 * Seen by the four files of this service alone. The flows share one pool, so that in_flight bounds
 * them together, as the memory of one process does. */
#ifndef SERVICES_LIKES_LIKES_FLOW_H
#define SERVICES_LIKES_LIKES_FLOW_H

#include <stdbool.h>

#include "services/base/list.h"
#include "services/base/map.h"
#include "services/base/pool.h"
#include "services/likes/likes.h"
#include "services/port/schema.h"

/* What every flow begins with. */
struct flow {
    struct call call; /* The one thing it waits for. First, so that a call is its flow. */
    struct likes *likes;
    struct visit *visit; /* Borrowed until it is answered; NULL from then on. */
};

enum count_state { COUNT_CPU, COUNT_STORE, COUNT_TABLE, COUNT_RECHECK, COUNT_LEADER };

struct count {
    struct flow flow;
    enum count_state state;
    bool is_missing;       /* The store is well and has no such counter. */
    int64_t in_table;      /* What the table said. */
    struct list followers; /* struct count.link of those who wait for what this one reads. */
    struct link link;      /* In its leader's list, in state COUNT_LEADER. */
};

enum write_state { WRITE_CPU, WRITE_TABLE, WRITE_COUNTER };

struct write {
    struct flow flow;
    enum write_state state;
};

enum log_state { LOG_CPU, LOG_STORE, LOG_QUEUE };

struct log {
    struct flow flow;
    enum log_state state;
    int64_t value; /* What the client hears: 1 something changed, 0 nothing did. */
};

union likes_flow {
    struct count count;
    struct write write;
    struct log log;
};

struct likes {
    struct likes_config config;
    struct ports ports;
    struct pool flows;   /* union likes_flow */
    struct map counting; /* Post -> struct count, the one that reads its number from the table. */
};

/* Each begins with a fresh flow, whose head is set, and asks for its processor time. */
void likes_count_begin(struct count *count);
void likes_write_begin(struct write *write);
void likes_log_begin(struct log *log);

/* Answers the visit and goes on: its flow has more to do. */
void likes_tell(struct flow *flow, enum call_outcome outcome, int64_t value);

/* Answers the visit, if that is still to be done, and gives the flow back. */
void likes_answer(struct flow *flow, enum call_outcome outcome, int64_t value);

/* Whether the number shown is kept in the store, and whether likes go through the log. */
static inline bool likes_has_store(const struct likes *likes)
{
    return likes->config.design >= LIKES_CACHED;
}

static inline bool likes_has_log(const struct likes *likes)
{
    return likes->config.design >= LIKES_QUEUED;
}

static inline uint64_t likes_counter(uint64_t post)
{
    return store_key(SPACE_COUNT, post);
}

#endif
