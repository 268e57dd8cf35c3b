/* How many like it: where the number comes from, who fills it in, and who waits for whom. */
#include "tests/lib/test.h"
#include "services/likes/likes.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { POST = 42, OTHER_POST = 43, USER = 7 };

static struct stage stage;
static uint64_t counter;

static const enum call_outcome trouble[] = {CALL_TIMEOUT, CALL_SHED, CALL_REFUSED, CALL_FAILED};
enum { TROUBLES = sizeof(trouble) / sizeof(trouble[0]) };

static void play(enum likes_service_design design)
{
    const struct likes_config config = {.design = design,
                                        .ack = LIKES_ACK_QUEUE,
                                        .in_flight = 8,
                                        .store_timeout_ns = 5000000,
                                        .table_timeout_ns = 100000000,
                                        .queue_timeout_ns = 50000000};

    stage_start(&stage, &likes_service, likes_init(&config, &stage.ports));
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    counter = store_key(SPACE_COUNT, POST);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static struct visit *visit_for_count(uint64_t post)
{
    struct visit *visit = stage_visit(&stage, VERB_COUNT, post, USER);

    expect_cpu(&stage);
    return visit;
}

/* The store is looked at once more before it is filled. */
static struct line *expect_fill(int64_t value)
{
    expect_store_get(&stage, counter, CALL_ABSENT, 0);
    return expect_store_set(&stage, counter, value, CALL_OK);
}

/* A count that finds nothing in the store. */
static struct visit *visit_with_miss(uint64_t post)
{
    struct visit *visit = visit_for_count(post);

    expect_store_get(&stage, store_key(SPACE_COUNT, post), CALL_ABSENT, 0);
    return visit;
}

static void table_counts_the_rows(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_TABLE);
    visit = visit_for_count(POST);
    expect_table_count(&stage, TABLE_LIKES, POST, CALL_OK, 5);
    expect_answer(&stage, visit, CALL_OK, 5);
    expect_silence(&stage);
}

static void indexed_reads_the_counter_row(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_INDEXED);
    visit = visit_for_count(POST);
    expect_table_row(&stage, TABLE_COUNTERS, POST, CALL_OK, 5);
    expect_answer(&stage, visit, CALL_OK, 5);
    expect_silence(&stage);
}

static void no_counter_row_means_no_likes(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_INDEXED);
    visit = visit_for_count(POST);
    expect_table_row(&stage, TABLE_COUNTERS, POST, CALL_ABSENT, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void the_trouble_of_the_table_is_passed_on_as_it_came(void **state)
{
    (void)state;
    play(LIKES_TABLE);
    for (size_t i = 0; i < TROUBLES; i++) {
        struct visit *visit = visit_for_count(POST);

        expect_table_count(&stage, TABLE_LIKES, POST, trouble[i], 0);
        expect_answer(&stage, visit, trouble[i], 0);
    }
    expect_silence(&stage);
}

static void without_a_store_every_count_reads_for_itself(void **state)
{
    (void)state;
    play(LIKES_TABLE);
    visit_for_count(POST);
    stage_hear(&stage, LINE_TABLE_READ);
    visit_for_count(POST);
    stage_hear(&stage, LINE_TABLE_READ);
    expect_silence(&stage);
}

static void a_number_in_the_store_never_reaches_the_table(void **state)
{
    static const enum likes_service_design designs[] = {LIKES_CACHED, LIKES_QUEUED, LIKES_BATCHED};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct visit *visit;

        play(designs[i]);
        visit = visit_for_count(POST);
        expect_store_get(&stage, counter, CALL_OK, 5);
        expect_answer(&stage, visit, CALL_OK, 5);
    }
    expect_silence(&stage);
}

static void cached_fills_a_missing_number_from_the_rows(void **state)
{
    struct visit *visit;
    struct line *fill;

    (void)state;
    play(LIKES_CACHED);
    visit = visit_with_miss(POST);
    expect_table_count(&stage, TABLE_LIKES, POST, CALL_OK, 5);
    fill = expect_fill(5);
    assert_null(fill->call);
    assert_int_equal(fill->ttl_ns, 0);
    expect_answer(&stage, visit, CALL_OK, 5);
    expect_silence(&stage);
}

static void queued_fills_a_missing_number_from_the_counter_row(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_QUEUED);
    visit = visit_with_miss(POST);
    expect_table_row(&stage, TABLE_COUNTERS, POST, CALL_OK, 5);
    expect_fill(5);
    expect_answer(&stage, visit, CALL_OK, 5);
    expect_silence(&stage);
}

static void a_counter_that_began_while_we_read_is_not_overwritten(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_BATCHED);
    visit = visit_with_miss(POST);
    expect_table_row(&stage, TABLE_COUNTERS, POST, CALL_OK, 5);
    expect_store_get(&stage, counter, CALL_OK, 8); /* Three are not rows yet. */
    expect_answer(&stage, visit, CALL_OK, 8);
    expect_silence(&stage);
}

