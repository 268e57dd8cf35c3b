/* Poison orders on their way through a whole world: each is buried, and nobody else with it. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <stdio.h>

enum { SEEDS = 4 };

/* The same orders in every run of a seed, however they are taken and whatever dies. */
static void run_orders(struct trial *trial, const char *orders, const char *rest)
{
    char yaml[1024];

    assert_in_range(
        snprintf(yaml, sizeof yaml,
                 "version: 1\nname: test\nduration: 10s\ndrain: 10m\n"
                 "load: [{verb: order, rate: 60/s, poison: 3%%, people: 99, zones: 9}]\n"
                 "services: {delivery: {orders: %s},\n"
                 " batcher: {topic: orders, replicas: 3, linger: 100ms, batch: 20}}\n%s",
                 orders, rest),
        1, sizeof yaml - 1);
    trial_run_text(trial, yaml, 1, SEEDS);
    trial_holds(trial);
}

/* How many of them are poison: written at once, each is an error. */
static void count_poison(uint64_t poison[SEEDS])
{
    struct trial trial;

    run_orders(&trial, "sync", "");
    for (unsigned i = 0; i < SEEDS; i++) {
        poison[i] = trial.results[i]->requests.failed[FAILURE_ERROR];
        assert_in_range(poison[i], 1, 60);
        assert_int_equal(trial.results[i]->queue.dead, 0);
        assert_int_equal(trial.results[i]->money.orders_lost, poison[i]);
    }
    trial_close(&trial);
}

static void every_poison_order_is_a_dead_letter_and_all_others_are_rows(void **state)
{
    static const char *const kinds[] = {"", "queue: {kind: rabbitmq}\n"};
    uint64_t poison[SEEDS];

    (void)state;
    count_poison(poison);
    for (size_t kind = 0; kind < 2; kind++) {
        struct trial trial;

        run_orders(&trial, "queued", kinds[kind]);
        for (unsigned i = 0; i < SEEDS; i++) {
            const struct result *result = trial.results[i];

            assert_int_equal(result->requests.ok, result->requests.offered);
            assert_int_equal(result->queue.dead, poison[i]);
            assert_int_equal(result->queue.lag_end, 0);
            assert_int_equal(result->money.orders_lost, poison[i]);
            assert_int_equal(result->money.orders_ok, result->requests.ok - poison[i]);
        }
        trial_close(&trial);
    }
}

/* Held to the audit by trial_holds: after a crash a letter may be there twice, never not at all. */
static void whoever_dies_over_a_poison_order_leaves_it_to_the_next(void **state)
{
    static const char *const kinds[] = {"", "queue: {kind: rabbitmq}\n"};
    uint64_t poison[SEEDS];

    (void)state;
    count_poison(poison);
    for (size_t kind = 0; kind < 2; kind++) {
        char rest[256];
        struct trial trial;

        snprintf(rest, sizeof rest,
                 "%sfaults: [{at: 3s, for: 2s, kind: crash, target: batcher},\n"
                 " {at: 6s, for: 1s, kind: crash, target: table},\n"
                 " {at: 8s, for: 1s, kind: crash, target: batcher/0}]\n",
                 kinds[kind]);
        run_orders(&trial, "queued", rest);
        for (unsigned i = 0; i < SEEDS; i++) {
            assert_int_equal(trial.results[i]->queue.lag_end, 0);
            assert_in_range(trial.results[i]->queue.dead, poison[i], 2 * poison[i]);
        }
        trial_close(&trial);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_poison_order_is_a_dead_letter_and_all_others_are_rows),
        cmocka_unit_test(whoever_dies_over_a_poison_order_leaves_it_to_the_next),
    };

    return cmocka_run_group_tests_name("dead letters", tests, NULL, NULL);
}
