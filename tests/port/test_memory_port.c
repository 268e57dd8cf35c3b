/* test_memory_port.c — services/port/memory.h: what threads that share memory count, the same in
 * both worlds.
 *
 * How often unlocked loses is the machine's affair, and is nowhere asserted: only that it never
 * shows more than was added, that the others show exactly that, and that the accounts fit. */
#include "tests/lib/port_rig_memory.h"

enum { THREADS = 4, CALLS = 40, ADDS = 2000, TRIES = 50 };

static struct memory_layout layout_of(enum memory_design design)
{
    return (struct memory_layout){.design = design,
                                  .slots = 2,
                                  .work_ns = 20,
                                  .jitter = 0.5,
                                  .gap_ns = 15,
                                  .hold_ns = 12,
                                  .bytes = 64};
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

static int64_t read_of(struct rig *rig, uint32_t slot)
{
    struct rig_question q;

    memory_read(rig->ports.memory, rig_ask(rig, &q), slot);
    rig_wait(&q);
    assert_int_equal(q.call.outcome, CALL_OK);
    return q.call.value;
}

/* More calls than threads, all of them at once. */
static void add_from_all_sides(struct rig *rig)
{
    static struct rig_question questions[CALLS];

    for (int i = 0; i < CALLS; i++)
        memory_add(rig->ports.memory, rig_ask(rig, &questions[i]), 0, ADDS);
    wait_for_all(rig);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(questions[i].times, 1);
        assert_int_equal(questions[i].call.outcome, CALL_OK);
    }
}

static void show_exactly_what_was_added(struct rig *rig, enum memory_design design,
                                        uint32_t threads)
{
    const struct memory_layout layout = layout_of(design);
    struct counter_result counted;

    rig_memory(rig, threads, &layout);
    add_from_all_sides(rig);
    assert_int_equal(read_of(rig, 0), CALLS * ADDS);
    counted = rig_counted(rig);
    assert_int_equal(counted.attempted, CALLS * ADDS);
    assert_int_equal(counted.shown, CALLS * ADDS);
    assert_int_equal(counted.lost, 0);
}

static void a_lock_loses_nothing(void **state)
{
    show_exactly_what_was_added(*state, MEMORY_LOCKED, THREADS);
}

static void an_atomic_instruction_loses_nothing(void **state)
{
    show_exactly_what_was_added(*state, MEMORY_ATOMIC, THREADS);
}

static void shards_lose_nothing(void **state)
{
    show_exactly_what_was_added(*state, MEMORY_SHARDED, THREADS);
}

static void compare_and_swap_loses_nothing_and_counts_its_copies(void **state)
{
    struct rig *rig = *state;
    struct counter_result counted;

    show_exactly_what_was_added(rig, MEMORY_COPIED, THREADS);
    counted = rig_counted(rig);
    assert_int_equal(counted.allocations, CALLS * ADDS + counted.retries);
    assert_int_equal(counted.allocated_bytes, counted.allocations * 64);
}

static void one_thread_needs_no_lock(void **state)
{
    show_exactly_what_was_added(*state, MEMORY_UNLOCKED, 1);
}

/* On one core, or on a machine that is busy with something else, threads may never meet. */
static void without_a_lock_a_counter_never_shows_more_than_was_added(void **state)
{
    struct rig *rig = *state;
    const struct memory_layout layout = layout_of(MEMORY_UNLOCKED);
    struct counter_result counted;

    rig_memory(rig, THREADS, &layout);
    for (int i = 1; i <= TRIES; i++) {
        add_from_all_sides(rig);
        counted = rig_counted(rig);
        assert_int_equal(counted.attempted, i * CALLS * ADDS);
        assert_true(counted.shown <= counted.attempted);
        assert_int_equal(counted.attempted, counted.shown + (uint64_t)counted.lost);
        assert_int_equal(read_of(rig, 0), counted.shown);
        if (counted.lost > 0)
            return;
    }
    print_message("  %s: no update was lost in %d increments; it could not be provoked here\n",
                  rig->world->name, TRIES * CALLS * ADDS);
}

static void slots_are_counted_apart(void **state)
{
    struct rig *rig = *state;
    const struct memory_layout layout = layout_of(MEMORY_SHARDED);
    struct rig_question a, b;

    rig_memory(rig, THREADS, &layout);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 7);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 1, 5);
    wait_for_all(rig);
    assert_int_equal(read_of(rig, 0), 7);
    assert_int_equal(read_of(rig, 1), 5);
}

static void an_answer_shows_at_least_its_own_increments(void **state)
{
    struct rig *rig = *state;
    const struct memory_layout layout = layout_of(MEMORY_COPIED);
    struct rig_question first, second;

    rig_memory(rig, THREADS, &layout);
    memory_add(rig->ports.memory, rig_ask(rig, &first), 0, 3);
    assert_int_equal(first.call.outcome, CALL_PENDING);
    rig_expect(&first, CALL_OK, 3);
    memory_add(rig->ports.memory, rig_ask(rig, &second), 0, 4);
    rig_expect(&second, CALL_OK, 7);
}

static void add_again(struct rig_question *question)
{
    if (question->times < 5)
        memory_add(question->rig->ports.memory, &question->call, 0, 10);
}

static bool has_added_enough(void *context)
{
    return ((const struct rig_question *)context)->times >= 5;
}

static void a_call_may_ask_for_more_as_soon_as_it_has_ended(void **state)
{
    struct rig *rig = *state;
    const struct memory_layout layout = layout_of(MEMORY_LOCKED);
    struct rig_question q;

    rig_memory(rig, 1, &layout);
    memory_add(rig->ports.memory, rig_ask_and_see(rig, &q, add_again), 0, 10);
    assert_true(rig_run_until(rig, has_added_enough, &q, RIG_LIMIT_NS));
    assert_int_equal(q.call.value, 50);
}

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_memory_virtual, &rig_memory_live};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_loses_nothing),
        cmocka_unit_test(an_atomic_instruction_loses_nothing),
        cmocka_unit_test(shards_lose_nothing),
        cmocka_unit_test(compare_and_swap_loses_nothing_and_counts_its_copies),
        cmocka_unit_test(one_thread_needs_no_lock),
        cmocka_unit_test(without_a_lock_a_counter_never_shows_more_than_was_added),
        cmocka_unit_test(slots_are_counted_apart),
        cmocka_unit_test(an_answer_shows_at_least_its_own_increments),
        cmocka_unit_test(a_call_may_ask_for_more_as_soon_as_it_has_ended),
    };

    return rig_run(worlds, 2, tests, sizeof tests / sizeof *tests);
}
