/* The whiteboard estimate against virtual time; its formulas have test_formulas.c.
 *
 * The bounds say how far a whiteboard may be off: a few percent where the closed form is exact or
 * nearly so, more where it is known to be rough. */
#include "tests/theory/estimate.h"

#include <string.h>

static const char station[] =
    NO_NETWORK "duration: 400s\nwarmup: 20s\nload: [{verb: call, rate: %s/s}]\n"
               "services: {web: {kind: custom, %s, queue: 1M, in_flight: 1M,\n"
               "  steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n%s\n";

static void hold_station(const char *rate, const char *size, const char *balancer, double within)
{
    struct trial trial;
    struct theory *theory;

    run_story(&trial, 4, station, rate, size, balancer);
    theory = estimate_of_trial(&trial);
    agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.01);
    agree(&trial, "throughput", theory->result.throughput_rps, 0.01);
    agree(&trial, "latency.p50", theory->result.p50_ms, within);
    agree(&trial, "latency.p95", theory->result.p95_ms, within);
    agree(&trial, "latency.p99", theory->result.p99_ms, within);
    assert_true(theory->result.lost.value < 1e-6);
    theory_close(theory);
    trial_close(&trial);
}

static void one_core_is_estimated_as_it_runs(void **state)
{
    (void)state;
    hold_station("500", "cores: 1", "", 0.04);
    hold_station("800", "cores: 1", "", 0.05);
}

static void four_cores_are_estimated_as_they_run(void **state)
{
    (void)state;
    hold_station("3200", "cores: 4", "", 0.05);
}

static void replicas_in_turn_are_estimated_as_they_run(void **state)
{
    (void)state;
    hold_station("3200", "replicas: 4", "balancer: {policy: round_robin, work: 0s}", 0.08);
}

static void replicas_at_random_are_estimated_as_they_run(void **state)
{
    (void)state;
    hold_station("3200", "replicas: 4", "balancer: {policy: random, work: 0s}", 0.05);
}

/* A pause between them, so that the two turns of a request know nothing of each other. */
static void a_pipeline_is_one_turn_before_the_handler_and_one_behind_it(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK
              "duration: 200s\nwarmup: 20s\nload: [{verb: call, rate: 700/s}]\n"
              "services: {web: {kind: custom, queue: 1M, in_flight: 1M,\n"
              " steps: [{sleep: {dist: exponential, mean: 20ms}}],\n"
              " pipeline: {accept: 50us, validate: {dist: exponential, mean: 350us},\n"
              "  validate_answer: 50us, serialise: {dist: exponential, mean: 350us}}}}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.01);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    agree(&trial, "latency.p99", theory->result.p99_ms, 0.05);
    theory_close(theory);
    trial_close(&trial);
}

static void the_least_busy_replica_is_nearly_one_shared_line(void **state)
{
    (void)state;
    hold_station("3200", "replicas: 4", "balancer: {policy: least_connections, work: 0s}", 0.25);
}

static void what_is_too_much_is_shed_as_one_less_one_over_rho(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK
              "duration: 60s\nload: [{verb: call, rate: 1500/s}]\n"
              "services: {web: {kind: custom, queue: 100, steps: [{compute: {dist: exponential, "
              "mean: 1ms}}]}}\n");
    theory = estimate_of_trial(&trial);
    expect_about("1 - 1/rho", theory->result.lost.value, 1 - 1 / 1.5, 0.02);
    agree(&trial, "requests.lost", theory->result.lost, 0.02);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.01);
    theory_close(theory);
    trial_close(&trial);
}

