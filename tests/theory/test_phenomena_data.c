/* Where the data lies: hot rows, caches that are too small, caches that expire. */
#include "tests/theory/phenomena.h"

/* ---- The hot row ------------------------------------------------------------------------------
 *
 * A like changes the post's counter row and holds its lock to the commit, 5 ms. 300 people like as
 * fast as they can; nothing but the disk costs time. */
static double likes_per_second(const char *keys, double *hottest)
{
    struct trial trial;
    double likes;

    run_story(&trial, 1,
              NO_NETWORK "duration: 10s\n"
                         "load: [{verb: like, arrivals: closed, users: 300, think: 0s,\n"
                         "  people: 1G, keys: {%s}}]\n"
                         "table: {latency: 0s, statement: 0s, row: 0s, commit: 5ms,\n"
                         "  connections: 400, cores: 64}\n"
                         "services: {likes: {design: indexed, cores: 64, work: {write: 0s},\n"
                         "  timeouts: {table: 1h}}}\n",
              keys);
    likes = mean_of(&trial, "goodput");
    *hottest = mean_of(&trial, "table.hottest_row");
    trial_close(&trial);
    return likes;
}

static void a_counter_row_takes_one_like_per_commit(void **state)
{
    double hot, shared;
    double one = likes_per_second("dist: constant", &hot);
    double eight = likes_per_second("dist: uniform, n: 8", &shared);
    double many = likes_per_second("dist: uniform, n: 1M", &shared);

    (void)state;
    expect_about("likes of one post", one, 1 / 0.005, 0.01);
    assert_true(one <= 1 / 0.005 + 0.2 && hot > 0.99);
    expect_between("of eight posts", eight / one, 4, 8.01);
    expect_between("of a million posts", many / one, 100, 301);
    assert_true(shared < 0.05);
}

/* ---- Hit rates --------------------------------------------------------------------------------
 *
 * Che: a key is in an LRU cache of C keys if it was asked for in the last T, and T is the root of
 * sum 1 - exp(-q T) = C. The hit rate is sum q (1 - exp(-q T)). */
enum { MENUS = 10000 };

static double popularity[MENUS];

static void be_zipf(double s)
{
    double sum = 0;

    for (int i = 0; i < MENUS; i++)
        sum += popularity[i] = pow(i + 1, -s);
    for (int i = 0; i < MENUS; i++)
        popularity[i] /= sum;
}

static double keys_within(double window, double *hit_rate)
{
    double keys = 0;

    *hit_rate = 0;
    for (int i = 0; i < MENUS; i++) {
        double is_in = 1 - exp(-popularity[i] * window);

        keys += is_in;
        *hit_rate += popularity[i] * is_in;
    }
    return keys;
}

static double che_hit_rate(double s, double places)
{
    double low = 0, high = 1e9, hit_rate;

    be_zipf(s);
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;

        if (keys_within(middle, &hit_rate) < places)
            low = middle;
        else
            high = middle;
    }
    return hit_rate;
}

/* A menu of 928 bytes and its key take a thousand. */
static double lru_hit_rate(double s, unsigned places)
{
    struct trial trial;
    double hit_rate;

    run_story(&trial, 2,
              NO_NETWORK "duration: 60s\nwarmup: 20s\n"
                         "load: [{verb: menu, rate: 5k/s, keys: {dist: zipf, s: %.2f, n: 10k}}]\n"
                         "store: {latency: 0s, command: 1us, per_kib: 0s, memory: %u000B,\n"
                         "  eviction: lru}\n"
                         "table: {latency: 0s, statement: 1us, row: 0s}\n"
                         "services: {delivery: {work: {light: 0s, read: 1us},\n"
                         "  menu: {cache: yes, ttl: 24h, bytes: 928B}}}\n",
              s, places);
    hit_rate = mean_of(&trial, "store.hit_rate");
    assert_int_equal(first(&trial)->store.bytes_max, (uint64_t)places * 1000);
    trial_close(&trial);
    return hit_rate;
}

