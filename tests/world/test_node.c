/* How a machine stops, goes on, dies and comes back, seen from those who ask it. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <math.h>

#define HEAD "version: 1\nname: test\nduration: 20s\nnetwork: {latency: 0s}\n"

static const struct result *only(const struct trial *trial)
{
    trial_holds(trial);
    assert_int_equal(trial->results[0]->end, RUN_DONE);
    return trial->results[0];
}

static double slowest_s(const struct trial *trial)
{
    return (double)only(trial)->latency.max_ns * 1e-9;
}

/* One task after another, 10 s each; the first is stopped for 3 s in its middle. */
static void a_stop_delays_a_task_that_is_longer_than_the_stop(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: closed, users: 1, think: 0s}]\n"
                        "services: {web: {kind: custom, steps: [{compute: 10s}]}}\n"
                        "faults: [{at: 5s, for: 3s, kind: pause, target: web}]\n",
                   1, 1);
    assert_true(fabs(slowest_s(&trial) - 13) < 0.01);
    trial_close(&trial);
}

/* 5 … 15 s and 7 … 8 s: the stop ends when the last of the two ends. */
static void a_short_stop_inside_a_long_one_does_not_end_it(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 100/s}]\n"
                        "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n"
                        "faults: [{at: 5s, for: 10s, kind: pause, target: web},"
                        " {at: 7s, for: 1s, kind: pause, target: web}]\n",
                   1, 1);
    assert_true(slowest_s(&trial) > 9.9);
    assert_true(histogram_mean_ns(&only(&trial)->latency) > 2.4e9); /* Half of them wait 5 s. */
    trial_close(&trial);
}

/* 5 … 8 s and 7 … 10 s are one stop of 5 s for the tasks that were in hand. */
static void a_stop_that_is_prolonged_delays_a_task_once(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 1/s}]\n"
                        "services: {web: {kind: custom, cores: 99, steps: [{compute: 4s}]}}\n"
                        "faults: [{at: 5s, for: 3s, kind: pause, target: web},"
                        " {at: 7s, for: 3s, kind: pause, target: web}]\n",
                   1, 1);
    assert_true(fabs(slowest_s(&trial) - 9) < 0.01);
    trial_close(&trial);
}

/* Stopped from 5 to 15 s, killed at 6 s, back at 7 s: from then on it serves. */
static void a_process_that_was_stopped_and_killed_comes_back_running(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 100/s}]\n"
                        "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n"
                        "faults: [{at: 5s, for: 10s, kind: pause, target: web},"
                        " {at: 6s, for: 1s, kind: crash, target: web}]\n",
                   1, 1);
    assert_true(slowest_s(&trial) < 0.1);
    assert_in_range(only(&trial)->requests.failed[FAILURE_ERROR], 99, 101);
    assert_in_range(only(&trial)->requests.failed[FAILURE_REFUSED], 99, 101);
    trial_close(&trial);
}

/* What waits in the socket of a stopped process dies with it, then and not at the end of the
 * stop: those who asked try again and are served by its successor. */
static void what_waits_in_the_socket_of_a_stopped_process_fails_when_it_dies(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 100/s, patience: 4s,"
                        " retry: {attempts: 9, backoff: 1s, jitter: none}}]\n"
                        "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n"
                        "faults: [{at: 5s, for: 10s, kind: pause, target: web},"
                        " {at: 6s, for: 1ms, kind: crash, target: web}]\n",
                   1, 1);
    assert_int_equal(only(&trial)->requests.ok, only(&trial)->requests.offered);
    trial_close(&trial);
}

/* Each expired visit that gets a thread is answered at once and lets the next one in. */
static void a_long_line_of_expired_visits_at_the_door_is_no_deep_stack(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD
                   "load: [{verb: call, arrivals: constant, patience: 1s, passes_deadline: yes,"
                   " rate: [{at: 0s, rate: 1/s}, {at: 2s, rate: 50k/s},"
                   " {at: 6s, rate: 0/s}]}]\n"
                   "services: {web: {kind: custom, queue: 1M, in_flight: 1M,"
                   " runtime: {model: threads, threads: 1}, steps: [{sleep: 10s}]}}\n",
                   1, 1);
    assert_int_equal(only(&trial)->requests.in_flight, 0);
    assert_true(only(&trial)->requests.failed[FAILURE_TIMEOUT] > 199000);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_delays_a_task_that_is_longer_than_the_stop),
        cmocka_unit_test(a_short_stop_inside_a_long_one_does_not_end_it),
        cmocka_unit_test(a_stop_that_is_prolonged_delays_a_task_once),
        cmocka_unit_test(a_process_that_was_stopped_and_killed_comes_back_running),
        cmocka_unit_test(what_waits_in_the_socket_of_a_stopped_process_fails_when_it_dies),
        cmocka_unit_test(a_long_line_of_expired_visits_at_the_door_is_no_deep_stack),
    };

    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
