/* From the log to the table: the order of things, and what every failure leads to. */
#include "tests/lib/test.h"
#include "services/batcher/batcher.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { PARTITION = 3, BATCH = 8, ATTEMPTS = 2 };
static const uint64_t second_ns = 1000000000;

static struct stage stage;
static struct record records[BATCH];

static struct batcher_config config_of(enum batcher_topic topic)
{
    return (struct batcher_config){.topic = topic,
                                   .batch = BATCH,
                                   .linger_ns = 50000000,
                                   .attempts = ATTEMPTS,
                                   .trip_orders = 2,
                                   .work_batch = {.kind = DIST_CONSTANT, .mean = 1000},
                                   .work_record = {.kind = DIST_CONSTANT, .mean = 10},
                                   .table_timeout_ns = 100000000,
                                   .queue_timeout_ns = 200000000};
}

static void play(enum batcher_topic topic)
{
    struct batcher_config config = config_of(topic);

    stage_start(&stage, &batcher_service, batcher_init(&config, &stage.ports));
}

/* Likes of eight posts by one user at offsets 100 … 107: two operations each. */
static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    for (uint32_t i = 0; i < BATCH; i++)
        records[i] = (struct record){.ask = {.verb = VERB_LIKE, .key = 500 + i, .user = 7},
                                     .offset = 100 + i,
                                     .partition = PARTITION,
                                     .topic = TOPIC_LIKES};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static struct line *expect_offset(enum call_outcome outcome, int64_t value)
{
    struct line *line = stage_hear(&stage, LINE_TABLE_READ);

    assert_int_equal(line->table, TABLE_OFFSETS);
    assert_int_equal(line->b, PARTITION);
    stage_reply(&stage, line, outcome, value);
    return line;
}

/* A transaction of n likes and, last, the offset. */
static struct line *expect_likes(uint32_t n, int64_t next, enum call_outcome outcome)
{
    struct line *line = expect_table_write(&stage, 2 * n + 1, CALL_PENDING, 0);
    const struct table_op *last = &line->ops[2 * n];

    assert_int_equal(last->verb, TABLE_RAISE);
    assert_int_equal(last->table, TABLE_OFFSETS);
    assert_int_equal(last->a, TOPIC_LIKES);
    assert_int_equal(last->b, PARTITION);
    assert_int_equal(last->value, next);
    stage_reply(&stage, line, outcome, n);
    return line;
}

/* Up to the first write of n records from a partition that is new to us. */
static void play_to_write(uint32_t n)
{
    play(BATCHER_LIKES);
    expect_take(&stage, records, n);
    expect_offset(CALL_ABSENT, 0);
    expect_cpu(&stage);
}

/* ---- When all goes well --------------------------------------------------------------------- */

static void a_batch_is_taken_written_with_its_offset_and_committed(void **state)
{
    struct line *take;

    (void)state;
    play(BATCHER_LIKES);
    take = expect_take(&stage, records, 3);
    assert_int_equal(take->target, TOPIC_LIKES);
    assert_int_equal(take->n, BATCH);
    assert_int_equal(take->delay_ns, 50000000);
    expect_offset(CALL_ABSENT, 0);
    assert_int_equal(expect_cpu(&stage)->delay_ns, 1000 + 3 * 10);
    expect_likes(3, 103, CALL_OK);
    assert_int_equal(expect_commit(&stage, PARTITION, 103, CALL_OK)->target, TOPIC_LIKES);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void the_offset_is_read_once_for_each_partition_that_is_assigned(void **state)
{
    (void)state;
    play_to_write(3);
    expect_likes(3, 103, CALL_OK);
    expect_commit(&stage, PARTITION, 103, CALL_OK);
    expect_take(&stage, records + 3, 2);
    expect_cpu(&stage);
    expect_likes(2, 105, CALL_OK);
    expect_commit(&stage, PARTITION, 105, CALL_OK);
    records[5].partition = PARTITION + 1;
    expect_take(&stage, records + 5, 1);
    assert_int_equal(stage_hear(&stage, LINE_TABLE_READ)->b, PARTITION + 1);
}

static void records_are_copied_before_the_log_takes_them_back(void **state)
{
    struct record lent = records[0];

    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, &lent, 1);
    lent.ask.key = 0;
    expect_offset(CALL_ABSENT, 0);
    expect_cpu(&stage);
    assert_int_equal(expect_likes(1, 101, CALL_OK)->ops[0].a, 500);
}

