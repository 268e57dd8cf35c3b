/* The model of Kafka, from the consumers' side: takes, commits, groups and rebalances. */
#include "tests/lib/test.h"

#include <string.h>

#include "tests/lib/queue_rig.h"

/* ---- Consumers ------------------------------------------------------------------------------ */

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

/* ---- Groups --------------------------------------------------------------------------------- */

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

static void who_is_there_from_the_start_does_not_wait_for_the_group(void **state)
{
    (void)state;
    spec.rebalance_ns = SECONDS(3);
    put_records(0, 1);
    put_records(PARTITIONS - 1, 1);
    begin_take(&q, 0, 10, SECONDS(60));
    begin_take(&third, 1, 10, SECONDS(60));
    run_for(f, MS(10));
    assert_told(&q, 1);
    assert_told(&third, 1);
}

static void the_whole_group_stands_still_during_a_rebalance(void **state)
{
    (void)state;
    join(0);
    spec.rebalance_ns = SECONDS(3);
    f->nodes[1].ready_ns = 1;
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
    f->nodes[0].ready_ns = 1;
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

#define proves(name) cmocka_unit_test_setup_teardown(name, queue_rig_open, queue_rig_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        proves(who_is_there_from_the_start_does_not_wait_for_the_group),
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
    };

    return cmocka_run_group_tests_name("queue_group", tests, NULL, NULL);
}
