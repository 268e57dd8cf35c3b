/* test_queue_port.c — What services/port/queue.h and the contract say, held against both kinds of
 * server in both worlds.
 *
 * A test knows the port and not the world behind it. What a log promises and a work queue does not,
 * or the other way round, is asked of those that promise it (queue_keeps_log); anything else is
 * asked of all four. A group that forms, or forms anew, answers
 * takes with CALL_FAILED: a taker asks again, as the header tells it to, and so do the tests. How
 * long it takes is the world's business. */
#include "tests/lib/port_rig_queue.h"

#include <stdlib.h>
#include <string.h>

#include "services/port/schema.h"

enum { KEPT_MAX = 256, KEYS = 24 };

static struct record kept[KEPT_MAX]; /* What was taken. */
static uint32_t kept_length;

static void keep(struct rig_question *question)
{
    int64_t n = question->call.outcome == CALL_OK ? question->call.value : 0;

    for (int64_t i = 0; i < n && kept_length < KEPT_MAX; i++)
        kept[kept_length++] = ((const struct record *)question->call.span)[i];
}

static bool has_log(const struct rig *rig)
{
    return queue_keeps_log(rig->ports.queue);
}

/* ---- Verbs ----------------------------------------------------------------------------------- */

static void begin_put(struct rig *rig, struct rig_question *q, uint64_t key, uint64_t user)
{
    struct ask ask = {.verb = VERB_LIKE, .key = key, .user = user};

    queue_put(rig->ports.queue, rig_ask(rig, q), TOPIC_LIKES, &ask, RIG_TIMEOUT_NS);
    memset(&ask, 0xee, sizeof ask); /* It was read during the submit, or never rightly. */
}

static void put(struct rig *rig, uint64_t key, uint64_t user, uint32_t n)
{
    struct rig_question *questions = calloc(n, sizeof *questions);

    for (uint32_t i = 0; i < n; i++)
        begin_put(rig, &questions[i], key, user + i);
    for (uint32_t i = 0; i < n; i++)
        rig_expect(&questions[i], CALL_OK, 0);
    free(questions);
}

static void begin_take(struct rig *rig, struct queue *queue, struct rig_question *q, uint32_t max,
                       uint64_t wait_ns, uint64_t timeout_ns)
{
    queue_take(queue, rig_ask_and_see(rig, q, keep), TOPIC_LIKES, max, wait_ns, timeout_ns);
}

static enum call_outcome take_more(struct rig *rig, struct queue *queue, uint32_t max,
                                   uint64_t timeout_ns)
{
    uint32_t before = kept_length;
    struct rig_question q;

    begin_take(rig, queue, &q, max, 0, timeout_ns);
    rig_wait(&q);
    assert_true(kept_length - before <= max);
    assert_int_equal(kept_length > before, q.call.outcome == CALL_OK);
    return q.call.outcome;
}

static enum call_outcome take_once(struct rig *rig, struct queue *queue, uint32_t max,
                                   uint64_t timeout_ns)
{
    kept_length = 0;
    return take_more(rig, queue, max, timeout_ns);
}

/* In as many takes as it needs: what a broker has in one answer is its own business. */
static void take_from(struct rig *rig, struct queue *queue, uint32_t n)
{
    uint64_t limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;

    kept_length = 0;
    while (kept_length < n && rig_now_ns(rig) < limit_ns)
        if (take_more(rig, queue, n - kept_length, SECONDS(1)) != CALL_OK)
            rig_pass(rig, MS(10));
    assert_int_equal(kept_length, n);
}

static void take(struct rig *rig, uint32_t n)
{
    take_from(rig, rig->ports.queue, n);
}

/* In the group: it waits for records as long as it was told to, and there are none. */
static void join(struct rig *rig, struct queue *queue)
{
    uint64_t limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;

    while (take_once(rig, queue, 1, MS(300)) != CALL_ABSENT)
        assert_true(rig_now_ns(rig) < limit_ns);
}

static void commit(struct rig *rig, struct queue *queue, uint32_t partition, uint64_t next,
                   enum call_outcome outcome)
{
    struct rig_question q;

    queue_commit(queue, rig_ask(rig, &q), TOPIC_LIKES, partition, next, RIG_TIMEOUT_NS);
    rig_expect(&q, outcome, 0);
}

/* ---- put ------------------------------------------------------------------------------------- */

