/* catalog.h — Every service by its kind: its config, its size, and how it starts.
 *
 * The one place that knows all services. A world makes a struct plan (sim/setup does, from a
 * scenario), and starts as many services from it as it has nodes. */
#ifndef SERVICES_CATALOG_CATALOG_H
#define SERVICES_CATALOG_CATALOG_H

#include "services/autoscaler/autoscaler.h"
#include "services/balancer/balancer.h"
#include "services/batcher/batcher.h"
#include "services/counter/counter.h"
#include "services/custom/custom.h"
#include "services/delivery/delivery.h"
#include "services/gateway/gateway.h"
#include "services/likes/likes.h"
#include "services/pipeline/pipeline.h"

enum plan_kind {
    PLAN_CUSTOM,
    PLAN_LIKES,
    PLAN_DELIVERY,
    PLAN_BATCHER,
    PLAN_COUNTER,
    PLAN_BALANCER,
    PLAN_AUTOSCALER,
    PLAN_GATEWAY,
    PLAN_KINDS
};

struct plan { /* Plain numbers; an empirical dist's points are lent by whoever made it. */
    enum plan_kind kind;
    struct pipeline_config pipeline; /* Around it, where any stage costs something. */
    union {
        struct custom_config custom;
        struct likes_config likes;
        struct delivery_config delivery;
        struct batcher_config batcher;
        struct counter_config counter;
        struct balancer_config balancer;
        struct autoscaler_config autoscaler;
        struct gateway_config gateway;
    };
};

/* "custom", "likes" … */
const char *plan_kind_name(enum plan_kind kind);

/* The verbs that it serves, as bits: 1 << verb. */
unsigned plan_verbs(enum plan_kind kind);

/* Arena bytes that plan_start takes. */
size_t plan_bytes(const struct plan *plan);

/* Makes the service in ports->arena and says by which table it is called. */
void *plan_start(const struct plan *plan, const struct ports *ports,
                 const struct service_ops **ops);

/* So many distributions has a plan at most. */
enum { PLAN_DISTS_MAX = CUSTOM_STEPS_MAX + VISIT_STAGES + 4 };

/* The distributions in a plan, at most `max` of them: how many there are. Whoever sends a plan to
 * another process must send their points along. */
size_t plan_dists(struct plan *plan, struct dist **dists, size_t max);

#endif
