/* A custom service: its steps one after another, and what ends them early. */
#include "tests/lib/test.h"
#include "services/custom/custom.h"
#include "services/port/schema.h"
#include "services/port/tokens.h"
#include "tests/lib/stage.h"

static const uint64_t ms = 1000000;
static struct stage stage;
static struct custom_config config;

static void add(struct custom_step step)
{
    step.timeout_ns = 10 * ms;
    step.time = (struct dist){.kind = DIST_CONSTANT, .mean = 3e6};
    dist_init(&step.time);
    config.steps[config.steps_max++] = step;
}

static void open_custom(void)
{
    stage_start(&stage, &custom_service, custom_init(&config, &stage.ports));
}

/* The same visit each time: key 7, amount 500, 64 bytes. */
static struct visit *visit_custom(void)
{
    const struct ask ask = {.verb = VERB_CALL, .key = 7, .id = 9, .amount = 500, .bytes = 64};

    return stage_ask(&stage, &ask);
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct custom_config){.in_flight = 2};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void steps_run_one_after_another_and_the_last_value_is_the_answer(void **state)
{
    struct visit *visit;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    add((struct custom_step){.kind = CUSTOM_STORE_GET});
    open_custom();
    visit = visit_custom();
    assert_int_equal(expect_cpu(&stage)->delay_ns, 3 * ms);
    expect_store_get(&stage, store_key(SPACE_CUSTOM, 7), CALL_OK, 41);
    expect_answer(&stage, visit, CALL_OK, 41);
    expect_silence(&stage);
}

static void who_gives_way_to_somebody_more_urgent_goes_no_further(void **state)
{
    const struct ask ask = {.verb = VERB_CALL, .key = 7, .priority = 5};
    struct visit *visit;
    struct line *work;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    add((struct custom_step){.kind = CUSTOM_STORE_GET});
    open_custom();
    visit = stage_ask(&stage, &ask);
    work = stage_hear(&stage, LINE_CPU);
    assert_int_equal(work->call->priority, 5);
    stage_reply(&stage, work, CALL_SHED, 0);
    expect_answer(&stage, visit, CALL_SHED, 0);
    expect_silence(&stage);
}

static void a_sleep_holds_no_core(void **state)
{
    struct visit *visit;
    uint64_t delay_ns = 0;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_SLEEP});
    open_custom();
    visit = visit_custom();
    expect_sleep(&stage, &delay_ns);
    assert_int_equal(delay_ns, 3 * ms);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void native_work_and_a_blocking_wait_are_asked_of_the_processor(void **state)
{
    struct visit *visit;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_NATIVE});
    add((struct custom_step){.kind = CUSTOM_BLOCK});
    open_custom();
    visit = visit_custom();
    assert_int_equal(expect_native(&stage)->delay_ns, 3 * ms);
    assert_int_equal(expect_block(&stage)->delay_ns, 3 * ms);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void store_steps_are_about_the_key_and_the_amount(void **state)
{
    struct visit *visit;
    struct line *set;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_STORE_SET, .ttl_ns = 5 * ms});
    add((struct custom_step){.kind = CUSTOM_STORE_ADD});
    open_custom();
    visit = visit_custom();
    set = expect_store_set(&stage, store_key(SPACE_CUSTOM, 7), 500, CALL_OK);
    assert_int_equal(set->ttl_ns, 5 * ms);
    assert_int_equal(set->bytes, 64);
    expect_store_add(&stage, store_key(SPACE_CUSTOM, 7), 1, CALL_OK, 501);
    expect_answer(&stage, visit, CALL_OK, 501);
}

static void table_steps_are_about_one_row(void **state)
{
    struct visit *visit;
    struct line *write;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_TABLE_READ});
    add((struct custom_step){.kind = CUSTOM_TABLE_WRITE});
    open_custom();
    visit = visit_custom();
    expect_table_row(&stage, TABLE_CUSTOM, 7, CALL_OK, 3);
    write = expect_table_write(&stage, 1, CALL_OK, 0);
    assert_int_equal(write->ops[0].verb, TABLE_SET);
    assert_int_equal(write->ops[0].a, 7);
    assert_int_equal(write->ops[0].value, 500);
    expect_answer(&stage, visit, CALL_OK, 0);
}

static void put_and_ask_hand_on_the_ask_as_it_came(void **state)
{
    struct visit *visit;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_PUT});
    add((struct custom_step){.kind = CUSTOM_ASK, .target = 3});
    open_custom();
    visit = visit_custom();
    assert_int_equal(expect_put(&stage, TOPIC_CUSTOM, CALL_OK)->ask.id, 9);
    assert_int_equal(expect_peer(&stage, 3, CALL_OK, 77)->ask.id, 9);
    expect_answer(&stage, visit, CALL_OK, 77);
}