static void what_was_put_can_be_taken_as_it_was(void **state)
{
    struct ask ask = {.verb = VERB_ORDER,
                      .priority = 3,
                      .attempt = 2,
                      .zone = 17,
                      .bytes = 640,
                      .key = UINT64_MAX - 1,
                      .user = UINT64_MAX,
                      .id = UINT64_C(1) << 63,
                      .amount = -120000};
    struct rig *rig = *state;
    struct rig_question q;

    queue_put(rig->ports.queue, rig_ask(rig, &q), TOPIC_LIKES, &ask, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, 0);
    take(rig, 1);
    assert_memory_equal(&kept[0].ask, &ask, sizeof ask);
    if (has_log(rig))
        assert_int_equal(kept[0].offset, 0);
    assert_int_equal(kept[0].topic, TOPIC_LIKES);
    assert_true(kept[0].partition < (has_log(rig) ? RIG_PARTITIONS : 1));
    assert_true(kept[0].put_ns <= rig_now_ns(rig));
}

static void a_keys_records_are_in_one_partition_in_the_order_of_their_puts(void **state)
{
    struct rig *rig = *state;

    put(rig, 12, 0, 100);
    take(rig, 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(kept[i].ask.user, i);
        assert_int_equal(kept[i].offset, kept[0].offset + i);
        assert_int_equal(kept[i].partition, kept[0].partition);
    }
}

static void keys_are_spread_and_an_answer_is_of_one_partition(void **state)
{
    bool has[RIG_PARTITIONS] = {false};
    struct rig *rig = *state;

    for (uint64_t key = 0; key < KEYS; key++)
        put(rig, key, 0, 1);
    for (uint32_t taken = 0; taken < KEYS; taken += kept_length) {
        if (take_once(rig, rig->ports.queue, KEPT_MAX, SECONDS(1)) == CALL_FAILED)
            rig_pass(rig, MS(10));
        for (uint32_t i = 0; i < kept_length; i++) {
            assert_int_equal(kept[i].partition, kept[0].partition);
            has[kept[i].partition] = true;
        }
    }
    for (uint32_t i = 0; i < (has_log(rig) ? RIG_PARTITIONS : 1); i++)
        assert_true(has[i]);
}

static void topics_are_apart(void **state)
{
    struct ask ask = {.verb = VERB_LIKE, .key = 1};
    struct rig *rig = *state;
    struct rig_question q;

    queue_put(rig->ports.queue, rig_ask(rig, &q), TOPIC_ORDERS, &ask, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, 0);
    put(rig, 1, 5, 1);
    take(rig, 1);
    assert_int_equal(kept[0].ask.user, 5);
}

/* ---- take ------------------------------------------------------------------------------------ */

static void a_take_that_is_given_nothing_is_absent_not_before_its_timeout(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    join(rig, rig->ports.queue);
    begin_take(rig, rig->ports.queue, &q, 10, 0, MS(250));
    rig_expect(&q, CALL_ABSENT, 0);
    assert_true(q.told_ns - q.asked_ns >= MS(250));
}

static void a_take_waits_until_it_has_enough(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    join(rig, rig->ports.queue);
    kept_length = 0;
    begin_take(rig, rig->ports.queue, &q, 3, SECONDS(3600), SECONDS(3600));
    put(rig, 1, 0, 2);
    rig_pass(rig, MS(200));
    assert_int_equal(q.times, 0);
    put(rig, 1, 2, 4);
    rig_expect(&q, CALL_OK, 3);
    assert_int_equal(kept[2].ask.user, 2);
}

static void a_take_waits_no_longer_than_it_said_since_the_first_record(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    join(rig, rig->ports.queue);
    kept_length = 0;
    begin_take(rig, rig->ports.queue, &q, 100, MS(500), SECONDS(3600));
    put(rig, 1, 0, 2);
    rig_expect(&q, CALL_OK, 2);
    assert_true(q.told_ns >= kept[0].put_ns + MS(500));
}

static void the_next_take_goes_on_behind_the_last_though_nothing_was_committed(void **state)
{
    struct rig *rig = *state;

    put(rig, 1, 0, 5);
    take(rig, 3);
    take(rig, 2);
    assert_int_equal(kept[0].ask.user, 3);
    assert_int_equal(kept[1].ask.user, 4);
}

static uint8_t times[KEPT_MAX]; /* By the record's user. */

static void mark(struct rig_question *question)
{
    const struct record *records = question->call.span;

    for (int64_t i = 0; records != NULL && i < question->call.value; i++)
        times[records[i].ask.user % KEPT_MAX]++;
}

