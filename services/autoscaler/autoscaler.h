/* autoscaler.h — Keeps a fleet as large as its load asks for.
 *
 * Every every_ns it looks at the fleet, decides (hpa.h) and resizes when the number changed. It
 * knows nothing of boot delays: what it asked for and is not ready yet comes back as `starting`.
 * Answers VERB_HEALTH, and CALL_FAILED to anything else. */
#ifndef SERVICES_AUTOSCALER_AUTOSCALER_H
#define SERVICES_AUTOSCALER_AUTOSCALER_H

#include "services/port/ports.h"

enum autoscaler_signal {
    AUTOSCALER_CPU,       /* Busy share of the cores, 0 … 1. */
    AUTOSCALER_IN_FLIGHT, /* Requests inside one replica. */
    AUTOSCALER_RATE,      /* Requests per second into one replica. */
    AUTOSCALER_LAG        /* Records behind, per replica. */
};

struct autoscaler_config {
    enum autoscaler_signal signal;
    double target; /* Above 0, in the signal's unit. */
    uint32_t replicas_min, replicas_max;
    uint64_t every_ns;       /* 15 s in Kubernetes; above 0. */
    double tolerance;        /* 0.1 */
    uint64_t down_window_ns; /* 5 min */
};

struct autoscaler;

/* Arena bytes that autoscaler_init takes. */
size_t autoscaler_bytes(const struct autoscaler_config *config);

/* Copies both; wants the door, timer, fleet, arena. */
struct autoscaler *autoscaler_init(const struct autoscaler_config *config,
                                   const struct ports *ports);

extern const struct service_ops autoscaler_service;

#endif
