/* fleet.h — The platform: how many replicas there are, how loaded they are, and how many there
 * should be. Asked by the autoscaler alone. */
#ifndef SERVICES_PORT_FLEET_H
#define SERVICES_PORT_FLEET_H

#include <stdint.h>

#include "services/base/check.h"

struct fleet {
    const struct fleet_ops *ops;
};

/* What a metrics server would say now: means over the last `window` of the scenario. */
struct fleet_view {
    uint32_t ready;    /* Replicas that serve. */
    uint32_t starting; /* Asked for and not ready yet. */
    double cpu;        /* Busy share of the ready replicas' cores, 0 … 1. */
    double in_flight;  /* Requests inside one ready replica. */
    double rate;       /* Requests per second into one ready replica. */
    double lag;        /* Records behind, all partitions, per ready replica. */
};

struct fleet_ops {
    void (*look)(struct fleet *fleet, struct fleet_view *view);
    void (*resize)(struct fleet *fleet, uint32_t replicas);
};

static inline void fleet_look(struct fleet *fleet, struct fleet_view *view)
{
    fleet->ops->look(fleet, view);
}

/* Growth is ready after the boot delay; shrinking drains the youngest first. */
static inline void fleet_resize(struct fleet *fleet, uint32_t replicas)
{
    check(replicas > 0);
    fleet->ops->resize(fleet, replicas);
}

#endif
