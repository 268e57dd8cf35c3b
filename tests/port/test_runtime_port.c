/* test_runtime_port.c — services/port/cpu.h: who goes on while a handler blocks, and who computes
 * beside the interpreter's lock; the same in both worlds.
 *
 * In virtual time what is due ends then; live then or later, never before (by more than a timer's
 * grain). What a process is, a single one cannot show: tests/world/test_runtimes.c and
 * tests/live/test_prefork.c do. */
#include "tests/port/cpu_jobs.h"

#include <time.h>

enum { STEPS = 5 };

/* ---- Blocking -------------------------------------------------------------------------------- */

/* The nap is over long before, but there is nobody to notice. */
static void a_blocking_call_stalls_an_event_loop_and_all_who_wait_on_it(void **state)
{
    struct rig *rig = *state;
    struct job blocks, naps, runs;

    rig_processor(rig, &one_core);
    block(rig, &blocks, MS(60));
    run(rig, &runs, MS(1));
    nap(rig, &naps, MS(5));
    wait_for_all(rig);
    rig_was_due(&blocks.question, blocks.question.asked_ns + MS(60), GRAIN_NS);
    rig_was_due(&naps.question, blocks.question.asked_ns + MS(60), GRAIN_NS);
    rig_was_due(&runs.question, blocks.question.asked_ns + MS(61), GRAIN_NS);
    assert_int_equal(blocks.question.nth, 1);
    if (rig->fixture != NULL) /* Live both may have been due long since when it returned. */
        assert_int_equal(runs.question.nth, 3);
}

static void blocking_calls_on_an_event_loop_take_their_turns_in_line(void **state)
{
    static struct job jobs[12];
    struct rig *rig = *state;

    rig_processor(rig, &one_core);
    for (uint32_t i = 0; i < 12; i++)
        (i % 3 == 0 ? block : run)(rig, &jobs[i], MS(2) + US(100 * i));
    wait_for_all(rig);
    were_served_first_in_first_out(jobs, 12, &one_core);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(jobs[i].question.nth, i + 1);
}

static void of_several_loops_a_blocking_call_holds_one(void **state)
{
    static const struct cpu_spec spec = {.cores = 2, .speed = 1, .queue = 1000};
    struct rig *rig = *state;
    struct job blocks, jobs[10], naps;

    rig_processor(rig, &spec);
    block(rig, &blocks, SECONDS(3600));
    for (int i = 0; i < 10; i++)
        run(rig, &jobs[i], MS(2));
    nap(rig, &naps, MS(1));
    rig_wait(&naps.question);
    rig_wait(&jobs[9].question);
    were_served_first_in_first_out(jobs, 10, &one_core);
    assert_int_equal(blocks.question.times, 0);
}

static void a_faster_core_does_not_shorten_a_wait(void **state)
{
    struct cpu_spec spec = one_core;
    struct rig *rig = *state;
    struct job blocks;

    spec.speed = 10;
    rig_processor(rig, &spec);
    block(rig, &blocks, MS(20));
    wait_for_all(rig);
    rig_was_due(&blocks.question, blocks.question.asked_ns + MS(20), GRAIN_NS);
}

static void under_threads_a_blocking_call_holds_its_own_thread_and_no_core(void **state)
{
    struct rig *rig = *state;
    struct job blocks[5], naps, runs;

    rig_processor(rig, &sliced);
    for (int i = 0; i < 4; i++)
        block(rig, &blocks[i], SECONDS(3600));
    block(rig, &blocks[4], MS(30));
    nap(rig, &naps, MS(1));
    run(rig, &runs, MS(5));
    rig_wait(&runs.question);
    rig_wait(&naps.question);
    rig_wait(&blocks[4].question);
    rig_was_due(&runs.question, runs.question.asked_ns + MS(5), GRAIN_NS);
    rig_was_due(&blocks[4].question, blocks[4].question.asked_ns + MS(30), GRAIN_NS);
    assert_int_equal(blocks[0].question.times, 0);
}

