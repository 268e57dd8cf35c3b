/* How a replica is chosen: what each policy promises, and what none may do. */
#include "tests/lib/test.h"
#include "services/balancer/policy/policy.h"

enum { PLACES = 4096 };
static const uint64_t ms = 1000000;
static struct arena arena;
static struct backends backends;
static const struct policy *policy;
static struct dice dice;
static uint64_t now_ns;

static int setup(void **state)
{
    (void)state;
    now_ns = 1000 * ms;
    dice_init(&dice, 7, "balancer");
    return arena_open(&arena, (size_t)64 << 20) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static uint32_t join(uint32_t target, double weight)
{
    uint32_t place = backends_join(&backends, target, weight);

    if (policy->joined != NULL)
        policy->joined(&backends, place);
    return place;
}

static void leave(uint32_t place)
{
    backends_leave(&backends, place);
    if (policy->left != NULL)
        policy->left(&backends, place);
}

static void open_policy(enum balance_kind kind, uint32_t replicas)
{
    const struct balancer_config config = {
        .timeout_ns = 1000 * ms, .bound = 1.25, .ewma_ns = 10000 * ms};

    arena_reset(&arena);
    policy = policy_of(kind);
    backends_init(&backends, &arena, PLACES);
    if (policy->init != NULL)
        policy->init(&backends, &arena, &config);
    for (uint32_t i = 0; i < replicas; i++)
        join(100 + i, 1);
}

static uint32_t choose(uint64_t key)
{
    return policy->choose(&backends, &(struct ask){.key = key}, now_ns, &dice);
}

static uint32_t start(uint64_t key)
{
    uint32_t place = choose(key);

    backends_start(&backends, place);
    return place;
}

static void finish(uint32_t place, enum call_outcome outcome, uint64_t latency_ns)
{
    backends_finish(&backends, place);
    if (policy->finished != NULL)
        policy->finished(&backends, place, outcome, latency_ns, now_ns);
}

static uint32_t max_in_flight(void)
{
    uint32_t max = 0;

    for (uint32_t place = 0; place < backends.used_max; place++)
        max = backends.all[place].in_flight > max ? backends.all[place].in_flight : max;
    return max;
}

/* How often each of the first eight places is chosen, of so many times. */
static void count_choices(uint32_t times, uint32_t counts[8])
{
    for (uint32_t place = 0; place < 8; place++)
        counts[place] = 0;
    for (uint32_t i = 0; i < times; i++)
        counts[choose(i)]++;
}

static void round_robin_gives_each_its_turn(void **state)
{
    (void)state;
    open_policy(BALANCE_ROUND_ROBIN, 3);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(choose(i), i % 3);
    leave(2);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(choose(i), i % 2);
}

static void weights_5_1_1_give_a_smooth_cycle(void **state)
{
    static const uint32_t cycle[] = {0, 0, 1, 0, 2, 0, 0}; /* a a b a c a a */

    (void)state;
    open_policy(BALANCE_WEIGHTED, 0);
    join(100, 5);
    join(101, 1);
    join(102, 1);
    for (uint32_t i = 0; i < 70; i++)
        assert_int_equal(choose(i), cycle[i % 7]);
}

static void shares_follow_any_weights(void **state)
{
    uint32_t counts[8];

    (void)state;
    open_policy(BALANCE_WEIGHTED, 0);
    join(100, 0.5);
    join(101, 2);
    join(102, 7.5);
    count_choices(1000, counts);
    assert_in_range(counts[0], 49, 51);
    assert_in_range(counts[1], 199, 201);
    assert_in_range(counts[2], 749, 751);
}

static void random_gives_everyone_the_same_share(void **state)
{
    uint32_t counts[8];

    (void)state;
    open_policy(BALANCE_RANDOM, 8);
    count_choices(80000, counts);
    for (int i = 0; i < 8; i++)
        assert_in_range(counts[i], 9600, 10400); /* Four standard deviations. */
}

static void least_connections_never_picks_a_busier_one(void **state)
{
    (void)state;
    open_policy(BALANCE_LEAST_CONNECTIONS, 16);
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t place = choose(i);

        for (uint32_t other = 0; other < 16; other++)
            assert_true(backends.all[place].in_flight <= backends.all[other].in_flight);
        backends_start(&backends, place);
        place = (uint32_t)dice_below(&dice, 16);
        if (backends.all[place].in_flight > 0)
            finish(place, CALL_OK, ms);
    }
}

static void least_connections_spreads_an_idle_night_over_everyone(void **state)
{
    uint32_t counts[8];

    (void)state;
    open_policy(BALANCE_LEAST_CONNECTIONS, 8);
    count_choices(8000, counts);
    for (int i = 0; i < 8; i++)
        assert_in_range(counts[i], 860, 1140);
}

