/* The whiteboard estimate where something is narrower than the cores: a limit, workers, places,
 * writers, a timeout, the room in a store. */
#include "tests/theory/estimate.h"

/* ---- Who gets in ----------------------------------------------------------------------------- */

/* A hundred a second, and of the bucket what was in it at the start. */
static void a_token_bucket_lets_its_rate_through_and_once_its_burst(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK
              "duration: 30s\nload: [{rate: 500/s}]\n"
              "services: {web: {steps: [{compute: 1ms}]}}\n"
              "balancer: {policy: random, work: 0s, limit: {rate: 100/s, burst: 100}}\n");
    theory = estimate_of_trial(&trial);
    expect_about("let through, per second", value_of(theory, THEORY_LIMIT), 100 + 100.0 / 30, 0.01);
    agree(&trial, "requests.lost", theory->result.lost, 0.01);
    agree(&trial, "throughput", theory->result.throughput_rps, 0.01);
    agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.02);
    theory_close(theory);
    trial_close(&trial);
}

/* One token at a time is a server without a line: of Poisson's arrivals a / (1 + a) find it taken,
 * of regular ones none. */
static void a_bucket_of_one_token_turns_away_who_comes_too_close_behind(void **state)
{
    static const struct {
        const char *arrivals;
        double lost;
    } rows[] = {{"poisson", 0.8 / 1.8}, {"constant", 0}};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 4,
                  NO_NETWORK
                  "duration: 100s\nload: [{rate: 80/s, arrivals: %s}]\n"
                  "services: {web: {steps: [{compute: 1ms}]}}\n"
                  "balancer: {policy: random, work: 0s, limit: {rate: 100/s, burst: 1}}\n",
                  rows[i].arrivals);
        theory = estimate_of_trial(&trial);
        expect_about("closed form", theory->result.lost.value, rows[i].lost, 0.001);
        expect_about("simulated", mean_of(&trial, "requests.lost"), rows[i].lost, 0.02);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* A / (1 + A) and so on: Erlang's B, whatever the time inside is distributed like. */
static double erlang_b_of(unsigned places, double inside)
{
    double b = 1;

    for (unsigned i = 1; i <= places; i++)
        b = inside * b / (i + inside * b);
    return b;
}

static void an_event_loop_has_as_many_places_as_may_be_in_flight(void **state)
{
    static const double rates[] = {80, 150};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 16,
                  NO_NETWORK "duration: 100s\nload: [{rate: %.0f/s}]\n"
                             "services: {web: {in_flight: 10, steps: [{compute: 100us},\n"
                             "  {sleep: {dist: exponential, mean: 100ms}}]}}\n",
                  rates[i]);
        theory = estimate_of_trial(&trial);
        expect_about("Erlang's B", theory->result.lost.value, erlang_b_of(10, rates[i] * 0.1001),
                     0.01);
        agree(&trial, "requests.lost", theory->result.lost, 0.05);
        agree(&trial, "latency.p50", theory->result.p50_ms, 0.03);
        agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.03);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* It once was as busy as if all that came had reached it: behind a balancer of 250 a second and
 * behind four threads that sleep. Nor is a table asked by whom no thread is for. */
static void who_is_held_back_makes_nobody_busy(void **state)
{
    static const struct {
        const char *services;
        double share;
    } rows[] = {{"load: [{rate: 500/s}]\nservices: {web: {steps: [{compute: 1ms}]}}\n"
                 "balancer: {policy: random, work: 4ms, cores: 1}\n",
                 0.25},
                {"load: [{rate: 100/s}]\nservices: {web: {runtime: {threads: 4}, queue: 100k,\n"
                 "  steps: [{sleep: 99ms}, {compute: 1ms}]}}\n",
                 0.04}};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 1, NO_NETWORK "duration: 40s\n%s", rows[i].services);
        theory = estimate_of_trial(&trial);
        expect_about("closed form", theory->result.utilization[0].value, rows[i].share, 0.01);
        agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.02);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* Cores for a thousand a second, threads for forty, two thousand that come. */
