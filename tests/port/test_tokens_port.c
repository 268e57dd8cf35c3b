/* services/port/tokens.h: made and checked, the same in both worlds, for each algorithm.
 *
 * Each test runs for one algorithm; main lists it for all three. What a token takes differs between
 * the worlds; that it takes time on a core, and waits for one, does not. */
#include "tests/lib/port_rig_tokens.h"

enum { USER = 9, MANY = 50 };

static const uint64_t lifetime_ns = SECONDS(60), session_ns = SECONDS(600);
static const uint64_t near_ns = MS(20); /* Two clocks are not read at one instant. */

struct asked {                    /* A question and a copy of what came with the answer. */
    struct rig_question question; /* First. */
    struct token_claims claims;
    bool has_claims;
};

static void see(struct rig_question *question)
{
    struct asked *asked = (struct asked *)question;

    asked->has_claims = question->call.span != NULL;
    if (asked->has_claims)
        asked->claims = *(const struct token_claims *)question->call.span;
}

static void issue(struct rig *rig, struct asked *asked, struct token_order order)
{
    order.user = order.user == 0 ? USER : order.user;
    order.audience = RIG_AUDIENCE;
    order.lifetime_ns = lifetime_ns;
    order.session_ns = session_ns;
    tokens_issue(rig->ports.tokens, rig_ask_and_see(rig, &asked->question, see), &order);
}

static void verify(struct rig *rig, struct asked *asked, uint64_t token, enum token_part part)
{
    tokens_verify(rig->ports.tokens, rig_ask_and_see(rig, &asked->question, see), token, part);
}

static uint64_t token_of(struct asked *asked)
{
    rig_wait(&asked->question);
    assert_int_equal(asked->question.call.outcome, CALL_OK);
    assert_int_not_equal(asked->question.call.value, 0);
    return (uint64_t)asked->question.call.value;
}

/* Issued with a signature, and told. */
static uint64_t signed_token(struct rig *rig, struct asked *asked)
{
    issue(rig, asked, (struct token_order){.is_signed = true});
    return token_of(asked);
}

static void expect_flaw(struct asked *asked, enum token_flaw flaw)
{
    rig_wait(&asked->question);
    assert_int_equal(asked->question.call.outcome, CALL_ABSENT);
    assert_int_equal(asked->question.call.value, flaw);
    assert_false(asked->has_claims);
}

static void expect_sound(struct asked *asked)
{
    rig_expect(&asked->question, CALL_OK, TOKEN_SOUND);
    assert_true(asked->has_claims);
}

/* ---- Sentences ------------------------------------------------------------------------------- */

static void what_was_made_is_good_and_claims_what_was_ordered(struct rig *rig)
{
    struct asked made, checked;
    uint64_t token = signed_token(rig, &made);

    verify(rig, &checked, token, TOKEN_ACCESS);
    expect_sound(&checked);
    assert_int_equal(checked.claims.user, USER);
    assert_int_equal(checked.claims.audience, RIG_AUDIENCE);
    assert_int_equal(checked.claims.session, made.claims.session);
    assert_in_range(checked.claims.expires_ns - checked.claims.not_before_ns, lifetime_ns - near_ns,
                    lifetime_ns + near_ns);
    assert_true(checked.claims.not_before_ns <= (int64_t)(checked.question.asked_ns + near_ns));
}

static void its_session_has_the_proof_that_was_told_when_it_was_made(struct rig *rig)
{
    struct asked made, checked;
    uint64_t token = signed_token(rig, &made);

    assert_true(made.claims.session > 0 && made.claims.session < UINT64_C(1) << 56);
    assert_true(made.claims.proof >= 0);
    verify(rig, &checked, token, TOKEN_SESSION);
    expect_sound(&checked);
    assert_int_equal(checked.claims.user, USER);
    assert_int_equal(checked.claims.session, made.claims.session);
    assert_int_equal(checked.claims.proof, made.claims.proof);
    assert_in_range(checked.claims.expires_ns - made.claims.not_before_ns, session_ns - near_ns,
                    session_ns + near_ns);
}

static void a_renewed_token_is_another_one_of_the_same_session(struct rig *rig)
{
    struct asked made, renewed, checked;
    uint64_t token = signed_token(rig, &made), next;

    issue(rig, &renewed, (struct token_order){.renews = token, .is_signed = true});
    next = token_of(&renewed);
    assert_int_not_equal(next, token);
    assert_int_equal(renewed.claims.session, made.claims.session);
    assert_int_equal(renewed.claims.proof, made.claims.proof);
    verify(rig, &checked, token, TOKEN_ACCESS);
    expect_sound(&checked); /* And the old one is as good as before. */
    verify(rig, &checked, next, TOKEN_SESSION);
    expect_sound(&checked);
    assert_int_equal(checked.claims.proof, made.claims.proof);
}

static void a_session_alone_is_no_signed_token(struct rig *rig)
{
    struct asked made, checked;
    uint64_t token;

    issue(rig, &made, (struct token_order){.is_signed = false});
    token = token_of(&made);
    verify(rig, &checked, token, TOKEN_ACCESS);
    expect_flaw(&checked, TOKEN_MALFORMED);
    verify(rig, &checked, token, TOKEN_SESSION);
    expect_sound(&checked);
}

static void no_two_sessions_are_alike(struct rig *rig)
{
    static struct asked made[MANY];

    for (int i = 0; i < MANY; i++) {
        issue(rig, &made[i], (struct token_order){.user = (uint64_t)i + 1});
        token_of(&made[i]);
        for (int before = 0; before < i; before++) {
            assert_int_not_equal(made[i].claims.session, made[before].claims.session);
            assert_int_not_equal(made[i].claims.proof, made[before].claims.proof);
        }
    }
}

