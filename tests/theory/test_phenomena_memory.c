/* What threads do to each other in memory that they share: what is lost without a lock, and what
 * each cure is worth on one core, on two, on four.
 *
 * As many users as threads ask again as soon as they are answered, so that every core is busy. */
#include "tests/theory/phenomena.h"

struct pool { /* Threads, and what they do. */
    const char *design;
    unsigned cores, threads;
    unsigned work_ns, own_ns; /* own: the gap, or how long the lock is held. */
};

struct counted {
    double per_s, lost; /* Increments done, and the share of them that was overwritten. */
};

static struct counted count(struct pool pool)
{
    struct trial trial;
    struct counted counted;

    run_story(&trial, 1,
              NO_NETWORK "duration: 2s\n"
                         "load: [{verb: like, arrivals: closed, users: %u, think: 0s,\n"
                         "  keys: {dist: constant}}]\n"
                         "services: {counter: {cores: %u, runtime: {threads: %u},\n"
                         "  memory: {design: %s, adds: 2k, work: %uns, gap: %uns, hold: %uns}}}\n"
                         "memory: {park: 300ns, wake: 1us, asleep: 3us, quantum: 100us}\n",
              pool.threads, pool.cores, pool.threads, pool.design, pool.work_ns, pool.own_ns,
              pool.own_ns);
    counted.per_s = mean_of(&trial, "counter.attempted") / 2;
    counted.lost = mean_of(&trial, "counter.lost");
    trial_close(&trial);
    return counted;
}

static void one_thread_loses_nothing_however_wide_the_gap(void **state)
{
    (void)state;
    assert_true(count((struct pool){"unlocked", 1, 1, 100, 15}).lost <= 0);
    assert_true(count((struct pool){"unlocked", 4, 1, 0, 100}).lost <= 0);
}

/* With jitter the two fall out of step, and a write of one is in the gap of the other with
 * probability G / T, whatever their phases: that update is lost. To first order, so G << T. */
static void two_threads_on_two_cores_lose_gap_over_cycle(void **state)
{
    static const unsigned gaps[] = {5, 10, 20};

    (void)state;
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        expect_about("share lost by two threads",
                     count((struct pool){"unlocked", 2, 2, 1000 - gaps[i], gaps[i]}).lost,
                     gaps[i] / 1000.0, 0.05);
}

/* Of n who run at once each has n - 1 others that may write into its gap. */
static void four_threads_on_four_cores_lose_three_times_as_much(void **state)
{
    (void)state;
    expect_about("share lost by four threads", count((struct pool){"unlocked", 4, 4, 995, 5}).lost,
                 3 * 0.005, 0.05);
}

/* A slice ends in the gap once in T / G, and then all that the other counts in its own slice is
 * overwritten: G / T again, with one core. Less the 14 ns in which the write is on its way out of
 * the store buffer, which an interrupt empties. */
static void one_core_loses_nearly_as_much(void **state)
{
    (void)state;
    expect_about("share lost by two threads on one core",
                 count((struct pool){"unlocked", 1, 2, 900, 100}).lost, 0.086, 0.15);
}

/* A core that is shared fairly in ever smaller turns is a processor-sharing server, and there the
 * mean time in the system is S / (1 - rho), whatever the sizes: here they are all alike. */
static void threads_on_one_core_are_a_processor_sharing_server(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 8,
              NO_NETWORK "duration: 200s\n"
                         "load: [{verb: like, rate: 600/s, keys: {dist: constant}}]\n"
                         "services: {counter: {cores: 1, runtime: {threads: 256},\n"
                         "  memory: {design: sharded, adds: 100, work: 10us, jitter: 0%%}}}\n"
                         "memory: {quantum: 20us}\n");
    expect_about("mean time in the system, ms", mean_of(&trial, "latency.mean"), 1 / (1 - 0.6),
                 0.02);
    trial_close(&trial);
}

/* Utilisation law: what is held for h is taken at most 1 / h times per second. */
static void a_lock_is_taken_at_most_once_per_hold(void **state)
{
    static const unsigned cores[] = {1, 2, 4};

    (void)state;
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        expect_between("lock: increments per second x hold",
                       count((struct pool){"locked", cores[i], 2 * cores[i], 0, 500}).per_s *
                           500e-9,
                       0, 1.01); /* And what was begun is finished. */
}

static void shards_scale_with_the_cores_and_one_line_does_not(void **state)
{
    double one = count((struct pool){"sharded", 1, 8, 50, 12}).per_s;
    double four = count((struct pool){"sharded", 4, 8, 50, 12}).per_s;
    double atomic = count((struct pool){"atomic", 4, 8, 50, 12}).per_s;
    double locked = count((struct pool){"locked", 4, 8, 50, 12}).per_s;

    (void)state;
    expect_about("sharded, four cores against one", four / one, 4, 0.02);
    expect_between("atomic, against sharded", atomic / four, 0.3, 0.99);
    expect_between("locked, against atomic", locked / atomic, 0.01, 0.9);
}

/* A line that every core wants is handed on once per increment: 20 ns each. */
static void an_atomic_counter_is_bound_by_its_cache_line(void **state)
{
    (void)state;
    expect_about("atomic, no work: increments per second x line",
                 count((struct pool){"atomic", 4, 4, 0, 1}).per_s * 20e-9, 1, 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_loses_nothing_however_wide_the_gap),
        cmocka_unit_test(two_threads_on_two_cores_lose_gap_over_cycle),
        cmocka_unit_test(four_threads_on_four_cores_lose_three_times_as_much),
        cmocka_unit_test(one_core_loses_nearly_as_much),
        cmocka_unit_test(threads_on_one_core_are_a_processor_sharing_server),
        cmocka_unit_test(a_lock_is_taken_at_most_once_per_hold),
        cmocka_unit_test(shards_scale_with_the_cores_and_one_line_does_not),
        cmocka_unit_test(an_atomic_counter_is_bound_by_its_cache_line),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
