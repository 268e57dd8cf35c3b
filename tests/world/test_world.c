/* The virtual world as a whole: what the issue trackers of other simulators complain of. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "version: 1\nname: test\nduration: 20s\nnetwork: {latency: 0s}\n"
#define STATION                                                                                    \
    "load: [{verb: call, rate: 500/s}]\n"                                                          \
    "services: {web: {kind: custom, steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n"

static const struct result *only(const struct trial *trial)
{
    trial_holds(trial);
    return trial->results[0];
}

static void the_same_seed_gives_the_same_run(void **state)
{
    struct trial a, b;

    (void)state;
    trial_run_text(&a, HEAD STATION, 7, 1);
    trial_run_text(&b, HEAD STATION, 7, 1);
    assert_string_equal(only(&a)->fingerprint, only(&b)->fingerprint);
    assert_int_equal(only(&a)->events, only(&b)->events);
    trial_close(&a);
    trial_close(&b);
}

static void another_seed_gives_another_run(void **state)
{
    struct trial both;

    (void)state;
    trial_run_text(&both, HEAD STATION, 7, 2);
    trial_holds(&both);
    assert_string_not_equal(both.results[0]->fingerprint, both.results[1]->fingerprint);
    trial_close(&both);
}

static void the_plain_heap_gives_the_same_run_as_the_fast_queue(void **state)
{
    const struct world_options heap = {.uses_plain_heap = true};
    struct trial fast, plain;

    (void)state;
    trial_run(&fast, "scenarios/spike.yaml", NULL, "autoscale", 3, 1);
    trial_run_with(&plain, "scenarios/spike.yaml", NULL, "autoscale", 3, 1, &heap);
    assert_string_equal(only(&fast)->fingerprint, only(&plain)->fingerprint);
    trial_close(&fast);
    trial_close(&plain);
}

/* Other simulators share one stream of chance, so that a new balancer brings new visitors. */
static void changing_the_balancer_does_not_change_who_arrives_when(void **state)
{
    const char *const policies[] = {"balancer.policy=two_choices", NULL};
    struct trial a, b;

    (void)state;
    trial_run(&a, "scenarios/spike.yaml", NULL, "horizontal", 3, 1);
    trial_run(&b, "scenarios/spike.yaml", policies, "horizontal", 3, 1);
    assert_memory_equal(only(&a)->series.offered, only(&b)->series.offered,
                        sizeof only(&a)->series.offered);
    assert_string_not_equal(only(&a)->fingerprint, only(&b)->fingerprint);
    trial_close(&a);
    trial_close(&b);
}

static void other_luck_does_not_change_who_asks_what_when(void **state)
{
    const struct world_options other = {.chance = 1};
    struct trial a, b;

    (void)state;
    trial_run(&a, "scenarios/money.yaml", NULL, "full", 3, 1);
    trial_run_with(&b, "scenarios/money.yaml", NULL, "full", 3, 1, &other);
    assert_memory_equal(only(&a)->series.offered, only(&b)->series.offered,
                        sizeof only(&a)->series.offered);
    assert_memory_equal(&only(&a)->money, &only(&b)->money, sizeof only(&a)->money);
    assert_string_not_equal(only(&a)->fingerprint, only(&b)->fingerprint);
    trial_close(&a);
    trial_close(&b);
}

static void a_full_line_sheds_and_the_shed_are_counted(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 2k/s}]\n"
                        "services: {web: {kind: custom, queue: 10, steps: [{compute: 1ms}]}}\n",
                   1, 1);
    assert_true(only(&trial)->requests.failed[FAILURE_SHED] > 18000);
    assert_int_equal(only(&trial)->requests.offered,
                     only(&trial)->requests.ok + only(&trial)->requests.failed[FAILURE_SHED]);
    assert_int_equal(only(&trial)->services[0].queue_max, 10);
    trial_close(&trial);
}

/* Twice as many as one thread can serve: half of them are turned away, be it before they come in,
 * out of the line, or when their turn has come. */
