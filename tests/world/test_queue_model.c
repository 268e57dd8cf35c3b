/* The model of Kafka: batches, acknowledgements, offsets by group, rebalances, retention. */
#include "tests/lib/test.h"

#include <string.h>

#include "tests/lib/world_fixture.h"

enum { QUESTIONS = 32, PARTITIONS = 4, PUTS_MAX = 4000 };

/* Without a rebalance's delay unless a test is about it; a take then begins at once. */
static const struct queue_spec plain = {.latency_ns = US(100),
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

static int open_plain(void **state)
{
    (void)state;
    spec = plain;
    f = fixture_open(NULL, &spec, NULL, 0);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
}

/* The n-th key that falls into a partition. */
static uint64_t key_in(uint32_t partition, uint32_t n)
{
    uint64_t key = 0;

    for (uint32_t found = 0; found <= n; key++)
        found += queue_model_partition(f->queue, key) == partition;
    return key - 1;
}

static void begin_put(struct question *question, uint64_t key)
{
    struct ask ask = {.verb = VERB_LIKE, .key = key, .user = 1};

    queue_put(&f->nodes[7].queue, question_begin(f, question), TOPIC_LIKES, &ask, SECONDS(60));
}

static void ignore(struct call *call)
{
    assert_int_equal(call->outcome, CALL_OK);
}

/* n records in one partition, acknowledged. */
static void put_records(uint32_t partition, uint32_t n)
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

static void begin_take(struct question *question, uint32_t node, uint32_t max, uint64_t timeout_ns)
{
    queue_take(&f->nodes[node].queue, question_begin(f, question), TOPIC_LIKES, max, 0, timeout_ns);
}

static void take(uint32_t node, uint32_t max)
{
    begin_take(&q, node, max, MS(9));
    run_for(f, MS(10));
}

/* It takes, and gives up before it can be given anything. */
static void join(uint32_t node)
{
    queue_take(&f->nodes[node].queue, question_begin(f, &q), TOPIC_LIKES, 64, SECONDS(1), MS(1));
    run_for(f, MS(10));
    assert_outcome(&q, CALL_ABSENT);
}

static void commit(uint32_t node, uint32_t partition, uint64_t next)
{
    queue_commit(&f->nodes[node].queue, question_begin(f, &q), TOPIC_LIKES, partition, next,
                 SECONDS(1));
    run_for(f, MS(10));
}

/* They share the partitions: 0 and 1, 2 and 3. */
static void join_two(void)
{
    join(0);
    join(1);
}

static struct queue_result figures(void)
{
    struct queue_result result;

    queue_model_close(f->queue, now_of(f), &result);
    return result;
}

static uint64_t committed(uint32_t partition)
{
    return queue_model_committed(f->queue, "worker", TOPIC_LIKES, partition);
}

/* ---- Producers --------------------------------------------------------------------------------- */

static void a_lonely_record_lingers_and_is_acknowledged_by_the_leader(void **state)
{
    (void)state;
    begin_put(&q, 7);
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 0, US(5000 + 100 + 201 + 100));
}

static void a_full_batch_leaves_at_once(void **state)
{
    uint64_t key = key_in(0, 0);

    (void)state;
    for (uint32_t i = 0; i < 11; i++)
        begin_put(&questions[i], key);
    run_for(f, MS(20));
    assert_told_at(&questions[9], CALL_OK, 0, US(100 + 210 + 100));
    assert_told_at(&questions[10], CALL_OK, 0, US(5000 + 100 + 201 + 100));
    assert_int_equal(figures().batches, 2);
}

static void without_linger_records_of_one_instant_share_a_batch(void **state)
{
    (void)state;
    spec.linger_ns = 0;
    begin_put(&q, 7);
    begin_put(&other, 7);
    run_for(f, US(1));
    begin_put(&third, 7);
    run_for(f, MS(20));
    assert_int_equal(q.done_ns, US(100 + 202 + 100));
    assert_int_equal(figures().batches, 2);
    assert_true(figures().batch_mean == 1.5);
}

static void acks_all_waits_for_the_followers(void **state)
{
    (void)state;
    spec.acks = ACKS_ALL;
    begin_put(&q, 7);
    run_for(f, US(5000 + 100 + 201 + 1000));
    assert_int_equal(figures().put, 0);
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 0, US(5000 + 100 + 201 + 2000 + 100));
}

