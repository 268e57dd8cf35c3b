/* Queueing theory's closed forms, held to 95 % confidence intervals of 20 replications or more.
 *
 * Each interval must contain the closed form and be no wider than 2 % of it. The seeds are fixed,
 * so a test that passes once passes always; they were not chosen (1 … n). E[S] = 1 ms. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <math.h>
#include <stdio.h>

static const char path[] = "tests/theory/station.yaml";

/* P(wait) of M/M/c by Erlang's C, from the recursion of Erlang's B. */
static double erlang_c(unsigned c, double rho)
{
    double offered = c * rho, b = 1;

    for (unsigned i = 1; i <= c; i++)
        b = offered * b / (i + offered * b);
    return b / (1 - rho * (1 - b));
}

static double mmc_wait_ms(unsigned c, double rho)
{
    return erlang_c(c, rho) / (c * (1 - rho));
}

/* Pollaczek and Khinchine. */
static double mg1_wait_ms(double rho, double cv2)
{
    return rho / (1 - rho) * (1 + cv2) / 2;
}

static void expect(const char *what, struct estimate got, double closed_form)
{
    print_message("%-24s %.5f  +- %.5f  (closed form %.5f)\n", what, got.mean, got.half_width,
                  closed_form);
    assert_true(got.n >= 20);
    assert_true(got.half_width <= 0.02 * closed_form);
    assert_true(fabs(got.mean - closed_form) <= got.half_width);
}

struct station {
    const char *cores, *rate, *compute, *queue, *duration;
    unsigned seeds;
};

static void run_station(struct trial *trial, struct station station)
{
    char cores[64], rate[64], compute[128], queue[64], duration[64];
    const char *overrides[] = {rate, cores, compute, queue, duration, NULL};

    snprintf(cores, sizeof cores, "services.station.cores=%s", station.cores);
    snprintf(rate, sizeof rate, "load.0.rate=%s", station.rate);
    snprintf(compute, sizeof compute, "services.station.steps.0.compute=%s", station.compute);
    snprintf(queue, sizeof queue, "services.station.queue=%s", station.queue);
    snprintf(duration, sizeof duration, "duration=%s", station.duration);
    trial_run(trial, path, overrides, "", 1, station.seeds);
    trial_holds(trial);
}

static void hold_mmc(unsigned c, double rho, const char *duration, unsigned seeds)
{
    char cores[16], rate[16], name[32];
    struct trial trial;

    snprintf(cores, sizeof cores, "%u", c);
    snprintf(rate, sizeof rate, "%.0f/s", c * rho * 1000);
    snprintf(name, sizeof name, "M/M/%u at %.2f", c, rho);
    run_station(&trial, (struct station){cores, rate, "{dist: exponential, mean: 1ms}", "1M",
                                         duration, seeds});
    expect(name, trial_estimate(&trial, "services.station.wait_mean"), mmc_wait_ms(c, rho));
    trial_close(&trial);
}

static void mm1_waits_as_erlang_says(void **state)
{
    (void)state;
    hold_mmc(1, 0.5, "160s", 20);
    hold_mmc(1, 0.8, "160s", 20);
    hold_mmc(1, 0.9, "600s", 20);
}

static void mmc_waits_as_erlang_says(void **state)
{
    (void)state;
    hold_mmc(2, 0.8, "120s", 20);
    hold_mmc(4, 0.8, "80s", 20);
    hold_mmc(8, 0.9, "110s", 20);
    hold_mmc(20, 0.9, "80s", 20);
}

static void hold_mg1(const char *name, const char *compute, double cv2, const char *duration)
{
    struct trial trial;

    run_station(&trial, (struct station){"1", "800/s", compute, "1M", duration, 20});
    expect(name, trial_estimate(&trial, "services.station.wait_mean"), mg1_wait_ms(0.8, cv2));
    trial_close(&trial);
}

static void md1_waits_half_as_long_as_mm1(void **state)
{
    (void)state;
    hold_mg1("M/D/1 at 0.80", "1ms", 0, "160s");
}

static void mg1_waits_as_pollaczek_and_khinchine_say(void **state)
{
    (void)state;
    hold_mg1("M/G/1, cv2 = 4", "{dist: lognormal, mean: 1ms, cv: 2}", 4, "2500s");
    hold_mg1("M/E4/1", "{dist: erlang, mean: 1ms, stages: 4}", 0.25, "160s");
}