static void those_turned_away_out_of_a_line_are_the_same_share_of_all_who_came(void **state)
{
    static const char *const lines[] = {"fifo", "lifo", "codel"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char yaml[512];
        struct trial trial;
        const struct result *result;

        snprintf(yaml, sizeof yaml,
                 HEAD "load: [{verb: call, arrivals: constant, rate: 2k/s}]\n"
                      "services: {web: {kind: custom, runtime: {threads: 1}, line: %s, queue: 10,"
                      " steps: [{compute: 1ms}]}}\n",
                 lines[i]);
        trial_run_text(&trial, yaml, 1, 1);
        result = only(&trial);
        assert_int_equal(result->services[0].visits, result->requests.offered);
        assert_true(fabs(trial_estimate(&trial, "services.web.shed").mean - 0.5) < 0.002);
        trial_close(&trial);
    }
}

static void an_answer_after_the_client_gave_up_is_late_and_no_success(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, rate: 100/s, patience: 5ms}]\n"
                        "services: {web: {kind: custom, cores: 64, steps: [{compute: 10ms}]}}\n",
                   1, 1);
    assert_int_equal(only(&trial)->requests.ok, 0);
    assert_int_equal(only(&trial)->requests.late, only(&trial)->requests.offered);
    assert_true(only(&trial)->goodput_rps == 0 && only(&trial)->throughput_rps > 90);
    trial_close(&trial);
}

/* 1 ms of service, 100 requests per second, and a stop of ten seconds: the truth that a closed
 * loop hides (Tene). Those who came during the stop waited five seconds on average. */
static void latency_counts_from_the_intended_arrival(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, arrivals: constant, rate: 100/s}]\n"
                        "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n"
                        "faults: [{at: 5s, for: 10s, kind: pause, target: web}]\n",
                   1, 1);
    assert_true(fabs(histogram_mean_ns(&only(&trial)->latency) * 1e-9 - 2.9) < 0.3);
    assert_true(only(&trial)->latency.max_ns > 9900000000u);
    trial_close(&trial);
}

static void a_crash_fails_what_was_inside_and_refuses_what_comes(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, rate: 100/s}]\n"
                        "services: {web: {kind: custom, cores: 99, steps: [{compute: 50ms}]}}\n"
                        "faults: [{at: 5s, for: 5s, kind: crash, target: web}]\n",
                   1, 1);
    assert_in_range(only(&trial)->requests.failed[FAILURE_ERROR], 1, 20);
    assert_in_range(only(&trial)->requests.failed[FAILURE_REFUSED], 400, 600);
    assert_int_equal(only(&trial)->requests.in_flight, 0);
    trial_close(&trial);
}

static void a_cut_cable_is_felt_as_a_timeout(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   HEAD "load: [{verb: call, rate: 100/s, timeout: 1s}]\n"
                        "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n"
                        "faults: [{at: 5s, for: 5s, kind: cut, target: web}]\n",
                   1, 1);
    assert_in_range(only(&trial)->requests.failed[FAILURE_TIMEOUT], 400, 600);
    trial_close(&trial);
}

/* Two computes of 10 ms on one core: under threads both advance in slices, on an event loop the
 * second waits for the first. Both need 20 ms in all. */
static void threads_share_a_core_in_slices(void **state)
{
    const char *const loop = HEAD "load: [{verb: call, arrivals: closed, users: 2, think: 0s}]\n"
                                  "services: {web: {kind: custom, steps: [{compute: 10ms}]}}\n";
    const char *const threads =
        HEAD "load: [{verb: call, arrivals: closed, users: 2, think: 0s}]\n"
             "services: {web: {kind: custom, runtime: {model: threads, threads: 2, quantum: 1ms},"
             " steps: [{compute: 10ms}]}}\n";
    struct trial a, b;

    (void)state;
    trial_run_text(&a, loop, 1, 1);
    trial_run_text(&b, threads, 1, 1);
    assert_true(fabs(only(&a)->goodput_rps - 100) < 1 && fabs(only(&b)->goodput_rps - 100) < 1);
    assert_true(only(&b)->services[0].wait_mean_ms < 1.5);
    assert_true(only(&a)->services[0].wait_mean_ms > 9);
    trial_close(&a);
    trial_close(&b);
}

/* A thread is held while it sleeps: 4 threads of 100 ms pass 40 requests a second, whatever the
 * cores; the rest waits at the door. An event loop does not care. */
