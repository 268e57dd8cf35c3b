/* The loop and the timer port: when calls complete, in which order, and what the clock says. */
#include "tests/lib/test.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "services/live/loop/loop.h"
#include "services/live/node/stats.h"

enum { CALLS_MAX = 8 };
#define MS UINT64_C(1000000)

struct question { /* A call that writes down when it ended, and may ask on. */
    struct call call;
    struct rig *rig;
    char name;
    uint64_t ended_ns;
    void (*then)(struct question *question);
};

struct rig {
    struct loop loop;
    struct timer_live timer;
    struct question questions[CALLS_MAX];
    char order[64]; /* Names, as they ended; those of the first ones. */
    bool is_inside; /* A submit is under way. */
};

static struct node_stats stats;

static void ended(struct call *call)
{
    struct question *question = (struct question *)call;
    struct rig *rig = question->rig;
    size_t length = strlen(rig->order);

    assert_false(rig->is_inside);
    question->ended_ns = loop_now_ns(&rig->loop);
    if (length + 1 < sizeof rig->order)
        rig->order[length] = question->name;
    if (question->then != NULL)
        question->then(question);
}

static void rig_open(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    memset(&stats, 0, sizeof stats);
    assert_true(loop_open(&rig->loop, 0));
    timer_live_open(&rig->timer, &rig->loop, &stats);
    for (int i = 0; i < CALLS_MAX; i++)
        rig->questions[i] =
            (struct question){.call.done = ended, .rig = rig, .name = (char)('a' + i)};
}

static void rig_close(struct rig *rig)
{
    timer_live_close(&rig->timer);
    loop_close(&rig->loop);
}

static void sleep_as(struct rig *rig, int who, uint64_t delay_ns)
{
    rig->is_inside = true;
    timer_sleep(&rig->timer.port, &rig->questions[who].call, delay_ns);
    rig->is_inside = false;
}

static void finish_as(struct rig *rig, int who)
{
    rig->is_inside = true;
    call_begin(&rig->questions[who].call);
    loop_finish(&rig->loop, &rig->questions[who].call, CALL_OK, who);
    rig->is_inside = false;
}

static void stop(struct question *question)
{
    loop_stop(&question->rig->loop);
}

static void run_for(struct rig *rig, uint64_t ns)
{
    loop_enter(&rig->loop);
    assert_false(loop_run(&rig->loop, loop_now_ns(&rig->loop) + ns));
}

/* ---- Completion ------------------------------------------------------------------------------ */

static void
calls_complete_in_the_order_in_which_they_ended_and_never_inside_the_submit(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    finish_as(&rig, 2);
    finish_as(&rig, 0);
    finish_as(&rig, 1);
    assert_string_equal(rig.order, "");
    run_for(&rig, MS);
    assert_string_equal(rig.order, "cab");
    assert_int_equal(rig.questions[2].call.outcome, CALL_OK);
    assert_int_equal(rig.questions[2].call.value, 2);
    rig_close(&rig);
}

static uint32_t rounds;

static void again(struct question *question)
{
    if (++rounds < 1000)
        finish_as(question->rig, question->name - 'a');
}

static void fire(void *context)
{
    uint32_t *seen_at = context;

    *seen_at = rounds;
}

/* The wrong belief: event_active from a callback waits for the next round of the loop. */
static void a_chain_of_calls_that_end_at_once_starves_nobody(void **state)
{
    struct rig rig;
    uint32_t seen_at = UINT32_MAX;
    struct event *alarm;

    (void)state;
    rig_open(&rig);
    rounds = 0;
    rig.questions[0].then = again;
    alarm = loop_alarm(&rig.loop, fire, &seen_at);
    loop_alarm_set(alarm, 0);
    finish_as(&rig, 0);
    while (rounds < 1000)
        run_for(&rig, MS);
    assert_in_range(seen_at, 0, 999);
    loop_alarm_free(alarm);
    rig_close(&rig);
}

static void finish_b(struct question *question)
{
    finish_as(question->rig, 1);
}

static void what_a_drain_brings_about_comes_behind_what_was_there(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.questions[0].then = finish_b;
    rig.questions[1].then = stop;
    finish_as(&rig, 0);
    finish_as(&rig, 2);
    assert_true(loop_run(&rig.loop, 0));
    assert_string_equal(rig.order, "acb");
    rig_close(&rig);
}

