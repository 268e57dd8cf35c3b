/* A question that is not answered soon goes to a second replica: every edge of the drawing. */
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
                                      .backends_max = 8,
                                      .in_flight = 16,
                                      .timeout_ns = 100 * ms,
                                      .attempts = 1,
                                      .bound = 1.25,
                                      .ewma_ns = 10000 * ms,
                                      .hedge_after_ns = 10 * ms,
                                      .hedge_share = 1};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

/* A question on its way: its first try is open, its alarm is set. */
struct question {
    struct visit *visit;
    struct line *first, *alarm, *hedge;
};

static struct question ask_first(uint32_t target)
{
    struct question question = {.visit = stage_visit(&stage, VERB_MENU, 7, 1)};

    question.first = expect_peer(&stage, target, CALL_PENDING, 0);
    question.alarm = stage_hear(&stage, LINE_SLEEP);
    assert_int_equal(question.alarm->delay_ns, config.hedge_after_ns);
    return question;
}

/* The alarm rings, and the second replica is asked. */
static struct question ask_both(uint32_t target, uint32_t other)
{
    struct question question = ask_first(target);

    stage_reply(&stage, question.alarm, CALL_OK, 0);
    question.hedge = expect_peer(&stage, other, CALL_PENDING, 0);
    return question;
}

/* By the fewest connections two idle replicas get one each of two requests, again and again. */
static void expect_nothing_in_flight(void)
{
    for (int round = 0; round < 16; round++) {
        struct line *lines[2];

        for (size_t i = 0; i < 2; i++) {
            stage_visit(&stage, VERB_ORDER, 7, 1);
            lines[i] = stage_hear(&stage, LINE_PEER);
        }
        assert_int_not_equal(lines[0]->target, lines[1]->target);
        for (size_t i = 0; i < 2; i++) {
            stage_reply(&stage, lines[i], CALL_OK, 0);
            stage_hear(&stage, LINE_ANSWER);
        }
    }
    expect_silence(&stage);
}

static void an_answer_in_time_needs_no_second_question(void **state)
{
    struct question question;

    (void)state;
    open_balancer(2);
    question = ask_first(1);
    stage_reply(&stage, question.first, CALL_OK, 5);
    expect_answer(&stage, question.visit, CALL_OK, 5);
    stage_reply(&stage, question.alarm, CALL_OK, 0);
    expect_silence(&stage);
}

static void the_hedge_answers_first_and_the_loser_is_dropped(void **state)
{
    struct question question;

    (void)state;
    config.policy = BALANCE_LEAST_CONNECTIONS;
    open_balancer(1);
    question = ask_first(1);
    balancer_join(balancer, 2, 1);
    stage_reply(&stage, question.alarm, CALL_OK, 0);
    question.hedge = expect_peer(&stage, 2, CALL_PENDING, 0);
    assert_int_equal(question.hedge->ask.attempt, 1);
    stage_reply(&stage, question.hedge, CALL_OK, 6);
    expect_answer(&stage, question.visit, CALL_OK, 6);
    for (int i = 0; i < 2; i++) { /* The first still has it: the other one is less busy. */
        stage_visit(&stage, VERB_ORDER, 7, 1);
        expect_peer(&stage, 2, CALL_OK, 0);
        stage_hear(&stage, LINE_ANSWER);
    }
    stage_reply(&stage, question.first, CALL_OK, 5);
    expect_silence(&stage);
    expect_nothing_in_flight();
}

static void the_first_answers_first_and_the_hedge_is_dropped(void **state)
{
    struct question question;

    (void)state;
    config.policy = BALANCE_LEAST_CONNECTIONS;
    open_balancer(1);
    question = ask_first(1);
    balancer_join(balancer, 2, 1);
    stage_reply(&stage, question.alarm, CALL_OK, 0);
    question.hedge = expect_peer(&stage, 2, CALL_PENDING, 0);
    stage_reply(&stage, question.first, CALL_ABSENT, 0);
    expect_answer(&stage, question.visit, CALL_ABSENT, 0);
    stage_reply(&stage, question.hedge, CALL_OK, 6);
    expect_silence(&stage);
    expect_nothing_in_flight();
}

static void a_failure_is_no_answer_while_the_other_is_out(void **state)
{
    static const enum call_outcome failures[] = {CALL_TIMEOUT, CALL_FAILED, CALL_SHED,
                                                 CALL_REFUSED};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct question question;
        bool is_first = i < 4;

        open_balancer(2);
        question = ask_both(1, 2);
        stage_reply(&stage, is_first ? question.first : question.hedge, failures[i % 4], 0);
        expect_silence(&stage);
        stage_reply(&stage, is_first ? question.hedge : question.first, CALL_OK, 9);
        expect_answer(&stage, question.visit, CALL_OK, 9);
        expect_silence(&stage);
    }
}

