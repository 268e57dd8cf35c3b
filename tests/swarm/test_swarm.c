/* Random designs under random loads and random faults: whatever happens, the invariants hold.
 *
 * Each trial is made from a number, printed first; SIM_SWARM_SEED=N repeats it alone. First comes
 * safety: crashes, pauses and cut cables while there is load, with the invariants checked after
 * each event. Then all faults are over, and the run must converge: everybody who asked has an
 * answer, and the log is empty. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIALS = 300, TEXT_BYTES = 8192 };

struct writer {
    struct dice dice;
    char text[TEXT_BYTES];
};

static void put(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct writer *writer, const char *format, ...)
{
    size_t length = strlen(writer->text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(writer->text + length, TEXT_BYTES - length, format, arguments);
    va_end(arguments);
}

static unsigned below(struct writer *writer, unsigned n)
{
    return (unsigned)dice_below(&writer->dice, n);
}

static const char *one_of(struct writer *writer, const char *const *words)
{
    unsigned n = 0;

    while (words[n] != NULL)
        n++;
    return words[below(writer, n)];
}

static void put_load(struct writer *writer, const char *verb)
{
    static const char *const dists[] = {"zipf", "uniform", "constant", NULL};
    static const char *const jitters[] = {"none", "full", "equal", NULL};

    put(writer, "  - {verb: %s, rate: %u/s, keys: {dist: %s, n: %u}, people: %u, ", verb,
        20 + below(writer, 400), one_of(writer, dists), 1 + below(writer, 50),
        1 + below(writer, 500));
    put(writer, "zones: %u, timeout: %ums, patience: %ums, priority: %u, ", 1 + below(writer, 8),
        200 + below(writer, 3000), 500 + below(writer, 2000), below(writer, 10));
    put(writer, "retry: {attempts: %u, backoff: %ums, jitter: %s, budget: %u%%}}\n",
        1 + below(writer, 4), 1 + below(writer, 300), one_of(writer, jitters), below(writer, 101));
}

/* Before processes stands the kernel's line, which knows no priority. */
static void put_runtime(struct writer *writer)
{
    static const char *const models[] = {"event_loop", "threads", "gil_threads", "processes", NULL};
    const char *model = one_of(writer, models);
    unsigned workers = 1 + below(writer, 20);

    put(writer, "runtime: {model: %s", model);
    if (strcmp(model, "event_loop") != 0)
        put(writer, ", %s: %u", strcmp(model, "processes") == 0 ? model : "threads", workers);
    put(writer, "}, ");
    if (strcmp(model, "processes") != 0)
        put(writer, "line: %s, ", below(writer, 2) ? "priority" : "fifo");
}

static void put_replicas(struct writer *writer)
{
    put(writer, "replicas: %u, cores: %u, queue: %u, in_flight: %u, ", 1 + below(writer, 4),
        1 + below(writer, 3), 1 + below(writer, 300), 10 + below(writer, 500));
    put_runtime(writer);
    put(writer, "boot: %ums, ", 10 + below(writer, 2000));
    if (below(writer, 3) == 0)
        put(writer, "autoscale: {signal: cpu, target: %u%%, min: 1, max: %u, every: 1s}, ",
            20 + below(writer, 60), 4 + below(writer, 6));
}

static void put_likes(struct writer *writer)
{
    static const char *const designs[] = {"table", "indexed", "cached", "queued", "batched", NULL};
    static const char *const acks[] = {"store", "queue", NULL};
    const char *design = one_of(writer, designs);
    bool has_log = strcmp(design, "queued") == 0 || strcmp(design, "batched") == 0;

    put(writer, "load:\n");
    put_load(writer, "like");
    put_load(writer, "count");
    if (below(writer, 2) == 0)
        put_load(writer, "unlike");
    put(writer, "services:\n  likes: {");
    put_replicas(writer);
    put(writer, "design: %s", design);
    if (has_log)
        put(writer, ", ack: %s", one_of(writer, acks));
    put(writer, "}\n");
    if (has_log)
        put(writer, "  batcher: {topic: likes, replicas: %u, batch: %u, linger: %ums}\n",
            1 + below(writer, 4), strcmp(design, "queued") == 0 ? 1 : 2 + below(writer, 300),
            1 + below(writer, 200));
}

