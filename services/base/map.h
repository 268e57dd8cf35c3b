/* map.h — From two 64-bit words to a 64-bit value, in an arena.
 *
 * Open addressing with linear probing and backward-shift deletion: no tombstones, so a map that
 * lives for hours stays as fast as a fresh one. The order of a walk depends on the keys and on the
 * order in which they came and went, never on addresses, so that runs repeat. A map doubles inside
 * its arena when it is seven eighths full (the old slots stay behind until the arena is reset: at
 * most as much again). */
#ifndef SERVICES_BASE_MAP_H
#define SERVICES_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"

struct map_slot {
    uint64_t a, b;  /* The key. */
    uint64_t value; /* Whatever the owner keeps: a number, an index, a pointer. */
    uint64_t is_taken;
};

struct map {
    struct map_slot *slots;
    struct arena *arena; /* Borrowed for the life of the map: it grows there. */
    size_t slots_max;    /* A power of two. */
    size_t length;
};

/* expected: how many keys it should hold before it first grows. */
void map_init(struct map *map, struct arena *arena, size_t expected);

/* The value's place, or NULL when the key is absent. Borrowed until the next map_put or
 * map_drop. */
uint64_t *map_find(const struct map *map, uint64_t a, uint64_t b);

/* The value's place; the key is added with value 0 when it is absent, and *is_new says so
 * (is_new may be NULL). Borrowed until the next map_put or map_drop. */
uint64_t *map_put(struct map *map, uint64_t a, uint64_t b, bool *is_new);

/* True when the key was there. */
bool map_drop(struct map *map, uint64_t a, uint64_t b);
void map_clear(struct map *map);

/* Walks: start with *cursor = 0; NULL at the end. The map must not change meanwhile. */
const struct map_slot *map_next(const struct map *map, size_t *cursor);

/* The hash in use; good enough to choose a partition or a ring position with. */
uint64_t map_hash(uint64_t a, uint64_t b);

#endif
