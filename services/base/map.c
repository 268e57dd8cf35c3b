/* map.c — Linear probing with backward-shift deletion.
 *
 * A key lives at its home slot or as near behind it as there is room. Dropping one pulls the
 * followers that are out of place forward into the hole (Knuth, The Art of Computer Programming,
 * volume 3, section 6.4, algorithm R), so there are no tombstones to wade through.
 *
 * The hash multiplies 64 by 64 bits and folds the two halves of the product together, once per
 * word of the key; the idea is Wang Yi's (wyhash), the shape and the constants are our own: the
 * first bits of the fractions of the golden ratio, of the square roots of 3 and 5, made odd. */
#include "services/base/map.h"

#include <string.h>

#include "services/base/check.h"

enum { SLOTS_MIN = 8 };

__extension__ typedef unsigned __int128 wide; /* The one spelling that -Wpedantic lets pass. */

static uint64_t fold(uint64_t x, uint64_t factor)
{
    wide product = (wide)x * factor;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t map_hash(uint64_t a, uint64_t b)
{
    uint64_t hash = fold(a ^ UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x9e3779b97f4a7c15));

    hash = fold((hash + b) ^ UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xd1b54a32d192ed03));
    return fold(hash ^ b, UINT64_C(0x9e3779b97f4a7c15));
}

static size_t slots_for(size_t keys)
{
    size_t slots = SLOTS_MIN;

    check(keys < SIZE_MAX / 16);
    while (slots / 8 * 7 < keys)
        slots *= 2;
    return slots;
}

void map_init(struct map *map, struct arena *arena, size_t expected)
{
    size_t slots_max = slots_for(expected);

    *map = (struct map){
        .slots = arena_take(arena, slots_max * sizeof(struct map_slot)),
        .arena = arena,
        .slots_max = slots_max,
    };
}

static size_t home_of(const struct map *map, uint64_t a, uint64_t b)
{
    return map_hash(a, b) & (map->slots_max - 1);
}

/* The key's slot, or the free one where it would go. */
static struct map_slot *slot_of(const struct map *map, uint64_t a, uint64_t b)
{
    size_t i = home_of(map, a, b);

    while (map->slots[i].is_taken && (map->slots[i].a != a || map->slots[i].b != b))
        i = (i + 1) & (map->slots_max - 1);
    return &map->slots[i];
}

uint64_t *map_find(const struct map *map, uint64_t a, uint64_t b)
{
    struct map_slot *slot = slot_of(map, a, b);

    return slot->is_taken ? &slot->value : NULL;
}

static void grow(struct map *map)
{
    struct map old = *map;
    size_t cursor = 0;
    const struct map_slot *slot;

    map->slots_max *= 2;
    map->slots = arena_take(map->arena, map->slots_max * sizeof(struct map_slot));
    while ((slot = map_next(&old, &cursor)) != NULL)
        *slot_of(map, slot->a, slot->b) = *slot;
}

uint64_t *map_put(struct map *map, uint64_t a, uint64_t b, bool *is_new)
{
    struct map_slot *slot = slot_of(map, a, b);
    bool is_absent = !slot->is_taken;

    if (is_absent && map->length >= map->slots_max / 8 * 7) {
        grow(map);
        slot = slot_of(map, a, b);
    }
    if (is_absent) {
        *slot = (struct map_slot){.a = a, .b = b, .is_taken = 1};
        map->length++;
    }
    if (is_new != NULL)
        *is_new = is_absent;
    return &slot->value;
}

bool map_drop(struct map *map, uint64_t a, uint64_t b)
{
    size_t mask = map->slots_max - 1;
    struct map_slot *slot = slot_of(map, a, b);
    size_t hole = (size_t)(slot - map->slots);

    if (!slot->is_taken)
        return false;
    for (size_t i = (hole + 1) & mask; map->slots[i].is_taken; i = (i + 1) & mask) {
        size_t home = home_of(map, map->slots[i].a, map->slots[i].b);

        /* It may move back to the hole unless that lies before its home. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct map_slot){0};
    map->length--;
    return true;
}

void map_clear(struct map *map)
{
    memset(map->slots, 0, map->slots_max * sizeof(struct map_slot));
    map->length = 0;
}

const struct map_slot *map_next(const struct map *map, size_t *cursor)
{
    while (*cursor < map->slots_max) {
        const struct map_slot *slot = &map->slots[(*cursor)++];

        if (slot->is_taken)
            return slot;
    }
    return NULL;
}
