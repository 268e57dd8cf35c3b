/* Overload: what a line, a retry and a freeze do to those who wait. One server of 1000 a second
 * throughout; "in time" is what counts. */
#include "tests/theory/phenomena.h"

/* ---- Coordinated omission (Tene) ---------------------------------------------------------------
 *
 * 1 ms of service at 100 a second for 100 s, then a freeze of 100 s. Half of all came during the
 * freeze and waited for its end: the mean is 25 s, the 75th percentile 50 s. A tester who waits for
 * each answer before the next question asks once during the freeze, and believes in 11 ms. */
#define FREEZE                                                                                     \
    NO_NETWORK "duration: 200s\nload: [{%s}]\n"                                                    \
               "services: {web: {cores: 64, queue: 1M, in_flight: 1M, steps: [{compute: 1ms}]}}\n" \
               "faults: [{at: 100s, for: 100s, kind: pause, target: web}]\n"

static double p75_s(const struct result *result)
{
    return (double)histogram_quantile_ns(&result->latency, 0.75) * 1e-9;
}

static void a_freeze_is_felt_by_all_who_came_in_it(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1, FREEZE, "rate: 100/s, arrivals: constant");
    expect_about("mean, s", mean_of(&trial, "latency.mean") / 1000, 25, 0.01);
    expect_about("p75, s", p75_s(first(&trial)), 50, 0.01);
    trial_close(&trial);
}

static void a_closed_loop_omits_those_who_would_have_come(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1, FREEZE, "arrivals: closed, users: 1, think: 9ms");
    expect_about("asked", (double)first(&trial)->requests.offered, 10001, 0.001);
    expect_about("mean, ms", mean_of(&trial, "latency.mean"), 10.999, 0.01);
    expect_about("p99, ms", mean_of(&trial, "latency.p99"), 1, 0.01);
    trial_close(&trial);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static double overloaded_goodput(const char *places, double *utilization)
{
    struct trial trial;
    double goodput;

    run_story(&trial, 1,
              NO_NETWORK "duration: 30s\nload: [{rate: 1500/s, patience: 1s}]\n"
                         "services: {web: {queue: %s, in_flight: 1M, steps: [{compute: 1ms}]}}\n",
              places);
    goodput = goodput_between(first(&trial), 5, 30);
    *utilization = mean_of(&trial, "services.web.utilization");
    trial_close(&trial);
    return goodput;
}

/* The wait grows by half a second each second, and passes the patience in the third. From then on
 * the server is as busy as ever, for nobody. */
static void an_endless_line_serves_only_those_who_have_left(void **state)
{
    double busy_endless, busy_short;
    double endless = overloaded_goodput("1M", &busy_endless);
    double bounded = overloaded_goodput("500", &busy_short);

    (void)state;
    expect_between("goodput of an endless line", endless, 0, 0);
    expect_about("of 500 places, half a second", bounded, 1000, 0.01);
    assert_true(busy_endless > 0.99 && busy_short > 0.99);
}

/* The line that is told of is the longest at one replica, and not the sum over them. */
static void no_line_is_longer_than_its_places(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 10s\nload: [{rate: 6k/s}]\nbalancer: {policy: random}\n"
                         "services: {web: {replicas: 4, queue: 10, steps: [{compute: 1ms}]}}\n");
    assert_int_equal(first(&trial)->services[0].queue_max, 10);
    trial_close(&trial);
}

/* ---- Retries --------------------------------------------------------------------------------- */

static double attempts_under_overload(const char *budget)
{
    struct trial trial;
    double attempts;

    run_story(&trial, 2,
              NO_NETWORK "duration: 30s\nwarmup: 5s\nload: [{rate: 1500/s,\n"
                         "  retry: {attempts: 3, backoff: 200ms, budget: %s}}]\n"
                         "services: {web: {queue: 50, steps: [{compute: 1ms}]}}\n",
              budget);
    attempts = mean_of(&trial, "requests.attempts");
    expect_about("goodput", mean_of(&trial, "goodput"), 1000, 0.02);
    trial_close(&trial);
    return attempts;
}

/* A try is shed with probability p: 1 - p^3 of the requests get through, which is C / lambda, and
 * each costs 1 + p + p^2 tries. Two thirds give p = 0.693 and 2.174 tries. */
static void retries_multiply_the_load_and_a_budget_bounds_them(void **state)
{
    double p = cbrt(1 - 1000.0 / 1500);

    (void)state;
    expect_about("tries per request, no budget", attempts_under_overload("100%"), 1 + p + p * p,
                 0.02);
    expect_between("budget of 10 %", attempts_under_overload("10%"), 1.09, 1.101);
}

