/* queue_live_rig.h — A broker, members of a group on one loop, and SQL's offsets in shared memory.
 *
 * The broker is the embedded one or a real one (tests/lib/broker.h). The shelf is a table that
 * holds offsets alone: it is there so that a member in another process can be killed and its
 * offsets survive, as they would in SQL.
 *
 * Nothing here trusts the clock: what is waited for has WITHIN_S to come. */
#ifndef TESTS_LIVE_QUEUE_LIVE_RIG_H
#define TESTS_LIVE_QUEUE_LIVE_RIG_H

#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "services/live/node/stats.h"
#include "services/live/queue/queue_live.h"
#include "tests/lib/broker.h"

#define MS(n) ((uint64_t)(n)*1000000)
#define SECONDS(n) MS((n)*1000)

enum { PARTITIONS = 4, WITHIN_S = 45, RECORDS_MAX = 512, MEMBERS_MAX = 4 };
enum { SHELF_ROWS_MAX = 4096 };

struct question {
    struct call call; /* First. */
    bool is_done;
    uint64_t asked_ns, done_ns;
    struct record records[RECORDS_MAX];
};

/* Offsets by partition, shared with children. */
struct shelf {
    uint64_t next[PARTITIONS];
    bool has[PARTITIONS];
    uint32_t refusals;            /* So many reads are refused first. */
    uint8_t rows[SHELF_ROWS_MAX]; /* For tests that make rows: how often each was made. */
};
struct shelf_port {
    struct table port; /* First. */
    struct shelf *shelf;
    struct loop *loop;
};

struct member {
    struct node_stats stats;
    struct queue_live *queue;
};

struct rig {
    struct loop loop;
    struct test_broker broker;
    struct shelf *shelf;
    struct shelf_port table;
    struct member members[MEMBERS_MAX];
};

static struct rig rig;

/* ---- The shelf ------------------------------------------------------------------------------- */

static inline void shelf_read(struct table *table, struct call *call, enum table_read how,
                              uint8_t of, uint64_t a, uint64_t b, uint64_t timeout_ns)
{
    const struct shelf_port *port = (struct shelf_port *)table;

    (void)a;
    (void)timeout_ns;
    assert_int_equal(how, TABLE_ROW);
    assert_int_equal(of, TABLE_OFFSETS);
    assert_true(b < PARTITIONS);
    if (port->shelf->refusals > 0) {
        port->shelf->refusals--;
        loop_finish(port->loop, call, CALL_REFUSED, 0);
    } else if (port->shelf->has[b]) {
        loop_finish(port->loop, call, CALL_OK, (int64_t)port->shelf->next[b]);
    } else {
        loop_finish(port->loop, call, CALL_ABSENT, 0);
    }
}

static const struct table_ops shelf_ops = {.read = shelf_read, .write = NULL};

static inline void shelf_raise(struct shelf *shelf, uint32_t partition, uint64_t next)
{
    shelf->next[partition] = next;
    shelf->has[partition] = true;
}

/* ---- Time ------------------------------------------------------------------------------------ */

static inline void run_for(uint64_t ns)
{
    loop_enter(&rig.loop);
    loop_run(&rig.loop, loop_now_ns(&rig.loop) + ns);
}

static inline uint64_t end_of_patience_ns(void)
{
    return loop_clock_ns() + SECONDS(WITHIN_S);
}

