/* People who log in, and those who ask with what is not theirs; the test is the world. */
#include "tests/lib/test.h"
#include "tests/lib/stage.h"

#include <stdlib.h>

#include "sim/load/people.h"

static const uint64_t ms = 1000000;

enum { NEWS_KINDS = NEWS_FORGER + 1 };

struct heard {
    unsigned offered, held, finished, news[NEWS_KINDS];
    enum call_outcome outcome; /* Of what finished last. */
    struct token_news last;
};

static void offered(void *context, const struct request *request)
{
    (void)request;
    ((struct heard *)context)->offered++;
}

static void tried(void *context, const struct request *request)
{
    ((struct heard *)context)->held += request->was_held;
}

static void finished(void *context, const struct request *request, enum call_outcome outcome,
                     bool is_late)
{
    (void)request;
    (void)is_late;
    ((struct heard *)context)->finished++;
    ((struct heard *)context)->outcome = outcome;
}

static void token(void *context, const struct token_news *news)
{
    struct heard *heard = context;

    heard->news[news->kind]++;
    heard->last = *news;
}

static const struct clients_ears ears = {offered, tried, finished, token};

struct play {
    struct stage stage;
    struct scenario scenario;
    struct clients clients;
    struct arena arena; /* Theirs: open arrivals want more than the stage has. */
    struct heard heard;
};

static struct play *play;
#define STAGE (&play->stage)

/* One user who thinks for a second before each request, and whose token lives for ten. */
static int make(void **state)
{
    play = calloc(1, sizeof *play);
    stage_open(STAGE);
    play->scenario.duration_ns = 100000 * ms;
    play->scenario.loads_max = play->scenario.services_max = 1;
    play->scenario.services[0] = (struct service_spec){
        .kind = KIND_GATEWAY,
        .auth = {.kind = AUTH_JWT, .ttl_ns = 10000 * ms, .session_ns = 1000000 * ms}};
    play->scenario.loads[0] =
        (struct load_spec){.name = "load",
                           .verb = VERB_CALL,
                           .arrivals = ARRIVALS_CLOSED,
                           .users = 1,
                           .think = {.kind = DIST_CONSTANT, .mean = 1e9},
                           .keys = {.dist = KEYS_CONSTANT, .n = 1},
                           .timeout_ns = 50 * ms,
                           .retry = {.attempts = 1, .budget = 1},
                           .auth = {.as = LOAD_PEOPLE,
                                    .after = {.kind = DIST_CONSTANT, .mean = 4e9},
                                    .thief_each_ns = 500 * ms}};
    *state = play;
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    arena_close(&play->arena);
    stage_close(STAGE);
    free(play);
    return 0;
}

static void start(void)
{
    struct ports ports = STAGE->ports;

    assert_true(arena_open(&play->arena, clients_bytes(&play->scenario.loads[0]) + 4096));
    ports.arena = &play->arena;
    clients_init(&play->clients, &play->scenario, 0, 1, &ports, &ears, &play->heard);
    clients_start(&play->clients);
}

/* The next question is of this verb and shows this token; it is answered so. */
static struct line *expect_ask(enum verb verb, uint64_t shown, enum call_outcome outcome,
                               int64_t value)
{
    struct line *line = expect_peer(STAGE, 0, CALL_PENDING, 0);

    assert_int_equal(line->ask.verb, verb);
    assert_int_equal(line->ask.token, shown);
    stage_reply(STAGE, line, outcome, value);
    return line;
}

static void log_in(uint64_t given)
{
    start();
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_LOGIN, 0, CALL_OK, (int64_t)given);
}

static void who_asks_for_the_first_time_logs_in_and_then_asks_with_the_token(void **state)
{
    (void)state;
    log_in(7);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    assert_int_equal(play->heard.offered, 2);
    assert_int_equal(play->heard.finished, 2);
    assert_int_equal(play->heard.news[NEWS_LOGIN], 1);
    assert_int_equal(play->heard.held, 1); /* It waited for its token. */
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    assert_int_equal(play->heard.offered, 3);
    assert_int_equal(play->heard.held, 1); /* The second did not. */
}

static void without_auth_at_the_gateway_nobody_logs_in(void **state)
{
    (void)state;
    play->scenario.services[0].auth.kind = AUTH_NONE;
    start();
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_CALL, 0, CALL_OK, 0);
}

static void a_token_is_renewed_when_its_time_is_over(void **state)
{
    (void)state;
    log_in(7);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    STAGE->now_ns += 9999 * ms;
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    STAGE->now_ns += 1 * ms;
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_REFRESH, 7, CALL_OK, 8);
    expect_ask(VERB_CALL, 8, CALL_OK, 0);
    assert_int_equal(play->heard.news[NEWS_REFRESH], 1);
}

