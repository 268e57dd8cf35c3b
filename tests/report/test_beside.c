/* Three answers side by side: what is compared, what is judged, and what is not. */
#include "tests/lib/test.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/beside.h"
#include "sim/report/page.h"

enum { ANSWERS = 1000 };

static struct scenario scenario;
static struct result *simulated, *measured;
static const struct result *runs[BESIDE_RUNS]; /* The first is `simulated`; the others borrowed. */
static struct theory theory;
static struct story story;
static struct beside_variant variant;
static struct beside beside;
static char *text;
static json_t *document;

static struct result *result_of(double rps, uint64_t latency_ns, double utilization)
{
    struct result *result = calloc(1, sizeof *result);

    assert_non_null(result);
    result->scenario = &scenario;
    result->measured_s = 10;
    result->requests.offered = result->requests.ok = ANSWERS;
    result->throughput_rps = result->goodput_rps = rps;
    for (unsigned i = 0; i < ANSWERS; i++)
        histogram_record(&result->latency, latency_ns);
    result->services_max = 1;
    (void)snprintf(result->services[0].name, sizeof result->services[0].name, "server");
    result->services[0].utilization = utilization;
    return result;
}

static void forget(void)
{
    free(simulated);
    free(measured);
    free(text);
    json_decref(document);
    simulated = measured = NULL;
    text = NULL;
    document = NULL;
}

/* Both the same, and an estimate with everything in it. */
static int setup(void **state)
{
    (void)state;
    memset(&scenario, 0, sizeof scenario);
    (void)snprintf(scenario.name, sizeof scenario.name, "story");
    (void)snprintf(scenario.services[0].name, sizeof scenario.services[0].name, "server");
    scenario.services_max = 1;
    simulated = result_of(400, 20000000, 0.66);
    measured = result_of(400, 20000000, 0.66);
    theory = (struct theory){.scenario = &scenario};
    theory.result.throughput_rps = (struct estimate_figure){true, 398};
    theory.result.utilization[0] = (struct estimate_figure){true, 0.7};
    runs[0] = simulated;
    variant = (struct beside_variant){.theory = &theory,
                                      .simulated = runs,
                                      .simulated_max = 1,
                                      .measured = measured,
                                      .send_lag_p50_ms = 0.1,
                                      .send_lag_p99_ms = 0.5,
                                      .peak_rps = 400,
                                      .servers = "Redis 7.0.15, SQLite 3.40.1"};
    story = (struct story){.variants = &scenario, .variants_max = 1, .path = "story.yaml"};
    memset(story.sha256, 'b', 64);
    beside = (struct beside){
        .story = &story, .variants = &variant, .variants_max = 1, .lang = "en", .columns = 100};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    forget();
    return 0;
}

static void print(void)
{
    size_t bytes = 0;
    FILE *out;

    free(text);
    text = NULL;
    out = open_memstream(&text, &bytes);
    assert_non_null(out);
    beside_terminal(&beside, out);
    (void)fclose(out);
}

/* One of the variant's objects. */
static json_t *part(const char *name)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);

    assert_non_null(out);
    beside_json(&beside, out);
    (void)fclose(out);
    json_decref(document);
    document = json_loads(bytes, JSON_REJECT_DUPLICATES, NULL);
    free(bytes);
    assert_non_null(document);
    return json_object_get(json_array_get(json_object_get(document, "variants"), 0), name);
}

static void assert_says(const char *what)
{
    if (strstr(text, what) == NULL)
        fail_msg("\"%s\" is not in:\n%s", what, text);
}

static void two_equal_runs_hold_every_goal(void **state)
{
    struct beside_goals goals = beside_goals(&beside);

    (void)state;
    assert_int_equal(goals.of, 5); /* throughput, goodput, p50, p95, one utilisation */
    assert_int_equal(goals.held, 5);
    print();
    assert_says("goals held: 5 of 5");
    assert_says("398/s");
    assert_says("Redis 7.0.15");
}

