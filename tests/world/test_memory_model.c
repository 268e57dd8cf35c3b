/* The model of memory that threads share: what gets lost, when, and by whose hand, to the step.
 *
 * Everything here is worked out by hand: one increment is 14 ns of work and 6 from its read to its
 * write, or 900 and 100, without jitter, and the slices are so short that they end in between. */
#include "tests/lib/port_rig_memory.h"

#include <math.h>

#include "sim/world/world_inside.h"

static const struct memory_layout unlocked = {.design = MEMORY_UNLOCKED,
                                              .slots = 1,
                                              .work_ns = 900,
                                              .gap_ns = 100,
                                              .hold_ns = 100,
                                              .bytes = 64};

static struct memory_layout layout_with(enum memory_design design, uint64_t work_ns,
                                        uint64_t own_ns)
{
    struct memory_layout layout = unlocked;

    layout.design = design;
    layout.work_ns = work_ns;
    layout.gap_ns = layout.hold_ns = own_ns;
    return layout;
}

static bool all_are_told(void *context)
{
    const struct rig *rig = context;

    return rig->told >= rig->asked;
}

static void wait_for_all(struct rig *rig)
{
    assert_true(rig_run_until(rig, all_are_told, rig, RIG_LIMIT_NS));
}

static void a_burst_ends_at_its_own_instant(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig_memory(rig, 1, &unlocked);
    rig_pass(rig, 12345);
    memory_add(rig->ports.memory, rig_ask(rig, &q), 0, 5000);
    rig_expect(&q, CALL_OK, 5000);
    assert_int_equal(q.told_ns, 12345 + 5000 * 1000);
}

static void two_threads_in_step_lose_every_second_update(void **state)
{
    struct rig *rig = *state;
    struct rig_question a, b;

    rig_memory(rig, 2, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 1000);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 1000);
    wait_for_all(rig);
    assert_int_equal(rig_counted(rig).shown, 1000);
    assert_int_equal(rig_counted(rig).lost, 1000);
}

/* On one core, with slices of 5 us. When the second comes, at 5, the first's is over, and both have
 * had 5. At 8 us they have had 5 and 8, so the third counts as 6.5: the second stands back, and
 * the core goes to the first, who has had least. It is done at 12; then the third, for 5 us, the
 * second, and the third again. */
static void who_comes_ends_the_turn_of_one_who_has_had_more(void **state)
{
    struct rig *rig = *state;
    struct service_spec spec = rig_memory_spec(1, 3);
    struct rig_question first, second, third;

    rig_memory_turns(rig, US(5));
    rig_memory_of(rig, &spec, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &first), 0, 9);
    rig_pass(rig, US(5));
    memory_add(rig->ports.memory, rig_ask(rig, &second), 0, 7);
    rig_pass(rig, US(3));
    memory_add(rig->ports.memory, rig_ask(rig, &third), 0, 6);
    wait_for_all(rig);
    assert_int_equal(first.told_ns, US(12));
    assert_int_equal(second.told_ns, US(21));
    assert_int_equal(third.told_ns, US(22));
}

/* Slices of 2 us: the second has 5 to 7 and 9 to 10, the first the rest. */
static void a_slice_that_ends_gives_the_core_to_who_has_had_least(void **state)
{
    struct rig *rig = *state;
    struct service_spec spec = rig_memory_spec(1, 2);
    struct rig_question first, second;

    rig_memory_turns(rig, US(2));
    rig_memory_of(rig, &spec, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &first), 0, 10);
    rig_pass(rig, US(5));
    memory_add(rig->ports.memory, rig_ask(rig, &second), 0, 3);
    wait_for_all(rig);
    assert_int_equal(second.told_ns, US(10));
    assert_int_equal(first.told_ns, US(13));
}

/* The first reads for its tenth at 9.9 us, and its slice is over at 9.95. The second counts nine on
 * top of the nine that it finds. Then the first writes ten. */
static void who_is_stopped_between_read_and_write_overwrites_a_whole_slice(void **state)
{
    struct rig *rig = *state;
    struct service_spec spec = rig_memory_spec(1, 2);
    struct rig_question a, b;

    rig_memory_turns(rig, 9950);
    rig_memory_of(rig, &spec, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 10);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 9);
    rig_expect(&b, CALL_OK, 18);
    rig_expect(&a, CALL_OK, 10);
    assert_int_equal(rig_counted(rig).attempted, 19);
    assert_int_equal(rig_counted(rig).lost, 9);
}

