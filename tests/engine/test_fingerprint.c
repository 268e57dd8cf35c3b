/* test_fingerprint.c — One number for a whole history: equal for equal histories, and for no
 * others. */
#include "tests/lib/test.h"

#include <stdbool.h>
#include <string.h>

#include "services/base/dice.h"
#include "sim/engine/events.h"
#include "sim/engine/fingerprint.h"

static void nothing(struct event *event)
{
    (void)event;
}

struct history {
    struct events *events;
    struct event event[4];
};

static struct history begin(void)
{
    struct history history = {.events = events_open(EVENTS_FAST, 100)};

    assert_non_null(history.events);
    for (uint32_t i = 0; i < 4; i++)
        history.event[i] = (struct event){.fire = nothing, .tag = i};
    return history;
}

static void end(struct history *history, char print[65])
{
    while (events_step(history->events, UINT64_MAX)) {
    }
    events_fingerprint(history->events, print);
    events_close(history->events);
}

/* Two events, of these tags, at these times. */
static void two_events(uint32_t tag, uint64_t due_ns, uint32_t other_tag, uint64_t other_due_ns,
                       char print[65])
{
    struct history history = begin();

    event_at(history.events, &history.event[tag], due_ns);
    event_at(history.events, &history.event[other_tag], other_due_ns);
    end(&history, print);
}

static void equal_histories_have_equal_prints(void **state)
{
    char a[65], b[65];

    (void)state;
    two_events(1, 100, 2, 200, a);
    two_events(1, 100, 2, 200, b);
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), 64);
    assert_int_equal(strspn(a, "0123456789abcdef"), 64);
}

static void times_tags_and_order_all_count(void **state)
{
    char first[65], other[65];

    (void)state;
    two_events(1, 100, 2, 200, first);
    two_events(1, 100, 2, 201, other);
    assert_string_not_equal(first, other);
    two_events(1, 100, 3, 200, other);
    assert_string_not_equal(first, other);
    two_events(2, 100, 1, 200, other);
    assert_string_not_equal(first, other);
    two_events(1, 100, 2, 100, first);
    two_events(2, 100, 1, 100, other);
    assert_string_not_equal(first, other);
}

static void what_was_cancelled_leaves_no_trace(void **state)
{
    char plain[65], cancelled[65];
    struct history history = begin();

    (void)state;
    two_events(1, 100, 2, 200, plain);
    event_at(history.events, &history.event[3], 50);
    event_at(history.events, &history.event[1], 100);
    event_at(history.events, &history.event[2], 200);
    event_cancel(&history.event[3]);
    end(&history, cancelled);
    assert_string_equal(plain, cancelled);
}

static void facts_that_owners_note_count_too(void **state)
{
    char without[65], with[65], other[65];
    struct history one = begin(), two = begin(), three = begin();

    (void)state;
    end(&one, without);
    events_note(two.events, 7);
    end(&two, with);
    events_note(three.events, 8);
    end(&three, other);
    assert_string_not_equal(without, with);
    assert_string_not_equal(with, other);
}

/* Worked out beside the program: python3 -c, with the constants of fingerprint.h. It is the same
 * on every machine, and changes only when the definition of a fingerprint does. */
static void the_print_of_a_small_history_is_known(void **state)
{
    char print[65];

    (void)state;
    two_events(1, 100, 2, 200, print);
    assert_string_equal(print, "83538c3255cb48cbdee1a003f60345bbccdc808839736494738712438707f5b5");
}

static bool differ_in_many_bits(const struct fingerprint *a, const struct fingerprint *b)
{
    int differing = __builtin_popcountll(a->low ^ b->low);

    differing += __builtin_popcountll(a->high ^ b->high);
    return differing > 30 && differing < 98;
}

/* One bit of difference in a fact spreads over the state within two more facts. */
static void a_small_difference_spreads(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 1, "print");
    for (int bit = 0; bit < 64; bit++) {
        struct fingerprint a, b;

        fingerprint_init(&a);
        fingerprint_fold(&a, dice_next(&dice), 1);
        b = a;
        fingerprint_fold(&a, 1000, 1);
        fingerprint_fold(&b, 1000 ^ UINT64_C(1) << bit, 1);
        for (uint64_t i = 0; i < 3; i++) {
            fingerprint_fold(&a, i, 2);
            fingerprint_fold(&b, i, 2);
        }
        assert_true(differ_in_many_bits(&a, &b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_histories_have_equal_prints),
        cmocka_unit_test(times_tags_and_order_all_count),
        cmocka_unit_test(what_was_cancelled_leaves_no_trace),
        cmocka_unit_test(facts_that_owners_note_count_too),
        cmocka_unit_test(the_print_of_a_small_history_is_known),
        cmocka_unit_test(a_small_difference_spreads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
