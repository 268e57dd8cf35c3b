/* Laying one file over another: extends, --set and variants. */
#include "tests/scenario/reading.h"

#include <sys/stat.h>

#define DELIVERY                                                                                   \
    "services: {delivery: {replicas: 4, queue: 200}}\n"                                            \
    "load: [{verb: order, rate: 100/s, patience: 3s}, {verb: menu, rate: 50/s}]\n"

static void each_variant_is_the_scenario_with_its_overrides(void **state)
{
    struct reading reading;
    const struct scenario *variants;

    (void)state;
    read_text(&reading,
              DELIVERY "title: Lunch\n"
                       "variants:\n"
                       "  untouched: {expect: fail, title: {en: As it is, ru: Как есть}}\n"
                       "  wide: {services: {delivery: {replicas: 24}}, expect: pass}\n"
                       "  plain:\n");
    (void)scenario_of(&reading);
    variants = reading.story.variants;
    assert_int_equal(reading.story.variants_max, 3);
    assert_string_equal(variants[0].variant, "untouched");
    assert_string_equal(variants[0].title.en, "Lunch");
    assert_string_equal(variants[0].variant_title.ru, "Как есть");
    assert_int_equal(variants[0].expect, EXPECT_FAIL);
    assert_int_equal(variants[0].services[0].replicas, 4);
    assert_int_equal(variants[1].services[0].replicas, 24);
    assert_int_equal(variants[1].services[0].queue, 200);
    assert_int_equal(variants[1].expect, EXPECT_PASS);
    assert_int_equal(variants[2].expect, EXPECT_NOTHING);
    assert_string_equal(variants[2].variant_title.en, "");
    forget(&reading);
}

static void a_list_replaces_a_list_and_positions_change_it(void **state)
{
    struct reading reading;
    const struct scenario *variants;

    (void)state;
    read_text(&reading, DELIVERY "variants:\n"
                                 "  fewer: {load: [{verb: menu, rate: 1/s}]}\n"
                                 "  hasty: {load: {0: {patience: 1s}}}\n");
    (void)scenario_of(&reading);
    variants = reading.story.variants;
    assert_int_equal(variants[0].loads_max, 1);
    assert_int_equal(variants[1].loads_max, 2);
    assert_int_equal(variants[1].loads[0].patience_ns, 1000000000);
    assert_true(variants[1].loads[0].phases[0].rate == 100.0);
    forget(&reading);
}

static void a_slip_in_a_variant_points_into_the_variant(void **state)
{
    (void)state;
    expect_problem(DELIVERY "variants:\n  wide: {services: {delivery: {replcas: 24}}}\n",
                   "story.yaml:4:32: error: unknown key \"replcas\"; did you mean \"replicas\"?");
    expect_problem(DELIVERY "variants:\n  wide: {load: {2: {patience: 1s}}}\n",
                   "story.yaml:4:17: error: the list has 2 entries");
}

static void set_edits_the_file_and_is_typed_by_the_same_table(void **state)
{
    static const char *const overrides[] = {"services.delivery.replicas=8", "load.0.rate=2k/s",
                                            "variants.wide.services.delivery.replicas=32",
                                            "balancer={policy: random, timeout: 2s}"};
    struct reading reading;

    (void)state;
    write_text("story.yaml", DELIVERY "variants: {plain: , wide: }\n");
    read_file(&reading, "story.yaml", overrides, 4);
    assert_int_equal(scenario_of(&reading)->services[0].replicas, 8);
    assert_true(scenario_of(&reading)->loads[0].phases[0].rate == 2000.0);
    assert_int_equal(scenario_of(&reading)->balancer.policy, POLICY_RANDOM);
    assert_int_equal(reading.story.variants[1].services[0].replicas, 32);
    forget(&reading);
}

/* The command line has the last word, in a variant as well; what it says of one variant is for that
 * one, and goes before what it says of all. */
static void set_lies_over_what_a_variant_says(void **state)
{
    static const char *const overrides[] = {"variants.wide.services.delivery.queue=7",
                                            "services.delivery.replicas=8",
                                            "services.delivery.queue=9", "load.0.rate=2k/s"};
    struct reading reading;
    const struct scenario *variants;

    (void)state;
    write_text("story.yaml",
               DELIVERY "variants:\n"
                        "  wide: {services: {delivery: {replicas: 24, queue: 100}}, expect: pass}\n"
                        "  calm: {load: [{verb: menu, rate: 1/s}]}\n");
    read_file(&reading, "story.yaml", overrides, 4);
    (void)scenario_of(&reading);
    variants = reading.story.variants;
    assert_int_equal(variants[0].services[0].replicas, 8);
    assert_int_equal(variants[0].services[0].queue, 7);
    assert_int_equal(variants[0].expect, EXPECT_PASS);
    assert_int_equal(variants[1].services[0].queue, 9);
    assert_true(variants[1].loads[0].phases[0].rate == 2000.0);
    forget(&reading);
}

static void expect_set_problem(const char *override, const char *words)
{
    struct reading reading;

    read_set(&reading, DELIVERY, override);
    expect_words(&reading, words);
    forget(&reading);
}

