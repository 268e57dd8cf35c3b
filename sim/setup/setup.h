/* setup.h — From a scenario's words to what the services are started with; both worlds use it. */
#ifndef SIM_SETUP_SETUP_H
#define SIM_SETUP_SETUP_H

#include <stdbool.h>

#include "services/catalog/catalog.h"
#include "sim/scenario/scenario.h"

/* Points of empirical distributions stay the scenario's. */
struct plan setup_service(const struct service_spec *spec);
struct plan setup_balancer(const struct balancer_spec *spec, const struct service_spec *behind);
struct plan setup_autoscaler(const struct autoscale_spec *spec);

/* Makes the plan this replica's own. */
void setup_replica(struct plan *plan, const struct service_spec *spec, uint32_t replica);

/* Replicas that there may be at once, as the autoscaler is allowed. */
uint32_t setup_replicas_max(const struct service_spec *spec);

bool setup_takes_visits(const struct service_spec *spec); /* A batcher serves nobody. */
bool setup_has_balancer(const struct scenario *scenario, const struct service_spec *spec);

/* The balancer before a service, as a service: one replica, "NAME/balancer". */
struct service_spec setup_balancer_spec(const struct scenario *scenario,
                                        const struct service_spec *behind);

#endif
