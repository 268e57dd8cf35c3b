/* The model of Redis: one thread, real keys, memory that runs out, and a process that can die. */
#include "tests/lib/test.h"

#include <math.h>

#include "tests/lib/world_fixture.h"

static const struct store_spec plain = {.way.latency_ns = US(100), .command_ns = US(10)};
static struct store_spec spec;
static struct fixture *f;
static struct store *store;
static struct question q, other, third;

static int open_plain(void **state)
{
    (void)state;
    spec = plain;
    f = fixture_open(&spec, NULL, NULL, 0);
    store = &f->nodes[0].store;
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
}

/* A key costs 72 bytes and its value. */
static void limit_to_keys(uint64_t keys, uint32_t bytes, enum eviction eviction)
{
    spec.memory = keys * (72 + bytes);
    spec.eviction = eviction;
}

static void set_key(uint64_t key, int64_t value, uint32_t bytes, uint64_t ttl_ns)
{
    store_set(store, question_begin(f, &q), key, value, bytes, ttl_ns, SECONDS(1));
    run_for(f, MS(1));
}

static void get_key(uint64_t key)
{
    store_get(store, question_begin(f, &q), key, SECONDS(1));
    run_for(f, MS(1));
}

static void like(uint64_t user, int64_t delta)
{
    store_add_if_new(store, question_begin(f, &q), 1, user, 2, delta, SECONDS(1));
    run_for(f, MS(1));
}

static struct store_result figures(void)
{
    struct store_result result;

    store_model_close(f->store, &result);
    return result;
}

/* ---- The thread ----------------------------------------------------------------------------- */

static void a_command_takes_a_round_trip_and_its_service_time(void **state)
{
    (void)state;
    store_get(store, question_begin(f, &q), 7, SECONDS(1));
    run_for(f, MS(1));
    assert_told_at(&q, CALL_ABSENT, 0, US(210));
}

static void commands_are_served_one_at_a_time_in_the_order_of_arrival(void **state)
{
    (void)state;
    store_set(store, question_begin(f, &q), 7, 1, 8, 0, SECONDS(1));
    store_add(&f->nodes[1].store, question_begin(f, &other), 7, 5, SECONDS(1));
    store_get(store, question_begin(f, &third), 7, SECONDS(1));
    run_for(f, MS(1));
    assert_told_at(&q, CALL_OK, 1, US(210));
    assert_told_at(&other, CALL_OK, 6, US(220));
    assert_told_at(&third, CALL_OK, 6, US(230));
}

static void a_large_value_keeps_the_thread_longer_both_ways(void **state)
{
    (void)state;
    spec.kib_ns = US(2);
    store_set(store, question_begin(f, &q), 7, 1, 10 * 1024, 0, SECONDS(1));
    run_for(f, MS(1));
    assert_int_equal(q.done_ns, US(200 + 10 + 20));
    store_get(store, question_begin(f, &q), 7, SECONDS(1));
    run_for(f, MS(1));
    assert_int_equal(q.done_ns, MS(1) + US(200 + 10 + 20));
}

static void waiting_at_eighty_percent_is_that_of_one_server_with_constant_service(void **state)
{
    enum { COMMANDS = 200000, OPEN_MAX = 4096 };
    static struct question questions[OPEN_MAX];
    static uint64_t asked_ns[OPEN_MAX];
    struct dice dice;
    double wait_ns = 0, at_ns = 0;

    (void)state;
    dice_init(&dice, 3, "test");
    for (int i = 0; i < COMMANDS + OPEN_MAX; i++) {
        struct question *each = &questions[i % OPEN_MAX];

        if (i >= OPEN_MAX)
            wait_ns += (double)(each->done_ns - asked_ns[i % OPEN_MAX] - US(210));
        at_ns += dice_exponential(&dice) * (double)US(10) / 0.8;
        run_until(f, (uint64_t)at_ns);
        asked_ns[i % OPEN_MAX] = now_of(f);
        store_get(store, question_begin(f, each), 7, SECONDS(1));
    }
    wait_ns /= COMMANDS; /* Pollaczek and Khinchine: rho / (1 - rho) / 2 service times. */
    assert_true(fabs(wait_ns / (double)US(10) - 2.0) < 0.1);
    assert_true(fabs(figures().utilization - 0.8) < 0.01);
}