static void menus_under_zipf_hit_as_che_says(void **state)
{
    (void)state;
    expect_about("s = 0.99, a tenth fits", lru_hit_rate(0.99, 1000), che_hit_rate(0.99, 1000),
                 0.02);
    expect_about("s = 0.80, a tenth fits", lru_hit_rate(0.8, 1000), che_hit_rate(0.8, 1000), 0.02);
    expect_about("s = 0.99, a third fits", lru_hit_rate(0.99, 3333), che_hit_rate(0.99, 3333),
                 0.02);
}

/* Others draw a hit by chance. Here a hit is a key that is there: with room for all and nobody in
 * a hurry, each menu misses once, to the last one. */
static void each_menu_misses_once_and_then_never(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1,
              "version: 1\nduration: 60s\n"
              "load: [{verb: menu, arrivals: closed, users: 1, think: 1ms,\n"
              "  keys: {dist: uniform, n: 300}}]\n"
              "services: {delivery: {menu: {cache: yes, ttl: 24h}}}\n");
    assert_int_equal(first(&trial)->store.misses, 300);
    assert_int_equal(first(&trial)->table.reads, 300);
    assert_in_range(first(&trial)->store.hits + 300, first(&trial)->requests.ok - 1,
                    first(&trial)->requests.ok); /* The last may be asked in the drain. */
    trial_close(&trial);
}

/* ---- Stampedes --------------------------------------------------------------------------------
 *
 * One menu, a thousand readers a second, kept for a second, and 100 ms to build it anew. */
static double reads_per_expiry(unsigned replicas, const char *cure, double cycle_s)
{
    struct trial trial;
    double reads;

    run_story(&trial, 1,
              NO_NETWORK "duration: 120s\n"
                         "load: [{verb: menu, rate: 1k/s, keys: {dist: constant}}]\n"
                         "balancer: {work: 0s, policy: round_robin}\n"
                         "store: {latency: 0s, command: 1us, per_kib: 0s}\n"
                         "table: {latency: 0s, statement: 1us, row: 0s, connections: 1k}\n"
                         "services: {delivery: {replicas: %u, cores: 256,\n"
                         "  work: {light: 0s, read: 100ms},\n"
                         "  menu: {cache: yes, ttl: 1s, %s}}}\n",
              replicas, cure);
    reads = (double)first(&trial)->table.reads / (120 / cycle_s);
    trial_close(&trial);
    return reads;
}

/* Whoever comes between the expiry and the first refill reads the table: 1 + lambda D of them, the
 * last of whom refills at 2 D, and the second begins anew. With single-flight one of each replica
 * does, and all of them are done at D. With leases one of all does, and the others look again. */
static void an_expiry_sends_everybody_to_the_table_or_one_of_each_replica(void **state)
{
    (void)state;
    static const char one_flight[] = "single_flight: yes";

    expect_about("reads per expiry", reads_per_expiry(1, "single_flight: no", 1.2 + 0.001),
                 1 + 1000 * 0.1, 0.03);
    expect_about("single-flight, 1 replica", reads_per_expiry(1, one_flight, 1.1 + 0.001), 1, 0.03);
    expect_about("single-flight, 4 replicas", reads_per_expiry(4, one_flight, 1.1 + 0.004), 4,
                 0.03);
    expect_about("a lease, 4 replicas", reads_per_expiry(4, "lease: 10s", 1.1 + 0.001), 1, 0.03);
}

/* XFetch with beta 1, D to build, lambda readers a second. At a gap g before the expiry readers
 * draw a refill at a rate of lambda e^(-g/D), so the first one does at G with lambda D e^(-G/D)
 * = X, X exponential of mean 1: mean G = D (ln(lambda D) + Euler's gamma). Until it is done, D
 * later, another X (e - 1) do: e in all on average, whatever lambda. The last of them keeps the
 * menu anew, on average D (1 - 2/(1+e)) after the first; from there to the next first refill it
 * is T + D - G. */