/* ---- The interpreter's lock ------------------------------------------------------------------ */

static void never_do_two_compute_beside_the_lock_however_many_cores_there_are(void **state)
{
    static struct job jobs[30];
    struct rig *rig = *state;

    rig_processor(rig, &locked);
    for (uint32_t i = 0; i < 30; i++)
        jobs[i].work_ns = MS(3) + US(i * 7919 % 9000);
    run_together(rig, jobs, 30);
    wait_for_all(rig);
    had_no_more_than_there_is(jobs, 30, 1);
}

/* The first is over before the second asks, but a late loop still has the time of before. */
static void who_asks_on_a_late_loop_has_no_core_of_the_past(struct rig *rig,
                                                            const struct cpu_spec *spec)
{
    const struct timespec late = {.tv_nsec = (long)MS(25)};
    struct job jobs[2] = {{.work_ns = MS(20)}, {.work_ns = MS(30)}};

    rig_processor(rig, spec);
    for (int i = 0; i < 2; i++)
        rig_ask(rig, &jobs[i].question);
    cpu_run(rig->ports.cpu, &jobs[0].question.call, jobs[0].work_ns);
    nanosleep(&late, NULL);
    cpu_run(rig->ports.cpu, &jobs[1].question.call, jobs[1].work_ns);
    wait_for_all(rig);
    had_no_more_than_there_is(jobs, 2, 1);
}

static void a_late_loop_has_no_core_of_the_past(void **state)
{
    who_asks_on_a_late_loop_has_no_core_of_the_past(*state, &sliced);
}

static void a_late_loop_has_no_lock_of_the_past(void **state)
{
    who_asks_on_a_late_loop_has_no_core_of_the_past(*state, &locked);
}

static void native_work_runs_beside_the_lock_on_all_cores(void **state)
{
    struct rig *rig = *state;
    struct job jobs[4];

    rig_processor(rig, &locked);
    run(rig, &jobs[0], SECONDS(3600));
    run_native(rig, &jobs[1], SECONDS(3600));
    run_native(rig, &jobs[2], SECONDS(3600));
    run_native(rig, &jobs[3], MS(20)); /* On the fourth core. */
    rig_wait(&jobs[3].question);
    rig_was_due(&jobs[3].question, jobs[3].question.asked_ns + MS(20), GRAIN_NS);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(jobs[i].question.times, 0);
}

/* The convoy: a millisecond of work costs six. */
static void who_comes_while_another_computes_waits_a_switch_interval(void **state)
{
    struct rig *rig = *state;
    struct job jobs[2];

    rig_processor(rig, &locked);
    run(rig, &jobs[0], SECONDS(3600));
    rig_pass(rig, MS(20) + US(300));
    run(rig, &jobs[1], MS(1));
    rig_wait(&jobs[1].question);
    assert_int_equal(jobs[0].question.times, 0);
    rig_was_due(&jobs[1].question, jobs[1].question.asked_ns + MS(6), GRAIN_NS);
}

/* A long interval: a machine that is busy for a moment takes the lock from nobody. */
static void who_wants_the_lock_first_has_it_first(void **state)
{
    struct cpu_spec patient = locked;
    struct rig *rig = *state;
    struct job holder, jobs[5];

    patient.switch_interval_ns = MS(300);
    rig_processor(rig, &patient);
    run(rig, &holder, SECONDS(3600));
    for (uint32_t i = 0; i < 5; i++)
        jobs[i].work_ns = US(300) * (5 - i);
    run_together(rig, jobs, 5);
    rig_wait(&jobs[4].question);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(jobs[i].question.nth, i + 1);
    assert_int_equal(holder.question.times, 0);
}