static void two_takes_at_once_never_get_the_same_record(void **state)
{
    struct rig_question questions[2];
    struct rig *rig = *state;
    uint64_t taken = 0;

    memset(times, 0, sizeof times);
    join(rig, rig->ports.queue);
    for (int i = 0; i < 2; i++)
        queue_take(rig->ports.queue, rig_ask_and_see(rig, &questions[i], mark), TOPIC_LIKES, 10,
                   SECONDS(2), SECONDS(10));
    put(rig, 1, 0, 20);
    for (int i = 0; i < 2; i++) {
        rig_wait(&questions[i]);
        assert_int_equal(questions[i].call.outcome, CALL_OK);
        taken += (uint64_t)questions[i].call.value;
    }
    assert_int_equal(taken, 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(times[i], 1);
}

/* ---- commit ---------------------------------------------------------------------------------- */

static void the_next_owner_goes_on_where_the_last_one_committed_which_never_goes_back(void **state)
{
    struct rig *rig = *state;
    struct queue *other = rig_queue_other(rig);

    put(rig, 1, 0, 8);
    take(rig, 8);
    commit(rig, rig->ports.queue, kept[0].partition, kept[5].offset, CALL_OK);
    commit(rig, rig->ports.queue, kept[0].partition, kept[2].offset, CALL_OK);
    rig_pass(rig, MS(500)); /* A work queue's acknowledgement is on its way. */
    rig_queue_leave(rig);
    take_from(rig, other, 3); /* Once more: the last owner was given them and did not commit. */
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(kept[i].ask.user, 5 + i);
    assert_int_equal(take_once(rig, other, 1, MS(300)), CALL_ABSENT);
}

static void who_never_took_of_a_topic_owns_none_of_it(void **state)
{
    struct rig *rig = *state;

    commit(rig, rig->ports.queue, 0, 1, CALL_ABSENT);
    put(rig, 1, 0, 1);
    take(rig, 1);
    commit(rig, rig_queue_other(rig), kept[0].partition, kept[0].offset + 1, CALL_ABSENT);
}

/* ---- The group ------------------------------------------------------------------------------- */

/* Which partitions it is given records of; each has one that was put a moment ago. */
static void see_shares(struct rig *rig, struct queue *queue, bool has[static RIG_PARTITIONS])
{
    enum call_outcome outcome;

    memset(has, 0, RIG_PARTITIONS * sizeof *has);
    while ((outcome = take_once(rig, queue, KEPT_MAX, MS(400))) == CALL_OK)
        has[kept[0].partition] = true;
}

static bool are_apart(const bool *a, const bool *b)
{
    uint32_t ones = 0;

    for (uint32_t i = 0; i < RIG_PARTITIONS; i++) {
        if (a[i] == b[i])
            return false;
        ones += a[i];
    }
    return ones == RIG_PARTITIONS / 2;
}

static void two_members_share_the_partitions_and_the_former_owner_commits_nothing(void **state)
{
    bool first[RIG_PARTITIONS], second[RIG_PARTITIONS];
    struct rig *rig = *state;
    uint64_t limit_ns;

    if (!has_log(rig))
        return;
    for (uint64_t key = 0; key < KEYS; key++)
        put(rig, key, 0, 1);
    take(rig, KEYS); /* It has all of them, and commits none. */
    limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;
    do {
        for (uint64_t key = 0; key < KEYS; key++)
            put(rig, key, 0, 1);
        see_shares(rig, rig->ports.queue, first);
        see_shares(rig, rig_queue_other(rig), second);
    } while (!are_apart(first, second) && rig_now_ns(rig) < limit_ns);
    assert_true(are_apart(first, second));
    for (uint32_t i = 0; i < RIG_PARTITIONS; i++)
        if (second[i])
            commit(rig, rig->ports.queue, i, 1, CALL_ABSENT);
}

static void a_take_that_waits_fails_when_somebody_else_joins(void **state)
{
    struct rig_question q, newcomer;
    struct rig *rig = *state;

    if (!has_log(rig))
        return;
    join(rig, rig->ports.queue);
    begin_take(rig, rig->ports.queue, &q, 10, SECONDS(3600), SECONDS(3600));
    begin_take(rig, rig_queue_other(rig), &newcomer, 10, 0, MS(50));
    rig_expect(&q, CALL_FAILED, 0);
    rig_wait(&newcomer);
}

/* ---- A work queue ---------------------------------------------------------------------------- */

static void takers_compete_for_one_keys_records(void **state)
{
    struct rig *rig = *state;
    struct queue *other = rig_queue_other(rig);

    if (has_log(rig))
        return;
    join(rig, rig->ports.queue);
    join(rig, other);
    put(rig, 1, 0, 40);
    take_from(rig, rig->ports.queue, 20);
    take_from(rig, other, 20);
}

static void no_more_is_handed_out_than_prefetch_until_some_is_acknowledged(void **state)
{
    struct rig *rig = *state;
    struct record last;

    if (has_log(rig))
        return;
    put(rig, 1, 0, RIG_PREFETCH + 10);
    take(rig, RIG_PREFETCH);
    last = kept[RIG_PREFETCH - 1];
    assert_int_equal(take_once(rig, rig->ports.queue, 1, MS(300)), CALL_ABSENT);
    commit(rig, rig->ports.queue, 0, last.offset + 1, CALL_OK);
    take(rig, 10);
    assert_int_equal(kept[0].ask.user, RIG_PREFETCH);
}

static void a_take_of_more_than_prefetch_is_given_what_there_can_be(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    if (has_log(rig))
        return;
    join(rig, rig->ports.queue);
    begin_take(rig, rig->ports.queue, &q, KEPT_MAX, SECONDS(3600), SECONDS(3600));
    put(rig, 1, 0, RIG_PREFETCH);
    rig_expect(&q, CALL_OK, RIG_PREFETCH);
}

/* Without a session's wait, and in the order of their puts, since nobody took any of them twice. */
static void what_one_had_who_left_goes_to_another_with_the_time_of_its_put(void **state)
{
    struct rig *rig = *state;
    struct queue *other = rig_queue_other(rig);
    uint64_t put_ns;

    if (has_log(rig))
        return;
    put(rig, 1, 0, 10);
    take(rig, 10);
    put_ns = kept[0].put_ns;
    rig_queue_leave(rig);
    take_from(rig, other, 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(kept[i].ask.user, i);
    assert_in_range(kept[0].put_ns + MS(50), put_ns, put_ns + MS(100)); /* Each knows the time. */
}

/* Tags begin anew on each connection: were the old one's taken for the new one's, records that
 * nobody has done would be gone. */
static void what_another_connection_brought_is_not_acknowledged_on_this_one(void **state)
{
    struct rig *rig = *state;
    uint64_t old;

    if (has_log(rig))
        return;
    put(rig, 1, 0, 5);
    take(rig, 5);
    old = kept[4].offset + 1;
    rig->world->crash(rig);
    rig_pass(rig, MS(200));
    rig->world->restart(rig);
    take(rig, 5);
    commit(rig, rig->ports.queue, 0, old, CALL_ABSENT);
    rig_pass(rig, MS(300));
    rig_queue_leave(rig);
    take_from(rig, rig_queue_other(rig), 5);
    assert_int_equal(kept[0].ask.user, 0);
}

/* ---- The contract, and trouble --------------------------------------------------------------- */

static void calls_end_once_and_never_inside_the_submit(void **state)
{
    struct rig_question puts[50], q, stranger;
    struct rig *rig = *state;

    for (uint32_t i = 0; i < 50; i++)
        begin_put(rig, &puts[i], i, i);
    queue_commit(rig->ports.queue, rig_ask(rig, &stranger), TOPIC_LIKES, 0, 1, RIG_TIMEOUT_NS);
    begin_take(rig, rig->ports.queue, &q, 1, 0, MS(1));
    for (uint32_t i = 0; i < 50; i++)
        rig_expect(&puts[i], CALL_OK, 0);
    rig_expect(&stranger, CALL_ABSENT, 0);
    rig_wait(&q);
    rig_pass(rig, MS(300));
    assert_int_equal(rig->told, rig->asked);
    assert_int_equal(rig->too_early, 0);
}

static void put_again(struct rig_question *question)
{
    static const struct ask ask = {.verb = VERB_LIKE, .key = 3};

    if (question->times < 5)
        queue_put(question->rig->ports.queue, &question->call, TOPIC_LIKES, &ask, RIG_TIMEOUT_NS);
}

static bool was_told_five_times(void *context)
{
    return ((const struct rig_question *)context)->times == 5;
}

static void a_call_may_be_asked_again_from_inside_its_done(void **state)
{
    static const struct ask ask = {.verb = VERB_LIKE, .key = 3};
    struct rig *rig = *state;
    struct rig_question q;

    queue_put(rig->ports.queue, rig_ask_and_see(rig, &q, put_again), TOPIC_LIKES, &ask,
              RIG_TIMEOUT_NS);
    assert_true(rig_run_until(rig, was_told_five_times, &q, RIG_LIMIT_NS));
    take(rig, 5);
}

static void a_broker_that_stands_still_times_puts_out_not_before_their_time(void **state)
{
    static const struct ask ask = {.verb = VERB_LIKE, .key = 1, .user = 7};
    struct rig *rig = *state;
    struct rig_question q;

    put(rig, 1, 0, 1);
    rig->world->pause(rig);
    queue_put(rig->ports.queue, rig_ask(rig, &q), TOPIC_LIKES, &ask, MS(300));
    rig_expect(&q, CALL_TIMEOUT, 0);
    assert_true(q.told_ns - q.asked_ns >= MS(300));
    rig->world->resume(rig);
    put(rig, 1, 8, 1);
    assert_int_equal(q.times, 1); /* And its late answer was told to nobody. */
}

static void a_put_to_a_broker_that_is_away_is_not_acknowledged(void **state)
{
    static const struct ask ask = {.verb = VERB_LIKE, .key = 1, .user = 7};
    struct rig *rig = *state;
    struct rig_question q;

    put(rig, 1, 0, 1);
    rig->world->crash(rig);
    rig_pass(rig, MS(100));
    queue_put(rig->ports.queue, rig_ask(rig, &q), TOPIC_LIKES, &ask, MS(500));
    rig_wait(&q);
    assert_true(q.call.outcome == CALL_REFUSED || q.call.outcome == CALL_FAILED ||
                q.call.outcome == CALL_TIMEOUT);
    rig->world->restart(rig);
    put(rig, 1, 8, 1);
}

static void an_outage_fails_the_take_that_waits_and_nothing_acknowledged_is_lost(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    put(rig, 1, 0, 5);
    take(rig, 5);
    commit(rig, rig->ports.queue, kept[0].partition, kept[4].offset + 1, CALL_OK);
    rig_pass(rig, MS(500)); /* A work queue's acknowledgement is on its way. */
    begin_take(rig, rig->ports.queue, &q, 10, 0, SECONDS(3600));
    rig->world->crash(rig);
    rig_expect(&q, CALL_FAILED, 0);
    rig->world->restart(rig);
    put(rig, 1, 5, 5);
    take(rig, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(kept[i].ask.user, 5 + i);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_was_put_can_be_taken_as_it_was),
    cmocka_unit_test(a_keys_records_are_in_one_partition_in_the_order_of_their_puts),
    cmocka_unit_test(keys_are_spread_and_an_answer_is_of_one_partition),
    cmocka_unit_test(topics_are_apart),
    cmocka_unit_test(a_take_that_is_given_nothing_is_absent_not_before_its_timeout),
    cmocka_unit_test(a_take_waits_until_it_has_enough),
    cmocka_unit_test(a_take_waits_no_longer_than_it_said_since_the_first_record),
    cmocka_unit_test(the_next_take_goes_on_behind_the_last_though_nothing_was_committed),
    cmocka_unit_test(two_takes_at_once_never_get_the_same_record),
    cmocka_unit_test(the_next_owner_goes_on_where_the_last_one_committed_which_never_goes_back),
    cmocka_unit_test(who_never_took_of_a_topic_owns_none_of_it),
    cmocka_unit_test(two_members_share_the_partitions_and_the_former_owner_commits_nothing),
    cmocka_unit_test(a_take_that_waits_fails_when_somebody_else_joins),
    cmocka_unit_test(takers_compete_for_one_keys_records),
    cmocka_unit_test(no_more_is_handed_out_than_prefetch_until_some_is_acknowledged),
    cmocka_unit_test(a_take_of_more_than_prefetch_is_given_what_there_can_be),
    cmocka_unit_test(what_one_had_who_left_goes_to_another_with_the_time_of_its_put),
    cmocka_unit_test(what_another_connection_brought_is_not_acknowledged_on_this_one),
    cmocka_unit_test(calls_end_once_and_never_inside_the_submit),
    cmocka_unit_test(a_call_may_be_asked_again_from_inside_its_done),
    cmocka_unit_test(a_broker_that_stands_still_times_puts_out_not_before_their_time),
    cmocka_unit_test(a_put_to_a_broker_that_is_away_is_not_acknowledged),
    cmocka_unit_test(an_outage_fails_the_take_that_waits_and_nothing_acknowledged_is_lost),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_queue_virtual, &rig_rabbit_virtual,
                                                     &rig_queue_live, &rig_rabbit_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
