/* What the whiteboard does not estimate, since what an overload loses sets something off that no
 * formula knows: it says so, and gives no figure. */
#include "tests/theory/estimate.h"

static void expect_refused(const struct theory *theory, const char *en, const char *ru)
{
    const struct estimate_result *result = &theory->result;
    bool is_said = false;

    for (uint32_t i = 0; i < theory->why_max; i++)
        is_said |= strstr(theory->why[i].en, en) != NULL && strstr(theory->why[i].ru, ru) != NULL;
    assert_true(is_said);
    assert_false(result->p50_ms.has_value || result->p99_ms.has_value || result->lost.has_value ||
                 result->goodput_rps.has_value || result->utilization[0].has_value);
}

/* It stays down for good; nothing is shed, but every answer comes after its client hung up. */
static void a_metastable_failure_is_not_estimated_as_recovering(void **state)
{
    struct trial trial;
    struct theory *theory;

    (void)state;
    trial_run(&trial, "scenarios/overload.yaml", NULL, "untouched", 1, 1);
    theory = estimate_of_trial(&trial);
    expect_refused(theory, "retries", "повторы");
    theory_close(theory);
    trial_close(&trial);
}

static struct theory *estimate_story(struct trial *trial, const char *load, const char *design)
{
    run_story(trial, 1,
              NO_NETWORK "duration: 4s\nload: [%s]\n"
                         "services: {web: {queue: 1M, in_flight: 1M, %s}}\n",
              load, design);
    return estimate_of_trial(trial);
}

#define WORK "steps: [{compute: 1ms}]"

static void what_an_overload_sets_off_is_not_estimable(void **state)
{
    static const struct {
        const char *load, *design, *en, *ru;
    } rows[] = {
        {"{verb: menu, to: web, rate: 1500/s, timeout: 100ms}",
         WORK "}}\nbalancer: {policy: random, attempts: 2, health: {every: 0s", "retries",
         "повторы"},
        {"{rate: 1500/s, timeout: 100ms}",
         WORK "}}\nbalancer: {policy: random, timeout: 50ms, breaker: {failures: 50%", "breaker",
         "предохранитель"},
        {"{rate: 1500/s}", WORK ", runtime: {threads: 1}, line: lifo", "lifo", "lifo"},
        {"{rate: 1500/s}", WORK ", runtime: {threads: 1}, line: codel", "codel", "codel"},
        {"{rate: 1500/s, patience: 100ms, passes_deadline: yes}", WORK, "deadlines", "сроки"},
        {"{rate: 1500/s}, {arrivals: closed, users: 10, think: 1s}", WORK, "closed", "closed"},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct trial trial;
        struct theory *theory = estimate_story(&trial, rows[i].load, rows[i].design);

        print_message("%s\n", rows[i].en);
        expect_refused(theory, rows[i].en, rows[i].ru);
        theory_close(theory);
        trial_close(&trial);
    }
}

/* Where nothing is lost nothing is set off. */
static void what_is_there_for_an_overload_harms_no_calm_estimate(void **state)
{
    static const struct {
        const char *load, *design;
    } rows[] = {
        {"{rate: 500/s, timeout: 1s, retry: {attempts: 3}}", WORK},
        {"{rate: 500/s}", WORK "}}\nbalancer: {policy: random, breaker: {failures: 50%"},
        {"{rate: 500/s}", WORK ", runtime: {threads: 1}, line: lifo"},
        {"{rate: 500/s, patience: 1s, passes_deadline: yes}", WORK},
        {"{rate: 500/s}, {arrivals: closed, users: 10, think: 1s}", WORK},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct trial trial;
        struct theory *theory = estimate_story(&trial, rows[i].load, rows[i].design);

        assert_int_equal(theory->why_max, 0);
        assert_true(theory->result.p99_ms.has_value && theory->result.utilization[0].has_value);
        theory_close(theory);
        trial_close(&trial);
    }
}

static void pages_of_memcached_that_came_first_are_not_estimable(void **state)
{
    static const char *const variants[] = {"memcached_small", "memcached_large"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct trial trial;
        struct theory *theory;

        trial_run(&trial, "scenarios/cache_choice.yaml", NULL, variants[i], 1, 1);
        theory = estimate_of_variant(&trial, variants[i]);
        assert_int_equal(theory->result.hit_rate.has_value, i == 1);
        assert_int_equal(theory->why_max, i == 0);
        theory_close(theory);
        trial_close(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metastable_failure_is_not_estimated_as_recovering),
        cmocka_unit_test(what_an_overload_sets_off_is_not_estimable),
        cmocka_unit_test(what_is_there_for_an_overload_harms_no_calm_estimate),
        cmocka_unit_test(pages_of_memcached_that_came_first_are_not_estimable),
    };

    return cmocka_run_group_tests_name("estimate, refused", tests, NULL, NULL);
}