static void two_choices_keep_the_fullest_low_where_chance_does_not(void **state)
{
    uint32_t by_chance;

    (void)state;
    open_policy(BALANCE_RANDOM, PLACES);
    for (uint32_t i = 0; i < PLACES; i++)
        start(i);
    by_chance = max_in_flight();
    open_policy(BALANCE_TWO_CHOICES, PLACES);
    for (uint32_t i = 0; i < PLACES; i++)
        start(i);
    assert_in_range(max_in_flight(), 3, 4); /* log log n / log 2 = 3.06 */
    assert_in_range(by_chance, 6, 9);       /* log n / log log n = 3.9, times a constant. */
}

static void two_choices_are_two_different_ones(void **state)
{
    (void)state;
    open_policy(BALANCE_TWO_CHOICES, 2);
    backends_start(&backends, 0);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(choose(i), 1);
}

static void two_choices_of_equals_are_fair(void **state)
{
    uint32_t counts[8];

    (void)state;
    open_policy(BALANCE_TWO_CHOICES, 8);
    count_choices(80000, counts);
    for (int i = 0; i < 8; i++)
        assert_in_range(counts[i], 9600, 10400);
}

static void one_slow_answer_is_believed_at_once(void **state)
{
    (void)state;
    open_policy(BALANCE_PEAK_EWMA, 2);
    for (uint32_t place = 0; place < 2; place++) {
        backends_start(&backends, place);
        finish(place, CALL_OK, 10 * ms);
    }
    backends_start(&backends, 0);
    finish(0, CALL_OK, 500 * ms);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(choose(i), 1);
}

static void recovery_is_believed_slowly(void **state)
{
    (void)state;
    open_policy(BALANCE_PEAK_EWMA, 1);
    backends_start(&backends, 0);
    finish(0, CALL_OK, 500 * ms);
    now_ns += 10000 * ms; /* One time constant: 1/e of the old is left, the rest is new. */
    backends_start(&backends, 0);
    finish(0, CALL_OK, 100 * ms);
    assert_in_range((uint64_t)backends.all[0].latency_ns, 247151776, 247151777);
}

static void who_has_requests_and_never_answered_is_the_last_choice(void **state)
{
    (void)state;
    open_policy(BALANCE_PEAK_EWMA, 2);
    backends_start(&backends, 0);
    backends_start(&backends, 1);
    finish(1, CALL_OK, 900 * ms);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(start(i), 1);
}

static void a_fast_failure_draws_no_traffic(void **state)
{
    (void)state;
    open_policy(BALANCE_PEAK_EWMA, 2);
    backends_start(&backends, 0);
    finish(0, CALL_OK, 50 * ms);
    backends_start(&backends, 1);
    finish(1, CALL_REFUSED, ms);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(choose(i), 0);
}

/* The replica has done its work: it is the one who asked that may not. */
static void a_denied_request_is_an_answer_like_any_other(void **state)
{
    (void)state;
    open_policy(BALANCE_PEAK_EWMA, 2);
    backends_start(&backends, 0);
    finish(0, CALL_OK, 50 * ms);
    backends_start(&backends, 1);
    finish(1, CALL_DENIED, ms);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(choose(i), 1);
}

static void who_was_slow_long_ago_is_asked_again(void **state)
{
    (void)state;
    open_policy(BALANCE_PEAK_EWMA, 2);
    backends_start(&backends, 0);
    finish(0, CALL_OK, 500 * ms);
    now_ns += 60000 * ms;
    backends_start(&backends, 1);
    finish(1, CALL_OK, 10 * ms);
    assert_int_equal(choose(0), 0);
}

static void a_key_stays_with_its_replica(void **state)
{
    (void)state;
    open_policy(BALANCE_CONSISTENT_HASH, 10);
    for (uint64_t key = 0; key < 1000; key++)
        assert_int_equal(choose(key), choose(key));
}

static void the_ring_is_shared_about_evenly(void **state)
{
    uint32_t counts[8];

    (void)state;
    open_policy(BALANCE_CONSISTENT_HASH, 8);
    count_choices(80000, counts);
    for (int i = 0; i < 8; i++)
        assert_in_range(counts[i], 7000, 13000);
}

static void two_balancers_agree_in_whatever_order_they_heard_of_the_replicas(void **state)
{
    uint32_t target_of[1000];

    (void)state;
    open_policy(BALANCE_CONSISTENT_HASH, 10);
    for (uint64_t key = 0; key < 1000; key++)
        target_of[key] = backends.all[choose(key)].target;
    open_policy(BALANCE_CONSISTENT_HASH, 0);
    for (uint32_t i = 10; i > 0; i--)
        join(100 + i - 1, 1);
    for (uint64_t key = 0; key < 1000; key++)
        assert_int_equal(backends.all[choose(key)].target, target_of[key]);
}