static void what_is_absent_is_no_failure(void **state)
{
    struct visit *visit;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_STORE_GET});
    add((struct custom_step){.kind = CUSTOM_TABLE_READ});
    add((struct custom_step){.kind = CUSTOM_STORE_ADD});
    open_custom();
    visit = visit_custom();
    expect_store_get(&stage, store_key(SPACE_CUSTOM, 7), CALL_ABSENT, 0);
    expect_table_row(&stage, TABLE_CUSTOM, 7, CALL_ABSENT, 0);
    expect_store_add(&stage, store_key(SPACE_CUSTOM, 7), 1, CALL_ABSENT, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
}

static void a_step_that_fails_is_the_answer_and_the_rest_is_not_run(void **state)
{
    static const enum call_outcome failures[] = {CALL_TIMEOUT, CALL_SHED, CALL_REFUSED,
                                                 CALL_FAILED};

    (void)state;
    add((struct custom_step){.kind = CUSTOM_ASK, .target = 3});
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    open_custom();
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit = visit_custom();

        expect_peer(&stage, 3, failures[i], 0);
        expect_answer(&stage, visit, failures[i], 0);
        expect_silence(&stage);
    }
}

/* Compute, then a read, a question and a pause at once, then compute. */
static void open_fan_out(void)
{
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    add((struct custom_step){.kind = CUSTOM_STORE_GET});
    add((struct custom_step){.kind = CUSTOM_ASK, .target = 3, .is_concurrent = true});
    add((struct custom_step){.kind = CUSTOM_SLEEP, .is_concurrent = true});
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    open_custom();
}

static void concurrent_steps_are_asked_at_once_and_all_are_awaited(void **state)
{
    struct visit *visit;
    struct line *get, *peer, *pause;

    (void)state;
    open_fan_out();
    visit = visit_custom();
    expect_cpu(&stage);
    get = stage_hear(&stage, LINE_STORE_GET);
    peer = stage_hear(&stage, LINE_PEER);
    pause = stage_hear(&stage, LINE_SLEEP);
    expect_silence(&stage);
    stage_reply(&stage, pause, CALL_OK, 0);
    stage_reply(&stage, get, CALL_OK, 41);
    expect_silence(&stage);
    stage_reply(&stage, peer, CALL_OK, 77);
    expect_cpu(&stage);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_silence(&stage);
}

static void of_concurrent_steps_the_first_failure_is_told_when_all_are_back(void **state)
{
    struct visit *visit;
    struct line *get, *peer, *pause;

    (void)state;
    open_fan_out();
    for (unsigned i = 0; i < 3; i++) { /* Their places are used again, too: there are two. */
        visit = visit_custom();
        expect_cpu(&stage);
        get = stage_hear(&stage, LINE_STORE_GET);
        peer = stage_hear(&stage, LINE_PEER);
        pause = stage_hear(&stage, LINE_SLEEP);
        stage_reply(&stage, peer, CALL_TIMEOUT, 0);
        stage_reply(&stage, get, CALL_FAILED, 0);
        expect_silence(&stage);
        stage_reply(&stage, pause, CALL_OK, 0);
        expect_answer(&stage, visit, CALL_TIMEOUT, 0);
        expect_silence(&stage);
    }
}

/* Who hears that it did not happen asks another replica. */
static void after_a_deed_nothing_is_called_undone(void **state)
{
    static const struct {
        enum call_outcome put, next, told;
    } rows[] = {
        {CALL_OK, CALL_REFUSED, CALL_FAILED},    {CALL_OK, CALL_SHED, CALL_FAILED},
        {CALL_OK, CALL_TIMEOUT, CALL_TIMEOUT},   {CALL_SHED, CALL_IDLE, CALL_SHED},
        {CALL_REFUSED, CALL_IDLE, CALL_REFUSED}, {CALL_OK, CALL_DENIED, CALL_FAILED},
    };

    (void)state;
    add((struct custom_step){.kind = CUSTOM_PUT});
    add((struct custom_step){.kind = CUSTOM_TABLE_READ});
    open_custom();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct visit *visit = visit_custom();

        expect_put(&stage, TOPIC_CUSTOM, rows[i].put);
        if (rows[i].next != CALL_IDLE)
            expect_table_row(&stage, TABLE_CUSTOM, 7, rows[i].next, 0);
        expect_answer(&stage, visit, rows[i].told, 0);
        expect_silence(&stage);
    }
}