static void each_goal_is_judged_by_its_own_bound(void **state)
{
    static const struct {
        double rps, latency_ms, utilization;
        unsigned held;
    } rows[] = {
        {400 * 1.049, 20, 0.66, 5}, {400 * 1.051, 20, 0.66, 3}, /* throughput and goodput */
        {400, 20 * 1.09, 0.66, 5},  {400, 20 * 1.15, 0.66, 4},  /* p50 alone */
        {400, 20 * 1.25, 0.66, 3},                              /* p50 and p95 */
        {400, 20, 0.66 + 0.049, 5}, {400, 20, 0.66 - 0.051, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        free(simulated);
        simulated =
            result_of(rows[i].rps, (uint64_t)(rows[i].latency_ms * 1e6), rows[i].utilization);
        runs[0] = simulated;
        assert_int_equal(beside_goals(&beside).held, rows[i].held);
        assert_int_equal(beside_goals(&beside).of, 5);
    }
}

static void the_error_is_of_the_simulated_against_the_measured(void **state)
{
    json_t *error;

    (void)state;
    simulated->throughput_rps = 300;
    simulated->services[0].utilization = 0.5;
    error = part("error");
    assert_true(fabs(json_number_value(json_object_get(error, "throughput_rps")) + 0.25) < 1e-9);
    error = json_object_get(json_object_get(error, "utilization"), "server");
    assert_true(fabs(json_number_value(error) + 0.16) < 1e-9);
    print();
    assert_says("✗ −25%");
    assert_says("✗ −16 pp");
}

static void an_error_that_reads_0_has_no_sign(void **state)
{
    (void)state;
    simulated->throughput_rps = 399.9;
    simulated->services[0].utilization = 0.6599;
    print();
    assert_null(strstr(text, "−"));
    assert_says("✓ 0%");
    assert_says("✓ 0 pp");
}

/* Five runs of 10, 18, 20, 22 and 30 ms, before and behind them one that answers nobody. */
static void several_runs(struct result *of[static 7])
{
    static const uint64_t ms[] = {0, 30, 18, 20, 22, 10, 0};

    for (unsigned i = 0; i < 7; i++) {
        of[i] = result_of(400, ms[i] * 1000000, 0.66);
        if (ms[i] == 0)
            memset(&of[i]->latency, 0, sizeof of[i]->latency);
        runs[i] = of[i];
    }
    variant.simulated_max = 7;
}

static double figure_in(const char *part_name, const char *key)
{
    return json_number_value(json_object_get(part(part_name), key));
}

static void the_simulated_is_the_mean_of_its_runs(void **state)
{
    struct result *of[7];

    (void)state;
    several_runs(of);
    assert_true(fabs(figure_in("simulated", "p50_ms") - 20) < 0.2);
    assert_true(fabs(figure_in("simulated_least", "p50_ms") - 10) < 0.2);
    assert_true(fabs(figure_in("simulated_most", "p50_ms") - 30) < 0.3);
    assert_int_equal(json_integer_value(part("simulated_runs")), 7);
    for (unsigned i = 0; i < 7; i++)
        free(of[i]);
}

static void measure(uint64_t latency_ns)
{
    free(measured);
    variant.measured = measured = result_of(400, latency_ns, 0.66);
}

static void what_chance_alone_does_is_no_miss_and_not_held(void **state)
{
    struct result *of[7];

    (void)state;
    several_runs(of);
    measure(29000000); /* p50 and p95 are off by a third, and one of the runs is so, too. */
    assert_int_equal(beside_goals(&beside).held, 3);
    assert_int_equal(beside_goals(&beside).by_chance, 2);
    assert_true(json_is_true(json_object_get(part("by_chance"), "p50_ms")));
    assert_true(json_is_false(json_object_get(part("within"), "p50_ms")));
    print();
    assert_says("≈ −31");
    assert_says("≈ latency p50: the 7 simulated runs are between 9.99\u00a0ms and 29.9\u00a0ms");
    assert_says("goals held: 3 of 5; others by chance: 2, missed: 0");
    measure(31000000); /* No run is so. */
    assert_int_equal(beside_goals(&beside).by_chance, 0);
    assert_int_equal(beside_missed(&(struct beside_goals){.held = 3, .of = 5}), 2);
    print();
    assert_says("✗ −3");
    assert_says("goals held: 3 of 5; others by chance: 0, missed: 2");
    measure(20000000); /* Held is held. */
    assert_int_equal(beside_goals(&beside).held, 5);
    assert_int_equal(beside_goals(&beside).by_chance, 0);
    for (unsigned i = 0; i < 7; i++)
        free(of[i]);
}

static void a_late_driver_is_void_and_nothing_is_judged(void **state)
{
    (void)state;
    variant.is_void = true;
    variant.send_lag_p99_ms = 3.5;
    assert_int_equal(beside_goals(&beside).of, 0);
    assert_int_equal(beside_goals(&beside).variants_judged, 0);
    print();
    assert_says("VOID");
    assert_says("3.5");
    assert_null(strstr(text, "✓"));
    assert_string_equal(json_string_value(part("not_judged")), "void");
    assert_true(json_is_null(json_object_get(part("within"), "p50_ms")));
}

static void a_scenario_beyond_two_cores_says_so(void **state)
{
    (void)state;
    variant.peak_rps = 1501;
    assert_int_equal(beside_goals(&beside).of, 0);
    print();
    assert_says("NOT JUDGED");
    variant.peak_rps = 1500;
    assert_int_equal(beside_goals(&beside).of, 5);
}

static void who_computes_on_every_core_is_not_judged(void **state)
{
    (void)state;
    variant.lacks_core = true;
    assert_int_equal(beside_goals(&beside).of, 0);
    print();
    assert_says("NOT JUDGED: its threads really compute");
    assert_string_equal(json_string_value(part("not_judged")), "no_core");
}

static void a_part_of_a_run_is_not_judged(void **state)
{
    (void)state;
    measured->end = RUN_INTERRUPTED;
    assert_int_equal(beside_goals(&beside).of, 0);
    print();
    assert_says("PARTIAL");
}

static void nor_are_runs_of_which_a_limit_cut_one(void **state)
{
    struct result *of[7];

    (void)state;
    several_runs(of);
    assert_true(beside_goals(&beside).of > 0);
    of[6]->end = RUN_LIMIT;
    assert_int_equal(beside_goals(&beside).of, 0);
    print();
    assert_says("PARTIAL");
    for (unsigned i = 0; i < 7; i++)
        free(of[i]);
}

static void answers_in_one_world_alone_miss_their_goals(void **state)
{
    (void)state;
    memset(&measured->latency, 0, sizeof measured->latency);
    assert_int_equal(beside_goals(&beside).of, 5);
    assert_int_equal(beside_goals(&beside).held, 3);
    memset(&simulated->latency, 0, sizeof simulated->latency);
    assert_int_equal(beside_goals(&beside).of, 3);
    assert_int_equal(beside_goals(&beside).held, 3);
}

static void a_service_that_only_one_world_knows_is_shown_and_missed(void **state)
{
    (void)state;
    measured->services_max = 2;
    (void)snprintf(measured->services[1].name, sizeof measured->services[1].name, "balancer");
    measured->services[1].utilization = 0.1;
    assert_int_equal(beside_goals(&beside).of, 6);
    assert_int_equal(beside_goals(&beside).held, 5);
    print();
    assert_says("balancer");
}

static void what_was_not_estimated_says_why(void **state)
{
    (void)state;
    theory.why[0] = (struct text){"retries under overload", "повторы под перегрузкой"};
    theory.why_max = 1;
    print();
    assert_says("no estimate: retries under overload");
    assert_true(json_is_null(json_object_get(part("estimate"), "p95_ms")));
    variant.theory = NULL;
    print();
    assert_says("no estimate was made");
}

static void a_log_shows_its_lag_and_a_store_its_hits(void **state)
{
    (void)state;
    print();
    assert_null(strstr(text, "lag, highest"));
    simulated->queue = measured->queue = (struct queue_result){.is_used = true, .lag_max = 10};
    simulated->store = measured->store =
        (struct store_result){.is_used = true, .hits = 3, .misses = 1};
    theory.result.lag_end = (struct estimate_figure){true, 4};
    print();
    assert_says("lag, highest");
    assert_says("the whiteboard has no highest lag");
    assert_says("75%");
    assert_null(strstr(text, "dead letters"));
    assert_null(json_object_get(part("measured"), "dead_letters"));
    simulated->queue.dead = 30;
    measured->queue.dead = 28;
    print();
    assert_says("dead letters");
    assert_int_equal(json_number_value(json_object_get(part("measured"), "dead_letters")), 28);
}

static void it_speaks_russian_and_fits_a_narrow_page(void **state)
{
    (void)state;
    beside.lang = "ru";
    beside.columns = 60;
    print();
    assert_says("целей выдержано: 5 из 5");
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (text_columns(line) > 60)
            fail_msg("too wide: %s", line);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_equal_runs_hold_every_goal, setup, teardown),
        cmocka_unit_test_setup_teardown(each_goal_is_judged_by_its_own_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(the_error_is_of_the_simulated_against_the_measured, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_error_that_reads_0_has_no_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(the_simulated_is_the_mean_of_its_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(what_chance_alone_does_is_no_miss_and_not_held, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_late_driver_is_void_and_nothing_is_judged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_scenario_beyond_two_cores_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(who_computes_on_every_core_is_not_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_part_of_a_run_is_not_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(nor_are_runs_of_which_a_limit_cut_one, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_in_one_world_alone_miss_their_goals, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_service_that_only_one_world_knows_is_shown_and_missed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_estimated_says_why, setup, teardown),
        cmocka_unit_test_setup_teardown(a_log_shows_its_lag_and_a_store_its_hits, setup, teardown),
        cmocka_unit_test_setup_teardown(it_speaks_russian_and_fits_a_narrow_page, setup, teardown),
    };

    /* For the schema's test: one document on standard output. */
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        (void)setup(NULL);
        simulated->queue.is_used = simulated->store.is_used = true;
        variant.is_void = argc > 2;
        beside_json(&beside, stdout);
        forget();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
