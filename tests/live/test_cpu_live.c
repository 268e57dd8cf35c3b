/* The live processor. It counts up to the instants when things were due, so its sums are exact on
 * any machine, however late its timers are. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "services/live/loop/cpu_live.h"
#include "services/live/node/stats.h"
#include "services/live/runtime/cores.h"

enum { TASKS_MAX = 400 };
#define MS UINT64_C(1000000)

struct work {
    struct call call;
    struct rig *rig;
    uint32_t number;
};

struct rig {
    struct loop loop;
    struct timer_live timer;
    struct cpu_live *cpu;
    struct work works[TASKS_MAX];
    uint32_t order[TASKS_MAX], ended, wanted;
};

static struct node_stats stats;

static void ended(struct call *call)
{
    struct work *work = (struct work *)call;
    struct rig *rig = work->rig;

    assert_int_equal(call->outcome, CALL_OK);
    rig->order[rig->ended++] = work->number;
    if (rig->ended == rig->wanted)
        loop_stop(&rig->loop);
}

static void rig_open(struct rig *rig, const struct cpu_spec *spec)
{
    memset(rig, 0, sizeof *rig);
    memset(&stats, 0, sizeof stats);
    assert_true(loop_open(&rig->loop, 0));
    timer_live_open(&rig->timer, &rig->loop, &stats);
    rig->cpu = cpu_live_open(&rig->loop, spec, &stats);
    for (uint32_t i = 0; i < TASKS_MAX; i++)
        rig->works[i] = (struct work){.call.done = ended, .rig = rig, .number = i};
}

static void rig_close(struct rig *rig)
{
    cpu_live_close(rig->cpu);
    timer_live_close(&rig->timer);
    loop_close(&rig->loop);
}

static void run_as(struct rig *rig, uint32_t who, uint64_t work_ns)
{
    cpu_run(cpu_live_port(rig->cpu), &rig->works[who].call, work_ns);
}

static void wait_for(struct rig *rig, uint32_t ends)
{
    rig->wanted = ends;
    if (rig->ended < ends)
        assert_true(loop_run(&rig->loop, loop_now_ns(&rig->loop) + 60000 * MS));
}

static uint64_t area(struct rig *rig, const struct stats_level *level)
{
    return stats_level_area(level, loop_now_ns(&rig->loop));
}

/* Threads count for themselves, and are asked. */
static uint64_t area_of_threads(struct rig *rig, const struct stats_level *level)
{
    cpu_live_catch_up(rig->cpu);
    return area(rig, level);
}

/* ---- Event loop ------------------------------------------------------------------------------ */

static void an_event_loop_ends_tasks_in_the_order_in_which_they_came(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 1, .speed = 1, .queue = 100});
    for (uint32_t i = 0; i < 50; i++)
        run_as(&rig, i, (50 - i) * 20000);
    assert_int_equal(rig.ended, 0);
    wait_for(&rig, 50);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(rig.order[i], i);
    rig_close(&rig);
}

/* The wrong belief: what a timer was late is lost. 300 tasks of 1 ms, asked at one instant, keep
 * the core for 300 ms to the nanosecond, and number i waits for i ms. */
static void late_timers_cost_no_capacity(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 1, .speed = 1, .queue = 1000});
    for (uint32_t i = 0; i < 300; i++)
        run_as(&rig, i, MS);
    wait_for(&rig, 300);
    assert_int_equal(area(&rig, &stats.busy), 300 * MS + cpu_live_stood_still_ns(rig.cpu));
    assert_int_equal(stats.waits, 300);
    if (cpu_live_stood_still_ns(rig.cpu) == 0) /* A machine that stalls makes them wait longer. */
        assert_int_equal(stats.waits_ns, 299 * 300 / 2 * MS);
    assert_int_equal(area(&rig, &stats.waiting), stats.waits_ns);
    assert_int_equal(stats.wait.total, 299); /* The first did not wait. */
    assert_int_equal(stats.waiting.max, 299);
    assert_int_equal(stats.waited[STATS_CPU], 300);
    rig_close(&rig);
}

