/* test_events_oracle.c — The queue of virtual time, held to its oracle.
 *
 * The oracle is the plain heap: whatever a crowd of actors asks, moves and cancels, the fast queue
 * must fire the same events at the same times in the same order. Each actor has a tag of its own,
 * so the fingerprint of a run is the whole sequence. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "services/base/dice.h"
#include "sim/engine/events.h"

enum pattern {
    EXPONENTIAL,
    BIMODAL, /* Nine short steps to each that is a thousand times as long. */
    PARETO,  /* Infinite variance. */
    CONSTANT,
    NEAR_CONSTANT,
    TICKS,  /* Whole milliseconds: many ties. */
    BURSTS, /* All at the next second, then all within a microsecond. */
    FAR,    /* One quick actor, and the others hours away. */
    PATTERNS
};

struct crowd;

struct actor {
    struct event event;
    struct crowd *crowd;
};

struct crowd {
    struct events *events;
    struct actor *actors;
    uint64_t length;
    struct dice dice;
    enum pattern pattern;
    bool is_meddling; /* Actors also move, cancel and wake one another. */
    char print[65];
    uint64_t end_ns;
};

static uint64_t step_of(struct crowd *crowd, const struct actor *actor)
{
    struct dice *dice = &crowd->dice;
    double exponential = 1e6 * dice_exponential(dice);

    switch (crowd->pattern) {
    case EXPONENTIAL:
        return (uint64_t)exponential;
    case BIMODAL:
        return dice_chance(dice, 0.9) ? (uint64_t)exponential : (uint64_t)(1e3 * exponential);
    case PARETO:
        return (uint64_t)(1e5 / (1.0 - dice_uniform(dice)) / (1.0 - dice_uniform(dice)));
    case CONSTANT:
        return 1000000;
    case NEAR_CONSTANT:
        return 1000000 + dice_below(dice, 10);
    case TICKS:
        return 1000000 * dice_below(dice, 4);
    case BURSTS:
        return dice_chance(dice, 0.5) ? dice_below(dice, 1000)
                                      : 1000000000 - events_now_ns(crowd->events) % 1000000000;
    case FAR:
        return actor == crowd->actors ? 1000 : UINT64_C(3600000000000) + (uint64_t)exponential;
    case PATTERNS:
        break;
    }
    return 0;
}

static void ask_again(struct actor *actor)
{
    struct crowd *crowd = actor->crowd;
    uint64_t step_ns = step_of(crowd, actor);

    if (crowd->pattern == CONSTANT || dice_chance(&crowd->dice, 0.2))
        event_after(crowd->events, &actor->event, step_ns - step_ns % 65536);
    else
        event_at(crowd->events, &actor->event, events_now_ns(crowd->events) + step_ns);
}

static void meddle(struct crowd *crowd)
{
    struct actor *other = &crowd->actors[dice_below(&crowd->dice, crowd->length)];

    if (dice_chance(&crowd->dice, 0.5))
        event_cancel(&other->event);
    else
        ask_again(other);
}

static void act(struct event *event)
{
    struct actor *actor = (struct actor *)event;

    ask_again(actor);
    if (actor->crowd->is_meddling && dice_chance(&actor->crowd->dice, 0.5))
        meddle(actor->crowd);
}

static void start(struct crowd *crowd, enum events_order order, uint64_t length)
{
    crowd->events = events_open(order, 64 * length + 100000);
    crowd->actors = calloc(length, sizeof *crowd->actors);
    assert_non_null(crowd->events);
    assert_non_null(crowd->actors);
    crowd->length = length;
    for (uint32_t i = 0; i < length; i++) {
        crowd->actors[i] = (struct actor){.event = {.fire = act, .tag = i}, .crowd = crowd};
        ask_again(&crowd->actors[i]);
    }
}

static void stop(struct crowd *crowd)
{
    assert_false(events_are_full(crowd->events));
    events_fingerprint(crowd->events, crowd->print);
    crowd->end_ns = events_now_ns(crowd->events);
    events_close(crowd->events);
    free(crowd->actors);
}

/* So many events of a crowd; stops early when it has cancelled itself away. */
static struct crowd run_crowd(enum events_order order, enum pattern pattern, uint64_t length,
                              bool is_meddling, unsigned fired_max)
{
    struct crowd crowd = {.pattern = pattern, .is_meddling = is_meddling};
    uint64_t until_ns = 0;

    dice_init(&crowd.dice, length + pattern, "crowd");
    start(&crowd, order, length);
    for (unsigned i = 0; i < fired_max; i++) {
        /* In strides, as a world does that looks up between events. */
        while (i % 16 == 0 && until_ns <= events_now_ns(crowd.events))
            until_ns += 50000000;
        if (!events_step(crowd.events, i % 16 == 0 ? until_ns : UINT64_MAX) && i % 16 != 0)
            break;
    }
    stop(&crowd);
    return crowd;
}

static void hold_to_oracle(enum pattern pattern, uint64_t length, bool is_meddling)
{
    unsigned fired_max = length > 1000 ? 300000 : 100000;
    struct crowd fast = run_crowd(EVENTS_FAST, pattern, length, is_meddling, fired_max);
    struct crowd heap = run_crowd(EVENTS_HEAP, pattern, length, is_meddling, fired_max);

    assert_string_equal(fast.print, heap.print);
    assert_int_equal(fast.end_ns, heap.end_ns);
}

static void hold_all_sizes(enum pattern pattern)
{
    static const uint64_t lengths[] = {1, 2, 10, 30, 47, 60, 300, 5000, 60000};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        hold_to_oracle(pattern, lengths[i], false);
        hold_to_oracle(pattern, lengths[i], true);
    }
}

static void exponential_steps_fire_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(EXPONENTIAL);
}

static void bimodal_steps_fire_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(BIMODAL);
}

static void pareto_steps_fire_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(PARETO);
}

static void constant_steps_fire_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(CONSTANT);
}

static void nearly_constant_steps_fire_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(NEAR_CONSTANT);
}

static void ties_fire_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(TICKS);
}

static void bursts_fire_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(BURSTS);
}

static void a_quick_actor_before_a_far_crowd_fires_in_the_order_of_the_oracle(void **state)
{
    (void)state;
    hold_all_sizes(FAR);
}

/* With gcc and clang, -O0 and -O3, with and without FMA. It changes only when the definition of a
 * fingerprint, a stream or the order of events does. */
static void a_history_has_the_same_fingerprint_on_every_machine(void **state)
{
    struct crowd crowd = run_crowd(EVENTS_FAST, EXPONENTIAL, 300, true, 100000);

    (void)state;
    assert_string_equal(crowd.print,
                        "d4d016cdea5baf375dc94dbebce5e91acadd8ef2c2bcacd1d1648ad2a8464239");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_steps_fire_in_the_order_of_the_oracle),
        cmocka_unit_test(bimodal_steps_fire_in_the_order_of_the_oracle),
        cmocka_unit_test(pareto_steps_fire_in_the_order_of_the_oracle),
        cmocka_unit_test(constant_steps_fire_in_the_order_of_the_oracle),
        cmocka_unit_test(nearly_constant_steps_fire_in_the_order_of_the_oracle),
        cmocka_unit_test(ties_fire_in_the_order_of_the_oracle),
        cmocka_unit_test(bursts_fire_in_the_order_of_the_oracle),
        cmocka_unit_test(a_quick_actor_before_a_far_crowd_fires_in_the_order_of_the_oracle),
        cmocka_unit_test(a_history_has_the_same_fingerprint_on_every_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
