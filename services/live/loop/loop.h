/* loop.h — One thread, one event loop, one clock: what all live ports of a process stand on.
 *
 * The clock is CLOCK_MONOTONIC less the run's beginning, so that all processes of a run on one
 * machine tell the same time. It stands still during a step: it is read when a callback of libevent
 * begins (loop_enter) and before each call's `done`, and not in between.
 *
 * A finished call is never completed where its end was noticed, which may be inside the asking; it
 * is put on a ready list (linked through call.world, nothing is allocated) and one event drains
 * what was there when it began, in order. So the contract of services/port/call.h holds whatever a
 * library does.
 *
 * Events have two ranks: ordinary ones, and those of sockets that give way (loop_gives_way). Of the
 * latter few run per round, and only in a round that has nothing ordinary to run: so hundreds of
 * clients who send a byte each never stand before one who sends a request.
 *
 * libevent reads a coarse clock (4 ms at HZ=250) unless told otherwise, and a cached time makes
 * timers fire early: the base is made with PRECISE_TIMER and NO_CACHE_TIME. Timers are then 0.05 ms
 * late on an idle machine. */
#ifndef SERVICES_LIVE_LOOP_LOOP_H
#define SERVICES_LIVE_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "services/port/call.h"
#include "services/port/timer.h"

struct event_base;
struct event;
struct nap;
struct node_stats;

struct loop {
    struct event_base *base; /* Ports make their events on it. */
    uint64_t origin_ns;      /* CLOCK_MONOTONIC when the run began. */
    uint64_t now_ns;         /* Since then; may be read through loop_now_ns alone. */
    struct call *ready_first, *ready_last;
    struct event *drain;
    const struct call *completing; /* Whose `done` runs. NULL: none. */
    uint64_t drains;               /* That are over. */
    bool is_draining, is_stopping;
};

/* CLOCK_MONOTONIC now. */
uint64_t loop_clock_ns(void);

/* CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID: what this thread, what all threads of this
 * process have had of cores so far. */
uint64_t loop_thread_clock_ns(void);
uint64_t loop_process_clock_ns(void);

/* origin_ns 0: the run begins now. False: libevent refused. From here on the process ignores
 * SIGPIPE, and keeps up to 1 MiB of what it frees for the next large message: pages that go back to
 * the kernel behind each message come again one by one, as faults. */
bool loop_open(struct loop *loop, uint64_t origin_ns);
void loop_close(struct loop *loop); /* Everything made on its base has been freed before. */

/* Runs until loop_stop, or (false) until until_ns of the loop's clock has come. 0: no limit. */
bool loop_run(struct loop *loop, uint64_t until_ns);
void loop_stop(struct loop *loop);

/* Every callback that a port gives to libevent or to a library on this thread begins with it. */
void loop_enter(struct loop *loop);

static inline uint64_t loop_now_ns(const struct loop *loop)
{
    return loop->now_ns;
}

/* The call's end is known: it completes from the loop, later. Span and bytes, where there are any,
 * the port has set before; what the span points to must live until done has returned. */
void loop_finish(struct loop *loop, struct call *call, enum call_outcome outcome, int64_t value);

/* The number of drains that must be over for all who have ended by now to have been told. */
static inline uint64_t loop_told_by(const struct loop *loop)
{
    return loop->drains + (loop->is_draining ? 2 : 1);
}

/* From now on the event gives way to all ordinary ones, or is one of them. False: it is waiting to
 * run in this round, and its rank stays what it was. */
bool loop_gives_way(struct event *event, bool gives_way);

/* Sockets are files: as many as the system allows this process, since a balancer or a driver holds
 * thousands. */
void loop_allow_files(void);

/* ---- The timer port -------------------------------------------------------------------------- */

struct timer_live {
    struct timer port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct event *alarm; /* For who wakes first. */
    struct nap *naps;    /* A heap, by (due, sequence). */
    uint32_t naps_length, naps_max;
    uint64_t sequence;
};

void timer_live_open(struct timer_live *timer, struct loop *loop, struct node_stats *stats);
void timer_live_close(struct timer_live *timer); /* What sleeps never wakes. */

/* An event without a call, for ports' own timeouts: runs `fire` once, delay_ns after the frozen
 * now, never before. loop_enter has been called when it runs. */
struct event *loop_alarm(struct loop *loop, void (*fire)(void *context), void *context);
void loop_alarm_set(struct event *alarm, uint64_t delay_ns); /* Anew when it was set. */
void loop_alarm_clear(struct event *alarm);
void loop_alarm_free(struct event *alarm);

#endif
