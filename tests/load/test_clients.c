/* The people who ask, with the test as the world around them. */
#include "tests/lib/test.h"
#include "tests/lib/stage.h"

#include <stdlib.h>

#include "sim/load/clients.h"

static const uint64_t ms = 1000000;

struct heard {
    unsigned offered, tried, finished, late;
    uint64_t intended_ns; /* Of the last one. */
    enum call_outcome outcome;
};

static void offered(void *context, const struct request *request)
{
    (void)request;
    ((struct heard *)context)->offered++;
}

static void tried(void *context, const struct request *request)
{
    ((struct heard *)context)->tried++;
    ((struct heard *)context)->intended_ns = request->intended_ns;
}

static void finished(void *context, const struct request *request, enum call_outcome outcome,
                     bool is_late)
{
    struct heard *heard = context;

    (void)request;
    heard->finished++;
    heard->late += is_late;
    heard->outcome = outcome;
}

static void token(void *context, const struct token_news *news)
{
    (void)context;
    (void)news;
}

static const struct clients_ears ears = {offered, tried, finished, token};

struct play {
    struct stage stage;
    struct scenario scenario;
    struct clients clients;
    struct heard heard;
};

/* One user who asks, thinks for a millisecond and asks again, until the tenth second. */
static struct load_spec user_of(enum verb verb)
{
    return (struct load_spec){.name = "load",
                              .verb = (uint8_t)verb,
                              .arrivals = ARRIVALS_CLOSED,
                              .users = 1,
                              .think = {.kind = DIST_CONSTANT, .mean = 1e6},
                              .keys = {.dist = KEYS_CONSTANT, .n = 1},
                              .timeout_ns = 50 * ms,
                              .retry = {.attempts = 1, .budget = 1}};
}

static int make(void **state)
{
    struct play *play = calloc(1, sizeof *play);

    stage_open(&play->stage);
    play->scenario.duration_ns = 10000 * ms;
    play->scenario.loads_max = 1;
    play->scenario.loads[0] = user_of(VERB_CALL);
    *state = play;
    return 0;
}

static int unmake(void **state)
{
    struct play *play = *state;

    stage_close(&play->stage);
    free(play);
    return 0;
}

/* The load of that index comes on, and asks for the first time. */
static struct line *first_ask(struct play *play, uint32_t index)
{
    clients_init(&play->clients, &play->scenario, index, 1, &play->stage.ports, &ears,
                 &play->heard);
    clients_start(&play->clients);
    expect_sleep(&play->stage, NULL);
    return stage_hear(&play->stage, LINE_PEER);
}

static uint32_t load_of(const struct line *line)
{
    return (uint32_t)(line->ask.id >> 40) - 1;
}

static void a_user_thinks_asks_and_thinks_again(void **state)
{
    struct play *play = *state;
    struct line *ask = first_ask(play, 0);

    assert_int_equal(ask->timeout_ns, 50 * ms);
    stage_reply(&play->stage, ask, CALL_OK, 0);
    assert_int_equal(play->heard.finished, 1);
    expect_sleep(&play->stage, NULL);
    expect_peer(&play->stage, 0, CALL_PENDING, 0);
    assert_int_equal(play->heard.offered, 2);
    expect_silence(&play->stage);
}

static struct ask order_with(void **state, double poison)
{
    struct play *play;

    unmake(state);
    make(state);
    play = *state;
    play->scenario.loads[0] = user_of(VERB_ORDER);
    play->scenario.loads[0].amount = (struct dist){.kind = DIST_EXPONENTIAL, .mean = 90000};
    dist_init(&play->scenario.loads[0].amount);
    play->scenario.loads[0].poison = poison;
    return first_ask(play, 0)->ask;
}

static void a_poison_order_is_the_same_order_for_more_than_the_table_takes(void **state)
{
    const struct ask good = order_with(state, 0), poison = order_with(state, 1);

    assert_false(clients_is_poison(good.amount));
    assert_true(poison.amount > ORDER_AMOUNT_MAX);
    assert_true(clients_is_poison(poison.amount));
    assert_int_equal(clients_basket(good.amount), good.amount);
    assert_int_equal(clients_basket(poison.amount), good.amount);
}

static void a_second_try_is_the_same_request_and_says_which_try_it_is(void **state)
{
    struct play *play = *state;
    struct retry_spec retry = {
        .attempts = 2, .backoff_ns = 5 * ms, .backoff_max_ns = 5 * ms, .budget = 1};
    struct line *ask;
    uint64_t id, backoff_ns;

    play->scenario.loads[0].retry = retry;
    ask = first_ask(play, 0);
    id = ask->ask.id;
    stage_reply(&play->stage, ask, CALL_TIMEOUT, 0);
    expect_sleep(&play->stage, &backoff_ns);
    ask = expect_peer(&play->stage, 0, CALL_FAILED, 0);
    assert_int_equal(backoff_ns, 5 * ms);
    assert_true(ask->ask.id == id && ask->ask.attempt == 1);
    assert_true(play->heard.tried == 2 && play->heard.offered == 1 && play->heard.finished == 1);
    assert_int_equal(play->heard.outcome, CALL_FAILED);
}

