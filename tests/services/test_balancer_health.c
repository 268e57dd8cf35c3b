/* Health checks: who is taken out after how many, and who comes back. */
#include "tests/lib/test.h"
#include "services/balancer/balancer.h"
#include "tests/lib/stage.h"

static const uint64_t ms = 1000000;
static struct stage stage;
static struct balancer *balancer;

static int setup(void **state)
{
    const struct balancer_config config = {.policy = BALANCE_ROUND_ROBIN,
                                           .backends_max = 1,
                                           .in_flight = 8,
                                           .timeout_ns = 100 * ms,
                                           .attempts = 1,
                                           .health_every_ns = 2000 * ms,
                                           .health_timeout_ns = 500 * ms,
                                           .health_fall = 3,
                                           .health_rise = 2};

    (void)state;
    stage_open(&stage);
    balancer = balancer_init(&config, &stage.ports);
    stage_start(&stage, &balancer_service, balancer);
    balancer_join(balancer, 5, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void check_health(enum call_outcome outcome)
{
    uint64_t delay_ns = 0;
    struct line *line;

    expect_sleep(&stage, &delay_ns);
    assert_int_equal(delay_ns, 2000 * ms);
    line = expect_peer(&stage, 5, outcome, 0);
    assert_int_equal(line->ask.verb, VERB_HEALTH);
    assert_int_equal(line->timeout_ns, 500 * ms);
}

static void check_times(uint32_t times, enum call_outcome outcome)
{
    while (times-- > 0)
        check_health(outcome);
}

/* The health flow sleeps; its sleep is left open. */
static void expect_up(bool is_up)
{
    struct line *sleep = stage_hear(&stage, LINE_SLEEP);
    struct visit *visit = stage_visit(&stage, VERB_MENU, 7, 1);

    if (is_up)
        expect_peer(&stage, 5, CALL_OK, 0);
    expect_answer(&stage, visit, is_up ? CALL_OK : CALL_REFUSED, 0);
    expect_silence(&stage);
    stage_reply(&stage, sleep, CALL_OK, 0);
    expect_peer(&stage, 5, is_up ? CALL_OK : CALL_TIMEOUT, 0);
}

static void who_joins_is_up_before_the_first_check(void **state)
{
    (void)state;
    expect_up(true);
}

static void one_bad_check_less_than_fall_changes_nothing(void **state)
{
    (void)state;
    check_times(2, CALL_TIMEOUT);
    expect_up(true);
}

static void fall_bad_checks_in_a_row_take_it_out(void **state)
{
    (void)state;
    check_health(CALL_TIMEOUT);
    check_health(CALL_REFUSED);
    check_health(CALL_FAILED);
    expect_up(false);
}

static void a_good_check_breaks_the_row(void **state)
{
    (void)state;
    check_times(2, CALL_TIMEOUT);
    check_health(CALL_OK);
    check_times(2, CALL_TIMEOUT);
    expect_up(true);
}

static void rise_good_checks_in_a_row_bring_it_back(void **state)
{
    (void)state;
    check_times(3, CALL_TIMEOUT);
    check_health(CALL_OK);
    check_health(CALL_SHED);
    check_health(CALL_OK);
    expect_up(false);
    check_times(2, CALL_OK);
    expect_up(true);
}

static void a_hung_check_is_waited_for_and_not_repeated(void **state)
{
    (void)state;
    expect_sleep(&stage, NULL);
    expect_peer(&stage, 5, CALL_PENDING, 0);
    stage.now_ns += 60000 * ms;
    expect_silence(&stage);
}

static void who_left_while_it_slept_is_asked_no_more(void **state)
{
    (void)state;
    balancer_leave(balancer, 5);
    expect_sleep(&stage, NULL);
    expect_silence(&stage);
    balancer_join(balancer, 6, 1);
    expect_sleep(&stage, NULL);
    expect_peer(&stage, 6, CALL_OK, 0);
}

static void who_left_while_it_was_asked_is_asked_no_more(void **state)
{
    struct line *line;

    (void)state;
    expect_sleep(&stage, NULL);
    line = expect_peer(&stage, 5, CALL_PENDING, 0);
    balancer_leave(balancer, 5);
    stage_reply(&stage, line, CALL_TIMEOUT, 0);
    expect_silence(&stage);
    balancer_join(balancer, 6, 1);
    expect_sleep(&stage, NULL);
    expect_peer(&stage, 6, CALL_OK, 0);
}

static void who_comes_back_is_up_and_what_was_counted_is_forgotten(void **state)
{
    (void)state;
    check_times(3, CALL_TIMEOUT);
    balancer_leave(balancer, 5);
    balancer_join(balancer, 5, 1);
    check_times(2, CALL_TIMEOUT);
    expect_up(true);
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(who_joins_is_up_before_the_first_check),
        test(one_bad_check_less_than_fall_changes_nothing),
        test(fall_bad_checks_in_a_row_take_it_out),
        test(a_good_check_breaks_the_row),
        test(rise_good_checks_in_a_row_bring_it_back),
        test(a_hung_check_is_waited_for_and_not_repeated),
        test(who_left_while_it_slept_is_asked_no_more),
        test(who_left_while_it_was_asked_is_asked_no_more),
        test(who_comes_back_is_up_and_what_was_counted_is_forgotten),
    };

    return cmocka_run_group_tests_name("balancer_health", tests, NULL, NULL);
}
