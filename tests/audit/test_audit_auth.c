/* What the audit says of tokens: who was served with what, and what was promised. */
#include "tests/audit/audit_rig.h"

static const uint64_t second_ns = 1000000000;

static int setup(void **state)
{
    (void)state;
    rig_clear();
    lab.scenario.services_max = lab.scenario.loads_max = 1;
    lab.scenario.services[0].kind = KIND_GATEWAY;
    lab.scenario.loads[0].auth.as = LOAD_PEOPLE;
    lab.scenario.duration_ns = 10 * second_ns;
    return 0;
}

static void begin(enum auth_kind kind)
{
    lab.scenario.services[0].auth.kind = kind;
    rig_open();
    lab.now_ns = second_ns;
}

static void hear(struct token_news news)
{
    audit_ears.token(&lab.audit, &news);
}

/* A thief whose victim logged out at second 2, and whose token is good until second 8. */
static void thief_asks_at(uint64_t asked_ns, uint64_t accepted_ns, enum call_outcome outcome)
{
    lab.now_ns = asked_ns;
    hear((struct token_news){.kind = NEWS_THIEF,
                             .outcome = outcome,
                             .asked_ns = asked_ns,
                             .revoked_ns = 2 * second_ns,
                             .accepted_ns = accepted_ns,
                             .expires_ns = 8 * second_ns});
}

static void exposure_runs_from_the_logout_to_the_thiefs_last_success(void **state)
{
    (void)state;
    begin(AUTH_JWT);
    hear((struct token_news){.kind = NEWS_REVOKED, .is_robbed = true});
    hear((struct token_news){.kind = NEWS_REVOKED, .is_robbed = true}); /* Of another, who fails. */
    hear((struct token_news){.kind = NEWS_REVOKED});
    thief_asks_at(3 * second_ns, 0, CALL_OK);
    thief_asks_at(5 * second_ns, 3 * second_ns, CALL_ABSENT);
    thief_asks_at(6 * second_ns, 5 * second_ns, CALL_TIMEOUT);
    assert_int_equal(lab.result.auth.accepted_after_revocation, 2);
    assert_int_equal(lab.result.auth.exposures, 2);
    assert_int_equal(lab.result.auth.exposure_sum_ms, 3000);
    assert_int_equal(lab.result.auth.exposure_max_ms, 3000);
    assert_int_equal(lab.result.auth.hostile, 3);
    assert_int_equal(lab.result.auth.revoked, 3);
    rig_end(true);
    expect_breaks(0, NULL);
}

static void what_a_thief_asked_before_the_logout_is_no_exposure(void **state)
{
    (void)state;
    begin(AUTH_SESSION);
    thief_asks_at(2 * second_ns, 0, CALL_OK); /* At the very instant, on its way already. */
    rig_end(true);
    assert_int_equal(lab.result.auth.accepted_after_revocation, 0);
    expect_breaks(0, NULL);
}

static void where_tokens_are_looked_up_a_revoked_one_is_never_served(void **state)
{
    (void)state;
    begin(AUTH_SESSION);
    thief_asks_at(3 * second_ns, 0, CALL_OK);
    rig_end(true);
    expect_breaks(1, "no revoked token is accepted");
}

static void a_store_that_may_have_forgotten_promises_nothing(void **state)
{
    (void)state;
    lab.scenario.faults_max = 1;
    strcpy(lab.scenario.faults[0].target, "store");
    begin(AUTH_JWT_DENYLIST);
    thief_asks_at(3 * second_ns, 0, CALL_OK);
    rig_end(true);
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.auth.accepted_after_revocation, 1);
}

static void unless_it_wrote_everything_down(void **state)
{
    (void)state;
    lab.scenario.faults_max = 1;
    strcpy(lab.scenario.faults[0].target, "store");
    lab.scenario.store.is_persistent = true;
    begin(AUTH_JWT_DENYLIST);
    thief_asks_at(3 * second_ns, 0, CALL_OK);
    rig_end(true);
    expect_breaks(1, "no revoked token is accepted");
}

static void who_accepts_without_a_store_promises_nothing(void **state)
{
    (void)state;
    lab.scenario.services[0].auth.accepts_without_store = true;
    begin(AUTH_JWT_DENYLIST);
    thief_asks_at(3 * second_ns, 0, CALL_OK);
    rig_end(true);
    expect_breaks(0, NULL);
}

static void an_expired_token_is_never_served_whatever_the_kind(void **state)
{
    (void)state;
    begin(AUTH_JWT);
    thief_asks_at(8 * second_ns - 1, 0, CALL_OK);
    expect_breaks(0, NULL);
    thief_asks_at(8 * second_ns, 0, CALL_OK);
    expect_breaks(1, "no expired token is accepted");
}

