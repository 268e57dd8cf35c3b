/* Autoscaling in the world: the vectors of the Kubernetes page, the price of a cold start, and the
 * signals that see a queue and those that do not. */
#include "tests/theory/phenomena.h"

/* ---- The rule ---------------------------------------------------------------------------------
 *
 * ceil(replicas x metric / target), looked at once, 15 s in; the new ones are ready a second later.
 * A request is 10 ms of one core, so that 100 a second are 100 % of a replica. */
static uint32_t replicas_after_a_look(unsigned replicas, double per_replica, const char *autoscale)
{
    struct trial trial;
    uint32_t ready;

    run_story(&trial, 1,
              NO_NETWORK "duration: 18s\nload: [{arrivals: constant, rate: %.3f/s}]\n"
                         "balancer: {work: 0s, policy: round_robin}\n"
                         "services: {web: {replicas: %u, boot: 1s, steps: [{compute: 10ms}],\n"
                         "  autoscale: {min: 1, max: 100, every: 15s, down_window: 0s, %s}}}\n",
              replicas * per_replica, replicas, autoscale);
    assert_int_equal(first(&trial)->series.replicas[13], replicas);
    ready = first(&trial)->series.replicas[17];
    print_message("%u replicas at %.1f/s each, %s: %u\n", replicas, per_replica, autoscale, ready);
    trial_close(&trial);
    return ready;
}

static void the_vectors_of_kubernetes_come_out_of_the_world(void **state)
{
    (void)state;
    assert_int_equal(replicas_after_a_look(50, 90, "signal: cpu, target: 75%"), 60);
    assert_int_equal(replicas_after_a_look(50, 82, "signal: cpu, target: 75%"), 50);
    assert_int_equal(replicas_after_a_look(50, 83, "signal: cpu, target: 75%"), 56);
    assert_int_equal(replicas_after_a_look(6, 90, "signal: rate, target: 45/s"), 12);
    assert_int_equal(replicas_after_a_look(6, 45, "signal: rate, target: 90/s"), 3);
}

/* One above is up: 3 x 70 / 60 = 3.5 replicas are four; a rule that rounds, or cuts, says three. */
static void a_part_of_a_replica_is_a_whole_one(void **state)
{
    (void)state;
    assert_int_equal(replicas_after_a_look(3, 70, "signal: cpu, target: 60%"), 4);
    assert_int_equal(replicas_after_a_look(3, 81, "signal: cpu, target: 60%"), 5);
}

/* A replica on its way counts as idle on the way up: two at 95 % of a wanted 50 % call for two
 * more, and at the next looks, with those still booting, for none. Others call again and again. */
static void help_that_is_on_its_way_is_not_called_for_twice(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 90s\nload: [{arrivals: constant, rate: 190/s}]\n"
                         "services: {web: {replicas: 2, boot: 40s, steps: [{compute: 10ms}],\n"
                         "  autoscale: {signal: cpu, target: 50%%, max: 50}}}\n");
    assert_int_equal(first(&trial)->series.replicas[53], 2);
    assert_int_equal(first(&trial)->series.replicas[56], 4);
    assert_int_equal(first(&trial)->services[0].replicas_max, 4);
    trial_close(&trial);
}

/* The highest wish of five minutes counts on the way down. */
static void a_lull_takes_replicas_away_after_five_minutes(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 420s\n"
                         "load: [{arrivals: constant, rate: [{at: 0s, rate: 200/s},\n"
                         "  {at: 60s, rate: 10/s}]}]\n"
                         "services: {web: {replicas: 4, steps: [{compute: 10ms}],\n"
                         "  autoscale: {signal: cpu, target: 50%%}}}\n");
    assert_int_equal(first(&trial)->series.replicas[350], 4);
    assert_int_equal(first(&trial)->series.replicas[380], 1);
    trial_close(&trial);
}

/* ---- Cold starts ----------------------------------------------------------------------------- */

static uint32_t longest_line(const char *boot)
{
    struct trial trial;
    uint32_t longest = 0;

    run_story(&trial, 1,
              NO_NETWORK "duration: 60s\nload: [{arrivals: constant, rate: 300/s}]\n"
                         "balancer: {work: 0s, policy: least_connections, timeout: 1h}\n"
                         "services: {web: {replicas: 2, boot: %s, queue: 1M, in_flight: 1M,\n"
                         "  steps: [{compute: 10ms}],\n"
                         "  autoscale: {signal: cpu, target: 50%%, min: 2, max: 8}}}\n",
              boot);
    for (uint32_t i = 0; i < first(&trial)->series.seconds; i++)
        if (first(&trial)->series.queue[i] > longest)
            longest = first(&trial)->series.queue[i];
    trial_close(&trial);
    return longest;
}

