/* test_lanes.c — First in, first out, per delay: the lanes by themselves. */
#include "tests/lib/test.h"

#include <stdbool.h>

#include "services/base/arena.h"
#include "services/base/dice.h"
#include "sim/engine/lanes.h"

enum { PENDING_MAX = 100000 };

static struct arena arena;
static struct lanes lanes;
static struct event live = {.seq = 0};
static uint64_t now_ns, seq;

static int open_lanes(void **state)
{
    (void)state;
    if (!arena_open(&arena, lanes_bytes(PENDING_MAX)))
        return -1;
    lanes_init(&lanes, &arena, PENDING_MAX);
    now_ns = seq = 0;
    return 0;
}

static int close_lanes(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

/* A lane is opened at the second asking. */
static unsigned open_lane(uint64_t delay_ns)
{
    (void)lanes_find(&lanes, delay_ns);
    return lanes_find(&lanes, delay_ns);
}

static void put(uint64_t delay_ns, struct event *event)
{
    struct entry entry = {.due_ns = now_ns + delay_ns, .seq = ++seq, .event = event};
    unsigned lane = lanes_find(&lanes, delay_ns);

    assert_int_not_equal(lane, LANES_NONE);
    event->seq = seq;
    lanes_put(&lanes, lane, &entry);
}

/* Entries come out by (due, seq); answers how many. */
static unsigned take_all_in_order(void)
{
    struct entry previous = {.due_ns = 0};
    unsigned taken = 0;

    for (; lanes_first(&lanes)->due_ns != UINT64_MAX; taken++) {
        struct entry entry = lanes_take(&lanes);

        assert_true(taken == 0 || entry_is_before(&previous, &entry));
        previous = entry;
    }
    return taken;
}

static void a_lane_is_opened_when_its_delay_comes_again(void **state)
{
    (void)state;
    assert_int_equal(lanes_find(&lanes, 500), LANES_NONE);
    assert_int_equal(lanes_find(&lanes, 500), 0);
    assert_int_equal(lanes_find(&lanes, 500), 0);
    assert_int_equal(open_lane(700), 1);
}

static void delays_that_never_return_use_up_no_lane(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "lanes");
    for (int i = 0; i < 1000000; i++)
        (void)lanes_find(&lanes, dice_next(&dice));
    assert_int_equal(lanes.opened, 0);
    for (int i = 0; i < 10; i++)
        (void)lanes_find(&lanes, 500);
    assert_int_equal(lanes_find(&lanes, 500), 0);
}

/* Once, two delays in one place of the memory pushed each other out for ever. */
static void delays_that_take_turns_get_their_lanes_all_the_same(void **state)
{
    (void)state;
    for (int turn = 0; turn < 100; turn++) {
        for (uint64_t delay_ns = 1; delay_ns <= LANES_MAX; delay_ns++)
            (void)lanes_find(&lanes, 1000 * delay_ns);
    }
    assert_int_equal(lanes.opened, LANES_MAX);
}

static void one_delay_too_many_finds_no_lane(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100 * LANES_MAX; i++)
        (void)lanes_find(&lanes, 1 + i / 100);
    assert_int_equal(lanes.opened, LANES_MAX);
    assert_int_equal(open_lane(5000), LANES_NONE);
    assert_int_not_equal(lanes_find(&lanes, 1), LANES_NONE);
}

static void lanes_come_together_in_the_order_of_due_and_asking(void **state)
{
    static const uint64_t delays_ns[] = {10, 1000, 500, 50, 7, 300, 1001};
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "merge");
    for (int i = 0; i < 7; i++)
        (void)open_lane(delays_ns[i]);
    for (int i = 0; i < 1000; i++) {
        static struct event events[1000];

        put(delays_ns[dice_below(&dice, 7)], &events[i]);
        now_ns += dice_below(&dice, 5);
    }
    assert_int_equal(take_all_in_order(), 1000);
    assert_int_equal(lanes.length, 0);
}

static void a_long_lane_crosses_its_chunks_and_gives_them_back(void **state)
{
    static struct event events[PENDING_MAX];
    struct chunk *after_first;

    (void)state;
    (void)open_lane(500);
    for (int i = 0; i < PENDING_MAX; i++)
        put(500, &events[i]);
    assert_int_equal(take_all_in_order(), PENDING_MAX);
    after_first = lanes.fresh;
    for (int life = 0; life < 3; life++) {
        for (int i = 0; i < PENDING_MAX; i++)
            put(500, &events[i]);
        assert_int_equal(take_all_in_order(), PENDING_MAX);
    }
    assert_ptr_equal(lanes.fresh, after_first);
}

/* Memory follows what is pending: here never more than ten. */
static void a_lane_that_is_never_long_uses_two_chunks_for_ever(void **state)
{
    static struct event events[10];
    struct chunk *start = lanes.fresh;

    (void)state;
    (void)open_lane(500);
    for (int i = 0; i < 10; i++)
        put(500, &events[i]);
    for (int i = 0; i < 10000; i++) {
        struct entry entry = lanes_take(&lanes);

        now_ns++;
        put(500, entry.event);
    }
    assert_true(lanes.fresh - start <= 2);
}

static void cancelled_entries_are_dropped_before_they_head_the_lane(void **state)
{
    struct event cancelled = {.seq = 0};

    (void)state;
    (void)open_lane(500);
    put(500, &live);
    for (int i = 0; i < 300; i++)
        put(500, &cancelled);
    event_cancel(&cancelled);
    assert_int_equal(lanes.length, 301);
    assert_ptr_equal(lanes_take(&lanes).event, &live);
    assert_int_equal(lanes.length, 0);
    assert_int_equal(lanes_first(&lanes)->due_ns, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lane_is_opened_when_its_delay_comes_again, open_lanes,
                                        close_lanes),
        cmocka_unit_test_setup_teardown(delays_that_never_return_use_up_no_lane, open_lanes,
                                        close_lanes),
        cmocka_unit_test_setup_teardown(delays_that_take_turns_get_their_lanes_all_the_same,
                                        open_lanes, close_lanes),
        cmocka_unit_test_setup_teardown(one_delay_too_many_finds_no_lane, open_lanes, close_lanes),
        cmocka_unit_test_setup_teardown(lanes_come_together_in_the_order_of_due_and_asking,
                                        open_lanes, close_lanes),
        cmocka_unit_test_setup_teardown(a_long_lane_crosses_its_chunks_and_gives_them_back,
                                        open_lanes, close_lanes),
        cmocka_unit_test_setup_teardown(a_lane_that_is_never_long_uses_two_chunks_for_ever,
                                        open_lanes, close_lanes),
        cmocka_unit_test_setup_teardown(cancelled_entries_are_dropped_before_they_head_the_lane,
                                        open_lanes, close_lanes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
