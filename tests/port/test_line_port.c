/* test_line_port.c — The line before a node (services/base/door_line.h): who comes in by the door
 * next, and who gives way when it is full. Those of one node alone are in test_cpu_port.c. */
#include "tests/lib/port_rig_peer.h"

static const struct ask plain = {.verb = VERB_LIKE, .key = 3, .user = 7};

static void ask(struct rig *rig, struct rig_question *q, const struct ask *ask)
{
    peer_ask(rig->ports.peer, rig_ask(rig, q), RIG_OTHER, ask, RIG_TIMEOUT_NS);
}

static void ask_with(struct rig *rig, struct rig_question *q, uint8_t priority)
{
    ask(rig, q, &(struct ask){.verb = VERB_LIKE, .key = priority, .priority = priority});
}

static void answers_as_it_ended(struct call *call)
{
    struct rig_visit *visit = (struct rig_visit *)call;

    rig_answer(visit->rig, (uint32_t)(visit - rig_service(visit->rig)->seen), call->outcome, 0, 0);
}

static void compute_for_an_hour_by_priority(struct rig_visit *visit)
{
    visit->call.done = answers_as_it_ended;
    visit->call.priority = visit->ask.priority;
    cpu_run(visit->rig->ports.cpu, &visit->call, SECONDS(3600));
}

static void in_a_full_line_by_priority_the_last_of_the_least_urgent_gives_way(void **state)
{
    static const struct cpu_spec spec = {.cores = 1, .speed = 1, .queue = 2, .line = LINE_PRIORITY};
    static const uint8_t priorities[] = {0, 0, 1};
    struct rig *rig = *state;
    struct rig_question q[7];

    rig_other_becomes(rig, &spec, 1000);
    rig_service(rig)->handle = compute_for_an_hour_by_priority;
    for (uint32_t i = 0; i < 3; i++) { /* One runs, two wait. */
        ask_with(rig, &q[i], priorities[i]);
        rig_wait_for_visits(rig, i + 1);
    }
    ask_with(rig, &q[3], 0);
    rig_expect(&q[3], CALL_SHED, 0);
    ask_with(rig, &q[4], 1);
    rig_expect(&q[1], CALL_SHED, 0);
    ask_with(rig, &q[5], 1);
    rig_expect(&q[5], CALL_SHED, 0);
    ask_with(rig, &q[6], 9);
    rig_expect(&q[4], CALL_SHED, 0);
    assert_int_equal(rig_service(rig)->visits, 5);
    assert_int_equal(q[0].call.outcome, CALL_PENDING); /* Who runs is not interrupted. */
    assert_int_equal(q[2].call.outcome, CALL_PENDING);
    assert_int_equal(q[6].call.outcome, CALL_PENDING);
    rig_expect_shed(rig, 4, 7);
}

static void too_many_inside_are_too_many_whoever_comes(void **state)
{
    static const struct cpu_spec spec = {
        .cores = 1, .speed = 1, .queue = 10, .line = LINE_PRIORITY};
    struct rig *rig = *state;
    struct rig_question q[3];

    rig_other_becomes(rig, &spec, 2);
    rig_service(rig)->handle = compute_for_an_hour_by_priority;
    ask_with(rig, &q[0], 0);
    ask_with(rig, &q[1], 0);
    rig_wait_for_visits(rig, 2);
    ask_with(rig, &q[2], 9);
    rig_expect(&q[2], CALL_SHED, 0);
}

static void under_threads_the_urgent_are_first_at_the_door_and_the_others_give_way(void **state)
{
    static const uint8_t priorities[] = {0, 1};
    static const struct cpu_spec spec = {.cores = 1,
                                         .speed = 1,
                                         .model = CPU_THREADS,
                                         .workers = 2,
                                         .quantum_ns = MS(1),
                                         .queue = 2,
                                         .line = LINE_PRIORITY};
    struct rig *rig = *state;
    struct rig_service *service = rig_service(rig);
    struct rig_question q[6];

    rig_other_becomes(rig, &spec, 1000);
    for (uint32_t i = 0; i < 2; i++)
        ask(rig, &q[i], &plain);
    rig_wait_for_visits(rig, 2);
    for (uint32_t i = 2; i < 4; i++) {
        ask_with(rig, &q[i], priorities[i - 2]);
        rig_pass(rig, MS(20));
    }
    ask_with(rig, &q[4], 0);
    rig_expect(&q[4], CALL_SHED, 0);
    ask_with(rig, &q[5], 2);
    rig_expect(&q[2], CALL_SHED, 0);
    rig_answer(rig, 0, CALL_OK, 0, 0);
    rig_answer(rig, 1, CALL_OK, 0, 0);
    rig_wait_for_visits(rig, 4);
    assert_int_equal(service->seen[2].ask.priority, 2);
    assert_int_equal(service->seen[3].ask.priority, 1);
}

/* A worker that is held, and so many who wait for it, with the keys 0, 1, 2 … */
static void hold_and_wait(struct rig *rig, enum line_order line, struct rig_question *q, uint32_t n)
{
    const struct cpu_spec spec = {.cores = 1,
                                  .speed = 1,
                                  .model = CPU_THREADS,
                                  .workers = 1,
                                  .quantum_ns = MS(1),
                                  .queue = 2,
                                  .line = line};

    rig_other_becomes(rig, &spec, 1000);
    ask(rig, &q[0], &plain);
    rig_wait_for_visits(rig, 1);
    for (uint32_t i = 1; i <= n; i++) {
        ask(rig, &q[i], &(struct ask){.verb = VERB_LIKE, .key = i, .user = 7});
        rig_pass(rig, MS(20));
    }
}

static void last_in_is_first_out_and_in_a_full_line_the_oldest_gives_way(void **state)
{
    struct rig *rig = *state;
    struct rig_service *service = rig_service(rig);
    struct rig_question q[4];

    hold_and_wait(rig, LINE_LIFO, q, 3);
    rig_expect(&q[1], CALL_SHED, 0);
    rig_answer(rig, 0, CALL_OK, 0, 0);
    rig_wait_for_visits(rig, 2);
    assert_int_equal(service->seen[1].ask.key, 3);
    rig_answer(rig, 1, CALL_OK, 0, 0);
    rig_wait_for_visits(rig, 3);
    assert_int_equal(service->seen[2].ask.key, 2);
    rig_expect_shed(rig, 1, 4);
}

static void who_has_waited_too_long_is_turned_away_where_the_line_says_so(void **state)
{
    struct rig *rig = *state;
    struct rig_question q[2];

    hold_and_wait(rig, LINE_CODEL, q, 1);
    rig_pass(rig, MS(150));
    rig_answer(rig, 0, CALL_OK, 0, 0);
    rig_expect(&q[1], CALL_SHED, 0);
    assert_int_equal(rig_service(rig)->visits, 1);
    ask(rig, &q[1], &plain); /* The worker is free, and takes the next. */
    rig_wait_for_visits(rig, 2);
    rig_expect_shed(rig, 1, 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(last_in_is_first_out_and_in_a_full_line_the_oldest_gives_way),
    cmocka_unit_test(who_has_waited_too_long_is_turned_away_where_the_line_says_so),
    cmocka_unit_test(in_a_full_line_by_priority_the_last_of_the_least_urgent_gives_way),
    cmocka_unit_test(too_many_inside_are_too_many_whoever_comes),
    cmocka_unit_test(under_threads_the_urgent_are_first_at_the_door_and_the_others_give_way),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_peer_virtual, &rig_peer_at_once,
                                                     &rig_peer_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