static void orders_become_orders_charges_and_shared_trips(void **state)
{
    struct line *write;

    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        records[i].ask = (struct ask){.verb = VERB_ORDER, .zone = 1, .id = 900 + i, .amount = 50};
    play(BATCHER_ORDERS);
    assert_int_equal(expect_take(&stage, records, 3)->target, TOPIC_ORDERS);
    assert_int_equal(expect_offset(CALL_ABSENT, 0)->a, TOPIC_ORDERS);
    expect_cpu(&stage);
    write = expect_table_write(&stage, 3 * 3 + 1, CALL_OK, 9);
    assert_int_equal(write->ops[2].table, TABLE_TRIPS);
    assert_int_equal(write->ops[2].value, write->ops[5].value);
    assert_int_not_equal(write->ops[5].value, write->ops[8].value); /* Two to a courier. */
    assert_int_equal(write->ops[9].a, TOPIC_ORDERS);
    assert_int_equal(expect_commit(&stage, PARTITION, 103, CALL_OK)->target, TOPIC_ORDERS);
}

/* ---- Records that were done before ---------------------------------------------------------- */

static void records_below_the_tables_offset_are_dropped(void **state)
{
    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 4);
    expect_offset(CALL_OK, 102);
    expect_cpu(&stage);
    assert_int_equal(expect_likes(2, 104, CALL_OK)->ops[0].a, 502);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
}

static void a_batch_that_is_all_in_the_table_is_only_committed(void **state)
{
    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 4);
    expect_offset(CALL_OK, 104);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void records_that_come_again_unannounced_are_dropped_without_a_question(void **state)
{
    (void)state;
    play_to_write(3);
    expect_likes(3, 103, CALL_OK);
    expect_commit(&stage, PARTITION, 103, CALL_OK);
    expect_take(&stage, records, 4);
    expect_cpu(&stage);
    expect_likes(1, 104, CALL_OK);
}

static void a_partition_that_is_no_longer_ours_is_asked_about_again(void **state)
{
    (void)state;
    play_to_write(3);
    expect_likes(3, 103, CALL_OK);
    expect_commit(&stage, PARTITION, 103, CALL_ABSENT);
    expect_take(&stage, records + 3, 1);
    expect_offset(CALL_OK, 103);
    stage_hear(&stage, LINE_CPU);
}

static void after_a_failed_take_all_partitions_are_asked_about_again(void **state)
{
    (void)state;
    play_to_write(3);
    expect_likes(3, 103, CALL_OK);
    expect_commit(&stage, PARTITION, 103, CALL_OK);
    expect_take_failing(&stage, CALL_FAILED);
    expect_sleep(&stage, NULL);
    expect_take(&stage, records + 3, 1);
    expect_offset(CALL_OK, 103);
    stage_hear(&stage, LINE_CPU);
}

static void a_batch_held_too_long_is_checked_before_it_is_written(void **state)
{
    struct line *work;

    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 4);
    expect_offset(CALL_ABSENT, 0);
    work = stage_hear(&stage, LINE_CPU);
    stage.now_ns += 60 * second_ns; /* Stopped; another replica went on. */
    stage_reply(&stage, work, CALL_OK, 0);
    expect_offset(CALL_OK, 110);
    expect_commit(&stage, PARTITION, 104, CALL_ABSENT);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void a_batch_held_too_long_that_is_still_ours_is_written_without_working_again(void **state)
{
    struct line *work;

    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 4);
    expect_offset(CALL_OK, 100);
    work = stage_hear(&stage, LINE_CPU);
    stage.now_ns += 60 * second_ns;
    stage_reply(&stage, work, CALL_OK, 0);
    expect_offset(CALL_OK, 100);
    expect_likes(4, 104, CALL_OK);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
}

