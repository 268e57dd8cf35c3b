/* Replicas that come and go, and who hears of it. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <stdio.h>

#define HEAD "version: 1\nname: test\nduration: 30s\nnetwork: {latency: 0s}\n"
#define STEADY "load: [{verb: call, arrivals: constant, rate: 300/s}]\n"

static const struct result *only(const struct trial *trial)
{
    trial_holds(trial);
    assert_int_equal(trial->results[0]->end, RUN_DONE);
    return trial->results[0];
}

/* Three are wanted, one dies for 10 s: it is asked for and not ready yet, so nobody replaces it. */
static void a_dead_replica_that_will_be_back_is_not_started_twice(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD STEADY
                   "services: {web: {kind: custom, replicas: 3, boot: 1s, steps: [{compute: 1ms}],"
                   " autoscale: {signal: rate, target: 100/s, min: 3, max: 8, every: 2s}}}\n"
                   "balancer: {policy: round_robin, health: {every: 100ms}}\n"
                   "faults: [{at: 10s, for: 10s, kind: crash, target: web/1}]\n",
                   1, 1);
    assert_int_equal(only(&trial)->series.replicas[8], 3);
    for (unsigned second = 10; second < 19; second++)
        assert_int_equal(only(&trial)->series.replicas[second], 2);
    assert_int_equal(only(&trial)->series.replicas[21], 3);
    assert_int_equal(only(&trial)->services[0].replicas_max, 3);
    trial_close(&trial);
}

/* Nobody brings it back, so the platform starts another, in its place or elsewhere. */
static void a_replica_that_is_dead_for_good_is_replaced(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD STEADY
                   "services: {web: {kind: custom, replicas: 3, boot: 1s, steps: [{compute: 1ms}],"
                   " autoscale: {signal: rate, target: 100/s, min: 3, max: 3, every: 2s}}}\n"
                   "faults: [{at: 10500ms, for: 0s, kind: crash, target: web/1}]\n",
                   1, 1);
    assert_int_equal(only(&trial)->series.replicas[10], 2);
    assert_int_equal(only(&trial)->series.replicas[13], 3);
    trial_close(&trial);
}

/* The warm-up's end and the autoscaler's look fall on one instant, and a look may come right after
 * it: figures begin anew, and the size of the fleet is steered by what it saw all the same. */
static void the_end_of_the_warmup_is_nothing_to_the_autoscaler(void **state)
{
    static const char *const warmups[] = {"0s", "10s", "9999ms"};
    struct trial trial;

    (void)state;
    for (size_t i = 0; i < sizeof warmups / sizeof *warmups; i++) {
        char text[1024];

        snprintf(text, sizeof text,
                 HEAD STEADY
                 "warmup: %s\n"
                 "services: {web: {kind: custom, replicas: 3, boot: 1s, steps: [{compute: 1ms}],"
                 " autoscale: {signal: rate, target: 100/s, min: 1, max: 8, every: 5s,"
                 " down_window: 0s}}}\nbalancer: {policy: round_robin}\n",
                 warmups[i]);
        trial_run_text(&trial, text, 1, 1);
        trial_holds(&trial);
        for (unsigned second = 0; second < only(&trial)->series.seconds; second++)
            assert_int_equal(only(&trial)->series.replicas[second], 3);
        trial_close(&trial);
    }
}

/* One of two is dead for 10 s: every other request is refused, for nobody looks. */
static void a_balancer_without_checks_goes_on_asking_the_dead(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD STEADY
                   "services: {web: {kind: custom, replicas: 2, steps: [{compute: 1ms}]}}\n"
                   "balancer: {policy: round_robin}\n"
                   "faults: [{at: 10s, for: 10s, kind: crash, target: web/1}]\n",
                   1, 1);
    assert_in_range(only(&trial)->requests.failed[FAILURE_REFUSED], 1490, 1510);
    trial_close(&trial);
}

/* A check every 200 ms, three bad ones in a row: some 600 ms of every other request. */
static void checks_find_the_dead_and_let_them_back_in(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD STEADY
                   "services: {web: {kind: custom, replicas: 2, steps: [{compute: 1ms}]}}\n"
                   "balancer: {policy: round_robin, health: {every: 200ms}}\n"
                   "faults: [{at: 10s, for: 5s, kind: crash, target: web/1}]\n",
                   1, 1);
    assert_in_range(only(&trial)->requests.failed[FAILURE_REFUSED], 50, 110);
    assert_true(only(&trial)->services[0].utilization > 0.145); /* Both work again. */
    trial_close(&trial);
}

