/* The model of memcached: threads with connections of their own, two commands where Redis has one
 * script, a clock that ticks by the second, and nothing on a disk. */
#include "tests/lib/test.h"

#include <math.h>

#include "sim/world/store/slabs.h"
#include "sim/world/world_inside.h"
#include "tests/lib/world_fixture.h"

static const struct store_spec plain = {.kind = STORE_MEMCACHED,
                                        .way.latency_ns = US(100),
                                        .command_ns = US(10),
                                        .memory = UINT64_C(64) << 20,
                                        .eviction = EVICTION_LRU,
                                        .threads = 4,
                                        .item_max = UINT64_C(1) << 20,
                                        .growth = 1.25};
static struct store_spec spec;
static struct fixture *f;
static struct store *store;
static struct question q, other, third;

static void open_with(uint32_t threads, uint64_t latency_ns)
{
    spec = plain;
    spec.threads = threads;
    spec.way.latency_ns = latency_ns;
    f = fixture_open(&spec, NULL, NULL, 0);
    store = &f->nodes[0].store;
}

static int open_plain(void **state)
{
    (void)state;
    open_with(4, US(100));
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    fixture_close(f);
    return 0;
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

static void begin_like(uint64_t user, int64_t delta, uint64_t timeout_ns)
{
    store_add_if_new(store, question_begin(f, &q), 1, user, 2, delta, timeout_ns);
}

static void like(uint64_t user, int64_t delta)
{
    begin_like(user, delta, SECONDS(1));
    run_for(f, MS(2));
}

static struct store_result figures(void)
{
    struct store_result result;

    store_model_close(f->store, &result);
    return result;
}

/* ---- Threads -------------------------------------------------------------------------------- */

static void a_command_takes_a_round_trip_and_its_service_time(void **state)
{
    (void)state;
    store_get(store, question_begin(f, &q), 7, SECONDS(1));
    run_for(f, MS(1));
    assert_told_at(&q, CALL_ABSENT, 0, US(210));
}

static void a_connection_carries_one_command_at_a_time_in_order(void **state)
{
    (void)state;
    store_set(store, question_begin(f, &q), 7, 1, 8, 0, SECONDS(1));
    store_add(store, question_begin(f, &other), 7, 5, SECONDS(1));
    store_get(store, question_begin(f, &third), 7, SECONDS(1));
    run_for(f, MS(1));
    assert_told_at(&q, CALL_OK, 1, US(210));
    assert_told_at(&other, CALL_OK, 6, US(420));
    assert_told_at(&third, CALL_OK, 6, US(630));
}

static uint64_t last_of_eight_nodes_ns(uint32_t threads)
{
    static struct question questions[FIXTURE_NODES];
    uint64_t last_ns = 0;

    fixture_close(f);
    open_with(threads, US(100));
    for (uint32_t node = 0; node < FIXTURE_NODES; node++)
        store_get(&f->nodes[node].store, question_begin(f, &questions[node]), 7, SECONDS(1));
    run_for(f, MS(1));
    for (uint32_t node = 0; node < FIXTURE_NODES; node++)
        if (questions[node].done_ns > last_ns)
            last_ns = questions[node].done_ns;
    return last_ns;
}

static void nodes_are_dealt_to_threads_by_turns(void **state)
{
    (void)state;
    assert_int_equal(last_of_eight_nodes_ns(1), US(200 + 8 * 10));
    assert_int_equal(last_of_eight_nodes_ns(4), US(200 + 2 * 10));
    assert_int_equal(last_of_eight_nodes_ns(8), US(200 + 10));
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static void a_key_goes_by_whole_seconds_and_not_before_its_time(void **state)
{
    (void)state;
    run_until(f, MS(900));
    set_key(7, 1, 8, MS(1500));
    run_until(f, MS(2990));
    get_key(7);
    assert_told(&q, 1);
    run_until(f, SECONDS(3));
    get_key(7);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(figures().expired, 1);
}

static void a_blob_is_no_counter(void **state)
{
    (void)state;
    set_key(7, 5, 1000, 0);
    store_add(store, question_begin(f, &q), 7, 1, SECONDS(1));
    run_for(f, MS(1));
    assert_outcome(&q, CALL_FAILED);
    get_key(7);
    assert_told(&q, 5);
}

static void a_value_that_is_too_large_fails_and_the_old_one_is_gone(void **state)
{
    (void)state;
    set_key(7, 5, 8, 0);
    set_key(7, 6, 1 << 20, 0);
    assert_outcome(&q, CALL_FAILED);
    get_key(7);
    assert_outcome(&q, CALL_ABSENT);
}

/* ---- No scripts ----------------------------------------------------------------------------- */

static void a_like_is_two_commands_and_the_first_one_three(void **state)
{
    (void)state;
    begin_like(5, 1, SECONDS(1));
    run_for(f, MS(2));
    assert_told_at(&q, CALL_OK, 1, US(3 * 210));
    like(6, 1);
    assert_told_at(&q, CALL_OK, 2, MS(2) + US(2 * 210));
    like(6, 1);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(figures().commands, 3 + 2 + 1);
}

static void
a_like_whose_asker_gave_up_between_them_is_in_the_set_and_not_in_the_counter(void **state)
{
    int64_t shown = 0;

    (void)state;
    like(5, 1);
    begin_like(6, 1, US(200)); /* The first answer comes after 210. */
    run_for(f, MS(2));
    assert_outcome(&q, CALL_TIMEOUT);
    assert_true(store_model_has_member(f->store, 1, 6));
    assert_true(store_model_value(f->store, 2, &shown));
    assert_int_equal(shown, 1);
    like(6, 1);
    assert_outcome(&q, CALL_ABSENT); /* Nothing will ever mend it. */
}

static void a_node_that_dies_between_them_leaves_the_same(void **state)
{
    int64_t shown = 0;

    (void)state;
    like(5, 1);
    begin_like(6, 1, SECONDS(1));
    run_for(f, US(150));
    kill_node(f, 0);
    run_for(f, MS(2));
    assert_true(store_model_has_member(f->store, 1, 6));
    assert_true(store_model_value(f->store, 2, &shown));
    assert_int_equal(shown, 1);
}

static void a_crash_between_them_is_a_failure_and_not_a_refusal(void **state)
{
    (void)state;
    begin_like(5, 1, SECONDS(1));
    run_for(f, US(215)); /* The second command is under way. */
    store_model_crash(f->store);
    run_for(f, MS(1));
    assert_outcome(&q, CALL_FAILED);
}

static void likes_of_many_nodes_count_each_member_once(void **state)
{
    enum { LIKES = 4000, USERS = 900 };
    static struct question questions[LIKES];
    int64_t shown = 0;

    (void)state;
    for (uint64_t i = 0; i < LIKES; i++) {
        store_add_if_new(&f->nodes[i % FIXTURE_NODES].store, question_begin(f, &questions[i]), 1,
                         i * 7919 % USERS, 2, 1, SECONDS(10));
        run_for(f, US(50));
    }
    run_for(f, SECONDS(10));
    assert_true(store_model_value(f->store, 2, &shown));
    assert_int_equal(shown, USERS);
}

/* ---- Faults --------------------------------------------------------------------------------- */

static void it_is_empty_after_a_crash_and_has_no_pages(void **state)
{
    (void)state;
    set_key(1, 1, 8, 0);
    store_model_crash(f->store);
    store_model_restart(f->store);
    get_key(1);
    assert_outcome(&q, CALL_ABSENT);
    assert_int_equal(figures().lost, 1);
    assert_int_equal(figures().wasted_bytes, 0);
}

static void who_gave_up_in_line_is_never_sent_and_who_waits_is(void **state)
{
    (void)state;
    set_key(1, 0, 8, 0);
    store_model_pause(f->store);
    store_get(store, question_begin(f, &third), 1, SECONDS(1));
    store_add(store, question_begin(f, &q), 1, 1, MS(20));
    store_add(store, question_begin(f, &other), 1, 10, SECONDS(1));
    store_add(store, NULL, 1, 100, MS(20)); /* Nobody waits, so nobody gives up. */
    run_for(f, MS(50));
    assert_outcome(&q, CALL_TIMEOUT);
    store_model_resume(f->store);
    run_for(f, MS(2));
    assert_told(&third, 0);
    assert_told(&other, 10);
    get_key(1);
    assert_told(&q, 110);
}

static void a_cut_cable_does_not_hold_a_connection_up(void **state)
{
    (void)state;
    store_model_cut(f->store, true);
    store_get(store, question_begin(f, &q), 1, MS(5));
    store_get(store, question_begin(f, &other), 1, MS(6));
    run_for(f, MS(10));
    assert_outcome(&q, CALL_TIMEOUT);
    assert_outcome(&other, CALL_TIMEOUT);
    store_model_cut(f->store, false);
    get_key(1);
    assert_outcome(&q, CALL_ABSENT);
}

/* As many as there are records, and more: those beyond three quarters are refused as Redis refuses
 * them, though the connection is stuck, and do not keep their records. */
static void who_comes_to_a_line_that_is_far_too_long_is_refused_at_once(void **state)
{
    (void)state;
    store_model_pause(f->store);
    for (uint32_t i = 0; i < 250; i++) {
        for (uint32_t n = 0; n < 1000; n++)
            store_set(store, NULL, 7, 1, 8, 0, SECONDS(1));
        run_for(f, MS(1));
    }
    store_get(store, question_begin(f, &q), 7, SECONDS(1));
    run_for(f, MS(1));
    assert_outcome(&q, CALL_REFUSED);
    assert_false(f->nodes[0].world->is_out_of_memory);
    store_model_resume(f->store);
    run_for(f, SECONDS(60));
    get_key(7);
    assert_told(&q, 1);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_plain, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_command_takes_a_round_trip_and_its_service_time),
        TEST(a_connection_carries_one_command_at_a_time_in_order),
        TEST(nodes_are_dealt_to_threads_by_turns),
        TEST(a_key_goes_by_whole_seconds_and_not_before_its_time),
        TEST(a_blob_is_no_counter),
        TEST(a_value_that_is_too_large_fails_and_the_old_one_is_gone),
        TEST(a_like_is_two_commands_and_the_first_one_three),
        TEST(a_like_whose_asker_gave_up_between_them_is_in_the_set_and_not_in_the_counter),
        TEST(a_node_that_dies_between_them_leaves_the_same),
        TEST(a_crash_between_them_is_a_failure_and_not_a_refusal),
        TEST(likes_of_many_nodes_count_each_member_once),
        TEST(it_is_empty_after_a_crash_and_has_no_pages),
        TEST(who_gave_up_in_line_is_never_sent_and_who_waits_is),
        TEST(a_cut_cable_does_not_hold_a_connection_up),
        TEST(who_comes_to_a_line_that_is_far_too_long_is_refused_at_once),
        TEST(the_rest_of_a_service_time_is_served_after_the_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
