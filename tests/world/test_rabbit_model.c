/* The model of RabbitMQ: confirms, prefetch, acknowledgements, what comes back and when. */
#include "tests/lib/test.h"

#include "tests/lib/world_fixture.h"

enum { QUESTIONS = 64 };

static const struct queue_spec plain = {.kind = QUEUE_RABBITMQ,
                                        .way.latency_ns = US(100),
                                        .acks = ACKS_LEADER,
                                        .replicate_ns = MS(2),
                                        .session_ns = SECONDS(10),
                                        .partitions = 1,
                                        .prefetch = 4,
                                        .message_ns = US(50),
                                        .flush_ns = MS(1)};

static struct queue_spec spec;
static struct fixture *f;
static struct question q, other, questions[QUESTIONS];

static int setup(void **state)
{
    (void)state;
    spec = plain;
    f = fixture_open(NULL, &spec, NULL, 0);
    return 0;
}

/* Whatever a test did to it. */
static int teardown(void **state)
{
    (void)state;
    assert_true(queue_model_is_whole(f->queue));
    fixture_close(f);
    return 0;
}

/* ---- Verbs ---------------------------------------------------------------------------------- */

static void begin_put(struct question *question, uint64_t user, uint64_t timeout_ns)
{
    struct ask ask = {.verb = VERB_LIKE, .key = 1, .user = user};

    queue_put(&f->nodes[7].queue, question_begin(f, question), TOPIC_LIKES, &ask, timeout_ns);
}

/* Users first … first + n - 1, confirmed. */
static void put(uint64_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        begin_put(&questions[i], first + i, SECONDS(60));
    run_for(f, MS(20));
    for (uint32_t i = 0; i < n; i++)
        assert_outcome(&questions[i], CALL_OK);
}

static void begin_take(struct question *question, uint32_t node, uint32_t max, uint64_t timeout_ns)
{
    queue_take(&f->nodes[node].queue, question_begin(f, question), TOPIC_LIKES, max, 0, timeout_ns);
}

static void take(uint32_t node, uint32_t max)
{
    begin_take(&q, node, max, MS(9));
    run_for(f, MS(10));
}

/* n of them, of users first …. */
static void expect_users(uint64_t first, uint32_t n)
{
    assert_told(&q, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(q.records[i].ask.user, first + i);
}

static void acknowledge(uint32_t node, uint64_t next, enum call_outcome outcome)
{
    queue_commit(&f->nodes[node].queue, question_begin(f, &other), TOPIC_LIKES, 0, next,
                 SECONDS(1));
    run_for(f, MS(10));
    assert_outcome(&other, outcome);
}

static struct queue_result figures(void)
{
    struct queue_result result;

    queue_model_close(f->queue, &result);
    return result;
}

/* ---- Confirms ------------------------------------------------------------------------------- */

static void a_message_is_confirmed_when_it_is_on_disk(void **state)
{
    (void)state;
    begin_put(&q, 1, SECONDS(1));
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 0, US(100 + 50 + 1000 + 100));
}

static void acks_all_waits_for_a_majority_as_well(void **state)
{
    (void)state;
    spec.acks = ACKS_ALL;
    begin_put(&q, 1, SECONDS(1));
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 0, US(100 + 50 + 1000 + 2000 + 100));
}

static void without_confirms_a_message_may_be_lost_unheard(void **state)
{
    (void)state;
    spec.acks = ACKS_NONE;
    queue_model_crash(f->queue);
    begin_put(&q, 1, SECONDS(1));
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 0, 0);
    assert_int_equal(figures().put, 0);
}

/* The first flushes alone; the others stand at the process meanwhile and share the next flush. */
static void messages_pass_one_by_one_and_share_a_flush(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        begin_put(&questions[i], i, SECONDS(1));
    run_for(f, MS(20));
    assert_int_equal(questions[0].done_ns, US(100 + 50 + 1000 + 100));
    assert_int_equal(questions[4].done_ns, US(100 + 50 + 2000 + 100));
    assert_int_equal(figures().batches, 2);
}

/* ---- Prefetch and competition --------------------------------------------------------------- */

static void no_consumer_has_more_than_prefetch_without_acknowledging(void **state)
{
    (void)state;
    put(0, 10);
    take(0, 10);
    expect_users(0, 4); /* All that there can be, so it did not wait for more. */
    take(0, 10);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(figures().unacked_max, 4);
}

static void an_acknowledgement_makes_room_and_covers_all_before_it(void **state)
{
    (void)state;
    put(0, 10);
    take(0, 4);
    acknowledge(0, q.records[2].offset + 1, CALL_OK);
    assert_int_equal(figures().committed, 3);
    take(0, 3);
    expect_users(4, 3);
}

static void one_keys_messages_go_to_whoever_has_room(void **state)
{
    (void)state;
    put(0, 8);
    begin_take(&q, 0, 4, MS(9));
    begin_take(&other, 1, 4, MS(9));
    run_for(f, MS(10));
    assert_told(&q, 4);
    assert_told(&other, 4);
}

static void with_a_single_active_consumer_the_others_stand_by(void **state)
{
    (void)state;
    spec.single_active = true;
    take(0, 1);
    put(0, 4);
    take(1, 1);
    assert_outcome(&q, CALL_ABSENT);
    queue_model_node_left(f->queue, &f->nodes[0]);
    take(1, 4);
    expect_users(0, 4);
}

