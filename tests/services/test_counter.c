/* The counter: a like is so many increments of its post's slot, a count is what the slot shows. */
#include "tests/lib/test.h"
#include "services/counter/counter.h"
#include "tests/lib/stage.h"

enum { POSTS = 3, ADDS = 500, ROOM = 2 };

static struct stage stage;

static int setup(void **state)
{
    static const struct counter_config config = {
        .in_flight = ROOM,
        .adds = ADDS,
        .layout = {.design = MEMORY_ATOMIC, .slots = POSTS, .gap_ns = 1, .hold_ns = 1, .bytes = 8}};

    (void)state;
    stage_open(&stage);
    stage_start(&stage, &counter_service, counter_init(&config, &stage.ports));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void the_memory_is_laid_out_at_the_start(void **state)
{
    (void)state;
    assert_int_equal(stage.layout.design, MEMORY_ATOMIC);
    assert_int_equal(stage.layout.slots, POSTS);
    expect_silence(&stage);
}

static void a_like_adds_a_burst_to_its_posts_slot(void **state)
{
    struct visit *visit = stage_visit(&stage, VERB_LIKE, 2, 7);

    (void)state;
    expect_memory_add(&stage, 1, ADDS, CALL_OK, 12345);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void a_count_is_what_the_slot_shows(void **state)
{
    struct visit *visit = stage_visit(&stage, VERB_COUNT, POSTS, 7);

    (void)state;
    expect_memory_read(&stage, POSTS - 1, CALL_OK, 12345);
    expect_answer(&stage, visit, CALL_OK, 12345);
    expect_silence(&stage);
}

static void health_is_answered_before_anything_is_asked(void **state)
{
    struct visit *visit = stage_visit(&stage, VERB_HEALTH, 0, 0);

    (void)state;
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void a_post_that_there_is_not_fails(void **state)
{
    static const uint64_t strange[] = {0, POSTS + 1, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        struct visit *visit = stage_visit(&stage, VERB_LIKE, strange[i], 7);

        expect_answer(&stage, visit, CALL_FAILED, 0);
    }
    expect_silence(&stage);
}

static void a_verb_of_another_service_fails(void **state)
{
    static const enum verb strange[] = {VERB_CALL, VERB_UNLIKE, VERB_MENU, VERB_ORDER, VERB_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        struct visit *visit = stage_visit(&stage, strange[i], 1, 7);

        expect_answer(&stage, visit, CALL_FAILED, 0);
    }
    expect_silence(&stage);
}

static void a_visit_past_its_deadline_counts_nothing(void **state)
{
    struct visit *visit =
        stage_ask(&stage, &(struct ask){.verb = VERB_LIKE, .key = 1, .deadline_ns = stage.now_ns});

    (void)state;
    expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    expect_silence(&stage);
}

static void one_visit_too_many_is_shed_and_room_comes_back(void **state)
{
    struct visit *inside[ROOM], *visit;
    struct line *lines[ROOM];

    (void)state;
    for (int i = 0; i < ROOM; i++) {
        inside[i] = stage_visit(&stage, VERB_LIKE, 1, 7);
        lines[i] = expect_memory_add(&stage, 0, ADDS, CALL_PENDING, 0);
    }
    visit = stage_visit(&stage, VERB_COUNT, 1, 7);
    expect_answer(&stage, visit, CALL_SHED, 0);
    stage_reply(&stage, lines[0], CALL_OK, ADDS);
    expect_answer(&stage, inside[0], CALL_OK, 1);
    visit = stage_visit(&stage, VERB_COUNT, 1, 7);
    expect_memory_read(&stage, 0, CALL_OK, ADDS);
    expect_answer(&stage, visit, CALL_OK, ADDS);
    expect_silence(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(the_memory_is_laid_out_at_the_start),
        TEST(a_like_adds_a_burst_to_its_posts_slot),
        TEST(a_count_is_what_the_slot_shows),
        TEST(health_is_answered_before_anything_is_asked),
        TEST(a_post_that_there_is_not_fails),
        TEST(a_verb_of_another_service_fails),
        TEST(a_visit_past_its_deadline_counts_nothing),
        TEST(one_visit_too_many_is_shed_and_room_comes_back),
    };

    return cmocka_run_group_tests_name("counter", tests, NULL, NULL);
}
