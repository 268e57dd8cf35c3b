/* loop.c — libevent's base with a precise clock, and the list of calls that have ended.
 *
 *     a port learns an end -> loop_finish -> ready list -> drain (an event) -> call_complete
 *
 * The drain takes what was there when it began. What its calls end in their turn waits for the next
 * round of the loop, behind the sockets that have become readable meanwhile: a chain of calls that
 * all end at once starves nobody. That next round is asked for with a timeout of zero and not by
 * event_active, which libevent would serve within the same round.
 *
 * Delays are counted from the frozen clock, so that work which a step did before it asked makes no
 * timer late; they are rounded up to libevent's microseconds, and never end early. */
#define _GNU_SOURCE
#include "services/live/loop/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <event2/event.h>

enum { NS_PER_US = 1000, FREED_KEPT = 1 << 20 /* Bytes. */ };

/* libevent runs the events of one priority per round, the lowest number first, and gives new events
 * the middle one. */
enum { ORDINARY = 1, GIVES_WAY = 2, PRIORITIES = 3, GIVING_WAY_PER_ROUND = 8 };

#define DELAY_MAX_US (UINT64_C(366) * 24 * 3600 * 1000000) /* A year is for ever. */

struct alarm { /* What an event of loop_alarm is called with. */
    struct loop *loop;
    void (*fire)(void *context);
    void *context;
};

static uint64_t clock_ns_of(clockid_t clock)
{
    struct timespec now;

    check(clock_gettime(clock, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t loop_clock_ns(void)
{
    return clock_ns_of(CLOCK_MONOTONIC);
}

uint64_t loop_thread_clock_ns(void)
{
    return clock_ns_of(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t loop_process_clock_ns(void)
{
    return clock_ns_of(CLOCK_PROCESS_CPUTIME_ID);
}

void loop_enter(struct loop *loop)
{
    uint64_t clock_ns = loop_clock_ns();

    loop->now_ns = clock_ns > loop->origin_ns ? clock_ns - loop->origin_ns : 0;
}

/* ---- Calls that have ended ------------------------------------------------------------------- */

/* call.world while a call is on the ready list: the next one, and its outcome as a number. The
 * value is in its place already, which nobody looks at while the call is pending. */
static struct call *next_of(const struct call *call)
{
    return call->world[0];
}

static struct call *take_ready(struct loop *loop)
{
    struct call *call = loop->ready_first;

    loop->ready_first = next_of(call);
    if (loop->ready_first == NULL)
        loop->ready_last = NULL;
    return call;
}

static void drain(evutil_socket_t socket, short events, void *context)
{
    struct loop *loop = context;
    const struct call *last = loop->ready_last;
    const struct call *call = NULL;

    (void)socket;
    (void)events;
    loop->is_draining = true;
    while (loop->ready_first != NULL && call != last && !loop->is_stopping) {
        struct call *ended = take_ready(loop);

        call = ended;
        loop_enter(loop);
        loop->completing = ended;
        call_complete(ended, (enum call_outcome)(uintptr_t)ended->world[1], ended->value);
    }
    loop->completing = NULL;
    loop->is_draining = false;
    loop->drains++;
    if (loop->ready_first != NULL)
        event_add(loop->drain, &(struct timeval){0, 0});
}

void loop_finish(struct loop *loop, struct call *call, enum call_outcome outcome, int64_t value)
{
    check(call->outcome == CALL_PENDING);
    check(outcome > CALL_PENDING);
    call->value = value;
    call->world[0] = NULL;
    call->world[1] = (void *)(uintptr_t)outcome;
    if (loop->ready_last != NULL)
        loop->ready_last->world[0] = call;
    else
        loop->ready_first = call;
    if (loop->ready_last == NULL && !loop->is_draining)
        event_active(loop->drain, EV_TIMEOUT, 0);
    loop->ready_last = call;
}

/* ---- The base -------------------------------------------------------------------------------- */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    if (config == NULL)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
    event_config_set_max_dispatch_interval(config, NULL, GIVING_WAY_PER_ROUND, GIVES_WAY);
    base = event_base_new_with_config(config);
    event_config_free(config);
    if (base != NULL)
        check(event_base_priority_init(base, PRIORITIES) == 0);
    return base;
}

static void keep_freed_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, FREED_KEPT);
    (void)mallopt(M_TRIM_THRESHOLD, FREED_KEPT);
#endif
}

bool loop_open(struct loop *loop, uint64_t origin_ns)
{
    *loop = (struct loop){.origin_ns = origin_ns > 0 ? origin_ns : loop_clock_ns()};
    loop->base = new_base();
    if (loop->base == NULL)
        return false;
    loop->drain = event_new(loop->base, -1, 0, drain, loop);
    if (loop->drain == NULL) {
        event_base_free(loop->base);
        return false;
    }
    signal(SIGPIPE, SIG_IGN);
    keep_freed_memory();
    loop_enter(loop);
    return true;
}

void loop_close(struct loop *loop)
{
    event_free(loop->drain);
    event_base_free(loop->base);
}

static void time_has_come(void *context)
{
    struct loop *loop = context;

    event_base_loopbreak(loop->base);
}

bool loop_run(struct loop *loop, uint64_t until_ns)
{
    struct event *end = NULL;
    bool has_stopped;

    loop_enter(loop);
    if (until_ns > 0) {
        end = loop_alarm(loop, time_has_come, loop);
        loop_alarm_set(end, until_ns > loop->now_ns ? until_ns - loop->now_ns : 0);
    }
    if (!loop->is_stopping)
        check(event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) == 0);
    if (end != NULL)
        loop_alarm_free(end);
    has_stopped = loop->is_stopping;
    loop->is_stopping = false;
    return has_stopped;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
    event_base_loopbreak(loop->base);
}

bool loop_gives_way(struct event *event, bool gives_way)
{
    return event_priority_set(event, gives_way ? GIVES_WAY : ORDINARY) == 0;
}

void loop_allow_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* ---- Alarms ---------------------------------------------------------------------------------- */

static void ring(evutil_socket_t socket, short events, void *context)
{
    const struct alarm *alarm = context;

    (void)socket;
    (void)events;
    loop_enter(alarm->loop);
    alarm->fire(alarm->context);
}

struct event *loop_alarm(struct loop *loop, void (*fire)(void *context), void *context)
{
    struct alarm *alarm = malloc(sizeof *alarm);
    struct event *event;

    check(alarm != NULL);
    *alarm = (struct alarm){loop, fire, context};
    event = event_new(loop->base, -1, 0, ring, alarm);
    check(event != NULL);
    return event;
}

void loop_alarm_set(struct event *event, uint64_t delay_ns)
{
    const struct alarm *alarm = event_get_callback_arg(event);
    uint64_t now_ns = alarm->loop->origin_ns + alarm->loop->now_ns; /* The frozen one. */
    uint64_t due_ns = delay_ns < UINT64_MAX - now_ns ? now_ns + delay_ns : UINT64_MAX;
    uint64_t clock_ns = loop_clock_ns(), left_us = 0;

    if (due_ns > clock_ns) /* And 1: libevent cuts the clock down to microseconds. */
        left_us = (due_ns - clock_ns) / NS_PER_US + 2;
    if (left_us > DELAY_MAX_US)
        left_us = DELAY_MAX_US;
    check(event_add(event, &(struct timeval){(time_t)(left_us / 1000000),
                                             (suseconds_t)(left_us % 1000000)}) == 0);
}

void loop_alarm_clear(struct event *event)
{
    event_del(event);
}

void loop_alarm_free(struct event *event)
{
    free(event_get_callback_arg(event));
    event_free(event);
}