/* Live a holder may notice late, so that its turn is longer: never is it shorter. */
static void who_only_computes_has_turns_of_one_interval(void **state)
{
    struct rig *rig = *state;
    struct job jobs[] = {{.work_ns = MS(20)}, {.work_ns = MS(20)}};

    rig_processor(rig, &locked);
    run_together(rig, jobs, 2);
    wait_for_all(rig);
    had_no_more_than_there_is(jobs, 2, 1);
    if (rig->fixture != NULL) {
        rig_was_due(&jobs[0].question, jobs[0].question.asked_ns + MS(35), 0);
        rig_was_due(&jobs[1].question, jobs[1].question.asked_ns + MS(40), 0);
    }
}

static void a_blocking_call_lets_go_of_the_lock(void **state)
{
    struct rig *rig = *state;
    struct job blocks, runs;

    rig_processor(rig, &locked);
    block(rig, &blocks, SECONDS(3600));
    run(rig, &runs, MS(5));
    rig_wait(&runs.question);
    rig_was_due(&runs.question, runs.question.asked_ns + MS(5), GRAIN_NS);
    assert_int_equal(blocks.question.times, 0);
}

static void nap_and_run(struct rig_question *question)
{
    struct rig *rig = question->rig;

    if (question->times == 2 * STEPS)
        return;
    if (question->times % 2 == 0)
        timer_sleep(rig->ports.timer, &question->call, MS(3));
    else
        cpu_run(rig->ports.cpu, &question->call, US(100));
}

static bool has_run_twice_enough(void *context)
{
    return ((const struct rig_question *)context)->times >= 2 * STEPS;
}

/* Each time that it comes back from a wait: 3 ms, then an interval for 100 us of work. */
static void a_thread_that_waits_beside_one_that_computes_pays_an_interval_each_time(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    struct job long_one;

    rig_processor(rig, &locked);
    run(rig, &long_one, SECONDS(3600));
    timer_sleep(rig->ports.timer, rig_ask_and_see(rig, &q, nap_and_run), MS(3));
    assert_true(rig_run_until(rig, has_run_twice_enough, &q, RIG_LIMIT_NS));
    rig_was_due(&q, q.asked_ns + STEPS * (MS(3) + MS(5) + US(100)), GRAIN_NS);
}

/* On one core the system shares it out between who holds the lock and who needs none. */
static void who_holds_the_lock_wants_a_core_as_well(void **state)
{
    struct cpu_spec spec = locked;
    struct rig *rig = *state;
    struct job own, native;

    spec.cores = 1;
    rig_processor(rig, &spec);
    run(rig, &own, SECONDS(3600));
    run_native(rig, &native, MS(10));
    rig_wait(&native.question);
    assert_int_equal(own.question.times, 0);
    rig_was_due(&native.question, native.question.asked_ns + MS(20), GRAIN_NS + MS(1));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_blocking_call_stalls_an_event_loop_and_all_who_wait_on_it),
    cmocka_unit_test(blocking_calls_on_an_event_loop_take_their_turns_in_line),
    cmocka_unit_test(of_several_loops_a_blocking_call_holds_one),
    cmocka_unit_test(a_faster_core_does_not_shorten_a_wait),
    cmocka_unit_test(under_threads_a_blocking_call_holds_its_own_thread_and_no_core),
    cmocka_unit_test(never_do_two_compute_beside_the_lock_however_many_cores_there_are),
    cmocka_unit_test(a_late_loop_has_no_core_of_the_past),
    cmocka_unit_test(a_late_loop_has_no_lock_of_the_past),
    cmocka_unit_test(native_work_runs_beside_the_lock_on_all_cores),
    cmocka_unit_test(who_comes_while_another_computes_waits_a_switch_interval),
    cmocka_unit_test(who_wants_the_lock_first_has_it_first),
    cmocka_unit_test(who_only_computes_has_turns_of_one_interval),
    cmocka_unit_test(a_blocking_call_lets_go_of_the_lock),
    cmocka_unit_test(a_thread_that_waits_beside_one_that_computes_pays_an_interval_each_time),
    cmocka_unit_test(who_holds_the_lock_wants_a_core_as_well),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_node_virtual, &rig_node_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
