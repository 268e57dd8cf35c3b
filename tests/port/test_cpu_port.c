/* test_cpu_port.c — services/port/cpu.h: cores, speed, lines and slices, the same in both worlds.
 *
 * An event loop is a first-in-first-out line before `cores` servers, so the instant when a piece of
 * work is due follows from when each was asked: due = max(asked, the first core to come free) +
 * work / speed. In virtual time it ends then; live it ends then or later, never before (by more
 * than a timer's grain). Under threads what is owed is the order of ends and the capacity. */
#include "tests/port/cpu_jobs.h"

enum { MANY = 200, STEPS = 5 };

/* ---- The contract ---------------------------------------------------------------------------- */

static void work_never_ends_inside_its_asking_and_none_ends_in_a_moment(void **state)
{
    struct rig *rig = *state;
    struct job job;

    rig_processor(rig, &one_core);
    for (uint64_t work_ns = 0; work_ns < MS(3); work_ns += MS(1)) {
        run(rig, &job, work_ns);
        assert_int_equal(job.question.call.outcome, CALL_PENDING);
        rig_expect(&job.question, CALL_OK, 0);
        were_served_first_in_first_out(&job, 1, &one_core);
    }
}

static void run_again(struct rig_question *question)
{
    if (question->times < STEPS)
        cpu_run(question->rig->ports.cpu, &question->call, MS(2));
}

static bool has_run_enough(void *context)
{
    return ((const struct rig_question *)context)->times >= STEPS;
}

static void a_call_may_ask_for_more_as_soon_as_it_has_ended(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig_processor(rig, &one_core);
    cpu_run(rig->ports.cpu, rig_ask_and_see(rig, &q, run_again), MS(2));
    assert_true(rig_run_until(rig, has_run_enough, &q, RIG_LIMIT_NS));
    rig_was_due(&q, q.asked_ns + STEPS * MS(2), GRAIN_NS);
}

/* ---- An event loop --------------------------------------------------------------------------- */

static void one_core_ends_work_in_the_order_in_which_it_was_asked(void **state)
{
    static struct job jobs[MANY];
    struct rig *rig = *state;

    rig_processor(rig, &one_core);
    for (uint32_t i = 0; i < MANY; i++)
        run(rig, &jobs[i], US(i * 7919 % 2000));
    wait_for_all(rig);
    were_served_first_in_first_out(jobs, MANY, &one_core);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(jobs[i].question.nth, i + 1);
}

static void a_little_work_waits_behind_much(void **state)
{
    struct rig *rig = *state;
    struct job jobs[3];

    rig_processor(rig, &one_core);
    run(rig, &jobs[0], MS(30));
    run(rig, &jobs[1], 0);
    run(rig, &jobs[2], US(1));
    wait_for_all(rig);
    were_served_first_in_first_out(jobs, 3, &one_core);
    assert_int_equal(jobs[0].question.nth, 1);
    assert_int_equal(jobs[1].question.nth, 2);
}

static void as_many_run_at_once_as_there_are_cores_and_no_more(void **state)
{
    static const struct cpu_spec spec = {.cores = 3, .speed = 1, .queue = 1000};
    static struct job jobs[MANY];
    struct rig *rig = *state;

    rig_processor(rig, &spec);
    for (uint32_t i = 0; i < MANY; i++)
        run(rig, &jobs[i], MS(2) + US(i * 104729 % 1000));
    wait_for_all(rig);
    were_served_first_in_first_out(jobs, MANY, &spec);
}

/* A handler: one piece after the other, without awaiting. */
static void go_on(struct rig_question *question)
{
    struct cpu *cpu = question->rig->ports.cpu;

    if (question->times == 1)
        cpu_block(cpu, &question->call, MS(3));
    else if (question->times == 2)
        cpu_run_native(cpu, &question->call, MS(1));
    else if (question->times == 3)
        cpu_run(cpu, &question->call, MS(2));
}

static bool has_gone_on(void *context)
{
    return ((const struct rig_question *)context)->times == 4;
}