/* 300 a second come, two replicas serve 200; help is called at 15 s and comes a boot later. */
static void the_line_grows_for_as_long_as_the_help_boots(void **state)
{
    (void)state;
    expect_about("line, no boot delay", longest_line("0s"), 100 * 15, 0.03);
    expect_about("line, 5 s of boot", longest_line("5s"), 100 * (15 + 5), 0.03);
    expect_about("line, 20 s of boot", longest_line("20s"), 100 * (15 + 20), 0.03);
}

static void a_new_replica_serves_nobody_before_it_has_booted(void **state)
{
    struct trial trial;
    const struct series_result *series;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 40s\nload: [{arrivals: constant, rate: 300/s}]\n"
                         "services: {web: {replicas: 1, boot: 10s, queue: 10,\n"
                         "  steps: [{compute: 10ms}],\n"
                         "  autoscale: {signal: cpu, target: 25%%, min: 1, max: 4}}}\n");
    series = &first(&trial)->series;
    assert_int_equal(series->replicas[23], 1);
    assert_int_equal(series->replicas[26], 4);
    expect_about("served while it boots", goodput_between(first(&trial), 2, 24), 100, 0.01);
    expect_about("served with four", goodput_between(first(&trial), 28, 40), 300, 0.01);
    trial_close(&trial);
}

/* ---- Queue-fed workers ------------------------------------------------------------------------
 *
 * A worker writes 20 records at a time into a table that is 50 ms away: 200 a second, and hardly
 * any processor time. There are four partitions. */
static void run_worker(struct trial *trial, const char *rate, const char *autoscale)
{
    run_story(trial, 1,
              NO_NETWORK
              "duration: 120s\ndrain: 0s\n"
              "store: {latency: 0s, command: 0s}\n"
              "table: {latency: 50ms, statement: 0s, row: 0s, commit: 0s}\n"
              "queue: {partitions: 4, latency: 0s, linger: 0s, rebalance: 100ms}\n"
              "load: [{verb: like, rate: %s, people: 1G, keys: {dist: uniform, n: 1M}}]\n"
              "services:\n"
              "  likes: {design: batched, ack: queue, cores: 64, work: {write: 0s}}\n"
              "  batcher: {topic: likes, batch: 20, linger: 0s, boot: 1s,\n"
              "    work: {batch: 100us, record: 1us},\n"
              "    autoscale: {min: 1, every: 5s, %s}}\n",
              rate, autoscale);
}

static uint64_t lag_at_end(const struct trial *trial)
{
    return first(trial)->series.lag[first(trial)->series.seconds - 1];
}

static void cpu_sleeps_through_a_backlog_that_lag_sees(void **state)
{
    struct trial cpu, lag;

    (void)state;
    run_worker(&cpu, "600/s", "signal: cpu, target: 60%, max: 4");
    run_worker(&lag, "600/s", "signal: lag, target: 300, max: 4");
    expect_between("processor of the one worker", mean_of(&cpu, "services.batcher.utilization"), 0,
                   0.02);
    assert_int_equal(first(&cpu)->services[1].replicas_max, 1);
    assert_int_equal(first(&lag)->services[1].replicas_max, 4);
    expect_about("lag, scaled by cpu", (double)lag_at_end(&cpu), 400 * 120, 0.03);
    expect_between("lag, scaled by lag", (double)lag_at_end(&lag), 0, 1500);
    trial_close(&cpu);
    trial_close(&lag);
}

static void workers_beyond_the_partitions_add_nothing(void **state)
{
    struct trial four, sixteen;

    (void)state;
    run_worker(&four, "1200/s", "signal: lag, target: 300, max: 4");
    run_worker(&sixteen, "1200/s", "signal: lag, target: 300, max: 16");
    assert_int_equal(first(&four)->services[1].replicas_max, 4);
    assert_int_equal(first(&sixteen)->services[1].replicas_max, 16);
    expect_about("lag with 4", (double)lag_at_end(&four), (1200 - 800) * 120, 0.1);
    expect_about("lag with 16", (double)lag_at_end(&sixteen), (double)lag_at_end(&four), 0.05);
    trial_close(&four);
    trial_close(&sixteen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_kubernetes_come_out_of_the_world),
        cmocka_unit_test(a_part_of_a_replica_is_a_whole_one),
        cmocka_unit_test(help_that_is_on_its_way_is_not_called_for_twice),
        cmocka_unit_test(a_lull_takes_replicas_away_after_five_minutes),
        cmocka_unit_test(the_line_grows_for_as_long_as_the_help_boots),
        cmocka_unit_test(a_new_replica_serves_nobody_before_it_has_booted),
        cmocka_unit_test(cpu_sleeps_through_a_backlog_that_lag_sees),
        cmocka_unit_test(workers_beyond_the_partitions_add_nothing),
    };

    return cmocka_run_group_tests_name("phenomena of scaling", tests, NULL, NULL);
}
