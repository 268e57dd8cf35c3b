/* test_memory_cores.c — On which cores the threads of a live counter may run, and what they have of
 * them. */
#define _GNU_SOURCE
#include "tests/lib/test.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "services/live/memory/memory_live.h"
#include "services/live/node/stats.h"

enum { THREADS = 3 };

static cpu_set_t ours; /* Of this process. */

/* Threads of this process that may not run on all of its cores; *seen: where the last of them
 * may. */
static unsigned confined(cpu_set_t *seen)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    unsigned found = 0;

    assert_non_null(tasks);
    while ((task = readdir(tasks)) != NULL) {
        pid_t thread = (pid_t)strtol(task->d_name, NULL, 10);
        cpu_set_t set;

        if (thread <= 0 || sched_getaffinity(thread, sizeof set, &set) != 0 ||
            CPU_EQUAL(&set, &ours))
            continue;
        *seen = set;
        found++;
    }
    closedir(tasks);
    return found;
}

/* Where the threads of such a replica may run. */
static cpu_set_t cores_of(uint32_t replica, uint32_t cores, unsigned expected)
{
    const struct memory_layout layout = {.slots = 1, .gap_ns = 1, .hold_ns = 1, .bytes = 8};
    const struct memory_live_spec spec = {
        .threads = THREADS, .cores = cores, .replica = replica, .speed = 1, .name = "counter"};
    static struct node_stats stats;
    struct memory_live *memory;
    struct loop loop;
    cpu_set_t seen = ours;

    assert_true(loop_open(&loop, 0));
    memory = memory_live_open(&loop, &spec, &stats);
    memory_lay(memory_live_port(memory), &layout);
    assert_int_equal(confined(&seen), expected);
    memory_live_close(memory);
    loop_close(&loop);
    return seen;
}

static void one_core_is_one_and_the_next_replica_has_another(void **state)
{
    cpu_set_t first, second;

    (void)state;
    if (CPU_COUNT(&ours) < 2) {
        puts("*** SKIPPED: one core is all that there is ***");
        skip();
    }
    first = cores_of(0, 1, THREADS);
    second = cores_of(1, 1, THREADS);
    assert_int_equal(CPU_COUNT(&first), 1);
    assert_int_equal(CPU_COUNT(&second), 1);
    assert_false(CPU_EQUAL(&first, &second));
}

static void more_cores_than_there_are_are_all_of_them(void **state)
{
    (void)state;
    (void)cores_of(1, 1000, 0);
}

struct question {
    struct call call; /* First. */
    struct loop *loop;
};

static void stop(struct call *call)
{
    loop_stop(((struct question *)call)->loop);
}

static void burn_here(uint64_t for_ns)
{
    uint64_t until_ns = loop_thread_clock_ns() + for_ns;

    while (loop_thread_clock_ns() < until_ns)
        ;
}

/* 50 ms of work: no more can be had of one core than goes by, and what it took the threads to start
 * before that, which is far less than 20 ms. The 200 that the loop burns are not theirs. */
static void what_threads_work_is_theirs_alone(void **state)
{
    const struct memory_layout layout = {
        .slots = 1, .work_ns = 1000, .gap_ns = 1, .hold_ns = 1, .bytes = 8};
    const struct memory_live_spec spec = {.threads = 2, .cores = 1, .speed = 1, .name = "counter"};
    static struct node_stats stats;
    struct memory_live *memory;
    struct loop loop;
    struct question question = {.call.done = stop, .loop = &loop};
    uint64_t begun_ns;

    (void)state;
    assert_true(loop_open(&loop, 0));
    memory = memory_live_open(&loop, &spec, &stats);
    memory_lay(memory_live_port(memory), &layout);
    burn_here(200000000);
    begun_ns = loop_clock_ns();
    memory_add(memory_live_port(memory), &question.call, 0, 50000);
    assert_true(loop_run(&loop, 60000000000));
    assert_in_range(stats.busy.area, 25000000, loop_clock_ns() - begun_ns + 20000000);
    memory_live_close(memory);
    loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_core_is_one_and_the_next_replica_has_another),
        cmocka_unit_test(more_cores_than_there_are_are_all_of_them),
        cmocka_unit_test(what_threads_work_is_theirs_alone),
    };

    if (sched_getaffinity(0, sizeof ours, &ours) != 0)
        return 1;
    return cmocka_run_group_tests_name("the cores of a counter", tests, NULL, NULL);
}
