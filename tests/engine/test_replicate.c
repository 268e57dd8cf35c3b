/* test_replicate.c — Jobs on threads that share nothing: each once, and the same bits for any
 * number of threads. */
#include "tests/lib/test.h"

#include <stdatomic.h>
#include <string.h>

#include "services/base/dice.h"
#include "sim/engine/events.h"
#include "sim/engine/replicate.h"

enum { JOBS = 200 };

static void count_job(unsigned job, void *context)
{
    atomic_int *counts = context;

    atomic_fetch_add(&counts[job], 1);
}

static void every_job_runs_once(void **state)
{
    static const unsigned threads[] = {0, 1, 2, 7, 500};

    (void)state;
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        atomic_int counts[JOBS] = {0};

        replicate(JOBS, threads[i], count_job, counts);
        for (int job = 0; job < JOBS; job++)
            assert_int_equal(atomic_load(&counts[job]), 1);
    }
}

static void no_jobs_are_done_at_once(void **state)
{
    (void)state;
    replicate(0, 4, count_job, NULL);
}

struct result {
    char print[65];
};

struct actor {
    struct event event;
    struct events *events;
    struct dice *dice;
};

static void hold(struct event *event)
{
    struct actor *actor = (struct actor *)event;
    uint64_t step_ns = (uint64_t)(1e6 * dice_exponential(actor->dice));

    event_at(actor->events, event, events_now_ns(actor->events) + step_ns);
}

/* A little simulation of its own, from its own number. */
static void simulate(unsigned job, void *context)
{
    struct result *results = context;
    struct events *events = events_open(EVENTS_FAST, 1000);
    struct actor actors[100];
    struct dice dice;

    dice_init(&dice, job, "replication");
    for (uint32_t i = 0; i < 100; i++) {
        actors[i] = (struct actor){{.fire = hold, .tag = i}, events, &dice};
        hold(&actors[i].event);
    }
    for (int i = 0; i < 5000; i++)
        (void)events_step(events, UINT64_MAX);
    events_fingerprint(events, results[job].print);
    events_close(events);
}

static void results_do_not_depend_on_the_number_of_threads(void **state)
{
    static struct result alone[20], together[20];

    (void)state;
    replicate(20, 1, simulate, alone);
    replicate(20, 4, simulate, together);
    assert_memory_equal(alone, together, sizeof alone);
    assert_string_not_equal(alone[0].print, alone[1].print);
}

static void there_is_at_least_one_processor(void **state)
{
    (void)state;
    assert_true(replicate_threads() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once),
        cmocka_unit_test(no_jobs_are_done_at_once),
        cmocka_unit_test(results_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(there_is_at_least_one_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
