/* cross.h — What different parts of a scenario say about each other. */
#ifndef SIM_SCENARIO_CROSS_H
#define SIM_SCENARIO_CROSS_H

struct binder;

/* Defaults and slips that concern several mappings; the last step of binding. */
void cross_check(struct binder *binder);

#endif
