/* bench_events.c — What an event costs: ask, wait, fire, with N others pending.
 *
 * The hold model (Vaucher and Duval, CACM 18(4), 1975): N events are pending; each that fires asks
 * for itself again after a random step. A cell is the median of repeated runs, in nanoseconds per
 * event, the drawing of the step included (the row "draw" says how much that is). Usage:
 * bench_events [repeats] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "services/base/check.h"
#include "services/base/dice.h"
#include "sim/engine/events.h"

enum { REPEATS_MAX = 99, HOLDS = 1000000 };

enum step { EXPONENTIAL, BIMODAL, PARETO, CONSTANT, NEAR_CONSTANT, TICKS, LANE, LANES, TIMEOUT };

struct actor { /* A cache line, as the records of the world are. */
    struct event event;
    struct event timeout;
    unsigned char rest[64 - 2 * sizeof(struct event)];
};

static struct events *events;
static struct dice dice;
static enum step step;

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t draw_ns(void)
{
    switch (step) {
    case BIMODAL:
        return (uint64_t)((dice_next(&dice) % 8 == 0 ? 1e8 : 1e5) * dice_exponential(&dice));
    case PARETO: /* 1/u: no mean at all, were it not cut at 2^40 times the least. */
        return (uint64_t)(1e6 / (dice_uniform(&dice) + 0x1p-40));
    case CONSTANT:
        return 1000000;
    case NEAR_CONSTANT:
        return 1000000 + dice_next(&dice) % 1024;
    case TICKS:
        return 1000000 * (1 + dice_next(&dice) % 4);
    case LANE:
        return 1000000;
    case LANES:
        return 1000000 * (1 + dice_next(&dice) % 8);
    case EXPONENTIAL:
    case TIMEOUT:
        break;
    }
    return (uint64_t)(1e6 * dice_exponential(&dice));
}

static void hold(struct event *event)
{
    event_at(events, event, events_now_ns(events) + draw_ns());
}

static void hold_in_lane(struct event *event)
{
    event_after(events, event, draw_ns());
}

/* Work that always ends before its timeout, which is then cancelled: two askings per event. */
static void hold_with_timeout(struct event *event)
{
    struct actor *actor = (struct actor *)event;

    event_cancel(&actor->timeout);
    event_after(events, &actor->timeout, 50000000);
    event_at(events, event, events_now_ns(events) + draw_ns());
}

static void never(struct event *event)
{
    (void)event;
}

static void (*fire_of(enum step kind))(struct event *event)
{
    if (kind == TIMEOUT)
        return hold_with_timeout;
    return kind == LANE || kind == LANES ? hold_in_lane : hold;
}

static double time_once(enum events_order order, uint64_t pending)
{
    struct actor *actors = aligned_alloc(64, pending * sizeof *actors);
    uint64_t holds = pending < 300000 ? HOLDS : 3 * HOLDS;
    uint64_t warmup = 2 * pending + HOLDS / 10;
    uint64_t started_ns;
    double spent_ns;

    events = events_open(order, pending * 128 + 1000);
    check(actors != NULL && events != NULL);
    dice_init(&dice, pending, "bench");
    for (uint32_t i = 0; i < pending; i++) {
        actors[i] =
            (struct actor){.event = {.fire = fire_of(step), .tag = i}, .timeout = {.fire = never}};
        event_at(events, &actors[i].event, (uint64_t)(1e6 * dice_uniform(&dice)));
    }
    for (uint64_t i = 0; i < warmup; i++)
        (void)events_step(events, UINT64_MAX);
    started_ns = now_ns();
    for (uint64_t i = 0; i < holds; i++)
        (void)events_step(events, UINT64_MAX);
    spent_ns = (double)(now_ns() - started_ns) / (double)holds;
    check(!events_are_full(events));
    events_close(events);
    free(actors);
    return spent_ns;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int length)
{
    qsort(values, (size_t)length, sizeof *values, compare);
    return values[length / 2];
}

static double time_draws(void)
{
    uint64_t started_ns, sum = 0;

    dice_init(&dice, 1, "draws");
    started_ns = now_ns();
    for (int i = 0; i < HOLDS; i++)
        sum += draw_ns();
    check(sum > 0);
    return (double)(now_ns() - started_ns) / HOLDS;
}

static void print_row(const char *name, enum events_order order, int repeats)
{
    static const uint64_t pending[] = {4, 10, 32, 100, 1000, 10000, 100000, 1000000};
    double runs[REPEATS_MAX];

    printf("%-24s", name);
    for (int i = 0; i < repeats; i++)
        runs[i] = time_draws();
    printf(" %6.1f", median(runs, repeats));
    for (size_t n = 0; n < sizeof pending / sizeof pending[0]; n++) {
        int times = pending[n] > 100000 ? (repeats + 1) / 2 : repeats;

        for (int i = 0; i < times; i++)
            runs[i] = time_once(order, pending[n]);
        printf(" %7.1f", median(runs, times));
        (void)fflush(stdout);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"exponential", "bimodal",         "pareto",
                                        "constant",    "nearly constant", "ticks of 1 ms",
                                        "one lane",    "eight lanes",     "with timeout in lane"};
    int repeats = argc > 1 ? atoi(argv[1]) : 5;

    repeats = repeats < 1 ? 1 : repeats > REPEATS_MAX ? REPEATS_MAX : repeats;
    printf("ns per event, median of %d\n%-24s %6s %7s %7s %7s %7s %7s %7s %7s %7s\n", repeats,
           "pending", "draw", "4", "10", "32", "100", "1e3", "1e4", "1e5", "1e6");
    for (step = EXPONENTIAL; step <= TIMEOUT; step++)
        print_row(names[step], EVENTS_FAST, repeats);
    step = EXPONENTIAL;
    print_row("heap: exponential", EVENTS_HEAP, repeats);
    return 0;
}