static void put_delivery(struct writer *writer)
{
    bool is_queued = below(writer, 2) == 0;

    put(writer, "load:\n");
    put_load(writer, "menu");
    put_load(writer, "order");
    put_load(writer, "track");
    put(writer, "services:\n  delivery: {");
    put_replicas(writer);
    put(writer, "menu: {cache: %s, single_flight: %s, ttl: %ums}, orders: %s}\n",
        below(writer, 2) ? "true" : "false", below(writer, 2) ? "true" : "false",
        100 + below(writer, 5000), is_queued ? "queued" : "sync");
    if (is_queued)
        put(writer,
            "  batcher: {topic: orders, replicas: %u, batch: %u, linger: %ums, trip_orders: %u}\n",
            1 + below(writer, 4), 1 + below(writer, 300), 1 + below(writer, 300),
            1 + below(writer, 5));
}

/* People, thieves and forgers before a gateway of any kind. */
static void put_guarded(struct writer *writer)
{
    static const char *const kinds[] = {"kind: none",
                                        "kind: session, refresh_ttl: 3s",
                                        "kind: session",
                                        "kind: jwt, ttl: 700ms",
                                        "kind: jwt, ttl: 2s, leeway: 300ms",
                                        "kind: jwt, algorithm: rs256",
                                        "kind: jwt_denylist, ttl: 2s, refresh_ttl: 4s",
                                        "kind: jwt_denylist, when_store_is_down: accept",
                                        NULL};
    static const char *const arrivals[] = {"rate: 200/s, people: 40",
                                           "arrivals: closed, users: 30, think: 100ms", NULL};

    put(writer, "load:\n  - {verb: call, %s, timeout: %ums, retry: {attempts: %u}, ",
        one_of(writer, arrivals), 100 + below(writer, 2000), 1 + below(writer, 3));
    put(writer, "auth: {stolen: %u%%, logout: %u%%, after: {dist: exponential, mean: %ums}, ",
        below(writer, 51), below(writer, 50), 1 + below(writer, 3000));
    put(writer, "thief_every: %ums}}\n  - {verb: call, rate: %u/s, timeout: 1s, auth: forger}\n",
        20 + below(writer, 500), 1 + below(writer, 50));
    put(writer, "services:\n  gateway: {");
    put_replicas(writer);
    put(writer, "work: {light: 100us}, auth: {%s}}\n", one_of(writer, kinds));
    put(writer,
        "  api: {steps: [{compute: {dist: exponential, mean: 1ms}}, {store: add},\n"
        "         {sleep: 1ms, concurrent: %s}, {table: write, concurrent: %s}]}\n",
        below(writer, 2) ? "yes" : "no", below(writer, 2) ? "yes" : "no");
}

/* Threads that add to numbers in memory, in turns so short that many end amid an increment. */
static void put_counter(struct writer *writer)
{
    static const char *const designs[] = {"unlocked", "locked", "atomic",
                                          "sharded",  "copied", NULL};

    put(writer, "load:\n");
    put_load(writer, "like");
    put_load(writer, "count");
    put(writer, "services:\n  counter: {replicas: %u, cores: %u, queue: %u, boot: %ums, ",
        1 + below(writer, 3), 1 + below(writer, 3), 1 + below(writer, 300),
        10 + below(writer, 2000));
    put(writer, "runtime: {threads: %u},\n    memory: {design: %s, adds: %u, work: %uns, ",
        1 + below(writer, 12), one_of(writer, designs), 1 + below(writer, 200),
        below(writer, 10000));
    put(writer, "gap: %uns}}\nmemory: {quantum: %uus}\n", 1 + below(writer, 100),
        10 + below(writer, 300));
}