static void without_acks_leaving_is_enough(void **state)
{
    (void)state;
    spec.acks = ACKS_NONE;
    queue_model_crash(f->queue);
    begin_put(&q, 7);
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 0, MS(5));
    assert_int_equal(figures().put, 0); /* And it was lost. */
}

static void records_keep_their_order_and_go_where_their_key_says(void **state)
{
    uint64_t key = key_in(2, 0);

    (void)state;
    for (uint32_t i = 0; i < 25; i++)
        queue_put(&f->nodes[7].queue, question_begin(f, &questions[i]), TOPIC_LIKES,
                  &(struct ask){.key = key, .user = i}, SECONDS(1));
    run_for(f, MS(20));
    take(0, 64);
    assert_told(&q, 25);
    for (uint32_t i = 0; i < 25; i++) {
        assert_int_equal(q.records[i].ask.user, i);
        assert_int_equal(q.records[i].offset, i);
        assert_int_equal(q.records[i].partition, 2);
    }
}

static void a_hot_partition_fills_up_while_the_others_idle(void **state)
{
    (void)state;
    spec.linger_ns = 0;
    for (uint32_t i = 0; i < QUESTIONS; i++) {
        begin_put(&questions[i], key_in(i < 29 ? 0 : 1 + i % 3, 0));
        run_for(f, US(10));
    }
    run_for(f, SECONDS(1));
    assert_int_equal(figures().max_partition_put, 29);
    assert_true(questions[28].done_ns > 29 * US(201));                    /* It stood in line. */
    assert_true(questions[31].done_ns < 32 * US(10) + US(2 * 100 + 201)); /* It did not. */
}

static void a_dead_producer_takes_its_open_batch_along(void **state)
{
    (void)state;
    begin_put(&q, 7);
    run_for(f, MS(1));
    kill_node(f, 7);
    begin_put(&other, 7); /* The next process on that node. */
    run_for(f, MS(20));
    assert_outcome(&q, CALL_PENDING);
    assert_outcome(&other, CALL_OK);
    assert_int_equal(figures().put, 1);
}

static void a_producer_that_leaves_politely_sends_what_it_has(void **state)
{
    (void)state;
    begin_put(&q, 7);
    run_for(f, MS(1));
    queue_model_node_left(f->queue, &f->nodes[7]);
    run_for(f, MS(2));
    assert_outcome(&q, CALL_OK);
}

/* ---- Consumers --------------------------------------------------------------------------------- */

static void a_waiting_take_is_woken_by_the_append(void **state)
{
    (void)state;
    begin_take(&q, 0, 10, SECONDS(1));
    run_for(f, MS(50));
    assert_outcome(&q, CALL_PENDING);
    begin_put(&other, 7);
    run_for(f, MS(20));
    assert_told_at(&q, CALL_OK, 1, MS(50) + US(5000 + 100 + 201 + 100));
}

static void a_take_waits_for_more_but_not_longer_than_it_said(void **state)
{
    (void)state;
    put_records(0, 3);
    queue_take(&f->nodes[0].queue, question_begin(f, &q), TOPIC_LIKES, 5, MS(100), SECONDS(1));
    run_for(f, MS(200));
    assert_told(&q, 3);
    assert_int_equal(q.done_ns, q.records[0].put_ns + MS(100) + US(100));
    queue_take(&f->nodes[0].queue, question_begin(f, &q), TOPIC_LIKES, 2, MS(100), SECONDS(1));
    put_records(1, 2);
    assert_told(&q, 2); /* Enough: at once. */
}

static void a_take_that_finds_nothing_ends_at_its_timeout(void **state)
{
    (void)state;
    begin_take(&q, 0, 10, MS(30));
    run_for(f, MS(100));
    assert_told_at(&q, CALL_ABSENT, 0, MS(30));
}

static void each_answer_is_of_one_partition_in_turn(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        put_records(i, 2);
    for (uint32_t i = 0; i < 3; i++) {
        take(0, 10);
        assert_told(&q, 2);
        assert_int_equal(q.records[0].partition, i);
    }
}

static void the_next_take_goes_on_behind_the_last(void **state)
{
    (void)state;
    put_records(0, 5);
    take(0, 3);
    assert_told(&q, 3);
    take(0, 3);
    assert_told(&q, 2);
    assert_int_equal(q.records[0].offset, 3);
    assert_int_equal(committed(0), 0);
}

