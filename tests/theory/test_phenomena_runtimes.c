/* What the interpreter's lock costs, and what a blocking handler does to an event loop, held to
 * queueing theory and to sums that can be done by hand. */
#include "tests/theory/phenomena.h"

/* P(wait) of M/M/c by Erlang's C, from the recursion of Erlang's B; L = a + C rho / (1 - rho). */
static double inside_mmc(unsigned c, double rho)
{
    double offered = c * rho, b = 1;

    for (unsigned i = 1; i <= c; i++)
        b = offered * b / (i + offered * b);
    return offered + b / (1 - rho * (1 - b)) * rho / (1 - rho);
}

/* Work without memory: in whatever turns it is done, the mean number inside is that of first come,
 * first served, if no server ever idles beside work. */
static void hold_to_mmc(const char *runtime, const char *rate, unsigned c, double rho)
{
    struct trial trial;
    struct estimate inside;
    double closed_form = inside_mmc(c, rho);

    run_story(&trial, 20,
              NO_NETWORK "duration: 160s\nwarmup: 5s\nload: [{rate: %s}]\n"
                         "services: {web: {cores: 4, queue: 1M, runtime: %s,\n"
                         "  steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n",
              rate, runtime);
    inside = trial_estimate(&trial, "services.web.in_system");
    print_message("%-44s %.4f +- %.4f  (closed form %.4f)\n", runtime, inside.mean,
                  inside.half_width, closed_form);
    assert_true(inside.half_width <= 0.03 * closed_form);
    assert_true(fabs(inside.mean - closed_form) <= inside.half_width);
    trial_close(&trial);
}

static void four_cores_behind_the_lock_are_one_server(void **state)
{
    (void)state;
    hold_to_mmc("{model: gil_threads, threads: 4096, switch_interval: 100us}", "800/s", 1, 0.8);
    hold_to_mmc("{model: gil_threads, threads: 4096}", "500/s", 1, 0.5);
}

static void four_cores_of_threads_or_processes_are_four(void **state)
{
    (void)state;
    hold_to_mmc("{model: threads, threads: 4096, quantum: 200us}", "3200/s", 4, 0.8);
    hold_to_mmc("{model: processes, processes: 256, quantum: 200us}", "3200/s", 4, 0.8);
}

/* Arrivals every 10 ms, one in a thousand blocks for 200 ms: it takes 200 itself, and those who
 * come in its time 190, 180 … 10, which is 2100 ms for each. (Two that overlap would be slower.) */
static void a_blocking_handler_adds_its_time_at_most_and_half_of_it_on_the_mean(void **state)
{
    struct trial trial;
    double blocked_ms;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 60s\nload: [{arrivals: constant,\n"
                         "  rate: [{at: 0s, rate: 100/s}, {at: 59s, rate: 0/s}]}]\n"
                         "services: {web: {steps: [\n"
                         "  {block: {dist: empirical, points: [[0s, 999], [200ms, 1]]}}]}}\n");
    blocked_ms = first(&trial)->services[0].stages[0].mean_ms;
    assert_string_equal(first(&trial)->services[0].stages[0].name, "block");
    expect_between("slowest, ms", (double)first(&trial)->latency.max_ns * 1e-6, 200, 200.001);
    expect_between("blocked, per request", blocked_ms, 0.05, 1);
    expect_about("latency, mean ms", mean_of(&trial, "latency.mean"), 2100 * blocked_ms / 200,
                 0.001);
    trial_close(&trial);
}

/* Three threads compute all the time; each has the lock for one interval in three. */
static void threads_that_only_compute_wait_for_all_the_others_intervals(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 1,
              NO_NETWORK "duration: 60s\nload: [{arrivals: closed, users: 3, think: 0s}]\n"
                         "services: {web: {cores: 3, runtime: gil_threads,\n"
                         "  steps: [{compute: 1s}]}}\n");
    expect_about("each wait for the lock, ms", mean_of(&trial, "runtime.gil_wait"), 10, 0.01);
    expect_about("latency, mean ms", mean_of(&trial, "latency.mean"), 3000, 0.02);
    trial_close(&trial);
}

/* asyncio.gather: three that are awaited together take as long as the longest of them, whose mean,
 * where they are exponential, is m (1 + 1/2 + 1/3) (Renyi, 1953). One after another it is 3 m. */
static void who_gathers_waits_for_the_last_one_only(void **state)
{
    struct trial trial;
    struct estimate together;
    const double closed_form = 10 * (1 + 1.0 / 2 + 1.0 / 3);

    (void)state;
    run_story(&trial, 20,
              NO_NETWORK "duration: 100s\nload: [{rate: 100/s}]\n"
                         "services: {web: {steps: [\n"
                         "  {sleep: {dist: exponential, mean: 10ms}},\n"
                         "  {sleep: {dist: exponential, mean: 10ms}, concurrent: yes},\n"
                         "  {sleep: {dist: exponential, mean: 10ms}, concurrent: yes}]}}\n");
    together = trial_estimate(&trial, "latency.mean");
    print_message("%-44s %.4f +- %.4f  (closed form %.4f)\n", "last of three, ms", together.mean,
                  together.half_width, closed_form);
    assert_true(together.half_width <= 0.01 * closed_form);
    assert_true(fabs(together.mean - closed_form) <= together.half_width);
    trial_close(&trial);
}

/* What does not await gains nothing by it: an event loop does three blocking calls in turn. */
static void gathering_what_blocks_gains_nothing(void **state)
{
    static const struct {
        const char *step;
        double expected_ms;
    } rows[] = {{"sleep", 30}, {"block", 60}, {"compute", 60}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct trial trial;

        run_story(&trial, 1,
                  NO_NETWORK "duration: 10s\nload: [{arrivals: constant, rate: 10/s}]\n"
                             "services: {web: {steps: [{%s: 20ms}, {%s: 10ms, concurrent: yes},\n"
                             "  {%s: 30ms, concurrent: yes}]}}\n",
                  rows[i].step, rows[i].step, rows[i].step);
        expect_about(rows[i].step, (double)first(&trial)->latency.max_ns * 1e-6,
                     rows[i].expected_ms, 1e-6);
        trial_close(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_cores_behind_the_lock_are_one_server),
        cmocka_unit_test(four_cores_of_threads_or_processes_are_four),
        cmocka_unit_test(a_blocking_handler_adds_its_time_at_most_and_half_of_it_on_the_mean),
        cmocka_unit_test(threads_that_only_compute_wait_for_all_the_others_intervals),
        cmocka_unit_test(who_gathers_waits_for_the_last_one_only),
        cmocka_unit_test(gathering_what_blocks_gains_nothing),
    };

    return cmocka_run_group_tests_name("runtimes", tests, NULL, NULL);
}
