/* The gateway's sessions: how they begin, go on and end. */
#include "tests/lib/test.h"
#include "services/gateway/gateway.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { OURS = 7, TOKEN = 77, NEXT = 78, USER = 9 };

static const uint64_t ms = 1000000;
static const struct token_claims claims = {
    .user = USER, .session = 0x1234, .proof = 555, .audience = OURS, .expires_ns = INT64_MAX};
static struct stage stage;
static struct gateway_config config;

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct gateway_config){.in_flight = 2,
                                     .work = {.kind = DIST_CONSTANT, .mean = 1e6},
                                     .audience = OURS,
                                     .ttl_ns = 900000 * ms,
                                     .session_ns = 86400000 * ms,
                                     .leeway_ns = 2000 * ms,
                                     .store_timeout_ns = 50 * ms,
                                     .ask_timeout_ns = 1000 * ms};
    dist_init(&config.work);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stage_close(&stage);
    return 0;
}

static void open_gateway(enum gateway_kind kind)
{
    config.kind = kind;
    stage_start(&stage, &gateway_service, gateway_init(&config, &stage.ports));
}

static struct visit *ask_with(enum verb verb, uint64_t token)
{
    const struct ask ask = {.verb = (uint8_t)verb, .user = USER, .token = token};
    struct visit *visit = stage_ask(&stage, &ask);

    expect_cpu(&stage);
    return visit;
}

static uint64_t session_key(void)
{
    return store_key(SPACE_SESSION, claims.session);
}

static void expect_end(const struct visit *visit, enum call_outcome outcome, int64_t value)
{
    assert_int_equal(expect_answer(&stage, visit, outcome, value)->value, value);
    expect_silence(&stage);
}

/* ---- Login ----------------------------------------------------------------------------------- */

static void a_login_is_answered_once_the_store_has_the_session(void **state)
{
    struct visit *visit;
    struct line *line;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = ask_with(VERB_LOGIN, 0);
    line = expect_issue(&stage, TOKEN, &claims);
    assert_int_equal(line->order.user, USER);
    assert_int_equal(line->order.audience, OURS);
    assert_int_equal(line->order.lifetime_ns, config.ttl_ns);
    assert_int_equal(line->order.session_ns, config.session_ns);
    assert_int_equal(line->order.renews, 0);
    assert_true(line->order.is_signed);
    line = expect_store_set(&stage, session_key(), claims.proof, CALL_OK);
    assert_int_equal(line->ttl_ns, config.session_ns);
    expect_end(visit, CALL_OK, TOKEN);
}

static void where_sessions_are_looked_up_nothing_is_signed(void **state)
{
    (void)state;
    open_gateway(GATEWAY_SESSION);
    ask_with(VERB_LOGIN, 0);
    assert_false(expect_issue(&stage, TOKEN, &claims)->order.is_signed);
    stage_hear(&stage, LINE_STORE_SET);
}

static void a_session_that_is_not_kept_is_no_login_and_its_token_is_dropped(void **state)
{
    static const enum call_outcome outcomes[] = {CALL_TIMEOUT, CALL_REFUSED, CALL_FAILED};

    (void)state;
    open_gateway(GATEWAY_JWT);
    for (size_t i = 0; i < 3; i++) {
        struct visit *visit = ask_with(VERB_LOGIN, 0);

        expect_issue(&stage, TOKEN, &claims);
        expect_store_set(&stage, session_key(), claims.proof, outcomes[i]);
        expect_drop(&stage, TOKEN);
        expect_end(visit, CALL_REFUSED, 0);
    }
}

static void a_token_that_cannot_be_made_is_an_error(void **state)
{
    struct visit *visit;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = ask_with(VERB_LOGIN, 0);
    expect_issue(&stage, 0, NULL);
    expect_end(visit, CALL_FAILED, 0);
}

static void what_gives_way_on_the_processor_is_shed(void **state)
{
    static const enum verb verbs[] = {VERB_LOGIN, VERB_REFRESH, VERB_REVOKE};

    (void)state;
    open_gateway(GATEWAY_JWT);
    for (size_t i = 0; i < 3; i++) {
        const struct ask ask = {.verb = (uint8_t)verbs[i], .user = USER, .token = TOKEN};
        struct visit *visit = stage_ask(&stage, &ask);

        stage_reply(&stage, stage_hear(&stage, LINE_CPU), CALL_SHED, 0);
        expect_end(visit, CALL_SHED, 0);
    }
    for (size_t i = 0; i < 3; i++) {
        struct visit *visit = ask_with(verbs[i], TOKEN);
        enum line_kind kind = verbs[i] == VERB_LOGIN ? LINE_ISSUE : LINE_VERIFY;

        stage_reply(&stage, stage_hear(&stage, kind), CALL_SHED, 0);
        expect_end(visit, CALL_SHED, 0);
    }
}