static void what_is_ready_when_the_loop_stops_completes_when_it_goes_on(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.questions[0].then = stop;
    finish_as(&rig, 0);
    finish_as(&rig, 1);
    assert_true(loop_run(&rig.loop, 0));
    assert_string_equal(rig.order, "a");
    run_for(&rig, MS);
    assert_string_equal(rig.order, "ab");
    rig_close(&rig);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void spin(uint64_t ns)
{
    uint64_t begun_ns = loop_clock_ns();

    while (loop_clock_ns() - begun_ns < ns)
        ;
}

static void dawdle(struct question *question)
{
    uint64_t now_ns = timer_now_ns(&question->rig->timer.port);

    spin(2 * MS);
    assert_int_equal(timer_now_ns(&question->rig->timer.port), now_ns);
    sleep_as(question->rig, 1, 5 * MS);
}

/* A step that takes 2 ms and then sleeps for 5 wakes 5 ms after its beginning, or later. */
static void time_stands_still_during_a_step_and_delays_count_from_there(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    rig.questions[0].then = dawdle;
    rig.questions[1].then = stop;
    finish_as(&rig, 0);
    assert_true(loop_run(&rig.loop, 0));
    assert_true(rig.questions[1].ended_ns >= rig.questions[0].ended_ns + 5 * MS);
    rig_close(&rig);
}

static void naps_end_in_the_order_of_their_due_times_and_equal_ones_as_asked(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    sleep_as(&rig, 0, 3 * MS);
    sleep_as(&rig, 1, MS);
    sleep_as(&rig, 2, 3 * MS);
    sleep_as(&rig, 3, MS);
    sleep_as(&rig, 4, 0);
    sleep_as(&rig, 5, MS);
    sleep_as(&rig, 6, 4 * MS);
    rig.questions[6].then = stop;
    assert_true(loop_run(&rig.loop, 0));
    assert_string_equal(rig.order, "ebdfacg");
    assert_int_equal(stats.waited[STATS_TIMER], 7);
    assert_true(stats.waited_ns[STATS_TIMER] >= 13 * MS);
    rig_close(&rig);
}

static void a_thousand_naps_wake_in_order_and_none_early(void **state)
{
    static struct question many[1000];
    struct rig rig;
    uint64_t last_ns = 0;

    (void)state;
    rig_open(&rig);
    for (uint64_t i = 0; i < 1000; i++) {
        many[i] = (struct question){.call.done = ended, .rig = &rig, .name = ' '};
        timer_sleep(&rig.timer.port, &many[i].call, i * 7919 % 1000 * 10000);
    }
    while (stats.waited[STATS_TIMER] < 1000)
        run_for(&rig, MS / 10);
    run_for(&rig, MS);
    for (uint64_t due = 0; due < 1000; due++) { /* 7919 is prime to 1000: each due once. */
        uint64_t i = 0;

        while (i * 7919 % 1000 != due)
            i++;
        assert_true(many[i].ended_ns >= due * 10000);
        assert_true(many[i].ended_ns >= last_ns);
        last_ns = many[i].ended_ns;
    }
    rig_close(&rig);
}

static void ring_once(void *context)
{
    (*(uint32_t *)context)++;
}

static void an_alarm_rings_once_and_a_cleared_one_never(void **state)
{
    struct rig rig;
    uint32_t rung = 0, unwanted = 0;
    struct event *alarm, *cleared;

    (void)state;
    rig_open(&rig);
    alarm = loop_alarm(&rig.loop, ring_once, &rung);
    cleared = loop_alarm(&rig.loop, ring_once, &unwanted);
    loop_alarm_set(alarm, UINT64_MAX);
    loop_alarm_set(alarm, MS); /* Anew. */
    loop_alarm_set(cleared, MS);
    loop_alarm_clear(cleared);
    run_for(&rig, 5 * MS);
    assert_int_equal(rung, 1);
    assert_int_equal(unwanted, 0);
    loop_alarm_free(alarm);
    loop_alarm_free(cleared);
    rig_close(&rig);
}

static void a_broken_pipe_is_an_error_and_not_the_end(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig);
    raise(SIGPIPE);
    rig_close(&rig);
}

