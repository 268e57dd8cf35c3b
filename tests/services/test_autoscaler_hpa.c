/* How many replicas there should be: the vectors of the Kubernetes page, and its brakes. */
#include "tests/lib/test.h"
#include "services/autoscaler/hpa.h"

static const uint64_t second = 1000000000;
static struct arena arena;
static struct hpa hpa;
static uint64_t now_ns;

static int setup(void **state)
{
    (void)state;
    now_ns = 0;
    return arena_open(&arena, (size_t)1 << 20) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct hpa_config config_of(double target)
{
    return (struct hpa_config){.target = target,
                               .replicas_min = 1,
                               .replicas_max = 1000,
                               .tolerance = 0.1,
                               .every_ns = 15 * second,
                               .down_window_ns = 300 * second};
}

static uint32_t recommend(double target, uint32_t ready, double metric)
{
    const struct hpa_config config = config_of(target);

    return hpa_recommend(&config, &(struct hpa_sample){.metric = metric, .ready = ready});
}

static uint32_t recommend_with(double metric, uint32_t ready, uint32_t missing, uint32_t starting)
{
    const struct hpa_config config = config_of(50);

    return hpa_recommend(&config, &(struct hpa_sample){.metric = metric,
                                                       .full = 100,
                                                       .ready = ready,
                                                       .missing = missing,
                                                       .starting = starting});
}

static void open_hpa(struct hpa_config config)
{
    hpa_init(&hpa, &config, &arena);
}

/* One decision with a target of 1; the next one is 15 s later. */
static uint32_t decide(uint32_t ready, double metric)
{
    uint32_t replicas =
        hpa_decide(&hpa, &(struct hpa_sample){.metric = metric, .ready = ready}, now_ns);

    now_ns += 15 * second;
    return replicas;
}

static void the_vectors_of_the_page_hold(void **state)
{
    (void)state;
    assert_int_equal(recommend(75, 50, 90), 60);
    assert_int_equal(recommend(75, 50, 82), 50);
    assert_int_equal(recommend(75, 50, 83), 56);
    assert_int_equal(recommend(100, 4, 200), 8);
    assert_int_equal(recommend(100, 4, 50), 2);
}

static void ceil_is_ceil_and_not_nearest(void **state)
{
    (void)state;
    assert_int_equal(recommend(100, 3, 134), 5);  /* 4.02 */
    assert_int_equal(recommend(100, 10, 81), 9);  /* 8.1 */
    assert_int_equal(recommend(100, 10, 0.1), 1); /* 0.01 */
    assert_int_equal(recommend(100, 10, 0), 0);
}

static void the_last_bits_of_a_quotient_add_no_replica(void **state)
{
    (void)state;
    assert_int_equal(recommend(0.1, 1, 0.1 + 0.2), 3); /* 3.0000000000000004 */
    assert_int_equal(recommend(0.7, 7, 1.4), 14);
    assert_int_equal(recommend(1, 10, 1.1), 10);    /* |ratio - 1| = 0.10000000000000009 */
    assert_int_equal(recommend(0.8, 10, 0.72), 10); /* 0.8999999999999999 */
}

static void replicas_that_start_count_as_idle_on_the_way_up(void **state)
{
    (void)state;
    assert_int_equal(recommend_with(100, 4, 0, 0), 8);
    assert_int_equal(recommend_with(100, 4, 0, 2), 8); /* 400 / 50, over six. */
    assert_int_equal(recommend_with(60, 5, 0, 1), 6);  /* 50 of 50 over six: near one. */
}

static void a_direction_that_turns_is_no_move(void **state)
{
    (void)state;
    assert_int_equal(recommend_with(100, 4, 0, 8), 12); /* 33 of 50 over twelve. */
    assert_int_equal(recommend_with(40, 4, 2, 0), 6);   /* 60 of 50 over six. */
}

static void replicas_that_start_do_not_count_on_the_way_down(void **state)
{
    (void)state;
    assert_int_equal(recommend_with(25, 4, 0, 4), 2);
}

static void a_missing_metric_makes_either_move_smaller(void **state)
{
    (void)state;
    assert_int_equal(recommend_with(100, 6, 2, 0), 12); /* 600 / 50, where 8 at 100 say 16. */
    assert_int_equal(recommend_with(10, 6, 2, 0), 6);   /* 60 + 2 x 100 */
}

static void without_a_ready_replica_there_is_no_move(void **state)
{
    (void)state;
    assert_int_equal(recommend_with(0, 0, 0, 3), 3);
    assert_int_equal(recommend_with(500, 0, 2, 1), 3);
}

static void growth_stops_at_four_or_double_per_period(void **state)
{
    (void)state;
    open_hpa(config_of(1));
    assert_int_equal(decide(1, 100), 5);
    assert_int_equal(decide(5, 100), 10);
    assert_int_equal(decide(10, 100), 20);
    assert_int_equal(decide(20, 2.5), 40);
    assert_int_equal(decide(40, 1.5), 60);
}

static void growth_within_a_period_counts_from_its_beginning(void **state)
{
    struct hpa_config config = config_of(1);

    (void)state;
    config.every_ns = 5 * second;
    open_hpa(config);
    assert_int_equal(decide(10, 1.5), 15);
    now_ns -= 10 * second;
    assert_int_equal(decide(15, 9), 20);
    now_ns -= 10 * second;
    assert_int_equal(decide(20, 9), 20);
    now_ns -= 10 * second;
    assert_int_equal(decide(20, 9), 30); /* The first 5 are older than 15 s now. */
}

static void shrinking_waits_for_the_highest_of_five_minutes(void **state)
{
    (void)state;
    open_hpa(config_of(1));
    assert_int_equal(decide(8, 2), 16);
    for (int i = 1; i < 20; i++) /* 15 s … 285 s later. */
        assert_int_equal(decide(16, 0.25), 16);
    assert_int_equal(decide(16, 0.25), 4);
}

static void a_spike_in_the_window_holds_its_height(void **state)
{
    (void)state;
    open_hpa(config_of(1));
    for (int i = 0; i < 15; i++)
        decide(8, 0.5);
    assert_int_equal(decide(8, 0.75), 8); /* What was there at the start still counts … */
    for (int i = 0; i < 4; i++)
        decide(8, 0.5);
    assert_int_equal(decide(8, 0.5), 6); /* … until it is five minutes old. */
}

static void what_was_there_at_the_start_is_held_for_one_window(void **state)
{
    (void)state;
    open_hpa(config_of(1));
    for (int i = 0; i < 20; i++)
        assert_int_equal(decide(10, 0.5), 10);
    assert_int_equal(decide(10, 0.5), 5);
}

static void without_a_window_it_shrinks_at_once(void **state)
{
    struct hpa_config config = config_of(1);

    (void)state;
    config.down_window_ns = 0;
    open_hpa(config);
    assert_int_equal(decide(10, 0.5), 5);
}

static void min_and_max_hold_whatever_the_metric_says(void **state)
{
    struct hpa_config config = config_of(1);

    (void)state;
    config.replicas_min = 3;
    config.replicas_max = 6;
    config.down_window_ns = 0;
    open_hpa(config);
    assert_int_equal(decide(5, 100), 6);
    assert_int_equal(decide(5, 0), 3);
    assert_int_equal(decide(2, 0), 3);
    assert_int_equal(decide(9, 1), 6);
    assert_int_equal(decide(0, 0), 3);
}

static void an_absurd_metric_is_capped(void **state)
{
    (void)state;
    open_hpa(config_of(1));
    for (int i = 0; i < 20; i++)
        decide(1000, 1e300);
    assert_int_equal(decide(1000, 1e300), 1000);
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_vectors_of_the_page_hold),
        test(ceil_is_ceil_and_not_nearest),
        test(the_last_bits_of_a_quotient_add_no_replica),
        test(replicas_that_start_count_as_idle_on_the_way_up),
        test(a_direction_that_turns_is_no_move),
        test(replicas_that_start_do_not_count_on_the_way_down),
        test(a_missing_metric_makes_either_move_smaller),
        test(without_a_ready_replica_there_is_no_move),
        test(growth_stops_at_four_or_double_per_period),
        test(growth_within_a_period_counts_from_its_beginning),
        test(shrinking_waits_for_the_highest_of_five_minutes),
        test(a_spike_in_the_window_holds_its_height),
        test(what_was_there_at_the_start_is_held_for_one_window),
        test(without_a_window_it_shrinks_at_once),
        test(min_and_max_hold_whatever_the_metric_says),
        test(an_absurd_metric_is_capped),
    };

    return cmocka_run_group_tests_name("autoscaler_hpa", tests, NULL, NULL);
}