static void a_handler_goes_on_before_those_who_wait_until_it_awaits(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    struct job others[3];

    rig_processor(rig, &one_core);
    cpu_run(rig->ports.cpu, rig_ask_and_see(rig, &q, go_on), MS(2));
    for (uint32_t i = 0; i < 3; i++)
        run(rig, &others[i], MS(5));
    assert_true(rig_run_until(rig, has_gone_on, &q, RIG_LIMIT_NS));
    rig_was_due(&q, q.asked_ns + MS(8), GRAIN_NS);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(others[i].question.times, 0);
    rig_wait(&others[2].question);
    for (uint32_t i = 0; i < 3; i++)
        rig_was_due(&others[i].question, q.asked_ns + MS(8) + (i + 1) * MS(5), GRAIN_NS);
}

static void nap_and_run(struct rig_question *question)
{
    if (question->times == 1)
        timer_sleep(question->rig->ports.timer, &question->call, 0);
    else if (question->times == 2)
        cpu_run(question->rig->ports.cpu, &question->call, MS(2));
}

static bool has_napped_and_run(void *context)
{
    return ((const struct rig_question *)context)->times == 3;
}

static void a_handler_that_has_awaited_waits_like_everybody(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    struct job others[3];

    rig_processor(rig, &one_core);
    cpu_run(rig->ports.cpu, rig_ask_and_see(rig, &q, nap_and_run), MS(2));
    for (uint32_t i = 0; i < 3; i++)
        run(rig, &others[i], MS(5));
    assert_true(rig_run_until(rig, has_napped_and_run, &q, RIG_LIMIT_NS));
    for (uint32_t i = 0; i < 3; i++)
        rig_was_due(&others[i].question, q.asked_ns + MS(2) + (i + 1) * MS(5), GRAIN_NS);
    rig_was_due(&q, q.asked_ns + MS(19), GRAIN_NS);
}

static void a_long_piece_holds_one_core_and_the_others_go_on(void **state)
{
    static const struct cpu_spec spec = {.cores = 2, .speed = 1, .queue = 1000};
    struct rig *rig = *state;
    struct job long_one, short_ones[20];

    rig_processor(rig, &spec);
    run(rig, &long_one, SECONDS(3600));
    for (int i = 0; i < 20; i++)
        run(rig, &short_ones[i], MS(1));
    rig_wait(&short_ones[19].question);
    were_served_first_in_first_out(short_ones, 20, &one_core);
    assert_int_equal(long_one.question.times, 0);
}

static void a_core_that_has_been_idle_starts_at_once(void **state)
{
    static struct job jobs[20];
    struct rig *rig = *state;

    rig_processor(rig, &one_core);
    for (uint32_t i = 0; i < 20; i++) {
        run(rig, &jobs[i], MS(4));
        rig_pass(rig, MS(i % 5 * 2));
    }
    wait_for_all(rig);
    were_served_first_in_first_out(jobs, 20, &one_core);
}

static void twice_the_speed_is_half_the_time_and_half_the_speed_twice(void **state)
{
    static const double speeds[] = {2.0, 0.5, 3.0};
    static struct job jobs[10];
    struct rig *rig = *state;
    struct cpu_spec spec = one_core;

    for (size_t s = 0; s < sizeof speeds / sizeof *speeds; s++) {
        if (s > 0) {
            rig->world->close(rig);
            *rig = (struct rig){.world = rig->world};
            rig->world->open(rig);
        }
        spec.speed = speeds[s];
        rig_processor(rig, &spec);
        for (uint32_t i = 0; i < 10; i++)
            run(rig, &jobs[i], MS(6));
        wait_for_all(rig);
        were_served_first_in_first_out(jobs, 10, &spec);
    }
}

/* ---- By priority ----------------------------------------------------------------------------- */

static const struct cpu_spec by_priority = {
    .cores = 1, .speed = 1, .queue = 1000, .line = LINE_PRIORITY};