static void a_deed_beside_what_was_refused_counts_as_well(void **state)
{
    struct visit *visit;
    struct line *add_one, *put;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_STORE_ADD});
    add((struct custom_step){.kind = CUSTOM_PUT, .is_concurrent = true});
    open_custom();
    visit = visit_custom();
    add_one = stage_hear(&stage, LINE_STORE_ADD);
    put = stage_hear(&stage, LINE_PUT);
    stage_reply(&stage, put, CALL_REFUSED, 0);
    stage_reply(&stage, add_one, CALL_OK, 1);
    assert_int_equal(expect_answer(&stage, visit, CALL_FAILED, 0)->value, 0);
}

/* The value of a denial is the flaw that the token has. */
static void a_denial_is_told_with_its_own_flaw_whoever_ends_last(void **state)
{
    struct visit *visit;
    struct line *get, *peer, *pause;

    (void)state;
    open_fan_out();
    visit = visit_custom();
    expect_cpu(&stage);
    get = stage_hear(&stage, LINE_STORE_GET);
    peer = stage_hear(&stage, LINE_PEER);
    pause = stage_hear(&stage, LINE_SLEEP);
    stage_reply(&stage, peer, CALL_DENIED, TOKEN_EXPIRED);
    stage_reply(&stage, pause, CALL_OK, 0);
    stage_reply(&stage, get, CALL_OK, 41);
    assert_int_equal(expect_answer(&stage, visit, CALL_DENIED, 0)->value, TOKEN_EXPIRED);
    expect_silence(&stage);
}

static void without_steps_it_answers_at_once(void **state)
{
    (void)state;
    open_custom();
    expect_answer(&stage, visit_custom(), CALL_OK, 0);
    expect_silence(&stage);
}

static void one_visit_too_many_is_shed_and_a_place_is_used_again(void **state)
{
    struct visit *first;

    (void)state;
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    open_custom();
    first = visit_custom();
    visit_custom();
    stage_hear(&stage, LINE_CPU);
    stage_hear(&stage, LINE_CPU);
    expect_answer(&stage, visit_custom(), CALL_SHED, 0);
    stage_reply(&stage, &stage.lines[0], CALL_OK, 0);
    expect_answer(&stage, first, CALL_OK, 0);
    visit_custom();
    expect_cpu(&stage);
}

static void a_visit_past_its_deadline_gets_no_work(void **state)
{
    const struct ask late = {.verb = VERB_CALL, .deadline_ns = 1};

    (void)state;
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    open_custom();
    expect_answer(&stage, stage_ask(&stage, &late), CALL_TIMEOUT, 0);
    expect_silence(&stage);
}

static void health_is_answered_without_the_steps_and_a_strange_verb_fails(void **state)
{
    (void)state;
    add((struct custom_step){.kind = CUSTOM_COMPUTE});
    open_custom();
    expect_answer(&stage, stage_visit(&stage, VERB_HEALTH, 0, 0), CALL_OK, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_MAX, 0, 0), CALL_FAILED, 0);
    expect_silence(&stage);
}

static void it_takes_no_more_memory_than_it_said(void **state)
{
    (void)state;
    open_fan_out();
    assert_in_range(stage.arena.used, 1, custom_bytes(&config));
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(steps_run_one_after_another_and_the_last_value_is_the_answer),
        test(who_gives_way_to_somebody_more_urgent_goes_no_further),
        test(a_sleep_holds_no_core),
        test(native_work_and_a_blocking_wait_are_asked_of_the_processor),
        test(store_steps_are_about_the_key_and_the_amount),
        test(table_steps_are_about_one_row),
        test(put_and_ask_hand_on_the_ask_as_it_came),
        test(what_is_absent_is_no_failure),
        test(a_step_that_fails_is_the_answer_and_the_rest_is_not_run),
        test(concurrent_steps_are_asked_at_once_and_all_are_awaited),
        test(of_concurrent_steps_the_first_failure_is_told_when_all_are_back),
        test(after_a_deed_nothing_is_called_undone),
        test(a_deed_beside_what_was_refused_counts_as_well),
        test(a_denial_is_told_with_its_own_flaw_whoever_ends_last),
        test(without_steps_it_answers_at_once),
        test(one_visit_too_many_is_shed_and_a_place_is_used_again),
        test(a_visit_past_its_deadline_gets_no_work),
        test(health_is_answered_without_the_steps_and_a_strange_verb_fails),
        test(it_takes_no_more_memory_than_it_said),
    };

    return cmocka_run_group_tests_name("custom", tests, NULL, NULL);
}