static void a_forged_token_is_never_served_where_tokens_are_looked_at(void **state)
{
    (void)state;
    begin(AUTH_JWT);
    hear((struct token_news){.kind = NEWS_FORGER, .outcome = CALL_DENIED, .flaw = TOKEN_ALG_NONE});
    hear((struct token_news){.kind = NEWS_FORGER, .outcome = CALL_TIMEOUT});
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.auth.refused[TOKEN_ALG_NONE], 1);
    hear((struct token_news){.kind = NEWS_FORGER, .outcome = CALL_ABSENT});
    expect_breaks(1, "no forged token is accepted");
    assert_int_equal(lab.result.auth.forged_accepted, 1);
}

static void where_nobody_looks_it_is_a_figure_and_no_break(void **state)
{
    (void)state;
    begin(AUTH_NONE);
    hear((struct token_news){.kind = NEWS_FORGER, .outcome = CALL_OK});
    rig_end(true);
    expect_breaks(0, NULL);
    assert_int_equal(lab.result.auth.forged_accepted, 1);
}

/* A second gateway, whose people come first in the file, looks every token up. */
static void each_gateway_is_held_to_its_own_promise(void **state)
{
    struct token_news served = {.kind = NEWS_THIEF,
                                .outcome = CALL_OK,
                                .asked_ns = 3 * second_ns,
                                .revoked_ns = 2 * second_ns,
                                .expires_ns = 8 * second_ns};

    (void)state;
    lab.scenario.services_max = lab.scenario.loads_max = 2;
    lab.scenario.services[1] =
        (struct service_spec){.kind = KIND_GATEWAY, .auth.kind = AUTH_SESSION};
    lab.scenario.loads[0].service = 1;
    lab.scenario.loads[1].auth.as = LOAD_PEOPLE;
    begin(AUTH_JWT);
    hear(served);
    rig_end(true);
    expect_breaks(0, NULL);
    served.service = 1;
    hear(served);
    rig_end(true);
    expect_breaks(1, "no revoked token is accepted");
}

static void the_warm_up_is_in_no_figure_and_breaks_all_the_same(void **state)
{
    (void)state;
    lab.scenario.warmup_ns = 5 * second_ns;
    begin(AUTH_SESSION);
    hear((struct token_news){.kind = NEWS_LOGIN});
    hear((struct token_news){.kind = NEWS_DENIED, .flaw = TOKEN_EXPIRED});
    thief_asks_at(3 * second_ns, 0, CALL_OK);
    assert_int_equal(lab.result.auth.logins, 0);
    assert_int_equal(lab.result.auth.hostile, 0);
    assert_int_equal(lab.result.auth.refused[TOKEN_EXPIRED], 0);
    rig_end(true);
    expect_breaks(1, "no revoked token is accepted");
}

/* The victim logged out at the second second, the thief goes on behind the fifth: the mean is that
 * of revocations which are counted, and this one is not. */
static void an_exposure_that_began_in_the_warm_up_is_in_no_mean(void **state)
{
    (void)state;
    lab.scenario.warmup_ns = 5 * second_ns;
    begin(AUTH_JWT);
    thief_asks_at(6 * second_ns, 0, CALL_OK);
    assert_int_equal(lab.result.auth.accepted_after_revocation, 1);
    assert_float_equal(lab.result.auth.exposure_sum_ms, 0, 0);
    assert_float_equal(lab.result.auth.exposure_max_ms, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exposure_runs_from_the_logout_to_the_thiefs_last_success),
        TEST(what_a_thief_asked_before_the_logout_is_no_exposure),
        TEST(where_tokens_are_looked_up_a_revoked_one_is_never_served),
        TEST(a_store_that_may_have_forgotten_promises_nothing),
        TEST(unless_it_wrote_everything_down),
        TEST(who_accepts_without_a_store_promises_nothing),
        TEST(an_expired_token_is_never_served_whatever_the_kind),
        TEST(a_forged_token_is_never_served_where_tokens_are_looked_at),
        TEST(where_nobody_looks_it_is_a_figure_and_no_break),
        TEST(each_gateway_is_held_to_its_own_promise),
        TEST(the_warm_up_is_in_no_figure_and_breaks_all_the_same),
        TEST(an_exposure_that_began_in_the_warm_up_is_in_no_mean),
    };

    return cmocka_run_group_tests_name("audit of tokens", tests, NULL, NULL);
}