static void a_thread_is_held_from_accept_to_answer(void **state)
{
    struct trial threads, loop;

    (void)state;
    trial_run_text(&threads,
                   HEAD "load: [{verb: call, rate: 200/s}]\n"
                        "services: {web: {kind: custom, queue: 50, runtime: {model: threads,"
                        " threads: 4}, steps: [{sleep: 100ms}]}}\n",
                   1, 1);
    trial_run_text(&loop,
                   HEAD "load: [{verb: call, rate: 200/s}]\n"
                        "services: {web: {kind: custom, steps: [{sleep: 100ms}]}}\n",
                   1, 1);
    assert_true(fabs(only(&threads)->throughput_rps - 40) < 2);
    assert_true(only(&threads)->requests.failed[FAILURE_SHED] > 2500);
    assert_int_equal(only(&loop)->requests.failed[FAILURE_SHED], 0);
    trial_close(&threads);
    trial_close(&loop);
}

/* ceil(2 x 0.9 / 0.6) = 3 at the first look, 15 s in; ready after the boot delay of 4 s. */
static void the_autoscaler_follows_the_rule_and_waits_for_the_boot(void **state)
{
    struct trial trial;
    const struct series_result *series;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 30s\n"
                   "load: [{verb: call, arrivals: constant, rate: 180/s}]\n"
                   "services: {web: {kind: custom, replicas: 2, boot: 4s, steps: [{compute: 10ms}],"
                   " autoscale: {signal: cpu, target: 60%, min: 2, max: 9, every: 15s}}}\n",
                   1, 1);
    series = &only(&trial)->series;
    assert_int_equal(series->replicas[16], 2);
    assert_int_equal(series->replicas[20], 3);
    trial_close(&trial);
}

/* Calm, or with a backlog that grows by 20,000 requests a second. */
static void run_in_64_mib(struct trial *trial, const char *rate)
{
    char yaml[512];

    snprintf(yaml, sizeof yaml,
             HEAD "limits: {memory: 64MiB}\nload: [{verb: call, rate: %s, patience: 1h}]\n"
                  "services: {web: {kind: custom, queue: 1M, in_flight: 1M,"
                  " steps: [{compute: 1ms}]}}\n",
             rate);
    trial_run_text(trial, yaml, 1, 1);
}

/* Seeds run side by side, and their results stay: neither may end a run. */
static void a_limit_of_memory_is_of_one_world_whatever_the_process_has(void **state)
{
    const size_t beside = (size_t)256 << 20;
    struct trial alone, crowded, calm;
    void *others;

    (void)state;
    run_in_64_mib(&alone, "20k/s");
    others = malloc(beside);
    assert_non_null(others);
    memset(others, 1, beside);
    run_in_64_mib(&crowded, "20k/s");
    run_in_64_mib(&calm, "500/s");
    assert_int_equal(alone.results[0]->end, RUN_LIMIT);
    assert_string_equal(alone.results[0]->limit, "memory");
    assert_true(alone.results[0]->events > 50000);
    assert_int_equal(crowded.results[0]->end, RUN_LIMIT);
    assert_int_equal(crowded.results[0]->events, alone.results[0]->events);
    assert_int_equal(calm.results[0]->end, RUN_DONE);
    free(others);
    trial_close(&alone);
    trial_close(&crowded);
    trial_close(&calm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(another_seed_gives_another_run),
        cmocka_unit_test(the_plain_heap_gives_the_same_run_as_the_fast_queue),
        cmocka_unit_test(changing_the_balancer_does_not_change_who_arrives_when),
        cmocka_unit_test(other_luck_does_not_change_who_asks_what_when),
        cmocka_unit_test(a_full_line_sheds_and_the_shed_are_counted),
        cmocka_unit_test(those_turned_away_out_of_a_line_are_the_same_share_of_all_who_came),
        cmocka_unit_test(an_answer_after_the_client_gave_up_is_late_and_no_success),
        cmocka_unit_test(latency_counts_from_the_intended_arrival),
        cmocka_unit_test(a_crash_fails_what_was_inside_and_refuses_what_comes),
        cmocka_unit_test(a_cut_cable_is_felt_as_a_timeout),
        cmocka_unit_test(threads_share_a_core_in_slices),
        cmocka_unit_test(a_thread_is_held_from_accept_to_answer),
        cmocka_unit_test(the_autoscaler_follows_the_rule_and_waits_for_the_boot),
        cmocka_unit_test(a_limit_of_memory_is_of_one_world_whatever_the_process_has),
    };

    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