static void who_may_not_renew_logs_in_anew(void **state)
{
    (void)state;
    log_in(7);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    STAGE->now_ns += 10000 * ms;
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_REFRESH, 7, CALL_DENIED, TOKEN_REVOKED);
    expect_ask(VERB_LOGIN, 0, CALL_OK, 8);
    expect_ask(VERB_CALL, 8, CALL_OK, 0);
}

static void a_session_is_not_renewed_but_begun_anew(void **state)
{
    (void)state;
    play->scenario.services[0].auth.kind = AUTH_SESSION;
    play->scenario.services[0].auth.session_ns = 10000 * ms;
    log_in(7);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    STAGE->now_ns += 10000 * ms;
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_LOGIN, 0, CALL_OK, 8);
    expect_ask(VERB_CALL, 8, CALL_OK, 0);
}

static void who_is_denied_does_not_knock_again_with_the_same_token(void **state)
{
    (void)state;
    log_in(7);
    expect_ask(VERB_CALL, 7, CALL_DENIED, TOKEN_REVOKED);
    assert_int_equal(play->heard.last.flaw, TOKEN_REVOKED);
    expect_ask(VERB_LOGIN, 0, CALL_OK, 8);
    expect_ask(VERB_CALL, 8, CALL_OK, 0);
    assert_int_equal(play->heard.outcome, CALL_OK);
}

static void who_is_denied_twice_gives_up(void **state)
{
    (void)state;
    log_in(7);
    expect_ask(VERB_CALL, 7, CALL_DENIED, TOKEN_REVOKED);
    expect_ask(VERB_LOGIN, 0, CALL_OK, 8);
    expect_ask(VERB_CALL, 8, CALL_DENIED, TOKEN_REVOKED);
    assert_int_equal(play->heard.outcome, CALL_DENIED);
    expect_sleep(STAGE, NULL);
}

static void a_login_that_fails_is_the_end_of_the_request_that_wanted_it(void **state)
{
    (void)state;
    start();
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_LOGIN, 0, CALL_REFUSED, 0);
    assert_int_equal(play->heard.finished, 2);
    assert_int_equal(play->heard.outcome, CALL_REFUSED);
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_LOGIN, 0, CALL_OK, 7);
}

/* Open arrivals, all of one person: the second comes while the first is logging in. */
static void those_who_come_while_their_person_logs_in_wait_for_the_same_token(void **state)
{
    struct load_spec *load = &play->scenario.loads[0];
    struct line *login;

    (void)state;
    load->arrivals = ARRIVALS_CONSTANT;
    load->people = 1;
    load->phases[0].rate = 10;
    load->phases_max = 1;
    start();
    expect_sleep(STAGE, NULL);
    login = stage_hear(STAGE, LINE_PEER);
    assert_int_equal(login->ask.verb, VERB_LOGIN);
    expect_sleep(STAGE, NULL); /* The second one arrives. */
    stage_hear(STAGE, LINE_SLEEP);
    expect_silence(STAGE);
    stage_reply(STAGE, login, CALL_OK, 7);
    expect_ask(VERB_CALL, 7, CALL_PENDING, 0);
    expect_ask(VERB_CALL, 7, CALL_PENDING, 0);
    expect_silence(STAGE);
}

/* ---- Leaving, and thieves -------------------------------------------------------------------- */

/* Logs in, and will leave four seconds later: hears the alarm and the request behind the login. */
static struct line *will_leave(void)
{
    struct line *alarm;

    log_in(7);
    alarm = stage_hear(STAGE, LINE_SLEEP);
    assert_int_equal(alarm->delay_ns, 4000 * ms);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    return alarm;
}

static void who_has_logged_out_must_log_in_again(void **state)
{
    struct line *alarm, *thinks;

    (void)state;
    play->scenario.loads[0].auth.logout = 1;
    alarm = will_leave();
    thinks = stage_hear(STAGE, LINE_SLEEP);
    stage_reply(STAGE, alarm, CALL_OK, 0);
    expect_ask(VERB_REVOKE, 7, CALL_OK, 1);
    assert_int_equal(play->heard.news[NEWS_REVOKED], 1);
    stage_reply(STAGE, thinks, CALL_OK, 0);
    expect_ask(VERB_LOGIN, 0, CALL_PENDING, 0);
    expect_silence(STAGE);
}

static void a_logout_that_was_not_heard_is_asked_again_a_second_later(void **state)
{
    struct line *alarm;
    uint64_t delay_ns;

    (void)state;
    play->scenario.loads[0].auth.logout = 1;
    alarm = will_leave();
    stage_hear(STAGE, LINE_SLEEP);
    stage_reply(STAGE, alarm, CALL_OK, 0);
    expect_ask(VERB_REVOKE, 7, CALL_REFUSED, 0);
    expect_sleep(STAGE, &delay_ns);
    assert_int_equal(delay_ns, 1000 * ms);
    expect_ask(VERB_REVOKE, 7, CALL_OK, 1);
    assert_int_equal(play->heard.news[NEWS_REVOKED], 1);
}

