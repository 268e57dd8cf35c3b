/* test_events.c — What the header of virtual time promises, told one promise at a time. Every
 * promise is held with the fast queue and with the plain heap. */
#include "tests/lib/test.h"

#include <stdbool.h>
#include <string.h>

#include "services/base/dice.h"
#include "sim/engine/events.h"
#include "sim/engine/queue.h"

enum { PENDING_MAX = 1000, FIRED_MAX = 64 };

static struct events *events;
static uint32_t fired[FIRED_MAX]; /* Tags, in order. */
static unsigned fired_length;

static void note_tag(struct event *event)
{
    if (fired_length < FIRED_MAX)
        fired[fired_length++] = event->tag;
}

static struct event tagged(uint32_t tag)
{
    return (struct event){.fire = note_tag, .tag = tag};
}

static int open_with(enum events_order order)
{
    events = events_open(order, PENDING_MAX);
    fired_length = 0;
    return events == NULL ? -1 : 0;
}

static int open_fast(void **state)
{
    (void)state;
    return open_with(EVENTS_FAST);
}

static int open_heap(void **state)
{
    (void)state;
    return open_with(EVENTS_HEAP);
}

static int close_events(void **state)
{
    (void)state;
    events_close(events);
    return 0;
}

static void run(void)
{
    while (events_step(events, UINT64_MAX)) {
    }
}

static void expect_fired(unsigned length, ...)
{
    va_list tags;

    assert_int_equal(fired_length, length);
    va_start(tags, length);
    for (unsigned i = 0; i < length; i++)
        assert_int_equal(fired[i], va_arg(tags, int));
    va_end(tags);
}

static void events_fire_in_the_order_of_their_time(void **state)
{
    struct event a = tagged(1), b = tagged(2), c = tagged(3);

    (void)state;
    event_at(events, &a, 300);
    event_at(events, &b, 100);
    event_after(events, &c, 200);
    run();
    expect_fired(3, 2, 3, 1);
    assert_int_equal(events_now_ns(events), 300);
    assert_int_equal(events_fired(events), 3);
}

static void those_due_at_one_instant_fire_as_they_were_asked(void **state)
{
    struct event each[40];

    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        each[i] = tagged(i);
        if (i % 3 == 0)
            event_after(events, &each[i], 500); /* From the second time on, through a lane. */
        else
            event_at(events, &each[i], 500);
    }
    run();
    assert_int_equal(fired_length, 40);
    for (uint32_t i = 0; i < 40; i++)
        assert_int_equal(fired[i], i);
}

static void a_cancelled_event_does_not_fire_and_does_not_count(void **state)
{
    struct event a = tagged(1), b = tagged(2);

    (void)state;
    event_at(events, &a, 100);
    event_at(events, &b, 200);
    event_cancel(&a);
    assert_false(event_is_asked(&a));
    run();
    expect_fired(1, 2);
    assert_int_equal(events_fired(events), 1);
    assert_int_equal(events_pending(events), 0);
}

static void an_event_asked_for_again_moves_and_fires_once(void **state)
{
    struct event sooner = tagged(1), later = tagged(2);

    (void)state;
    event_at(events, &sooner, 900);
    event_at(events, &later, 100);
    event_at(events, &sooner, 200);
    event_at(events, &later, 500);
    run();
    expect_fired(2, 1, 2);
    assert_int_equal(events_now_ns(events), 500);
}

static void a_record_in_a_new_life_does_not_hear_from_the_old_one(void **state)
{
    struct event record = tagged(1);

    (void)state;
    event_at(events, &record, 100);
    event_cancel(&record);
    record = tagged(2); /* Given to its pool, and taken again. */
    event_at(events, &record, 300);
    assert_true(events_step(events, UINT64_MAX));
    assert_int_equal(events_now_ns(events), 300);
    expect_fired(1, 2);
}

static void a_step_stops_at_its_limit_and_the_clock_with_it(void **state)
{
    struct event a = tagged(1), b = tagged(2), c = tagged(3);

    (void)state;
    event_at(events, &a, 100);
    event_at(events, &b, 101);
    event_after(events, &c, 101);
    assert_true(events_step(events, 100));
    assert_false(events_step(events, 100));
    assert_int_equal(events_now_ns(events), 100);
    assert_true(events_step(events, 101));
    assert_true(events_step(events, 101));
    assert_false(events_step(events, UINT64_MAX));
}

static void the_clock_may_be_moved_on_and_new_times_count_from_there(void **state)
{
    struct event a = tagged(1);

    (void)state;
    assert_false(events_step(events, 5000));
    events_advance(events, 5000);
    assert_int_equal(events_now_ns(events), 5000);
    event_after(events, &a, 10);
    run();
    assert_int_equal(events_now_ns(events), 5010);
}

