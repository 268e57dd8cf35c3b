/* Likes through the store and the log: what T1 and T0 promise, and what they keep. */
#include "tests/lib/test.h"
#include "services/likes/likes.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { POST = 42, USER = 7 };

static struct stage stage;
static uint64_t likers;

static const enum call_outcome trouble[] = {CALL_TIMEOUT, CALL_SHED, CALL_REFUSED, CALL_FAILED};
enum { TROUBLES = sizeof(trouble) / sizeof(trouble[0]) };

static void play(enum likes_service_design design, enum likes_service_ack ack)
{
    const struct likes_config config = {.design = design,
                                        .ack = ack,
                                        .in_flight = 2,
                                        .store_timeout_ns = 5000000,
                                        .table_timeout_ns = 100000000,
                                        .queue_timeout_ns = 50000000};

    stage_start(&stage, &likes_service, likes_init(&config, &stage.ports));
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    likers = store_key(SPACE_LIKERS, POST);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static struct visit *visit_to_store(enum verb verb)
{
    struct visit *visit = stage_visit(&stage, verb, POST, USER);

    expect_cpu(&stage);
    return visit;
}

static void a_like_is_counted_put_and_then_acknowledged(void **state)
{
    struct visit *visit;
    struct line *line;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_QUEUE);
    visit = visit_to_store(VERB_LIKE);
    line = expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
    assert_int_equal(line->counter, store_key(SPACE_COUNT, POST));
    line = stage_hear(&stage, LINE_PUT);
    expect_silence(&stage); /* Not yet. */
    stage_reply(&stage, line, CALL_OK, 0);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void what_is_put_is_what_was_asked(void **state)
{
    const struct ask ask = {.verb = VERB_UNLIKE, .key = POST, .user = USER, .id = 99};
    struct line *line;

    (void)state;
    play(LIKES_QUEUED, LIKES_ACK_QUEUE);
    stage_ask(&stage, &ask);
    expect_cpu(&stage);
    expect_store_add_if_new(&stage, likers, USER, -1, CALL_OK);
    line = expect_put(&stage, TOPIC_LIKES, CALL_OK);
    assert_memory_equal(&line->ask, &ask, sizeof(ask));
    assert_int_equal(line->timeout_ns, 50000000);
}

static void a_duplicate_is_put_as_well_and_answered_0(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_QUEUE);
    visit = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_ABSENT);
    expect_put(&stage, TOPIC_LIKES, CALL_OK);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void a_put_that_failed_is_passed_on_as_it_came_and_not_undone(void **state)
{
    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_QUEUE);
    for (size_t i = 0; i < TROUBLES; i++) {
        struct visit *visit = visit_to_store(VERB_LIKE);

        expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
        expect_put(&stage, TOPIC_LIKES, trouble[i]);
        expect_answer(&stage, visit, trouble[i], 0);
    }
    expect_silence(&stage);
}

static void a_like_whose_put_timed_out_is_acknowledged_only_after_a_put_that_did_not(void **state)
{
    struct visit *first, *second;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_QUEUE);
    first = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
    expect_put(&stage, TOPIC_LIKES, CALL_TIMEOUT);
    expect_answer(&stage, first, CALL_TIMEOUT, 0);
    second = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_ABSENT); /* The set has the user. */
    expect_put(&stage, TOPIC_LIKES, CALL_OK);
    expect_answer(&stage, second, CALL_OK, 0);
    expect_silence(&stage);
}

static void a_duplicate_does_not_rest_on_a_put_that_is_still_under_way(void **state)
{
    struct visit *first = NULL, *second = NULL;
    struct line *put;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_QUEUE);
    first = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
    put = stage_hear(&stage, LINE_PUT);
    second = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_ABSENT);
    expect_put(&stage, TOPIC_LIKES, CALL_FAILED);
    expect_answer(&stage, second, CALL_FAILED, 0);
    stage_reply(&stage, put, CALL_OK, 0);
    expect_answer(&stage, first, CALL_OK, 1);
}

static void an_acknowledged_like_is_in_the_log_even_when_the_store_is_down(void **state)
{
    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_QUEUE);
    for (size_t i = 0; i < TROUBLES; i++) {
        struct visit *visit = visit_to_store(VERB_LIKE);

        expect_store_add_if_new(&stage, likers, USER, 1, trouble[i]);
        expect_put(&stage, TOPIC_LIKES, CALL_OK);
        expect_answer(&stage, visit, CALL_OK, 1);
    }
    expect_silence(&stage);
}

