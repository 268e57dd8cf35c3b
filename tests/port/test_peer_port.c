/* test_peer_port.c — services/port/peer.h and the door of ask.h: an ask goes out, a visit comes in,
 * an answer goes back, and everything that can happen to them on the way.
 *
 * The other side is a service of the test's (tests/lib/port_rig_peer.h). Three worlds: the model
 * with a network and without one, where an ask arrives with the asking, and HTTP over loopback. */
#include "tests/lib/port_rig_peer.h"

#include <string.h>

#include "services/port/store.h"

enum { MANY = 40 };

static const struct ask plain = {.verb = VERB_LIKE, .key = 3, .user = 7};
static const struct ask health = {.verb = VERB_HEALTH};

static void ask(struct rig *rig, struct rig_question *q, const struct ask *ask)
{
    peer_ask(rig->ports.peer, rig_ask(rig, q), RIG_OTHER, ask, RIG_TIMEOUT_NS);
}

/* The service's: answers at once, with what it was asked about. */
static void echo(struct rig_visit *visit)
{
    const struct rig_service *service = rig_service(visit->rig);

    rig_answer(visit->rig, service->visits - 1, CALL_OK, (int64_t)visit->ask.key, 0);
}

static void is_answered_anew(struct rig *rig, int64_t key)
{
    struct ask about = plain;
    struct rig_question q;

    rig_service(rig)->handle = echo;
    about.key = (uint64_t)key;
    ask(rig, &q, &about);
    rig_expect(&q, CALL_OK, key);
    rig_service(rig)->handle = NULL;
}

static bool all_are_told(void *context)
{
    const struct rig *rig = context;

    return rig->told >= rig->asked;
}

static void wait_for_all(struct rig *rig)
{
    assert_true(rig_run_until(rig, all_are_told, rig, RIG_LIMIT_NS));
    assert_int_equal(rig->too_early, 0);
}

/* ---- What arrives ---------------------------------------------------------------------------- */

static void arrives_as_it_was(struct rig *rig, const struct ask *asked)
{
    struct rig_service *service = rig_service(rig);
    const struct ask *seen = &service->seen[0].ask;
    struct rig_question q;

    service->visits = 0;
    ask(rig, &q, asked);
    rig_wait_for_visits(rig, 1);
    assert_int_equal(seen->verb, asked->verb);
    assert_true(seen->key == asked->key);
    assert_true(seen->user == asked->user);
    assert_true(seen->id == asked->id);
    assert_true(seen->amount == asked->amount);
    assert_int_equal(seen->zone, asked->zone);
    assert_int_equal(seen->priority, asked->priority);
    assert_int_equal(seen->attempt, asked->attempt);
    assert_true(seen->deadline_ns == 0);
    /* The body is no smaller than what it has to say. */
    assert_true(seen->bytes == asked->bytes || asked->bytes < 160);
    rig_answer(rig, 0, CALL_OK, 1, 0);
    rig_expect(&q, CALL_OK, 1);
}

static void every_field_of_every_verb_arrives_as_it_was_sent(void **state)
{
    static const struct ask asks[] = {
        {.key = 0},
        {.key = 1, .user = 2, .id = 3, .amount = 4, .zone = 5, .bytes = 200},
        {.priority = 1, .attempt = 2, .key = 9, .bytes = 5000},
        {.priority = UINT8_MAX,
         .attempt = UINT8_MAX,
         .zone = UINT8_MAX,
         .key = STORE_ID_MAX,
         .user = UINT64_MAX,
         .id = UINT64_MAX,
         .amount = INT64_MAX,
         .bytes = 256 * 1024},
        {.key = (UINT64_C(1) << 53) + 1, .user = 8, .id = (UINT64_C(1) << 63) + 1, .bytes = 300000},
        {.key = 5, .user = 6, .amount = 1, .bytes = ASK_BYTES_MAX},
    };
    struct rig *rig = *state;

    for (unsigned verb = 0; verb < VERB_MAX; verb++)
        for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
            struct ask each = asks[i];

            each.verb = (uint8_t)verb;
            arrives_as_it_was(rig, &each);
        }
}