/* Four users of 15 s each at four replicas; at 10 s one is wanted, and three finish what they have.
 * While they do, they are paid for, and nobody is busier than all of the time. */
static void replicas_that_drain_are_there_until_they_are_empty(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD
                   "load: [{verb: call, arrivals: closed, users: 4, think: 1s}]\n"
                   "balancer: {timeout: 1m}\n"
                   "services: {web: {kind: custom, replicas: 4, steps: [{compute: 15s}],"
                   " autoscale: {signal: in_flight, target: 100, every: 10s, down_window: 0s}}}\n",
                   1, 1);
    assert_int_equal(only(&trial)->series.replicas[12], 1);
    assert_true(only(&trial)->services[0].utilization_peak <= 1);
    assert_in_range(only(&trial)->services[0].replica_seconds, 30 + 3 * 15, 30 + 3 * 18);
    trial_close(&trial);
}

/* Ten replicas at 35 % are five at 70 %. Their last visits keep the others for 20 s more, with no
 * work to do: who is on the way out says nothing of how busy those are that stay. */
static void who_drains_with_idle_cores_is_not_taken_for_spare_capacity(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 300/s, timeout: 1m}]\n"
                        "balancer: {policy: round_robin, timeout: 1m}\n"
                        "services: {web: {kind: custom, replicas: 10, in_flight: 10k,"
                        " steps: [{compute: 11600us}, {sleep: 20s}],"
                        " autoscale: {signal: cpu, target: 70%, every: 5s, down_window: 0s}}}\n",
                   1, 1);
    for (unsigned second = 6; second < 30; second++)
        assert_int_equal(only(&trial)->series.replicas[second], 5);
    trial_close(&trial);
}

/* 80 visits of 8 s, from 8 s on: 64 in the first 20 s on average, 16 in each of four. Of the 72 in
 * the next 20 s that are in the two that stay 36 are in each; the other 8 leave with the others. */
static void visits_in_replicas_that_drain_are_not_in_those_that_stay(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 59s\nnetwork: {latency: 0s}\n"
                   "load: [{verb: call, arrivals: constant, rate: 10/s, timeout: 1m}]\n"
                   "balancer: {policy: round_robin, timeout: 1m}\n"
                   "services: {web: {kind: custom, replicas: 4, boot: 1s, steps: [{sleep: 8s}],"
                   " autoscale: {signal: in_flight, target: 36, every: 20s, down_window: 0s}}}\n",
                   1, 1);
    for (unsigned second = 21; second < 59; second++)
        assert_int_equal(only(&trial)->series.replicas[second], 2);
    trial_close(&trial);
}

/* It was told of nobody while it was away, and learns who is there. */
static void a_balancer_that_comes_back_finds_the_replicas(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD STEADY
                   "services: {web: {kind: custom, replicas: 2, steps: [{compute: 1ms}]}}\n"
                   "faults: [{at: 10s, for: 5s, kind: crash, target: balancer},"
                   " {at: 12s, for: 1s, kind: crash, target: web/1}]\n",
                   1, 1);
    assert_in_range(only(&trial)->requests.failed[FAILURE_REFUSED], 1495, 1505);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_replica_that_will_be_back_is_not_started_twice),
        cmocka_unit_test(a_replica_that_is_dead_for_good_is_replaced),
        cmocka_unit_test(the_end_of_the_warmup_is_nothing_to_the_autoscaler),
        cmocka_unit_test(a_balancer_without_checks_goes_on_asking_the_dead),
        cmocka_unit_test(checks_find_the_dead_and_let_them_back_in),
        cmocka_unit_test(a_balancer_that_comes_back_finds_the_replicas),
        cmocka_unit_test(replicas_that_drain_are_there_until_they_are_empty),
        cmocka_unit_test(who_drains_with_idle_cores_is_not_taken_for_spare_capacity),
        cmocka_unit_test(visits_in_replicas_that_drain_are_not_in_those_that_stay),
    };

    return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
