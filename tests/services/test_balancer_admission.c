/* Who is let in: the token bucket and the breaker by themselves, and what a visit meets of them. */
#include "tests/lib/test.h"
#include "services/balancer/balancer.h"
#include "tests/lib/stage.h"

static const uint64_t ms = 1000000;
static struct stage stage;
static struct balancer_config config;

/* ---- The bucket ------------------------------------------------------------------------------ */

static unsigned taken(struct bucket *bucket, uint64_t now_ns, unsigned tries)
{
    unsigned taken = 0;

    while (tries-- > 0)
        taken += bucket_take(bucket, now_ns);
    return taken;
}

static void a_full_bucket_gives_its_burst_and_then_its_rate(void **state)
{
    struct bucket bucket = bucket_of(100, 5);

    (void)state;
    assert_int_equal(taken(&bucket, 1000 * ms, 50), 5);
    assert_int_equal(taken(&bucket, 1009 * ms, 50), 0);
    assert_int_equal(taken(&bucket, 1010 * ms, 50), 1);
    assert_int_equal(taken(&bucket, 1040 * ms, 50), 3);
}

static void an_idle_bucket_saves_up_no_more_than_its_burst(void **state)
{
    struct bucket bucket = bucket_of(100, 5);

    (void)state;
    assert_int_equal(taken(&bucket, 1000 * ms, 50), 5);
    assert_int_equal(taken(&bucket, 3600000 * ms, 50), 5);
}

static void over_a_long_time_a_bucket_gives_its_rate_whatever_is_asked(void **state)
{
    struct bucket bucket = bucket_of(700, 3);
    unsigned given = 0;

    (void)state;
    for (uint64_t at_ns = 0; at_ns < 10000 * ms; at_ns += ms / 4)
        given += bucket_take(&bucket, at_ns);
    assert_in_range(given, 7000, 7000 + 3);
}

static void without_a_rate_everybody_has_a_token(void **state)
{
    struct bucket bucket = bucket_of(0, 1);

    (void)state;
    assert_int_equal(taken(&bucket, 0, 1000), 1000);
}

/* ---- The breaker ----------------------------------------------------------------------------- */

static struct breaker breaker_new(void)
{
    return (struct breaker){
        .config = {.share = 0.5, .calls_min = 4, .window_ns = 1000 * ms, .open_ns = 500 * ms}};
}

/* A call that is let through at `at_ms` and ends at once. */
static bool call(struct breaker *breaker, uint64_t at_ms, enum call_outcome outcome)
{
    if (!breaker_lets_through(breaker, at_ms * ms))
        return false;
    breaker_note(breaker, outcome, at_ms * ms, at_ms * ms);
    return true;
}

static void half_of_enough_calls_failing_open_it_and_fewer_do_not(void **state)
{
    static const enum call_outcome failures[] = {CALL_TIMEOUT, CALL_FAILED, CALL_REFUSED};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct breaker breaker = breaker_new();

        for (uint64_t n = 0; n < 3; n++) /* All of three, which are too few. */
            assert_true(call(&breaker, 10 + n, failures[i]));
        assert_int_equal(breaker.state, BREAKER_CLOSED);
        assert_true(call(&breaker, 20, CALL_OK));
        assert_int_equal(breaker.state, BREAKER_OPEN);
        assert_false(call(&breaker, 30, CALL_OK));
    }
}

static void a_new_window_forgets_the_last_one(void **state)
{
    struct breaker breaker = breaker_new();

    (void)state;
    for (uint64_t n = 0; n < 3; n++)
        assert_true(call(&breaker, 10 + n, CALL_FAILED));
    for (uint64_t n = 0; n < 3; n++)
        assert_true(call(&breaker, 1100 + n, CALL_OK));
    assert_true(call(&breaker, 1110, CALL_FAILED));
    assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static void one_probe_goes_after_its_time_and_decides(void **state)
{
    struct breaker breaker = breaker_new();

    (void)state;
    for (uint64_t n = 0; n < 4; n++)
        call(&breaker, 10, CALL_TIMEOUT);
    assert_false(breaker_lets_through(&breaker, 509 * ms));
    assert_true(breaker_lets_through(&breaker, 510 * ms));
    assert_false(breaker_lets_through(&breaker, 511 * ms)); /* The probe is out. */
    breaker_note(&breaker, CALL_TIMEOUT, 510 * ms, 600 * ms);
    assert_false(breaker_lets_through(&breaker, 1099 * ms));
    assert_true(call(&breaker, 1100, CALL_OK));
    assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static void what_was_sent_before_it_opened_neither_closes_nor_reopens_it(void **state)
{
    struct breaker breaker = breaker_new();

    (void)state;
    for (uint64_t n = 0; n < 4; n++)
        call(&breaker, 10, CALL_TIMEOUT);
    assert_true(breaker_lets_through(&breaker, 510 * ms));
    breaker_note(&breaker, CALL_OK, 9 * ms, 520 * ms);
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    breaker_note(&breaker, CALL_OK, 510 * ms, 530 * ms);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    breaker_note(&breaker, CALL_FAILED, 9 * ms, 540 * ms);
    assert_int_equal(breaker.failures, 0);
}

static void sheds_are_no_failures_and_no_successes(void **state)
{
    struct breaker breaker = breaker_new();

    (void)state;
    for (uint64_t n = 0; n < 100; n++)
        assert_true(call(&breaker, 10, CALL_SHED));
    for (uint64_t n = 0; n < 4; n++)
        assert_true(call(&breaker, 20, CALL_FAILED));
    assert_true(call(&breaker, 520, CALL_SHED));
    assert_int_equal(breaker.state, BREAKER_HALF_OPEN);
    assert_true(call(&breaker, 521, CALL_OK)); /* The next one is the probe. */
    assert_int_equal(breaker.state, BREAKER_CLOSED);
}

/* ---- What a visit meets ---------------------------------------------------------------------- */

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct balancer_config){.policy = BALANCE_ROUND_ROBIN,
                                      .backends_max = 4,
                                      .in_flight = 16,
                                      .timeout_ns = 100 * ms,
                                      .attempts = 1,
                                      .bound = 1.25,
                                      .ewma_ns = 10000 * ms,
                                      .limit_burst = 1};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void open_balancer(void)
{
    struct balancer *balancer = balancer_init(&config, &stage.ports);

    stage_start(&stage, &balancer_service, balancer);
    balancer_join(balancer, 1, 1);
    balancer_join(balancer, 2, 1);
}

static void a_visit_without_a_token_is_shed_and_asked_of_nobody(void **state)
{
    struct visit *visit;

    (void)state;
    config.limit_rate = 10;
    open_balancer();
    visit = stage_visit(&stage, VERB_MENU, 7, 1);
    expect_peer(&stage, 1, CALL_OK, 0);
    expect_answer(&stage, visit, CALL_OK, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_MENU, 7, 1), CALL_SHED, 0);
    expect_silence(&stage);
}

