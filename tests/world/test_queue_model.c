/* The model of Kafka: batches, acknowledgements, the log, and a broker that can die. */
#include "tests/lib/test.h"

#include "tests/lib/queue_rig.h"

/* ---- Producers ------------------------------------------------------------------------------ */

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

/* ---- The log -------------------------------------------------------------------------------- */

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

/* ---- Faults --------------------------------------------------------------------------------- */

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

static void batches_that_arrive_at_a_paused_broker_stand_in_its_line(void **state)
{
    uint64_t key = key_in(0, 0);

    (void)state;
    spec.linger_ns = 0;
    queue_model_pause(f->queue);
    for (uint32_t i = 0; i < 3; i++) {
        begin_put(&questions[i], key);
        run_for(f, US(10));
    }
    run_for(f, MS(10));
    queue_model_resume(f->queue);
    run_for(f, MS(10));
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(questions[i].done_ns, MS(10) + US(30 + 201 * (i + 1) + 100));
    assert_int_equal(queue_model_end(f->queue, TOPIC_LIKES, 0), 3);
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

#define proves(name) cmocka_unit_test_setup_teardown(name, queue_rig_open, queue_rig_close)

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
        proves(retention_drops_the_oldest_and_counts_what_nobody_took),
        proves(a_log_that_is_read_lives_in_little_memory),
        proves(a_crash_fails_what_is_in_hand_and_keeps_the_log),
        proves(a_paused_broker_goes_on_where_it_was),
        proves(batches_that_arrive_at_a_paused_broker_stand_in_its_line),
        proves(a_pause_does_not_end_sessions_but_takes_time_out),
        proves(members_that_the_broker_cannot_hear_are_out_when_the_cable_is_back),
        cmocka_unit_test_teardown(what_happens_before_the_warm_up_ends_is_in_no_figure,
                                  queue_rig_close),
        proves(planted_bugs_start_over_or_skip),
    };

    return cmocka_run_group_tests_name("queue_model", tests, NULL, NULL);
}