static void only_the_keys_of_the_one_that_leaves_move_and_they_come_back(void **state)
{
    uint32_t before[4000];

    (void)state;
    open_policy(BALANCE_CONSISTENT_HASH, 10);
    for (uint64_t key = 0; key < 4000; key++)
        before[key] = choose(key);
    leave(3);
    for (uint64_t key = 0; key < 4000; key++)
        assert_true(before[key] == 3 ? choose(key) != 3 : choose(key) == before[key]);
    join(103, 1);
    for (uint64_t key = 0; key < 4000; key++)
        assert_int_equal(choose(key), before[key]);
}

static void who_is_down_moves_no_other_keys(void **state)
{
    uint32_t before[4000];

    (void)state;
    open_policy(BALANCE_CONSISTENT_HASH, 10);
    for (uint64_t key = 0; key < 4000; key++)
        before[key] = choose(key);
    backends_mark(&backends, 3, false);
    for (uint64_t key = 0; key < 4000; key++)
        assert_true(before[key] == 3 ? choose(key) != 3 : choose(key) == before[key]);
}

static void a_hot_key_fills_nobody_beyond_the_bound(void **state)
{
    (void)state;
    open_policy(BALANCE_CONSISTENT_HASH, 10);
    for (uint32_t load = 1; load <= 2000; load++) {
        start(load % 5 == 0 ? load : 42);
        assert_true(max_in_flight() <= (1.25 * load / 10) + 1);
        assert_int_equal(backends.load, load);
    }
    assert_int_equal(max_in_flight(), 250);
}

/* Joins, leaves, falls and rises someone at random, and begins or ends a request. */
static void stir(void)
{
    uint32_t place = (uint32_t)dice_below(&dice, 12);
    struct backend *backend = &backends.all[place];

    switch (dice_below(&dice, 6)) {
    case 0:
        if (backend->is_member)
            leave(place);
        return;
    case 1:
        if (place >= backends.used_max || !backend->is_member)
            join(100 + place, 1 + (double)dice_below(&dice, 5));
        return;
    case 2:
        if (backend->is_member)
            backends_mark(&backends, place, dice_chance(&dice, 0.7));
        return;
    default:
        if (backend->in_flight > 0)
            finish(place, dice_chance(&dice, 0.8) ? CALL_OK : CALL_TIMEOUT, 5 * ms);
        return;
    }
}

static void whatever_happens_only_a_usable_place_is_chosen(void **state)
{
    (void)state;
    for (int kind = 0; kind < BALANCE_KINDS; kind++) {
        open_policy((enum balance_kind)kind, 12);
        for (uint32_t i = 0; i < 20000; i++, now_ns += ms) {
            stir();
            if (backends.usable_max > 0)
                assert_true(backend_is_usable(&backends.all[start(i)]));
        }
    }
}

static void whatever_happens_the_load_is_the_sum_over_the_usable(void **state)
{
    (void)state;
    open_policy(BALANCE_TWO_CHOICES, 12);
    for (uint32_t i = 0; i < 20000; i++, now_ns += ms) {
        uint64_t sum = 0;

        stir();
        if (backends.usable_max > 0)
            start(i);
        for (uint32_t k = 0; k < backends.usable_max; k++)
            sum += backends.all[backends.usable[k]].in_flight;
        assert_int_equal(backends.load, sum);
    }
}

#define test(sentence) cmocka_unit_test_setup_teardown(sentence, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(round_robin_gives_each_its_turn),
        test(weights_5_1_1_give_a_smooth_cycle),
        test(shares_follow_any_weights),
        test(random_gives_everyone_the_same_share),
        test(least_connections_never_picks_a_busier_one),
        test(least_connections_spreads_an_idle_night_over_everyone),
        test(two_choices_keep_the_fullest_low_where_chance_does_not),
        test(two_choices_are_two_different_ones),
        test(two_choices_of_equals_are_fair),
        test(one_slow_answer_is_believed_at_once),
        test(recovery_is_believed_slowly),
        test(who_has_requests_and_never_answered_is_the_last_choice),
        test(a_fast_failure_draws_no_traffic),
        test(a_denied_request_is_an_answer_like_any_other),
        test(who_was_slow_long_ago_is_asked_again),
        test(a_key_stays_with_its_replica),
        test(the_ring_is_shared_about_evenly),
        test(two_balancers_agree_in_whatever_order_they_heard_of_the_replicas),
        test(only_the_keys_of_the_one_that_leaves_move_and_they_come_back),
        test(who_is_down_moves_no_other_keys),
        test(a_hot_key_fills_nobody_beyond_the_bound),
        test(whatever_happens_only_a_usable_place_is_chosen),
        test(whatever_happens_the_load_is_the_sum_over_the_usable),
    };

    return cmocka_run_group_tests_name("balancer_policies", tests, NULL, NULL);
}
