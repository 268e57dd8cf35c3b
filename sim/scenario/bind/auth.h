/* auth.h — What gateways and those who ask them say about each other. */
#ifndef SIM_SCENARIO_BIND_AUTH_H
#define SIM_SCENARIO_BIND_AUTH_H

#include "sim/scenario/scenario.h"

struct binder;
struct node;

void finish_auth(struct binder *binder, struct node *node, void *into);
void finish_load_auth(struct binder *binder, struct node *node, void *into);

/* The one gateway that stands before this service, whoever it was that said so; services_max:
 * none, or several. Once the services are bound. */
uint32_t gateway_before(const struct binder *binder, uint32_t service);

/* The service that a gateway stands before, where it does not say: the only other one that takes
 * visits. services_max: there is none, or several. */
uint32_t gateway_target(const struct binder *binder, uint32_t gateway);

/* Whom a gateway stands before, in the scenario; and its slips. Before all that follows who asks
 * whom. */
void judge_gateways(struct binder *binder);
void judge_load_auth(struct binder *binder);

#endif