static void no_more_than_all_cores_are_busy_and_none_idles_beside_a_line(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 3, .speed = 2, .queue = 1000});
    for (uint32_t i = 0; i < 300; i++)
        run_as(&rig, i, 2 * MS);
    wait_for(&rig, 300);
    assert_int_equal(stats.busy.max, 3);
    assert_int_equal(stats.busy.now, 0);
    if (cpu_live_stood_still_ns(rig.cpu) == 0) {
        assert_int_equal(area(&rig, &stats.busy), 300 * MS);       /* At speed 2. */
        assert_int_equal(stats.waits_ns, 3 * (99 * 100 / 2) * MS); /* Three abreast. */
    }
    rig_close(&rig);
}

static void it_is_full_when_cores_and_queue_are(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 2, .speed = 1, .queue = 1});
    for (uint32_t i = 0; i < 3; i++) {
        assert_false(cpu_live_is_full(rig.cpu, 0));
        run_as(&rig, i, MS);
    }
    assert_true(cpu_live_is_full(rig.cpu, 0));
    wait_for(&rig, 3);
    assert_false(cpu_live_is_full(rig.cpu, 0));
    rig_close(&rig);
}

/* The wrong belief: an area read at any time never shrinks. A task that was due and whose timer has
 * not rung yet would count for longer than it ran. */
static void figures_are_those_of_what_was_due_once_it_has_caught_up(void **state)
{
    struct rig rig;
    uint64_t begun_ns;

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 2, .speed = 1, .queue = 10});
    for (uint32_t i = 0; i < 3; i++)
        run_as(&rig, i, MS);
    begun_ns = loop_now_ns(&rig.loop);
    while (loop_now_ns(&rig.loop) < begun_ns + 3 * MS)
        loop_enter(&rig.loop);
    assert_true(area(&rig, &stats.busy) > 2 * MS);
    cpu_live_catch_up(rig.cpu);
    if (cpu_live_stood_still_ns(rig.cpu) == 0)
        assert_int_equal(area(&rig, &stats.busy), 2 * MS);
    assert_int_equal(rig.ended, 0); /* Later, from the loop. */
    wait_for(&rig, 3);
    if (cpu_live_stood_still_ns(rig.cpu) == 0) { /* The third began when the first was due. */
        assert_int_equal(area(&rig, &stats.busy), 3 * MS);
        assert_int_equal(area(&rig, &stats.waiting), MS);
    }
    rig_close(&rig);
}

/* The wrong belief: what was due while the process was stopped had been done by its end. */
static void a_stop_gives_no_work_away(void **state)
{
    struct rig rig;
    uint64_t resumed_ns;

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 1, .speed = 1, .queue = 10});
    for (uint32_t i = 0; i < 3; i++)
        run_as(&rig, i, 20 * MS);
    usleep(400000); /* Nobody runs the loop meanwhile. */
    loop_enter(&rig.loop);
    resumed_ns = loop_now_ns(&rig.loop);
    wait_for(&rig, 3);
    assert_true(loop_now_ns(&rig.loop) >= resumed_ns + 2 * 20 * MS);
    assert_true(cpu_live_stood_still_ns(rig.cpu) >= 380 * MS);
    rig_close(&rig);
}

static void a_queue_without_limit_is_never_full(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 1, .speed = 1, .queue = UINT32_MAX});
    for (uint32_t i = 0; i < 20; i++)
        run_as(&rig, i, 1000);
    assert_false(cpu_live_is_full(rig.cpu, 0));
    wait_for(&rig, 20);
    rig_close(&rig);
}

/* ---- Threads --------------------------------------------------------------------------------- */

static const struct cpu_spec threads = {
    .model = CPU_THREADS, .cores = 1, .speed = 1, .workers = 2, .quantum_ns = MS, .queue = 1};