/* 600 more per second than can be served for 10 s; 12 s to drain at 500 per second. */
static void a_backlog_grows_and_drains_in_straight_lines(void **state)
{
    double drain_ms = 0;
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK
              "duration: 40s\n"
              "load: [{verb: call, rate: [{at: 0s, rate: 500/s}, {at: 10s, rate: 1600/s}, "
              "{at: 20s, rate: 500/s}]}]\n"
              "services: {web: {kind: custom, queue: 1M, in_flight: 1M, steps: [{compute: {dist: "
              "exponential, mean: 1ms}}]}}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    agree(&trial, "latency.p95", theory->result.p95_ms, 0.03);
    agree(&trial, "latency.p99", theory->result.p99_ms, 0.03);
    agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.02);
    for (uint32_t i = 0; i < theory->lines_max; i++)
        if (theory->lines[i].what == THEORY_DRAIN)
            drain_ms = theory->lines[i].value.value;
    expect_about("time to drain, ms", drain_ms, 12000, 1e-6);
    theory_close(theory);
    trial_close(&trial);
}

static void users_who_think_ask_as_often_as_little_says(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              NO_NETWORK
              "duration: 100s\nwarmup: 10s\n"
              "load: [{verb: call, arrivals: closed, users: 50, think: {dist: exponential, mean: "
              "60ms}}]\n"
              "services: {web: {kind: custom, steps: [{compute: {dist: exponential, mean: "
              "1ms}}]}}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "throughput", theory->result.throughput_rps, 0.03);
    agree(&trial, "services.web.utilization", theory->result.utilization[0], 0.03);
    theory_close(theory);
    trial_close(&trial);
}

static void menus_are_found_as_the_ttl_says(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 2,
              "version: 1\nname: menus\nduration: 300s\nwarmup: 60s\n"
              "load: [{verb: menu, rate: 200/s, keys: {dist: zipf, s: 1, n: 5k}}]\n"
              "services: {delivery: {cores: 4, menu: {cache: yes, ttl: 5s, bytes: 1KiB}}}\n"
              "store: {memory: 0B}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "store.hit_rate", theory->result.hit_rate, 0.02);
    agree(&trial, "services.delivery.utilization", theory->result.utilization[0], 0.03);
    theory_close(theory);
    trial_close(&trial);
}

static void menus_are_found_as_the_room_says(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 2,
              "version: 1\nname: menus\nduration: 300s\nwarmup: 100s\n"
              "load: [{verb: menu, rate: 200/s, keys: {dist: zipf, s: 0.8, n: 5k}}]\n"
              "services: {delivery: {cores: 4, menu: {cache: yes, ttl: 1h, bytes: 1KiB}}}\n"
              "store: {memory: 1MiB, eviction: lru}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "store.hit_rate", theory->result.hit_rate, 0.05);
    theory_close(theory);
    trial_close(&trial);
}

static void threads_of_memcached_are_as_busy_as_the_whiteboard_says(void **state)
{
    struct trial trial;
    struct theory *theory;
    double busy = 0, sent_kib = 0, fetched_kib = 0;

    (void)state;
    run_story(&trial, 2,
              "version: 1\nname: threads\nduration: 60s\nwarmup: 10s\n"
              "load: [{verb: menu, rate: 1500/s, keys: {dist: zipf, s: 0.8, n: 1k}}]\n"
              "services: {delivery: {cores: 8, menu: {cache: yes, bytes: 100KiB}}}\n"
              "store: {kind: memcached, command: 100us, per_kib: 10us, memory: 1GiB}\n");
    theory = estimate_of_trial(&trial);
    for (uint32_t i = 0; i < theory->lines_max; i++) {
        const struct theory_line *line = &theory->lines[i];

        if (line->what == THEORY_STORE_THREADS)
            busy = line->value.value;
        else if (line->what == THEORY_TRAFFIC)
            *(strcmp(line->service, "store") == 0 ? &fetched_kib : &sent_kib) = line->value.value;
    }
    expect_about("traffic", sent_kib, 1500 * 100.5, 0.001);      /* Who asks sends 512 bytes. */
    expect_about("the store's", fetched_kib, 1500 * 100, 0.001); /* Who misses puts it there. */
    expect_about("store.utilization", busy, trial_estimate(&trial, "store.utilization").mean, 0.05);
    assert_true(busy > 0.3 && busy < 0.5); /* 1500/s of 1.1 ms each, on four. */
    theory_close(theory);
    trial_close(&trial);
}