/* The claim may do something, such as ask once more. */
#define wait_until(claim)                                                                          \
    do {                                                                                           \
        uint64_t end_ns = end_of_patience_ns();                                                    \
        bool holds = (claim);                                                                      \
        while (!holds && loop_clock_ns() < end_ns) {                                               \
            run_for(MS(5));                                                                        \
            holds = (claim);                                                                       \
        }                                                                                          \
        if (!holds)                                                                                \
            fail_msg("%s never came true", #claim);                                                \
    } while (0)

/* ---- Questions ------------------------------------------------------------------------------- */

static inline void question_done(struct call *call)
{
    struct question *question = (struct question *)call;

    question->is_done = true;
    question->done_ns = loop_now_ns(&rig.loop);
    if (call->span != NULL) {
        assert_true(call->value > 0 && call->value <= RECORDS_MAX);
        memcpy(question->records, call->span, (size_t)call->value * sizeof(struct record));
    }
    loop_stop(&rig.loop);
}

static inline struct call *begin(struct question *question)
{
    loop_enter(&rig.loop);
    question->call.done = question_done;
    question->is_done = false;
    question->asked_ns = loop_now_ns(&rig.loop);
    return &question->call;
}

static inline void begin_put(struct question *question, uint32_t topic, uint64_t key, uint64_t user)
{
    struct ask ask = {.verb = VERB_LIKE, .key = key, .user = user};

    queue_put(queue_live_port(rig.members[0].queue), begin(question), topic, &ask, SECONDS(20));
}

/* n records of a key, their users counted on from `user`, all acknowledged. */
static inline void put_records(uint32_t topic, uint64_t key, uint64_t user, uint32_t n)
{
    struct question *questions = calloc(n, sizeof *questions);

    for (uint32_t i = 0; i < n; i++)
        begin_put(&questions[i], topic, key, user + i);
    for (uint32_t i = 0; i < n; i++) {
        wait_until(questions[i].is_done);
        assert_int_equal(questions[i].call.outcome, CALL_OK);
    }
    free(questions);
}

static inline void begin_take(struct question *question, uint32_t member, uint32_t topic,
                              uint32_t max, uint64_t wait_ns, uint64_t timeout_ns)
{
    queue_take(queue_live_port(rig.members[member].queue), begin(question), topic, max, wait_ns,
               timeout_ns);
}

static inline enum call_outcome take(struct question *question, uint32_t member, uint32_t topic,
                                     uint32_t max, uint64_t timeout_ns)
{
    begin_take(question, member, topic, max, 0, timeout_ns);
    wait_until(question->is_done);
    return question->call.outcome;
}

/* Takes until there is something, through joins and rebalances. */
static inline uint32_t take_some(struct question *question, uint32_t member, uint32_t topic,
                                 uint32_t max)
{
    wait_until(take(question, member, topic, max, SECONDS(1)) == CALL_OK);
    return (uint32_t)question->call.value;
}

/* In the group, with the partitions that are its own. */
static inline void join(struct question *question, uint32_t member, uint32_t topic)
{
    uint64_t before = rig.members[member].stats.queue_rebalances;

    wait_until(take(question, member, topic, 1, MS(1)) != CALL_OK &&
               rig.members[member].stats.queue_rebalances > before);
}

static inline enum call_outcome commit(struct question *question, uint32_t member, uint32_t topic,
                                       uint32_t partition, uint64_t next)
{
    queue_commit(queue_live_port(rig.members[member].queue), begin(question), topic, partition,
                 next, SECONDS(10));
    wait_until(question->is_done);
    return question->call.outcome;
}

static inline bool broker_is_embedded(void)
{
    return rig.broker.settings.is_embedded;
}

/* ---- Open and close -------------------------------------------------------------------------- */

static inline void open_member(uint32_t member)
{
    char why[160];

    rig.members[member].queue = queue_live_open(&rig.loop, &rig.broker.settings, rig.broker.run,
                                                &rig.table.port, &rig.members[member].stats, why);
    assert_non_null(rig.members[member].queue);
}

static inline void close_member(uint32_t member)
{
    queue_live_close(rig.members[member].queue);
    rig.members[member].queue = NULL;
}

static inline int rig_open(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    broker_open(&rig.broker, PARTITIONS);
    rig.shelf =
        mmap(NULL, sizeof *rig.shelf, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(rig.shelf != MAP_FAILED);
    assert_true(loop_open(&rig.loop, 0));
    rig.table = (struct shelf_port){{&shelf_ops}, rig.shelf, &rig.loop};
    open_member(0);
    return 0;
}

static inline int rig_close(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++)
        if (rig.members[i].queue != NULL)
            close_member(i);
    loop_close(&rig.loop);
    munmap(rig.shelf, sizeof *rig.shelf);
    broker_close(&rig.broker);
    return 0;
}

#endif
