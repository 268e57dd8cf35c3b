/* merge.h — Laying one tree over another: extends, --set and variants are the same thing.
 *
 *   mapping over mapping     key by key, this rule again for each
 *   {1: …} over a list       changes its entries at these positions, counted from 0
 *   anything else            replaces what is below it
 *
 * Nothing is changed in place: the result is new where the two meet and borrows the rest. */
#ifndef SIM_SCENARIO_MERGE_H
#define SIM_SCENARIO_MERGE_H

#include "sim/scenario/yaml/tree.h"

/* Both may be NULL; a position beyond the end of a list is a problem. */
struct node *tree_merge(struct forest *forest, struct node *base, struct node *over);

/* "services.delivery.replicas=8" as the tree {services: {delivery: {replicas: 8}}}. NULL after a
 * problem. */
struct node *override_parse(struct forest *forest, const struct source *source);

/* A copy of the map without these keys (a NULL ends them). */
struct node *tree_without(struct forest *forest, const struct node *map, const char *const *keys);

#endif