static void an_early_refresh_costs_e_refills_whatever_the_rate(void **state)
{
    static const double rates[] = {300, 1000};
    const double build_s = 0.1, ttl_s = 2, e = 2.718281828459045, gamma = 0.5772156649;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        double gap_s = build_s * (log(rates[i] * build_s) + gamma);
        double cycle_s = ttl_s + build_s - gap_s + build_s * (1 - 2 / (1 + e));
        struct trial trial;

        run_story(&trial, 1,
                  NO_NETWORK "duration: 1h\n"
                             "load: [{verb: menu, rate: %.0f/s, keys: {dist: constant}}]\n"
                             "store: {latency: 0s, command: 1us, per_kib: 0s}\n"
                             "table: {latency: 0s, statement: 1us, row: 0s, connections: 1k}\n"
                             "services: {delivery: {cores: 256, work: {light: 0s, read: 100ms},\n"
                             "  menu: {cache: yes, ttl: 2s, early: 1}}}\n",
                  rates[i]);
        expect_about("refills per cycle", (double)first(&trial)->table.reads / (3600 / cycle_s), e,
                     0.05);
        expect_about("nobody waits: mean ms", histogram_mean_ns(&first(&trial)->latency) * 1e-6,
                     e * 100 / (rates[i] * cycle_s), 0.06);
        trial_close(&trial);
    }
}

/* ---- Metastable ------------------------------------------------------------------------------ */

/* 200 menus, 1000 readers a second, a table of 400; the cache is lost for a second. */
static double goodput_after_the_cache_was_lost(const char *table_timeout)
{
    struct trial trial;
    double goodput;

    run_story(&trial, 1,
              NO_NETWORK "duration: 60s\n"
                         "load: [{verb: menu, keys: {dist: uniform, n: 200}, patience: 1s,\n"
                         "  rate: [{at: 0s, rate: 100/s}, {at: 15s, rate: 1k/s}]}]\n"
                         "store: {latency: 0s, command: 1us, per_kib: 0s}\n"
                         "table: {latency: 0s, statement: 10ms, row: 0s, cores: 4}\n"
                         "services: {delivery: {cores: 8, in_flight: 100k,\n"
                         "  work: {light: 0s, read: 100us}, timeouts: {table: %s},\n"
                         "  menu: {cache: yes, ttl: 24h}}}\n"
                         "faults: [{at: 25s, for: 1s, kind: crash, target: store}]\n",
              table_timeout);
    expect_about("menus a second, before", goodput_between(first(&trial), 17, 25), 1000, 0.03);
    goodput = goodput_between(first(&trial), 40, 60);
    trial_close(&trial);
    return goodput;
}

/* Huang, section 5.3: who waits for a fill no longer than the overloaded table takes never fills
 * the cache again, although the load is the one that was carried before. */
static void a_timeout_shorter_than_the_fill_keeps_a_cache_empty(void **state)
{
    (void)state;
    expect_between("after, timeout 50 ms", goodput_after_the_cache_was_lost("50ms"), 0, 100);
    expect_about("after, patient fills", goodput_after_the_cache_was_lost("1h"), 1000, 0.03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_row_takes_one_like_per_commit),
        cmocka_unit_test(menus_under_zipf_hit_as_che_says),
        cmocka_unit_test(each_menu_misses_once_and_then_never),
        cmocka_unit_test(an_expiry_sends_everybody_to_the_table_or_one_of_each_replica),
        cmocka_unit_test(an_early_refresh_costs_e_refills_whatever_the_rate),
        cmocka_unit_test(a_timeout_shorter_than_the_fill_keeps_a_cache_empty),
    };

    return cmocka_run_group_tests_name("phenomena of data", tests, NULL, NULL);
}
