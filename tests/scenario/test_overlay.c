/* What a machine was found to be like, laid over a scenario: sim run --calibration. */
#include "tests/scenario/reading.h"

#define STORY                                                                                      \
    LEAST "network: {latency: 1ms, loss: 1%}\n"                                                    \
          "variants:\n"                                                                            \
          "  near:\n"                                                                              \
          "  far: {network: {latency: 9ms}}\n"

static void read_source(struct reading *reading, const char *text, const char *config,
                        struct story_source source)
{
    source.path = "story.yaml";
    source.overlay = "machine.yaml";
    write_text("story.yaml", text);
    if (config != NULL)
        write_text("machine.yaml", config);
    *reading = (struct reading){.problems = problems_open()};
    reading->is_good = story_load_from(&reading->story, &source, reading->problems);
    print_in(reading, "en");
    assert_int_equal(reading->is_good, problems_count(reading->problems) == 0);
}

static void read_over(struct reading *reading, const char *text, const char *config,
                      const char *override)
{
    read_source(
        reading, text, config,
        (struct story_source){.overrides = &override, .overrides_max = override == NULL ? 0 : 1});
}

static void expect_config_problem(const char *config, const char *words)
{
    struct reading reading;

    read_over(&reading, STORY, config, NULL);
    expect_words(&reading, words);
    forget(&reading);
}

static void a_configuration_lies_over_the_scenario_and_under_its_variants(void **state)
{
    struct reading reading;

    (void)state;
    read_over(&reading, STORY, "version: 1\nnetwork: {latency: 60us}\n", NULL);
    assert_int_equal(scenario_of(&reading)->network.way.latency_ns, 60000);
    assert_true(scenario_of(&reading)->network.loss == 0.01);
    assert_int_equal(reading.story.variants[1].network.way.latency_ns, 9000000);
    assert_string_equal(reading.story.path, "story.yaml");
    forget(&reading);
}

static void a_configuration_lies_over_the_parents_too(void **state)
{
    struct reading reading;

    (void)state;
    write_text("base.yaml", LEAST "network: {latency: 1ms, loss: 1%}\n");
    read_over(&reading, "extends: base.yaml\n", "network: {latency: 60us}\n", NULL);
    assert_int_equal(scenario_of(&reading)->network.way.latency_ns, 60000);
    assert_true(scenario_of(&reading)->network.loss == 0.01);
    forget(&reading);
}

static void set_has_the_last_word_over_a_configuration(void **state)
{
    struct reading reading;

    (void)state;
    read_over(&reading, STORY, "network: {latency: 60us}\n", "network.latency=2ms");
    assert_int_equal(scenario_of(&reading)->network.way.latency_ns, 2000000);
    forget(&reading);
}

static void the_machine_of_the_run_has_the_last_word_of_all(void **state)
{
    const char *override = "network.latency=2ms";
    struct reading reading;

    (void)state;
    read_source(
        &reading, STORY, "network: {latency: 60us}\n",
        (struct story_source){.overlay_is_last = true, .overrides = &override, .overrides_max = 1});
    for (uint32_t v = 0; v < 2; v++) {
        assert_int_equal(reading.story.variants[v].network.way.latency_ns, 60000);
        assert_true(reading.story.variants[v].network.loss == 0.01);
    }
    forget(&reading);
}

static void a_slip_in_a_configuration_is_shown_in_the_configuration(void **state)
{
    (void)state;
    expect_config_problem("version: 1\nnetwork: {latncy: 60us}\n",
                          "machine.yaml:2:11: error: unknown key \"latncy\"; did you mean "
                          "\"latency\"?");
    expect_config_problem("network: {latency: 60}\n", "machine.yaml:1:20: error:");
    expect_config_problem("network: [\n", "machine.yaml:1:11: error: this is not YAML");
    expect_config_problem("just words\n",
                          "machine.yaml:1:1: error: a configuration is a mapping of keys");
}

static void a_configuration_is_no_scenario(void **state)
{
    (void)state;
    expect_config_problem("extends: story.yaml\n", "has no \"extends\"");
    expect_config_problem("variants: {near: {}}\n", "machine.yaml:1:1: error: a configuration");
    expect_config_problem("name: other\n", "has no \"name\"");
}

static void a_configuration_that_is_not_there_is_a_problem(void **state)
{
    struct reading reading;

    (void)state;
    (void)unlink("machine.yaml");
    read_over(&reading, STORY, NULL, NULL);
    assert_false(reading.is_good);
    expect_words(&reading, "machine.yaml");
    forget(&reading);
}

static void the_digest_covers_the_configuration(void **state)
{
    struct reading plain, over, other;

    (void)state;
    read_text(&plain, STORY);
    read_over(&over, STORY, "network: {latency: 60us}\n", NULL);
    read_over(&other, STORY, "network: {latency: 60us} \n", NULL);
    assert_string_not_equal(plain.story.sha256, over.story.sha256);
    assert_string_not_equal(over.story.sha256, other.story.sha256);
    forget(&plain);
    forget(&over);
    forget(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_lies_over_the_scenario_and_under_its_variants),
        cmocka_unit_test(a_configuration_lies_over_the_parents_too),
        cmocka_unit_test(set_has_the_last_word_over_a_configuration),
        cmocka_unit_test(the_machine_of_the_run_has_the_last_word_of_all),
        cmocka_unit_test(a_slip_in_a_configuration_is_shown_in_the_configuration),
        cmocka_unit_test(a_configuration_is_no_scenario),
        cmocka_unit_test(a_configuration_that_is_not_there_is_a_problem),
        cmocka_unit_test(the_digest_covers_the_configuration),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