static void put_faults(struct writer *writer, const char *service)
{
    static const char *const kinds[] = {"crash", "pause", "cut", NULL};
    unsigned faults = below(writer, 5);

    if (faults > 0)
        put(writer, "faults:\n");
    for (unsigned i = 0; i < faults; i++) {
        const char *const targets[] = {"store", "queue", "table", service, NULL};

        put(writer, "  - {at: %ums, for: %ums, kind: %s, target: %s}\n", 500 + below(writer, 6000),
            10 + below(writer, 3000), one_of(writer, kinds), one_of(writer, targets));
    }
}

/* Each of them on in some designs; a hedge goes before the shortest timeout. */
static void put_cures(struct writer *writer)
{
    if (below(writer, 2) == 0)
        put(writer, ", slow_start: %ums", 1 + below(writer, 8000));
    if (below(writer, 2) == 0)
        put(writer, ", outlier: {failures: %u, for: %ums, share: %u%%}", 1 + below(writer, 6),
            1 + below(writer, 5000), below(writer, 101));
    if (below(writer, 2) == 0)
        put(writer, ", hedge: {after: %ums, share: %u%%}", 1 + below(writer, 99),
            below(writer, 101));
}

/* Streams of income and costs, each of them on in some designs. */
static void put_prices(struct writer *writer)
{
    unsigned first = below(writer, 101);

    put(writer, "prices:\n");
    if (below(writer, 2) == 0)
        put(writer,
            "  tiers: [{share: %u%%, commission: %u%%, subscription: %u RUB},\n"
            "          {share: %u%%, commission: %u%%}]\n",
            first, below(writer, 101), below(writer, 9999), 100 - first, below(writer, 101));
    put(writer, "  distance: {mean: %um, spread: %u%%}\n", below(writer, 20000),
        below(writer, 101));
    put(writer, "  delivery_km: %u.%02u RUB\n  courier_km: %u.%02u RUB\n", below(writer, 40),
        below(writer, 100), below(writer, 40), below(writer, 100));
    put(writer, "  surge: {from: %u/s, step: %u%%, max: %u%%, couriers: %u%%, window: %ums}\n",
        below(writer, 200), 1 + below(writer, 100), below(writer, 501), below(writer, 101),
        1000 + below(writer, 5000));
    put(writer, "  ads: {cpm: %u.%02u RUB, cpc: %u RUB, clicks: %u%%}\n", below(writer, 5000),
        below(writer, 100), below(writer, 50), below(writer, 101));
    put(writer,
        "  premium: {share: %u%%, month: %u RUB, order: %u RUB, priority: %u,\n"
        "            analytics_share: %u%%, analytics: %u RUB}\n",
        below(writer, 101), below(writer, 999), below(writer, 99), below(writer, 10),
        below(writer, 101), below(writer, 9999));
    put(writer, "  support: {contact: %u RUB, contacts: %u%%}\n  rented: %us\n", below(writer, 500),
        below(writer, 101), below(writer, 100));
}

static void put_store(struct writer *writer)
{
    if (below(writer, 3) == 0)
        put(writer,
            "store: {kind: memcached, memory: %s, threads: %u, eviction: %s, jitter: %uus}\n",
            below(writer, 3) == 0 ? "2MiB" : "64MiB", 1 + below(writer, 8),
            below(writer, 4) == 0 ? "none" : "lru", below(writer, 200));
    else
        put(writer, "store: {memory: %s, eviction: %s, persistent: %s, jitter: %uus}\n",
            below(writer, 3) == 0 ? "64KiB" : "64MiB", below(writer, 2) ? "lru" : "lfu",
            below(writer, 2) ? "true" : "false", below(writer, 200));
}

