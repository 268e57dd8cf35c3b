/* A visit on its way through the balancer: to a replica, to another, and back. */
#include "tests/lib/test.h"
#include "services/balancer/balancer.h"
#include "tests/lib/stage.h"

static const uint64_t ms = 1000000;
static struct stage stage;
static struct balancer_config config;
static struct balancer *balancer;

/* Replicas 1, 2 … n, which round robin asks in this order. */
static void open_balancer(uint32_t replicas)
{
    balancer = balancer_init(&config, &stage.ports);
    stage_start(&stage, &balancer_service, balancer);
    for (uint32_t target = 1; target <= replicas; target++)
        balancer_join(balancer, target, 1);
}

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct balancer_config){.policy = BALANCE_ROUND_ROBIN,
                                      .backends_max = 4,
                                      .in_flight = 2,
                                      .timeout_ns = 100 * ms,
                                      .attempts = 3,
                                      .bound = 1.25,
                                      .ewma_ns = 10000 * ms};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

/* Who is asked; the answer is CALL_OK. */
static uint32_t expect_peer_anywhere(void)
{
    struct line *line = stage_hear(&stage, LINE_PEER);

    stage_reply(&stage, line, CALL_OK, 0);
    stage_hear(&stage, LINE_ANSWER);
    return line->target;
}

static void an_answer_is_passed_on_as_it_came(void **state)
{
    static const enum call_outcome outcomes[] = {CALL_OK, CALL_ABSENT};

    (void)state;
    open_balancer(2);
    for (uint32_t i = 0; i < 2; i++) {
        struct visit *visit = stage_visit(&stage, VERB_TRACK, 7, 1);

        assert_int_equal(expect_peer(&stage, i + 1, outcomes[i], 55)->ask.key, 7);
        assert_int_equal(expect_answer(&stage, visit, outcomes[i], 55)->value, 55);
    }
    expect_silence(&stage);
}

static void its_own_work_comes_first(void **state)
{
    (void)state;
    config.work_ns = 30000;
    open_balancer(1);
    stage_visit(&stage, VERB_MENU, 7, 1);
    assert_int_equal(expect_cpu(&stage)->delay_ns, 30000);
    expect_peer(&stage, 1, CALL_OK, 0);
}

static void with_nobody_behind_it_a_visit_is_refused(void **state)
{
    (void)state;
    open_balancer(0);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, 7, 1), CALL_REFUSED, 0);
    expect_silence(&stage);
}

static void a_question_is_asked_again_elsewhere_after_any_failure(void **state)
{
    static const enum call_outcome failures[] = {CALL_TIMEOUT, CALL_FAILED, CALL_SHED,
                                                 CALL_REFUSED};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit;

        open_balancer(2);
        visit = stage_visit(&stage, VERB_COUNT, 7, 1);
        assert_int_equal(expect_peer(&stage, 1, failures[i], 0)->ask.attempt, 0);
        assert_int_equal(expect_peer(&stage, 2, CALL_OK, 3)->ask.attempt, 1);
        expect_answer(&stage, visit, CALL_OK, 3);
        expect_silence(&stage);
    }
}

static void an_order_that_may_have_happened_is_not_sent_again(void **state)
{
    static const enum verb verbs[] = {VERB_ORDER, VERB_LIKE, VERB_UNLIKE, VERB_CALL};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        enum call_outcome outcome = i < 4 ? CALL_TIMEOUT : CALL_FAILED;
        struct visit *visit;

        open_balancer(2);
        visit = stage_visit(&stage, verbs[i % 4], 7, 1);
        expect_peer(&stage, 1, outcome, 0);
        expect_answer(&stage, visit, outcome, 0);
        expect_silence(&stage);
    }
}

static void an_order_that_was_turned_away_is_sent_to_another(void **state)
{
    static const enum call_outcome turned_away[] = {CALL_SHED, CALL_REFUSED};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct visit *visit;

        open_balancer(2);
        visit = stage_visit(&stage, VERB_ORDER, 7, 1);
        expect_peer(&stage, 1, turned_away[i], 0);
        expect_peer(&stage, 2, CALL_OK, 9);
        expect_answer(&stage, visit, CALL_OK, 9);
        expect_silence(&stage);
    }
}

