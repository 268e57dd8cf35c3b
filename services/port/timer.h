/* timer.h — What time it is, and how to be woken later. */
#ifndef SERVICES_PORT_TIMER_H
#define SERVICES_PORT_TIMER_H

#include "services/port/call.h"

struct timer {
    const struct timer_ops *ops;
};
struct timer_ops {
    uint64_t (*now_ns)(struct timer *timer);
    void (*sleep)(struct timer *timer, struct call *call, uint64_t delay_ns);
};

/* Nanoseconds since the run began; stands still while a service runs. */
static inline uint64_t timer_now_ns(struct timer *timer)
{
    return timer->ops->now_ns(timer);
}

/* Completes with CALL_OK after delay_ns (0: in a moment, but not inside this call). */
static inline void timer_sleep(struct timer *timer, struct call *call, uint64_t delay_ns)
{
    call_begin(call);
    timer->ops->sleep(timer, call, delay_ns);
}

#endif
