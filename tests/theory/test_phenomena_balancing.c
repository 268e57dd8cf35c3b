/* What the whiteboard says of scaling and balancing: the same capacity in other pieces.
 *
 * E[S] = 1 ms, Poisson arrivals, exponential service; the balancer and the network cost nothing.
 * W is the mean time in the system. */
#include "tests/theory/phenomena.h"

static double w_ms(const char *servers, const char *balancer, const char *rate, const char *seconds,
                   unsigned seeds)
{
    struct trial trial;
    double w;

    run_story(&trial, seeds,
              NO_NETWORK "duration: %s\nwarmup: 2s\n"
                         "load: [{rate: %s, keys: {dist: constant}, people: 1}]\n"
                         "balancer: {work: 0s, timeout: 1h, policy: %s}\n"
                         "services: {web: {%s, queue: 1M, in_flight: 100k,\n"
                         "  steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n",
              seconds, rate, balancer, servers);
    w = mean_of(&trial, "latency.mean");
    trial_close(&trial);
    return w;
}

/* rho = 0.8: E[S] / 2 / (1 - rho) against E[S] / (1 - rho^2). */
static void one_fast_server_beats_two_slow_ones_in_one_line(void **state)
{
    (void)state;
    expect_about("one of double speed", w_ms("speed: 2", "none", "1600/s", "150s", 8), 2.5, 0.01);
    expect_about("two, one line", w_ms("cores: 2", "none", "1600/s", "150s", 8), 1 / 0.36, 0.01);
}

static void four_lines_wait_as_if_each_were_alone_and_one_pooled_line_does_not(void **state)
{
    (void)state;
    expect_about("four lines, by chance", w_ms("replicas: 4", "random", "3200/s", "120s", 8), 5.0,
                 0.015);
    expect_about("four cores, one line", w_ms("cores: 4", "none", "3200/s", "60s", 4), 1.74554,
                 0.01);
}

/* Each of n replicas is given every n-th of a Poisson stream: E_n/M/1, whose sigma is the root of
 * sigma = (1 + (1 - sigma) / (n rho))^-n, and W = 1 / (1 - sigma). */
static double erlang_arrivals_w_ms(double n, double rho)
{
    double sigma = rho;

    for (int i = 0; i < 1000; i++)
        sigma = pow(1 + (1 - sigma) / (n * rho), -n);
    return 1 / (1 - sigma);
}

/* One of four is half as fast. By chance each is given a quarter: M/M/1 at 0.3 and at 0.6. */
static void a_slow_replica_is_a_queue_of_its_own(void **state)
{
    (void)state;
    expect_about("one of four at half the speed, by chance",
                 w_ms("replicas: 4, stragglers: {count: 1}", "random", "1200/s", "120s", 8),
                 0.75 / 0.7 + 0.25 * 2 / 0.4, 0.015);
}

/* One of two is: it can do 500 of 1200 a second. By turns it is given 600 and drowns. By weight it
 * is given every third, E_3/M/1 at 0.8, and the other one the two between, whose gaps are one
 * exponential and two of them in turn: between E_2/M/1 and M/M/1. */
static void weights_give_a_slow_replica_what_it_can_do(void **state)
{
    static const char servers[] = "replicas: 2, stragglers: {count: 1, speed: 0.5}";
    double slow = 2 * erlang_arrivals_w_ms(3, 0.8);
    double weighted = w_ms(servers, "weighted", "1200/s", "120s", 4);

    (void)state;
    expect_between("by weight", weighted, (slow + 2 * erlang_arrivals_w_ms(2, 0.8)) / 3,
                   (slow + 2 * erlang_arrivals_w_ms(1, 0.8)) / 3);
    expect_between("the fewest", w_ms(servers, "least_connections", "1200/s", "120s", 4), 2,
                   weighted);
    expect_between("by turns", w_ms(servers, "round_robin", "1200/s", "60s", 1), 1000, 10000);
}

static double hundred_w_ms(const char *policy)
{
    return w_ms("replicas: 100", policy, "90k/s", "22s", 2);
}

/* Mitzenmacher: 2.614 for ever more replicas, 2.64 for a hundred, 2.657 if drawn with replacement
 * (tests of the policy tell these two apart). By chance: M/M/1. */
static void two_choices_take_the_mean_time_from_ten_to_two_point_six(void **state)
{
    double random = hundred_w_ms("random"), two = hundred_w_ms("two_choices");
    double turns = hundred_w_ms("round_robin"), least = hundred_w_ms("least_connections");

    (void)state;
    expect_about("100 replicas at 0.9, by chance", random, 10.0, 0.02);
    expect_about("by turns", turns, erlang_arrivals_w_ms(100, 0.9), 0.02);
    expect_between("the better of two", two, 2.61, 2.66);
    expect_between("the least busy", least, 1.0, 1.5);
    assert_true(least < two && two < turns && turns < random);
}

/* Others take p99 for a multiple of the mean and 1.6 for the price of 90 % load. M/M/1 stays are
 * exponential: W = 1 / (1 - rho), p99 = W ln 100; where nobody waits p99 is the service itself. */
static void p99_follows_from_the_shape_and_ninety_per_cent_costs_ten_times(void **state)
{
    static const char scenario[] = NO_NETWORK
        "duration: %s\nwarmup: 2s\nload: [{rate: %s, arrivals: %s, keys: {dist: constant}}]\n"
        "services: {web: {queue: 1M, steps: [{compute: {dist: %s, mean: 1ms}}]}}\n";
    struct trial busy, calm;

    (void)state;
    run_story(&busy, 8, scenario, "600s", "900/s", "poisson", "exponential");
    run_story(&calm, 1, scenario, "20s", "900/s", "constant", "constant");
    expect_about("M/M/1 at 0.9", mean_of(&busy, "latency.mean"), 10, 0.02);
    expect_about("its p99", mean_of(&busy, "latency.p99"), 10 * log(100), 0.03);
    expect_about("D/D/1 at 0.9", mean_of(&calm, "latency.mean"), 1, 0.001);
    expect_about("its p99", mean_of(&calm, "latency.p99"), 1, 0.01);
    trial_close(&busy);
    trial_close(&calm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fast_server_beats_two_slow_ones_in_one_line),
        cmocka_unit_test(four_lines_wait_as_if_each_were_alone_and_one_pooled_line_does_not),
        cmocka_unit_test(a_slow_replica_is_a_queue_of_its_own),
        cmocka_unit_test(weights_give_a_slow_replica_what_it_can_do),
        cmocka_unit_test(two_choices_take_the_mean_time_from_ten_to_two_point_six),
        cmocka_unit_test(p99_follows_from_the_shape_and_ninety_per_cent_costs_ten_times),
    };

    return cmocka_run_group_tests_name("phenomena of balancing", tests, NULL, NULL);
}