static void money_that_is_owed_back_arrives_as_it_was_sent(void **state)
{
    arrives_as_it_was(*state, &(struct ask){.verb = VERB_CALL, .amount = INT64_MIN});
    arrives_as_it_was(*state, &(struct ask){.verb = VERB_LIKE, .amount = -1});
}

/* Clocks need not agree, so what travels live is the time that is left, and the way takes some. */
static void a_deadline_arrives_within_a_millisecond_and_the_time_of_its_way(void **state)
{
    static const uint64_t left_ns[] = {US(1), MS(1), MS(250), SECONDS(5), SECONDS(3600)};
    struct rig *rig = *state;
    const struct rig_visit *seen = rig_service(rig)->seen;
    struct ask each = plain;
    struct rig_question q;

    for (uint32_t i = 0; i < sizeof left_ns / sizeof *left_ns; i++) {
        struct call *call = rig_ask(rig, &q);
        uint64_t way_ns;

        each.deadline_ns = q.asked_ns + left_ns[i];
        peer_ask(rig->ports.peer, call, RIG_OTHER, &each, RIG_TIMEOUT_NS);
        rig_wait_for_visits(rig, i + 1);
        way_ns = seen[i].arrived_ns - q.asked_ns;
        assert_true(seen[i].ask.deadline_ns + MS(1) >= each.deadline_ns);
        assert_true(seen[i].ask.deadline_ns <= each.deadline_ns + way_ns + MS(1));
        rig_answer(rig, i, CALL_OK, 0, 0);
        rig_expect(&q, CALL_OK, 0);
    }
}

/* It is the service that says so: the port's timeout is another thing. */
static void a_deadline_that_has_passed_arrives_as_one_that_has_passed(void **state)
{
    struct rig *rig = *state;
    const struct rig_visit *seen = rig_service(rig)->seen;
    struct ask each = plain;
    struct rig_question q;

    rig_pass(rig, MS(5));
    for (uint32_t i = 0; i < 3; i++) {
        struct call *call = rig_ask(rig, &q);

        each.deadline_ns = q.asked_ns - MS(2) * i;
        peer_ask(rig->ports.peer, call, RIG_OTHER, &each, RIG_TIMEOUT_NS);
        rig_wait_for_visits(rig, i + 1);
        assert_true(seen[i].ask.deadline_ns > 0);
        assert_true(seen[i].ask.deadline_ns <= seen[i].arrived_ns);
        rig_answer(rig, i, CALL_TIMEOUT, 0, 0);
        rig_expect(&q, CALL_TIMEOUT, 0);
    }
}

static void a_deadline_at_the_end_of_time_stays_there(void **state)
{
    struct rig *rig = *state;
    struct ask each = plain;
    struct rig_question q;

    each.deadline_ns = UINT64_MAX;
    ask(rig, &q, &each);
    rig_wait_for_visits(rig, 1);
    assert_true(rig_service(rig)->seen[0].ask.deadline_ns > SECONDS(3600) * 24 * 366);
    rig_answer(rig, 0, CALL_OK, 0, 0);
    rig_expect(&q, CALL_OK, 0);
}

/* ---- What comes back ------------------------------------------------------------------------- */

static void every_outcome_of_every_verb_comes_back_with_its_value(void **state)
{
    static const int64_t values[] = {0, 1, 2, -1, 77, INT64_MAX, INT64_MIN};
    struct rig *rig = *state;
    struct rig_service *service = rig_service(rig);
    struct rig_question q;

    for (unsigned verb = 0; verb < VERB_MAX; verb++)
        for (unsigned outcome = CALL_OK; outcome <= CALL_FAILED; outcome++)
            for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                service->visits = 0;
                ask(rig, &q, &(struct ask){.verb = (uint8_t)verb, .key = 1, .id = 2});
                rig_wait_for_visits(rig, 1);
                rig_answer(rig, 0, (enum call_outcome)outcome, values[i], 0);
                rig_wait(&q);
                assert_int_equal(q.call.outcome, outcome);
                assert_true(q.call.value == values[i]);
            }
}