static void a_forged_token_is_refused_for_its_own_flaw(struct rig *rig)
{
    for (enum token_flaw flaw = TOKEN_MALFORMED; flaw <= TOKEN_BAD_SIGNATURE; flaw++) {
        struct asked checked;

        verify(rig, &checked, token_forged(flaw), TOKEN_ACCESS);
        expect_flaw(&checked, flaw);
    }
}

static void one_that_is_ours_says_by_its_claims_what_is_wrong(struct rig *rig)
{
    for (enum token_flaw flaw = TOKEN_WRONG_AUDIENCE; flaw <= TOKEN_EXPIRED; flaw++) {
        struct asked checked;
        int64_t now_ns = (int64_t)rig_now_ns(rig);

        verify(rig, &checked, token_forged(flaw), TOKEN_ACCESS);
        expect_sound(&checked);
        assert_int_equal(checked.claims.audience != RIG_AUDIENCE, flaw == TOKEN_WRONG_AUDIENCE);
        assert_int_equal(checked.claims.not_before_ns > now_ns, flaw == TOKEN_NOT_YET);
        assert_int_equal(checked.claims.expires_ns <= now_ns, flaw == TOKEN_EXPIRED);
    }
}

static void no_forged_token_is_a_session(struct rig *rig)
{
    for (enum token_flaw flaw = TOKEN_MALFORMED; flaw <= TOKEN_EXPIRED; flaw++) {
        struct asked checked;

        verify(rig, &checked, token_forged(flaw), TOKEN_SESSION);
        expect_flaw(&checked, flaw == TOKEN_OVERSIZED ? flaw : TOKEN_MALFORMED);
    }
}

/* Where texts are kept, RIG_TOKENS_MAX of them have room. */
static void a_token_that_is_dropped_takes_no_room(struct rig *rig)
{
    struct asked made, checked;
    uint64_t kept = signed_token(rig, &made);

    for (int i = 0; i < RIG_TOKENS_MAX; i++) {
        issue(rig, &made, (struct token_order){.user = USER + 1});
        tokens_drop(rig->ports.tokens, token_of(&made));
    }
    verify(rig, &checked, kept, TOKEN_ACCESS);
    expect_sound(&checked);
    assert_int_equal(checked.claims.user, USER);
}

/* The one core is busy for 50 ms with what was asked before. */
static void tokens_wait_for_a_core_as_all_work_does(struct rig *rig)
{
    struct asked made, checked;
    struct rig_question work;
    uint64_t token = signed_token(rig, &made);

    rig_ask(rig, &work);
    rig_ask_and_see(rig, &checked.question, see);
    cpu_run(rig->ports.cpu, &work.call, MS(50));
    tokens_verify(rig->ports.tokens, &checked.question.call, token, TOKEN_ACCESS);
    expect_sound(&checked);
    assert_int_equal(work.times, 1);
    assert_true(checked.question.nth > work.nth);
    assert_true(checked.question.told_ns >= work.asked_ns + MS(50) - US(60));
}

static void who_asks_first_is_told_first(struct rig *rig)
{
    static struct asked checked[MANY];
    struct asked made;
    uint64_t token = signed_token(rig, &made);

    for (int i = 0; i < MANY; i++)
        verify(rig, &checked[i], token, TOKEN_ACCESS);
    rig_wait(&checked[MANY - 1].question);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(checked[i].question.times, 1);
        assert_int_equal(checked[i].question.nth, checked[0].question.nth + (uint32_t)i);
    }
}

/* ---- For each algorithm ---------------------------------------------------------------------- */

#define BY(name, algorithm)                                                                        \
    static void name##_##algorithm(void **state)                                                   \
    {                                                                                              \
        rig_tokens(*state, TOKEN_##algorithm);                                                     \
        name(*state);                                                                              \
    }
#define BY_ALL(name) BY(name, HS256) BY(name, RS256) BY(name, EDDSA)
#define TEST(name)                                                                                 \
    cmocka_unit_test(name##_HS256), cmocka_unit_test(name##_RS256), cmocka_unit_test(name##_EDDSA)

BY_ALL(what_was_made_is_good_and_claims_what_was_ordered)
BY_ALL(its_session_has_the_proof_that_was_told_when_it_was_made)
BY_ALL(a_renewed_token_is_another_one_of_the_same_session)
BY_ALL(a_session_alone_is_no_signed_token)
BY_ALL(no_two_sessions_are_alike)
BY_ALL(a_forged_token_is_refused_for_its_own_flaw)
BY_ALL(one_that_is_ours_says_by_its_claims_what_is_wrong)
BY_ALL(no_forged_token_is_a_session)
BY_ALL(a_token_that_is_dropped_takes_no_room)
BY_ALL(tokens_wait_for_a_core_as_all_work_does)
BY_ALL(who_asks_first_is_told_first)

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_tokens_virtual, &rig_tokens_live};
    const struct CMUnitTest tests[] = {
        TEST(what_was_made_is_good_and_claims_what_was_ordered),
        TEST(its_session_has_the_proof_that_was_told_when_it_was_made),
        TEST(a_renewed_token_is_another_one_of_the_same_session),
        TEST(a_session_alone_is_no_signed_token),
        TEST(no_two_sessions_are_alike),
        TEST(a_forged_token_is_refused_for_its_own_flaw),
        TEST(one_that_is_ours_says_by_its_claims_what_is_wrong),
        TEST(no_forged_token_is_a_session),
        TEST(a_token_that_is_dropped_takes_no_room),
        TEST(tokens_wait_for_a_core_as_all_work_does),
        TEST(who_asks_first_is_told_first),
    };

    return rig_run(worlds, 2, tests, sizeof tests / sizeof *tests);
}
