/* stage.h — A world that the test plays by hand.
 *
 * The third world, after sim/world and services/live: nothing moves until the test says so. The
 * service says a line (one call on a port, or an answer at the door), the test hears it, checks it
 * and replies, so that a test reads as a dialogue:
 *
 *     struct visit *visit = stage_visit(&stage, VERB_COUNT, post, user);
 *     expect_cpu(&stage);
 *     expect_store_get(&stage, store_key(SPACE_COUNT, post), CALL_OK, 7);
 *     expect_answer(&stage, visit, CALL_OK, 7);
 *     expect_silence(&stage);
 *
 * Lines are heard in the order in which they were said. Each expect_… fails the test when the next
 * line is another one, and prints the dialogue so far; otherwise it replies with the outcome and
 * value it was given, which runs the service up to its next question. The outcome CALL_PENDING
 * leaves the question open: keep the line, and stage_reply() to it later, in any order.
 *
 * Every expect_… lends its line: the arguments that it does not check (timeouts, the ask, the
 * operations of a transaction) are there to be looked at until LINES_MAX more have been said.
 *
 * The stage holds the service to its side of the contract too: a visit is answered once, a call is
 * not asked again while it is pending. It has one service, one clock and no global variable. */
#ifndef TESTS_LIB_STAGE_H
#define TESTS_LIB_STAGE_H

#include <stdbool.h>

#include "services/port/ports.h"

enum { LINES_MAX = 512, VISITS_MAX = 512 };

enum line_kind {
    LINE_ANSWER,
    LINE_STAGE,
    LINE_SLEEP,
    LINE_CPU,
    LINE_NATIVE,
    LINE_BLOCK,
    LINE_PEER,
    LINE_STORE_GET,
    LINE_STORE_SET,
    LINE_STORE_SET_NEW,
    LINE_STORE_ADD,
    LINE_STORE_EXPIRE,
    LINE_STORE_ADD_IF_NEW,
    LINE_PUT,
    LINE_TAKE,
    LINE_COMMIT,
    LINE_TABLE_READ,
    LINE_TABLE_WRITE,
    LINE_RESIZE,
    LINE_ISSUE,
    LINE_VERIFY,
    LINE_DROP,
    LINE_MEMORY_ADD,
    LINE_MEMORY_READ,
    LINE_KINDS
};

/* One thing that the service said. Which members are set depends on the kind; the others are 0. */
struct line {
    enum line_kind kind;
    struct call *call; /* Who waits for the reply; NULL: nobody. */
    bool is_open;      /* And waits still. */

    struct visit *visit;       /* ANSWER, STAGE: whose, … */
    enum call_outcome outcome; /* … how, … */
    uint32_t bytes;            /* … and how big. STORE_SET, …_NEW: the value's size. */

    uint64_t said_ns;  /* When, by stage.now_ns. */
    uint64_t delay_ns; /* SLEEP, BLOCK: how long. CPU, NATIVE: the work. TAKE: how long to wait for
                          more. */
    uint64_t timeout_ns; /* Everything that leaves the node. */
    uint64_t ttl_ns;     /* STORE_SET, …_SET_NEW, …_EXPIRE. */

    struct ask ask;  /* PEER, PUT: a copy. */
    uint32_t target; /* PEER: whom. PUT, TAKE, COMMIT: the topic. RESIZE: how many replicas. */
    uint32_t n;      /* TAKE: at most. COMMIT: the partition. TABLE_WRITE: how many ops. STAGE:
                        enum visit_stage. */

    uint64_t a, b;    /* STORE: key or set; member. TABLE_READ: the key. COMMIT: next offset.
                         MEMORY: the slot; how many adds. */
    uint64_t counter; /* STORE_ADD_IF_NEW. */
    int64_t value;    /* ANSWER, STORE_SET, …_NEW: the value. STORE_ADD, …_IF_NEW: the delta. */
    enum table_read how;        /* TABLE_READ */
    uint8_t table;              /* TABLE_READ */
    const struct table_op *ops; /* TABLE_WRITE: a copy, kept until stage_close. */
    struct token_order order;   /* ISSUE: a copy. VERIFY, DROP: the token is in a, … */
    enum token_part part;       /* … and what of it is shown. */
};

struct stage {
    struct ports ports; /* What the service under test is given: all of the ports below. */
    struct door door;
    struct timer timer;
    struct cpu cpu;
    struct peer peer;
    struct store store;
    struct queue queue;
    struct table table;
    struct fleet fleet;
    struct tokens tokens;
    struct memory memory;
    struct dice dice;
    struct arena arena;  /* The service's. */
    struct arena copies; /* The stage's own: transactions that it was told of. */

    uint64_t now_ns;             /* The clock. Tests may set it forward as they please. */
    struct memory_layout layout; /* As the service has laid its memory. */
    struct fleet_view view;      /* What fleet_look shows. Tests set it. */
    const struct service_ops *ops;
    void *service;

    struct line lines[LINES_MAX]; /* A ring: said and heard count from the beginning. */
    uint64_t said, heard;
    struct visit visits[VISITS_MAX]; /* A ring too. */
    uint64_t visits_made;
};