static void threads_that_sleep_are_narrower_than_cores_that_are_too_few(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 20s\nload: [{rate: 2k/s}]\n"
                         "services: {web: {runtime: {threads: 4}, queue: 2,\n"
                         "  steps: [{compute: 1ms}, {sleep: 98.9ms}, {table: read}]}}\n"
                         "table: {latency: 0s, statement: 100us}\n");
    theory = estimate_of_trial(&trial);
    expect_about("asked of the table", value_of(theory, THEORY_TABLE_RATE), 40, 0.02);
    agree(&trial, "throughput", theory->result.throughput_rps, 0.05);
    agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.05);
    theory_close(theory);
    trial_close(&trial);
}

/* They are the servers then, and the line at the door is theirs: no second one inside. */
static void threads_that_only_compute_wait_in_one_line(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK "duration: 200s\nwarmup: 10s\nload: [{rate: 300/s}]\n"
                         "services: {web: {cores: 4, runtime: {threads: 4}, queue: 100k,\n"
                         "  steps: [{compute: {dist: exponential, mean: 10ms}}]}}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    agree(&trial, "latency.p95", theory->result.p95_ms, 0.05);
    agree(&trial, "latency.p99", theory->result.p99_ms, 0.08);
    theory_close(theory);
    trial_close(&trial);
}

/* Two threads behind 64: who asks is held for as long as it takes to get one of the two. It once
 * was held as long as in the phase before, and in the first not at all. */
static void who_asks_is_held_while_the_asked_has_no_thread(void **state)
{
    const struct theory_line *held, *inside;
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(
        &trial, 1,
        NO_NETWORK
        "duration: 5s\nload: [{rate: 150/s, to: api}]\n"
        "services:\n"
        "  api: {runtime: {threads: 64}, steps: [{ask: far}]}\n"
        "  far: {runtime: {threads: 2}, steps: [{sleep: {dist: exponential, mean: 10ms}}]}\n");
    theory = estimate_of_trial(&trial);
    held = line_about(theory, THEORY_THREADS, "api");
    inside = line_about(theory, THEORY_RESPONSE, "far");
    assert_non_null(held);
    assert_non_null(inside);
    expect_about("held, ms", held->of[1].value, inside->value.value, 0.01);
    assert_true(inside->value.value > 20); /* M/M/2 at three quarters: 22.9. */
    theory_close(theory);
    trial_close(&trial);
}

/* ---- What is inside -------------------------------------------------------------------------- */

/* L = λ W of those who are let in: a hundred places, and one more at the core. */
static void no_more_are_inside_than_there_are_places(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK "duration: 60s\nload: [{rate: 1500/s}]\n"
                         "services: {web: {queue: 100, steps: [{compute: {dist: exponential,\n"
                         "  mean: 1ms}}]}}\n");
    theory = estimate_of_trial(&trial);
    expect_about("L", value_of(theory, THEORY_LITTLE), mean_of(&trial, "services.web.in_system"),
                 0.02);
    theory_close(theory);
    trial_close(&trial);
}

/* Pollaczek and Khinchine, of all that is computed in one turn: λ E[S²] / 2 (1 - ρ). */
static double mg1_wait_ms(double rate, double mean, double variance)
{
    return rate * (variance + mean * mean) / (2 * (1 - rate * mean)) * 1e3;
}

static void a_handler_that_does_not_await_waits_for_the_loop_once(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 8,
              NO_NETWORK
              "duration: 300s\nwarmup: 20s\nload: [{rate: 100/s}]\n"
              "services: {web: {queue: 1M, in_flight: 1M, pipeline: {accept: 500us, send: 500us},\n"
              "  steps: [{compute: 1ms}, {compute: {dist: exponential, mean: 6ms}}]}}\n");
    theory = estimate_of_trial(&trial);
    expect_about("closed form, ms", value_of(theory, THEORY_WAIT), mg1_wait_ms(100, 8e-3, 36e-6),
                 1e-6);
    expect_about("simulated, ms", mean_of(&trial, "latency.mean"),
                 value_of(theory, THEORY_WAIT) + 8, 0.04);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    theory_close(theory);
    trial_close(&trial);
}

/* On a slow replica all of it is slow: pieces do not make up for each other. */
static void work_in_two_pieces_waits_as_the_same_work_in_one(void **state)
{
    static const char *const steps[] = {"{compute: 5ms}", "{compute: 2ms}, {compute: 3ms}"};
    double waits[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 1,
                  NO_NETWORK "duration: 1s\nload: [{rate: 100/s}]\n"
                             "services: {web: {replicas: 2, stragglers: {count: 1, speed: 0.5},\n"
                             "  steps: [%s]}}\nbalancer: {policy: random, work: 0s}\n",
                  steps[i]);
        theory = estimate_of_trial(&trial);
        waits[i] = value_of(theory, THEORY_WAIT);
        theory_close(theory);
        trial_close(&trial);
    }
    expect_about("in two pieces, ms", waits[1], waits[0], 1e-9);
}