static void who_is_denied_is_told_why(void **state)
{
    struct rig *rig = *state;
    struct rig_service *service = rig_service(rig);
    struct rig_question q;

    for (unsigned verb = 0; verb < VERB_MAX; verb++)
        for (int64_t flaw = TOKEN_SOUND; flaw < TOKEN_FLAWS; flaw++) {
            service->visits = 0;
            ask(rig, &q, &(struct ask){.verb = (uint8_t)verb, .key = 1, .id = 2});
            rig_wait_for_visits(rig, 1);
            rig_answer(rig, 0, CALL_DENIED, flaw, 0);
            rig_wait(&q);
            assert_int_equal(q.call.outcome, CALL_DENIED);
            assert_int_equal(q.call.value, flaw);
        }
}

/* A body of JSON is no smaller than its text, and HTTP's no larger than its limit. */
static void an_answer_is_as_large_as_it_was_given(void **state)
{
    static const uint32_t sizes[] = {0, 1, 256, 1000, 70000, 256 * 1024, 300000};
    struct rig *rig = *state;
    struct rig_question q;

    for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ask(rig, &q, &(struct ask){.verb = VERB_MENU, .key = i});
        rig_wait_for_visits(rig, i + 1);
        rig_answer(rig, i, CALL_OK, i, sizes[i]);
        rig_expect(&q, CALL_OK, i);
        assert_true(q.call.bytes == sizes[i] || (sizes[i] < 256 && q.call.bytes < 256) ||
                    (sizes[i] > 256 * 1024 && q.call.bytes == 256 * 1024));
    }
}

static void an_answer_given_inside_the_visit_comes_after_the_asking(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig_service(rig)->handle = echo;
    ask(rig, &q, &plain);
    assert_int_equal(q.call.outcome, CALL_PENDING);
    assert_int_equal(q.times, 0);
    rig_expect(&q, CALL_OK, 3);
}

static void asks_at_once_may_be_answered_in_any_order(void **state)
{
    struct rig *rig = *state;
    const struct rig_service *service = rig_service(rig);
    struct rig_question q[MANY];
    struct ask each = plain;

    for (uint32_t i = 0; i < MANY; i++) {
        each.key = i;
        ask(rig, &q[i], &each);
    }
    rig_wait_for_visits(rig, MANY);
    for (uint32_t i = 0; i < MANY; i++) { /* 7 and MANY have no common divisor. */
        uint32_t next = i * 7 % MANY;

        rig_answer(rig, next, CALL_OK, 1000 + (int64_t)service->seen[next].ask.key, 0);
        if (i % 5 == 0)
            rig_pass(rig, MS(1));
    }
    wait_for_all(rig);
    for (uint32_t i = 0; i < MANY; i++)
        rig_expect(&q[i], CALL_OK, 1000 + (int64_t)i);
}

static void ask_again(struct rig_question *question)
{
    if (question->times < 5)
        peer_ask(question->rig->ports.peer, &question->call, RIG_OTHER, &plain, RIG_TIMEOUT_NS);
}

static bool was_told_five_times(void *context)
{
    return ((const struct rig_question *)context)->times == 5;
}

static void a_call_may_be_asked_again_from_inside_its_done(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig_service(rig)->handle = echo;
    peer_ask(rig->ports.peer, rig_ask_and_see(rig, &q, ask_again), RIG_OTHER, &plain,
             RIG_TIMEOUT_NS);
    assert_true(rig_run_until(rig, was_told_five_times, &q, RIG_LIMIT_NS));
    assert_int_equal(rig_service(rig)->visits, 5);
    assert_int_equal(rig->too_early, 0);
}

/* ---- Stages ---------------------------------------------------------------------------------- */

