/* The terminal's report: what stands first and last, what must be named, and how wide it may be. */
#include "tests/lib/test.h"

#include "sim/report/page.h"
#include "tests/report/sample.h"

static struct sample sample;
static char *text; /* Of the last print. */
static size_t text_bytes;

static void print(void)
{
    free(text);
    text = NULL;
    FILE *out = open_memstream(&text, &text_bytes);
    assert_non_null(out);
    report_terminal(&sample.report, out);
    fclose(out);
}

static void open_and_print(unsigned variants, unsigned replications, const char *lang)
{
    sample_close(&sample);
    sample_open(&sample, variants, replications);
    sample.report.lang = lang;
    print();
}

static int teardown(void **state)
{
    (void)state;
    sample_close(&sample);
    memset(&sample, 0, sizeof sample);
    free(text);
    text = NULL;
    return 0;
}

static void assert_says(const char *what)
{
    if (strstr(text, what) == NULL)
        fail_msg("\"%s\" is not in:\n%s", what, text);
}

static bool line_starts_with(unsigned line, const char *what)
{
    const char *at = text;

    while (line-- > 0 && at != NULL)
        at = strchr(at, '\n') == NULL ? NULL : strchr(at, '\n') + 1;
    return at != NULL && strncmp(at, what, strlen(what)) == 0;
}

static const char *last_line(void)
{
    const char *end = text + text_bytes - 1; /* The last newline. */

    while (end > text && end[-1] != '\n')
        end--;
    return end;
}

static void the_verdict_is_the_first_line_and_the_command_the_last(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    assert_true(line_starts_with(0, "✓ 2 of 2 variants as expected\n"));
    assert_string_equal(last_line(), "Repeat: sim run scenarios/spike.yaml --seed 42\n");
    open_and_print(8, 1, "ru");
    assert_true(line_starts_with(0, "✓ 8 из 8 вариантов — как ожидалось\n"));
    assert_string_equal(last_line(), "Повторить: sim run scenarios/spike.yaml --seed 42\n");
}

static void the_verdict_names_the_variants_that_surprise(void **state)
{
    (void)state;
    open_and_print(5, 1, "en");
    sample.scenarios[1].expect = EXPECT_FAIL;
    sample.scenarios[3].expect = EXPECT_PASS;
    print();
    assert_true(line_starts_with(
        0, "✗ 3 of 5 variants as expected; not as expected: horizontal, short-queue\n"));
    assert_int_equal(report_exit_code(&sample.report), 99);
}

static void variants_of_which_nothing_is_expected_pass_or_fail(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    sample.scenarios[0].expect = sample.scenarios[1].expect = EXPECT_NOTHING;
    print();
    assert_true(line_starts_with(0, "✗ variants that pass: 1 of 2; failing: untouched\n"));
    sample.report.lang = "ru";
    print();
    assert_true(line_starts_with(0, "✗ прошло вариантов: 1 из 2; не прошли: untouched\n"));
}

static void a_variant_that_fails_says_why_beside_its_name(void **state)
{
    const struct result *untouched;

    (void)state;
    open_and_print(2, 1, "en");
    untouched = sample.variants[0].result;
    assert_false(untouched->passed);
    assert_true(line_starts_with(4, "✓ untouched    As it is\n"));
    assert_true(line_starts_with(5, "               fails: shed 44.4%, timeout 32.5%"));
    assert_says("— delivery (cores busy 100% at peak)\n");
    assert_true(line_starts_with(6, "✓ horizontal"));
    assert_true(line_starts_with(7, "\n"));
}

/* Nothing was lost: then the threshold that broke is the reason. */
static void a_variant_that_loses_nothing_names_its_threshold(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    sample.merged[1].passed = false;
    sample.merged[1].thresholds[0].passed = false;
    sample.merged[1].thresholds[0].value = 450;
    print();
    assert_says("fails: latency.p99 450\u00a0ms (wanted < 300ms)\n");
}

static void work_that_waits_in_a_log_is_drawn_as_well(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    assert_null(strstr(text, "queue + log"));
    sample.merged[1].queue.is_used = true;
    sample.merged[1].series.lag[40] = 76543;
    print();
    assert_says("queue + log");
    assert_says(" 76,543\n");
}

static void a_share_of_chance_is_not_written_out(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    sample.merged[1].requests.failed[FAILURE_ERROR] = 1;
    print();
    assert_says("< 0.01%");
}