/* Cs² = 199 and 196: half of the wait was once cut off, as if they were a Pareto's. */
static void what_varies_much_is_waited_for_as_long_as_it_takes(void **state)
{
    static const struct {
        const char *time;
        double variance;
    } rows[] = {{"empirical, points: [[0s, 199], [200ms, 1]]", 0.04 / 200 - 1e-6},
                {"lognormal, mean: 1ms, cv: 14", 196e-6}};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 1,
                  NO_NETWORK "duration: 1s\nload: [{rate: 100/s}]\n"
                             "services: {web: {queue: 1M, in_flight: 1M,\n"
                             "  steps: [{block: {dist: %s}}]}}\n",
                  rows[i].time);
        theory = estimate_of_trial(&trial);
        expect_about("closed form, ms", value_of(theory, THEORY_WAIT),
                     mg1_wait_ms(100, 1e-3, rows[i].variance), 1e-6);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* No mean and variance say that one in two hundred takes 200 ms: the others know nothing of it. */
static void a_rare_long_step_is_the_tail_and_nothing_else(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK "duration: 100s\nwarmup: 5s\nload: [{rate: 200/s}]\n"
                         "services: {web: {steps: [{compute: {dist: exponential, mean: 2ms}},\n"
                         "  {sleep: {dist: empirical, points: [[0s, 199], [200ms, 1]]}}]}}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.03);
    agree(&trial, "latency.p95", theory->result.p95_ms, 0.04);
    agree(&trial, "latency.p99", theory->result.p99_ms, 0.06);
    theory_close(theory);
    trial_close(&trial);
}

/* What a GIL lets go of is computed all the same: 400/s of 10 ms on four cores, half busy. */
static void an_autoscaler_sees_native_work_too(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 1s\nload: [{rate: 400/s}]\n"
                         "services: {web: {cores: 4, runtime: {model: gil_threads},\n"
                         "  steps: [{native: 8ms}, {compute: 2ms}],\n"
                         "  autoscale: {signal: cpu, target: 50%%, min: 1, max: 8}}}\n");
    theory = estimate_of_trial(&trial);
    expect_about("replicas", value_of(theory, THEORY_REPLICAS), 2, 1e-9);
    theory_close(theory);
    trial_close(&trial);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const char writing[] =
    NO_NETWORK "duration: 60s\nwarmup: 5s\nload: [{%s, keys: {dist: uniform, n: 1M}}]\n"
               "services: {web: {in_flight: 1M, queue: 1M, steps: [{table: write, timeout: 1h}]}}\n"
               "table: {latency: 0s, connections: 20, writers: 1, statement: 100us, row: 10us,\n"
               "  commit: 2ms}\n";

/* From the first statement to the commit nobody else writes: 2.11 ms each, M/D/1. */
static void one_writer_at_a_time_is_one_server(void **state)
{
    struct trial trial;
    struct theory *theory;
    const double turn_s = 2.11e-3, rho = 300 * turn_s;

    (void)state;
    run_story(&trial, 4, writing, "rate: 300/s");
    theory = estimate_of_trial(&trial);
    expect_about("busy with writers", value_of(theory, THEORY_TABLE_WRITERS), rho, 1e-6);
    expect_about("closed form, ms", value_of(theory, THEORY_RESPONSE),
                 turn_s * 1e3 * (1 + rho / (1 - rho) / 2), 0.01);
    expect_about("simulated, ms", mean_of(&trial, "latency.mean"),
                 value_of(theory, THEORY_RESPONSE), 0.03);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.12);
    theory_close(theory);
    trial_close(&trial);
}

static void one_writer_at_a_time_is_the_table_s_ceiling(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1, writing, "arrivals: closed, users: 40, think: 0s");
    theory = estimate_of_trial(&trial);
    expect_about("ceiling", value_of(theory, THEORY_TABLE_CEILING), 1 / 2.11e-3, 1e-6);
    expect_about("simulated", mean_of(&trial, "throughput"), 1 / 2.11e-3, 0.01);
    agree(&trial, "throughput", theory->result.throughput_rps, 0.03);
    theory_close(theory);
    trial_close(&trial);
}

