/* What is booked for a run, and when: seconds, orders, trips. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <stdio.h>

static const struct result *only(const struct trial *trial)
{
    trial_holds(trial);
    assert_int_equal(trial->results[0]->end, RUN_DONE);
    return trial->results[0];
}

/* The drain goes on for seconds after the load has ended at 2.5 s. */
static void a_second_that_the_end_of_the_load_cuts_off_is_in_no_series(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 2500ms\n"
                   "load: [{verb: call, arrivals: constant, rate: 10/s}]\n"
                   "services: {web: {kind: custom, cores: 99, steps: [{compute: 5s}]}}\n",
                   1, 1);
    assert_int_equal(only(&trial)->series.seconds, 2);
    trial_close(&trial);
}

#define ORDERS                                                                                     \
    "version: 1\nname: test\nduration: 20s\n"                                                      \
    "load: [{verb: order, rate: 100/s, people: 99, timeout: 2s, patience: 1s}]\n"                  \
    "services: {delivery: {orders: queued},\n"                                                     \
    " batcher: {topic: orders, linger: 1s, batch: 100, trip_orders: 5}}\n"                         \
    "prices: {courier_trip: 100.00 RUB}\n"

/* Five orders share a courier at most: 20.00 RUB for each that is booked, at least. */
static void assert_couriers_are_paid_for(const struct result *result)
{
    assert_true(result->money.orders_ok > 0);
    assert_true(result->money.courier >= (int64_t)result->money.orders_ok * 2000);
    assert_true(result->money.courier <= (int64_t)result->money.orders_ok * 10000);
}

static void the_trips_of_the_warm_up_save_no_money_afterwards(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial, ORDERS "warmup: 15s\n", 1, 1);
    assert_couriers_are_paid_for(only(&trial));
    trial_close(&trial);
}

/* The log stands still from 5 to 15 s; what is put meanwhile is answered late, and delivered. */
static void the_trips_of_late_orders_save_no_money(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial, ORDERS "faults: [{at: 5s, for: 14s, kind: pause, target: queue}]\n", 1,
                   1);
    assert_couriers_are_paid_for(only(&trial));
    trial_close(&trial);
}

static void a_balancer_that_works_has_a_wait_of_its_own(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 5s\n"
                   "balancer: {work: 5ms, health: {every: 1s}}\n"
                   "load: [{verb: call, rate: 100/s}]\n"
                   "services: {web: {kind: custom, replicas: 2, steps: [{compute: 1ms}]}}\n",
                   1, 1);
    assert_int_equal(only(&trial)->services_max, 2);
    assert_string_equal(only(&trial)->services[1].name, "web/balancer");
    assert_true(histogram_mean_ns(&only(&trial)->services[1].wait) > 1e5);
    assert_int_equal(only(&trial)->services[1].stages_max, 2); /* cpu, peer; no pauses of checks. */
    trial_close(&trial);
}

/* As long as names may be, and alike to their last letter. */
static void balancers_of_services_with_long_names_have_names_of_their_own(void **state)
{
#define LONG "abcdefghijabcdefghijabcdefghijabcdefg"
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 1s\nbalancer: {work: 1ms}\n"
                   "load: [{to: " LONG "1, rate: 10/s}, {to: " LONG "2, rate: 10/s}]\n"
                   "services:\n  " LONG "1: {replicas: 2, steps: [{compute: 1ms}]}\n"
                   "  " LONG "2: {replicas: 2, steps: [{compute: 1ms}]}\n",
                   1, 1);
    assert_int_equal(only(&trial)->services_max, 4);
    assert_string_equal(only(&trial)->services[2].name, LONG "1/balancer");
    assert_string_equal(only(&trial)->services[3].name, LONG "2/balancer");
    trial_close(&trial);
#undef LONG
}

