/* A replica that comes is given its part by and by, with every policy. */
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
                                      .slow_start_ns = 10000 * ms};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

enum { DRAWS = 16000 };

/* Share of DRAWS visits, each answered before the next comes, that this replica is given. */
static double share_of(uint32_t target)
{
    uint32_t given = 0;

    for (uint32_t i = 0; i < DRAWS; i++) {
        struct line *line;

        stage_visit(&stage, VERB_ORDER, i, 1);
        line = stage_hear(&stage, LINE_PEER);
        given += line->target == target;
        stage_reply(&stage, line, CALL_OK, 0);
        stage_hear(&stage, LINE_ANSWER);
    }
    return (double)given / DRAWS;
}

/* Four that are warm, and a fifth that has just come. */
static void open_with_a_newcomer(void)
{
    open_balancer(4);
    stage.now_ns += 10000 * ms;
    balancer_join(balancer, 5, 1);
}

static void assert_share(double got, double expected)
{
    print_message("share %.4f, expected %.4f\n", got, expected);
    assert_true(got > expected - 0.012 && got < expected + 0.012);
}

/* After 0, 0.5, 5 and 10 of 10 seconds, for a policy that gives a newcomer of share s among four
 * warm ones this part of all visits. */
static void expect_line(double (*part)(double s))
{
    static const double shares[] = {0.1, 0.1, 0.5, 1};
    static const uint64_t waits_ms[] = {0, 500, 4500, 5000};

    open_with_a_newcomer();
    for (size_t i = 0; i < 4; i++) {
        stage.now_ns += waits_ms[i] * ms;
        assert_share(share_of(5), part(shares[i]));
    }
}

static double of_an_even_part(double s)
{
    return s / 5;
}

static double by_weight(double s)
{
    return s / (4 + s);
}

static void chance_and_weights_give_a_newcomer_its_share_of_an_even_part(void **state)
{
    (void)state;
    config.policy = BALANCE_RANDOM;
    expect_line(of_an_even_part);
    config.policy = BALANCE_WEIGHTED;
    expect_line(of_an_even_part);
}

/* Who declines has had no turn, and is asked again after the next one: a cycle is 4 + s long. */
static void turns_give_a_newcomer_a_turn_of_its_share(void **state)
{
    (void)state;
    expect_line(by_weight);
}

static void with_every_policy_a_newcomer_gets_less_at_first_and_its_part_at_last(void **state)
{
    (void)state;
    for (int kind = 0; kind < BALANCE_KINDS; kind++) {
        double cold, warm;

        config.policy = (enum balance_kind)kind;
        open_with_a_newcomer();
        cold = share_of(5);
        stage.now_ns += 10000 * ms;
        warm = share_of(5);
        print_message("policy %d: %.3f, then %.3f\n", kind, cold, warm);
        assert_true(cold > 0 && cold < 0.2 * warm && warm > 0.12);
    }
}

/* Idle, it is the choice of every request; the gate lets a tenth through. */
static void an_idle_newcomer_is_not_flooded_by_least_connections(void **state)
{
    uint32_t given = 0;

    (void)state;
    config.policy = BALANCE_LEAST_CONNECTIONS;
    config.in_flight = 200;
    open_balancer(4);
    for (int i = 0; i < 80; i++) {
        stage_visit(&stage, VERB_ORDER, 7, 1);
        stage_hear(&stage, LINE_PEER);
    }
    stage.now_ns += 10000 * ms;
    balancer_join(balancer, 5, 1);
    for (int i = 0; i < 20; i++) { /* Without slow start: all of them. */
        stage_visit(&stage, VERB_ORDER, 7, 1);
        given += stage_hear(&stage, LINE_PEER)->target == 5;
    }
    print_message("%u of 20\n", given);
    assert_in_range(given, 0, 8);
}

static void where_all_are_cold_all_get_the_same(void **state)
{
    (void)state;
    open_balancer(5);
    for (uint32_t target = 1; target <= 5; target++)
        assert_share(share_of(target), 0.2);
}