static void two_takes_of_one_member_never_get_the_same_records(void **state)
{
    (void)state;
    put_records(0, 5);
    begin_take(&q, 0, 3, SECONDS(1));
    begin_take(&third, 0, 3, SECONDS(1));
    run_for(f, MS(10));
    assert_told(&q, 3);
    assert_told(&third, 2);
    assert_int_equal(third.records[0].offset, 3);
    assert_int_equal(figures().redelivered, 0);
}

static void a_lost_answer_is_taken_again(void **state)
{
    (void)state;
    join(0);
    put_records(0, 5);
    begin_take(&q, 0, 5, MS(50));
    run_for(f, US(50)); /* On its way there. */
    queue_model_cut(f->queue, true);
    run_for(f, MS(100));
    queue_model_cut(f->queue, false);
    take(0, 5);
    assert_told(&q, 5);
    assert_int_equal(q.records[0].offset, 0);
}

static void an_answer_that_comes_after_its_timeout_moves_nothing(void **state)
{
    (void)state;
    put_records(0, 5);
    take(1, 1);
    assert_outcome(&q, CALL_OK);
    begin_take(&q, 1, 5, US(150)); /* Served at 100, back at 200. */
    run_for(f, MS(1));
    assert_outcome(&q, CALL_TIMEOUT);
    take(1, 5);
    assert_told(&q, 4);
    assert_int_equal(figures().taken, 5);
}

static void what_was_committed_is_behind_no_more(void **state)
{
    (void)state;
    join(0);
    put_records(0, 5);
    assert_int_equal(queue_model_lag(f->queue), 5);
    take(0, 5);
    commit(0, 0, 3);
    assert_outcome(&q, CALL_OK);
    assert_int_equal(queue_model_lag(f->queue), 2);
    assert_int_equal(queue_model_group_lag(f->queue, "worker"), 2);
    assert_int_equal(queue_model_group_lag(f->queue, "nobody"), 0);
    assert_int_equal(figures().lag_max, 5);
    assert_int_equal(figures().committed, 3);
}

static void a_commit_never_goes_back_nor_beyond_the_end(void **state)
{
    (void)state;
    put_records(0, 5);
    take(0, 5);
    commit(0, 0, 99);
    assert_int_equal(committed(0), 5);
    commit(0, 0, 2);
    assert_int_equal(committed(0), 5);
}

static void two_groups_read_the_same_log_each_for_itself(void **state)
{
    (void)state;
    strcpy(f->nodes[1].name, "audit/0");
    put_records(0, 5);
    take(0, 5);
    assert_told(&q, 5);
    commit(0, 0, 5);
    take(1, 5);
    assert_told(&q, 5);
    assert_int_equal(queue_model_committed(f->queue, "audit", TOPIC_LIKES, 0), 0);
    assert_int_equal(queue_model_lag(f->queue), 5);
}

/* ---- Groups ------------------------------------------------------------------------------------ */

static void a_group_shares_the_partitions_in_ranges(void **state)
{
    (void)state;
    join_two();
    for (uint32_t i = 0; i < PARTITIONS; i++)
        put_records(i, 1);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        take(i / 2, 1);
        assert_told(&q, 1);
        assert_int_equal(q.records[0].partition, i);
    }
}

static void members_beyond_the_partitions_get_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PARTITIONS + 1; i++)
        begin_take(&questions[i], i, 1, MS(500));
    run_for(f, MS(600));
    for (uint32_t i = 0; i < PARTITIONS; i++)
        put_records(i, 1);
    take(PARTITIONS, 1);
    run_for(f, SECONDS(1));
    assert_outcome(&q, CALL_ABSENT);
}

static void the_whole_group_stands_still_during_a_rebalance(void **state)
{
    (void)state;
    join(0);
    spec.rebalance_ns = SECONDS(3);
    begin_take(&q, 0, 10, SECONDS(60)); /* Waits for the next record. */
    begin_take(&third, 1, 10, MS(60));
    run_for(f, MS(1));
    assert_outcome(&q, CALL_FAILED); /* The newcomer has stopped it. */
    put_records(0, 1);
    begin_take(&q, 0, 10, SECONDS(60));
    run_for(f, MS(150));
    assert_outcome(&q, CALL_FAILED); /* Within 100 ms and the way. */
    begin_take(&q, 0, 10, SECONDS(60));
    run_for(f, MS(50));
    assert_outcome(&q, CALL_PENDING);
    run_for(f, MS(100));
    assert_outcome(&q, CALL_FAILED);
    run_for(f, SECONDS(3));
    take(0, 10);
    assert_told(&q, 1);
    assert_int_equal(figures().rebalances, 2);
}