/* Opens the arenas, sets the clock to 1 s and seeds the dice. In a cmocka setup:
 *
 *     stage_open(&stage);
 *     likes = likes_init(&config, &stage.ports);
 *     stage_start(&stage, &likes_service, likes);
 *
 * stage_start runs ops->start, where there is one. */
void stage_open(struct stage *stage);

/* The queue is a work queue from here on: before the service's init. */
void stage_has_work_queue(struct stage *stage);
void stage_start(struct stage *stage, const struct service_ops *ops, void *service);
void stage_close(struct stage *stage);

/* A request comes in. The visit is the stage's; it names the answer in expect_answer(). */
struct visit *stage_visit(struct stage *stage, enum verb verb, uint64_t key, uint64_t user);
struct visit *stage_ask(struct stage *stage,
                        const struct ask *ask); /* The same, with all fields. */

/* Hears the next line and leaves it open: fails the test when it is of another kind. */
struct line *stage_hear(struct stage *stage, enum line_kind kind);

/* Completes an open line's call; does nothing where nobody waits, or with CALL_PENDING. A sleep
 * that is replied to sets the clock to its end, unless it is later than that already. */
void stage_reply(struct stage *stage, struct line *line, enum call_outcome outcome, int64_t value);

/* Hears what the service answers to the visit. value is compared when the outcome is CALL_OK. */
struct line *expect_answer(struct stage *stage, const struct visit *visit,
                           enum call_outcome outcome, int64_t value);

/* The visit is at this stage of its pipeline now. */
struct line *expect_stage(struct stage *stage, const struct visit *visit, enum visit_stage at);

/* The service has said nothing that was not heard. */
void expect_silence(struct stage *stage);

/* The wake-up comes at once, with the clock moved on. delay_ns (may be NULL): how long it slept. */
struct line *expect_sleep(struct stage *stage, uint64_t *delay_ns);

/* The work is done at once; the clock stands. The work asked for is in line->delay_ns. */
struct line *expect_cpu(struct stage *stage);
struct line *expect_native(struct stage *stage);

/* It returns at once, with the clock moved on as by a sleep. How long is in line->delay_ns. */
struct line *expect_block(struct stage *stage);

struct line *expect_peer(struct stage *stage, uint32_t target, enum call_outcome outcome,
                         int64_t value);

struct line *expect_store_get(struct stage *stage, uint64_t key, enum call_outcome outcome,
                              int64_t value);
struct line *expect_store_set(struct stage *stage, uint64_t key, int64_t value,
                              enum call_outcome outcome);
struct line *expect_store_set_new(struct stage *stage, uint64_t key, enum call_outcome outcome);
struct line *expect_store_add(struct stage *stage, uint64_t key, int64_t delta,
                              enum call_outcome outcome, int64_t value);
struct line *expect_store_expire(struct stage *stage, uint64_t key, uint64_t ttl_ns,
                                 enum call_outcome outcome);
/* The reply's value, the counter, is 1. */
struct line *expect_store_add_if_new(struct stage *stage, uint64_t set, uint64_t member,
                                     int64_t delta, enum call_outcome outcome);

struct line *expect_put(struct stage *stage, uint32_t topic, enum call_outcome outcome);
/* n > 0: CALL_OK with these records, lent until the service has read them. n = 0: CALL_ABSENT. */
struct line *expect_take(struct stage *stage, const struct record *records, uint32_t n);
/* Nothing comes, for this reason. */
struct line *expect_take_failing(struct stage *stage, enum call_outcome outcome);
struct line *expect_commit(struct stage *stage, uint32_t partition, uint64_t next_offset,
                           enum call_outcome outcome);

/* TABLE_ROW and TABLE_COUNT; b is in the line. */
struct line *expect_table_row(struct stage *stage, uint8_t table, uint64_t a,
                              enum call_outcome outcome, int64_t value);
struct line *expect_table_count(struct stage *stage, uint8_t table, uint64_t a,
                                enum call_outcome outcome, int64_t value);
/* One transaction of n_ops operations, to be looked at in line->ops. */
struct line *expect_table_write(struct stage *stage, uint32_t n_ops, enum call_outcome outcome,
                                int64_t value);

/* A token is asked for, and made: its handle, and what it claims, lent until the service has read
 * it. NULL claims: it cannot be made. */
struct line *expect_issue(struct stage *stage, uint64_t token, const struct token_claims *claims);
/* It is ours, and claims this; or NULL and its flaw. */
struct line *expect_verify(struct stage *stage, uint64_t token, enum token_part part,
                           const struct token_claims *claims, enum token_flaw flaw);

/* Nobody is given it. */
struct line *expect_drop(struct stage *stage, uint64_t token);

struct line *expect_resize(struct stage *stage, uint32_t replicas);

struct line *expect_memory_add(struct stage *stage, uint32_t slot, uint64_t adds,
                               enum call_outcome outcome, int64_t value);
struct line *expect_memory_read(struct stage *stage, uint32_t slot, enum call_outcome outcome,
                                int64_t value);

#endif