static void a_scenario_without_variants_is_judged_by_its_thresholds(void **state)
{
    (void)state;
    open_and_print(1, 1, "en");
    sample.scenarios[0].variant[0] = 0;
    sample.scenarios[0].expect = EXPECT_NOTHING;
    print();
    assert_true(line_starts_with(0, "✗ fails; thresholds held: 0 of 3\n"));
    assert_says("lunch-spike");
}

static void every_variant_threshold_and_cause_is_named(void **state)
{
    (void)state;
    for (unsigned variants = 1; variants <= SAMPLE_VARIANTS_MAX; variants++) {
        open_and_print(variants, 1, "en");
        for (unsigned v = 0; v < variants; v++)
            assert_says(sample_designs[v].name);
        assert_says("latency.p99");
        assert_says("< 10000 RUB");
        assert_says("goodput");
        assert_says("throughput");
        assert_says("shed");
        assert_says("timeout");
        assert_says("late");
        assert_says("delivery — cores busy 100% at peak");
        assert_says("profit");
        assert_says("█");
    }
}

static void a_cause_that_nobody_failed_by_is_left_out(void **state)
{
    (void)state;
    open_and_print(3, 1, "en");
    assert_null(strstr(text, "refused"));
    assert_null(strstr(text, "error"));
}

static void russian_is_russian(void **state)
{
    static const char *const words[] = {"Обеденный пик",
                                        "Что делать",
                                        "Пороги",
                                        "ожидали",
                                        "провал",
                                        "Узкое место",
                                        "Деньги, ₽",
                                        "упущено",
                                        "Почему запросы",
                                        "Во времени",
                                        "очередь",
                                        "2,89\u00a0с",
                                        "6\u00a0294\u00a0245"};

    (void)state;
    open_and_print(2, 1, "ru");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_says(words[i]);
    assert_null(strstr(text, "Lunch"));
    assert_null(strstr(text, "Bottleneck"));
}

/* ---- Width and colour ----------------------------------------------------------------------- */

static void assert_no_line_is_wider_than(unsigned columns)
{
    char *copy = strdup(text);

    for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        size_t bytes = strlen(line);

        if (text_columns(line) > columns)
            fail_msg("%u columns where %u fit: %s", text_columns(line), columns, line);
        if (bytes > 0 && line[bytes - 1] == ' ')
            fail_msg("ends in a space: %s", line);
    }
    free(copy);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    static const unsigned widths[] = {40, 60, 72, 80, 100, 133, 240};
    static const char *const langs[] = {"en", "ru"};

    (void)state;
    for (unsigned l = 0; l < 2; l++)
        for (unsigned variants = 1; variants <= SAMPLE_VARIANTS_MAX; variants += 3)
            for (unsigned runs = 1; runs <= 3; runs += 2) {
                open_and_print(variants, runs, langs[l]);
                for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
                    sample.report.columns = widths[w];
                    print();
                    assert_no_line_is_wider_than(widths[w]);
                }
            }
}

static void an_unknown_width_is_100_columns(void **state)
{
    (void)state;
    open_and_print(7, 1, "en");
    sample.report.columns = 0;
    print();
    assert_no_line_is_wider_than(100);
}

static void a_long_command_goes_on_below_and_never_inside_quotes(void **state)
{
    (void)state;
    open_and_print(1, 1, "en");
    sample.report.columns = 60;
    sample.report.repeat = "sim run scenarios/spike.yaml --seed 42 --set 'title.en=a long b' "
                           "--set services.delivery.replicas=24";
    print();
    assert_says("Repeat: sim run scenarios/spike.yaml --seed 42 --set \\\n"
                "    'title.en=a long b' --set \\\n"
                "    services.delivery.replicas=24\n");
}

/* What is cut cannot be pasted. */
static void an_argument_is_whole_however_long(void **state)
{
    static char repeat[1200] = "sim run spike --set '", whole[1300];
    size_t length = strlen(repeat);

    (void)state;
    open_and_print(1, 1, "en");
    memset(repeat + length, 'x', 900);
    strcpy(repeat + length + 900, "' --seed 7");
    sample.report.columns = 60;
    sample.report.repeat = repeat;
    print();
    snprintf(whole, sizeof whole, "Repeat: sim run spike --set \\\n    %.*s\\\n    --seed 7\n", 902,
             repeat + length - 1);
    assert_says(whole);
}

static void colours_only_when_asked_for(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    assert_null(strchr(text, '\033'));
    sample.report.use_color = true;
    print();
    assert_says("\033[32m✓ \033[0m");
    assert_says("\033[31m");
}