/* Three of them, each with a transaction of 2.33 ms per like: one after another 429 a second. */
static void batchers_that_write_in_turn_are_no_faster_than_one(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              "version: 1\nname: turns\nduration: 40s\n"
              "load: [{verb: like, rate: [{at: 0s, rate: 600/s}, {at: 10s, rate: 100/s}], keys: "
              "{dist: uniform, n: 100k}, people: 1M}]\n"
              "services:\n"
              "  likes: {design: queued, ack: queue, cores: 4, work: {write: 1ms}}\n"
              "  batcher: {topic: likes, replicas: 3, batch: 1, linger: 0s, work: {batch: 500us,\n"
              "    record: 100us}}\n"
              "queue: {partitions: 6, rebalance: 0s}\ntable: {writers: 1}\n");
    theory = estimate_of_trial(&trial);
    expect_about("capacity", value_of(theory, THEORY_BATCH_CAPACITY), 1 / 2.33e-3, 0.001);
    expect_about("lag after ten seconds", value_of(theory, THEORY_LAG),
                 (double)first(&trial)->series.lag[9], 0.05);
    theory_close(theory);
    trial_close(&trial);
}

/* x of x = rho (1 - e^-x): the share x / rho of those who get a connection get it too late. */
static double late_of(double rho)
{
    double x = rho;

    for (int i = 0; i < 1000; i++)
        x = rho * (1 - exp(-x));
    return x / rho;
}

/* Its timeout is the step's own, and not the default of all who never ask a table. One connection,
 * 10.11 ms each, 150/s: a third finds none in 200 ms, and of the others most find it in the last
 * ten of them. */
static void who_waits_for_a_connection_waits_no_longer_than_it_says(void **state)
{
    const double served_s = 10.11e-3, rho = 150 * served_s;
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK
              "duration: 60s\nwarmup: 5s\n"
              "load: [{to: web, rate: 150/s, keys: {dist: uniform, n: 1M}}]\n"
              "services:\n"
              "  web: {in_flight: 1M, steps: [{compute: 10us}, {table: write, timeout: 200ms}]}\n"
              "  idle: {steps: [{table: read, timeout: 1h}]}\n"
              "table: {latency: 0s, connections: 1, commit: 10ms, group_commit: no}\n");
    theory = estimate_of_trial(&trial);
    expect_about("too late", value_of(theory, THEORY_TABLE_LATE), late_of(rho), 0.001);
    expect_about("lost", theory->result.lost.value, 1 - (1 - late_of(rho)) / rho, 0.01);
    agree(&trial, "requests.lost", theory->result.lost, 0.02);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    agree(&trial, "latency.p95", theory->result.p95_ms, 0.10);
    theory_close(theory);
    trial_close(&trial);
}

/* ---- The store ------------------------------------------------------------------------------- */

/* A body of its own for each verb: 10/s of half a KiB and 10/s of 64. */
static void a_custom_service_stores_what_it_was_asked_with(void **state)
{
    const struct theory_line *line;
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 2s\n"
                         "load: [{verb: like, to: app, rate: 10/s, bytes: 512B},\n"
                         "  {verb: call, to: app, rate: 10/s, bytes: 64KiB}]\n"
                         "services: {app: {steps: [{store: set}]}}\n");
    theory = estimate_of_trial(&trial);
    line = line_about(theory, THEORY_TRAFFIC, "store");
    assert_non_null(line);
    expect_about("KiB per second", line->value.value, 10 * 0.5 + 10 * 64, 1e-9);
    theory_close(theory);
    trial_close(&trial);
}

/* It once was none, because the gateway has no menus itself. And who asks for two menus asks twice
 * as often as who comes. */
