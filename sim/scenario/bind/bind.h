/* bind.h — From a merged tree to a scenario, by the table of keys.
 *
 * bind.c walks groups, bind_value.c reads single values, bind_dist.c and bind_threshold.c the two
 * types with a grammar of their own, finish.c judges what keys say together. A slip is reported at
 * its node and binding goes on, so that one reading finds them all; a node is blamed once, however
 * many variants share it. */
#ifndef SIM_SCENARIO_BIND_H
#define SIM_SCENARIO_BIND_H

#include "services/base/arena.h"
#include "sim/scenario/keys/keys.h"
#include "sim/scenario/yaml/tree.h"
#include "sim/scenario/keys/units.h"

struct idles;

struct binder {
    struct scenario *scenario;
    struct arena *arena; /* Owns what is bound. */
    struct problems *problems;
    struct node *root;    /* The merged tree. */
    const char *currency; /* The one of this scenario. */
    struct idles *idles;  /* Of the whole story; NULL: nobody asks. */
};

/* Binds the whole tree; what is wrong with it is in problems. */
void bind_scenario(struct binder *binder);

/* node: a mapping, the group's brief scalar, or NULL for defaults alone. */
void bind_group(struct binder *binder, const struct group *group, struct node *node, void *into);

/* One value; node NULL means the default. Defined for every type but the containers. */
void bind_value(struct binder *binder, const struct key *key, struct node *node, void *into);
void bind_dist(struct binder *binder, const struct key *key, struct node *node, void *into);
void bind_points(struct binder *binder, const struct key *key, struct node *node, void *into);
void bind_thresholds(struct binder *binder, const struct key *key, struct node *node, void *into);

/* Reads an amount within the key's range. False after a slip. */
bool bind_amount(struct binder *binder, const struct key *key, enum unit unit, struct node *node,
                 struct amount *amount);

/* Blames the node for being no value of the key's type; for being no amount (name: of the key, or
 * "" where the text speaks for itself). */
void blame_type(struct binder *binder, const struct key *key, struct node *node);
void blame_amount(struct binder *binder, const char *name, struct node *node,
                  const struct amount_slip *slip);

/* The text of a scalar that says something; NULL after a slip. */
const char *bind_text_of(struct binder *binder, const struct key *key, struct node *node);

/* A service's index by its name, or services_max. */
uint32_t service_named(const struct binder *binder, const char *name);

/* Blames the node for naming no service, and proposes the nearest. */
void blame_service(struct binder *binder, struct node *node, const char *name);

#endif
