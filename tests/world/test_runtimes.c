/* What a runtime makes of a node: loops that stand still, the interpreter's lock, processes that
 * share nothing. The processor's own contract is held by tests/port/test_cpu_port.c. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <math.h>
#include <stdio.h>

#include "sim/world/gil.h"

#define HEAD "version: 1\nname: test\nduration: 20s\nnetwork: {latency: 0s}\n"
#define CLOSED(users) "load: [{verb: call, arrivals: closed, users: " users ", think: 0s}]\n"

static const struct result *only(const struct trial *trial)
{
    trial_holds(trial);
    assert_int_equal(trial->results[0]->end, RUN_DONE);
    return trial->results[0];
}

static uint64_t refused(const char *runtime, const char *step)
{
    struct trial trial;
    char yaml[1024];
    uint64_t refused;

    snprintf(yaml, sizeof yaml,
             HEAD "load: [{verb: call, rate: 20/s, timeout: 10s}]\n"
                  "services: {web: {replicas: 2, runtime: %s, steps: [{%s: 1s}]}}\n"
                  "balancer: {health: {every: 100ms, timeout: 50ms, fall: 2, rise: 1}}\n",
             runtime, step);
    trial_run_text(&trial, yaml, 1, 1);
    refused = only(&trial)->requests.failed[FAILURE_REFUSED];
    trial_close(&trial);
    return refused;
}

/* ---- The lock -------------------------------------------------------------------------------- */

/* Periods of 5 from the coming on; the first that begins when the lock has changed hands, or
 * behind it, ends in a question. */
static void a_waiter_asks_after_the_first_period_without_a_change_of_hands(void **state)
{
    static const struct {
        uint64_t since, switched, asks;
    } cases[] = {
        {100, 0, 105},   /* It came long after. */
        {100, 100, 105}, /* It was made to drop it, and waits anew. */
        {100, 101, 110}, /* Changed hands within the first period. */
        {100, 105, 110}, /* Just when the second began. */
        {100, 106, 115}, {100, 119, 125}, {100, 120, 125}, {0, 1000000, 1000005},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(gil_asks_ns(cases[i].since, cases[i].switched, 5), cases[i].asks);
}

static void beside_the_lock_one_core_of_four_computes(void **state)
{
    struct trial trial;
    const struct service_result *web;

    (void)state;
    trial_run_text(&trial,
                   HEAD CLOSED("12") "services: {web: {kind: custom, cores: 4,"
                                     " runtime: gil_threads, steps: [{compute: 7ms}]}}\n",
                   1, 1);
    web = &only(&trial)->services[0];
    assert_true(fabs(web->utilization - 0.25) < 0.001);
    assert_true(fabs(web->gil_held - 1) < 0.001);
    assert_true(fabs(only(&trial)->throughput_rps - 1000 / 7.0) < 1);
    trial_close(&trial);
}

static void native_work_uses_the_cores_that_the_lock_leaves_idle(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD CLOSED("12") "services: {web: {kind: custom, cores: 4,"
                                     " runtime: gil_threads, steps: [{native: 7ms}]}}\n",
                   1, 1);
    assert_true(fabs(only(&trial)->throughput_rps - 4000 / 7.0) < 1);
    assert_true(only(&trial)->services[0].gil_held < 1e-9);
    trial_close(&trial);
}

/* ---- A loop ---------------------------------------------------------------------------------- */

static void a_loop_that_blocks_is_busy_with_nothing_and_answers_no_health_check(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD CLOSED("3") "services: {web: {kind: custom, steps: [{block: 100ms}]}}\n", 1,
                   1);
    assert_true(fabs(only(&trial)->throughput_rps - 10) < 0.2);
    assert_true(only(&trial)->services[0].utilization < 1e-9);
    assert_true(only(&trial)->services[0].held > 0.99);
    trial_close(&trial);
    assert_true(refused("event_loop", "block") > 0);
    assert_int_equal(refused("event_loop", "sleep"), 0);
}

/* Stopped at 5.05 s in the middle of a call: it returns when it would have, or with the process. */
static void a_stop_that_a_blocking_call_outlasts_is_not_felt(void **state)
{
    static const struct {
        const char *length;
        double slowest_ms;
    } cases[] = {{"20ms", 100}, {"2s", 2050}};
    struct trial trial;
    char yaml[512];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(yaml, sizeof yaml,
                 HEAD CLOSED("1") "services: {web: {kind: custom, steps: [{block: 100ms}]}}\n"
                                  "faults: [{at: 5050ms, for: %s, kind: pause, target: web}]\n",
                 cases[i].length);
        trial_run_text(&trial, yaml, 1, 1);
        assert_true(fabs((double)only(&trial)->latency.max_ns * 1e-6 - cases[i].slowest_ms) < 1);
        trial_close(&trial);
    }
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void a_process_holds_one_visit_each(void **state)
{
    struct trial trial;
    const struct service_result *web;

    (void)state;
    trial_run_text(&trial,
                   HEAD CLOSED("10") "services: {web: {kind: custom, runtime: {processes: 4},"
                                     " steps: [{sleep: 100ms}]}}\n",
                   1, 1);
    web = &only(&trial)->services[0];
    assert_true(fabs(only(&trial)->throughput_rps - 40) < 0.5);
    assert_true(fabs(web->held - 1) < 0.01);
    assert_int_equal(web->queue_max, 6);
    trial_close(&trial);
}