static void a_take_that_waits_out_the_rebalance_is_answered_after_it(void **state)
{
    (void)state;
    spec.rebalance_ns = MS(50);
    put_records(0, 1);
    begin_take(&q, 0, 10, SECONDS(60));
    run_for(f, MS(100));
    assert_told(&q, 1);
}

static void offsets_survive_a_rebalance(void **state)
{
    (void)state;
    put_records(3, 5);
    take(0, 5);
    commit(0, 3, 5);
    join_two(); /* Partition 3 is node 1's now. */
    put_records(3, 2);
    take(1, 10);
    assert_told(&q, 2);
    assert_int_equal(q.records[0].offset, 5);
    assert_int_equal(figures().redelivered, 0);
}

static void the_new_owner_begins_at_the_committed_offset(void **state)
{
    (void)state;
    put_records(3, 5);
    take(0, 5);
    commit(0, 3, 2);
    join_two();
    take(1, 10);
    assert_told(&q, 3);
    assert_int_equal(q.records[0].offset, 2);
    assert_int_equal(figures().redelivered, 3);
    assert_int_equal(figures().taken, 8);
}

static void a_commit_by_the_former_owner_is_refused(void **state)
{
    (void)state;
    put_records(3, 5);
    take(0, 5);
    join_two();
    commit(0, 3, 5);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(committed(3), 0);
    commit(1, 3, 5);
    assert_outcome(&q, CALL_OK);
}

static void a_stranger_may_not_commit(void **state)
{
    (void)state;
    put_records(0, 5);
    commit(5, 0, 5);
    assert_outcome(&q, CALL_ABSENT);
}

static void a_dead_member_is_noticed_when_its_session_ends(void **state)
{
    uint64_t died_ns;

    (void)state;
    join_two();
    put_records(0, 1);
    died_ns = now_of(f);
    kill_node(f, 0);
    do
        take(1, 1);
    while (q.call.outcome != CALL_OK && now_of(f) < died_ns + SECONDS(30));
    assert_int_equal(q.records[0].partition, 0);
    assert_true(q.done_ns - died_ns <= spec.session_ns + MS(200));
    assert_true(q.done_ns - died_ns >= spec.session_ns - spec.session_ns / 15);
}

static void a_member_that_comes_back_as_another_process_waits_for_its_own_ghost(void **state)
{
    uint64_t died_ns;

    (void)state;
    join_two();
    put_records(3, 1); /* Node 1's; it stands still as well. */
    died_ns = now_of(f);
    kill_node(f, 0);
    join(0); /* The new process, at once. */
    run_for(f, SECONDS(5));
    begin_take(&q, 1, 1, SECONDS(1));
    run_for(f, MS(200));
    assert_outcome(&q, CALL_FAILED);
    run_until(f, died_ns + spec.session_ns);
    take(0, 1); /* It was the last to join: the upper range is its own now. */
    assert_told(&q, 1);
}

static void a_member_stopped_for_less_than_its_session_stays(void **state)
{
    (void)state;
    join_two();
    f->nodes[0].resumes_ns = now_of(f) + spec.session_ns / 2;
    run_for(f, 2 * spec.session_ns);
    assert_int_equal(figures().rebalances, 2); /* One for each that joined. */
    f->nodes[0].resumes_ns = now_of(f) + 2 * spec.session_ns;
    run_for(f, 3 * spec.session_ns);
    assert_int_equal(figures().rebalances, 3);
}

static void a_member_that_leaves_politely_is_replaced_at_once(void **state)
{
    (void)state;
    join_two();
    put_records(0, 1);
    queue_model_node_left(f->queue, &f->nodes[0]);
    take(1, 1);
    assert_told(&q, 1);
}

