/* test_store_contract.c — The five sentences of services/port/call.h, kept by the store.
 *
 * Nothing completes inside the submit; each call completes once, in order; what times out stays so
 * and its late answer is dropped; a store that stands still or dies is an outcome. Which outcome a
 * command in flight has at a crash is the same in both worlds: it was in the server's hands. */
#include "tests/port/store_verbs.h"

enum { MANY = 200, MEMBERS = 40 };

/* ---- The contract ---------------------------------------------------------------------------- */

static void nothing_completes_inside_the_submit(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    store_get(rig->ports.store, rig_ask(rig, &q), count_key(1), RIG_TIMEOUT_NS);
    assert_int_equal(q.call.outcome, CALL_PENDING);
    assert_int_equal(q.times, 0);
    rig_expect(&q, CALL_ABSENT, 0);
}

static void nothing_completes_inside_the_submit_even_when_it_is_refused(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig->world->crash(rig);
    rig_pass(rig, MS(20));
    for (int i = 0; i < 10; i++) {
        store_get(rig->ports.store, rig_ask(rig, &q), count_key(1), RIG_TIMEOUT_NS);
        assert_int_equal(q.call.outcome, CALL_PENDING);
        rig_wait(&q);
        assert_true(q.call.outcome == CALL_REFUSED || q.call.outcome == CALL_FAILED);
    }
    assert_int_equal(q.call.outcome, CALL_REFUSED);
}

static bool all_are_told(void *context)
{
    const struct rig *rig = context;

    return rig->told >= rig->asked;
}

static void calls_complete_once_each_and_in_the_order_in_which_they_were_asked(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;
    uint32_t before = rig->told;

    for (uint64_t i = 0; i < MANY; i++)
        store_add_if_new(rig->ports.store, rig_ask(rig, &q[i]), likers_key(1), i, count_key(1), +1,
                         RIG_TIMEOUT_NS);
    assert_true(rig_run_until(rig, all_are_told, rig, RIG_LIMIT_NS));
    rig_pass(rig, MS(20));
    for (uint32_t i = 0; i < MANY; i++) {
        rig_expect(&q[i], CALL_OK, i + 1);
        assert_int_equal(q[i].nth, before + i + 1);
    }
}

static void commands_take_effect_in_the_order_in_which_they_were_asked(void **state)
{
    struct rig *rig = *state;
    struct store *store = rig->ports.store;
    struct rig_question q[5];

    store_set(store, rig_ask(rig, &q[0]), count_key(1), 1, 8, 0, RIG_TIMEOUT_NS);
    store_add(store, rig_ask(rig, &q[1]), count_key(1), 1, RIG_TIMEOUT_NS);
    store_get(store, rig_ask(rig, &q[2]), count_key(1), RIG_TIMEOUT_NS);
    store_expire(store, rig_ask(rig, &q[3]), count_key(1), 0, RIG_TIMEOUT_NS);
    store_get(store, rig_ask(rig, &q[4]), count_key(1), RIG_TIMEOUT_NS);
    rig_expect(&q[4], CALL_ABSENT, 0);
    rig_expect(&q[0], CALL_OK, 1);
    rig_expect(&q[1], CALL_OK, 2);
    rig_expect(&q[2], CALL_OK, 2);
    rig_expect(&q[3], CALL_OK, 0);
}

/* A call that asks again from inside its own done, as every flow does. */
struct chain {
    struct rig_question question; /* First. */
    struct store *store;
    uint32_t left;
    bool was_told_inside;
};

static void ask_on(struct call *call)
{
    struct chain *chain = (struct chain *)(void *)call;
    uint32_t left;

    if (chain->left == 0) {
        chain->question.times++;
        return;
    }
    left = --chain->left;
    store_add(chain->store, call, count_key(1), 1, RIG_TIMEOUT_NS);
    chain->was_told_inside |= chain->left != left || call->outcome != CALL_PENDING;
}

static bool chain_has_ended(void *context)
{
    const struct chain *chain = context;

    return chain->question.times > 0;
}

static void a_call_may_be_asked_again_from_inside_its_done(void **state)
{
    struct rig *rig = *state;
    struct chain chain = {.store = rig->ports.store, .left = MANY};

    set(rig, count_key(1), 0, 8, 0);
    rig_ask(rig, &chain.question);
    chain.question.call.done = ask_on;
    store_get(chain.store, &chain.question.call, count_key(1), RIG_TIMEOUT_NS);
    assert_true(rig_run_until(rig, chain_has_ended, &chain, RIG_LIMIT_NS));
    assert_false(chain.was_told_inside);
    assert_int_equal(chain.question.call.value, MANY);
}

static void the_keys_may_lie_on_the_askers_stack(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    volatile uint64_t key = count_key(9);

    store_set(rig->ports.store, rig_ask(rig, &q), key, 1, 8, 0, RIG_TIMEOUT_NS);
    key = count_key(10);
    rig_expect(&q, CALL_OK, 1);
    holds(rig, count_key(9), 1);
    lacks(rig, key);
}

/* ---- A store that stands still --------------------------------------------------------------- */

