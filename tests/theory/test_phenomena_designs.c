/* The shipped scenarios teach something: a design that loses, one that wins, and each cure needed.
 *
 * tests/stories holds every `expect:` on fresh seeds; here it is held that there is something to
 * expect. Others ship scenarios that pass untouched, or whose taught cure is not needed. */
#include "tests/theory/phenomena.h"

#include <glob.h>
#include <string.h>

#include "sim/scenario/load_story.h"

static uint32_t count_expecting(const struct story *story, enum expectation expectation)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < story->variants_max; i++)
        n += story->variants[i].expect == expectation;
    return n;
}

static void hold(const char *path)
{
    struct problems *problems = problems_open();
    struct story story;

    assert_true(story_load(&story, path, NULL, 0, problems));
    print_message("%s: %u variants win, %u lose\n", path, count_expecting(&story, EXPECT_PASS),
                  count_expecting(&story, EXPECT_FAIL));
    assert_true(count_expecting(&story, EXPECT_PASS) > 0);
    assert_true(count_expecting(&story, EXPECT_FAIL) > 0);
    assert_int_equal(count_expecting(&story, EXPECT_NOTHING), 0);
    assert_true(story.variants[0].thresholds_max > 0);
    story_close(&story);
    problems_close(problems);
}

static void every_shipped_scenario_has_a_design_that_loses_and_one_that_wins(void **state)
{
    glob_t found;

    (void)state;
    assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        hold(found.gl_pathv[i]);
    globfree(&found);
}

/* Ablation: what a cure changes is set back, and the scenario must fail again. */
static void expect_needed(const char *path, const char *variant, const char *undone)
{
    const char *const overrides[] = {undone, NULL};
    struct trial trial;

    trial_run(&trial, path, overrides, variant, 101, 2);
    for (unsigned i = 0; i < trial.seeds; i++)
        if (trial.results[i]->passed)
            fail_msg("%s: %s passes without its cure (%s)", path, variant, undone);
    print_message("%s: needed by %s\n", undone, variant);
    trial_close(&trial);
}

static void each_taught_cure_is_needed(void **state)
{
    static const char spike[] = "scenarios/spike.yaml", likes[] = "scenarios/likes.yaml";

    (void)state;
    expect_needed(spike, "vertical", "variants.vertical.services.delivery.cores=1");
    expect_needed(spike, "horizontal", "variants.horizontal.services.delivery.replicas=2");
    expect_needed(spike, "cache", "variants.cache.services.delivery.menu.cache=false");
    expect_needed(spike, "queue", "variants.queue.services.delivery.orders=sync");
    expect_needed(spike, "autoscale", "variants.autoscale.services.delivery.autoscale.max=2");
    expect_needed(likes, "batched", "variants.batched.services.batcher.batch=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_scenario_has_a_design_that_loses_and_one_that_wins),
        cmocka_unit_test(each_taught_cure_is_needed),
    };

    return cmocka_run_group_tests_name("phenomena of designs", tests, NULL, NULL);
}