/* The slice is over at 9.99, when the write is in the store buffer. */
static void a_write_that_is_on_its_way_gets_out_before_another_thread_has_the_core(void **state)
{
    struct rig *rig = *state;
    struct service_spec spec = rig_memory_spec(1, 2);
    struct rig_question a, b;

    rig_memory_turns(rig, 9990);
    rig_memory_of(rig, &spec, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 10);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 9);
    rig_expect(&b, CALL_OK, 19);
    rig_expect(&a, CALL_OK, 19);
    assert_int_equal(a.told_ns, 19000);
    assert_int_equal(rig_counted(rig).lost, 0);
}

/* The same, and at 12 us the process dies: the first has written ten and waits for the core, the
 * second has two on top of them. */
static void what_got_out_is_counted_though_its_thread_never_goes_on(void **state)
{
    struct rig *rig = *state;
    struct node *node = &rig->fixture->nodes[0];
    struct service_spec spec = rig_memory_spec(1, 2);
    struct rig_question a, b;

    rig_memory_turns(rig, 9990);
    rig_memory_of(rig, &spec, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 10);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 9);
    rig_pass(rig, US(12));
    memory_model_catch_up(node);
    assert_int_equal(rig_counted(rig).shown, 12);
    assert_int_equal(rig_counted(rig).attempted, 12);
    node->epoch++;
    memory_model_forget(node);
    assert_int_equal(rig_counted(rig).forgotten, 12);
    assert_int_equal(rig_counted(rig).attempted, 12);
}

static void in_the_same_place_a_lock_makes_the_others_wait_and_loses_nothing(void **state)
{
    struct rig *rig = *state;
    struct service_spec spec = rig_memory_spec(1, 2);
    const struct memory_layout locked = layout_with(MEMORY_LOCKED, 900, 100);
    struct rig_question a, b;

    rig_memory_turns(rig, 10000);
    rig_memory_of(rig, &spec, &locked);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 20);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 20);
    wait_for_all(rig);
    assert_int_equal(rig_counted(rig).shown, 40);
    assert_true(rig_counted(rig).lock_waits > 0);
}

/* The second begins `phase` after the first, on a core of its own. */
static int64_t lost_at(struct rig *rig, uint64_t phase, uint64_t adds)
{
    int64_t before = rig_counted(rig).lost;
    struct rig_question a, b;

    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, adds);
    rig_pass(rig, phase);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, adds);
    wait_for_all(rig);
    return rig_counted(rig).lost - before;
}

/* Two cycles of T = work + gap, one `phase` behind the other. A read falls into the other's gap for
 * phases below G and above T - G, and then one of each two updates is lost; between them none is.
 * Over all phases 2 G / T of the pairs lose half: G / T of all, and half of all once 2 G > T. */
static void over_all_phases_two_threads_lose_gap_over_cycle(void **state)
{
    enum { CYCLE = 20, ADDS = 1000 };
    static const uint64_t gaps[] = {2, 6, 9, 15};
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        const struct memory_layout layout = layout_with(MEMORY_UNLOCKED, CYCLE - gaps[i], gaps[i]);
        double expected = 2 * gaps[i] < CYCLE ? (double)gaps[i] / CYCLE : 0.5, lost = 0;

        rig_memory(rig, 2, &layout);
        for (uint64_t phase = 0; phase < CYCLE; phase++)
            lost += (double)lost_at(rig, phase, ADDS) / (2.0 * ADDS * CYCLE);
        print_message("  gap %2llu of %d: lost %.4f, expected %.4f\n", (unsigned long long)gaps[i],
                      CYCLE, lost, expected);
        assert_true(lost > expected * 0.995 && lost < expected * 1.005);
    }
}

static void a_process_that_dies_takes_its_counters_along(void **state)
{
    struct rig *rig = *state;
    struct node *node = &rig->fixture->nodes[0];
    struct rig_question q, dropped;

    rig_memory(rig, 1, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &q), 0, 100);
    rig_expect(&q, CALL_OK, 100);
    memory_add(rig->ports.memory, rig_ask(rig, &dropped), 0, 100);
    rig_pass(rig, 50 * 1000);
    node->epoch++;
    memory_model_forget(node);
    memory_read(rig->ports.memory, rig_ask(rig, &q), 0);
    rig_expect(&q, CALL_OK, 0);
    assert_int_equal(dropped.times, 0);
    assert_int_equal(rig_counted(rig).forgotten, rig_counted(rig).shown);
    assert_int_equal(rig_counted(rig).shown, rig_counted(rig).attempted);
    assert_in_range(rig_counted(rig).attempted, 149, 150);
}

static void a_process_that_is_stopped_goes_on_where_it_was(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    rig_memory(rig, 1, &unlocked);
    memory_add(rig->ports.memory, rig_ask(rig, &q), 0, 100);
    rig_pass(rig, 30 * 1000);
    memory_model_stand_still(&rig->fixture->nodes[0], MS(7));
    rig_expect(&q, CALL_OK, 100);
    assert_int_equal(q.told_ns, q.asked_ns + 100 * 1000 + MS(7));
}