static void records_underway_when_a_rebalance_begins_are_taken_again(void **state)
{
    (void)state;
    put_records(3, 5);
    take(0, 1);
    begin_take(&q, 0, 9, SECONDS(1));
    run_for(f, US(50));
    begin_take(&third, 1, 9, SECONDS(1)); /* Arrives while the answer is underway. */
    run_for(f, MS(10));
    assert_outcome(&q, CALL_FAILED);
    assert_told(&third, 5);
    assert_int_equal(figures().redelivered, 1); /* The first one alone had arrived. */
}

/* ---- The log ----------------------------------------------------------------------------------- */

static void retention_drops_the_oldest_and_counts_what_nobody_took(void **state)
{
    (void)state;
    spec.retention = 20;
    join(0);
    put_records(0, 10);
    take(0, 10);
    assert_told(&q, 10);
    put_records(0, 30);
    assert_int_equal(figures().dropped, 10); /* 10 … 19; the first ten had been taken. */
    take(0, 64);
    assert_told(&q, 20);
    assert_int_equal(q.records[0].offset, 20);
    assert_int_equal(queue_model_lag(f->queue), 20);
}

static void a_log_that_is_read_lives_in_little_memory(void **state)
{
    size_t used;

    (void)state;
    spec.linger_ns = 0;
    spec.append_ns = spec.record_ns = 0;
    spec.batch = 4096;
    used = f->arena.used;
    for (uint64_t done = 0; done < 400000; done += PUTS_MAX) {
        put_records(0, PUTS_MAX);
        take(0, PUTS_MAX);
        assert_told(&q, PUTS_MAX);
        commit(0, 0, done + PUTS_MAX);
    }
    assert_int_equal(queue_model_lag(f->queue), 0);
    assert_int_equal(queue_model_end(f->queue, TOPIC_LIKES, 0), 400000);
    assert_int_equal(f->arena.used, used);
}

/* ---- Faults ------------------------------------------------------------------------------------ */

static void a_crash_fails_what_is_in_hand_and_keeps_the_log(void **state)
{
    (void)state;
    put_records(0, 5);
    begin_put(&questions[0], key_in(0, 0));
    begin_take(&questions[1], 0, 9, SECONDS(60));
    run_for(f, MS(1));
    begin_take(&questions[2], 0, 9, SECONDS(60)); /* Waits. */
    run_for(f, MS(4) + US(200));                  /* The put is being appended. */
    queue_model_crash(f->queue);
    begin_put(&questions[3], key_in(1, 0));
    begin_take(&questions[4], 0, 1, SECONDS(60));
    commit(0, 0, 5);
    assert_outcome(&questions[0], CALL_FAILED);
    assert_outcome(&questions[1], CALL_OK);
    assert_outcome(&questions[2], CALL_FAILED);
    assert_outcome(&questions[3], CALL_REFUSED);
    assert_outcome(&questions[4], CALL_FAILED);
    assert_outcome(&q, CALL_REFUSED);
    queue_model_restart(f->queue);
    take(0, 9);
    assert_told(&q, 5); /* None of it was committed. */
}

static void a_paused_broker_goes_on_where_it_was(void **state)
{
    (void)state;
    join(0);
    begin_put(&other, 7);
    run_for(f, MS(5) + US(200)); /* Half of the append is over. */
    queue_model_pause(f->queue);
    begin_take(&q, 0, 1, SECONDS(60));
    run_for(f, SECONDS(1));
    assert_outcome(&other, CALL_PENDING);
    assert_outcome(&q, CALL_PENDING);
    queue_model_resume(f->queue);
    run_for(f, MS(1));
    assert_int_equal(other.done_ns, MS(10 + 5 + 1000) + US(200 + 101 + 100));
    assert_told(&q, 1);
}

static void a_pause_does_not_end_sessions_but_takes_time_out(void **state)
{
    (void)state;
    join_two();
    queue_model_pause(f->queue);
    begin_take(&q, 0, 1, MS(100));
    run_for(f, 3 * spec.session_ns);
    assert_outcome(&q, CALL_TIMEOUT);
    queue_model_resume(f->queue);
    run_for(f, 3 * spec.session_ns);
    assert_int_equal(figures().rebalances, 2);
}

