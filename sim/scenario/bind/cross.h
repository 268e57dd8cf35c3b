/* cross.h — What different parts of a scenario say about each other. */
#ifndef SIM_SCENARIO_CROSS_H
#define SIM_SCENARIO_CROSS_H

#include <stdint.h>

struct binder;
struct node;

/* Defaults and slips that concern several mappings; the last step of binding. */
void cross_check(struct binder *binder);

/* The node of the i-th service; notes (x-…) are no services. */
struct node *cross_service_node(const struct binder *binder, uint32_t i);

#endif