/* Clients who try three times, through a balancer that tries three replicas: nine tries a request
 * (Brooker: five layers make 243). All replicas are busy for ever and have no line. */
static void layers_that_retry_multiply_each_other(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK
              "duration: 20s\nload: [{rate: 100/s, retry: {attempts: 3, backoff: 1ms}}]\n"
              "balancer: {work: 0s, policy: round_robin, attempts: 3, timeout: 1h}\n"
              "services: {web: {replicas: 3, queue: 0, steps: [{compute: 1h}]}}\n");
    expect_about("tries per request",
                 (double)first(&trial)->services[0].shed / (double)first(&trial)->requests.offered,
                 9, 0.01);
    trial_close(&trial);
}

/* A hundred clients at once, for a server that takes one of them at a time. */
static double calls_of_a_crowd(const char *jitter)
{
    struct trial trial;
    double calls;

    run_story(&trial, 4,
              NO_NETWORK "duration: 1s\ndrain: 1h\n"
                         "load: [{rate: [{at: 0s, rate: 100k/s}, {at: 1ms, rate: 0/s}],\n"
                         "  retry: {attempts: 100, backoff: 5ms, backoff_max: 2s, jitter: %s}}]\n"
                         "services: {web: {queue: 0, steps: [{compute: 5ms}]}}\n",
              jitter);
    calls = mean_of(&trial, "requests.attempts");
    print_message("calls per client, jitter %s: %.1f\n", jitter, calls);
    trial_close(&trial);
    return calls;
}

/* Brooker, 2015: with full jitter a hundred contending clients need less than half of the calls. */
static void full_jitter_halves_the_calls_of_a_crowd_and_more(void **state)
{
    (void)state;
    assert_true(calls_of_a_crowd("full") < calls_of_a_crowd("none") / 2);
}

/* What is answered in time at the end, 40 s after five seconds of overload were over. The clients
 * hang up after 200 ms and try again, at most three times. */
static double recovered_share(double rate, double trigger, const char *budget)
{
    struct trial trial;
    double share;

    run_story(&trial, 1,
              NO_NETWORK "duration: 60s\nload: [{rate: [{at: 0s, rate: %.0f/s},\n"
                         "    {at: 10s, rate: %.0f/s}, {at: 15s, rate: %.0f/s}],\n"
                         "  patience: 2s, timeout: 200ms,\n"
                         "  retry: {attempts: 3, backoff: 50ms, budget: %s}}]\n"
                         "services: {web: {queue: 2k, steps: [{compute: 1ms}]}}\n",
              rate, trigger, rate, budget);
    assert_true(goodput_between(first(&trial), 2, 10) > 0.95 * rate);
    share = goodput_between(first(&trial), 55, 60) / rate;
    trial_close(&trial);
    return share;
}

/* Bronson and Huang: the load is safe below C / w = 333 a second; above it, and below capacity,
 * a trigger starts what then keeps itself going. */
static void retries_keep_a_service_down_after_the_trigger_is_gone(void **state)
{
    (void)state;
    expect_about("70 % load, no trigger", recovered_share(700, 700, "100%"), 1, 0.05);
    expect_between("70 % load, after a trigger", recovered_share(700, 2000, "100%"), 0, 0.01);
    expect_about("with a budget of 10 %", recovered_share(700, 2000, "10%"), 1, 0.05);
    expect_about("25 % load: below C / w", recovered_share(250, 2000, "100%"), 1, 0.06);
}

/* ---- Back-pressure --------------------------------------------------------------------------- */

/* Twenty threads held for 200 ms each pass a hundred requests a second, while every processor and
 * the table's pool have plenty to spare. Others free the slot when the request is handed on. */
static void a_slow_table_exhausts_the_threads_two_tiers_up(void **state)
{
    struct trial trial;
    const struct result *result;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 30s\nload: [{to: front, rate: 300/s}]\n"
                         "table: {latency: 0s, connections: 200, cores: 200, statement: 200ms,\n"
                         "  row: 0s}\n"
                         "services:\n"
                         "  front: {queue: 100, runtime: {threads: 20},\n"
                         "    steps: [{compute: 100us}, {ask: back, timeout: 1h}]}\n"
                         "  back: {steps: [{compute: 100us}, {table: read, timeout: 1h}]}\n");
    result = first(&trial);
    expect_about("answers per second", goodput_between(result, 5, 30), 20 / 0.2, 0.02);
    expect_about("inside the back", result->services[1].in_system_mean, 20, 0.02);
    expect_about("wait at the front's door, s", result->services[0].wait_mean_ms / 1000, 1, 0.1);
    expect_about("shed at the front", mean_of(&trial, "requests.shed"), 2.0 / 3, 0.05);
    assert_true(result->services[0].utilization < 0.05 && result->services[1].utilization < 0.05);
    assert_true(result->table.pool_utilization < 0.15);
    trial_close(&trial);
}

