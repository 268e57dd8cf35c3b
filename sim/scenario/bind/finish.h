/* finish.h — What the keys of one mapping say together: defaults that depend on each other, and
 * slips that no key makes alone. Named in the tables as `finish`; bind.c calls them. */
#ifndef SIM_SCENARIO_FINISH_H
#define SIM_SCENARIO_FINISH_H

struct binder;
struct node;

void finish_scenario(struct binder *binder, struct node *node, void *into);
void finish_load(struct binder *binder, struct node *node, void *into);
void finish_service(struct binder *binder, struct node *node, void *into);
void finish_runtime(struct binder *binder, struct node *node, void *into);
void finish_autoscale(struct binder *binder, struct node *node, void *into);
void finish_surge(struct binder *binder, struct node *node, void *into);
void finish_prices(struct binder *binder, struct node *node, void *into);
void finish_network(struct binder *binder, struct node *node, void *into);
void finish_store(struct binder *binder, struct node *node, void *into);
void finish_queue(struct binder *binder, struct node *node, void *into);
void finish_step(struct binder *binder, struct node *node, void *into);

#endif