static void a_slip_in_a_set_has_a_place_of_its_own(void **state)
{
    (void)state;
    expect_set_problem("load.0.rate=200", "--set:1:13: error: \"rate: 200\"");
    expect_set_problem("services.delivery.replcas=8",
                       "--set:1:19: error: unknown key \"replcas\"; did you mean \"replicas\"?\n"
                       "  1 | services.delivery.replcas=8\n"
                       "    |                   ^~~~~~~\n");
    expect_set_problem("load.7.rate=1/s", "--set:1:6: error: the list has 2 entries");
    expect_set_problem("replicas", "--set:1:1: error: --set wants PATH=VALUE");
    expect_set_problem("=8", "--set wants PATH=VALUE");
    expect_set_problem("a..b=8", "--set wants PATH=VALUE");
    expect_set_problem("load.0.rate=[", "--set:1:14: error: this is not YAML");
    expect_set_problem("load.0.rate=", "--set wants PATH=VALUE");
}

static void a_child_is_laid_over_its_parents(void **state)
{
    struct reading reading;

    (void)state;
    write_text("grand.yaml", DELIVERY "network: {latency: 1ms, loss: 1%}\n");
    write_text("base.yaml", "extends: grand.yaml\nnetwork: {loss: 2%}\nseed: 7\n");
    read_text(&reading, "extends: base.yaml\nseed: 8\n");
    assert_int_equal(scenario_of(&reading)->seed, 8);
    assert_int_equal(scenario_of(&reading)->network.way.latency_ns, 1000000);
    assert_true(scenario_of(&reading)->network.loss == 0.02);
    assert_int_equal(scenario_of(&reading)->services[0].replicas, 4);
    forget(&reading);
}

static void a_slip_in_a_parent_is_shown_in_the_parent(void **state)
{
    (void)state;
    write_text("base.yaml", DELIVERY "duration: 5\n");
    expect_problem("extends: base.yaml\n", "base.yaml:3:11: error: \"duration: 5\"");
}

static void parents_that_circle_or_climb_too_high_are_refused(void **state)
{
    char name[32], text[64];

    (void)state;
    expect_problem("extends: story.yaml\n", "extends itself in a circle");
    write_text("a.yaml", "extends: story.yaml\n");
    expect_problem("extends: a.yaml\n", "a.yaml:1:10: error: \"story.yaml\" extends itself");
    for (int i = 0; i < 6; i++) {
        (void)sprintf(name, "p%d.yaml", i);
        (void)sprintf(text, "extends: p%d.yaml\n", i + 1);
        write_text(name, text);
    }
    expect_problem("extends: p0.yaml\n", "more than 4 parents");
    expect_problem("extends: nowhere.yaml\n",
                   "story.yaml:1:10: error: there is no such file: \"nowhere.yaml\"; the path "
                   "starts at the folder of this file\n");
    expect_problem("extends: [a]\n", "extends is the path of one file");
}

static void a_parent_stays_near_the_scenario(void **state)
{
    struct reading reading;

    (void)state;
    assert_int_equal(mkdir("deep", 0700), 0);
    assert_int_equal(mkdir("deep/deeper", 0700), 0);
    write_text("near.yaml", DELIVERY);
    write_text("deep/beside.yaml", "extends: ../near.yaml\n");
    write_text("deep/deeper/far.yaml", "extends: ../../near.yaml\n");
    write_text("deep/deeper/root.yaml", "extends: /etc/hostname\n");
    assert_int_equal(symlink("/etc/hostname", "deep/deeper/link"), 0);
    write_text("deep/deeper/linked.yaml", "extends: link\n");
    read_file(&reading, "deep/beside.yaml", NULL, 0);
    assert_true(reading.is_good);
    forget(&reading);
    for (int i = 0; i < 3; i++) {
        static const char *const far[] = {"deep/deeper/far.yaml", "deep/deeper/root.yaml",
                                          "deep/deeper/linked.yaml"};

        read_file(&reading, far[i], NULL, 0);
        expect_words(&reading, "a parent's path is relative and stays below");
        forget(&reading);
        assert_int_equal(unlink(far[i]), 0);
    }
    assert_int_equal(unlink("deep/deeper/link"), 0);
    assert_int_equal(unlink("deep/beside.yaml"), 0);
    assert_int_equal(rmdir("deep/deeper"), 0);
    assert_int_equal(rmdir("deep"), 0);
}

static void the_digest_covers_the_file_its_parents_and_the_overrides(void **state)
{
    struct reading first, second;

    (void)state;
    write_text("base.yaml", DELIVERY);
    read_text(&first, "extends: base.yaml\n");
    read_text(&second, "extends: base.yaml\n");
    assert_string_equal(first.story.sha256, second.story.sha256);
    assert_int_equal(strlen(first.story.sha256), 64);
    forget(&second);
    write_text("base.yaml", DELIVERY "\n");
    read_text(&second, "extends: base.yaml\n");
    assert_string_not_equal(first.story.sha256, second.story.sha256);
    forget(&first);
    read_set(&first, "extends: base.yaml\n", "seed=42");
    assert_string_not_equal(first.story.sha256, second.story.sha256);
    forget(&first);
    forget(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_variant_is_the_scenario_with_its_overrides),
        cmocka_unit_test(a_list_replaces_a_list_and_positions_change_it),
        cmocka_unit_test(a_slip_in_a_variant_points_into_the_variant),
        cmocka_unit_test(set_edits_the_file_and_is_typed_by_the_same_table),
        cmocka_unit_test(set_lies_over_what_a_variant_says),
        cmocka_unit_test(a_slip_in_a_set_has_a_place_of_its_own),
        cmocka_unit_test(a_child_is_laid_over_its_parents),
        cmocka_unit_test(a_slip_in_a_parent_is_shown_in_the_parent),
        cmocka_unit_test(parents_that_circle_or_climb_too_high_are_refused),
        cmocka_unit_test(a_parent_stays_near_the_scenario),
        cmocka_unit_test(the_digest_covers_the_file_its_parents_and_the_overrides),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
