/* The log: hot partitions, batches, consumers that die. Whatever a test is not about costs nothing,
 * so that a closed form is what is left. */
#include "tests/theory/phenomena.h"

#include <string.h>

#define FREE_STORE "store: {latency: 0s, command: 0s, per_kib: 0s}\n"
#define FREE_TABLE                                                                                 \
    "table: {latency: 0s, statement: 0s, row: 0s, commit: 0s, connections: 200, cores: 64}\n"
#define FREE_LIKES "likes: {design: batched, ack: queue, cores: 64, work: {read: 0s, write: 0s}}\n"

/* ---- Partitions -------------------------------------------------------------------------------
 *
 * A worker takes one record at a time and works on it for 10 ms: a hundred a second. There are four
 * partitions and more than enough records. */
static double consumed_per_second(unsigned workers, const char *keys)
{
    struct trial trial;
    const struct result *result;
    double consumed;

    run_story(&trial, 1,
              NO_NETWORK FREE_STORE FREE_TABLE
              "duration: 20s\ndrain: 0s\n"
              "queue: {partitions: 4, latency: 0s, linger: 0s, append: 0s, record: 0s,\n"
              "  replicate: 0s, rebalance: 0s}\n"
              "load: [{verb: like, rate: 1k/s, people: 1G, keys: {%s}}]\n"
              "services:\n  " FREE_LIKES
              "  batcher: {topic: likes, replicas: %u, batch: 1, linger: 0s,\n"
              "    work: {batch: 10ms, record: 0s}}\n",
              keys, workers);
    result = first(&trial);
    consumed = (double)(result->queue.put - result->series.lag[19]) / 20;
    trial_close(&trial);
    return consumed;
}

static void a_hot_key_is_one_consumers_however_many_there_are(void **state)
{
    (void)state;
    expect_about("one key, 1 worker", consumed_per_second(1, "dist: constant"), 100, 0.02);
    expect_about("one key, 4 workers", consumed_per_second(4, "dist: constant"), 100, 0.02);
}

static void consumers_help_up_to_the_number_of_partitions(void **state)
{
    (void)state;
    expect_about("many keys, 1 worker", consumed_per_second(1, "dist: uniform"), 100, 0.02);
    expect_about("many keys, 2 workers", consumed_per_second(2, "dist: uniform"), 200, 0.02);
    expect_about("many keys, 4 workers", consumed_per_second(4, "dist: uniform"), 400, 0.02);
    expect_about("many keys, 12 workers", consumed_per_second(12, "dist: uniform"), 400, 0.02);
}

/* ---- Batches ----------------------------------------------------------------------------------
 *
 * One partition; appending b records takes c0 + b c1 = 1 ms + b 10 us. */
static void run_producer(struct trial *trial, const char *rate, const char *batching)
{
    run_story(trial, 1,
              NO_NETWORK "duration: 20s\ndrain: 1s\nload: [{rate: %s}]\n"
                         "queue: {partitions: 1, latency: 0s, acks: leader, append: 1ms,\n"
                         "  record: 10us, %s}\n"
                         "services: {web: {in_flight: 1M, steps: [{put: {}, timeout: 1h}]}}\n",
              rate, batching);
}

static double most_per_second(unsigned batch)
{
    struct trial trial;
    char batching[64];
    double most;

    snprintf(batching, sizeof batching, "linger: 1s, batch: %u", batch);
    run_producer(&trial, "40k/s", batching);
    most = goodput_between(first(&trial), 2, 20);
    trial_close(&trial);
    return most;
}

static void a_batch_shares_the_fixed_cost_among_its_records(void **state)
{
    (void)state;
    expect_about("records a second, b = 1", most_per_second(1), 1e6 / 1010, 0.01);
    expect_about("b = 10", most_per_second(10), 1e6 / 110, 0.01);
    expect_about("b = 40", most_per_second(40), 1e6 / 35, 0.01);
}

static double latency_ms(const char *linger)
{
    struct trial trial;
    char batching[64];
    double latency;

    snprintf(batching, sizeof batching, "linger: %s, batch: 100k", linger);
    run_producer(&trial, "1600/s", batching);
    latency = mean_of(&trial, "latency.mean");
    trial_close(&trial);
    return latency;
}

/* A batch leaves L after its first record, with 1 + lambda L on average: the first has waited L,
 * the others L / 2. Then it is appended, as large as its records find it (E[N^2] / E[N]). */