static void a_stage_lasts_from_its_naming_to_that_of_the_next_or_to_the_answer(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    uint64_t arrived_ns, sum_ns = 0;

    ask(rig, &q, &plain);
    rig_wait_for_visits(rig, 1);
    arrived_ns = rig_service(rig)->seen[0].arrived_ns;
    rig_stage(rig, 0, STAGE_VALIDATE);
    rig_pass(rig, MS(5));
    rig_stage(rig, 0, STAGE_HANDLE);
    rig_pass(rig, MS(3));
    rig_answer(rig, 0, CALL_OK, 7, 0);
    for (int stage = STAGE_DOOR; stage < VISIT_STAGES; stage++)
        sum_ns += rig_staged_ns(rig, (enum visit_stage)stage);
    assert_int_equal(sum_ns, rig_now_ns(rig) - arrived_ns);
    assert_true(rig_staged_ns(rig, STAGE_VALIDATE) >= MS(5));
    assert_true(rig_staged_ns(rig, STAGE_HANDLE) >= MS(3));
    assert_int_equal(rig_staged_ns(rig, STAGE_SERIALISE), 0);
    rig_expect(&q, CALL_OK, 7);
}

static void a_service_that_names_no_stages_has_none(void **state)
{
    struct rig *rig = *state;

    is_answered_anew(rig, 5);
    for (int stage = STAGE_DOOR; stage < VISIT_STAGES; stage++)
        assert_int_equal(rig_staged_ns(rig, (enum visit_stage)stage), 0);
}

/* ---- Too late -------------------------------------------------------------------------------- */

static void who_is_never_answered_times_out_and_a_late_answer_is_dropped(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    peer_ask(rig->ports.peer, rig_ask(rig, &q), RIG_OTHER, &plain, MS(60));
    rig_wait_for_visits(rig, 1);
    rig_expect(&q, CALL_TIMEOUT, 0);
    rig_was_due(&q, q.asked_ns + MS(60), 0);
    rig_answer(rig, 0, CALL_OK, 99, 1000);
    rig_pass(rig, MS(20));
    assert_int_equal(q.times, 1);
    assert_int_equal(q.call.outcome, CALL_TIMEOUT);
    assert_int_equal(q.call.bytes, 0);
    is_answered_anew(rig, 5);
}

static void a_late_answer_is_not_taken_for_that_of_the_next_try(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    peer_ask(rig->ports.peer, rig_ask(rig, &q), RIG_OTHER, &plain, MS(30));
    rig_expect(&q, CALL_TIMEOUT, 0);
    ask(rig, &q, &plain);
    rig_wait_for_visits(rig, 2);
    rig_answer(rig, 0, CALL_OK, 1, 0);
    rig_pass(rig, MS(10));
    assert_int_equal(q.call.outcome, CALL_PENDING);
    rig_answer(rig, 1, CALL_OK, 2, 0);
    rig_expect(&q, CALL_OK, 2);
}

static void who_asks_for_ever_does_not_time_out(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    peer_ask(rig->ports.peer, rig_ask(rig, &q), RIG_OTHER, &plain, PEER_FOR_EVER_NS);
    rig_wait_for_visits(rig, 1);
    rig_pass(rig, MS(200));
    assert_int_equal(q.call.outcome, CALL_PENDING);
    rig_answer(rig, 0, CALL_OK, 4, 0);
    rig_expect(&q, CALL_OK, 4);
}

/* ---- Nobody is there ------------------------------------------------------------------------- */

static void an_ask_is_refused_while_nobody_listens_and_answered_once_somebody_does(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig->world->crash(rig);
    for (int i = 0; i < 5; i++) {
        ask(rig, &q, i % 2 == 0 ? &plain : &health);
        assert_int_equal(q.call.outcome, CALL_PENDING);
        rig_expect(&q, CALL_REFUSED, 0);
    }
    rig->world->restart(rig);
    is_answered_anew(rig, 6);
}