static void a_hostile_title_cannot_touch_the_terminal(void **state)
{
    (void)state;
    open_and_print(1, 1, "en");
    sample.scenarios[0].title.en = "a\033[2Jb\nc\u202ed\xff"
                                   "e\xc2\x9b"
                                   "f";
    print();
    assert_says("a?[2Jb?c?d?e?f");
    assert_null(strchr(text, '\033'));
}

/* ---- What comes before the verdict ---------------------------------------------------------- */

static void a_broken_invariant_is_said_before_anything_else(void **state)
{
    struct result *broken;

    (void)state;
    open_and_print(2, 2, "en");
    broken = &sample.runs[1]; /* The second seed of the first variant. */
    broken->invariants_violated = 1;
    sample.merged[0].invariants_violated = 1;
    snprintf(broken->breaks[0].name, sizeof broken->breaks[0].name, "charged_once");
    snprintf(broken->breaks[0].finding, sizeof broken->breaks[0].finding, "order 7 charged twice");
    broken->breaks[0].at_ns = 12345000000;
    print();
    assert_true(
        line_starts_with(0, "✗ INVARIANT VIOLATED: charged_once at 12.3\u00a0s, seed 43\n"));
    assert_true(line_starts_with(1, "  untouched  order 7 charged twice\n"));
    assert_int_equal(report_exit_code(&sample.report), 3);
}

static void a_partial_result_is_labelled_before_the_verdict(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    sample.merged[1].end = RUN_LIMIT;
    snprintf(sample.merged[1].limit, sizeof sample.merged[1].limit, "events");
    print();
    assert_true(line_starts_with(0, "! horizontal  PARTIAL: the run hit its limit (events)"));
    sample.merged[1].end = RUN_INTERRUPTED;
    sample.report.lang = "ru";
    print();
    assert_true(line_starts_with(0, "! horizontal  ЧАСТИЧНО: прогон прерван"));
    sample.merged[0].end = RUN_INTERRUPTED;
    memcpy(sample.merged[0].limit, sample.merged[1].limit, sizeof sample.merged[0].limit);
    sample.report.lang = "en";
    print();
    assert_true(line_starts_with(0, "! all variants  PARTIAL: the run was interrupted"));
    assert_false(line_starts_with(1, "!"));
}

static void replications_print_their_intervals(void **state)
{
    (void)state;
    open_and_print(2, 3, "en");
    assert_says("±");
    assert_says("3 runs");
    open_and_print(2, 1, "en");
    assert_null(strstr(text, "±"));
}

static void a_run_in_which_nothing_happened_is_still_reported(void **state)
{
    (void)state;
    open_and_print(1, 1, "en");
    memset(&sample.merged[0].requests, 0, sizeof sample.merged[0].requests);
    memset(&sample.merged[0].latency, 0, sizeof sample.merged[0].latency);
    memset(&sample.merged[0].money, 0, sizeof sample.merged[0].money);
    sample.merged[0].series.seconds = 0;
    metric_judge(&sample.merged[0]);
    print();
    assert_says("✗ —");
    assert_says("no request failed or came late");
    assert_null(strstr(text, "nan"));
}

static void what_breaks_meanwhile_is_said_before_the_figures(void **state)
{
    const struct fault_spec faults[] = {
        {.at_ns = 5000000000, .for_ns = 2000000000, .kind = FAULT_CRASH, .target = "store"},
        {.at_ns = 9000000000, .kind = FAULT_CUT, .target = "table"},
    };

    (void)state;
    open_and_print(2, 1, "en");
    for (unsigned i = 0; i < 2; i++) {
        memcpy(sample.scenarios[i].faults, faults, sizeof faults);
        sample.scenarios[i].faults_max = 2;
    }
    print();
    assert_says("crash of store, 5\u00a0s – 7\u00a0s\n");
    assert_says("table cut off, 9\u00a0s – the end\n");
}

static void dead_letters_are_told_of_where_there_are_any_or_might_be(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    assert_null(strstr(text, "dead letters"));
    sample.scenarios[1].loads_max = 1;
    sample.scenarios[1].loads[0].poison = 0.01;
    print();
    assert_says("What is left in the queue");
    sample.scenarios[1].loads[0].poison = 0;
    sample.merged[0].queue.dead = 12345;
    print();
    assert_says("dead letters");
    assert_says("12,345");
}

