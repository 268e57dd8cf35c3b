/* The door of the likes service: who gets in, who is turned away, and what it costs in memory. */
#include "tests/lib/test.h"
#include "services/likes/likes.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { POST = 42, USER = 7, ROOM = 3 };

static struct stage stage;

static struct likes_config config_of(enum likes_service_design design, enum likes_service_ack ack)
{
    return (struct likes_config){.design = design,
                                 .ack = ack,
                                 .in_flight = ROOM,
                                 .work_read = {.kind = DIST_CONSTANT, .mean = 1000},
                                 .work_write = {.kind = DIST_CONSTANT, .mean = 2000},
                                 .store_timeout_ns = 5000000,
                                 .table_timeout_ns = 100000000,
                                 .queue_timeout_ns = 50000000};
}

static void play(enum likes_service_design design, enum likes_service_ack ack)
{
    struct likes_config config = config_of(design, ack);

    stage_start(&stage, &likes_service, likes_init(&config, &stage.ports));
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void health_is_answered_before_anything_is_asked(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_QUEUE);
    visit = stage_visit(&stage, VERB_HEALTH, 0, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void a_verb_of_another_service_fails(void **state)
{
    static const enum verb strange[] = {VERB_CALL, VERB_MENU, VERB_ORDER, VERB_TRACK, VERB_MAX};

    (void)state;
    play(LIKES_TABLE, LIKES_ACK_TABLE);
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        struct visit *visit = stage_visit(&stage, strange[i], POST, USER);

        expect_answer(&stage, visit, CALL_FAILED, 0);
    }
    expect_silence(&stage);
}

static void a_visit_past_its_deadline_is_dropped_before_any_work(void **state)
{
    struct ask ask = {.verb = VERB_LIKE, .key = POST, .user = USER};
    struct visit *visit;

    (void)state;
    play(LIKES_TABLE, LIKES_ACK_TABLE);
    ask.deadline_ns = stage.now_ns;
    visit = stage_ask(&stage, &ask);
    expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    expect_silence(&stage);
}

static void a_visit_with_time_left_is_let_in(void **state)
{
    struct ask ask = {.verb = VERB_COUNT, .key = POST};

    (void)state;
    play(LIKES_TABLE, LIKES_ACK_TABLE);
    ask.deadline_ns = stage.now_ns + 1;
    stage_ask(&stage, &ask);
    stage_hear(&stage, LINE_CPU);
    expect_silence(&stage);
}

static void reads_and_writes_cost_their_own_processor_time(void **state)
{
    (void)state;
    play(LIKES_TABLE, LIKES_ACK_TABLE);
    stage_visit(&stage, VERB_COUNT, POST, USER);
    assert_int_equal(stage_hear(&stage, LINE_CPU)->delay_ns, 1000);
    stage_visit(&stage, VERB_UNLIKE, POST, USER);
    assert_int_equal(stage_hear(&stage, LINE_CPU)->delay_ns, 2000);
    expect_silence(&stage);
}

static void a_full_replica_sheds_and_has_room_again_after_an_answer(void **state)
{
    struct line *work[ROOM];
    struct visit *visit;

    (void)state;
    play(LIKES_TABLE, LIKES_ACK_TABLE);
    for (int i = 0; i < ROOM; i++) {
        stage_visit(&stage, VERB_COUNT, POST, USER);
        work[i] = stage_hear(&stage, LINE_CPU);
    }
    visit = stage_visit(&stage, VERB_LIKE, POST, USER);
    expect_answer(&stage, visit, CALL_SHED, 0);
    stage_reply(&stage, work[0], CALL_OK, 0);
    expect_table_count(&stage, TABLE_LIKES, POST, CALL_OK, 5);
    stage_hear(&stage, LINE_ANSWER);
    stage_visit(&stage, VERB_LIKE, POST, USER);
    stage_hear(&stage, LINE_CPU);
    expect_silence(&stage);
}

static void an_answer_is_a_small_document_and_an_error_has_no_body(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_TABLE, LIKES_ACK_TABLE);
    visit = stage_visit(&stage, VERB_COUNT, POST, USER);
    expect_cpu(&stage);
    expect_table_count(&stage, TABLE_LIKES, POST, CALL_OK, 5);
    assert_true(expect_answer(&stage, visit, CALL_OK, 5)->bytes > 0);
    visit = stage_visit(&stage, VERB_COUNT, POST, USER);
    expect_cpu(&stage);
    expect_table_count(&stage, TABLE_LIKES, POST, CALL_REFUSED, 0);
    assert_int_equal(expect_answer(&stage, visit, CALL_REFUSED, 0)->bytes, 0);
}

static void init_takes_no_more_than_it_says(void **state)
{
    static const uint32_t rooms[] = {1, 7, 64, 1000, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        struct likes_config config = config_of(LIKES_CACHED, LIKES_ACK_TABLE);

        config.in_flight = rooms[i];
        arena_reset(&stage.arena);
        likes_init(&config, &stage.ports);
        assert_true(stage.arena.used <= likes_bytes(&config));
    }
}

static void who_gives_way_to_somebody_more_urgent_asks_nobody(void **state)
{
    static const enum likes_service_design designs[] = {LIKES_TABLE, LIKES_BATCHED};
    static const enum verb verbs[] = {VERB_LIKE, VERB_COUNT};
    const uint8_t priority = 3;

    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct ask ask = {
            .verb = (uint8_t)verbs[i % 2], .key = POST, .user = USER, .priority = priority};
        struct visit *visit;
        struct line *work;

        play(designs[i / 2], i / 2 == 0 ? LIKES_ACK_TABLE : LIKES_ACK_QUEUE);
        visit = stage_ask(&stage, &ask);
        work = stage_hear(&stage, LINE_CPU);
        assert_int_equal(work->call->priority, priority);
        stage_reply(&stage, work, CALL_SHED, 0);
        expect_answer(&stage, visit, CALL_SHED, 0);
        expect_silence(&stage);
    }
}

#define scene(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene(health_is_answered_before_anything_is_asked),
        scene(a_verb_of_another_service_fails),
        scene(a_visit_past_its_deadline_is_dropped_before_any_work),
        scene(a_visit_with_time_left_is_let_in),
        scene(reads_and_writes_cost_their_own_processor_time),
        scene(a_full_replica_sheds_and_has_room_again_after_an_answer),
        scene(an_answer_is_a_small_document_and_an_error_has_no_body),
        scene(who_gives_way_to_somebody_more_urgent_asks_nobody),
        scene(init_takes_no_more_than_it_says),
    };
    return cmocka_run_group_tests_name("likes", tests, NULL, NULL);
}