/* With the line at hand an instruction is 3 ns, and another core has it for 20. */
static void an_atomic_instruction_waits_for_the_cache_line(void **state)
{
    struct rig *rig = *state;
    const struct memory_layout layout = layout_with(MEMORY_ATOMIC, 0, 1);
    struct rig_question a, b;

    rig_memory(rig, 2, &layout);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 1000);
    rig_expect(&a, CALL_OK, 1000);
    assert_int_equal(a.told_ns - a.asked_ns, 20 + 999 * 3);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 1000);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 1000);
    rig_wait(&b);
    assert_in_range(b.told_ns - b.asked_ns, 1990 * 20, 2000 * 20);
}

static void a_read_of_shards_costs_a_line_for_each_thread(void **state)
{
    static const uint32_t threads[] = {1, 8, 64};
    struct rig *rig = *state;
    const struct memory_layout layout = layout_with(MEMORY_SHARDED, 0, 1);

    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct rig_question q;

        rig_memory(rig, threads[i], &layout);
        memory_read(rig->ports.memory, rig_ask(rig, &q), 0);
        rig_expect(&q, CALL_OK, 0);
        assert_int_equal(q.told_ns - q.asked_ns, 20 * threads[i]);
    }
}

/* The lock is held for 10 us: the second sleeps, is woken, and the first is not back yet. What is
 * left of its time beside two holds, two lines and a call is its waking. */
static void who_finds_a_long_lock_held_sleeps_until_it_is_woken(void **state)
{
    struct rig *rig = *state;
    const struct memory_layout layout = layout_with(MEMORY_LOCKED, 0, 10000);
    enum { rounds = 2000 };
    struct rig_question a, b;
    double sum_ns = 0;

    rig_memory(rig, 2, &layout);
    for (int i = 0; i < rounds; i++) {
        double asleep_ns;

        memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 1);
        memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 1);
        wait_for_all(rig);
        assert_in_range(a.told_ns - a.asked_ns, 10000 + 13000, 20 + 10000 + 13000);
        asleep_ns = (double)(b.told_ns - b.asked_ns) - 2 * 10000 - 2 * 20 - 900;
        assert_true(asleep_ns > 38000.0 / 2 - 50);
        sum_ns += asleep_ns;
    }
    assert_true(fabs(sum_ns / rounds / 38000 - 1) < 0.05); /* Four standard errors. */
    assert_int_equal(rig_counted(rig).lock_waits, rounds);
}

static void a_swap_that_comes_too_late_copies_again(void **state)
{
    struct rig *rig = *state;
    const struct memory_layout layout = layout_with(MEMORY_COPIED, 0, 1);
    struct rig_question a, b;
    struct counter_result counted;

    rig_memory(rig, 2, &layout);
    memory_add(rig->ports.memory, rig_ask(rig, &a), 0, 1);
    memory_add(rig->ports.memory, rig_ask(rig, &b), 0, 1);
    wait_for_all(rig);
    counted = rig_counted(rig);
    assert_int_equal(counted.shown, 2);
    assert_int_equal(counted.retries, 1);
    assert_int_equal(counted.allocations, 3);
    assert_int_equal(counted.allocated_bytes, 3 * 64);
}

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_memory_virtual};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_ends_at_its_own_instant),
        cmocka_unit_test(two_threads_in_step_lose_every_second_update),
        cmocka_unit_test(who_comes_ends_the_turn_of_one_who_has_had_more),
        cmocka_unit_test(a_slice_that_ends_gives_the_core_to_who_has_had_least),
        cmocka_unit_test(who_is_stopped_between_read_and_write_overwrites_a_whole_slice),
        cmocka_unit_test(a_write_that_is_on_its_way_gets_out_before_another_thread_has_the_core),
        cmocka_unit_test(what_got_out_is_counted_though_its_thread_never_goes_on),
        cmocka_unit_test(in_the_same_place_a_lock_makes_the_others_wait_and_loses_nothing),
        cmocka_unit_test(over_all_phases_two_threads_lose_gap_over_cycle),
        cmocka_unit_test(a_process_that_dies_takes_its_counters_along),
        cmocka_unit_test(a_process_that_is_stopped_goes_on_where_it_was),
        cmocka_unit_test(an_atomic_instruction_waits_for_the_cache_line),
        cmocka_unit_test(a_read_of_shards_costs_a_line_for_each_thread),
        cmocka_unit_test(who_finds_a_long_lock_held_sleeps_until_it_is_woken),
        cmocka_unit_test(a_swap_that_comes_too_late_copies_again),
    };

    return rig_run(worlds, 1, tests, sizeof tests / sizeof *tests);
}
