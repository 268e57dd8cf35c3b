/* timer_live.c — The timer port: what sleeps is a heap, and one alarm is set for who wakes first.
 *
 * libevent would keep the timers too, but it does not say which of two that are due together runs
 * first. The contract does (in the order in which they were asked), so the heap here is ordered by
 * (due, sequence), in nanoseconds. Naps lie in the heap by value: going to sleep takes no memory,
 * save when more sleep at once than ever before. */
#include "services/live/loop/loop.h"

#include <stdlib.h>

#include <event2/event.h>

#include "services/live/node/stats.h"

struct nap {
    uint64_t due_ns, sequence, asked_ns;
    struct call *call;
};

static bool is_before(const struct nap *a, const struct nap *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->sequence < b->sequence;
}

static void push(struct timer_live *timer, struct nap nap)
{
    uint32_t place = timer->naps_length++;

    while (place > 0 && is_before(&nap, &timer->naps[(place - 1) / 2])) {
        timer->naps[place] = timer->naps[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    timer->naps[place] = nap;
}

static struct nap pop(struct timer_live *timer)
{
    struct nap first = timer->naps[0];
    struct nap last = timer->naps[--timer->naps_length];
    uint32_t place = 0;

    for (;;) {
        uint32_t child = 2 * place + 1;

        if (child + 1 < timer->naps_length &&
            is_before(&timer->naps[child + 1], &timer->naps[child]))
            child++;
        if (child >= timer->naps_length || !is_before(&timer->naps[child], &last))
            break;
        timer->naps[place] = timer->naps[child];
        place = child;
    }
    timer->naps[place] = last;
    return first;
}

static void set_alarm(struct timer_live *timer)
{
    uint64_t now_ns = loop_now_ns(timer->loop), due_ns;

    if (timer->naps_length == 0)
        return;
    due_ns = timer->naps[0].due_ns;
    loop_alarm_set(timer->alarm, due_ns > now_ns ? due_ns - now_ns : 0);
}

static void wake(void *context)
{
    struct timer_live *timer = context;
    uint64_t now_ns = loop_now_ns(timer->loop);

    while (timer->naps_length > 0 && timer->naps[0].due_ns <= now_ns) {
        struct nap nap = pop(timer);

        stats_waited(timer->stats, STATS_TIMER, now_ns - nap.asked_ns);
        loop_finish(timer->loop, nap.call, CALL_OK, 0);
    }
    set_alarm(timer);
}

static void make_room(struct timer_live *timer)
{
    if (timer->naps_length < timer->naps_max)
        return;
    timer->naps_max = timer->naps_max == 0 ? 256 : 2 * timer->naps_max;
    timer->naps = realloc(timer->naps, timer->naps_max * sizeof *timer->naps);
    check(timer->naps != NULL);
}

static uint64_t now_of(struct timer *port)
{
    const struct timer_live *timer = (struct timer_live *)port;

    return loop_now_ns(timer->loop);
}

static void sleep_for(struct timer *port, struct call *call, uint64_t delay_ns)
{
    struct timer_live *timer = (struct timer_live *)port;
    uint64_t now_ns = loop_now_ns(timer->loop);
    uint64_t due_ns = delay_ns < UINT64_MAX - now_ns ? now_ns + delay_ns : UINT64_MAX;

    make_room(timer);
    push(timer, (struct nap){due_ns, timer->sequence++, now_ns, call});
    if (timer->naps[0].call == call)
        set_alarm(timer);
}

static const struct timer_ops timer_live_ops = {.now_ns = now_of, .sleep = sleep_for};

void timer_live_open(struct timer_live *timer, struct loop *loop, struct node_stats *stats)
{
    *timer = (struct timer_live){.port.ops = &timer_live_ops, .loop = loop, .stats = stats};
    timer->alarm = loop_alarm(loop, wake, timer);
}

void timer_live_close(struct timer_live *timer)
{
    loop_alarm_free(timer->alarm);
    free(timer->naps);
}