/* ---- Refresh --------------------------------------------------------------------------------- */

static struct visit *refresh_is_read(enum gateway_kind kind)
{
    struct visit *visit;

    open_gateway(kind);
    visit = ask_with(VERB_REFRESH, TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &claims, TOKEN_SOUND);
    return visit;
}

static void a_session_that_is_there_is_given_a_new_token(void **state)
{
    struct visit *visit = refresh_is_read(GATEWAY_JWT_DENYLIST);
    struct line *line;

    (void)state;
    expect_store_get(&stage, session_key(), CALL_OK, claims.proof);
    line = expect_issue(&stage, NEXT, &claims);
    assert_int_equal(line->order.renews, TOKEN);
    assert_int_equal(line->order.user, claims.user);
    assert_true(line->order.is_signed);
    expect_end(visit, CALL_OK, NEXT);
}

/* Else a logout that finds no session would leave a token that is good for a while. */
static void a_token_does_not_outlive_its_session(void **state)
{
    struct token_claims nearly_over = claims;
    struct visit *visit;

    (void)state;
    nearly_over.expires_ns = (int64_t)(stage.now_ns + 5 * ms);
    open_gateway(GATEWAY_JWT_DENYLIST);
    visit = ask_with(VERB_REFRESH, TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &nearly_over, TOKEN_SOUND);
    expect_store_get(&stage, session_key(), CALL_OK, claims.proof);
    assert_int_equal(expect_issue(&stage, NEXT, &claims)->order.lifetime_ns, 5 * ms);
    expect_end(visit, CALL_OK, NEXT);
    visit = ask_with(VERB_REFRESH, TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &nearly_over, TOKEN_SOUND);
    stage.now_ns += 5 * ms; /* The store's clock is a little late. */
    expect_store_get(&stage, session_key(), CALL_OK, claims.proof);
    expect_end(visit, CALL_DENIED, TOKEN_EXPIRED);
}

static void nor_does_the_first_one(void **state)
{
    (void)state;
    config.session_ns = 7 * ms;
    open_gateway(GATEWAY_JWT);
    ask_with(VERB_LOGIN, 0);
    assert_int_equal(expect_issue(&stage, TOKEN, &claims)->order.lifetime_ns, 7 * ms);
    stage_hear(&stage, LINE_STORE_SET);
}

static void a_session_that_has_ended_is_not(void **state)
{
    struct visit *visit = refresh_is_read(GATEWAY_JWT);

    (void)state;
    expect_store_get(&stage, session_key(), CALL_ABSENT, 0);
    expect_end(visit, CALL_DENIED, TOKEN_REVOKED);
}

static void nor_one_that_was_guessed(void **state)
{
    struct visit *visit = refresh_is_read(GATEWAY_JWT);

    (void)state;
    expect_store_get(&stage, session_key(), CALL_OK, claims.proof + 1);
    expect_end(visit, CALL_DENIED, TOKEN_REVOKED);
}

static void a_refresh_without_a_store_did_not_happen(void **state)
{
    struct visit *visit = refresh_is_read(GATEWAY_JWT);

    (void)state;
    expect_store_get(&stage, session_key(), CALL_TIMEOUT, 0);
    expect_end(visit, CALL_REFUSED, 0);
}

static void a_signed_token_renews_nothing(void **state)
{
    struct visit *visit;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = ask_with(VERB_REFRESH, TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, NULL, TOKEN_MALFORMED);
    expect_end(visit, CALL_DENIED, TOKEN_MALFORMED);
    expect_end(ask_with(VERB_REFRESH, 0), CALL_DENIED, TOKEN_MISSING);
}

static void where_nothing_is_signed_there_is_nothing_to_renew(void **state)
{
    (void)state;
    open_gateway(GATEWAY_SESSION);
    expect_end(ask_with(VERB_REFRESH, TOKEN), CALL_ABSENT, 0);
}

/* ---- Revoke ---------------------------------------------------------------------------------- */

static struct visit *logout_finds_it(enum gateway_kind kind)
{
    struct visit *visit;

    open_gateway(kind);
    visit = ask_with(VERB_REVOKE, TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &claims, TOKEN_SOUND);
    expect_store_get(&stage, session_key(), CALL_OK, claims.proof);
    return visit;
}