/* T0 answers before the log has the like; the run waits for those that are still on their way. */
static void a_run_ends_when_the_last_record_is_in_the_table(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 2s\nqueue: {linger: 500ms}\n"
                   "load: [{verb: like, rate: 50/s, people: 1M}]\n"
                   "services: {likes: {design: batched, ack: store}, batcher: {topic: likes}}\n",
                   1, 1);
    trial_holds(&trial);
    assert_int_equal(trial.results[0]->likes.lost, 0);
    assert_int_equal(trial.results[0]->likes.in_table, trial.results[0]->likes.acknowledged);
    trial_close(&trial);
}

/* One record per transaction cannot keep up, and the drain is short: nobody knows what is lost. */
static void what_is_still_in_the_log_is_neither_kept_nor_lost(void **state)
{
    struct trial trial;
    enum metric_unit unit;
    double value;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 5s\ndrain: 1s\ntable: {commit: 20ms}\n"
                   "load: [{verb: like, rate: 200/s, keys: {dist: constant}, people: 1M}]\n"
                   "services: {likes: {design: queued, ack: queue},"
                   " batcher: {topic: likes, batch: 1}}\n",
                   1, 1);
    trial_holds(&trial);
    assert_true(trial.results[0]->queue.lag_end > 0);
    assert_false(metric_read(trial.results[0], "likes.lost", &value, &unit));
    trial_close(&trial);
}

/* A client that has no timeout waits for ever for what the network has lost, there or back. */
static void who_is_never_answered_is_lost(void **state)
{
    struct trial trial;

    (void)state;
    trial_run_text(&trial,
                   "version: 1\nname: test\nduration: 20s\ndrain: 5s\n"
                   "network: {latency: 1ms, loss: 10%}\n"
                   "load: [{verb: call, rate: 1k/s}]\n"
                   "services: {web: {cores: 4, steps: [{compute: 1ms}]}}\n",
                   1, 1);
    assert_true(trial_estimate(&trial, "requests.timeout").mean == 0);
    assert_in_range((long)(trial_estimate(&trial, "requests.unanswered").mean * 1000), 180, 200);
    assert_true(trial_estimate(&trial, "requests.lost").mean ==
                trial_estimate(&trial, "requests.unanswered").mean);
    assert_int_equal(only(&trial)->requests.in_flight + only(&trial)->requests.ok,
                     only(&trial)->requests.offered);
    trial_close(&trial);
}

/* More calls wait for a server that is cut off than there is room for: the run says so and ends. */
static void a_run_that_more_calls_wait_in_than_there_is_room_for_ends_at_its_limit(void **state)
{
    static const char *const steps[] = {"store: get", "table: read", "table: write", "put: {}"};
    static const char *const targets[] = {"store", "table", "table", "queue"};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct trial trial;
        char text[1024];

        snprintf(text, sizeof text,
                 "version: 1\nname: test\nduration: 30s\nnetwork: {latency: 0s}\n"
                 "load: [{verb: call, rate: 40k/s, timeout: 1s}]\nbalancer: {cores: 64}\n"
                 "services: {web: {replicas: 40, in_flight: 1M, steps: [{%s, timeout: 60s}]}}\n"
                 "faults: [{at: 1s, for: 29s, kind: cut, target: %s}]\n",
                 steps[i], targets[i]);
        trial_run_text(&trial, text, 1, 1);
        assert_int_equal(trial.results[0]->invariants_violated, 0);
        assert_int_equal(trial.results[0]->end, RUN_LIMIT);
        assert_string_equal(trial.results[0]->limit, "memory");
        trial_close(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_still_in_the_log_is_neither_kept_nor_lost),
        cmocka_unit_test(a_run_ends_when_the_last_record_is_in_the_table),
        cmocka_unit_test(a_second_that_the_end_of_the_load_cuts_off_is_in_no_series),
        cmocka_unit_test(the_trips_of_the_warm_up_save_no_money_afterwards),
        cmocka_unit_test(the_trips_of_late_orders_save_no_money),
        cmocka_unit_test(a_balancer_that_works_has_a_wait_of_its_own),
        cmocka_unit_test(balancers_of_services_with_long_names_have_names_of_their_own),
        cmocka_unit_test(who_is_never_answered_is_lost),
        cmocka_unit_test(a_run_that_more_calls_wait_in_than_there_is_room_for_ends_at_its_limit),
    };

    return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
