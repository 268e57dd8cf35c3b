/* Cores, slices, and what a stop or a crash does to them. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <math.h>

#define HEAD "version: 1\nname: test\nduration: 20s\nnetwork: {latency: 0s}\n"
#define CLOSED(users) "load: [{verb: call, arrivals: closed, users: " users ", think: 0s}]\n"

static const struct result *only(const struct trial *trial)
{
    trial_holds(trial);
    assert_int_equal(trial->results[0]->end, RUN_DONE);
    return trial->results[0];
}

static void a_core_that_is_twice_as_fast_takes_half_the_time(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD CLOSED("1") "services: {web: {kind: custom, speed: 2, "
                                    "steps: [{compute: 10ms}]}}\n",
                   1, 1);
    assert_true(fabs(histogram_mean_ns(&only(&trial)->latency) - 5e6) < 1e5);
    trial_close(&trial);
}

/* Each of two tasks of 10 ms takes 20 in slices of 1 ms; those that the stop finds take 2 s more,
 * however many slices they have left. */
static void a_stop_delays_a_task_once_and_not_once_per_slice(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD CLOSED("2") "services: {web: {kind: custom, steps: [{compute: 10ms}],"
                                    " runtime: {model: threads, threads: 2, quantum: 1ms}}}\n"
                                    "faults: [{at: 5005ms, for: 2s, kind: pause, target: web}]\n",
                   1, 1);
    assert_true(fabs((double)only(&trial)->latency.max_ns - 2.02e9) < 1e6);
    assert_true(fabs(only(&trial)->services[0].utilization - 1) < 1e-9); /* It keeps its core. */
    trial_close(&trial);
}

/* Tasks of 100 ms on two cores; dead from 5 to 10 s. */
static void cores_that_a_crash_interrupted_are_free_afterwards(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 19/s}]\n"
                        "services: {web: {kind: custom, cores: 2, steps: [{compute: 100ms}]}}\n"
                        "faults: [{at: 5s, for: 5s, kind: crash, target: web}]\n",
                   1, 1);
    assert_true(only(&trial)->latency.max_ns < 101000000);
    assert_true(fabs(only(&trial)->services[0].utilization - 0.95) < 0.01); /* Of 15 s. */
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_that_is_twice_as_fast_takes_half_the_time),
        cmocka_unit_test(a_stop_delays_a_task_once_and_not_once_per_slice),
        cmocka_unit_test(cores_that_a_crash_interrupted_are_free_afterwards),
    };

    return cmocka_run_group_tests_name("processor", tests, NULL, NULL);
}
