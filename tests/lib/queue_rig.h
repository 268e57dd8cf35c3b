/* queue_rig.h — A broker of four partitions, eight nodes, and what the tests of the queue share.
 *
 * Nodes 0 … 6 are consumers of the group "worker", node 7 produces. Each test file that includes
 * this has its own broker; setup and teardown are queue_rig_open and queue_rig_close. */
#ifndef TESTS_LIB_QUEUE_RIG_H
#define TESTS_LIB_QUEUE_RIG_H

#include "tests/lib/test.h"

#include "tests/lib/world_fixture.h"

enum { QUESTIONS = 32, PARTITIONS = 4, PUTS_MAX = 4000 };

/* Without a rebalance's delay unless a test is about it; a take then begins at once. */
static const struct queue_spec plain = {.way.latency_ns = US(100),
                                        .partitions = PARTITIONS,
                                        .linger_ns = MS(5),
                                        .batch = 10,
                                        .acks = ACKS_LEADER,
                                        .append_ns = US(200),
                                        .record_ns = US(1),
                                        .replicate_ns = MS(2),
                                        .session_ns = SECONDS(10),
                                        .rebalance_ns = 0};

static struct queue_spec spec;
static struct fixture *f;
static struct question q, other, third, questions[QUESTIONS];

static inline int queue_rig_open(void **state)
{
    (void)state;
    spec = plain;
    f = fixture_open(NULL, &spec, NULL, 0);
    return 0;
}

static inline int queue_rig_close(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
}

/* The n-th key that falls into a partition. */
static inline uint64_t key_in(uint32_t partition, uint32_t n)
{
    uint64_t key = 0;

    for (uint32_t found = 0; found <= n; key++)
        found += queue_model_partition(f->queue, key) == partition;
    return key - 1;
}

static inline void begin_put(struct question *question, uint64_t key)
{
    struct ask ask = {.verb = VERB_LIKE, .key = key, .user = 1};

    queue_put(&f->nodes[7].queue, question_begin(f, question), TOPIC_LIKES, &ask, SECONDS(60));
}

static inline void ignore(struct call *call)
{
    assert_int_equal(call->outcome, CALL_OK);
}

/* n records in one partition, acknowledged. */
static inline void put_records(uint32_t partition, uint32_t n)
{
    static struct call calls[PUTS_MAX];
    struct ask ask = {.verb = VERB_LIKE, .key = key_in(partition, 0)};

    assert_true(n <= PUTS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        calls[i] = (struct call){.done = ignore};
        queue_put(&f->nodes[7].queue, &calls[i], TOPIC_LIKES, &ask, SECONDS(60));
    }
    run_for(f, MS(10));
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(calls[i].outcome, CALL_OK);
}

static inline void begin_take(struct question *question, uint32_t node, uint32_t max,
                              uint64_t timeout_ns)
{
    queue_take(&f->nodes[node].queue, question_begin(f, question), TOPIC_LIKES, max, 0, timeout_ns);
}

static inline void take(uint32_t node, uint32_t max)
{
    begin_take(&q, node, max, MS(9));
    run_for(f, MS(10));
}

/* It takes, and gives up before it can be given anything. */
static inline void join(uint32_t node)
{
    queue_take(&f->nodes[node].queue, question_begin(f, &q), TOPIC_LIKES, 64, SECONDS(1), MS(1));
    run_for(f, MS(10));
    assert_outcome(&q, CALL_ABSENT);
}

static inline void commit(uint32_t node, uint32_t partition, uint64_t next)
{
    queue_commit(&f->nodes[node].queue, question_begin(f, &q), TOPIC_LIKES, partition, next,
                 SECONDS(1));
    run_for(f, MS(10));
}

/* They share the partitions: 0 and 1, 2 and 3. */
static inline void join_two(void)
{
    join(0);
    join(1);
}

static inline struct queue_result figures(void)
{
    struct queue_result result;

    queue_model_close(f->queue, &result);
    return result;
}

static inline uint64_t committed(uint32_t partition)
{
    return queue_model_committed(f->queue, "worker", TOPIC_LIKES, partition);
}

#endif