static void a_menu_cache_behind_others_is_a_cache(void **state)
{
    static const char *const fronts[] = {
        "api: {kind: gateway, to: delivery, auth: none, work: {light: 100us}}",
        "api: {steps: [{ask: delivery}, {ask: delivery}]}"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 2,
                  "version: 1\nname: behind\nduration: 200s\nwarmup: 20s\n"
                  "load: [{verb: menu, to: api, rate: 200/s, keys: {dist: zipf, s: 1, n: 50}}]\n"
                  "services:\n  %s\n"
                  "  delivery: {cores: 4, menu: {cache: yes, ttl: 5s, bytes: 1KiB}}\n"
                  "store: {memory: 0B}\n",
                  fronts[i]);
        theory = estimate_of_trial(&trial);
        agree(&trial, "services.delivery.utilization", theory->result.utilization[1], 0.03);
        if (i == 0)
            agree(&trial, "store.hit_rate", theory->result.hit_rate, 0.02);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* A job that writes for ever takes the room of the menus: LRU once counted menus alone. Redis draws
 * who goes from a sample, so it keeps a little less of what is needed. */
static void what_is_written_beside_the_menus_takes_their_room(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    trial_run(&trial, "scenarios/cache_choice.yaml", NULL, "redis_scan", 1, 4);
    theory = estimate_of_variant(&trial, "redis_scan");
    agree(&trial, "store.hit_rate", theory->result.hit_rate, 0.12);
    theory_close(theory);
    trial_close(&trial);
}

/* A denylist is asked as well, and finds nobody: what the store is asked for is not menus alone. */
static void a_store_that_a_gateway_asks_too_has_no_estimated_hits(void **state)
{
    static const char *const kinds[] = {"none", "jwt_denylist"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 1,
                  "version: 1\nname: denied\nduration: 5s\n"
                  "load: [{verb: menu, to: api, rate: 50/s, people: 100, auth: people,\n"
                  "  keys: {dist: zipf, s: 1, n: 100}}]\n"
                  "services:\n"
                  "  api: {kind: gateway, to: delivery, auth: %s}\n"
                  "  delivery: {menu: {cache: yes}}\n",
                  kinds[i]);
        theory = estimate_of_trial(&trial);
        assert_int_equal(theory->result.hit_rate.has_value, i == 0);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* Twice what four threads can do: who waits does so for as long as it bears. */
static void threads_of_memcached_share_those_who_wait(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 20s\nload: [{to: web, rate: 800/s}]\n"
                         "services: {web: {in_flight: 1M, queue: 1M,\n"
                         "  steps: [{store: get, timeout: 400ms}]}}\n"
                         "store: {kind: memcached, latency: 0s, command: 10ms, per_kib: 0s}\n");
    theory = estimate_of_trial(&trial);
    expect_about("p50, ms", theory->result.p50_ms.value, 400, 0.05);
    theory_close(theory);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_bucket_lets_its_rate_through_and_once_its_burst),
        cmocka_unit_test(a_bucket_of_one_token_turns_away_who_comes_too_close_behind),
        cmocka_unit_test(an_event_loop_has_as_many_places_as_may_be_in_flight),
        cmocka_unit_test(who_is_held_back_makes_nobody_busy),
        cmocka_unit_test(threads_that_sleep_are_narrower_than_cores_that_are_too_few),
        cmocka_unit_test(threads_that_only_compute_wait_in_one_line),
        cmocka_unit_test(who_asks_is_held_while_the_asked_has_no_thread),
        cmocka_unit_test(no_more_are_inside_than_there_are_places),
        cmocka_unit_test(a_handler_that_does_not_await_waits_for_the_loop_once),
        cmocka_unit_test(work_in_two_pieces_waits_as_the_same_work_in_one),
        cmocka_unit_test(what_varies_much_is_waited_for_as_long_as_it_takes),
        cmocka_unit_test(a_rare_long_step_is_the_tail_and_nothing_else),
        cmocka_unit_test(an_autoscaler_sees_native_work_too),
        cmocka_unit_test(one_writer_at_a_time_is_one_server),
        cmocka_unit_test(one_writer_at_a_time_is_the_table_s_ceiling),
        cmocka_unit_test(batchers_that_write_in_turn_are_no_faster_than_one),
        cmocka_unit_test(who_waits_for_a_connection_waits_no_longer_than_it_says),
        cmocka_unit_test(a_custom_service_stores_what_it_was_asked_with),
        cmocka_unit_test(a_menu_cache_behind_others_is_a_cache),
        cmocka_unit_test(what_is_written_beside_the_menus_takes_their_room),
        cmocka_unit_test(a_store_that_a_gateway_asks_too_has_no_estimated_hits),
        cmocka_unit_test(threads_of_memcached_share_those_who_wait),
    };

    return cmocka_run_group_tests_name("estimate, limits", tests, NULL, NULL);
}
