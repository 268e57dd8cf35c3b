/* A batcher whose records come from a work queue: no offset is read or written, rows alone tell
 * what was done before. */
#include "tests/lib/test.h"
#include "services/batcher/batcher.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { BATCH = 8, FIRST = 100 };

static struct stage stage;
static struct record records[BATCH];

static void play(enum batcher_topic topic)
{
    const struct batcher_config config = {.topic = topic,
                                          .batch = BATCH,
                                          .attempts = 1,
                                          .trip_orders = 2,
                                          .work_batch = {.kind = DIST_CONSTANT, .mean = 1000},
                                          .work_record = {.kind = DIST_CONSTANT, .mean = 10},
                                          .table_timeout_ns = 100000000,
                                          .queue_timeout_ns = 200000000};

    stage_start(&stage, &batcher_service, batcher_init(&config, &stage.ports));
}

/* Likes of eight posts by one user, put one after the other. */
static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    stage_has_work_queue(&stage);
    for (uint32_t i = 0; i < BATCH; i++)
        records[i] = (struct record){.ask = {.verb = VERB_LIKE, .key = 500 + i, .user = 7},
                                     .offset = FIRST + i,
                                     .put_ns = 1000 + i,
                                     .topic = TOPIC_LIKES};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void a_batch_is_taken_written_without_an_offset_and_acknowledged(void **state)
{
    struct line *write;

    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 3);
    expect_cpu(&stage);
    write = expect_table_write(&stage, 6, CALL_OK, 3);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_not_equal(write->ops[i].table, TABLE_OFFSETS);
    expect_commit(&stage, 0, FIRST + 3, CALL_OK);
    stage_hear(&stage, LINE_TAKE);
    expect_silence(&stage);
}

static void what_was_acknowledged_too_late_comes_again_and_is_written_again(void **state)
{
    (void)state;
    play(BATCHER_LIKES);
    for (int i = 0; i < 2; i++) {
        expect_take(&stage, records, 2);
        expect_cpu(&stage);
        expect_table_write(&stage, 4, CALL_OK, i == 0 ? 2 : 0);
        expect_commit(&stage, 0, FIRST + 2, i == 0 ? CALL_ABSENT : CALL_OK);
    }
    stage_hear(&stage, LINE_TAKE);
}

static void a_batch_that_was_held_for_long_is_written_all_the_same(void **state)
{
    struct line *cpu;

    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 1);
    cpu = stage_hear(&stage, LINE_CPU);
    stage.now_ns += 10000000000;
    stage_reply(&stage, cpu, CALL_OK, 0);
    expect_table_write(&stage, 2, CALL_OK, 1);
}

/* The queue hands an old record out again behind a newer one. */
static void a_users_last_word_is_the_one_that_was_put_last(void **state)
{
    (void)state;
    records[1] = records[0];
    records[0].ask.verb = VERB_UNLIKE;
    records[0].put_ns = 2000;
    records[1].offset = FIRST + 1;
    records[1].put_ns = 1000;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 2);
    expect_cpu(&stage);
    assert_int_equal(expect_table_write(&stage, 2, CALL_OK, 1)->ops[0].verb, TABLE_DELETE);
}

static int64_t trip_of(const struct line *write)
{
    assert_int_equal(write->ops[2].table, TABLE_TRIPS);
    return write->ops[2].value;
}

/* The order's rows may be there, and its trip full: whoever comes now must not be put into it. */
static void an_order_that_comes_again_begins_another_trip(void **state)
{
    struct record order = {
        .ask = {.verb = VERB_ORDER, .id = 42, .zone = 3}, .offset = FIRST, .topic = TOPIC_ORDERS};
    int64_t trips[2];

    (void)state;
    play(BATCHER_ORDERS);
    for (int i = 0; i < 2; i++) {
        expect_take(&stage, &order, 1);
        expect_cpu(&stage);
        trips[i] = trip_of(expect_table_write(&stage, 3, CALL_OK, 3));
        assert_true(trips[i] > 0);
        expect_commit(&stage, 0, FIRST + 1, CALL_OK);
    }
    assert_int_not_equal(trips[0], trips[1]);
}

static void a_write_that_is_done_again_has_the_same_trips(void **state)
{
    struct record order = {
        .ask = {.verb = VERB_ORDER, .id = 42, .zone = 3}, .offset = FIRST, .topic = TOPIC_ORDERS};
    int64_t first;

    (void)state;
    play(BATCHER_ORDERS);
    expect_take(&stage, &order, 1);
    expect_cpu(&stage);
    first = trip_of(expect_table_write(&stage, 3, CALL_TIMEOUT, 0));
    stage_reply(&stage, stage_hear(&stage, LINE_SLEEP), CALL_OK, 0);
    assert_int_equal(trip_of(expect_table_write(&stage, 3, CALL_OK, 3)), first);
}

/* Refused, and again after something harmless was not: to the dead letters, and acknowledged with
 * the rest. */
static void a_poison_record_is_buried_and_acknowledged(void **state)
{
    (void)state;
    play(BATCHER_LIKES);
    expect_take(&stage, records, 1);
    expect_cpu(&stage);
    expect_table_write(&stage, 2, CALL_FAILED, 0);
    expect_table_write(&stage, 1, CALL_OK, 0);
    expect_table_write(&stage, 2, CALL_FAILED, 0);
    expect_put(&stage, TOPIC_DEAD, CALL_OK);
    expect_commit(&stage, 0, FIRST + 1, CALL_OK);
    stage_hear(&stage, LINE_TAKE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_taken_written_without_an_offset_and_acknowledged,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_was_acknowledged_too_late_comes_again_and_is_written_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_that_was_held_for_long_is_written_all_the_same,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_users_last_word_is_the_one_that_was_put_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_order_that_comes_again_begins_another_trip, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_write_that_is_done_again_has_the_same_trips, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_poison_record_is_buried_and_acknowledged, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