/* It comes to the thread at 100 us. */
static void a_command_in_hand_counts_up_to_the_instant_of_the_figures(void **state)
{
    (void)state;
    store_get(store, question_begin(f, &q), 7, SECONDS(1));
    for (uint64_t in_hand = 5; in_hand < 10; in_hand += 2) {
        run_until(f, US(100 + in_hand));
        assert_true(fabs(figures().utilization - (double)in_hand / (100.0 + (double)in_hand)) <
                    1e-9);
    }
    run_for(f, MS(1));
    assert_told_at(&q, CALL_ABSENT, 0, US(210));
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void adding_to_a_key_that_is_not_there_leaves_it_absent(void **state)
{
    (void)state;
    store_add(store, question_begin(f, &q), 7, 1, SECONDS(1));
    run_for(f, MS(1));
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(store_model_keys(f->store), 0);
}

static void a_key_is_gone_when_its_ttl_is_over(void **state)
{
    (void)state;
    set_key(7, 1, 8, MS(50));
    run_until(f, MS(49));
    get_key(7);
    assert_told(&q, 1);
    get_key(7);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(figures().expired, 1);
}

static void setting_again_without_a_ttl_takes_it_off(void **state)
{
    (void)state;
    set_key(7, 1, 8, MS(50));
    set_key(7, 2, 8, 0);
    run_until(f, SECONDS(1));
    get_key(7);
    assert_told(&q, 2);
}

static void expiring_at_once_deletes(void **state)
{
    (void)state;
    set_key(7, 1, 8, 0);
    store_expire(store, question_begin(f, &q), 7, 0, SECONDS(1));
    run_for(f, MS(1));
    assert_outcome(&q, CALL_OK);
    assert_int_equal(store_model_keys(f->store), 0);
    assert_int_equal(store_model_bytes(f->store), 0);
}

static void memory_falls_although_nobody_touches_what_expired(void **state)
{
    (void)state;
    for (uint64_t key = 0; key < 1000; key++)
        store_set(store, NULL, key, 1, 100, MS(100), SECONDS(1));
    for (uint64_t key = 1000; key < 1100; key++)
        store_set(store, NULL, key, 1, 100, 0, SECONDS(1));
    run_until(f, MS(90));
    assert_int_equal(store_model_keys(f->store), 1100);
    run_until(f, MS(500));
    assert_int_equal(store_model_keys(f->store), 100);
    assert_int_equal(figures().expired, 1000);
    assert_int_equal(figures().bytes_max, 1100 * 172);
}

static void a_like_counts_once_however_often_it_is_sent(void **state)
{
    (void)state;
    like(5, 1);
    assert_told(&q, 1);
    like(5, 1);
    assert_outcome(&q, CALL_ABSENT);
    like(6, 1);
    assert_told(&q, 2);
    assert_true(store_model_has_member(f->store, 1, 5));
}

static void taking_a_like_back_counts_once_too(void **state)
{
    (void)state;
    like(5, 1);
    like(5, -1);
    assert_told(&q, 0);
    like(5, -1);
    assert_outcome(&q, CALL_ABSENT);
    assert_false(store_model_has_member(f->store, 1, 5));
    assert_int_equal(store_model_bytes(f->store), 72 + 8); /* The counter alone. */
}

static void a_set_that_expires_takes_its_members_along(void **state)
{
    (void)state;
    like(5, 1);
    like(6, 1);
    store_expire(store, question_begin(f, &q), 1, 0, SECONDS(1));
    run_for(f, MS(1));
    like(5, 1);
    assert_told(&q, 3); /* The counter stayed: this is what losing the set costs. */
}

static void a_set_is_not_a_number(void **state)
{
    (void)state;
    like(5, 1);
    get_key(1);
    assert_outcome(&q, CALL_FAILED);
}

/* ---- Memory --------------------------------------------------------------------------------- */

static void a_write_fails_when_memory_is_full_and_nothing_may_go(void **state)
{
    (void)state;
    limit_to_keys(2, 100, EVICTION_NONE);
    set_key(1, 1, 100, 0);
    set_key(2, 2, 100, 0);
    set_key(3, 3, 100, 0);
    assert_outcome(&q, CALL_FAILED);
    set_key(1, 9, 101, 0); /* The old value stays. */
    assert_outcome(&q, CALL_FAILED);
    get_key(1);
    assert_told(&q, 1);
    like(5, 1);
    assert_outcome(&q, CALL_FAILED);
}

static void memory_never_exceeds_its_limit(void **state)
{
    struct dice dice;

    (void)state;
    limit_to_keys(50, 100, EVICTION_LRU);
    dice_init(&dice, 1, "test");
    for (int i = 0; i < 5000; i++) {
        uint64_t key = dice_below(&dice, 200);

        if (key < 100)
            store_set(store, NULL, key, 1, (uint32_t)dice_below(&dice, 500), 0, SECONDS(1));
        else
            store_add_if_new(store, question_begin(f, &q), key, dice_below(&dice, 50), 1000 + key,
                             dice_chance(&dice, 0.7) ? 1 : -1, SECONDS(1));
        run_for(f, MS(1));
        assert_true(store_model_bytes(f->store) <= spec.memory);
    }
    assert_true(figures().evictions > 100);
    while (store_model_keys(f->store) > 0)
        for (uint64_t key = 0; key < 1200; key++) {
            store_expire(store, NULL, key, 0, SECONDS(1));
            run_for(f, MS(1));
        }
    assert_int_equal(store_model_bytes(f->store), 0); /* Every byte was accounted for. */
}

/* What a store showed before the figures began is short of what it forgot all the same. */
static void an_eviction_in_the_warm_up_is_no_figure_and_not_forgotten(void **state)
{
    close_world(state);
    limit_to_keys(1, 100, EVICTION_LRU);
    f = fixture_open(&spec, NULL, NULL, SECONDS(1));
    store = &f->nodes[0].store;
    set_key(1, 1, 80, 0);
    assert_false(store_model_has_evicted(f->store));
    set_key(2, 1, 80, 0);
    run_until(f, SECONDS(2));
    assert_int_equal(figures().evictions, 0);
    assert_true(store_model_has_evicted(f->store));
}

/* Che, Tung and Wang 2002: a key stays for a time t after its last access, the same for all. */
static double che_hit_rate(double s, uint64_t keys, double room)
{
    double sum = 0, low = 0, high = 1e12, hits = 0;

    for (uint64_t i = 1; i <= keys; i++)
        sum += pow((double)i, -s);
    for (int step = 0; step < 200; step++) {
        double t = (low + high) / 2, inside = 0;

        hits = 0;
        for (uint64_t i = 1; i <= keys; i++) {
            double p = pow((double)i, -s) / sum, is_there = -expm1(-p * t);

            inside += is_there;
            hits += p * is_there;
        }
        *(inside < room ? &low : &high) = t;
    }
    return hits;
}

static double measured_hit_rate(double s, uint64_t keys, uint64_t room, int warm, int measured)
{
    struct zipf zipf;
    struct dice dice;
    struct store_result before = {0}, after;

    limit_to_keys(room, 100, EVICTION_LRU);
    dice_init(&dice, 11, "test");
    zipf_init(&zipf, keys, s);
    for (int i = 0; i < warm + measured; i++) {
        uint64_t key = zipf_draw(&zipf, &dice);

        if (i == warm)
            before = figures();
        store_get(store, question_begin(f, &q), key, SECONDS(1));
        run_for(f, US(300));
        if (q.call.outcome == CALL_ABSENT)
            store_set(store, NULL, key, 1, 100, 0, SECONDS(1));
    }
    after = figures();
    return (double)(after.hits - before.hits) / measured;
}

static void sampled_lru_hits_as_often_as_che_says(void **state)
{
    double expected = che_hit_rate(0.9, 5000, 500);
    double found = measured_hit_rate(0.9, 5000, 500, 20000, 100000);

    (void)state;
    print_message("zipf 0.9, 500 of 5000 keys: Che %.4f, found %.4f\n", expected, found);
    assert_true(fabs(found - expected) < 0.015);
}

static void a_steeper_load_hits_as_often_as_che_says(void **state)
{
    double expected = che_hit_rate(1.1, 5000, 250);
    double found = measured_hit_rate(1.1, 5000, 250, 20000, 100000);

    (void)state;
    print_message("zipf 1.1, 250 of 5000 keys: Che %.4f, found %.4f\n", expected, found);
    assert_true(fabs(found - expected) < 0.015);
}

/* A hundred keys that nobody asks for again between two looks at the hot one; room for fifty. */
static uint64_t hits_on_a_hot_key_during_a_scan(enum eviction eviction)
{
    uint64_t hits;

    limit_to_keys(50, 100, eviction);
    set_key(1, 1, 100, 0);
    for (int i = 0; i < 200; i++)
        get_key(1);
    hits = figures().hits;
    for (uint64_t key = 1000; key < 6000; key++) {
        set_key(key, 1, 100, 0);
        if (key % 100 == 0)
            get_key(1);
    }
    return figures().hits - hits;
}

static void lfu_keeps_a_hot_key_through_a_scan(void **state)
{
    (void)state;
    assert_int_equal(hits_on_a_hot_key_during_a_scan(EVICTION_LFU), 50);
}

static void lru_loses_it(void **state)
{
    (void)state;
    assert_true(hits_on_a_hot_key_during_a_scan(EVICTION_LRU) < 10);
}

static void frequency_fades_by_the_minute(void **state)
{
    (void)state;
    limit_to_keys(50, 100, EVICTION_LFU);
    set_key(1, 1, 100, 0);
    for (int i = 0; i < 200; i++)
        get_key(1);
    run_for(f, SECONDS(3600));
    for (uint64_t key = 1000; key < 1200; key++)
        set_key(key, 1, 100, 0);
    assert_false(store_model_value(f->store, 1, NULL));
}

/* ---- Faults --------------------------------------------------------------------------------- */

static void a_crash_fails_what_is_in_hand_and_loses_every_key(void **state)
{
    (void)state;
    set_key(1, 1, 8, 0);
    for (int i = 0; i < 3; i++)
        store_get(store, question_begin(f, i == 0 ? &q : i == 1 ? &other : &third), 1, SECONDS(1));
    run_for(f, US(115)); /* One has been served, one is being served, one waits. */
    store_model_crash(f->store);
    run_for(f, MS(1));
    assert_told(&q, 1);
    assert_outcome(&other, CALL_FAILED);
    assert_outcome(&third, CALL_FAILED);
    store_model_restart(f->store);
    get_key(1);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(figures().lost, 1);
}

static void a_persistent_store_comes_back_with_all_it_had_answered(void **state)
{
    (void)state;
    spec.is_persistent = true;
    like(5, 1);
    store_model_crash(f->store);
    run_for(f, SECONDS(5));
    store_model_restart(f->store);
    get_key(2);
    assert_told(&q, 1);
    like(5, 1);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(figures().lost, 0);
}

static void while_it_is_down_a_command_is_refused_after_one_round_trip(void **state)
{
    (void)state;
    store_model_crash(f->store);
    store_get(store, question_begin(f, &q), 1, SECONDS(1));
    run_for(f, MS(1));
    assert_told_at(&q, CALL_REFUSED, 0, US(200));
}

static void a_paused_store_times_out_and_then_does_it_all_the_same(void **state)
{
    (void)state;
    set_key(1, 0, 8, 0);
    store_add(store, question_begin(f, &other), 1, 1, MS(20));
    run_for(f, US(105)); /* Half of its service is over. */
    store_model_pause(f->store);
    store_add(store, question_begin(f, &q), 1, 1, MS(20));
    run_for(f, MS(50));
    assert_outcome(&other, CALL_TIMEOUT);
    assert_outcome(&q, CALL_TIMEOUT);
    store_model_resume(f->store);
    run_for(f, MS(1));
    get_key(1);
    assert_told(&q, 2);
}

static void the_rest_of_a_service_time_is_served_after_the_pause(void **state)
{
    (void)state;
    store_get(store, question_begin(f, &q), 1, SECONDS(1));
    run_for(f, US(104));
    store_model_pause(f->store);
    run_for(f, MS(1));
    store_model_resume(f->store);
    run_for(f, MS(1));
    assert_int_equal(q.done_ns, US(104 + 1000 + 6 + 100));
}

static void a_cut_cable_swallows_commands_and_answers(void **state)
{
    (void)state;
    set_key(1, 0, 8, 0);
    store_add(store, question_begin(f, &q), 1, 1, MS(5));
    run_for(f, US(105));
    store_model_cut(f->store, true); /* It arrived; its answer will not. */
    store_add(store, question_begin(f, &other), 1, 1, MS(5));
    run_for(f, MS(10));
    assert_outcome(&q, CALL_TIMEOUT);
    assert_outcome(&other, CALL_TIMEOUT);
    store_model_cut(f->store, false);
    get_key(1);
    assert_told(&q, 1);
}

static void the_answer_to_a_dead_node_is_dropped(void **state)
{
    (void)state;
    set_key(1, 0, 8, 0);
    store_add(store, question_begin(f, &q), 1, 1, SECONDS(1));
    kill_node(f, 0);
    run_for(f, SECONDS(2));
    assert_outcome(&q, CALL_PENDING);
    get_key(1);
    assert_told(&q, 1);
}

static void what_happens_before_the_warm_up_ends_is_in_no_figure(void **state)
{
    (void)state;
    f = fixture_open(&plain, NULL, NULL, SECONDS(1));
    store = &f->nodes[0].store;
    get_key(1);
    set_key(1, 1, 8, 0);
    run_until(f, SECONDS(1));
    get_key(1);
    assert_int_equal(figures().commands, 1);
    assert_int_equal(figures().hits, 1);
    assert_int_equal(figures().misses, 0);
    assert_int_equal(figures().bytes_max, 80);
}

static void a_planted_bug_adds_twice(void **state)
{
    int64_t value = 0;

    (void)state;
#ifdef SIM_PLANTED_BUGS
    store_model_plant(f->store, STORE_ADDS_TWICE);
#else
    skip();
#endif
    set_key(1, 0, 8, 0);
    for (int i = 0; i < 2000; i++)
        store_add(store, NULL, 1, 1, SECONDS(1));
    run_for(f, SECONDS(1));
    assert_true(store_model_value(f->store, 1, &value));
    assert_int_equal(value, 2001);
}

#define proves(name) cmocka_unit_test_setup_teardown(name, open_plain, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        proves(a_command_takes_a_round_trip_and_its_service_time),
        proves(commands_are_served_one_at_a_time_in_the_order_of_arrival),
        proves(a_large_value_keeps_the_thread_longer_both_ways),
        proves(waiting_at_eighty_percent_is_that_of_one_server_with_constant_service),
        proves(a_command_in_hand_counts_up_to_the_instant_of_the_figures),
        proves(adding_to_a_key_that_is_not_there_leaves_it_absent),
        proves(a_key_is_gone_when_its_ttl_is_over),
        proves(setting_again_without_a_ttl_takes_it_off),
        proves(expiring_at_once_deletes),
        proves(memory_falls_although_nobody_touches_what_expired),
        proves(a_like_counts_once_however_often_it_is_sent),
        proves(taking_a_like_back_counts_once_too),
        proves(a_set_that_expires_takes_its_members_along),
        proves(a_set_is_not_a_number),
        proves(a_write_fails_when_memory_is_full_and_nothing_may_go),
        proves(memory_never_exceeds_its_limit),
        proves(an_eviction_in_the_warm_up_is_no_figure_and_not_forgotten),
        proves(sampled_lru_hits_as_often_as_che_says),
        proves(a_steeper_load_hits_as_often_as_che_says),
        proves(lfu_keeps_a_hot_key_through_a_scan),
        proves(lru_loses_it),
        proves(frequency_fades_by_the_minute),
        proves(a_crash_fails_what_is_in_hand_and_loses_every_key),
        proves(a_persistent_store_comes_back_with_all_it_had_answered),
        proves(while_it_is_down_a_command_is_refused_after_one_round_trip),
        proves(a_paused_store_times_out_and_then_does_it_all_the_same),
        proves(the_rest_of_a_service_time_is_served_after_the_pause),
        proves(a_cut_cable_swallows_commands_and_answers),
        proves(the_answer_to_a_dead_node_is_dropped),
        cmocka_unit_test_teardown(what_happens_before_the_warm_up_ends_is_in_no_figure,
                                  close_world),
        proves(a_planted_bug_adds_twice),
    };

    return cmocka_run_group_tests_name("store_model", tests, NULL, NULL);
}