static void when_both_fail_the_first_ones_outcome_is_the_answer(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct question question;

        open_balancer(2);
        question = ask_both(1, 2);
        stage_reply(&stage, i == 0 ? question.first : question.hedge,
                    i == 0 ? CALL_TIMEOUT : CALL_SHED, 0);
        stage_reply(&stage, i == 0 ? question.hedge : question.first,
                    i == 0 ? CALL_SHED : CALL_TIMEOUT, 0);
        expect_answer(&stage, question.visit, CALL_TIMEOUT, 0);
        expect_silence(&stage);
    }
}

static void when_both_fail_the_next_try_goes_to_a_third(void **state)
{
    struct question question;

    (void)state;
    config.attempts = 2;
    open_balancer(3);
    question = ask_both(1, 2);
    stage_reply(&stage, question.first, CALL_FAILED, 0);
    stage_reply(&stage, question.hedge, CALL_FAILED, 0);
    assert_int_equal(expect_peer(&stage, 3, CALL_OK, 4)->ask.attempt, 2);
    expect_answer(&stage, question.visit, CALL_OK, 4);
    expect_silence(&stage);
}

static void a_first_try_that_fails_early_is_repeated_and_not_hedged(void **state)
{
    struct question question;
    struct line *second;

    (void)state;
    config.attempts = 2;
    open_balancer(3);
    question = ask_first(1);
    stage_reply(&stage, question.first, CALL_REFUSED, 0);
    second = expect_peer(&stage, 2, CALL_PENDING, 0);
    stage_reply(&stage, question.alarm, CALL_OK, 0);
    expect_silence(&stage);
    stage_reply(&stage, second, CALL_OK, 3);
    expect_answer(&stage, question.visit, CALL_OK, 3);
    expect_silence(&stage);
}

static void with_nobody_else_to_ask_it_waits_for_the_first(void **state)
{
    struct question question;

    (void)state;
    open_balancer(1);
    question = ask_first(1);
    stage_reply(&stage, question.alarm, CALL_OK, 0);
    expect_silence(&stage);
    stage_reply(&stage, question.first, CALL_OK, 5);
    expect_answer(&stage, question.visit, CALL_OK, 5);
    expect_silence(&stage);
}

static void what_changes_something_is_never_hedged(void **state)
{
    static const enum verb verbs[] = {VERB_ORDER, VERB_LIKE, VERB_UNLIKE, VERB_CALL};

    (void)state;
    open_balancer(2);
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit = stage_visit(&stage, verbs[i], 7, 1);
        struct line *line = stage_hear(&stage, LINE_PEER);

        expect_silence(&stage);
        stage_reply(&stage, line, CALL_OK, 0);
        expect_answer(&stage, visit, CALL_OK, 0);
    }
}

static void a_hedge_waits_no_longer_than_to_the_deadline(void **state)
{
    const struct ask ask = {.verb = VERB_COUNT, .deadline_ns = 1030 * ms};
    struct line *alarm;

    (void)state;
    open_balancer(2);
    stage_ask(&stage, &ask);
    expect_peer(&stage, 1, CALL_PENDING, 0);
    alarm = stage_hear(&stage, LINE_SLEEP);
    stage_reply(&stage, alarm, CALL_OK, 0);
    assert_int_equal(expect_peer(&stage, 2, CALL_PENDING, 0)->timeout_ns, 20 * ms);
}

static void past_the_deadline_no_hedge_goes(void **state)
{
    const struct ask ask = {.verb = VERB_TRACK, .deadline_ns = 1005 * ms};
    struct line *alarm;

    (void)state;
    open_balancer(2);
    stage_ask(&stage, &ask);
    expect_peer(&stage, 1, CALL_PENDING, 0);
    alarm = stage_hear(&stage, LINE_SLEEP);
    stage_reply(&stage, alarm, CALL_OK, 0);
    expect_silence(&stage);
}

/* How many of so many slow questions were asked twice. */
static uint32_t count_hedges(uint32_t questions)
{
    uint32_t hedges = 0;

    for (uint32_t i = 0; i < questions; i++) {
        struct visit *visit = stage_visit(&stage, VERB_MENU, 7, 1);
        struct line *first = stage_hear(&stage, LINE_PEER);
        struct line *alarm = stage_hear(&stage, LINE_SLEEP);
        uint64_t said = stage.said;

        stage_reply(&stage, alarm, CALL_OK, 0);
        if (stage.said > said) {
            stage_reply(&stage, stage_hear(&stage, LINE_PEER), CALL_TIMEOUT, 0);
            hedges++;
        }
        stage_reply(&stage, first, CALL_OK, 0);
        expect_answer(&stage, visit, CALL_OK, 0);
    }
    return hedges;
}