static double closed_form_ms(double linger_ms)
{
    double others = 1.6 * linger_ms, mean = 1 + others;

    return (linger_ms + others * linger_ms / 2) / mean + 1 + 0.01 * (mean + others / mean);
}

static void latency_over_linger_is_a_u_curve(void **state)
{
    double without = latency_ms("0s");

    (void)state;
    expect_between("no linger: the broker drowns", without, 1000, 20000);
    expect_about("2 ms of linger", latency_ms("2ms"), closed_form_ms(2), 0.01);
    expect_about("10 ms", latency_ms("10ms"), closed_form_ms(10), 0.01);
    expect_about("100 ms", latency_ms("100ms"), closed_form_ms(100), 0.01);
    assert_true(closed_form_ms(2) < closed_form_ms(10) && closed_form_ms(100) > 50);
}

/* ---- Groups -----------------------------------------------------------------------------------
 *
 * Four workers, four partitions, 400 records a second; worker 3 dies at 10 s. A session is 10 s, a
 * rebalance 2 s. */
static void run_group(struct trial *trial, const char *faults)
{
    run_story(trial, 1,
              NO_NETWORK FREE_STORE FREE_TABLE
              "duration: 40s\ndrain: 10s\n"
              "queue: {partitions: 4, latency: 0s, linger: 0s, session: 10s, rebalance: 2s}\n"
              "load: [{verb: like, arrivals: constant, rate: 400/s, people: 1G,\n"
              "  keys: {dist: uniform, n: 1M}}]\n"
              "services:\n  " FREE_LIKES
              "  batcher: {topic: likes, replicas: 4, batch: 20, linger: 50ms,\n"
              "    work: {batch: 40ms, record: 0s}}\n"
              "faults: [%s]\n",
              faults);
}

static void a_dead_consumers_backlog_grows_for_a_session(void **state)
{
    struct trial trial;
    const struct series_result *series;

    (void)state;
    run_group(&trial, "{at: 10s, kind: crash, target: batcher/3}");
    series = &first(&trial)->series;
    expect_between("lag before", (double)series->lag[8], 0, 60);
    expect_about("its partition's share for a session", (double)series->lag[18], 100 * 9, 0.1);
    expect_about("and everybody's for a rebalance", (double)first(&trial)->queue.lag_max,
                 100 * 12 + 300 * 2, 0.05);
    expect_between("lag after", (double)series->lag[30], 0, 60);
    trial_close(&trial);
}

/* What was in somebody's hands comes again, and no more: at most a batch of each worker. Kafka
 * keeps offsets per group and partition: the new owner goes on where the dead one was. Others keep
 * them in the consumer and begin at 0 again, which would be a thousand records here and more. */
static void the_new_owner_goes_on_at_the_groups_offset(void **state)
{
    struct trial trial;
    const struct queue_result *queue;

    (void)state;
    run_group(&trial, "{at: 10s, kind: crash, target: batcher/3}");
    queue = &first(&trial)->queue;
    expect_between("delivered again", (double)queue->redelivered, 1, 4 * 20);
    assert_int_equal(first(&trial)->likes.in_table, first(&trial)->requests.offered);
    assert_int_equal(queue->lag_end, 0);
    assert_int_equal(first(&trial)->likes.lost, 0);
    trial_close(&trial);
}

/* The whole group, and not one of its members, begins again from what it had committed. */
static void a_group_that_was_away_resumes_and_does_not_restart(void **state)
{
    struct trial trial;
    const struct queue_result *queue;

    (void)state;
    run_group(&trial, "{at: 20s, for: 5s, kind: crash, target: batcher}");
    queue = &first(&trial)->queue;
    expect_between("delivered again", (double)queue->redelivered, 1, 4 * 20);
    expect_between("lag while it is away", (double)first(&trial)->series.lag[24], 1900, 2100);
    assert_int_equal(first(&trial)->likes.in_table, first(&trial)->requests.offered);
    trial_close(&trial);
}

/* ---- The drain --------------------------------------------------------------------------------
 *
 * One worker writes likes of one post one by one, 10 ms each: half of it on the way, and half until
 * the commit, with the counter's row locked. 200 a second come for 10 s, and the drain works off
 * what is left for as long again. */