static void after_the_last_attempt_its_outcome_is_the_answer(void **state)
{
    struct visit *visit;

    (void)state;
    open_balancer(4);
    visit = stage_visit(&stage, VERB_MENU, 7, 1);
    expect_peer(&stage, 1, CALL_REFUSED, 0);
    expect_peer(&stage, 2, CALL_TIMEOUT, 0);
    expect_peer(&stage, 3, CALL_FAILED, 0);
    expect_answer(&stage, visit, CALL_FAILED, 0);
    expect_silence(&stage);
}

static void no_replica_is_tried_twice(void **state)
{
    (void)state;
    for (int kind = 0; kind < BALANCE_KINDS; kind++) {
        struct visit *visit;
        struct line *first;

        config.policy = (enum balance_kind)kind;
        open_balancer(2);
        visit = stage_visit(&stage, VERB_MENU, 7, 1);
        first = stage_hear(&stage, LINE_PEER);
        stage_reply(&stage, first, CALL_REFUSED, 0);
        expect_peer(&stage, 3 - first->target, CALL_SHED, 0);
        expect_answer(&stage, visit, CALL_SHED, 0);
        expect_silence(&stage);
    }
}

static void who_failed_one_visit_is_asked_by_the_next(void **state)
{
    (void)state;
    open_balancer(2);
    stage_visit(&stage, VERB_MENU, 7, 1);
    expect_peer(&stage, 1, CALL_REFUSED, 0);
    expect_peer(&stage, 2, CALL_OK, 0);
    stage_hear(&stage, LINE_ANSWER);
    stage_visit(&stage, VERB_MENU, 7, 1);
    expect_peer(&stage, 1, CALL_OK, 0);
}

static void the_deadline_is_handed_on_and_shortens_the_wait(void **state)
{
    const struct ask ask = {.verb = VERB_MENU, .deadline_ns = 1030 * ms};
    struct line *line;

    (void)state;
    open_balancer(1);
    stage_ask(&stage, &ask);
    line = expect_peer(&stage, 1, CALL_PENDING, 0);
    assert_int_equal(line->timeout_ns, 30 * ms);
    assert_int_equal(line->ask.deadline_ns, 1030 * ms);
    stage_visit(&stage, VERB_MENU, 7, 1);
    assert_int_equal(expect_peer(&stage, 1, CALL_PENDING, 0)->timeout_ns, 100 * ms);
}

static void past_the_deadline_there_is_no_second_try(void **state)
{
    const struct ask ask = {.verb = VERB_MENU, .deadline_ns = 1030 * ms};
    struct visit *visit;
    struct line *line;

    (void)state;
    open_balancer(2);
    visit = stage_ask(&stage, &ask);
    line = expect_peer(&stage, 1, CALL_PENDING, 0);
    stage.now_ns = 1030 * ms;
    stage_reply(&stage, line, CALL_SHED, 0);
    expect_answer(&stage, visit, CALL_SHED, 0);
    expect_silence(&stage);
}

static void a_deadline_that_passes_while_it_works_is_a_timeout(void **state)
{
    const struct ask ask = {.verb = VERB_MENU, .deadline_ns = 1030 * ms};
    struct visit *visit;
    struct line *line;

    (void)state;
    config.work_ns = 1;
    open_balancer(1);
    visit = stage_ask(&stage, &ask);
    line = stage_hear(&stage, LINE_CPU);
    stage.now_ns = 1030 * ms;
    stage_reply(&stage, line, CALL_OK, 0);
    expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    expect_silence(&stage);
}

static void a_visit_that_may_not_pass_is_turned_away_at_the_door(void **state)
{
    const struct ask late = {.verb = VERB_MENU, .deadline_ns = 1};

    (void)state;
    open_balancer(1);
    expect_answer(&stage, stage_ask(&stage, &late), CALL_TIMEOUT, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_MAX, 0, 0), CALL_FAILED, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_HEALTH, 0, 0), CALL_OK, 0);
    stage_visit(&stage, VERB_MENU, 7, 1);
    stage_visit(&stage, VERB_MENU, 7, 1);
    expect_peer(&stage, 1, CALL_PENDING, 0);
    expect_peer(&stage, 1, CALL_PENDING, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, 7, 1), CALL_SHED, 0);
    expect_silence(&stage);
}

static void who_leaves_gets_nothing_new_and_finishes_what_it_has(void **state)
{
    struct visit *visit;
    struct line *line;

    (void)state;
    open_balancer(1);
    visit = stage_visit(&stage, VERB_MENU, 7, 1);
    line = expect_peer(&stage, 1, CALL_PENDING, 0);
    balancer_leave(balancer, 1);
    balancer_leave(balancer, 1);
    balancer_leave(balancer, 99);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, 7, 1), CALL_REFUSED, 0);
    stage_reply(&stage, line, CALL_OK, 8);
    expect_answer(&stage, visit, CALL_OK, 8);
    expect_silence(&stage);
}

