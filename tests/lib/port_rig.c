/* port_rig.c — Runs a suite on several worlds, and time in either of them.
 *
 * cmocka is given a copy of the suite per world, with the rig's own setup and teardown, so that the
 * suite itself names no world. A live rig runs its loop in short stretches, because a condition may
 * become true by other things than an answer. */
#include "tests/lib/port_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/world_inside.h"

enum { EXIT_SKIPPED = 77, NAPS = 1024 };
static const uint64_t stretch_ns = 10000000;

/* ---- A suite on a world ---------------------------------------------------------------------- */

static int set_up(void **state)
{
    const struct rig_world *world = *state;
    struct rig *rig = calloc(1, sizeof *rig);

    assert_non_null(rig);
    rig->world = world;
    *state = rig;
    world->open(rig);
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    rig->world->close(rig);
    free(rig);
    return 0;
}

static int run_on(const struct rig_world *world, const struct CMUnitTest *tests, size_t tests_max)
{
    struct CMUnitTest *copy = calloc(tests_max, sizeof *copy);
    int failures;

    check(copy != NULL);
    memcpy(copy, tests, tests_max * sizeof *copy);
    for (size_t i = 0; i < tests_max; i++) {
        copy[i].setup_func = set_up;
        copy[i].teardown_func = tear_down;
        copy[i].initial_state = (void *)(uintptr_t)world;
    }
    if (world->begin != NULL)
        world->begin();
    print_message("[  WORLD   ] %s\n", world->name);
    failures = _cmocka_run_group_tests(world->name, copy, tests_max, NULL, NULL);
    if (world->end != NULL)
        world->end();
    free(copy);
    return failures;
}

int rig_run(const struct rig_world *const *worlds, size_t worlds_max,
            const struct CMUnitTest *tests, size_t tests_max)
{
    int failures = 0;
    bool is_skipped = false;

    for (size_t i = 0; i < worlds_max; i++) {
        const char *missing = worlds[i]->missing == NULL ? NULL : worlds[i]->missing();

        if (missing == NULL) {
            failures += run_on(worlds[i], tests, tests_max);
            continue;
        }
        fprintf(stderr, "\n*** SKIPPED: \"%s\" did not run: %s ***\n\n", worlds[i]->name, missing);
        is_skipped = true;
    }
    return failures > 0 ? failures : is_skipped ? EXIT_SKIPPED : 0;
}

/* ---- Questions ------------------------------------------------------------------------------- */

/* No assertion here: a failed one would jump out of libevent's loop. */
static void note(struct call *call)
{
    struct rig_question *question = (struct rig_question *)(void *)call;
    struct rig *rig = question->rig;

    rig->too_early += !rig->is_running;
    question->times++;
    question->nth = ++rig->told;
    question->told_ns = rig_now_ns(rig);
    if (question->see != NULL)
        question->see(question);
    if (rig->fixture == NULL && rig->is_done != NULL && rig->is_done(rig->context))
        loop_stop(&rig->loop);
}

struct call *rig_ask_and_see(struct rig *rig, struct rig_question *question,
                             void (*see)(struct rig_question *question))
{
    if (rig->fixture == NULL)
        loop_enter(&rig->loop);
    *question = (struct rig_question){
        .call = {.done = note}, .rig = rig, .see = see, .asked_ns = rig_now_ns(rig)};
    rig->asked++;
    return &question->call;
}

struct call *rig_ask(struct rig *rig, struct rig_question *question)
{
    return rig_ask_and_see(rig, question, NULL);
}

static bool is_told(void *context)
{
    const struct rig_question *question = context;

    return question->times > 0;
}

void rig_wait(struct rig_question *question)
{
    if (!rig_run_until(question->rig, is_told, question, RIG_LIMIT_NS))
        fail_msg("%s: no answer within the limit", question->rig->world->name);
    assert_int_equal(question->times, 1);
    assert_int_equal(question->rig->too_early, 0);
}

void rig_expect(struct rig_question *question, enum call_outcome outcome, int64_t value)
{
    rig_wait(question);
    assert_int_equal(question->call.outcome, outcome);
    if (outcome == CALL_OK)
        assert_int_equal(question->call.value, value);
}

/* ---- Time ------------------------------------------------------------------------------------ */

uint64_t rig_now_ns(const struct rig *rig)
{
    return rig->fixture != NULL ? now_of(rig->fixture) : loop_now_ns(&rig->loop);
}

static bool run_virtual(struct rig *rig, uint64_t until_ns)
{
    struct events *events = rig->fixture->events;

    while (!rig->is_done(rig->context))
        if (!events_step(events, until_ns)) {
            run_until(rig->fixture, until_ns);
            break;
        }
    return rig->is_done(rig->context);
}

static bool run_live(struct rig *rig, uint64_t until_ns)
{
    for (;;) {
        uint64_t now_ns = rig_now_ns(rig);

        if (rig->is_done(rig->context) || now_ns >= until_ns)
            return rig->is_done(rig->context);
        loop_run(&rig->loop, until_ns - now_ns < stretch_ns ? until_ns : now_ns + stretch_ns);
        loop_enter(&rig->loop);
    }
}

bool rig_run_until(struct rig *rig, bool (*is_done)(void *context), void *context,
                   uint64_t limit_ns)
{
    bool has_come;

    if (rig->fixture == NULL)
        loop_enter(&rig->loop);
    rig->is_done = is_done;
    rig->context = context;
    rig->is_running = true;
    if (rig->fixture != NULL)
        has_come = run_virtual(rig, rig_now_ns(rig) + limit_ns);
    else
        has_come = run_live(rig, rig_now_ns(rig) + limit_ns);
    rig->is_done = NULL;
    rig->is_running = false;
    return has_come;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

void rig_pass(struct rig *rig, uint64_t ns)
{
    rig_run_until(rig, never, NULL, ns);
}

/* ---- What all worlds of one kind share ------------------------------------------------------- */

void rig_virtual_open(struct rig *rig, const struct store_spec *store,
                      const struct queue_spec *queue, const struct table_spec *table)
{
    struct fixture *fixture = fixture_open(store, queue, table, 0);
    struct node *node = &fixture->nodes[0];

    pool_init(&fixture->world->naps, &fixture->arena, sizeof(struct nap), NAPS);
    node->timer.ops = &nap_timer_ops;
    rig->fixture = fixture;
    rig->ports.timer = &node->timer;
    rig->ports.store = store == NULL ? NULL : &node->store;
    rig->ports.queue = queue == NULL ? NULL : &node->queue;
    rig->ports.table = table == NULL ? NULL : &node->table;
}

void rig_virtual_close(struct rig *rig)
{
    fixture_close(rig->fixture);
}

void rig_live_open(struct rig *rig)
{
    assert_true(loop_open(&rig->loop, 0));
    timer_live_open(&rig->timer, &rig->loop, &rig->stats);
    rig->ports.timer = &rig->timer.port;
}

void rig_live_close(struct rig *rig)
{
    timer_live_close(&rig->timer);
    loop_close(&rig->loop);
}