/* ---- Money ---------------------------------------------------------------------------------- */

static void a_stream_that_nobody_has_is_left_out_and_the_others_are_named(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    assert_says("commission");
    assert_says("delivery");
    assert_says("contribution per order");
    assert_null(strstr(text, "listing"));
    assert_null(strstr(text, "premium"));
    sample.merged[1].money.ads = 123400;
    print();
    assert_says("  ads");
    assert_says("1,234");
}

static void the_cheapest_that_holds_and_the_most_profitable_are_named(void **state)
{
    (void)state;
    open_and_print(6, 1, "en"); /* Of six two hold: of 24 replicas, and of 14. */
    assert_says("cheapest design that holds the thresholds: autoscaled (servers 1.40)");
    assert_says("most profitable design: ");
    sample.merged[1].money.infra_cost = 1;
    print();
    assert_says("cheapest design that holds the thresholds: horizontal (servers 0.01)");
    sample.merged[3].money.profit = 99999999900;
    print();
    assert_says("most profitable design: short-queue (profit 999,999,999)");
    open_and_print(1, 1, "en");
    assert_null(strstr(text, "design"));
}

static void what_was_lost_is_told_by_cause_where_there_are_several(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    memset(sample.merged[0].money.lost_by, 0, sizeof sample.merged[0].money.lost_by);
    sample.merged[0].money.lost_by[FAILURE_SHED] = 4200;
    print();
    assert_null(strstr(text, "Money lost by cause"));
    sample.merged[0].money.lost_by[FAILURES] = 77700;
    print();
    assert_says("Money lost by cause, RUB");
    assert_says("777");
}

/* ---- Exit codes ----------------------------------------------------------------------------- */

static void the_exit_code_says_the_worst(void **state)
{
    (void)state;
    open_and_print(2, 1, "en");
    assert_int_equal(report_exit_code(&sample.report), 0);
    sample.scenarios[0].expect = EXPECT_NOTHING; /* Then it must pass. */
    assert_int_equal(report_exit_code(&sample.report), 99);
    sample.merged[0].end = RUN_INTERRUPTED;
    assert_int_equal(report_exit_code(&sample.report), 130);
    sample.merged[1].end = RUN_LIMIT;
    assert_int_equal(report_exit_code(&sample.report), 4);
    sample.merged[1].invariants_violated = 1;
    assert_int_equal(report_exit_code(&sample.report), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verdict_is_the_first_line_and_the_command_the_last),
        cmocka_unit_test(the_verdict_names_the_variants_that_surprise),
        cmocka_unit_test(variants_of_which_nothing_is_expected_pass_or_fail),
        cmocka_unit_test(a_variant_that_fails_says_why_beside_its_name),
        cmocka_unit_test(a_variant_that_loses_nothing_names_its_threshold),
        cmocka_unit_test(work_that_waits_in_a_log_is_drawn_as_well),
        cmocka_unit_test(a_share_of_chance_is_not_written_out),
        cmocka_unit_test(a_scenario_without_variants_is_judged_by_its_thresholds),
        cmocka_unit_test(every_variant_threshold_and_cause_is_named),
        cmocka_unit_test(a_cause_that_nobody_failed_by_is_left_out),
        cmocka_unit_test(what_breaks_meanwhile_is_said_before_the_figures),
        cmocka_unit_test(russian_is_russian),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(an_unknown_width_is_100_columns),
        cmocka_unit_test(a_long_command_goes_on_below_and_never_inside_quotes),
        cmocka_unit_test(an_argument_is_whole_however_long),
        cmocka_unit_test(colours_only_when_asked_for),
        cmocka_unit_test(a_hostile_title_cannot_touch_the_terminal),
        cmocka_unit_test(a_broken_invariant_is_said_before_anything_else),
        cmocka_unit_test(a_partial_result_is_labelled_before_the_verdict),
        cmocka_unit_test(replications_print_their_intervals),
        cmocka_unit_test(a_run_in_which_nothing_happened_is_still_reported),
        cmocka_unit_test(dead_letters_are_told_of_where_there_are_any_or_might_be),
        cmocka_unit_test(a_stream_that_nobody_has_is_left_out_and_the_others_are_named),
        cmocka_unit_test(the_cheapest_that_holds_and_the_most_profitable_are_named),
        cmocka_unit_test(what_was_lost_is_told_by_cause_where_there_are_several),
        cmocka_unit_test(the_exit_code_says_the_worst),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, teardown);
}