/* Slices of 1 ms in turn: b ends with its third, the sixth of all. */
static void under_threads_a_short_task_overtakes_a_long_one(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, &threads);
    run_as(&rig, 0, 10 * MS);
    run_as(&rig, 1, 3 * MS);
    wait_for(&rig, 2);
    assert_int_equal(rig.order[0], 1);
    assert_int_equal(area_of_threads(&rig, &stats.busy),
                     13 * MS + cpu_live_stood_still_ns(rig.cpu));
    assert_int_equal(stats.waits, 0); /* The line that counts is the one at the door. */
    rig_close(&rig);
}

static void who_runs_alone_is_cut_when_somebody_comes(void **state)
{
    struct rig rig;
    struct call *nap;

    (void)state;
    rig_open(&rig, &threads);
    nap = &rig.works[2].call;
    run_as(&rig, 0, 20000 * MS);
    timer_sleep(&rig.timer.port, nap, 3 * MS);
    wait_for(&rig, 1);
    run_as(&rig, 1, 2 * MS);
    wait_for(&rig, 2);
    assert_int_equal(rig.order[1], 1);
    assert_int_equal(rig.works[0].call.outcome, CALL_PENDING);
    rig_close(&rig);
}

static void threads_are_taken_until_none_is_left_and_the_line_at_the_door_is_bounded(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, &threads);
    assert_true(cpu_live_has_workers(rig.cpu));
    assert_true(cpu_live_take_worker(rig.cpu));
    assert_false(cpu_live_is_full(rig.cpu, 5));
    assert_true(cpu_live_take_worker(rig.cpu));
    assert_false(cpu_live_take_worker(rig.cpu));
    assert_false(cpu_live_is_full(rig.cpu, 0));
    assert_true(cpu_live_is_full(rig.cpu, 1));
    cpu_live_free_worker(rig.cpu);
    assert_false(cpu_live_is_full(rig.cpu, 1));
    assert_int_equal(stats.workers_held.max, 2);
    rig_close(&rig);
}

static void threads_that_compute_or_block_for_an_hour_are_not_waited_for_in_the_end(void **state)
{
    struct cpu_spec spec = threads;
    struct rig rig;

    (void)state;
    spec.model = CPU_GIL_THREADS;
    spec.switch_interval_ns = 5 * MS;
    spec.workers = 6;
    rig_open(&rig, &spec);
    for (uint32_t i = 0; i < 4; i++)
        run_as(&rig, i, 3600000 * MS);
    for (uint32_t i = 4; i < 9; i++) /* The last three find no thread. */
        cpu_block(cpu_live_port(rig.cpu), &rig.works[i].call, 3600000 * MS);
    assert_false(loop_run(&rig.loop, loop_now_ns(&rig.loop) + 20 * MS));
    assert_int_equal(rig.ended, 0);
    rig_close(&rig);
}

static void the_lock_is_counted_for_as_long_as_it_is_held(void **state)
{
    struct cpu_spec spec = threads;
    struct rig rig;

    (void)state;
    spec.model = CPU_GIL_THREADS;
    spec.cores = 4;
    spec.workers = 20;
    spec.switch_interval_ns = MS;
    rig_open(&rig, &spec);
    for (uint32_t i = 0; i < 20; i++)
        run_as(&rig, i, 3 * MS);
    wait_for(&rig, 20);
    assert_true(area_of_threads(&rig, &stats.gil_held) >= 60 * MS);
    assert_int_equal(stats.gil_held.now, 0);
    assert_int_equal(stats.gil_held.max, 1);
    assert_int_equal(stats.busy.max, 1); /* Of four cores. */
    assert_true(stats.gil_waits >= 20);
    rig_close(&rig);
}

/* ---- Burning --------------------------------------------------------------------------------- */

