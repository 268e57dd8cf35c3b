/* Every shipped scenario keeps its promises on seeds that its author did not choose.
 *
 * The seeds are drawn when the test starts and printed first; SIM_STORY_SEED repeats them. Each
 * variant must end as its `expect:` says on every one of them: untouched loses, the taught answer
 * wins, the tempting wrong one loses; and no invariant breaks in any. */
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sim/scenario/load_story.h"

enum { SEEDS = 3 };

static uint64_t first_seed;

static const struct threshold *first_missed(const struct result *result)
{
    for (uint32_t i = 0; i < result->scenario->thresholds_max; i++)
        if (!result->thresholds[i].passed)
            return &result->scenario->thresholds[i];
    return NULL;
}

static void expect_as_promised(const struct result *result)
{
    const struct scenario *scenario = result->scenario;
    const struct threshold *missed = first_missed(result);

    assert_int_not_equal(scenario->expect, EXPECT_NOTHING);
    assert_int_equal(result->end, RUN_DONE);
    if (result->passed != (scenario->expect == EXPECT_PASS))
        fail_msg("%s, variant %s, seed %llu: expected to %s, but %s", scenario->name,
                 scenario->variant, (unsigned long long)result->seed,
                 scenario->expect == EXPECT_PASS ? "pass" : "fail",
                 missed == NULL ? "every threshold held" : missed->text);
}

static void tell_variant(const char *path, const char *variant)
{
    struct trial trial;

    trial_run(&trial, path, NULL, variant, first_seed, SEEDS);
    trial_holds(&trial);
    for (unsigned i = 0; i < SEEDS; i++)
        expect_as_promised(trial.results[i]);
    print_message("  %s %s: as promised\n", path, variant);
    trial_close(&trial);
}

static void tell(const char *path)
{
    struct problems *problems = problems_open();
    struct story story;

    assert_true(story_load(&story, path, NULL, 0, problems));
    for (uint32_t i = 0; i < story.variants_max; i++)
        tell_variant(path, story.variants[i].variant);
    story_close(&story);
    problems_close(problems);
}

static void every_shipped_scenario_keeps_its_promises(void **state)
{
    glob_t found;

    (void)state;
    assert_int_equal(glob("scenarios/*.yaml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 2);
    for (size_t i = 0; i < found.gl_pathc; i++)
        tell(found.gl_pathv[i]);
    globfree(&found);
}

int main(void)
{
    const char *given = getenv("SIM_STORY_SEED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_scenario_keeps_its_promises),
    };

    first_seed = given != NULL ? strtoull(given, NULL, 10)
                               : (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();
    print_message("SIM_STORY_SEED=%llu\n", (unsigned long long)first_seed);
    return cmocka_run_group_tests_name("stories", tests, NULL, NULL);
}