static void ask_once_more(struct event *event)
{
    note_tag(event);
    if (event->note-- > 0)
        event_after(events, event, 0);
}

static void an_event_may_ask_for_its_own_instant_and_waits_its_turn(void **state)
{
    struct event a = {.fire = ask_once_more, .tag = 1, .note = 2}, b = tagged(2);

    (void)state;
    event_at(events, &a, 100);
    event_at(events, &b, 100);
    run();
    expect_fired(4, 1, 2, 1, 1);
    assert_int_equal(events_now_ns(events), 100);
}

static void the_end_of_time_is_reached_without_going_round(void **state)
{
    struct event last = tagged(3), late = tagged(2), soon = tagged(1);

    (void)state;
    event_at(events, &last, UINT64_MAX);
    event_after(events, &last, UINT64_MAX);
    event_after(events, &late, UINT64_MAX - 10);
    event_at(events, &soon, 7);
    run();
    expect_fired(3, 1, 2, 3);
    assert_int_equal(events_now_ns(events), UINT64_MAX - 1);
}

static void a_full_queue_refuses_and_says_so(void **state)
{
    static struct event many[PENDING_MAX + 1];

    (void)state;
    for (uint32_t i = 0; i <= PENDING_MAX; i++) {
        many[i] = tagged(i);
        assert_false(events_are_full(events));
        event_at(events, &many[i], 1000 + i * 37 % 991);
    }
    assert_true(events_are_full(events));
    assert_false(event_is_asked(&many[PENDING_MAX]));
    assert_int_equal(events_pending(events), PENDING_MAX);
    run();
    assert_int_equal(events_fired(events), PENDING_MAX);
}

static void a_full_queue_of_far_times_and_lanes_keeps_within_its_memory(void **state)
{
    static struct event many[PENDING_MAX];
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "far");
    for (int life = 0; life < 50; life++) {
        for (uint32_t i = 0; i < PENDING_MAX; i++) {
            many[i] = tagged(i);
            if (life % 2 == 0)
                event_at(events, &many[i], events_now_ns(events) + (dice_next(&dice) >> 14));
            else
                event_after(events, &many[i], 1000 * dice_below(&dice, 70));
        }
        run();
    }
    assert_false(events_are_full(events));
    assert_int_equal(events_fired(events), 50 * PENDING_MAX);
}

/* The order must not turn over where a 32-bit count would. */
static void askings_beyond_four_thousand_million_keep_their_order(void **state)
{
    const uint64_t seq = UINT64_C(0xffffff00);
    struct entry entry = {.due_ns = 5};
    struct arena arena;
    struct queue queue;

    (void)state;
    assert_true(arena_open(&arena, queue_bytes(600)));
    queue_init(&queue, &arena, EVENTS_FAST, 600);
    for (uint64_t i = 0; i < 512; i++) {
        entry.seq = seq + i;
        queue_put(&queue, &entry);
    }
    for (uint64_t i = 0; i < 512; i++) {
        const struct entry *first = queue_first(&queue, 5);

        assert_non_null(first);
        assert_int_equal(queue_take(&queue, first).seq, seq + i);
    }
    arena_close(&arena);
}

static void a_size_that_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_null(events_open(EVENTS_FAST, 0));
    assert_null(events_open(EVENTS_FAST, UINT64_MAX));
    events_close(NULL);
}

#define WITH_BOTH(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, open_fast, close_events),                                \
        cmocka_unit_test_setup_teardown(test, open_heap, close_events)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BOTH(events_fire_in_the_order_of_their_time),
        WITH_BOTH(those_due_at_one_instant_fire_as_they_were_asked),
        WITH_BOTH(a_cancelled_event_does_not_fire_and_does_not_count),
        WITH_BOTH(an_event_asked_for_again_moves_and_fires_once),
        WITH_BOTH(a_record_in_a_new_life_does_not_hear_from_the_old_one),
        WITH_BOTH(a_step_stops_at_its_limit_and_the_clock_with_it),
        WITH_BOTH(the_clock_may_be_moved_on_and_new_times_count_from_there),
        WITH_BOTH(an_event_may_ask_for_its_own_instant_and_waits_its_turn),
        WITH_BOTH(the_end_of_time_is_reached_without_going_round),
        WITH_BOTH(a_full_queue_refuses_and_says_so),
        WITH_BOTH(a_full_queue_of_far_times_and_lanes_keeps_within_its_memory),
        cmocka_unit_test(askings_beyond_four_thousand_million_keep_their_order),
        cmocka_unit_test(a_size_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