/* On connections that have been used as well, where there are any. */
static void what_is_in_hand_when_it_dies_has_failed_and_the_next_is_refused(void **state)
{
    struct rig *rig = *state;
    struct rig_question q[VERB_MAX];

    for (uint32_t round = 0; round < 2; round++) {
        is_answered_anew(rig, 1);
        rig_service(rig)->visits = 0;
        for (uint32_t verb = 0; verb < VERB_MAX; verb++)
            ask(rig, &q[verb], &(struct ask){.verb = (uint8_t)verb, .key = 1, .id = 1});
        rig_wait_for_visits(rig, VERB_MAX);
        rig->world->crash(rig);
        for (uint32_t verb = 0; verb < VERB_MAX; verb++)
            if (verb != VERB_HEALTH)
                rig_expect(&q[verb], CALL_FAILED, 0);
        ask(rig, &q[0], &plain);
        rig_expect(&q[0], CALL_REFUSED, 0);
        rig->world->restart(rig);
    }
}

static void who_has_died_and_is_back_is_asked_as_if_nothing_had_been(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < 5; i++) {
        is_answered_anew(rig, i);
        rig->world->crash(rig);
        rig->world->restart(rig);
    }
}

/* ---- Full ------------------------------------------------------------------------------------ */

static void beyond_in_flight_asks_are_shed_until_one_inside_is_answered(void **state)
{
    static const struct cpu_spec spec = {.cores = 1, .speed = 1, .queue = 1000};
    struct rig *rig = *state;
    struct rig_question q[5];

    rig_other_becomes(rig, &spec, 3);
    for (uint32_t i = 0; i < 3; i++)
        ask(rig, &q[i], &plain);
    rig_wait_for_visits(rig, 3);
    ask(rig, &q[3], &plain);
    rig_expect(&q[3], CALL_SHED, 0);
    rig_answer(rig, 1, CALL_OK, 0, 0);
    rig_pass(rig, MS(1));
    ask(rig, &q[4], &plain);
    rig_wait_for_visits(rig, 4); /* The one that was shed came to nobody. */
    ask(rig, &q[3], &plain);
    rig_expect(&q[3], CALL_SHED, 0);
    assert_int_equal(rig_service(rig)->visits, 4);
}

static void nobody_is_told(struct call *call)
{
    (void)call;
}

static void compute_for_an_hour(struct rig_visit *visit)
{
    if (visit->ask.verb == VERB_HEALTH) {
        rig_answer(visit->rig, rig_service(visit->rig)->visits - 1, CALL_OK, 1, 0);
        return;
    }
    visit->call.done = nobody_is_told;
    cpu_run(visit->rig->ports.cpu, &visit->call, SECONDS(3600));
}

static void
an_event_loop_with_a_full_line_sheds_and_tells_health_checks_that_it_is_well(void **state)
{
    static const struct cpu_spec spec = {.cores = 2, .speed = 1, .queue = 3};
    struct rig *rig = *state;
    struct rig_question q[8];

    rig_other_becomes(rig, &spec, 1000);
    rig_service(rig)->handle = compute_for_an_hour;
    for (uint32_t i = 0; i < 5; i++)
        ask(rig, &q[i], &plain);
    rig_wait_for_visits(rig, 5); /* Two run, three wait. */
    for (uint32_t i = 5; i < 8; i++) {
        ask(rig, &q[i], &plain);
        rig_expect(&q[i], CALL_SHED, 0);
    }
    ask(rig, &q[5], &health);
    rig_expect(&q[5], CALL_OK, 1);
    assert_int_equal(q[0].call.outcome, CALL_PENDING);
}

static const struct cpu_spec two_threads = {
    .model = CPU_THREADS, .cores = 1, .speed = 1, .workers = 2, .quantum_ns = MS(1), .queue = 2};