static void a_store_that_stands_still_times_calls_out_not_before_their_time(void **state)
{
    struct rig *rig = *state;
    struct rig_question q, longer;

    rig->world->pause(rig);
    store_get(rig->ports.store, rig_ask(rig, &longer), count_key(1), MS(400));
    store_get(rig->ports.store, rig_ask(rig, &q), count_key(1), MS(40));
    rig_expect(&longer, CALL_TIMEOUT, 0);
    rig_expect(&q, CALL_TIMEOUT, 0);
    assert_true(q.nth < longer.nth);
    assert_true(q.told_ns - q.asked_ns >= MS(40));
    assert_true(longer.told_ns - longer.asked_ns >= MS(400));
    rig->world->resume(rig);
}

static void a_late_answer_is_dropped_and_its_effect_is_not(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig->world->pause(rig);
    store_set(rig->ports.store, rig_ask(rig, &q), count_key(1), 7, 8, 0, MS(200));
    rig_expect(&q, CALL_TIMEOUT, 0);
    rig->world->resume(rig);
    holds(rig, count_key(1), 7); /* Its answer came before this one's. */
    assert_int_equal(q.times, 1);
    assert_int_equal(q.call.outcome, CALL_TIMEOUT);
}

static void a_call_asked_again_after_its_timeout_is_not_answered_by_the_late_answer(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    set(rig, count_key(1), 7, 8, 0);
    rig->world->pause(rig);
    store_get(rig->ports.store, rig_ask(rig, &q), count_key(1), MS(20));
    rig_expect(&q, CALL_TIMEOUT, 0);
    store_get(rig->ports.store, rig_ask(rig, &q), count_key(2), RIG_TIMEOUT_NS);
    rig->world->resume(rig);
    rig_expect(&q, CALL_ABSENT, 0);
}

static void who_waits_long_enough_is_answered_after_the_pause(void **state)
{
    static struct rig_question q[MEMBERS];
    struct rig *rig = *state;

    rig->world->pause(rig);
    for (uint64_t i = 0; i < MEMBERS; i++)
        store_add_if_new(rig->ports.store, rig_ask(rig, &q[i]), likers_key(1), i / 2, count_key(1),
                         +1, RIG_TIMEOUT_NS);
    rig_pass(rig, MS(30));
    for (uint64_t i = 0; i < MEMBERS; i++)
        assert_int_equal(q[i].times, 0);
    rig->world->resume(rig);
    for (uint32_t i = 0; i < MEMBERS; i++)
        rig_expect(&q[i], i % 2 == 0 ? CALL_OK : CALL_ABSENT, i / 2 + 1);
}

/* ---- A store that dies ----------------------------------------------------------------------- */

static void what_is_in_hand_at_a_crash_fails(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig->world->pause(rig);
    store_get(rig->ports.store, rig_ask(rig, &q), count_key(1), RIG_TIMEOUT_NS);
    rig_pass(rig, MS(200)); /* On its way, and there. */
    rig->world->crash(rig);
    rig_expect(&q, CALL_FAILED, 0);
}

static void a_store_that_is_away_refuses_and_serves_again_when_it_is_back_empty(void **state)
{
    struct rig *rig = *state;
    uint64_t limit_ns;
    struct rig_question q;

    set(rig, count_key(1), 7, 8, 0);
    rig->world->crash(rig);
    rig_pass(rig, MS(20));
    store_get(rig->ports.store, rig_ask(rig, &q), count_key(1), RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    rig->world->restart(rig);
    limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;
    do {
        rig_pass(rig, MS(10));
        store_get(rig->ports.store, rig_ask(rig, &q), count_key(1), RIG_TIMEOUT_NS);
        rig_wait(&q);
    } while (q.call.outcome == CALL_REFUSED && rig_now_ns(rig) < limit_ns);
    rig_expect(&q, CALL_ABSENT, 0);
    like(rig, 5, +1, CALL_OK, 1); /* Scripts too. */
    add(rig, count_key(1), 1, CALL_OK, 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_completes_inside_the_submit),
    cmocka_unit_test(nothing_completes_inside_the_submit_even_when_it_is_refused),
    cmocka_unit_test(calls_complete_once_each_and_in_the_order_in_which_they_were_asked),
    cmocka_unit_test(commands_take_effect_in_the_order_in_which_they_were_asked),
    cmocka_unit_test(a_call_may_be_asked_again_from_inside_its_done),
    cmocka_unit_test(the_keys_may_lie_on_the_askers_stack),
    cmocka_unit_test(a_store_that_stands_still_times_calls_out_not_before_their_time),
    cmocka_unit_test(a_late_answer_is_dropped_and_its_effect_is_not),
    cmocka_unit_test(a_call_asked_again_after_its_timeout_is_not_answered_by_the_late_answer),
    cmocka_unit_test(who_waits_long_enough_is_answered_after_the_pause),
    cmocka_unit_test(what_is_in_hand_at_a_crash_fails),
    cmocka_unit_test(a_store_that_is_away_refuses_and_serves_again_when_it_is_back_empty),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_store_virtual, &rig_memcached_virtual,
                                                     &rig_store_live, &rig_memcached_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
