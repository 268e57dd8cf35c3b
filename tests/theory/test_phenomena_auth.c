/* Who may ask: exposure by the closed form, and what it costs to look. */
#include "tests/theory/phenomena.h"

/* Everybody is robbed, at an instant that is drawn evenly over the token's life of T seconds, and
 * logs out at once: what is left of the token is uniform over 0 … T. */
#define ROBBED                                                                                     \
    NO_NETWORK "duration: %ds\nstore: {latency: 0s, command: 0s}\n"                                \
               "load: [{verb: call, arrivals: closed, users: 20, think: 200ms,\n"                  \
               "        auth: {stolen: 100%%, thief_every: 20ms,\n"                                \
               "               after: {dist: uniform, mean: 5s, spread: 100%%}}}]\n"               \
               "services:\n"                                                                       \
               "  gateway: {auth: {kind: %s}, work: {light: 0s}, cores: 8}\n"                      \
               "  api: {steps: [{compute: 0s}]}\n"

/* A thief tries every 20 ms, so his last success is 10 ms early on average. Whom the run's end at
 * D cuts off, a share of T/D, stays in for T/3 on average and not T/2:
 *
 *   E = T/2 (1 − T/D) + T/3 (T/D) − 10 ms */
static void a_stolen_token_lets_a_thief_in_for_half_its_life(void **state)
{
    const double life = 10000, run = 200000, cut = life / run;
    const double expected = life / 2 * (1 - cut) + life / 3 * cut - 10;
    struct trial trial;
    struct estimate mean;

    (void)state;
    run_story(&trial, 20, ROBBED, 200, "jwt, ttl: 10s");
    mean = trial_estimate(&trial, "auth.exposure_mean");
    print_message("  mean exposure %.0f ± %.0f ms, expected %.0f\n", mean.mean, mean.half_width,
                  expected);
    assert_true(mean.half_width < 0.02 * expected);
    assert_true(fabs(mean.mean - expected) <= mean.half_width + 20);
    for (unsigned i = 0; i < trial.seeds; i++) /* And never for longer than all of it. */
        expect_between("the longest of a run, ms", trial.results[i]->auth.exposure_max_ms,
                       0.95 * life, life);
    trial_close(&trial);
}

static void where_every_token_is_looked_up_for_no_time_at_all(void **state)
{
    static const char *const kinds[] = {"session", "jwt_denylist"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct trial trial;

        run_story(&trial, 3, ROBBED, 20, kinds[i]);
        assert_true(first(&trial)->auth.stolen > 30);
        expect_between("requests of thieves served afterwards",
                       mean_of(&trial, "auth.accepted_after_revocation"), 0, 0);
        trial_close(&trial);
    }
}

/* λ E[verify] of one core, and nothing of the store. */
#define CALLS                                                                                      \
    NO_NETWORK "duration: 30s\nstore: {latency: 0s, command: 20us}\n"                              \
               "load: [{verb: call, rate: 1000/s, people: 50, auth: people}]\n"                    \
               "services:\n"                                                                       \
               "  gateway: {auth: {kind: %s}, work: {light: 0s}}\n"                                \
               "  api: {steps: [{compute: 0s}]}\n"                                                 \
               "tokens: {hs256: {verify: 100us}, session: 0s}\n"

static void a_signature_costs_a_core_and_a_session_the_store(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 5, CALLS, "jwt");
    expect_about("a core by signatures: 1000/s × 100 us",
                 mean_of(&trial, "services.gateway.utilization"), 0.1, 0.02);
    expect_between("the store", mean_of(&trial, "store.utilization"), 0, 0.001);
    trial_close(&trial);
    run_story(&trial, 5, CALLS, "session");
    expect_about("the store by sessions: 1000/s × 20 us", mean_of(&trial, "store.utilization"),
                 0.02, 0.02);
    expect_between("a core", mean_of(&trial, "services.gateway.utilization"), 0, 0.001);
    trial_close(&trial);
}

/* N people whose tokens live for T renew them N / (T + what they wait until they ask again). The
 * first token is no refresh, and the end of the run cuts off the last one's life: half a life. */
static void a_short_life_is_paid_for_with_refreshes(void **state)
{
    struct trial trial;

    (void)state;
    run_story(&trial, 5,
              NO_NETWORK "duration: 100s\nstore: {latency: 0s, command: 0s}\n"
                         "load: [{verb: call, arrivals: closed, users: 100,\n"
                         "        think: {dist: exponential, mean: 100ms}, auth: people}]\n"
                         "services:\n"
                         "  gateway: {auth: {kind: jwt, ttl: 2s}, work: {light: 0s}}\n"
                         "  api: {steps: [{compute: 0s}]}\n");
    expect_about("refreshes: 100 × 100 s / 2.1 s", mean_of(&trial, "auth.refreshes"),
                 100 * (100 / 2.1 - 0.5), 0.01);
    trial_close(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stolen_token_lets_a_thief_in_for_half_its_life),
        cmocka_unit_test(where_every_token_is_looked_up_for_no_time_at_all),
        cmocka_unit_test(a_signature_costs_a_core_and_a_session_the_store),
        cmocka_unit_test(a_short_life_is_paid_for_with_refreshes),
    };

    return cmocka_run_group_tests_name("phenomena: auth", tests, NULL, NULL);
}