/* ---- When something is away ----------------------------------------------------------------- */

static void an_empty_log_is_asked_again_at_once(void **state)
{
    (void)state;
    play(BATCHER_LIKES);
    for (int i = 0; i < 3; i++)
        expect_take(&stage, NULL, 0);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void a_log_that_is_away_is_asked_again_soon_each_time(void **state)
{
    static const enum call_outcome away[] = {CALL_FAILED, CALL_REFUSED, CALL_TIMEOUT, CALL_SHED};
    uint64_t pause_ns;

    (void)state;
    play(BATCHER_LIKES);
    for (size_t i = 0; i < 4; i++) {
        expect_take_failing(&stage, away[i]);
        expect_sleep(&stage, &pause_ns);
        assert_in_range(pause_ns, 10000000, 20000000);
    }
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void an_offset_that_cannot_be_read_is_asked_for_again(void **state)
{
    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 4);
    expect_offset(CALL_REFUSED, 0);
    expect_sleep(&stage, NULL);
    expect_offset(CALL_TIMEOUT, 0);
    expect_sleep(&stage, NULL);
    expect_offset(CALL_OK, 103);
    expect_cpu(&stage);
    expect_likes(1, 104, CALL_OK);
}

static void a_write_without_an_answer_is_done_again_and_accuses_nobody(void **state)
{
    static const enum call_outcome away[] = {CALL_TIMEOUT, CALL_REFUSED, CALL_SHED};

    (void)state;
    play_to_write(4);
    for (int i = 0; i < 3; i++) {
        expect_likes(4, 104, away[i]);
        expect_sleep(&stage, NULL);
    }
    expect_likes(4, 104, CALL_OK);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
}

static void an_hour_without_a_table_loses_nothing(void **state)
{
    uint64_t began_ns;

    (void)state;
    play_to_write(4);
    began_ns = stage.now_ns;
    while (stage.now_ns < began_ns + 3600 * second_ns) {
        struct line *line = &stage.lines[stage.heard % LINES_MAX];

        stage_reply(&stage, stage_hear(&stage, line->kind), CALL_REFUSED, 0);
        expect_sleep(&stage, NULL);
    }
    if (stage.lines[stage.heard % LINES_MAX].kind == LINE_TABLE_READ)
        expect_offset(CALL_ABSENT, 0);
    expect_likes(4, 104, CALL_OK);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
}

/* Left to the next one, the last record of a silent partition would look behind for ever. */
static void a_commit_that_fails_is_made_again_after_a_pause(void **state)
{
    (void)state;
    play_to_write(3);
    expect_likes(3, 103, CALL_OK);
    expect_commit(&stage, PARTITION, 103, CALL_FAILED);
    expect_sleep(&stage, NULL);
    expect_commit(&stage, PARTITION, 103, CALL_TIMEOUT);
    expect_sleep(&stage, NULL);
    expect_commit(&stage, PARTITION, 103, CALL_OK);
    expect_take(&stage, records + 3, 1);
    stage_hear(&stage, LINE_CPU);
}

/* ---- A record that can never be written ----------------------------------------------------- */

static void expect_refusals(uint32_t likes, int64_t next)
{
    expect_likes(likes, next, CALL_FAILED);
    expect_sleep(&stage, NULL);
    expect_likes(likes, next, CALL_FAILED); /* ATTEMPTS of them. */
}

static void a_refused_batch_is_tried_again_after_a_pause(void **state)
{
    (void)state;
    play_to_write(4);
    expect_likes(4, 104, CALL_FAILED);
    expect_sleep(&stage, NULL);
    expect_likes(4, 104, CALL_OK);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
}

static void a_poison_record_is_found_and_buried_and_the_others_are_written(void **state)
{
    struct line *put;

    (void)state;
    play_to_write(4); /* The third of them is poison. */
    expect_refusals(4, 104);
    expect_likes(2, 102, CALL_OK);
    expect_refusals(2, 104);
    expect_refusals(1, 103);
    expect_likes(0, 102, CALL_OK);     /* The probe. */
    expect_likes(1, 103, CALL_FAILED); /* And once more. */
    put = expect_put(&stage, TOPIC_DEAD, CALL_OK);
    assert_memory_equal(&put->ask, &records[2].ask, sizeof(struct ask));
    expect_likes(1, 104, CALL_OK);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void the_offset_moves_past_a_dead_letter_that_was_the_last_record(void **state)
{
    (void)state;
    play_to_write(1);
    expect_refusals(1, 101);
    expect_likes(0, 100, CALL_OK);
    expect_likes(1, 101, CALL_FAILED);
    expect_put(&stage, TOPIC_DEAD, CALL_OK);
    expect_likes(0, 101, CALL_FAILED);
    expect_sleep(&stage, NULL);
    expect_likes(0, 101, CALL_OK);
    expect_commit(&stage, PARTITION, 101, CALL_OK);
}

/* The offset moves past a dead letter with the next part, and before that the table is asked. */
static void a_dead_letter_is_not_buried_again_because_it_took_long(void **state)
{
    (void)state;
    play_to_write(4); /* The second of them is poison. */
    expect_refusals(4, 104);
    expect_refusals(2, 102);
    expect_likes(1, 101, CALL_OK);
    expect_refusals(1, 102);
    expect_likes(0, 101, CALL_OK);     /* The probe. */
    expect_likes(1, 102, CALL_FAILED); /* And once more. */
    stage.now_ns += 60 * second_ns;
    expect_put(&stage, TOPIC_DEAD, CALL_OK);
    expect_offset(CALL_OK, 101);
    expect_likes(2, 104, CALL_OK);
    expect_commit(&stage, PARTITION, 104, CALL_OK);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void no_record_is_buried_while_the_table_refuses_everything(void **state)
{
    (void)state;
    play_to_write(1);
    for (int i = 0; i < 2; i++) {
        expect_refusals(1, 101);
        expect_likes(0, 100, CALL_FAILED); /* The probe. */
        expect_sleep(&stage, NULL);
    }
    expect_likes(1, 101, CALL_OK);
    expect_commit(&stage, PARTITION, 101, CALL_OK);
}

/* A table that crashes says "error" too, and may be back before it is asked how it is. */
static void a_record_that_a_short_crash_refused_is_written_and_not_buried(void **state)
{
    (void)state;
    play_to_write(1);
    expect_refusals(1, 101);
    expect_likes(0, 100, CALL_OK); /* The probe. */
    expect_likes(1, 101, CALL_OK);
    expect_commit(&stage, PARTITION, 101, CALL_OK);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void what_a_table_says_that_was_away_accuses_nobody_at_once(void **state)
{
    (void)state;
    play_to_write(1);
    expect_refusals(1, 101);
    expect_likes(0, 100, CALL_OK); /* The probe. */
    expect_likes(1, 101, CALL_TIMEOUT);
    expect_sleep(&stage, NULL);
    expect_likes(1, 101, CALL_FAILED); /* The first of ATTEMPTS. */
    expect_sleep(&stage, NULL);
    expect_likes(1, 101, CALL_OK);
    expect_commit(&stage, PARTITION, 101, CALL_OK);
}

static void a_record_is_not_given_up_before_the_dead_letters_have_it(void **state)
{
    (void)state;
    play_to_write(1);
    expect_refusals(1, 101);
    expect_likes(0, 100, CALL_OK);
    expect_likes(1, 101, CALL_FAILED);
    expect_put(&stage, TOPIC_DEAD, CALL_TIMEOUT);
    expect_sleep(&stage, NULL);
    expect_put(&stage, TOPIC_DEAD, CALL_OK);
    expect_likes(0, 101, CALL_OK);
}

/* ---- The service around it ------------------------------------------------------------------ */

static void a_batcher_serves_nobody_and_is_well(void **state)
{
    struct visit *visit;

    (void)state;
    play(BATCHER_LIKES);
    stage_hear(&stage, LINE_TAKE);
    visit = stage_visit(&stage, VERB_HEALTH, 0, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
    visit = stage_visit(&stage, VERB_LIKE, 500, 7);
    expect_answer(&stage, visit, CALL_FAILED, 0);
    expect_silence(&stage);
}

static void init_takes_no_more_than_it_says(void **state)
{
    static const uint32_t batches[] = {1, 7, 500, BATCHER_BATCH_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        struct batcher_config config = config_of(BATCHER_ORDERS);

        config.batch = batches[i];
        arena_reset(&stage.arena);
        batcher_init(&config, &stage.ports);
        assert_true(stage.arena.used <= batcher_bytes(&config));
    }
}

static void more_partitions_than_it_can_remember_cost_no_memory(void **state)
{
    size_t used;

    (void)state;
    play(BATCHER_LIKES);
    used = stage.arena.used;
    for (uint32_t partition = 0; partition < 3000; partition++) {
        records[0].partition = partition;
        expect_take(&stage, records, 1);
        stage_reply(&stage, stage_hear(&stage, LINE_TABLE_READ), CALL_ABSENT, 0);
        expect_cpu(&stage);
        expect_table_write(&stage, 3, CALL_OK, 1);
        expect_commit(&stage, partition, 101, CALL_OK);
    }
    assert_int_equal(stage.arena.used, used);
}

#define scene(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene(a_batch_is_taken_written_with_its_offset_and_committed),
        scene(the_offset_is_read_once_for_each_partition_that_is_assigned),
        scene(records_are_copied_before_the_log_takes_them_back),
        scene(orders_become_orders_charges_and_shared_trips),
        scene(records_below_the_tables_offset_are_dropped),
        scene(a_batch_that_is_all_in_the_table_is_only_committed),
        scene(records_that_come_again_unannounced_are_dropped_without_a_question),
        scene(a_partition_that_is_no_longer_ours_is_asked_about_again),
        scene(after_a_failed_take_all_partitions_are_asked_about_again),
        scene(a_batch_held_too_long_is_checked_before_it_is_written),
        scene(a_batch_held_too_long_that_is_still_ours_is_written_without_working_again),
        scene(an_empty_log_is_asked_again_at_once),
        scene(a_log_that_is_away_is_asked_again_soon_each_time),
        scene(an_offset_that_cannot_be_read_is_asked_for_again),
        scene(a_write_without_an_answer_is_done_again_and_accuses_nobody),
        scene(an_hour_without_a_table_loses_nothing),
        scene(a_commit_that_fails_is_made_again_after_a_pause),
        scene(a_refused_batch_is_tried_again_after_a_pause),
        scene(a_poison_record_is_found_and_buried_and_the_others_are_written),
        scene(the_offset_moves_past_a_dead_letter_that_was_the_last_record),
        scene(a_record_that_a_short_crash_refused_is_written_and_not_buried),
        scene(what_a_table_says_that_was_away_accuses_nobody_at_once),
        scene(a_dead_letter_is_not_buried_again_because_it_took_long),
        scene(no_record_is_buried_while_the_table_refuses_everything),
        scene(a_record_is_not_given_up_before_the_dead_letters_have_it),
        scene(a_batcher_serves_nobody_and_is_well),
        scene(init_takes_no_more_than_it_says),
        scene(more_partitions_than_it_can_remember_cost_no_memory),
    };
    return cmocka_run_group_tests_name("batcher", tests, NULL, NULL);
}