/* All at one instant, job i with the priority i % 10. */
static void run_by_priority(struct rig *rig, struct job *jobs, uint32_t jobs_max)
{
    for (uint32_t i = 0; i < jobs_max; i++)
        rig_ask(rig, &jobs[i].question)->priority = (uint8_t)(i % 10);
    for (uint32_t i = 0; i < jobs_max; i++)
        cpu_run(rig->ports.cpu, &jobs[i].question.call, MS(2));
    wait_for_all(rig);
}

/* The first has the core before anybody else is there, and is not interrupted. */
static void the_urgent_overtake_in_the_line_and_interrupt_nobody(void **state)
{
    static struct job jobs[30];
    struct rig *rig = *state;

    rig_processor(rig, &by_priority);
    run_by_priority(rig, jobs, 30);
    assert_int_equal(jobs[0].question.nth, 1);
    for (uint32_t i = 1; i < 30; i++) {
        uint32_t above = 3 * (9 - i % 10); /* Those who are more urgent; then one's equals. */
        uint32_t equals = i / 10 - (i % 10 == 0 ? 1 : 0);

        assert_int_equal(jobs[i].question.nth, 2 + above + equals);
    }
}

static void where_the_line_is_not_by_priority_urgency_is_nothing_to_it(void **state)
{
    static struct job jobs[30];
    struct rig *rig = *state;

    rig_processor(rig, &one_core);
    run_by_priority(rig, jobs, 30);
    for (uint32_t i = 0; i < 30; i++)
        assert_int_equal(jobs[i].question.nth, i + 1);
}

static void under_threads_the_urgent_have_the_next_slice(void **state)
{
    struct cpu_spec spec = sliced;
    struct rig *rig = *state;
    struct job jobs[3];

    spec.line = LINE_PRIORITY;
    rig_processor(rig, &spec);
    for (uint32_t i = 0; i < 3; i++)
        rig_ask(rig, &jobs[i].question)->priority = (uint8_t)i;
    for (uint32_t i = 0; i < 3; i++)
        cpu_run(rig->ports.cpu, &jobs[i].question.call, MS(20));
    wait_for_all(rig);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(jobs[i].question.nth, 3 - i);
}

/* ---- Threads --------------------------------------------------------------------------------- */

/* Slices of 1 ms in turn: the short one ends with its third, which is the sixth of all. */
static void under_threads_a_short_piece_overtakes_a_long_one(void **state)
{
    struct rig *rig = *state;
    struct job jobs[] = {{.work_ns = MS(10)}, {.work_ns = MS(3)}};

    rig_processor(rig, &sliced);
    run_together(rig, jobs, 2);
    wait_for_all(rig);
    assert_int_equal(jobs[1].question.nth, 1);
    rig_was_due(&jobs[1].question, jobs[1].question.asked_ns + MS(6), GRAIN_NS);
    rig_was_due(&jobs[0].question, jobs[0].question.asked_ns + MS(13), GRAIN_NS);
    had_no_more_than_there_is(jobs, 2, 1);
}

static void under_threads_the_shorter_ends_first_however_late_it_was_asked(void **state)
{
    struct rig *rig = *state;
    struct job jobs[5];

    rig_processor(rig, &sliced);
    for (uint32_t i = 0; i < 5; i++)
        jobs[i].work_ns = MS(20) * (5 - i);
    run_together(rig, jobs, 5);
    wait_for_all(rig);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(jobs[i].question.nth, 5 - i);
    had_no_more_than_there_is(jobs, 5, 1);
}

static void equal_pieces_take_turns_and_end_in_the_order_in_which_they_were_asked(void **state)
{
    struct cpu_spec spec = sliced;
    struct rig *rig = *state;
    struct job jobs[4];

    spec.quantum_ns =
        MS(20); /* Live, who is asked for last is there before the first one's ends. */
    rig_processor(rig, &spec);
    for (uint32_t i = 0; i < 4; i++)
        jobs[i].work_ns = MS(60);
    run_together(rig, jobs, 4);
    wait_for_all(rig);
    for (uint32_t i = 0; i < 4; i++) { /* All have had two of their three slices by then. */
        assert_int_equal(jobs[i].question.nth, i + 1);
        rig_was_due(&jobs[i].question, jobs[i].question.asked_ns + MS(180) + MS(20) * i, GRAIN_NS);
    }
}