/* The same front, when the table stands still for five seconds: it is full long before the end. */
static void a_stopped_table_fills_the_line_in_front_of_everything(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 30s\nload: [{to: front, rate: 300/s}]\n"
                         "faults: [{at: 10s, for: 5s, kind: pause, target: table}]\n"
                         "services:\n"
                         "  front: {queue: 100, runtime: {threads: 20},\n"
                         "    steps: [{ask: back, timeout: 1h}]}\n"
                         "  back: {steps: [{table: read, timeout: 1h}]}\n");
    assert_int_equal(first(&trial)->services[0].queue_max, 100);
    assert_int_equal(first(&trial)->services[1].queue_max, 0);
    expect_about("shed", (double)first(&trial)->requests.failed[FAILURE_SHED], 5 * 300 - 120, 0.05);
    expect_about("answered after it, per second", goodput_between(first(&trial), 20, 30), 300,
                 0.05);
    trial_close(&trial);
}

/* `for` is left out: to the end. */
static void a_fault_without_a_length_lasts_to_the_end(void **state)
{
    static const char *const faults[] = {
        "kind: crash, target: web",   "kind: pause, target: web",   "kind: cut, target: web",
        "kind: crash, target: table", "kind: pause, target: table", "kind: cut, target: table",
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct trial trial;

        run_story(&trial, 1,
                  NO_NETWORK "duration: 20s\nload: [{rate: 100/s, timeout: 1s}]\n"
                             "services: {web: {steps: [{compute: 1ms}, {table: read}]}}\n"
                             "faults: [{at: 10s, %s}]\n",
                  faults[i]);
        assert_true(goodput_between(first(&trial), 0, 10) > 90);
        assert_true(goodput_between(first(&trial), 11, 20) == 0);
        trial_close(&trial);
    }
}

/* ---- Accounts -------------------------------------------------------------------------------- */

/* Others drop requests and count them nowhere. Shed, late, timed out, cut, crashed: all here. */
static void whatever_happens_every_request_is_accounted_for_once(void **state)
{
    struct trial trial;
    const struct requests_result *requests;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 40s\n"
                         "load: [{rate: 1200/s, patience: 100ms, timeout: 150ms}]\n"
                         "services: {web: {queue: 120, steps: [{compute: 1ms}]}}\n"
                         "faults: [{at: 10s, for: 3s, kind: crash, target: web},\n"
                         "         {at: 20s, for: 3s, kind: cut, target: web}]\n");
    requests = &first(&trial)->requests;
    for (int cause = 0; cause < FAILURES; cause++)
        assert_int_equal(requests->failed[cause] > 0, cause != FAILURE_DENIED); /* No gateway. */
    assert_true(requests->late > 0 && requests->in_flight == 0);
    assert_int_equal(requests->offered,
                     requests->ok + requests->late + requests->failed[FAILURE_TIMEOUT] +
                         requests->failed[FAILURE_SHED] + requests->failed[FAILURE_REFUSED] +
                         requests->failed[FAILURE_ERROR]);
    expect_about("offered", (double)requests->offered, 48000, 0.02);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_freeze_is_felt_by_all_who_came_in_it),
        cmocka_unit_test(a_closed_loop_omits_those_who_would_have_come),
        cmocka_unit_test(an_endless_line_serves_only_those_who_have_left),
        cmocka_unit_test(no_line_is_longer_than_its_places),
        cmocka_unit_test(retries_multiply_the_load_and_a_budget_bounds_them),
        cmocka_unit_test(full_jitter_halves_the_calls_of_a_crowd_and_more),
        cmocka_unit_test(layers_that_retry_multiply_each_other),
        cmocka_unit_test(retries_keep_a_service_down_after_the_trigger_is_gone),
        cmocka_unit_test(a_slow_table_exhausts_the_threads_two_tiers_up),
        cmocka_unit_test(a_stopped_table_fills_the_line_in_front_of_everything),
        cmocka_unit_test(a_fault_without_a_length_lasts_to_the_end),
        cmocka_unit_test(whatever_happens_every_request_is_accounted_for_once),
    };

    return cmocka_run_group_tests_name("phenomena of overload", tests, NULL, NULL);
}