/* P(full) = (1 - rho) rho^K / (1 - rho^(K+1)), K places in all. */
static void mm1k_loses_as_its_closed_form_says(void **state)
{
    const double rho = 0.9, full = pow(rho, 10);
    struct trial trial;

    (void)state;
    run_station(&trial,
                (struct station){"1", "900/s", "{dist: exponential, mean: 1ms}", "9", "300s", 20});
    expect("M/M/1/10 loss", trial_estimate(&trial, "requests.shed"),
           (1 - rho) * full / (1 - full * rho));
    trial_close(&trial);
}

/* P(all K places are taken): births and deaths. */
static double mmck_full(unsigned c, unsigned k, double offered)
{
    double weight = 1, all = 1;

    for (unsigned n = 1; n <= k; n++) {
        weight *= offered / (n < c ? n : c);
        all += weight;
    }
    return weight / all;
}

/* Four threads, six places: who gives way does not change how many there are. */
static void mmck_turns_as_many_away_whoever_gives_way(void **state)
{
    static const char *const lines[] = {"fifo", "lifo"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char yaml[512], name[32];
        struct trial trial;

        snprintf(yaml, sizeof yaml,
                 "version: 1\nname: station\nduration: 60s\nwarmup: 1s\nnetwork: {latency: 0s}\n"
                 "load: [{rate: 4400/s}]\n"
                 "services: {station: {cores: 4, runtime: {threads: 4}, queue: 6, line: %s,"
                 " steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n",
                 lines[i]);
        snprintf(name, sizeof name, "M/M/4/10 loss, %s", lines[i]);
        trial_run_text(&trial, yaml, 1, 20);
        trial_holds(&trial);
        expect(name, trial_estimate(&trial, "services.station.shed"), mmck_full(4, 10, 4.4));
        trial_close(&trial);
    }
}

/* L = lambda W at the same station: the area and the stays are measured apart. */
static void littles_law_holds_as_an_identity(void **state)
{
    struct trial trial;

    (void)state;
    run_station(&trial,
                (struct station){"4", "3200/s", "{dist: exponential, mean: 1ms}", "1M", "40s", 20});
    for (unsigned i = 0; i < trial.seeds; i++) {
        const struct service_result *station = &trial.results[i]->services[0];
        double rate = (double)station->let_in / trial.results[i]->measured_s;

        assert_true(fabs(station->in_system_mean - rate * station->sojourn_mean_ms * 1e-3) <
                    1e-3 * station->in_system_mean);
    }
    trial_close(&trial);
}

static void hold_store(const char *name, const char *kind, const char *rate, const char *duration)
{
    char yaml[1024];
    struct trial trial;

    snprintf(yaml, sizeof yaml,
             "version: 1\nname: threads\nduration: %s\nwarmup: 5s\nnetwork: {latency: 0s}\n"
             "load: [{to: web, rate: %s, keys: {dist: uniform, n: 1M}}]\n"
             "services: {web: {in_flight: 1M, queue: 1M, steps: [{store: get, timeout: 1h}]}}\n"
             "store: {kind: %s, latency: 0s, command: 1ms, per_kib: 0s}\n",
             duration, rate, kind);
    trial_run_text(&trial, yaml, 1, 20);
    trial_holds(&trial);
    expect(name, trial_estimate(&trial, "latency.mean"), 1 + mg1_wait_ms(0.8, 0));
    trial_close(&trial);
}

/* Four threads of memcached share no line, so they wait as long as the one of Redis at the same
 * utilisation; one line for all four would wait a fifth of it. */
static void four_threads_with_a_line_each_wait_as_four_single_servers(void **state)
{
    (void)state;
    hold_store("Redis, M/D/1 at 0.80", "redis", "800/s", "80s");
    hold_store("memcached, 4 x M/D/1", "memcached", "3200/s", "20s");
    assert_true(mmc_wait_ms(4, 0.8) / 2 < mg1_wait_ms(0.8, 0) / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mm1_waits_as_erlang_says),
        cmocka_unit_test(mmc_waits_as_erlang_says),
        cmocka_unit_test(md1_waits_half_as_long_as_mm1),
        cmocka_unit_test(mg1_waits_as_pollaczek_and_khinchine_say),
        cmocka_unit_test(mm1k_loses_as_its_closed_form_says),
        cmocka_unit_test(mmck_turns_as_many_away_whoever_gives_way),
        cmocka_unit_test(littles_law_holds_as_an_identity),
        cmocka_unit_test(four_threads_with_a_line_each_wait_as_four_single_servers),
    };

    return cmocka_run_group_tests_name("queueing", tests, NULL, NULL);
}
