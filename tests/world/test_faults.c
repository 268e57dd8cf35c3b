/* What a fault strikes, and for how long. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <stdio.h>

#define HEAD "version: 1\nname: test\nduration: 30s\nnetwork: {latency: 0s}\n"
#define STEADY "load: [{verb: call, arrivals: constant, rate: 100/s, timeout: 100ms}]\n"
#define FOUR                                                                                       \
    "services: {web: {kind: custom, replicas: 4, boot: 1s, steps: [{compute: 1ms}], "              \
    "autoscale: {signal: rate, target: 100/s, min: 1, max: 8, every: 10s, down_window: 0s}}}\n"

static const struct result *only(const struct trial *trial)
{
    trial_holds(trial);
    assert_int_equal(trial->results[0]->end, RUN_DONE);
    return trial->results[0];
}

/* 100 requests a second want one replica; 2 and 3 were sent home long before the fault. */
static void the_end_of_a_fault_starts_no_replica_that_it_did_not_strike(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD STEADY FOUR "faults: [{at: 15s, for: 1s, kind: crash, target: web/3}]\n", 1,
                   1);
    for (unsigned second = 12; second < 30; second++)
        assert_int_equal(only(&trial)->series.replicas[second], 1);
    trial_close(&trial);
}

/* 600 requests a second want six; the fault strikes those that the autoscaler started, too. */
static void a_fault_of_a_service_strikes_the_replicas_that_were_added_later(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 600/s}]\n" FOUR
                        "faults: [{at: 14500ms, for: 1s, kind: crash, target: web}]\n",
                   1, 1);
    assert_int_equal(only(&trial)->series.replicas[13], 6);
    assert_int_equal(only(&trial)->series.replicas[14], 0);
    assert_int_equal(only(&trial)->series.replicas[16], 6);
    trial_close(&trial);
}

/* 5 … 15 s and 6 … 7 s: down until the last of the two ends, whatever the kind and the target. */
static void a_short_fault_inside_a_long_one_does_not_end_it(void **state)
{
    static const char *const kinds[] = {"crash", "cut"};
    char yaml[1024];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;

        snprintf(yaml, sizeof yaml,
                 HEAD STEADY "services: {web: {kind: custom, steps: [{store: get}]}}\n"
                             "faults: [{at: 5s, for: 10s, kind: %s, target: %s},"
                             " {at: 6s, for: 1s, kind: %s, target: %s}]\n",
                 kinds[i], "web", kinds[i], "web/0");
        trial_run_text(&trial, yaml, 1, 1);
        assert_in_range(only(&trial)->requests.offered - only(&trial)->requests.ok, 998, 1002);
        trial_close(&trial);
    }
}

static void a_short_fault_of_a_model_inside_a_long_one_does_not_end_it(void **state)
{
    static const char *const kinds[] = {"crash", "cut", "pause"};
    char yaml[1024];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct trial trial;

        snprintf(yaml, sizeof yaml,
                 HEAD STEADY "services: {web: {kind: custom, steps: [{store: get}]}}\n"
                             "faults: [{at: 5s, for: 10s, kind: %s, target: store},"
                             " {at: 6s, for: 1s, kind: %s, target: store}]\n",
                 kinds[i], kinds[i]);
        trial_run_text(&trial, yaml, 1, 1);
        assert_in_range(only(&trial)->requests.offered - only(&trial)->requests.ok, 985, 1002);
        trial_close(&trial);
    }
}

/* What waited in the socket of a stopped replica is over when that dies, also where the cable is
 * cut and nobody can be told; it does not arrive when the replica would have gone on. */
static void the_socket_of_the_dead_delivers_nothing_when_the_pause_ends(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD STEADY "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n"
                               "faults:\n"
                               "  - {at: 5s, for: 4s, kind: pause, target: web}\n"
                               "  - {at: 5500ms, for: 1s, kind: cut, target: web}\n"
                               "  - {at: 6s, for: 1s, kind: crash, target: web}\n",
                   1, 1);
    assert_in_range(only(&trial)->requests.ok, 2790, 2810);
    trial_close(&trial);
}

/* The audit adds up what was added, shown and lost, whatever the threads were at as they died. */
static void a_crash_amid_increments_leaves_the_counters_accounts_in_order(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 300ms\n"
                   "load: [{verb: like, rate: 450/s, keys: {dist: constant}, timeout: 1s}]\n"
                   "services: {counter: {cores: 1, runtime: {threads: 8},\n"
                   "  memory: {design: unlocked, adds: 10k, work: 200ns, gap: 15ns}}}\n"
                   "faults: [{at: 200ms, for: 50ms, kind: crash, target: counter}]\n",
                   1, 20);
    trial_holds(&trial);
    assert_true(trial_estimate(&trial, "counter.forgotten").mean > 0);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_fault_starts_no_replica_that_it_did_not_strike),
        cmocka_unit_test(a_fault_of_a_service_strikes_the_replicas_that_were_added_later),
        cmocka_unit_test(a_short_fault_inside_a_long_one_does_not_end_it),
        cmocka_unit_test(a_short_fault_of_a_model_inside_a_long_one_does_not_end_it),
        cmocka_unit_test(the_socket_of_the_dead_delivers_nothing_when_the_pause_ends),
        cmocka_unit_test(a_crash_amid_increments_leaves_the_counters_accounts_in_order),
    };

    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
