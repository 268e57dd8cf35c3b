/* Backoff, jitter and the budget. */
#include "tests/lib/test.h"

#include "sim/load/retry.h"

static const uint64_t ms = 1000000;

static void backoff_doubles_up_to_its_cap(void **state)
{
    const struct retry_spec spec = {.backoff_ns = 100 * 1000000, .backoff_max_ns = 350 * 1000000};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "test");
    assert_int_equal(retry_delay_ns(&spec, 1, &dice), 100 * ms);
    assert_int_equal(retry_delay_ns(&spec, 2, &dice), 200 * ms);
    assert_int_equal(retry_delay_ns(&spec, 3, &dice), 350 * ms);
    assert_int_equal(retry_delay_ns(&spec, 200, &dice), 350 * ms);
}

static void full_jitter_spreads_from_nothing_to_the_backoff(void **state)
{
    const struct retry_spec spec = {
        .backoff_ns = 100 * 1000000, .backoff_max_ns = 1000 * 1000000, .jitter = JITTER_FULL};
    uint64_t least = UINT64_MAX, most = 0;
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "test");
    for (int i = 0; i < 1000; i++) {
        uint64_t delay = retry_delay_ns(&spec, 1, &dice);

        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    assert_true(least < 2 * ms && most > 98 * ms && most <= 100 * ms);
}

static void equal_jitter_never_falls_below_half(void **state)
{
    const struct retry_spec spec = {
        .backoff_ns = 100 * 1000000, .backoff_max_ns = 1000 * 1000000, .jitter = JITTER_EQUAL};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "test");
    for (int i = 0; i < 1000; i++)
        assert_in_range(retry_delay_ns(&spec, 1, &dice), 50 * ms, 100 * ms);
}

/* A thousand requests that all fail: without a budget each is tried three times; with one of 10 %
 * the load grows by a tenth. */
static void a_budget_bounds_the_retries_of_all(void **state)
{
    const struct retry_spec spec = {.attempts = 3, .budget = 0.1};
    struct retry_budget budget = {0};
    unsigned retries = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        retry_first_try(&budget, &spec);
        for (uint32_t attempts = 1; retry_allows(&budget, &spec, attempts); attempts++)
            retries++;
    }
    assert_in_range(retries, 95, 100);
}

static void a_calm_hour_saves_up_no_more_than_ten_tokens(void **state)
{
    const struct retry_spec spec = {.attempts = 1000, .budget = 0.5};
    struct retry_budget budget = {0};
    uint32_t attempts = 1;

    (void)state;
    for (int i = 0; i < 1000; i++)
        retry_first_try(&budget, &spec);
    while (retry_allows(&budget, &spec, attempts))
        attempts++;
    assert_int_equal(attempts - 1, RETRY_TOKENS_MAX);
}

static void the_last_attempt_is_not_followed_by_another(void **state)
{
    const struct retry_spec spec = {.attempts = 3, .budget = 1};
    struct retry_budget budget = {0};

    (void)state;
    assert_true(retry_allows(&budget, &spec, 2));
    assert_false(retry_allows(&budget, &spec, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_doubles_up_to_its_cap),
        cmocka_unit_test(full_jitter_spreads_from_nothing_to_the_backoff),
        cmocka_unit_test(equal_jitter_never_falls_below_half),
        cmocka_unit_test(a_budget_bounds_the_retries_of_all),
        cmocka_unit_test(a_calm_hour_saves_up_no_more_than_ten_tokens),
        cmocka_unit_test(the_last_attempt_is_not_followed_by_another),
    };

    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