static void who_comes_back_while_it_drains_is_asked_again(void **state)
{
    struct line *line;

    (void)state;
    for (int kind = 0; kind < BALANCE_KINDS; kind++) {
        config.policy = (enum balance_kind)kind;
        open_balancer(1);
        stage_visit(&stage, VERB_MENU, 7, 1);
        line = expect_peer(&stage, 1, CALL_PENDING, 0);
        balancer_leave(balancer, 1);
        balancer_join(balancer, 1, 1);
        stage_visit(&stage, VERB_MENU, 7, 1);
        expect_peer(&stage, 1, CALL_OK, 0);
        stage_hear(&stage, LINE_ANSWER);
        stage_reply(&stage, line, CALL_OK, 0);
        stage_hear(&stage, LINE_ANSWER);
        expect_silence(&stage);
    }
}

static void a_place_is_used_again_when_its_last_request_has_ended(void **state)
{
    (void)state;
    config.backends_max = 1;
    open_balancer(0);
    for (uint32_t target = 1; target < 20; target++) {
        struct visit *visit;
        struct line *line;

        balancer_join(balancer, target, 1);
        visit = stage_visit(&stage, VERB_MENU, 7, 1);
        line = expect_peer(&stage, target, CALL_PENDING, 0);
        balancer_leave(balancer, target);
        stage_reply(&stage, line, CALL_OK, 0);
        expect_answer(&stage, visit, CALL_OK, 0);
    }
}

static void a_weight_is_changed_by_joining_again(void **state)
{
    static const uint32_t targets[] = {1, 1, 2, 1, 1, 1, 2, 1};

    (void)state;
    config.policy = BALANCE_WEIGHTED;
    open_balancer(2);
    balancer_join(balancer, 1, 3);
    for (size_t i = 0; i < 8; i++) {
        stage_visit(&stage, VERB_MENU, 7, 1);
        expect_peer(&stage, targets[i], CALL_OK, 0);
        stage_hear(&stage, LINE_ANSWER);
    }
}

static void joining_twice_gives_no_second_share(void **state)
{
    (void)state;
    config.policy = BALANCE_CONSISTENT_HASH;
    open_balancer(4);
    for (int i = 0; i < 5; i++)
        balancer_join(balancer, 1, 1);
    balancer_leave(balancer, 1);
    for (uint64_t key = 0; key < 100; key++) {
        stage_visit(&stage, VERB_MENU, key, 1);
        assert_in_range(expect_peer_anywhere(), 2, 4);
    }
}

static void it_takes_no_more_memory_than_it_said(void **state)
{
    (void)state;
    config.backends_max = 33;
    config.in_flight = 77;
    for (int kind = 0; kind < BALANCE_KINDS; kind++) {
        size_t before = stage.arena.used;

        config.policy = (enum balance_kind)kind;
        open_balancer(0);
        assert_in_range(stage.arena.used - before, 1, balancer_bytes(&config));
    }
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_answer_is_passed_on_as_it_came),
        test(its_own_work_comes_first),
        test(with_nobody_behind_it_a_visit_is_refused),
        test(a_question_is_asked_again_elsewhere_after_any_failure),
        test(an_order_that_may_have_happened_is_not_sent_again),
        test(an_order_that_was_turned_away_is_sent_to_another),
        test(after_the_last_attempt_its_outcome_is_the_answer),
        test(no_replica_is_tried_twice),
        test(who_failed_one_visit_is_asked_by_the_next),
        test(the_deadline_is_handed_on_and_shortens_the_wait),
        test(past_the_deadline_there_is_no_second_try),
        test(a_deadline_that_passes_while_it_works_is_a_timeout),
        test(a_visit_that_may_not_pass_is_turned_away_at_the_door),
        test(who_leaves_gets_nothing_new_and_finishes_what_it_has),
        test(who_comes_back_while_it_drains_is_asked_again),
        test(a_place_is_used_again_when_its_last_request_has_ended),
        test(a_weight_is_changed_by_joining_again),
        test(joining_twice_gives_no_second_share),
        test(it_takes_no_more_memory_than_it_said),
    };

    return cmocka_run_group_tests_name("balancer_proxy", tests, NULL, NULL);
}
