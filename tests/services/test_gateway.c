/* The gateway: who is let in, who is not, and what is passed on. */
#include "tests/lib/test.h"
#include "services/gateway/gateway.h"
#include "services/port/schema.h"
#include "tests/lib/stage.h"

enum { API = 3, OURS = 7, TOKEN = 77 };

static const uint64_t ms = 1000000;
static const struct token_claims claims = {.user = 9,
                                           .session = 0x1234,
                                           .proof = 555,
                                           .audience = OURS,
                                           .not_before_ns = 0,
                                           .expires_ns = 60000000000};
static struct stage stage;
static struct gateway_config config;

static int setup(void **state)
{
    (void)state;
    stage_open(&stage);
    config = (struct gateway_config){.kind = GATEWAY_JWT,
                                     .in_flight = 2,
                                     .target = API,
                                     .work = {.kind = DIST_CONSTANT, .mean = 1e6},
                                     .audience = OURS,
                                     .ttl_ns = 900000 * ms,
                                     .session_ns = 86400000 * ms,
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

/* A like that says it is user 1's, with this token. */
static struct visit *like_with(uint64_t token)
{
    const struct ask ask = {.verb = VERB_LIKE, .key = 5, .user = 1, .id = 2, .token = token};
    struct visit *visit = stage_ask(&stage, &ask);

    assert_int_equal(expect_cpu(&stage)->delay_ns, 1 * ms);
    return visit;
}

static uint64_t session_key(void)
{
    return store_key(SPACE_SESSION, claims.session);
}

static uint64_t denied_key(void)
{
    return store_key(SPACE_DENIED, claims.session);
}

static void expect_denied(const struct visit *visit, enum token_flaw flaw)
{
    assert_int_equal(expect_answer(&stage, visit, CALL_DENIED, 0)->value, flaw);
    expect_silence(&stage);
}

static void expect_passed_on(const struct visit *visit, uint64_t user)
{
    struct line *ask = expect_peer(&stage, API, CALL_OK, 1);

    assert_int_equal(ask->ask.user, user);
    assert_int_equal(ask->ask.key, 5);
    assert_int_equal(ask->ask.token, 0);
    expect_answer(&stage, visit, CALL_OK, 1);
    expect_silence(&stage);
}

/* ---- Without, and by signature --------------------------------------------------------------- */

static void without_auth_everybody_is_let_in_as_whoever_they_say(void **state)
{
    (void)state;
    open_gateway(GATEWAY_NONE);
    expect_passed_on(like_with(0), 1);
    expect_passed_on(like_with(token_forged(TOKEN_ALG_NONE)), 1);
}

static void who_shows_a_good_token_is_who_it_names_and_no_store_is_asked(void **state)
{
    struct visit *visit;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = like_with(TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_ACCESS, &claims, TOKEN_SOUND);
    expect_passed_on(visit, claims.user);
}

static void who_shows_nothing_is_not_looked_at(void **state)
{
    (void)state;
    open_gateway(GATEWAY_JWT);
    expect_denied(like_with(0), TOKEN_MISSING);
}

static void a_flaw_of_form_is_told_as_it_is(void **state)
{
    (void)state;
    open_gateway(GATEWAY_JWT);
    for (enum token_flaw flaw = TOKEN_MALFORMED; flaw <= TOKEN_BAD_SIGNATURE; flaw++) {
        struct visit *visit = like_with(TOKEN);

        expect_verify(&stage, TOKEN, TOKEN_ACCESS, NULL, flaw);
        expect_denied(visit, flaw);
    }
}

static void a_good_signature_does_not_make_claims_acceptable(void **state)
{
    struct token_claims late = claims, early = claims, foreign = claims;
    const struct {
        const struct token_claims *claims;
        enum token_flaw flaw;
    } rows[] = {{&late, TOKEN_EXPIRED}, {&early, TOKEN_NOT_YET}, {&foreign, TOKEN_WRONG_AUDIENCE}};

    (void)state;
    open_gateway(GATEWAY_JWT_DENYLIST);
    late.expires_ns = (int64_t)stage.now_ns;
    early.not_before_ns = (int64_t)stage.now_ns + 1;
    foreign.audience = OURS + 1;
    for (size_t i = 0; i < 3; i++) {
        struct visit *visit = like_with(TOKEN);

        expect_verify(&stage, TOKEN, TOKEN_ACCESS, rows[i].claims, TOKEN_SOUND);
        expect_denied(visit, rows[i].flaw); /* And the denylist is not asked. */
    }
}

static void what_it_cannot_say_it_does_not_pass_on(void **state)
{
    struct visit *visit;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = like_with(TOKEN);
    stage_reply(&stage, stage_hear(&stage, LINE_VERIFY), CALL_FAILED, 0);
    expect_answer(&stage, visit, CALL_FAILED, 0);
    expect_silence(&stage);
}

/* ---- By the store ---------------------------------------------------------------------------- */

static struct visit *session_is_read(void)
{
    struct visit *visit;

    open_gateway(GATEWAY_SESSION);
    visit = like_with(TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &claims, TOKEN_SOUND);
    return visit;
}

static void a_session_is_looked_up_and_must_have_this_proof(void **state)
{
    struct visit *visit = session_is_read();

    (void)state;
    assert_int_equal(expect_store_get(&stage, session_key(), CALL_OK, claims.proof)->timeout_ns,
                     50 * ms);
    expect_passed_on(visit, claims.user);
}

static void a_session_with_another_proof_is_none(void **state)
{
    struct visit *visit = session_is_read();

    (void)state;
    expect_store_get(&stage, session_key(), CALL_OK, claims.proof + 1);
    expect_denied(visit, TOKEN_REVOKED);
}

static void a_session_that_is_gone_is_revoked(void **state)
{
    struct visit *visit = session_is_read();

    (void)state;
    expect_store_get(&stage, session_key(), CALL_ABSENT, 0);
    expect_denied(visit, TOKEN_REVOKED);
}

/* memcached keeps things for up to two seconds longer than it was told. */
static void a_session_that_is_over_is_not_even_looked_up(void **state)
{
    struct token_claims over = claims;
    struct visit *visit;

    (void)state;
    over.expires_ns = 0;
    open_gateway(GATEWAY_SESSION);
    visit = like_with(TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_SESSION, &over, TOKEN_SOUND);
    expect_denied(visit, TOKEN_EXPIRED);
}

static void a_store_that_does_not_answer_lets_nobody_in_and_it_did_not_happen(void **state)
{
    static const enum call_outcome outcomes[] = {CALL_TIMEOUT, CALL_REFUSED, CALL_FAILED,
                                                 CALL_SHED};

    (void)state;
    open_gateway(GATEWAY_SESSION);
    for (size_t i = 0; i < 4; i++) {
        struct visit *visit = like_with(TOKEN);

        expect_verify(&stage, TOKEN, TOKEN_SESSION, &claims, TOKEN_SOUND);
        expect_store_get(&stage, session_key(), outcomes[i], 0);
        expect_answer(&stage, visit, CALL_REFUSED, 0);
        expect_silence(&stage);
    }
}

static struct visit *denylist_is_asked(bool accepts)
{
    struct visit *visit;

    config.accepts_without_store = accepts;
    open_gateway(GATEWAY_JWT_DENYLIST);
    visit = like_with(TOKEN);
    expect_verify(&stage, TOKEN, TOKEN_ACCESS, &claims, TOKEN_SOUND);
    return visit;
}

static void who_is_not_on_the_denylist_is_let_in(void **state)
{
    struct visit *visit = denylist_is_asked(false);

    (void)state;
    expect_store_get(&stage, denied_key(), CALL_ABSENT, 0);
    expect_passed_on(visit, claims.user);
}

static void who_is_on_the_denylist_is_not(void **state)
{
    struct visit *visit = denylist_is_asked(true);

    (void)state;
    expect_store_get(&stage, denied_key(), CALL_OK, 1);
    expect_denied(visit, TOKEN_REVOKED);
}

static void a_denylist_that_does_not_answer_denies_everybody(void **state)
{
    struct visit *visit = denylist_is_asked(false);

    (void)state;
    expect_store_get(&stage, denied_key(), CALL_TIMEOUT, 0);
    expect_answer(&stage, visit, CALL_REFUSED, 0);
    expect_silence(&stage);
}

static void or_nobody_where_it_accepts_without_a_store(void **state)
{
    struct visit *visit = denylist_is_asked(true);

    (void)state;
    expect_store_get(&stage, denied_key(), CALL_TIMEOUT, 0);
    expect_passed_on(visit, claims.user);
}

/* ---- Passing on, and the door ---------------------------------------------------------------- */

static void an_ask_waits_no_longer_than_to_its_deadline(void **state)
{
    const struct ask ask = {.verb = VERB_COUNT, .deadline_ns = stage.now_ns + 30 * ms};

    (void)state;
    open_gateway(GATEWAY_NONE);
    stage_ask(&stage, &ask);
    expect_cpu(&stage);
    assert_int_equal(stage_hear(&stage, LINE_PEER)->timeout_ns, 30 * ms);
}

static void a_deadline_that_passes_on_the_way_is_the_answer(void **state)
{
    const struct ask ask = {.verb = VERB_COUNT, .deadline_ns = stage.now_ns + 30 * ms};
    struct visit *visit;

    (void)state;
    open_gateway(GATEWAY_NONE);
    visit = stage_ask(&stage, &ask);
    stage.now_ns += 30 * ms;
    expect_cpu(&stage);
    expect_answer(&stage, visit, CALL_TIMEOUT, 0);
    expect_answer(&stage, stage_ask(&stage, &ask), CALL_TIMEOUT, 0);
    expect_silence(&stage);
}

static void the_answer_is_the_one_of_who_stands_behind(void **state)
{
    static const enum call_outcome outcomes[] = {CALL_ABSENT,  CALL_TIMEOUT, CALL_SHED,
                                                 CALL_REFUSED, CALL_FAILED,  CALL_DENIED};

    (void)state;
    open_gateway(GATEWAY_NONE);
    for (size_t i = 0; i < 6; i++) {
        struct visit *visit = like_with(0);

        expect_peer(&stage, API, outcomes[i], 41);
        assert_int_equal(expect_answer(&stage, visit, outcomes[i], 41)->value, 41);
    }
}

/* A line by priority that was full: whoever gave way is told so, at any step on the processor. */
static void who_gave_way_to_somebody_more_urgent_is_shed(void **state)
{
    const struct ask ask = {.verb = VERB_LIKE, .priority = 3, .token = TOKEN};
    struct visit *visit;
    struct line *line;

    (void)state;
    open_gateway(GATEWAY_JWT);
    visit = stage_ask(&stage, &ask);
    line = stage_hear(&stage, LINE_CPU);
    assert_int_equal(line->call->priority, 3);
    stage_reply(&stage, line, CALL_SHED, 0);
    expect_answer(&stage, visit, CALL_SHED, 0);
    visit = like_with(TOKEN);
    stage_reply(&stage, stage_hear(&stage, LINE_VERIFY), CALL_SHED, 0);
    expect_answer(&stage, visit, CALL_SHED, 0);
    expect_silence(&stage);
}

static void who_finds_the_house_full_is_shed_and_a_health_check_is_not(void **state)
{
    (void)state;
    open_gateway(GATEWAY_NONE);
    like_with(0);
    stage_hear(&stage, LINE_PEER);
    like_with(0);
    stage_hear(&stage, LINE_PEER);
    expect_answer(&stage, stage_visit(&stage, VERB_LIKE, 5, 1), CALL_SHED, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_HEALTH, 0, 0), CALL_OK, 0);
    expect_answer(&stage, stage_visit(&stage, VERB_MAX, 0, 0), CALL_FAILED, 0);
    expect_silence(&stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_auth_everybody_is_let_in_as_whoever_they_say),
        TEST(who_shows_a_good_token_is_who_it_names_and_no_store_is_asked),
        TEST(who_shows_nothing_is_not_looked_at),
        TEST(a_flaw_of_form_is_told_as_it_is),
        TEST(a_good_signature_does_not_make_claims_acceptable),
        TEST(what_it_cannot_say_it_does_not_pass_on),
        TEST(a_session_is_looked_up_and_must_have_this_proof),
        TEST(a_session_with_another_proof_is_none),
        TEST(a_session_that_is_gone_is_revoked),
        TEST(a_session_that_is_over_is_not_even_looked_up),
        TEST(a_store_that_does_not_answer_lets_nobody_in_and_it_did_not_happen),
        TEST(who_is_not_on_the_denylist_is_let_in),
        TEST(who_is_on_the_denylist_is_not),
        TEST(a_denylist_that_does_not_answer_denies_everybody),
        TEST(or_nobody_where_it_accepts_without_a_store),
        TEST(an_ask_waits_no_longer_than_to_its_deadline),
        TEST(a_deadline_that_passes_on_the_way_is_the_answer),
        TEST(the_answer_is_the_one_of_who_stands_behind),
        TEST(who_gave_way_to_somebody_more_urgent_is_shed),
        TEST(who_finds_the_house_full_is_shed_and_a_health_check_is_not),
    };

    return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
