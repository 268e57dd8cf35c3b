/* test_store_lab.c — What the lab reads from a Redis and removes from it, with neighbours in it. */
#include "tests/live/at_redis.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    uint64_t counters, sum, last, limit;
};

static bool add_up(void *context, uint64_t post, int64_t value)
{
    struct tally *tally = context;

    assert_true(tally->counters == 0 || post > tally->last);
    tally->last = post;
    tally->counters++;
    tally->sum += (uint64_t)value;
    return tally->counters < tally->limit;
}

/* 2500 counters of this run, and neighbours that are none of them. */
static void fill(struct rig *rig)
{
    for (uint64_t post = 0; post < 2500; post++)
        store_set(rig->ports.store, NULL, store_key(SPACE_COUNT, post), (int64_t)post, 8, 0,
                  RIG_TIMEOUT_NS);
    store_set(rig->ports.store, NULL, store_key(SPACE_MENU, 1), 5, 100, 0, RIG_TIMEOUT_NS);
    store_set(rig->ports.store, NULL, store_key(11, 1), 5, 8, 0, RIG_TIMEOUT_NS);
    wait_until_served(rig);
    assert_says(rig, "SET users 1", "OK");
    assert_says(rig, "SET sim:rig2:1:1 1", "OK");
    assert_says(rig, "SET sim:ri:1:1 1", "OK");
    assert_says(rig, "SET xsim:rig:1:1 1", "OK");
}

static void the_lab_sees_each_counter_of_its_run_once(void **state)
{
    struct rig *rig = *state;
    struct tally all = {.limit = UINT64_MAX}, ten = {.limit = 10}, none = {.limit = UINT64_MAX};
    char why[160];

    fill(rig);
    assert_true(store_each_count(rig_redis(rig)->socket, "rig", add_up, &all, why));
    assert_int_equal(all.counters, 2500);
    assert_int_equal(all.sum, 2499 * 2500 / 2);
    assert_true(store_each_count(rig_redis(rig)->socket, "rig", add_up, &ten, why));
    assert_int_equal(ten.counters, 10);
    assert_true(store_each_count(rig_redis(rig)->socket, "another", add_up, &none, why));
    assert_int_equal(none.counters, 0);
    assert_false(store_each_count(rig_redis(rig)->socket, "*", add_up, &none, why));
}

static void forgetting_a_run_leaves_everything_else(void **state)
{
    struct rig *rig = *state;
    char why[160];

    fill(rig);
    assert_says(rig, "DBSIZE", "2506");
    assert_true(store_forget(rig_redis(rig)->socket, "rig", why));
    assert_says(rig, "DBSIZE", "4");
    assert_says(rig, "EXISTS users sim:rig2:1:1 sim:ri:1:1 xsim:rig:1:1", "4");
    assert_true(store_forget(rig_redis(rig)->socket, "rig", why));
    assert_false(store_forget(rig_redis(rig)->socket, "r?g", why));
    redis_kill(rig_redis(rig));
    assert_false(store_forget(rig_redis(rig)->socket, "rig", why));
    assert_non_null(strstr(why, "refused"));
}

static void the_lab_reads_what_the_server_has_counted(void **state)
{
    struct rig *rig = *state;
    struct store_info before, after;
    char why[160], version[32];

    assert_true(store_probe(rig_redis(rig)->socket, version, why));
    assert_true(strtol(version, NULL, 10) >= 5);
    assert_true(store_read_info(rig_redis(rig)->socket, &before, why));
    fill(rig);
    store_set(rig->ports.store, NULL, count, 1, 8, 1, RIG_TIMEOUT_NS);
    rig_pass(rig, MS(20));
    wait_until_served(rig);
    assert_true(store_read_info(rig_redis(rig)->socket, &after, why));
    assert_true(after.commands >= before.commands + 2506);
    assert_true(after.used_memory_peak > 100000);
    assert_int_equal(after.expired - before.expired, 1);
    assert_int_equal(after.evicted, 0);
    assert_true(after.cpu_us > before.cpu_us);
}

static void the_lab_gives_up_on_a_redis_that_hangs(void **state)
{
    struct rig *rig = *state;
    char why[160], version[32];

    redis_signal(rig_redis(rig), SIGSTOP);
    assert_false(store_probe(rig_redis(rig)->socket, version, why));
    assert_string_equal(why, "no answer within 5 s");
    redis_signal(rig_redis(rig), SIGCONT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_lab_sees_each_counter_of_its_run_once),
    cmocka_unit_test(forgetting_a_run_leaves_everything_else),
    cmocka_unit_test(the_lab_reads_what_the_server_has_counted),
    cmocka_unit_test(the_lab_gives_up_on_a_redis_that_hangs),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_store_live};

    return rig_run(worlds, 1, tests, sizeof tests / sizeof *tests);
}
