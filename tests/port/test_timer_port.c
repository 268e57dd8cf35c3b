/* test_timer_port.c — services/port/timer.h and the contract of call.h, for who only sleeps.
 *
 * Both worlds owe the same order, to the last of two sleepers that are due together, and never wake
 * anybody early. How late somebody is woken is the virtual world's promise alone (not at all); the
 * live one's depends on the machine, and nobody asks here. */
#include "tests/lib/port_rig_node.h"

#include <time.h>

enum { MANY = 300, STEPS = 5 };

static struct timer *timer_of(const struct rig *rig)
{
    return rig->ports.timer;
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

/* ---- When ------------------------------------------------------------------------------------ */

static void a_sleep_never_ends_inside_its_asking_and_never_early(void **state)
{
    static const uint64_t delays_ns[] = {0, 1, 999, 1000, 1001, MS(1), MS(1) + 1, MS(7), MS(30)};
    struct rig *rig = *state;
    struct rig_question q;

    for (size_t i = 0; i < sizeof delays_ns / sizeof *delays_ns; i++) {
        timer_sleep(timer_of(rig), rig_ask(rig, &q), delays_ns[i]);
        assert_int_equal(q.call.outcome, CALL_PENDING);
        assert_int_equal(q.times, 0);
        rig_expect(&q, CALL_OK, 0);
        rig_was_due(&q, q.asked_ns + delays_ns[i], 0);
    }
}

static void a_sleep_ends_once(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;

    for (uint64_t i = 0; i < MANY; i++)
        timer_sleep(timer_of(rig), rig_ask(rig, &q[i]), MS(1) * (i % 7));
    wait_for_all(rig);
    rig_pass(rig, MS(20));
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal(q[i].times, 1);
        assert_int_equal(q[i].call.outcome, CALL_OK);
    }
}

static void a_sleep_of_a_year_keeps_nobody_else_from_waking(void **state)
{
    struct rig *rig = *state;
    struct rig_question year, q;

    timer_sleep(timer_of(rig), rig_ask(rig, &year), SECONDS(UINT64_C(366) * 24 * 3600));
    for (int i = 0; i < 3; i++) {
        timer_sleep(timer_of(rig), rig_ask(rig, &q), MS(1));
        rig_expect(&q, CALL_OK, 0);
    }
    assert_int_equal(year.call.outcome, CALL_PENDING);
}

/* ---- In which order -------------------------------------------------------------------------- */

static bool is_before(const struct rig_question *a, uint64_t a_ns, const struct rig_question *b,
                      uint64_t b_ns)
{
    return a_ns != b_ns ? a_ns < b_ns : a < b; /* They were asked in the order of the array. */
}

/* Many are due at the same instant: the delay makes up for the time that asking takes. */
static void who_is_due_first_wakes_first_and_of_equals_who_asked_first(void **state)
{
    static struct rig_question q[MANY];
    static uint64_t due_ns[MANY];
    struct rig *rig = *state;
    uint64_t begun_ns = rig_now_ns(rig);

    for (uint64_t i = 0; i < MANY; i++) {
        struct call *call = rig_ask(rig, &q[i]);
        uint64_t wanted_ns = begun_ns + MS(100) + MS(i * 7919 % 13);

        due_ns[i] = wanted_ns > q[i].asked_ns ? wanted_ns : q[i].asked_ns;
        timer_sleep(timer_of(rig), call, due_ns[i] - q[i].asked_ns);
    }
    wait_for_all(rig);
    for (size_t i = 0; i < MANY; i++) {
        uint32_t place = 1;

        for (size_t other = 0; other < MANY; other++)
            place += is_before(&q[other], due_ns[other], &q[i], due_ns[i]);
        assert_int_equal(q[i].nth, place);
        rig_was_due(&q[i], due_ns[i], 0);
    }
}

static void who_asked_later_and_is_due_earlier_wakes_first(void **state)
{
    struct rig *rig = *state;
    struct rig_question q[3];

    for (int i = 0; i < 3; i++)
        rig_ask(rig, &q[i]);
    timer_sleep(timer_of(rig), &q[0].call, SECONDS(3600));
    timer_sleep(timer_of(rig), &q[1].call, MS(30));
    timer_sleep(timer_of(rig), &q[2].call, MS(1));
    rig_wait(&q[1]);
    assert_int_equal(q[2].nth, 1);
    assert_int_equal(q[1].nth, 2);
    assert_int_equal(q[0].times, 0);
}

struct joiner { /* Who wakes asks for another that is to wake with `target`. */
    struct rig_question question;
    struct rig_question other;
    uint64_t target_ns;
};

static void ask_for_the_same_instant(struct rig_question *question)
{
    struct joiner *joiner = (struct joiner *)(void *)question;
    struct rig *rig = question->rig;
    struct call *call = rig_ask(rig, &joiner->other);
    uint64_t now_ns = timer_now_ns(timer_of(rig));

    timer_sleep(timer_of(rig), call, now_ns < joiner->target_ns ? joiner->target_ns - now_ns : 0);
}