static uint64_t thread_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void burnt_work_is_really_done_one_piece_after_another(void **state)
{
    struct rig rig;
    uint64_t begun_ns = thread_clock_ns();

    (void)state;
    rig_open(&rig, &(struct cpu_spec){.cores = 4, .speed = 2, .queue = 2, .is_burnt = true});
    for (uint32_t i = 0; i < 3; i++) {
        assert_false(cpu_live_is_full(rig.cpu, 0));
        run_as(&rig, i, 20 * MS);
    }
    assert_true(cpu_live_is_full(rig.cpu, 0));
    assert_int_equal(rig.ended, 0);
    wait_for(&rig, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(rig.order[i], i);
    assert_true(thread_clock_ns() - begun_ns >= 30 * MS);
    assert_int_equal(stats.cores, 1);
    assert_int_equal(stats.busy.max, 1);
    rig_close(&rig);
}

/* Who had the core is late to say that he has left it: meanwhile somebody has asked for it. */
static void nobody_has_a_core_before_he_asked_for_it(void **state)
{
    struct cores *cores = calloc(1, cores_bytes(2));
    uint64_t now_ns = loop_clock_ns();

    (void)state;
    assert_non_null(cores);
    cores_init(cores, 1, 2, 0, false);
    pthread_mutex_lock(&cores->lock);
    cores_want(cores, 0, now_ns - 10 * MS);
    cores_want(cores, 1, now_ns);
    assert_int_equal(cores_compute(cores, 0, 5 * MS, false), 0); /* Over five milliseconds ago. */
    assert_true(cores->turns[1].has_core);
    assert_int_equal(cores->turns[1].start_ns, now_ns);
    pthread_mutex_unlock(&cores->lock);
    cores_close(cores);
    free(cores);
}

static uint64_t process_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The loop's thread does the work of a process, and none of a thread's. */
static void threads_burn_on_threads_of_their_own_and_so_does_a_process(void **state)
{
    static const enum cpu_model models[] = {CPU_THREADS, CPU_GIL_THREADS, CPU_PROCESSES};
    struct cpu_spec spec = threads;

    (void)state;
    spec.is_burnt = true;
    spec.switch_interval_ns = 5 * MS;
    for (size_t m = 0; m < 3; m++) {
        uint64_t all_ns = process_clock_ns(), loop_ns = thread_clock_ns();
        struct rig rig;

        spec.model = models[m];
        rig_open(&rig, &spec);
        for (uint32_t i = 0; i < 4; i++)
            run_as(&rig, i, 15 * MS);
        wait_for(&rig, 4);
        assert_true(process_clock_ns() - all_ns >= 60 * MS);
        assert_int_equal(thread_clock_ns() - loop_ns >= 60 * MS, models[m] == CPU_PROCESSES);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_loop_ends_tasks_in_the_order_in_which_they_came),
        cmocka_unit_test(late_timers_cost_no_capacity),
        cmocka_unit_test(no_more_than_all_cores_are_busy_and_none_idles_beside_a_line),
        cmocka_unit_test(it_is_full_when_cores_and_queue_are),
        cmocka_unit_test(nobody_has_a_core_before_he_asked_for_it),
        cmocka_unit_test(figures_are_those_of_what_was_due_once_it_has_caught_up),
        cmocka_unit_test(a_stop_gives_no_work_away),
        cmocka_unit_test(a_queue_without_limit_is_never_full),
        cmocka_unit_test(under_threads_a_short_task_overtakes_a_long_one),
        cmocka_unit_test(who_runs_alone_is_cut_when_somebody_comes),
        cmocka_unit_test(threads_are_taken_until_none_is_left_and_the_line_at_the_door_is_bounded),
        cmocka_unit_test(threads_that_compute_or_block_for_an_hour_are_not_waited_for_in_the_end),
        cmocka_unit_test(the_lock_is_counted_for_as_long_as_it_is_held),
        cmocka_unit_test(threads_burn_on_threads_of_their_own_and_so_does_a_process),
        cmocka_unit_test(burnt_work_is_really_done_one_piece_after_another),
    };

    return cmocka_run_group_tests_name("cpu_live", tests, NULL, NULL);
}