static void processes_share_their_cores_and_want_memory_each(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD CLOSED("10") "services: {web: {kind: custom, cores: 2, runtime:"
                                     " {processes: 8, memory: 50MiB}, steps: [{compute: 10ms}]}}\n",
                   1, 1);
    assert_true(fabs(only(&trial)->throughput_rps - 200) < 1);
    assert_int_equal(only(&trial)->services[0].memory, 8 * 50 << 20);
    trial_close(&trial);
}

static double asks_per_second(const char *runtime, const char *handshake)
{
    struct trial trial;
    char yaml[512];
    double rate;

    snprintf(yaml, sizeof yaml,
             "version: 1\nname: test\nduration: 20s\nnetwork: {latency: 1ms%s}\n" CLOSED(
                 "1") "services: {web: {runtime: %s, steps: [{compute: 1ms}]}}\n",
             handshake, runtime);
    trial_run_text(&trial, yaml, 1, 1);
    rate = only(&trial)->throughput_rps;
    trial_close(&trial);
    return rate;
}

static void a_process_wants_a_connection_for_each_request(void **state)
{
    (void)state;
    assert_true(fabs(asks_per_second("event_loop", ", handshake: 5ms") - 1000 / 3.0) < 1);
    assert_true(fabs(asks_per_second("{threads: 4}", ", handshake: 5ms") - 1000 / 3.0) < 1);
    assert_true(fabs(asks_per_second("{processes: 4}", ", handshake: 5ms") - 1000 / 8.0) < 1);
    assert_true(fabs(asks_per_second("{processes: 4}", "") - 1000 / 5.0) < 1); /* A round trip. */
}

static uint64_t reads_of_menus(const char *runtime)
{
    struct trial trial;
    char yaml[512];
    uint64_t reads;

    snprintf(yaml, sizeof yaml,
             HEAD "load: [{verb: menu, arrivals: constant, rate: 100/s, keys: {dist: constant}}]\n"
                  "services: {delivery: {runtime: %s, menu: {cache: yes, single_flight: yes,"
                  " ttl: 500ms}, work: {read: 0s, light: 0s}}}\n"
                  "table: {statement: 200ms, cores: 100}\n",
             runtime);
    trial_run_text(&trial, yaml, 1, 1);
    reads = only(&trial)->table.reads;
    trial_close(&trial);
    return reads;
}

/* Who wants a menu that is being read waits for it, if they are of one process. */
static void what_a_service_keeps_in_memory_is_each_processes_own(void **state)
{
    uint64_t together = reads_of_menus("threads");

    (void)state;
    assert_in_range(together, 20, 40); /* One each 700 ms. */
    assert_true(reads_of_menus("{processes: 64}") > 10 * together);
}

/* Threads: somebody who has no thread answers the check. */
static void a_replica_whose_processes_are_all_held_answers_no_health_check(void **state)
{
    (void)state;
    assert_true(refused("{processes: 2}", "sleep") > 0);
    assert_int_equal(refused("{threads: 2}", "sleep"), 0);
}

static void a_crash_takes_all_processes_and_who_waits_for_one_fails(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, rate: 50/s, timeout: 2s}]\n"
                        "services: {web: {replicas: 2, runtime: {processes: 3},"
                        " steps: [{sleep: 100ms}]}}\n"
                        "balancer: {health: {every: 100ms, timeout: 2s, fall: 2, rise: 1}}\n"
                        "faults: [{at: 5s, for: 3s, kind: crash, target: web},"
                        " {at: 12s, for: 1s, kind: pause, target: web/1}]\n",
                   1, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_true(trial.results[i]->requests.failed[FAILURE_ERROR] > 0);
    assert_true(only(&trial)->requests.ok > 0);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiter_asks_after_the_first_period_without_a_change_of_hands),
        cmocka_unit_test(beside_the_lock_one_core_of_four_computes),
        cmocka_unit_test(native_work_uses_the_cores_that_the_lock_leaves_idle),
        cmocka_unit_test(a_loop_that_blocks_is_busy_with_nothing_and_answers_no_health_check),
        cmocka_unit_test(a_stop_that_a_blocking_call_outlasts_is_not_felt),
        cmocka_unit_test(a_process_holds_one_visit_each),
        cmocka_unit_test(processes_share_their_cores_and_want_memory_each),
        cmocka_unit_test(a_process_wants_a_connection_for_each_request),
        cmocka_unit_test(what_a_service_keeps_in_memory_is_each_processes_own),
        cmocka_unit_test(a_replica_whose_processes_are_all_held_answers_no_health_check),
        cmocka_unit_test(a_crash_takes_all_processes_and_who_waits_for_one_fails),
    };

    return cmocka_run_group_tests_name("runtimes", tests, NULL, NULL);
}