static void
of_two_due_together_the_first_asked_wakes_first_though_its_delay_was_longer(void **state)
{
    struct rig *rig = *state;
    struct rig_question first;
    struct joiner joiner;

    timer_sleep(timer_of(rig), rig_ask(rig, &first), MS(40));
    joiner.target_ns = first.asked_ns + MS(40);
    timer_sleep(timer_of(rig), rig_ask_and_see(rig, &joiner.question, ask_for_the_same_instant),
                MS(5));
    rig_wait(&joiner.question);
    rig_wait(&joiner.other);
    assert_int_equal(first.times, 1);
    assert_true(first.nth < joiner.other.nth);
    rig_was_due(&joiner.other, joiner.target_ns, 0);
}

static void ask_another_for_no_time(struct rig_question *question)
{
    struct joiner *joiner = (struct joiner *)(void *)question;

    timer_sleep(timer_of(question->rig), rig_ask(question->rig, &joiner->other), 0);
}

static void a_sleep_of_nothing_that_is_asked_on_waking_waits_for_its_turn(void **state)
{
    struct rig *rig = *state;
    struct joiner joiner;
    struct rig_question sibling;

    timer_sleep(timer_of(rig), rig_ask_and_see(rig, &joiner.question, ask_another_for_no_time), 0);
    timer_sleep(timer_of(rig), rig_ask(rig, &sibling), 0);
    rig_wait(&joiner.question);
    wait_for_all(rig);
    assert_int_equal(joiner.question.nth, 1);
    assert_int_equal(sibling.nth, 2);
    assert_int_equal(joiner.other.nth, 3);
}

static void sleep_again(struct rig_question *question)
{
    if (question->times < STEPS)
        timer_sleep(timer_of(question->rig), &question->call, MS(3));
}

static bool has_slept_enough(void *context)
{
    return ((const struct rig_question *)context)->times >= STEPS;
}

static void a_call_may_sleep_again_as_soon_as_it_wakes(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;

    timer_sleep(timer_of(rig), rig_ask_and_see(rig, &q, sleep_again), MS(3));
    assert_true(rig_run_until(rig, has_slept_enough, &q, RIG_LIMIT_NS));
    rig_was_due(&q, q.asked_ns + STEPS * MS(3), 0);
    assert_int_equal(rig->too_early, 0);
}

/* ---- The clock ------------------------------------------------------------------------------- */

struct watcher {
    struct rig_question question;
    uint64_t before_ns, after_ns;
};

static void spend_real_time(struct rig_question *question)
{
    struct watcher *watcher = (struct watcher *)(void *)question;

    watcher->before_ns = timer_now_ns(timer_of(question->rig));
    nanosleep(&(struct timespec){.tv_nsec = (long)MS(5)}, NULL);
    watcher->after_ns = timer_now_ns(timer_of(question->rig));
}

static void now_stands_still_during_a_step(void **state)
{
    struct rig *rig = *state;
    struct watcher watcher;

    timer_sleep(timer_of(rig), rig_ask_and_see(rig, &watcher.question, spend_real_time), MS(1));
    rig_expect(&watcher.question, CALL_OK, 0);
    assert_int_equal(watcher.before_ns, watcher.after_ns);
    rig_was_due(&watcher.question, watcher.question.asked_ns + MS(1), 0);
}

static uint64_t latest_ns;
static uint32_t went_back;

static void watch_the_clock(struct rig_question *question)
{
    uint64_t now_ns = timer_now_ns(timer_of(question->rig));

    went_back += now_ns < latest_ns;
    latest_ns = now_ns;
}

static void now_never_goes_back(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;

    latest_ns = timer_now_ns(timer_of(rig));
    went_back = 0;
    for (uint64_t i = 0; i < MANY; i++)
        timer_sleep(timer_of(rig), rig_ask_and_see(rig, &q[i], watch_the_clock),
                    US(i * 7919 % 20000));
    wait_for_all(rig);
    assert_int_equal(went_back, 0);
    assert_true(timer_now_ns(timer_of(rig)) >= latest_ns);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_sleep_never_ends_inside_its_asking_and_never_early),
    cmocka_unit_test(a_sleep_ends_once),
    cmocka_unit_test(a_sleep_of_a_year_keeps_nobody_else_from_waking),
    cmocka_unit_test(who_is_due_first_wakes_first_and_of_equals_who_asked_first),
    cmocka_unit_test(who_asked_later_and_is_due_earlier_wakes_first),
    cmocka_unit_test(of_two_due_together_the_first_asked_wakes_first_though_its_delay_was_longer),
    cmocka_unit_test(a_sleep_of_nothing_that_is_asked_on_waking_waits_for_its_turn),
    cmocka_unit_test(a_call_may_sleep_again_as_soon_as_it_wakes),
    cmocka_unit_test(now_stands_still_during_a_step),
    cmocka_unit_test(now_never_goes_back),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_node_virtual, &rig_node_live};

    return rig_run(worlds, sizeof worlds / sizeof *worlds, tests, sizeof tests / sizeof *tests);
}