/* ---- Deaths --------------------------------------------------------------------------------- */

static void what_a_dead_process_had_is_handed_out_again_at_once_in_its_old_place(void **state)
{
    uint64_t died_ns;

    (void)state;
    put(0, 6);
    take(0, 4);
    died_ns = now_of(f);
    kill_node(f, 0);
    take(1, 4);
    expect_users(0, 4);
    assert_true(q.done_ns < died_ns + MS(1));
    assert_int_equal(figures().redelivered, 4);
}

static void a_process_that_stands_still_keeps_its_messages_for_a_session(void **state)
{
    (void)state;
    put(0, 4);
    take(0, 4);
    f->nodes[0].resumes_ns = now_of(f) + SECONDS(60);
    run_for(f, SECONDS(9));
    take(1, 4);
    assert_outcome(&q, CALL_ABSENT);
    run_for(f, SECONDS(2));
    take(1, 4);
    expect_users(0, 4);
}

static void who_is_cut_off_is_missed_after_a_session_and_his_word_no_longer_counts(void **state)
{
    uint64_t next;

    (void)state;
    put(0, 4);
    take(0, 4);
    next = q.records[3].offset + 1;
    f->nodes[0].is_cut = true;
    run_for(f, SECONDS(11));
    f->nodes[0].is_cut = false;
    acknowledge(0, next, CALL_ABSENT);
    take(1, 4);
    expect_users(0, 4);
}

static void an_acknowledgement_of_an_old_connection_is_none_of_the_new_one(void **state)
{
    uint64_t next;

    (void)state;
    put(0, 4);
    take(0, 4);
    next = q.records[3].offset + 1;
    queue_model_crash(f->queue);
    run_for(f, MS(10));
    queue_model_restart(f->queue);
    take(0, 4);
    expect_users(0, 4);
    acknowledge(0, next, CALL_ABSENT);
    assert_int_equal(figures().committed, 0);
    assert_int_equal(queue_model_lag(f->queue), 4);
}

static void an_acknowledgement_that_is_lost_with_the_broker_brings_the_messages_again(void **state)
{
    (void)state;
    put(0, 4);
    take(0, 4);
    queue_commit(&f->nodes[0].queue, question_begin(f, &other), TOPIC_LIKES, 0,
                 q.records[3].offset + 1, SECONDS(1));
    queue_model_crash(f->queue);
    run_for(f, MS(10));
    assert_outcome(&other, CALL_OK);
    queue_model_restart(f->queue);
    take(0, 4);
    expect_users(0, 4);
}

static void what_was_flushed_survives_a_crash_and_what_was_not_has_failed(void **state)
{
    (void)state;
    put(0, 2);
    begin_put(&q, 2, SECONDS(1));
    run_for(f, US(500));
    queue_model_crash(f->queue);
    run_for(f, MS(10));
    assert_outcome(&q, CALL_FAILED);
    queue_model_restart(f->queue);
    take(0, 4);
    expect_users(0, 2);
}

/* ---- Memory --------------------------------------------------------------------------------- */

static void a_full_memory_stops_publishers_until_consumers_have_made_room(void **state)
{
    (void)state;
    spec.memory = 4 * 1024;
    put(0, 4);
    begin_put(&q, 4, SECONDS(60));
    run_for(f, SECONDS(5));
    assert_outcome(&q, CALL_PENDING);
    assert_int_equal(figures().blocked, 1);
    begin_take(&questions[0], 0, 4, MS(9));
    run_for(f, MS(10));
    acknowledge(0, questions[0].records[3].offset + 1, CALL_OK);
    assert_outcome(&q, CALL_OK);
}

static void lag_counts_what_is_ready_and_what_is_not_acknowledged(void **state)
{
    (void)state;
    put(0, 10);
    assert_int_equal(queue_model_lag(f->queue), 0); /* Nobody has ever taken from it. */
    take(0, 4);
    assert_int_equal(queue_model_lag(f->queue), 10);
    acknowledge(0, q.records[3].offset + 1, CALL_OK);
    assert_int_equal(queue_model_lag(f->queue), 6);
    assert_int_equal(queue_model_group_lag(f->queue, "worker"), 6);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_message_is_confirmed_when_it_is_on_disk),
        CASE(acks_all_waits_for_a_majority_as_well),
        CASE(without_confirms_a_message_may_be_lost_unheard),
        CASE(messages_pass_one_by_one_and_share_a_flush),
        CASE(no_consumer_has_more_than_prefetch_without_acknowledging),
        CASE(an_acknowledgement_makes_room_and_covers_all_before_it),
        CASE(one_keys_messages_go_to_whoever_has_room),
        CASE(with_a_single_active_consumer_the_others_stand_by),
        CASE(what_a_dead_process_had_is_handed_out_again_at_once_in_its_old_place),
        CASE(a_process_that_stands_still_keeps_its_messages_for_a_session),
        CASE(who_is_cut_off_is_missed_after_a_session_and_his_word_no_longer_counts),
        CASE(an_acknowledgement_of_an_old_connection_is_none_of_the_new_one),
        CASE(an_acknowledgement_that_is_lost_with_the_broker_brings_the_messages_again),
        CASE(what_was_flushed_survives_a_crash_and_what_was_not_has_failed),
        CASE(a_full_memory_stops_publishers_until_consumers_have_made_room),
        CASE(lag_counts_what_is_ready_and_what_is_not_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
