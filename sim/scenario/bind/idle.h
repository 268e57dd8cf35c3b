/* idle.h — Keys that are written and change nothing: `cv` where the distribution is no lognormal,
 * `rate` where the arrivals are closed. Whoever wrote one believes in an effect that is not there.
 *
 * Variants share what they do not override, and one of them may choose a mode that another leaves
 * idle. So an idle key is only noted while variants are bound, and blamed at the end if none of
 * them used it. A key is also let off where another file, or --set, has laid its mode over it. */
#ifndef SIM_SCENARIO_IDLE_H
#define SIM_SCENARIO_IDLE_H

#include <stdbool.h>
#include <stdint.h>

struct binder;
struct node;
struct problems;

enum { IDLES_MAX = 512 };

struct idles { /* Further ones are not noted. */
    struct idle {
        struct node *key;
        const char *chooser, *wanted; /* What would give it an effect: "dist", "lognormal". */
    } noted[IDLES_MAX];
    uint32_t length;
};

void idles_blame(const struct idles *idles, struct problems *problems);

/* For the groups' finish: what in this mapping is idle, and what is used. */
void idle_in_load(struct binder *binder, struct node *node);
void idle_in_runtime(struct binder *binder, struct node *node, const char *model); /* Or NULL. */
void idle_in_store(struct binder *binder, struct node *node);
void idle_in_queue(struct binder *binder, struct node *node);
void idle_in_step(struct binder *binder, struct node *node);
void idle_in_auth(struct binder *binder, struct node *node);
void idle_in_load_auth(struct binder *binder, struct node *node);
void idle_in_prices(struct binder *binder, struct node *node);
void finish_keys(struct binder *binder, struct node *node, void *into);
void finish_balancer(struct binder *binder, struct node *node, void *into);
void finish_dist(struct binder *binder, struct node *node, void *into);

#endif
