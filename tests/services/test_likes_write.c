/* Likes by one SQL transaction: what is written, what the store is told, what the client hears. */
#include "tests/lib/test.h"
#include "services/likes/likes.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { POST = 42, USER = 7 };

static struct stage stage;
static uint64_t counter;

static void play(enum likes_service_design design)
{
    const struct likes_config config = {.design = design,
                                        .ack = LIKES_ACK_TABLE,
                                        .in_flight = 8,
                                        .store_timeout_ns = 5000000,
                                        .table_timeout_ns = 100000000};

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

static struct visit *visit_to_table(enum verb verb)
{
    struct visit *visit = stage_visit(&stage, verb, POST, USER);

    expect_cpu(&stage);
    return visit;
}

/* The client's second try of a like. */
static struct visit *repeat_to_table(void)
{
    const struct ask ask = {.verb = VERB_LIKE, .key = POST, .user = USER, .attempt = 1};
    struct visit *visit = stage_ask(&stage, &ask);

    expect_cpu(&stage);
    return visit;
}

static void assert_op(const struct table_op *op, enum table_verb verb, uint8_t table, uint64_t b)
{
    assert_int_equal(op->verb, verb);
    assert_int_equal(op->table, table);
    assert_int_equal(op->a, POST);
    assert_int_equal(op->b, b);
}

/* The counter lives for one more timeout of the table; nobody waits to hear of it. */
static void expect_doubt(void)
{
    struct line *line = expect_store_expire(&stage, counter, 100000000, CALL_OK);

    assert_null(line->call);
}

static void a_like_is_one_row_with_its_time(void **state)
{
    struct visit *visit;
    struct line *line;

    (void)state;
    play(LIKES_TABLE);
    visit = visit_to_table(VERB_LIKE);
    line = expect_table_write(&stage, 1, CALL_OK, 1);
    assert_op(&line->ops[0], TABLE_INSERT, TABLE_LIKES, USER);
    assert_int_equal(line->ops[0].value, stage.now_ns);
    assert_int_equal(line->timeout_ns, 100000000);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void a_like_that_is_there_already_is_answered_0(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_TABLE);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_OK, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void an_unlike_deletes_the_row(void **state)
{
    struct visit *visit;
    struct line *line;

    (void)state;
    play(LIKES_TABLE);
    visit = visit_to_table(VERB_UNLIKE);
    line = expect_table_write(&stage, 1, CALL_OK, 1);
    assert_op(&line->ops[0], TABLE_DELETE, TABLE_LIKES, USER);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void the_trouble_of_the_table_is_passed_on_as_it_came(void **state)
{
    static const enum call_outcome trouble[] = {CALL_TIMEOUT, CALL_SHED, CALL_REFUSED, CALL_FAILED};

    (void)state;
    play(LIKES_INDEXED);
    for (size_t i = 0; i < sizeof(trouble) / sizeof(trouble[0]); i++) {
        struct visit *visit = visit_to_table(VERB_LIKE);

        expect_table_write(&stage, 2, trouble[i], 0);
        expect_answer(&stage, visit, trouble[i], 0);
    }
    expect_silence(&stage);
}

static void indexed_keeps_the_counter_row_in_the_same_transaction(void **state)
{
    struct visit *visit;
    struct line *line;

    (void)state;
    play(LIKES_INDEXED);
    visit = visit_to_table(VERB_LIKE);
    line = expect_table_write(&stage, 2, CALL_OK, 1);
    assert_op(&line->ops[0], TABLE_INSERT, TABLE_LIKES, USER);
    assert_op(&line->ops[1], TABLE_TALLY, TABLE_COUNTERS, 0);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void cached_moves_the_counter_when_a_row_changed(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_OK, 1);
    expect_store_add(&stage, counter, 1, CALL_OK, 9);
    expect_answer(&stage, visit, CALL_OK, 1);
    visit = visit_to_table(VERB_UNLIKE);
    expect_table_write(&stage, 1, CALL_OK, 1);
    expect_store_add(&stage, counter, -1, CALL_OK, 8);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void cached_leaves_the_counter_alone_when_no_row_changed(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_OK, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void a_counter_that_is_not_in_the_store_stays_absent(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_OK, 1);
    expect_store_add(&stage, counter, 1, CALL_ABSENT, 0);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

static void
a_committed_like_succeeds_though_its_counter_fails_and_the_counter_is_doubted(void **state)
{
    static const enum call_outcome trouble[] = {CALL_TIMEOUT, CALL_SHED, CALL_REFUSED, CALL_FAILED};

    (void)state;
    play(LIKES_CACHED);
    for (size_t i = 0; i < sizeof(trouble) / sizeof(trouble[0]); i++) {
        struct visit *visit = visit_to_table(VERB_LIKE);

        expect_table_write(&stage, 1, CALL_OK, 1);
        expect_store_add(&stage, counter, 1, trouble[i], 0);
        expect_doubt();
        expect_answer(&stage, visit, CALL_OK, 1);
    }
    expect_silence(&stage);
}

static void a_transaction_without_an_answer_leaves_the_counter_in_doubt(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_TIMEOUT, 0);
    expect_doubt();
    expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_FAILED, 0);
    expect_doubt();
    expect_answer(&stage, visit, CALL_FAILED, 0);
    expect_silence(&stage);
}

static void a_transaction_that_never_was_leaves_the_counter_alone(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_REFUSED, 0);
    expect_answer(&stage, visit, CALL_REFUSED, 0);
    visit = visit_to_table(VERB_LIKE);
    expect_table_write(&stage, 1, CALL_SHED, 0);
    expect_answer(&stage, visit, CALL_SHED, 0);
    expect_silence(&stage);
}

static void a_second_try_that_finds_its_row_doubts_the_counter_that_may_not_have_moved(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit = repeat_to_table();
    expect_table_write(&stage, 1, CALL_OK, 0);
    expect_doubt();
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void a_second_try_that_is_the_first_to_arrive_is_an_ordinary_like(void **state)
{
    struct visit *visit;

    (void)state;
    play(LIKES_CACHED);
    visit = repeat_to_table();
    expect_table_write(&stage, 1, CALL_OK, 1);
    expect_store_add(&stage, counter, 1, CALL_OK, 1);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

#define scene(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene(a_like_is_one_row_with_its_time),
        scene(a_like_that_is_there_already_is_answered_0),
        scene(an_unlike_deletes_the_row),
        scene(the_trouble_of_the_table_is_passed_on_as_it_came),
        scene(indexed_keeps_the_counter_row_in_the_same_transaction),
        scene(cached_moves_the_counter_when_a_row_changed),
        scene(cached_leaves_the_counter_alone_when_no_row_changed),
        scene(a_counter_that_is_not_in_the_store_stays_absent),
        scene(a_committed_like_succeeds_though_its_counter_fails_and_the_counter_is_doubted),
        scene(a_transaction_without_an_answer_leaves_the_counter_in_doubt),
        scene(a_transaction_that_never_was_leaves_the_counter_alone),
        scene(a_second_try_that_finds_its_row_doubts_the_counter_that_may_not_have_moved),
        scene(a_second_try_that_is_the_first_to_arrive_is_an_ordinary_like),
    };
    return cmocka_run_group_tests_name("likes_write", tests, NULL, NULL);
}