/* The victim leaves because of the thief, who has the same token and asks on. */
static void a_thief_goes_on_with_what_its_victim_gave_up(void **state)
{
    struct line *alarm, *theft;
    uint64_t revoked_ns, delay_ns;

    (void)state;
    play->scenario.loads[0].auth.stolen = 1;
    alarm = will_leave();
    stage_hear(STAGE, LINE_SLEEP);
    stage_reply(STAGE, alarm, CALL_OK, 0);
    theft = stage_hear(STAGE, LINE_PEER);
    assert_int_equal(theft->ask.token, 7);
    expect_ask(VERB_REVOKE, 7, CALL_OK, 1);
    revoked_ns = STAGE->now_ns;
    assert_true(play->heard.last.is_robbed);
    stage_reply(STAGE, theft, CALL_OK, 0);
    assert_int_equal(play->heard.last.kind, NEWS_THIEF);
    assert_true(play->heard.last.asked_ns <= revoked_ns); /* It had asked before. */
    expect_sleep(STAGE, &delay_ns);
    assert_int_equal(delay_ns, 500 * ms);
    expect_ask(VERB_CALL, 7, CALL_OK, 0);
    assert_int_equal(play->heard.last.asked_ns, revoked_ns + delay_ns);
    assert_int_equal(play->heard.last.revoked_ns, revoked_ns);
}

static void a_thief_is_no_customer(void **state)
{
    struct line *alarm;
    unsigned offered_before;

    (void)state;
    play->scenario.loads[0].auth.stolen = 1;
    alarm = will_leave();
    stage_hear(STAGE, LINE_SLEEP);
    offered_before = play->heard.offered;
    stage_reply(STAGE, alarm, CALL_OK, 0);
    expect_ask(VERB_CALL, 7, CALL_OK, 0); /* The thief's. */
    expect_ask(VERB_REVOKE, 7, CALL_OK, 1);
    assert_int_equal(play->heard.offered, offered_before + 1); /* The logout's. */
}

static void a_thief_keeps_a_token_that_was_taken_back_and_drops_one_that_has_expired(void **state)
{
    struct line *alarm;

    (void)state;
    play->scenario.loads[0].auth.stolen = 1;
    alarm = will_leave();
    stage_hear(STAGE, LINE_SLEEP);
    stage_reply(STAGE, alarm, CALL_OK, 0);
    expect_ask(VERB_CALL, 7, CALL_DENIED, TOKEN_REVOKED);
    expect_ask(VERB_REVOKE, 7, CALL_OK, 1);
    expect_sleep(STAGE, NULL);
    expect_ask(VERB_CALL, 7, CALL_DENIED, TOKEN_EXPIRED);
    expect_silence(STAGE);
}

static void forgers_show_every_flaw_in_turn_and_are_no_customers(void **state)
{
    struct load_spec *load = &play->scenario.loads[0];

    (void)state;
    load->arrivals = ARRIVALS_CONSTANT;
    load->auth.as = LOAD_FORGER;
    load->phases[0].rate = 10;
    load->phases_max = 1;
    start();
    for (unsigned i = 0; i < 20; i++) {
        const unsigned flaws = TOKEN_EXPIRED - TOKEN_MALFORMED + 1;
        enum token_flaw flaw = (enum token_flaw)(TOKEN_MALFORMED + i % flaws);

        expect_sleep(STAGE, NULL);
        expect_ask(VERB_CALL, token_forged(flaw), CALL_DENIED, flaw);
    }
    assert_int_equal(play->heard.news[NEWS_FORGER], 20);
    assert_int_equal(play->heard.offered, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_asks_for_the_first_time_logs_in_and_then_asks_with_the_token),
        TEST(without_auth_at_the_gateway_nobody_logs_in),
        TEST(a_token_is_renewed_when_its_time_is_over),
        TEST(who_may_not_renew_logs_in_anew),
        TEST(a_session_is_not_renewed_but_begun_anew),
        TEST(who_is_denied_does_not_knock_again_with_the_same_token),
        TEST(who_is_denied_twice_gives_up),
        TEST(a_login_that_fails_is_the_end_of_the_request_that_wanted_it),
        TEST(those_who_come_while_their_person_logs_in_wait_for_the_same_token),
        TEST(who_has_logged_out_must_log_in_again),
        TEST(a_logout_that_was_not_heard_is_asked_again_a_second_later),
        TEST(a_thief_goes_on_with_what_its_victim_gave_up),
        TEST(a_thief_is_no_customer),
        TEST(a_thief_keeps_a_token_that_was_taken_back_and_drops_one_that_has_expired),
        TEST(forgers_show_every_flaw_in_turn_and_are_no_customers),
    };

    return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