static void nobody_tries_again_when_the_patience_would_be_over(void **state)
{
    struct play *play = *state;
    struct load_spec *load = &play->scenario.loads[0];

    load->retry = (struct retry_spec){
        .attempts = 9, .backoff_ns = 30 * ms, .backoff_max_ns = 30 * ms, .budget = 1};
    load->patience_ns = 20 * ms;
    stage_reply(&play->stage, first_ask(play, 0), CALL_REFUSED, 0);
    assert_true(play->heard.finished == 1 && play->heard.tried == 1);
}

static void an_ok_after_the_patience_is_late(void **state)
{
    struct play *play = *state;
    struct line *ask;

    play->scenario.loads[0].patience_ns = 20 * ms;
    ask = first_ask(play, 0);
    play->stage.now_ns += 21 * ms;
    stage_reply(&play->stage, ask, CALL_OK, 0);
    assert_true(play->heard.late == 1 && play->heard.outcome == CALL_OK);
}

/* A driver that sleeps too long is late: the wait counts, as with open arrivals. */
static void a_thought_ends_when_it_was_to_end_however_late_the_clock_wakes_us(void **state)
{
    struct play *play = *state;
    uint64_t begun_ns = play->stage.now_ns;
    struct line *thought;

    play->scenario.loads[0].patience_ns = 20 * ms;
    clients_init(&play->clients, &play->scenario, 0, 1, &play->stage.ports, &ears, &play->heard);
    clients_start(&play->clients);
    thought = stage_hear(&play->stage, LINE_SLEEP);
    play->stage.now_ns += 31 * ms;
    stage_reply(&play->stage, thought, CALL_OK, 0);
    assert_int_equal(play->heard.intended_ns, begun_ns + ms);
    stage_reply(&play->stage, stage_hear(&play->stage, LINE_PEER), CALL_OK, 0);
    assert_true(play->heard.late == 1 && play->heard.outcome == CALL_OK);
}

static void the_load_ends_for_users_who_still_think(void **state)
{
    struct play *play = *state;

    play->stage.now_ns = play->scenario.duration_ns - ms / 2;
    clients_init(&play->clients, &play->scenario, 0, 1, &play->stage.ports, &ears, &play->heard);
    clients_start(&play->clients);
    expect_sleep(&play->stage, NULL);
    expect_silence(&play->stage);
    assert_int_equal(play->heard.offered, 0);
}

/* order, menu, track: the load before the last one has no orders to ask after. */
static void a_track_asks_after_orders_whatever_load_stands_before_it(void **state)
{
    struct play *play = *state;

    play->scenario.loads_max = 3;
    play->scenario.loads[0] = user_of(VERB_ORDER);
    play->scenario.loads[1] = user_of(VERB_MENU);
    play->scenario.loads[2] = user_of(VERB_TRACK);
    assert_int_equal(load_of(first_ask(play, 2)), 0);
}

static void a_track_that_comes_first_asks_after_the_orders_behind_it(void **state)
{
    struct play *play = *state;

    play->scenario.loads_max = 2;
    play->scenario.loads[0] = user_of(VERB_TRACK);
    play->scenario.loads[1] = user_of(VERB_ORDER);
    assert_int_equal(load_of(first_ask(play, 0)), 1);
}

#define WITH_PLAY(test) cmocka_unit_test_setup_teardown(test, make, unmake)

/* Customer 1 is a member where two thirds are, and none where a tenth are: 0.618 of the way. */
static void a_members_order_is_as_urgent_as_promised_and_its_menu_is_not(void **state)
{
    static const struct {
        enum verb verb;
        uint8_t of_load, of_member;
        double members;
        uint8_t priority;
    } cases[] = {{VERB_ORDER, 0, 2, 0.66, 2},
                 {VERB_ORDER, 5, 2, 0.66, 5},
                 {VERB_ORDER, 0, 2, 0.1, 0},
                 {VERB_MENU, 0, 2, 0.66, 0},
                 {VERB_ORDER, 1, 9, 0, 1}};
    struct play *play = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        play->scenario.loads[0] = user_of(cases[i].verb);
        play->scenario.loads[0].priority = cases[i].of_load;
        play->scenario.prices.premium =
            (struct premium_spec){.share = cases[i].members, .priority = cases[i].of_member};
        assert_int_equal(first_ask(play, 0)->ask.priority, cases[i].priority);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLAY(a_user_thinks_asks_and_thinks_again),
        WITH_PLAY(a_members_order_is_as_urgent_as_promised_and_its_menu_is_not),
        WITH_PLAY(a_poison_order_is_the_same_order_for_more_than_the_table_takes),
        WITH_PLAY(a_second_try_is_the_same_request_and_says_which_try_it_is),
        WITH_PLAY(nobody_tries_again_when_the_patience_would_be_over),
        WITH_PLAY(an_ok_after_the_patience_is_late),
        WITH_PLAY(a_thought_ends_when_it_was_to_end_however_late_the_clock_wakes_us),
        WITH_PLAY(the_load_ends_for_users_who_still_think),
        WITH_PLAY(a_track_asks_after_orders_whatever_load_stands_before_it),
        WITH_PLAY(a_track_that_comes_first_asks_after_the_orders_behind_it),
    };

    return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