static void before_its_origin_the_clock_stands_at_nought(void **state)
{
    struct loop loop;
    uint32_t rung = 0;
    struct event *alarm;

    (void)state;
    assert_true(loop_open(&loop, loop_clock_ns() + 3600000 * MS));
    assert_int_equal(loop_now_ns(&loop), 0);
    loop_close(&loop);
    assert_true(loop_open(&loop, loop_clock_ns() + 20 * MS));
    alarm = loop_alarm(&loop, ring_once, &rung);
    loop_alarm_set(alarm, MS);
    while (rung == 0)
        assert_false(loop_run(&loop, loop_now_ns(&loop) + MS));
    assert_true(loop_now_ns(&loop) >= MS); /* 1 ms behind the origin, not behind the setting. */
    loop_alarm_free(alarm);
    loop_close(&loop);
}

/* ---- Who gives way --------------------------------------------------------------------------- */

enum { CROWD = 100 };

static struct crowd { /* Sockets with a byte each; the last one is ordinary, the others give way. */
    struct loop loop;
    int ends[CROWD + 1][2];
    struct event *events[CROWD + 1];
    int heard, heard_before_ordinary;
} crowd;

static void write_byte(int i)
{
    assert_int_equal(write(crowd.ends[i][1], "x", 1), 1);
}

/* The first of the crowd that is heard wakes the ordinary one. */
static void crowd_is_heard(evutil_socket_t fd, short events, void *context)
{
    char byte;

    (void)events, (void)context;
    assert_int_equal(read(fd, &byte, 1), 1);
    if (crowd.heard++ == 0)
        write_byte(CROWD);
}

static void ordinary_is_heard(evutil_socket_t fd, short events, void *context)
{
    char byte;

    (void)events, (void)context;
    assert_int_equal(read(fd, &byte, 1), 1);
    crowd.heard_before_ordinary = crowd.heard;
}

static void all_of_the_crowd_come(void)
{
    crowd.heard = crowd.heard_before_ordinary = 0;
    for (int i = 0; i < CROWD; i++)
        write_byte(i);
    while (crowd.heard < CROWD || crowd.heard_before_ordinary == 0)
        assert_false(loop_run(&crowd.loop, loop_now_ns(&crowd.loop) + MS));
}

/* libevent asks the kernel for 32 who are ready, and for twice as many whenever it was told of so
 * many: it is ready for hundreds once hundreds have come. */
static void hundreds_who_give_way_never_stand_before_one_who_does_not(void **state)
{
    (void)state;
    memset(&crowd, 0, sizeof crowd);
    assert_true(loop_open(&crowd.loop, 0));
    for (int i = 0; i <= CROWD; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, crowd.ends[i]), 0);
        crowd.events[i] = event_new(crowd.loop.base, crowd.ends[i][0], EV_READ | EV_PERSIST,
                                    i < CROWD ? crowd_is_heard : ordinary_is_heard, NULL);
        assert_true(loop_gives_way(crowd.events[i], i < CROWD));
        assert_int_equal(event_add(crowd.events[i], NULL), 0);
    }
    all_of_the_crowd_come();
    assert_in_range(crowd.heard_before_ordinary, 1, 16); /* 32, 64, all of them. */
    all_of_the_crowd_come();
    assert_in_range(crowd.heard_before_ordinary, 1, 8);
    for (int i = 0; i <= CROWD; i++) {
        event_free(crowd.events[i]);
        close(crowd.ends[i][0]);
        close(crowd.ends[i][1]);
    }
    loop_close(&crowd.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            calls_complete_in_the_order_in_which_they_ended_and_never_inside_the_submit),
        cmocka_unit_test(a_chain_of_calls_that_end_at_once_starves_nobody),
        cmocka_unit_test(what_a_drain_brings_about_comes_behind_what_was_there),
        cmocka_unit_test(what_is_ready_when_the_loop_stops_completes_when_it_goes_on),
        cmocka_unit_test(time_stands_still_during_a_step_and_delays_count_from_there),
        cmocka_unit_test(naps_end_in_the_order_of_their_due_times_and_equal_ones_as_asked),
        cmocka_unit_test(a_thousand_naps_wake_in_order_and_none_early),
        cmocka_unit_test(an_alarm_rings_once_and_a_cleared_one_never),
        cmocka_unit_test(a_broken_pipe_is_an_error_and_not_the_end),
        cmocka_unit_test(before_its_origin_the_clock_stands_at_nought),
        cmocka_unit_test(hundreds_who_give_way_never_stand_before_one_who_does_not),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