static void
under_threads_who_finds_none_free_waits_at_the_door_and_beyond_its_queue_is_shed(void **state)
{
    struct rig *rig = *state;
    struct rig_service *service = rig_service(rig);
    struct rig_question q[6];

    rig_other_becomes(rig, &two_threads, 1000);
    for (uint32_t i = 0; i < 2; i++)
        ask(rig, &q[i], &plain);
    rig_wait_for_visits(rig, 2);
    for (uint32_t i = 2; i < 4; i++) { /* One after the other, so that their order is known. */
        ask(rig, &q[i], &(struct ask){.verb = VERB_LIKE, .key = i});
        rig_pass(rig, MS(20));
    }
    ask(rig, &q[4], &plain);
    rig_expect(&q[4], CALL_SHED, 0);
    assert_int_equal(service->visits, 2);
    ask(rig, &q[5], &health);
    rig_wait_for_visits(rig, 3); /* It needs no thread. */
    rig_answer(rig, 2, CALL_OK, 1, 0);
    rig_expect(&q[5], CALL_OK, 1);
    rig_answer(rig, 0, CALL_OK, 0, 0);
    rig_answer(rig, 1, CALL_OK, 0, 0);
    rig_wait_for_visits(rig, 5);
    assert_int_equal(service->seen[3].ask.key, 2);
    assert_int_equal(service->seen[4].ask.key, 3);
    rig_answer(rig, 4, CALL_OK, 3, 0);
    rig_answer(rig, 3, CALL_OK, 2, 0);
    rig_expect(&q[2], CALL_OK, 2);
    rig_expect(&q[3], CALL_OK, 3);
}

static void who_waits_at_the_door_when_it_dies_has_failed_too(void **state)
{
    struct rig *rig = *state;
    struct rig_question q[3];

    rig_other_becomes(rig, &two_threads, 1000);
    for (uint32_t i = 0; i < 2; i++)
        ask(rig, &q[i], &plain);
    rig_wait_for_visits(rig, 2);
    ask(rig, &q[2], &plain);
    rig_pass(rig, MS(20));
    rig->world->crash(rig);
    for (uint32_t i = 0; i < 3; i++)
        rig_expect(&q[i], CALL_FAILED, 0);
    assert_int_equal(rig_service(rig)->visits, 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_field_of_every_verb_arrives_as_it_was_sent),
    cmocka_unit_test(money_that_is_owed_back_arrives_as_it_was_sent),
    cmocka_unit_test(a_deadline_arrives_within_a_millisecond_and_the_time_of_its_way),
    cmocka_unit_test(a_deadline_that_has_passed_arrives_as_one_that_has_passed),
    cmocka_unit_test(a_deadline_at_the_end_of_time_stays_there),
    cmocka_unit_test(every_outcome_of_every_verb_comes_back_with_its_value),
    cmocka_unit_test(who_is_denied_is_told_why),
    cmocka_unit_test(an_answer_is_as_large_as_it_was_given),
    cmocka_unit_test(an_answer_given_inside_the_visit_comes_after_the_asking),
    cmocka_unit_test(asks_at_once_may_be_answered_in_any_order),
    cmocka_unit_test(a_call_may_be_asked_again_from_inside_its_done),
    cmocka_unit_test(a_stage_lasts_from_its_naming_to_that_of_the_next_or_to_the_answer),
    cmocka_unit_test(a_service_that_names_no_stages_has_none),
    cmocka_unit_test(who_is_never_answered_times_out_and_a_late_answer_is_dropped),
    cmocka_unit_test(a_late_answer_is_not_taken_for_that_of_the_next_try),
    cmocka_unit_test(who_asks_for_ever_does_not_time_out),
    cmocka_unit_test(an_ask_is_refused_while_nobody_listens_and_answered_once_somebody_does),
    cmocka_unit_test(what_is_in_hand_when_it_dies_has_failed_and_the_next_is_refused),
    cmocka_unit_test(who_has_died_and_is_back_is_asked_as_if_nothing_had_been),
    cmocka_unit_test(beyond_in_flight_asks_are_shed_until_one_inside_is_answered),
    cmocka_unit_test(an_event_loop_with_a_full_line_sheds_and_tells_health_checks_that_it_is_well),
    cmocka_unit_test(
        under_threads_who_finds_none_free_waits_at_the_door_and_beyond_its_queue_is_shed),
    cmocka_unit_test(who_waits_at_the_door_when_it_dies_has_failed_too),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_peer_virtual, &rig_peer_at_once,
                                                     &rig_peer_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
