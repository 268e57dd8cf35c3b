/* world_parts.h — What the models of a world share, so that none of them needs to know the rest.
 *
 * `struct world` begins with `struct world_parts parts;`. A port's implementation finds the node
 * that asks by its place (node_of), the world through the node, and its own model here. */
#ifndef SIM_WORLD_WORLD_PARTS_H
#define SIM_WORLD_WORLD_PARTS_H

#include <stdint.h>

struct arena;
struct events;
struct link_model;
struct pool;
struct queue_model;
struct store_model;
struct table_model;
struct world;

struct world_parts { /* The models may be NULL: nobody uses them. */
    struct events *events;
    struct link_model *link;
    struct store_model *store;
    struct queue_model *queue;
    struct table_model *table;
};

static inline struct world_parts *world_parts(struct world *world)
{
    return (struct world_parts *)(void *)world;
}

/* A record of one of a model's pools, for what is there as long as somebody waits for it: a call, a
 * consumer. Where a server is cut off for long there may be more of them than the pool has; the run
 * ends at the memory limit, after this event, when a sixteenth of it is left. */
void *world_take_record(struct world *world, struct pool *pool);

/* What every model is given when it is opened; all of it is borrowed for the model's life. */
struct model_setup {
    struct events *events;
    struct link_model *link;
    struct arena *arena; /* Address space for the model and the state that it will hold: see its
                            *_MODEL_BYTES. Pools are set up at open; maps, keys, rows and log
                            chunks are taken from it as that state grows. */
    uint64_t seed;
    uint64_t warmup_ns; /* What happens before it is in no figure. */
};

#endif
