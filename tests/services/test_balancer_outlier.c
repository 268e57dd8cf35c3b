/* Ejecting by answers: who goes, for how long, how many, and who comes back. */
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
                                      .outlier_failures = 3,
                                      .outlier_for_ns = 1000 * ms,
                                      .outlier_share = 0.5};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

/* One visit, which this replica is given and ends like this. */
static void visit_ends(uint32_t target, enum call_outcome outcome)
{
    struct visit *visit = stage_visit(&stage, VERB_ORDER, 7, 1);

    expect_peer(&stage, target, outcome, 0);
    expect_answer(&stage, visit, outcome, 0);
}

/* Round robin over 1 and 2: the first ends like this, the second does well. */
static void rounds(uint32_t n, enum call_outcome outcome)
{
    while (n-- > 0) {
        visit_ends(1, outcome);
        visit_ends(2, CALL_OK);
    }
}

/* Who is asked, over so many visits that all do well, as bits. */
static uint32_t asked_over(uint32_t visits)
{
    uint32_t asked = 0;

    while (visits-- > 0) {
        struct line *line;

        stage_visit(&stage, VERB_ORDER, 7, 1);
        line = stage_hear(&stage, LINE_PEER);
        asked |= 1U << line->target;
        stage_reply(&stage, line, CALL_OK, 0);
        stage_hear(&stage, LINE_ANSWER);
    }
    return asked;
}

static const uint32_t only_1 = 1U << 1, only_2 = 1U << 2, both = 1U << 1 | 1U << 2;

static void so_many_failures_in_a_row_eject_and_one_less_does_not(void **state)
{
    static const enum call_outcome failures[] = {CALL_TIMEOUT, CALL_FAILED, CALL_REFUSED};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        open_balancer(2);
        rounds(2, failures[i]);
        assert_int_equal(asked_over(1), only_1); /* Its success begins a new row. */
        visit_ends(2, CALL_OK);
        rounds(2, failures[i]);
        visit_ends(1, failures[i]);
        assert_int_equal(asked_over(10), only_2);
    }
}

static void without_the_key_nobody_is_ejected(void **state)
{
    (void)state;
    config.outlier_failures = 0;
    open_balancer(2);
    rounds(100, CALL_FAILED);
    assert_int_equal(asked_over(2), both);
}

static void who_sheds_stays_and_a_shed_breaks_no_row(void **state)
{
    (void)state;
    open_balancer(2);
    rounds(50, CALL_SHED);
    rounds(2, CALL_FAILED);
    rounds(1, CALL_SHED);
    visit_ends(1, CALL_FAILED);
    assert_int_equal(asked_over(10), only_2);
}

static void it_comes_back_when_its_time_is_over(void **state)
{
    (void)state;
    open_balancer(2);
    rounds(3, CALL_FAILED);
    stage.now_ns += 1000 * ms - 1;
    assert_int_equal(asked_over(10), only_2);
    stage.now_ns += 1;
    assert_int_equal(asked_over(10), both);
}

/* Ejects the first one, which is asked next, and says for how long. */
static uint64_t ejected_for_ms(void)
{
    uint64_t from_ns = stage.now_ns;

    rounds(2, CALL_FAILED);
    visit_ends(1, CALL_FAILED);
    while (asked_over(2) == only_2)
        stage.now_ns += 100 * ms;
    return (stage.now_ns - from_ns) / ms;
}

static void each_ejection_is_longer_than_the_last_up_to_ten_times(void **state)
{
    (void)state;
    open_balancer(2);
    for (uint64_t times = 1; times <= 12; times++) {
        assert_int_equal(ejected_for_ms(), 1000 * (times < 10 ? times : 10));
        if (asked_over(1) == only_1)
            visit_ends(2, CALL_OK);
    }
}

static void good_times_let_it_forget(void **state)
{
    (void)state;
    open_balancer(2);
    for (uint64_t times = 1; times <= 4; times++) {
        assert_int_equal(ejected_for_ms(), 1000 * times);
        if (asked_over(1) == only_1)
            visit_ends(2, CALL_OK);
    }
    stage.now_ns += 2000 * ms; /* Two of four are forgiven, and one is added. */
    assert_int_equal(ejected_for_ms(), 3000);
}

static void the_last_one_stays_however_often_it_fails(void **state)
{
    (void)state;
    config.outlier_share = 1;
    open_balancer(2);
    rounds(3, CALL_FAILED);
    for (int i = 0; i < 20; i++)
        visit_ends(2, CALL_FAILED);
    assert_int_equal(asked_over(10), only_2);
}

static void one_whom_checks_took_out_is_not_the_one_who_stays(void **state)
{
    struct line *checks[2];

    (void)state;
    config.outlier_share = 1;
    config.health_every_ns = 5000 * ms;
    config.health_timeout_ns = ms;
    config.health_fall = config.health_rise = 1;
    open_balancer(2);
    checks[0] = stage_hear(&stage, LINE_SLEEP);
    checks[1] = stage_hear(&stage, LINE_SLEEP);
    stage_reply(&stage, checks[1], CALL_OK, 0);
    expect_peer(&stage, 2, CALL_REFUSED, 0);
    stage_hear(&stage, LINE_SLEEP);
    for (int i = 0; i < 10; i++)
        visit_ends(1, CALL_FAILED);
    assert_int_equal(asked_over(3), only_1);
}