static void an_open_breaker_sheds_until_its_probe_does_well(void **state)
{
    (void)state;
    config.breaker = (struct breaker_config){0.5, 2, 1000 * ms, 500 * ms};
    open_balancer();
    for (uint32_t target = 1; target <= 2; target++) {
        struct visit *visit = stage_visit(&stage, VERB_ORDER, 7, 1);

        expect_peer(&stage, target, CALL_TIMEOUT, 0);
        expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    }
    expect_answer(&stage, stage_visit(&stage, VERB_ORDER, 7, 1), CALL_SHED, 0);
    stage.now_ns += 500 * ms;
    stage_visit(&stage, VERB_ORDER, 7, 1);
    expect_peer(&stage, 1, CALL_OK, 0);
    stage_hear(&stage, LINE_ANSWER);
    stage_visit(&stage, VERB_ORDER, 7, 1);
    expect_peer(&stage, 2, CALL_OK, 0);
    stage_hear(&stage, LINE_ANSWER);
    expect_silence(&stage);
}

static void a_retry_that_meets_an_open_breaker_ends_as_its_last_try(void **state)
{
    struct visit *visit;

    (void)state;
    config.attempts = 2;
    config.breaker = (struct breaker_config){0.5, 1, 1000 * ms, 500 * ms};
    open_balancer();
    visit = stage_visit(&stage, VERB_MENU, 7, 1);
    expect_peer(&stage, 1, CALL_REFUSED, 0);
    expect_answer(&stage, visit, CALL_REFUSED, 0);
    expect_silence(&stage);
}

static void while_the_breaker_is_open_nobody_is_hedged(void **state)
{
    struct visit *visit;
    struct line *alarm;

    (void)state;
    config.hedge_after_ns = 10 * ms;
    config.hedge_share = 1;
    config.breaker = (struct breaker_config){0.5, 1, 1000 * ms, 500 * ms};
    open_balancer();
    stage_visit(&stage, VERB_MENU, 7, 1);
    expect_peer(&stage, 1, CALL_PENDING, 0);
    alarm = stage_hear(&stage, LINE_SLEEP);
    visit = stage_visit(&stage, VERB_ORDER, 7, 1);
    expect_peer(&stage, 2, CALL_TIMEOUT, 0);
    expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    stage_reply(&stage, alarm, CALL_OK, 0);
    expect_silence(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(an_idle_bucket_saves_up_no_more_than_its_burst),
        cmocka_unit_test(over_a_long_time_a_bucket_gives_its_rate_whatever_is_asked),
        cmocka_unit_test(without_a_rate_everybody_has_a_token),
        cmocka_unit_test(half_of_enough_calls_failing_open_it_and_fewer_do_not),
        cmocka_unit_test(a_new_window_forgets_the_last_one),
        cmocka_unit_test(one_probe_goes_after_its_time_and_decides),
        cmocka_unit_test(what_was_sent_before_it_opened_neither_closes_nor_reopens_it),
        cmocka_unit_test(sheds_are_no_failures_and_no_successes),
        cmocka_unit_test_setup_teardown(a_visit_without_a_token_is_shed_and_asked_of_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_open_breaker_sheds_until_its_probe_does_well, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(while_the_breaker_is_open_nobody_is_hedged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_retry_that_meets_an_open_breaker_ends_as_its_last_try,
                                        setup, teardown),
    };
    return cmocka_run_group_tests_name("balancer_admission", tests, NULL, NULL);
}