/* Two cold ones at half among two: weights 1, 1, 0.5, 0.5. */
static void half_of_them_cold_share_by_their_weights(void **state)
{
    (void)state;
    config.policy = BALANCE_RANDOM;
    open_balancer(2);
    stage.now_ns += 10000 * ms;
    balancer_join(balancer, 3, 1);
    balancer_join(balancer, 4, 1);
    stage.now_ns += 5000 * ms;
    assert_true(share_of(3) < 0.20);
    assert_true(share_of(1) > 0.30);
}

static void a_cold_one_alone_is_asked(void **state)
{
    (void)state;
    open_balancer(1);
    assert_true(share_of(1) == 1);
}

/* One check of each, in the order in which they joined. */
static void check_both(enum call_outcome first, enum call_outcome second)
{
    struct line *sleeps[2] = {stage_hear(&stage, LINE_SLEEP), stage_hear(&stage, LINE_SLEEP)};

    for (size_t i = 0; i < 2; i++)
        stage_reply(&stage, sleeps[i], CALL_OK, 0);
    expect_peer(&stage, 1, first, 0);
    expect_peer(&stage, 2, second, 0);
}

static void who_rises_again_starts_slowly(void **state)
{
    (void)state;
    config.health_every_ns = 1000 * ms;
    config.health_timeout_ns = ms;
    config.health_fall = config.health_rise = 1;
    open_balancer(2);
    check_both(CALL_REFUSED, CALL_OK);
    stage.now_ns += 10000 * ms;
    check_both(CALL_OK, CALL_OK);
    stage_hear(&stage, LINE_SLEEP);
    stage_hear(&stage, LINE_SLEEP);
    assert_share(share_of(1), 0.1 / 1.1);
    stage.now_ns += 5000 * ms;
    assert_share(share_of(1), 0.5 / 1.5);
}

static void who_comes_back_from_ejection_starts_slowly(void **state)
{
    (void)state;
    config.outlier_failures = 1;
    config.outlier_for_ns = 1000 * ms;
    config.outlier_share = 0.5;
    open_balancer(2);
    stage.now_ns += 10000 * ms;
    stage_visit(&stage, VERB_ORDER, 7, 1);
    expect_peer(&stage, 1, CALL_FAILED, 0);
    stage_hear(&stage, LINE_ANSWER);
    assert_true(share_of(1) == 0);
    stage.now_ns += 1000 * ms;
    assert_share(share_of(1), 0.1 / 1.1);
    stage.now_ns += 10000 * ms;
    assert_share(share_of(1), 0.5);
}

static void joining_twice_starts_nothing_anew(void **state)
{
    (void)state;
    open_balancer(2);
    stage.now_ns += 10000 * ms;
    balancer_join(balancer, 1, 2);
    assert_share(share_of(1), 0.5);
    balancer_leave(balancer, 1);
    balancer_join(balancer, 1, 1);
    assert_share(share_of(1), 0.1 / 1.1);
}

static void without_the_key_no_chance_is_drawn(void **state)
{
    struct dice before = stage.dice;

    (void)state;
    config.slow_start_ns = 0;
    open_balancer(5);
    share_of(1);
    assert_memory_equal(&before, &stage.dice, sizeof before);
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(chance_and_weights_give_a_newcomer_its_share_of_an_even_part),
        test(turns_give_a_newcomer_a_turn_of_its_share),
        test(with_every_policy_a_newcomer_gets_less_at_first_and_its_part_at_last),
        test(an_idle_newcomer_is_not_flooded_by_least_connections),
        test(where_all_are_cold_all_get_the_same),
        test(half_of_them_cold_share_by_their_weights),
        test(a_cold_one_alone_is_asked),
        test(who_rises_again_starts_slowly),
        test(who_comes_back_from_ejection_starts_slowly),
        test(joining_twice_starts_nothing_anew),
        test(without_the_key_no_chance_is_drawn),
    };

    return cmocka_run_group_tests_name("balancer_slow_start", tests, NULL, NULL);
}