/* All fail, as when a database that they share is down: how many are left. */
static uint32_t left_when_all_fail(uint32_t replicas, double share)
{
    uint32_t asked = 0, left = 0;

    config.outlier_share = share;
    open_balancer(replicas);
    for (uint32_t i = 0; i < 20 * replicas; i++) {
        struct line *line;

        stage_visit(&stage, VERB_ORDER, 7, 1);
        line = stage_hear(&stage, LINE_PEER);
        stage_reply(&stage, line, CALL_TIMEOUT, 0);
        stage_hear(&stage, LINE_ANSWER);
        asked |= i < 19 * replicas ? 0 : 1U << line->target;
    }
    for (; asked != 0; asked &= asked - 1)
        left++;
    return left;
}

static void no_more_than_the_share_is_ejected_but_one_always_may(void **state)
{
    (void)state;
    assert_int_equal(left_when_all_fail(8, 0.5), 4);
    assert_int_equal(left_when_all_fail(7, 0.5), 4);
    assert_int_equal(left_when_all_fail(3, 0.5), 2);
    assert_int_equal(left_when_all_fail(8, 0.25), 6);
    assert_int_equal(left_when_all_fail(8, 0.01), 7);
    assert_int_equal(left_when_all_fail(8, 0), 7);
    assert_int_equal(left_when_all_fail(8, 1), 1);
    assert_int_equal(left_when_all_fail(1, 1), 1);
}

static void what_was_sent_before_it_came_back_counts_no_more(void **state)
{
    struct line *old[5];

    (void)state;
    open_balancer(2);
    for (size_t i = 0; i < 5; i++) {
        stage_visit(&stage, VERB_ORDER, 7, 1);
        old[i] = expect_peer(&stage, 1, CALL_PENDING, 0);
        visit_ends(2, CALL_OK);
    }
    for (size_t i = 0; i < 3; i++) { /* Ejects it. */
        stage_reply(&stage, old[i], CALL_TIMEOUT, 0);
        stage_hear(&stage, LINE_ANSWER);
    }
    stage.now_ns += 1000 * ms;
    assert_int_equal(asked_over(2), both);
    rounds(2, CALL_TIMEOUT);
    stage_reply(&stage, old[3], CALL_TIMEOUT, 0); /* Would be the third. */
    stage_hear(&stage, LINE_ANSWER);
    stage_reply(&stage, old[4], CALL_OK, 0); /* Would end the row. */
    stage_hear(&stage, LINE_ANSWER);
    visit_ends(1, CALL_TIMEOUT);
    assert_int_equal(asked_over(4), only_2);
}

static void who_leaves_and_joins_again_is_judged_afresh(void **state)
{
    (void)state;
    open_balancer(2);
    rounds(3, CALL_FAILED);
    assert_int_equal(asked_over(2), only_2);
    balancer_leave(balancer, 1);
    balancer_join(balancer, 1, 1);
    assert_int_equal(asked_over(2), both);
    assert_int_equal(ejected_for_ms(), 1000);
}

static void joining_twice_ends_no_ejection(void **state)
{
    (void)state;
    open_balancer(2);
    rounds(3, CALL_FAILED);
    balancer_join(balancer, 1, 1);
    assert_int_equal(asked_over(4), only_2);
}

static void who_left_while_ejected_frees_the_share_for_another(void **state)
{
    (void)state;
    open_balancer(3);
    for (int i = 0; i < 3; i++) {
        visit_ends(1, CALL_FAILED);
        visit_ends(2, CALL_FAILED);
        visit_ends(3, CALL_OK);
    }
    assert_int_equal(asked_over(2), 1U << 2 | 1U << 3); /* One of three: the first. */
    balancer_leave(balancer, 1);
    for (int i = 0; i < 3; i++) {
        visit_ends(2, CALL_FAILED);
        visit_ends(3, CALL_OK);
    }
    assert_int_equal(asked_over(4), 1U << 3);
}

static void a_failed_try_counts_where_the_visit_went_on_to_another(void **state)
{
    (void)state;
    config.attempts = 2;
    open_balancer(2);
    for (int i = 0; i < 3; i++) {
        struct visit *visit = stage_visit(&stage, VERB_MENU, 7, 1);

        expect_peer(&stage, 1, CALL_FAILED, 0);
        expect_peer(&stage, 2, CALL_OK, 0);
        expect_answer(&stage, visit, CALL_OK, 0);
    }
    assert_int_equal(asked_over(4), only_2);
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(so_many_failures_in_a_row_eject_and_one_less_does_not),
        test(without_the_key_nobody_is_ejected),
        test(who_sheds_stays_and_a_shed_breaks_no_row),
        test(it_comes_back_when_its_time_is_over),
        test(each_ejection_is_longer_than_the_last_up_to_ten_times),
        test(good_times_let_it_forget),
        test(the_last_one_stays_however_often_it_fails),
        test(one_whom_checks_took_out_is_not_the_one_who_stays),
        test(no_more_than_the_share_is_ejected_but_one_always_may),
        test(what_was_sent_before_it_came_back_counts_no_more),
        test(who_leaves_and_joins_again_is_judged_afresh),
        test(joining_twice_ends_no_ejection),
        test(who_left_while_ejected_frees_the_share_for_another),
        test(a_failed_try_counts_where_the_visit_went_on_to_another),
    };

    return cmocka_run_group_tests_name("balancer_outlier", tests, NULL, NULL);
}