static void a_logout_takes_the_session_out_of_the_store(void **state)
{
    struct visit *visit = logout_finds_it(GATEWAY_SESSION);

    (void)state;
    expect_store_expire(&stage, session_key(), 0, CALL_OK);
    expect_end(visit, CALL_OK, 1);
}

/* The list first: while the session is there the logout can be asked again. The entry outlives any
 * token that a refresh may still be signing. */
static void with_a_denylist_its_tokens_are_dead_before_the_session_goes(void **state)
{
    struct visit *visit = logout_finds_it(GATEWAY_JWT_DENYLIST);
    struct line *line;

    (void)state;
    line = expect_store_set(&stage, store_key(SPACE_DENIED, claims.session), 1, CALL_OK);
    assert_int_equal(line->ttl_ns, 2 * config.ttl_ns + config.leeway_ns);
    expect_store_expire(&stage, session_key(), 0, CALL_OK);
    expect_end(visit, CALL_OK, 1);
}

static void a_logout_that_the_list_did_not_hear_is_none(void **state)
{
    struct visit *visit = logout_finds_it(GATEWAY_JWT_DENYLIST);

    (void)state;
    expect_store_set(&stage, store_key(SPACE_DENIED, claims.session), 1, CALL_TIMEOUT);
    expect_end(visit, CALL_REFUSED, 0); /* And the session stays, to be asked about again. */
}

static void a_session_that_may_still_be_there_is_no_logout(void **state)
{
    struct visit *visit = logout_finds_it(GATEWAY_JWT);

    (void)state;
    expect_store_expire(&stage, session_key(), 0, CALL_FAILED);
    expect_end(visit, CALL_REFUSED, 0);
}

static void a_session_that_went_meanwhile_is_a_logout(void **state)
{
    struct visit *visit = logout_finds_it(GATEWAY_JWT);

    (void)state;
    expect_store_expire(&stage, session_key(), 0, CALL_ABSENT);
    expect_end(visit, CALL_OK, 1);
}

static void nobody_ends_a_session_that_is_not_theirs(void **state)
{
    struct visit *visit;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = ask_with(VERB_REVOKE, TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &claims, TOKEN_SOUND);
    expect_store_get(&stage, session_key(), CALL_OK, claims.proof + 1);
    expect_end(visit, CALL_ABSENT, 0);
    expect_end(ask_with(VERB_REVOKE, 0), CALL_DENIED, TOKEN_MISSING);
}

static void a_logout_without_a_store_did_not_happen(void **state)
{
    struct visit *visit;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = ask_with(VERB_REVOKE, TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &claims, TOKEN_SOUND);
    expect_store_get(&stage, session_key(), CALL_REFUSED, 0);
    expect_end(visit, CALL_REFUSED, 0);
}

static void without_auth_a_login_gives_nothing_and_a_logout_takes_nothing(void **state)
{
    (void)state;
    open_gateway(GATEWAY_NONE);
    expect_end(ask_with(VERB_LOGIN, 0), CALL_OK, 0);
    expect_end(ask_with(VERB_REFRESH, 0), CALL_ABSENT, 0);
    expect_end(ask_with(VERB_REVOKE, 0), CALL_ABSENT, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_login_is_answered_once_the_store_has_the_session),
        TEST(where_sessions_are_looked_up_nothing_is_signed),
        TEST(a_session_that_is_not_kept_is_no_login_and_its_token_is_dropped),
        TEST(a_token_that_cannot_be_made_is_an_error),
        TEST(what_gives_way_on_the_processor_is_shed),
        TEST(a_session_that_is_there_is_given_a_new_token),
        TEST(a_token_does_not_outlive_its_session),
        TEST(nor_does_the_first_one),
        TEST(a_session_that_has_ended_is_not),
        TEST(nor_one_that_was_guessed),
        TEST(a_refresh_without_a_store_did_not_happen),
        TEST(a_signed_token_renews_nothing),
        TEST(where_nothing_is_signed_there_is_nothing_to_renew),
        TEST(a_logout_takes_the_session_out_of_the_store),
        TEST(with_a_denylist_its_tokens_are_dead_before_the_session_goes),
        TEST(a_logout_that_the_list_did_not_hear_is_none),
        TEST(a_session_that_may_still_be_there_is_no_logout),
        TEST(a_session_that_went_meanwhile_is_a_logout),
        TEST(nobody_ends_a_session_that_is_not_theirs),
        TEST(a_logout_without_a_store_did_not_happen),
        TEST(without_auth_a_login_gives_nothing_and_a_logout_takes_nothing),
    };

    return cmocka_run_group_tests_name("gateway sessions", tests, NULL, NULL);
}