static void put_world(struct writer *writer)
{
    static const char *const policies[] = {"round_robin",       "weighted",    "random",
                                           "least_connections", "two_choices", "peak_ewma",
                                           "consistent_hash",   NULL};

    put(writer, "version: 1\nname: swarm\nduration: 10s\ndrain: 300s\n");
    put(writer, "network: {latency: %uus, jitter: %uus, loss: %s}\n", below(writer, 3000),
        below(writer, 500), below(writer, 3) == 0 ? "0.1%" : "0%");
    put(writer, "balancer: {policy: %s, timeout: %ums, attempts: %u, health: {every: %ums}",
        one_of(writer, policies), 100 + below(writer, 2000), 1 + below(writer, 3),
        100 + below(writer, 2000));
    put_cures(writer);
    put(writer, "}\n");
    put_store(writer);
    put(writer,
        "queue: {partitions: %u, linger: %ums, batch: %u, session: %ums, rebalance: %ums, "
        "jitter: %uus}\n",
        1 + below(writer, 6), below(writer, 20), 1 + below(writer, 300), 500 + below(writer, 5000),
        10 + below(writer, 2000), below(writer, 300));
    put(writer,
        "table: {connections: %u, cores: %u, commit: %uus, group_commit: %s, jitter: %uus}\n",
        1 + below(writer, 20), 1 + below(writer, 4), 100 + below(writer, 4000),
        below(writer, 2) ? "true" : "false", below(writer, 300));
}

static void write_story(uint64_t seed, struct writer *writer)
{
    static const char *const services[] = {"likes", "delivery", "gateway", "counter"};
    unsigned kind;

    *writer = (struct writer){.text = ""};
    dice_init(&writer->dice, seed, "swarm");
    kind = below(writer, 4);
    put_world(writer);
    if (kind == 0)
        put_likes(writer);
    else if (kind == 1)
        put_delivery(writer);
    else if (kind == 2)
        put_guarded(writer);
    else
        put_counter(writer);
    put_faults(writer, services[kind]);
    put_prices(writer);
}

/* That all accounts sum to zero is checked when they are closed. */
static void expect_books(const struct result *result)
{
    const struct money_result *money = &result->money;
    int64_t lost = 0;

    for (int i = 0; i <= FAILURES; i++)
        lost += money->lost_by[i];
    assert_int_equal(money->lost, lost);
    assert_int_equal(money->revenue, money->commission + money->delivery_fee + money->subscription +
                                         money->ads + money->premium);
    assert_int_equal(money->contribution, money->revenue - money->courier - money->payment -
                                              money->refunds - money->support);
    assert_int_equal(money->profit, money->contribution - money->infra_cost);
    assert_true(money->contacts <= money->orders_lost && money->clicks <= money->views);
}

static void try_one(uint64_t seed, bool shows_story)
{
    struct writer writer;
    struct trial trial;
    const struct result *result;

    write_story(seed, &writer);
    print_message("SIM_SWARM_SEED=%llu\n", (unsigned long long)seed);
    if (shows_story)
        print_message("%s", writer.text);
    trial_run_text(&trial, writer.text, seed, 1);
    trial_holds(&trial);
    result = trial.results[0];
    if (result->end != RUN_DONE || result->requests.in_flight > 0 || result->queue.lag_end > 0)
        fail_msg("did not converge: end %d, %llu in flight, lag %llu", (int)result->end,
                 (unsigned long long)result->requests.in_flight,
                 (unsigned long long)result->queue.lag_end);
    expect_books(result);
    trial_close(&trial);
}

static void random_designs_under_random_faults_keep_every_promise(void **state)
{
    const char *given = getenv("SIM_SWARM_SEED");
    uint64_t seed = (uint64_t)time(NULL) * 1000 + (uint64_t)(getpid() % 1000);

    (void)state;
    if (given != NULL) {
        try_one(strtoull(given, NULL, 10), true);
        return;
    }
    for (unsigned i = 0; i < TRIALS; i++)
        try_one(i < TRIALS / 2 ? i + 1 : seed + i, false); /* Half of them always the same. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_designs_under_random_faults_keep_every_promise),
    };

    return cmocka_run_group_tests_name("swarm", tests, NULL, NULL);
}