static void menus_are_found_as_the_room_in_slabs_says(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 2,
              "version: 1\nname: menus\nduration: 300s\nwarmup: 100s\n"
              "load: [{verb: menu, rate: 200/s, keys: {dist: zipf, s: 0.8, n: 5k}}]\n"
              "services: {delivery: {cores: 4, menu: {cache: yes, ttl: 1h, bytes: 4KiB}}}\n"
              "store: {kind: memcached, memory: 4MiB}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "store.hit_rate", theory->result.hit_rate, 0.1);
    theory_close(theory);
    trial_close(&trial);
}

/* The second in which the last record of a lag is gone. */
static uint32_t drained_s(const struct result *result)
{
    uint32_t second = 0;

    for (uint32_t i = 0; i < result->series.seconds; i++)
        if (result->series.lag[i] > 50)
            second = i + 1;
    return second;
}

static void a_batcher_falls_behind_and_catches_up_as_estimated(void **state)
{
    double drain_s = 0, lag = 0;
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              "version: 1\nname: lag\nduration: 80s\n"
              "load: [{verb: like, rate: [{at: 0s, rate: 600/s}, {at: 10s, rate: 100/s}], keys: "
              "{dist: uniform, n: 100k}, people: 1M}]\n"
              "services:\n"
              "  likes: {design: queued, ack: queue, cores: 4, work: {write: 1ms}}\n"
              "  batcher: {topic: likes, batch: 1, linger: 0s, work: {batch: 500us, record: "
              "100us}}\n"
              "queue: {partitions: 4, rebalance: 0s}\n");
    theory = estimate_of_trial(&trial);
    for (uint32_t i = 0; i < theory->lines_max; i++) {
        lag = theory->lines[i].what == THEORY_LAG ? theory->lines[i].value.value : lag;
        if (theory->lines[i].what == THEORY_LAG_DRAIN)
            drain_s = theory->lines[i].value.value / 1e3;
    }
    expect_about("lag after ten seconds", lag, (double)first(&trial)->series.lag[9], 0.05);
    expect_about("seconds to drain", drain_s, drained_s(first(&trial)) - 10, 0.1);
    theory_close(theory);
    trial_close(&trial);
}

/* It once did not: a line with an end was taken for one whose service is exponential. */
static void a_line_with_an_end_still_feels_how_much_service_varies(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 8,
              NO_NETWORK
              "duration: 1000s\nwarmup: 20s\nload: [{verb: call, rate: 700/s}]\n"
              "services: {web: {kind: custom, queue: 2000, steps: [{compute: {dist: erlang, mean: "
              "1ms, stages: 4}}]}}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    agree(&trial, "latency.p95", theory->result.p95_ms, 0.10);
    expect_about("Wq = rho / (1 - rho) (1 + 1/4) / 2, ms", value_of(theory, THEORY_WAIT),
                 0.7 / 0.3 * 1.25 / 2, 1e-6);
    expect_about("simulated, ms", mean_of(&trial, "services.web.wait_mean"),
                 value_of(theory, THEORY_WAIT), 0.03);
    theory_close(theory);
    trial_close(&trial);
}