static void a_store_that_fails_at_the_second_look_is_left_alone(void **state)
{
    (void)state;
    play(LIKES_CACHED);
    for (size_t i = 0; i < TROUBLES; i++) {
        struct visit *visit = visit_with_miss(POST);

        expect_table_count(&stage, TABLE_LIKES, POST, CALL_OK, 5);
        expect_store_get(&stage, counter, trouble[i], 0);
        expect_answer(&stage, visit, CALL_OK, 5);
    }
    expect_silence(&stage);
}

static void a_post_without_a_row_is_left_for_its_first_like_to_begin(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_BATCHED);
    visit = visit_with_miss(POST);
    expect_table_row(&stage, TABLE_COUNTERS, POST, CALL_ABSENT, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void a_slow_store_counts_as_a_miss_and_is_not_overwritten(void **state)
{
    (void)state;
    play(LIKES_CACHED);
    for (size_t i = 0; i < TROUBLES; i++) {
        struct visit *visit = visit_for_count(POST);

        expect_store_get(&stage, counter, trouble[i], 0);
        expect_table_count(&stage, TABLE_LIKES, POST, CALL_OK, 5);
        expect_answer(&stage, visit, CALL_OK, 5);
    }
    expect_silence(&stage);
}

static void one_count_reads_the_table_and_the_others_follow_it(void **state)
{
    struct visit *leader, *second, *third;
    struct line *read;

    (void)state;
    play(LIKES_CACHED);
    leader = visit_with_miss(POST);
    read = stage_hear(&stage, LINE_TABLE_READ);
    second = visit_with_miss(POST);
    third = visit_with_miss(POST);
    expect_silence(&stage); /* They ask nothing. */
    stage_reply(&stage, read, CALL_OK, 5);
    expect_fill(5);
    expect_answer(&stage, second, CALL_OK, 5);
    expect_answer(&stage, third, CALL_OK, 5);
    expect_answer(&stage, leader, CALL_OK, 5);
    expect_silence(&stage);
}

static void followers_share_their_leaders_failure(void **state)
{
    struct visit *leader, *follower;
    struct line *read;

    (void)state;
    play(LIKES_CACHED);
    leader = visit_with_miss(POST);
    read = stage_hear(&stage, LINE_TABLE_READ);
    follower = visit_with_miss(POST);
    stage_reply(&stage, read, CALL_TIMEOUT, 0);
    expect_answer(&stage, follower, CALL_TIMEOUT, 0);
    expect_answer(&stage, leader, CALL_TIMEOUT, 0);
    expect_silence(&stage);
}

static void the_next_miss_after_an_answer_leads_again(void **state)
{
    (void)state;
    play(LIKES_CACHED);
    visit_with_miss(POST);
    expect_table_count(&stage, TABLE_LIKES, POST, CALL_REFUSED, 0);
    stage_hear(&stage, LINE_ANSWER);
    visit_with_miss(POST);
    expect_table_count(&stage, TABLE_LIKES, POST, CALL_OK, 5);
    expect_fill(5);
    stage_hear(&stage, LINE_ANSWER);
    expect_silence(&stage);
}

static void counts_of_different_posts_do_not_wait_for_each_other(void **state)
{
    (void)state;
    play(LIKES_CACHED);
    visit_with_miss(POST);
    stage_hear(&stage, LINE_TABLE_READ);
    visit_with_miss(OTHER_POST);
    stage_hear(&stage, LINE_TABLE_READ);
    expect_silence(&stage);
}

static void followers_hold_their_places_until_they_are_answered(void **state)
{
    struct line *read;
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit_with_miss(POST);
    read = stage_hear(&stage, LINE_TABLE_READ);
    for (int i = 1; i < 8; i++)
        visit_with_miss(POST);
    visit = stage_visit(&stage, VERB_COUNT, POST, USER);
    expect_answer(&stage, visit, CALL_SHED, 0);
    stage_reply(&stage, read, CALL_OK, 5);
    expect_fill(5);
    for (int i = 0; i < 8; i++)
        stage_hear(&stage, LINE_ANSWER);
    visit_for_count(POST);
    stage_hear(&stage, LINE_STORE_GET);
    expect_silence(&stage);
}

#define scene(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene(table_counts_the_rows),
        scene(indexed_reads_the_counter_row),
        scene(no_counter_row_means_no_likes),
        scene(the_trouble_of_the_table_is_passed_on_as_it_came),
        scene(without_a_store_every_count_reads_for_itself),
        scene(a_number_in_the_store_never_reaches_the_table),
        scene(cached_fills_a_missing_number_from_the_rows),
        scene(queued_fills_a_missing_number_from_the_counter_row),
        scene(a_counter_that_began_while_we_read_is_not_overwritten),
        scene(a_store_that_fails_at_the_second_look_is_left_alone),
        scene(a_post_without_a_row_is_left_for_its_first_like_to_begin),
        scene(a_slow_store_counts_as_a_miss_and_is_not_overwritten),
        scene(one_count_reads_the_table_and_the_others_follow_it),
        scene(followers_share_their_leaders_failure),
        scene(the_next_miss_after_an_answer_leads_again),
        scene(counts_of_different_posts_do_not_wait_for_each_other),
        scene(followers_hold_their_places_until_they_are_answered),
    };
    return cmocka_run_group_tests_name("likes_count", tests, NULL, NULL);
}