static void who_runs_alone_gives_way_when_somebody_comes(void **state)
{
    struct rig *rig = *state;
    struct job jobs[2];

    rig_processor(rig, &sliced);
    run(rig, &jobs[0], SECONDS(3600));
    rig_pass(rig, MS(20) + US(300));
    run(rig, &jobs[1], MS(5));
    rig_wait(&jobs[1].question);
    assert_int_equal(jobs[0].question.times, 0);
    /* The slice in which it came, its own five, four of the other between them. */
    rig_was_due(&jobs[1].question, jobs[1].question.asked_ns + US(700) + MS(9),
                GRAIN_NS + MS(1)); /* Live it may come anywhere in a slice. */
}

static void cores_under_threads_share_what_is_runnable_and_no_more(void **state)
{
    static struct job jobs[60];
    struct cpu_spec spec = sliced;
    struct rig *rig = *state;

    spec.cores = 3;
    spec.speed = 2;
    rig_processor(rig, &spec);
    for (uint32_t i = 0; i < 60; i++)
        run(rig, &jobs[i], MS(4) + US(i * 7919 % 4000));
    wait_for_all(rig);
    for (uint32_t i = 0; i < 60; i++)
        jobs[i].work_ns /= 2; /* At that speed. */
    had_no_more_than_there_is(jobs, 60, 3);
}

static void fewer_pieces_than_cores_do_not_wait_for_each_other(void **state)
{
    struct cpu_spec spec = sliced;
    struct rig *rig = *state;
    struct job jobs[3];

    spec.cores = 3;
    rig_processor(rig, &spec);
    for (uint32_t i = 0; i < 3; i++)
        jobs[i].work_ns = MS(40) * (3 - i);
    run_together(rig, jobs, 3);
    wait_for_all(rig);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(jobs[i].question.nth, 3 - i);
        rig_was_due(&jobs[i].question, jobs[i].question.asked_ns + jobs[i].work_ns, GRAIN_NS);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(work_never_ends_inside_its_asking_and_none_ends_in_a_moment),
    cmocka_unit_test(a_call_may_ask_for_more_as_soon_as_it_has_ended),
    cmocka_unit_test(one_core_ends_work_in_the_order_in_which_it_was_asked),
    cmocka_unit_test(a_little_work_waits_behind_much),
    cmocka_unit_test(as_many_run_at_once_as_there_are_cores_and_no_more),
    cmocka_unit_test(a_handler_goes_on_before_those_who_wait_until_it_awaits),
    cmocka_unit_test(a_handler_that_has_awaited_waits_like_everybody),
    cmocka_unit_test(a_long_piece_holds_one_core_and_the_others_go_on),
    cmocka_unit_test(a_core_that_has_been_idle_starts_at_once),
    cmocka_unit_test(twice_the_speed_is_half_the_time_and_half_the_speed_twice),
    cmocka_unit_test(the_urgent_overtake_in_the_line_and_interrupt_nobody),
    cmocka_unit_test(where_the_line_is_not_by_priority_urgency_is_nothing_to_it),
    cmocka_unit_test(under_threads_the_urgent_have_the_next_slice),
    cmocka_unit_test(under_threads_a_short_piece_overtakes_a_long_one),
    cmocka_unit_test(under_threads_the_shorter_ends_first_however_late_it_was_asked),
    cmocka_unit_test(equal_pieces_take_turns_and_end_in_the_order_in_which_they_were_asked),
    cmocka_unit_test(who_runs_alone_gives_way_when_somebody_comes),
    cmocka_unit_test(cores_under_threads_share_what_is_runnable_and_no_more),
    cmocka_unit_test(fewer_pieces_than_cores_do_not_wait_for_each_other),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_node_virtual, &rig_node_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