/* A balancer, a service that asks another, a table read, a store trip, hops of 250 us. */
static void a_chain_of_services_adds_up(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 4,
              "version: 1\nname: chain\nduration: 120s\nwarmup: 5s\n"
              "load: [{verb: call, rate: 300/s, to: front, keys: {dist: zipf, s: 1.2, n: 1k}}]\n"
              "services:\n"
              "  front: {kind: custom, replicas: 3, steps: [{compute: {dist: exponential, mean: "
              "2ms}}, {ask: back}, {compute: 1ms}]}\n"
              "  back: {kind: custom, replicas: 2, steps: [{compute: {dist: exponential, mean: "
              "3ms}}, {table: write}, {store: get}]}\n"
              "balancer: {policy: random}\n");
    theory = estimate_of_trial(&trial);
    agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
    agree(&trial, "latency.p95", theory->result.p95_ms, 0.05);
    agree(&trial, "latency.p99", theory->result.p99_ms, 0.08);
    agree(&trial, "services.front.utilization", theory->result.utilization[0], 0.02);
    agree(&trial, "services.back.utilization", theory->result.utilization[1], 0.02);
    theory_close(theory);
    trial_close(&trial);
}

/* Four ways of 100 us, two of them with 64 KiB at 1 us per KiB; the same through a gateway, which
 * is four ways more; 32 KiB of a request; the same passed on to a second service; and two ways more
 * for the connection that each request to a process wants. */