static void a_commit_that_cannot_be_waited_for_is_acknowledged_by_the_log(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_TABLE);
    visit = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
    expect_put(&stage, TOPIC_LIKES, CALL_OK);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void t0_is_acknowledged_by_the_store_while_the_put_is_under_way(void **state)
{
    struct visit *visit;
    struct line *put;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_STORE);
    visit = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
    put = stage_hear(&stage, LINE_PUT);
    expect_answer(&stage, visit, CALL_OK, 1);
    stage_reply(&stage, put, CALL_OK, 0);
    expect_silence(&stage);
}

static void t0_puts_a_duplicate_too_and_so_mends_a_put_that_was_lost(void **state)
{
    struct visit *visit;
    struct line *put;

    (void)state;
    play(LIKES_QUEUED, LIKES_ACK_STORE);
    visit = visit_to_store(VERB_LIKE);
    expect_store_add_if_new(&stage, likers, USER, 1, CALL_ABSENT);
    put = stage_hear(&stage, LINE_PUT);
    expect_answer(&stage, visit, CALL_OK, 0);
    stage_reply(&stage, put, CALL_OK, 0);
    expect_silence(&stage);
}

static void t0_loses_a_like_whose_put_fails_and_has_said_yes_already(void **state)
{
    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_STORE);
    for (size_t i = 0; i < TROUBLES; i++) {
        struct visit *visit = visit_to_store(VERB_LIKE);
        struct line *put;

        expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
        put = stage_hear(&stage, LINE_PUT);
        expect_answer(&stage, visit, CALL_OK, 1);
        stage_reply(&stage, put, trouble[i], 0);
    }
    expect_silence(&stage);
}

static void t0_fails_without_the_store_and_puts_nothing(void **state)
{
    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_STORE);
    for (size_t i = 0; i < TROUBLES; i++) {
        struct visit *visit = visit_to_store(VERB_LIKE);

        expect_store_add_if_new(&stage, likers, USER, 1, trouble[i]);
        expect_answer(&stage, visit, trouble[i], 0);
    }
    expect_silence(&stage);
}

static void t0_holds_a_place_until_the_log_has_the_like(void **state)
{
    struct line *puts[2];
    struct visit *visit;

    (void)state;
    play(LIKES_BATCHED, LIKES_ACK_STORE);
    for (int i = 0; i < 2; i++) {
        visit_to_store(VERB_LIKE);
        expect_store_add_if_new(&stage, likers, USER, 1, CALL_OK);
        puts[i] = stage_hear(&stage, LINE_PUT);
        stage_hear(&stage, LINE_ANSWER);
    }
    visit = stage_visit(&stage, VERB_LIKE, POST, USER);
    expect_answer(&stage, visit, CALL_SHED, 0);
    stage_reply(&stage, puts[0], CALL_OK, 0);
    visit_to_store(VERB_LIKE);
    stage_hear(&stage, LINE_STORE_ADD_IF_NEW);
    expect_silence(&stage);
}

#define scene(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene(a_like_is_counted_put_and_then_acknowledged),
        scene(what_is_put_is_what_was_asked),
        scene(a_duplicate_is_put_as_well_and_answered_0),
        scene(a_put_that_failed_is_passed_on_as_it_came_and_not_undone),
        scene(a_like_whose_put_timed_out_is_acknowledged_only_after_a_put_that_did_not),
        scene(a_duplicate_does_not_rest_on_a_put_that_is_still_under_way),
        scene(an_acknowledged_like_is_in_the_log_even_when_the_store_is_down),
        scene(a_commit_that_cannot_be_waited_for_is_acknowledged_by_the_log),
        scene(t0_is_acknowledged_by_the_store_while_the_put_is_under_way),
        scene(t0_puts_a_duplicate_too_and_so_mends_a_put_that_was_lost),
        scene(t0_loses_a_like_whose_put_fails_and_has_said_yes_already),
        scene(t0_fails_without_the_store_and_puts_nothing),
        scene(t0_holds_a_place_until_the_log_has_the_like),
    };
    return cmocka_run_group_tests_name("likes_log", tests, NULL, NULL);
}