static void what_the_drain_works_off_is_no_rate_of_the_load(void **state)
{
    struct trial trial;
    const struct result *result;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK FREE_STORE
              "duration: 10s\ndrain: 60s\n"
              "table: {latency: 2500us, statement: 0s, row: 0s, commit: 5ms}\n"
              "queue: {partitions: 1, latency: 0s, linger: 0s, append: 0s, record: 0s,\n"
              "  replicate: 0s, rebalance: 0s}\n"
              "load: [{verb: like, arrivals: constant, rate: 200/s, people: 1G,\n"
              "  keys: {dist: constant}}]\n"
              "services:\n  " FREE_LIKES
              "  batcher: {topic: likes, batch: 1, linger: 0s, work: {batch: 0s, record: 0s}}\n");
    result = first(&trial);
    assert_int_equal(result->likes.in_table, result->requests.offered);
    assert_int_equal(result->queue.lag_end, 0);
    expect_about("worked off under load", (double)result->queue.committed / 10, 100, 0.02);
    expect_about("the row is locked", result->table.hottest_row_busy, 0.5, 0.02);
    assert_string_equal(result->bottleneck.component, "queue");
    assert_non_null(strstr(result->bottleneck.why_en, "/s are worked off"));
    assert_null(strstr(result->bottleneck.why_en, "200/s are worked off"));
    trial_close(&trial);
}

/* ---- Poison -----------------------------------------------------------------------------------
 *
 * Four workers, four partitions with as many areas each; of 200 orders a second 0.2 % can never be
 * written. */
static void run_poison(struct trial *trial, unsigned seeds, unsigned attempts)
{
    run_story(trial, seeds,
              NO_NETWORK FREE_TABLE
              "duration: 30s\ndrain: 60s\n"
              "queue: {partitions: 4, latency: 0s, linger: 0s, append: 0s, record: 0s,\n"
              "  replicate: 0s, rebalance: 0s}\n"
              "load: [{verb: order, rate: 200/s, zones: 256, poison: 0.2%%}]\n"
              "services:\n"
              "  delivery: {orders: queued, cores: 64, work: {light: 0s}}\n"
              "  batcher: {topic: orders, replicas: 4, batch: 20, linger: 50ms, attempts: %u,\n"
              "    work: {batch: 0s, record: 0s}}\n",
              attempts);
}

/* A partition stands from its first poison record on, which comes after an exponential time of rate
 * m = r p / P. Of T seconds it stands T - (1 - exp(-m T)) / m on average, and r / P records come in
 * each. Areas are hashed to partitions, so these are not quite alike. */
static void without_dead_letters_one_poison_record_stops_its_partition(void **state)
{
    const double rate = 200, seconds = 30, m = rate * 0.002 / 4;
    struct trial trial;
    struct estimate lag;

    (void)state;
    run_poison(&trial, 40, 1000);
    lag = trial_estimate(&trial, "queue.lag_end");
    expect_between("half of its interval, as a share", lag.half_width / lag.mean, 0, 0.1);
    expect_about("records behind", lag.mean, rate * (seconds - (1 - exp(-m * seconds)) / m), 0.15);
    assert_int_equal(trial_estimate(&trial, "queue.dead_letters").mean, 0);
    trial_close(&trial);
}

static void with_dead_letters_nobody_waits_behind_one_and_the_rest_is_served(void **state)
{
    struct trial trial;

    (void)state;
    run_poison(&trial, 40, 2);
    expect_about("dead letters: r p T", mean_of(&trial, "queue.dead_letters"), 200 * 0.002 * 30,
                 0.15);
    expect_between("lag at most", mean_of(&trial, "queue.lag_max"), 1, 200);
    assert_int_equal(mean_of(&trial, "queue.lag_end"), 0);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hot_key_is_one_consumers_however_many_there_are),
        cmocka_unit_test(consumers_help_up_to_the_number_of_partitions),
        cmocka_unit_test(a_batch_shares_the_fixed_cost_among_its_records),
        cmocka_unit_test(latency_over_linger_is_a_u_curve),
        cmocka_unit_test(a_dead_consumers_backlog_grows_for_a_session),
        cmocka_unit_test(the_new_owner_goes_on_at_the_groups_offset),
        cmocka_unit_test(a_group_that_was_away_resumes_and_does_not_restart),
        cmocka_unit_test(what_the_drain_works_off_is_no_rate_of_the_load),
        cmocka_unit_test(without_dead_letters_one_poison_record_stops_its_partition),
        cmocka_unit_test(with_dead_letters_nobody_waits_behind_one_and_the_rest_is_served),
    };

    return cmocka_run_group_tests_name("phenomena of the queue", tests, NULL, NULL);
}