static void bodies_and_connections_take_their_time(void **state)
{
    static const struct {
        const char *services;
        double ms;
    } stories[] = {
        {"load: [{verb: menu, rate: 10/s}]\n"
         "services: {delivery: {work: {read: 1ms, light: 500us}, menu: {bytes: 64KiB}}}\n",
         4 * 0.1 + 2 * 0.064 + 1.5},
        {"load: [{verb: menu, rate: 10/s, to: api}]\n"
         "services:\n"
         "  api: {kind: gateway, to: delivery, auth: none, work: {light: 1ms}}\n"
         "  delivery: {work: {read: 1ms, light: 500us}, menu: {bytes: 64KiB}}\n",
         8 * 0.1 + 4 * 0.064 + 2.5},
        {"load: [{verb: call, rate: 10/s, to: web, bytes: 32KiB}]\n"
         "services: {web: {steps: [{compute: 1ms}]}}\n",
         4 * 0.1 + 2 * 0.032 + 1},
        {"load: [{verb: call, rate: 10/s, to: front, bytes: 32KiB}]\n"
         "services:\n"
         "  front: {steps: [{compute: 1ms}, {ask: back}]}\n"
         "  back: {steps: [{compute: 1ms}]}\n",
         8 * 0.1 + 4 * 0.032 + 2},
        {"load: [{verb: call, rate: 10/s, to: web}]\n"
         "services: {web: {runtime: {processes: 4}, steps: [{compute: 1ms}]}}\n",
         4 * 0.1 + 2 * 0.1 + 1}};

    (void)state;
    for (unsigned i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct trial trial;
        struct theory *theory;
        char text[1000];

        snprintf(text, sizeof text,
                 "version: 1\nname: bodies\nduration: 20s\n"
                 "network: {latency: 100us, per_kib: 1us}\n"
                 "balancer: {policy: round_robin, work: 0s}\n"
                 "table: {latency: 0s, statement: 0s}\n%s",
                 stories[i].services);
        run_story(&trial, 1, "%s", text);
        theory = estimate_of_trial(&trial);
        expect_about("simulated, ms", mean_of(&trial, "latency.p50"), stories[i].ms, 0.01);
        expect_about("estimated, ms", theory->result.p50_ms.value, stories[i].ms, 0.01);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* Two replicas in a spike that two cannot carry, as in scenarios/spike.yaml; and likes beyond what
 * four connections and a disk of 5 ms can commit, of which hardly one comes in time. */
static void a_shipped_story_loses_about_what_it_was_said_to_lose(void **state)
{
    static const char *const stories[][2] = {{"scenarios/spike.yaml", "untouched"},
                                             {"scenarios/likes.yaml", "cached"}};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct theory *theory;
        struct trial trial;

        trial_run(&trial, stories[i][0], NULL, stories[i][1], 1, 4);
        theory = estimate_of_variant(&trial, stories[i][1]);
        agree(&trial, "requests.lost", theory->result.lost, 0.1);
        agree(&trial, "goodput", theory->result.goodput_rps, 0.1);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* Three at once take as long as the last of them, a question to another service among them; what
 * one core has to compute for all of them is still done in turn. A gamma's tail is lighter than the
 * last one's, which is the slowest exponential's. */
static void steps_side_by_side_are_estimated_as_they_run(void **state)
{
    static const char *const steps[] = {
        "{sleep: {dist: exponential, mean: 10ms}}, "
        "{sleep: {dist: exponential, mean: 20ms}, concurrent: yes}, {ask: far, concurrent: yes}",
        "{compute: {dist: exponential, mean: 1ms}}, "
        "{compute: {dist: exponential, mean: 1ms}, concurrent: yes}, "
        "{sleep: {dist: exponential, mean: 3ms}, concurrent: yes}"};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct trial trial;
        struct theory *theory;

        run_story(&trial, 4,
                  NO_NETWORK "duration: 200s\nwarmup: 10s\nload: [{to: web, rate: 100/s}]\n"
                             "services: {web: {in_flight: 1M, steps: [{sleep: 5ms}, %s]},\n"
                             "  far: {steps: [{sleep: {dist: erlang, mean: 12ms, stages: 4}}]}}\n",
                  steps[i]);
        theory = estimate_of_trial(&trial);
        agree(&trial, "latency.p50", theory->result.p50_ms, 0.05);
        agree(&trial, "latency.p95", theory->result.p95_ms, 0.05);
        agree(&trial, "latency.p99", theory->result.p99_ms, 0.1);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* ---- What is not estimable, and how it reads ------------------------------------------------- */

static void faults_are_not_estimable_and_say_why(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              "version: 1\nname: faulty\nduration: 2s\nload: [{verb: call, rate: 10/s}]\n"
              "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n"
              "faults: [{at: 1s, for: 100ms, kind: pause, target: web}]\n");
    theory = estimate_of_trial(&trial);
    assert_false(theory->result.p99_ms.has_value);
    assert_false(theory->result.lost.has_value);
    assert_int_equal(theory->why_max, 1);
    assert_non_null(strstr(theory->why[0].ru, "сбои"));
    theory_close(theory);
    trial_close(&trial);
}

static struct theory *with_a_straggler(struct trial *trial, const char *policy)
{
    run_story(trial, 1,
              "version: 1\nname: uneven\nduration: 10s\nload: [{verb: call, rate: 120/s}]\n"
              "services: {web: {replicas: 2, stragglers: {count: 1, speed: 0.5}, queue: 1M,\n"
              "  in_flight: 1M, steps: [{compute: {dist: exponential, mean: 10ms}}]}}\n"
              "balancer: {policy: %s}\n",
              policy);
    return estimate_of_trial(trial);
}

/* It can do 50 of 120 a second: by turns it is given 60, by weight 40. */
static void a_straggler_that_drowns_is_not_estimable_and_one_that_does_not_is(void **state)
{
    struct trial turns, weights;
    struct theory *by_turns = with_a_straggler(&turns, "round_robin");
    struct theory *by_weight = with_a_straggler(&weights, "weighted");

    (void)state;
    assert_false(by_turns->result.p99_ms.has_value);
    assert_non_null(strstr(by_turns->why[0].en, "straggler"));
    assert_true(by_weight->result.p99_ms.has_value);
    expect_about("utilisation, by weight", by_weight->result.utilization[0].value, 0.8, 1e-9);
    theory_close(by_turns);
    theory_close(by_weight);
    trial_close(&turns);
    trial_close(&weights);
}

static void a_line_can_be_said_aloud_in_both_languages(void **state)
{
    const struct theory_line line = {
        .what = THEORY_UTILIZATION,
        .service = "web",
        .verb = "",
        .numbers = "%s × %s / %s",
        .of = {{THEORY_RATE, 1240}, {THEORY_MS, 5.6}, {THEORY_COUNT, 8}},
        .of_max = 3,
        .value = {THEORY_RATIO, 0.868}};
    char text[THEORY_TEXT_BYTES];

    (void)state;
    theory_put_formula(text, sizeof text, "en", &line);
    assert_string_equal(text, "ρ = λ E[S] / c = 1,240/s × 5.6\u00a0ms / 8 = 0.87");
    theory_put_formula(text, sizeof text, "ru", &line);
    assert_string_equal(text, "ρ = λ E[S] / c = 1\u00a0240/с × 5,6\u00a0мс / 8 = 0,87");
    theory_put_number(text, sizeof text, "en", (struct theory_number){THEORY_SHARE, 1e-7});
    assert_string_equal(text, "<0.01%");
    theory_put_number(text, sizeof text, "en", (struct theory_number){THEORY_MS, 0});
    assert_string_equal(text, "0\u00a0s");
    theory_put_number(text, sizeof text, "ru", (struct theory_number){THEORY_MS, 0.0123});
    assert_string_equal(text, "12,3\u00a0мкс");
}

static void a_phase_that_reads_as_an_earlier_one_refers_to_it(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 9s\nload: [{verb: call, rate: [{at: 0s, rate: 10/s}, {at: 3s, "
                         "rate: 90/s, ramp: 2s}, {at: 6s, rate: 10/s}]}]\n"
                         "services: {web: {kind: custom, steps: [{compute: 1ms}]}}\n");
    theory = estimate_of_trial(&trial);
    assert_int_equal(theory->phases_max, 5); /* 0, 3 and 4 s of the ramp, 5, 6. */
    assert_int_equal(theory->phases[4].same_as, 0);
    assert_int_equal(theory->phases[1].same_as, 1);
    expect_about("the lower half of the ramp", theory->phases[1].rate, 30, 1e-9);
    expect_about("the upper half", theory->phases[2].rate, 70, 1e-9);
    theory_close(theory);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_core_is_estimated_as_it_runs),
        cmocka_unit_test(four_cores_are_estimated_as_they_run),
        cmocka_unit_test(replicas_in_turn_are_estimated_as_they_run),
        cmocka_unit_test(replicas_at_random_are_estimated_as_they_run),
        cmocka_unit_test(a_pipeline_is_one_turn_before_the_handler_and_one_behind_it),
        cmocka_unit_test(the_least_busy_replica_is_nearly_one_shared_line),
        cmocka_unit_test(what_is_too_much_is_shed_as_one_less_one_over_rho),
        cmocka_unit_test(a_backlog_grows_and_drains_in_straight_lines),
        cmocka_unit_test(users_who_think_ask_as_often_as_little_says),
        cmocka_unit_test(menus_are_found_as_the_ttl_says),
        cmocka_unit_test(menus_are_found_as_the_room_says),
        cmocka_unit_test(menus_are_found_as_the_room_in_slabs_says),
        cmocka_unit_test(threads_of_memcached_are_as_busy_as_the_whiteboard_says),
        cmocka_unit_test(a_batcher_falls_behind_and_catches_up_as_estimated),
        cmocka_unit_test(a_line_with_an_end_still_feels_how_much_service_varies),
        cmocka_unit_test(a_chain_of_services_adds_up),
        cmocka_unit_test(steps_side_by_side_are_estimated_as_they_run),
        cmocka_unit_test(bodies_and_connections_take_their_time),
        cmocka_unit_test(a_shipped_story_loses_about_what_it_was_said_to_lose),
        cmocka_unit_test(faults_are_not_estimable_and_say_why),
        cmocka_unit_test(a_straggler_that_drowns_is_not_estimable_and_one_that_does_not_is),
        cmocka_unit_test(a_line_can_be_said_aloud_in_both_languages),
        cmocka_unit_test(a_phase_that_reads_as_an_earlier_one_refers_to_it),
    };

    return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