static void members_that_the_broker_cannot_hear_are_out_when_the_cable_is_back(void **state)
{
    (void)state;
    join_two();
    queue_model_cut(f->queue, true);
    run_for(f, 2 * spec.session_ns);
    queue_model_cut(f->queue, false);
    commit(0, 0, 0);
    assert_outcome(&q, CALL_ABSENT);
    put_records(0, 1);
    take(1, 1);
    assert_told(&q, 1);
}

static void what_happens_before_the_warm_up_ends_is_in_no_figure(void **state)
{
    (void)state;
    spec = plain;
    f = fixture_open(NULL, &spec, NULL, SECONDS(1));
    join(0);
    put_records(0, 5);
    run_until(f, SECONDS(1));
    put_records(0, 2);
    assert_int_equal(figures().put, 2);
    assert_int_equal(figures().max_partition_put, 2);
    assert_int_equal(figures().rebalances, 0);
    assert_int_equal(figures().lag_max, 7); /* The lag itself does not begin anew. */
}

static void planted_bugs_start_over_or_skip(void **state)
{
    (void)state;
#ifdef SIM_PLANTED_BUGS
    queue_model_plant(f->queue, QUEUE_STARTS_OVER);
#else
    skip();
#endif
    put_records(3, 5);
    take(0, 5);
    commit(0, 3, 5);
    join_two();
    take(1, 10);
    assert_told(&q, 5);
    queue_model_plant(f->queue, QUEUE_SKIPS);
    put_records(3, 5);
    join(2);
    take(2, 10);
    assert_outcome(&q, CALL_ABSENT);
}

#define proves(name) cmocka_unit_test_setup_teardown(name, open_plain, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        proves(a_lonely_record_lingers_and_is_acknowledged_by_the_leader),
        proves(a_full_batch_leaves_at_once),
        proves(without_linger_records_of_one_instant_share_a_batch),
        proves(acks_all_waits_for_the_followers),
        proves(without_acks_leaving_is_enough),
        proves(records_keep_their_order_and_go_where_their_key_says),
        proves(a_hot_partition_fills_up_while_the_others_idle),
        proves(a_dead_producer_takes_its_open_batch_along),
        proves(a_producer_that_leaves_politely_sends_what_it_has),
        proves(a_waiting_take_is_woken_by_the_append),
        proves(a_take_waits_for_more_but_not_longer_than_it_said),
        proves(a_take_that_finds_nothing_ends_at_its_timeout),
        proves(each_answer_is_of_one_partition_in_turn),
        proves(the_next_take_goes_on_behind_the_last),
        proves(two_takes_of_one_member_never_get_the_same_records),
        proves(a_lost_answer_is_taken_again),
        proves(an_answer_that_comes_after_its_timeout_moves_nothing),
        proves(what_was_committed_is_behind_no_more),
        proves(a_commit_never_goes_back_nor_beyond_the_end),
        proves(two_groups_read_the_same_log_each_for_itself),
        proves(a_group_shares_the_partitions_in_ranges),
        proves(members_beyond_the_partitions_get_nothing),
        proves(the_whole_group_stands_still_during_a_rebalance),
        proves(a_take_that_waits_out_the_rebalance_is_answered_after_it),
        proves(offsets_survive_a_rebalance),
        proves(the_new_owner_begins_at_the_committed_offset),
        proves(a_commit_by_the_former_owner_is_refused),
        proves(a_stranger_may_not_commit),
        proves(a_dead_member_is_noticed_when_its_session_ends),
        proves(a_member_that_comes_back_as_another_process_waits_for_its_own_ghost),
        proves(a_member_stopped_for_less_than_its_session_stays),
        proves(a_member_that_leaves_politely_is_replaced_at_once),
        proves(records_underway_when_a_rebalance_begins_are_taken_again),
        proves(retention_drops_the_oldest_and_counts_what_nobody_took),
        proves(a_log_that_is_read_lives_in_little_memory),
        proves(a_crash_fails_what_is_in_hand_and_keeps_the_log),
        proves(a_paused_broker_goes_on_where_it_was),
        proves(a_pause_does_not_end_sessions_but_takes_time_out),
        proves(members_that_the_broker_cannot_hear_are_out_when_the_cable_is_back),
        cmocka_unit_test_teardown(what_happens_before_the_warm_up_ends_is_in_no_figure,
                                  close_world),
        proves(planted_bugs_start_over_or_skip),
    };

    return cmocka_run_group_tests_name("queue_model", tests, NULL, NULL);
}