static void the_budget_bounds_hedges_however_slow_all_are(void **state)
{
    (void)state;
    config.hedge_share = 0.0625; /* A sixteenth, so that sums are exact. */
    open_balancer(2);
    assert_int_equal(count_hedges(1600), 100);
}

static void a_calm_time_saves_up_ten_hedges_and_no_more(void **state)
{
    (void)state;
    config.hedge_share = 0.0625;
    open_balancer(2);
    for (int i = 0; i < 1000; i++) {
        struct question question = ask_first(i % 2 == 0 ? 1 : 2);

        stage_reply(&stage, question.first, CALL_OK, 0);
        expect_answer(&stage, question.visit, CALL_OK, 0);
        stage_reply(&stage, question.alarm, CALL_OK, 0);
    }
    assert_int_equal(count_hedges(10), 10);
    assert_int_equal(count_hedges(5), 0);
}

static void a_share_of_nothing_is_no_hedge_at_all(void **state)
{
    (void)state;
    config.hedge_share = 0;
    open_balancer(2);
    assert_int_equal(count_hedges(50), 0);
}

/* The loser's record is kept until it ends: then the place in the pool is free again. */
static void whoever_is_still_out_keeps_its_place_until_it_ends(void **state)
{
    (void)state;
    config.in_flight = 1;
    open_balancer(2);
    for (int i = 0; i < 20; i++) {
        struct question question = ask_both(1, 2);

        stage_reply(&stage, question.hedge, CALL_OK, 0);
        expect_answer(&stage, question.visit, CALL_OK, 0);
        expect_answer(&stage, stage_visit(&stage, VERB_MENU, 7, 1), CALL_SHED, 0);
        stage_reply(&stage, question.first, i % 2 == 0 ? CALL_OK : CALL_TIMEOUT, 0);
        expect_silence(&stage);
    }
}

static void without_a_record_for_an_alarm_a_question_goes_unhedged(void **state)
{
    struct question question;
    struct visit *visit;
    struct line *line;

    (void)state;
    config.in_flight = 1;
    open_balancer(2);
    question = ask_first(1);
    stage_reply(&stage, question.first, CALL_OK, 0);
    expect_answer(&stage, question.visit, CALL_OK, 0);
    visit = stage_visit(&stage, VERB_MENU, 7, 1);
    line = expect_peer(&stage, 2, CALL_PENDING, 0);
    expect_silence(&stage);
    stage_reply(&stage, question.alarm, CALL_OK, 0);
    expect_silence(&stage);
    stage_reply(&stage, line, CALL_OK, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
}

static void a_replica_that_left_meanwhile_still_ends_what_it_has(void **state)
{
    struct question question;

    (void)state;
    open_balancer(2);
    question = ask_both(1, 2);
    balancer_leave(balancer, 1);
    balancer_leave(balancer, 2);
    stage_reply(&stage, question.hedge, CALL_OK, 2);
    expect_answer(&stage, question.visit, CALL_OK, 2);
    stage_reply(&stage, question.first, CALL_OK, 1);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, 7, 1), CALL_REFUSED, 0);
    expect_silence(&stage);
}

static void hedging_takes_no_more_memory_than_it_said(void **state)
{
    size_t before = stage.arena.used;

    (void)state;
    config.in_flight = 77;
    open_balancer(0);
    assert_in_range(stage.arena.used - before, 1, balancer_bytes(&config));
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_answer_in_time_needs_no_second_question),
        test(the_hedge_answers_first_and_the_loser_is_dropped),
        test(the_first_answers_first_and_the_hedge_is_dropped),
        test(a_failure_is_no_answer_while_the_other_is_out),
        test(when_both_fail_the_first_ones_outcome_is_the_answer),
        test(when_both_fail_the_next_try_goes_to_a_third),
        test(a_first_try_that_fails_early_is_repeated_and_not_hedged),
        test(with_nobody_else_to_ask_it_waits_for_the_first),
        test(what_changes_something_is_never_hedged),
        test(a_hedge_waits_no_longer_than_to_the_deadline),
        test(past_the_deadline_no_hedge_goes),
        test(the_budget_bounds_hedges_however_slow_all_are),
        test(a_calm_time_saves_up_ten_hedges_and_no_more),
        test(a_share_of_nothing_is_no_hedge_at_all),
        test(whoever_is_still_out_keeps_its_place_until_it_ends),
        test(without_a_record_for_an_alarm_a_question_goes_unhedged),
        test(a_replica_that_left_meanwhile_still_ends_what_it_has),
        test(hedging_takes_no_more_memory_than_it_said),
    };

    return cmocka_run_group_tests_name("balancer_hedge", tests, NULL, NULL);
}
