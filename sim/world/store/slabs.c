/* slabs.c — Classes, pages, chunks, and the three parts of each class's LRU. */
#include "sim/world/store/slabs.h"

#include "services/base/check.h"

enum { CHUNK_MIN = 96, ALIGNMENT = 8, MAP_KEYS = 1024, TAILS_LOOKED_AT = 5 };
enum { HOT_PERCENT = 20, WARM_PERCENT = 40 }; /* memcached: hot_lru_pct, warm_lru_pct. */

/* ---- Classes -------------------------------------------------------------------------------- */

static void add_class(struct slabs *slabs, uint32_t chunk)
{
    struct slab_class *class = &slabs->classes[slabs->classes_max++];

    *class = (struct slab_class){.chunk = chunk, .per_page = SLAB_PAGE_BYTES / chunk};
    for (int part = 0; part < SLAB_PARTS; part++)
        list_init(&class->parts[part]);
}

static void cut_classes(struct slabs *slabs, double growth)
{
    double size = CHUNK_MIN;

    while (slabs->classes_max < SLAB_CLASSES_MAX - 1 && size < SLAB_CHUNK_MAX / growth) {
        uint32_t chunk = ((uint32_t)size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

        add_class(slabs, chunk);
        size = (uint32_t)(chunk * growth);
    }
    add_class(slabs, SLAB_CHUNK_MAX);
}

void slabs_init(struct slabs *slabs, const struct model_setup *with, const struct store_spec *spec,
                struct store_result *counts)
{
    *slabs = (struct slabs){.spec = spec, .counts = counts};
    slabs->pages_max = spec->memory / SLAB_PAGE_BYTES;
    cut_classes(slabs, spec->growth);
    map_init(&slabs->keys, with->arena, MAP_KEYS);
    map_init(&slabs->members, with->arena, MAP_KEYS);
    pool_init(&slabs->items, with->arena, sizeof(struct slab_item), SLAB_ITEMS_MAX);
}

uint32_t slabs_class_of(const struct slabs *slabs, uint32_t size)
{
    uint32_t class = 0;

    while (class + 1 < slabs->classes_max && slabs->classes[class].chunk < size)
        class ++;
    return class;
}

static uint32_t chunks_of(const struct slab_class *class, uint32_t size)
{
    return (size + class->chunk - 1) / class->chunk;
}

/* ---- Items ---------------------------------------------------------------------------------- */

static uint64_t *place_of(const struct slabs *slabs, struct slab_name name)
{
    return name.is_member ? map_find(&slabs->members, name.key, name.member)
                          : map_find(&slabs->keys, name.key, 0);
}

static bool has_expired(const struct slab_item *item, uint64_t now_ns)
{
    return item->expires_ns != 0 && item->expires_ns <= now_ns;
}

void slabs_drop(struct slabs *slabs, struct slab_item *item)
{
    struct slab_class *class = &slabs->classes[item->class];

    list_remove(&class->parts[item->part], &item->link);
    class->free += chunks_of(class, item->size);
    slabs->bytes -= item->size;
    slabs->length--;
    if (item->name.is_member)
        map_drop(&slabs->members, item->name.key, item->name.member);
    else
        map_drop(&slabs->keys, item->name.key, 0);
    pool_give(&slabs->items, item);
}

struct slab_item *slabs_find(struct slabs *slabs, struct slab_name name, uint64_t now_ns)
{
    const uint64_t *place = place_of(slabs, name);
    struct slab_item *item = place == NULL ? NULL : (struct slab_item *)(uintptr_t)*place;

    if (item == NULL || !has_expired(item, now_ns))
        return item;
    slabs->counts->expired++;
    slabs_drop(slabs, item);
    return NULL;
}

/* All that a process had; another one begins without a page. */
void slabs_clear(struct slabs *slabs)
{
    for (uint32_t i = 0; i < slabs->classes_max; i++) {
        struct slab_class *class = &slabs->classes[i];

        for (int part = 0; part < SLAB_PARTS; part++)
            while (!list_is_empty(&class->parts[part]))
                slabs_drop(slabs,
                           list_entry(list_first(&class->parts[part]), struct slab_item, link));
        class->pages = class->free = 0;
    }
    slabs->pages = 0;
}

uint64_t slabs_wasted(const struct slabs *slabs)
{
    return slabs->pages * SLAB_PAGE_BYTES - slabs->bytes;
}

/* ---- Three parts ---------------------------------------------------------------------------- */

static void move(struct slabs *slabs, struct slab_item *item, enum slab_part part)
{
    struct slab_class *class = &slabs->classes[item->class];

    list_remove(&class->parts[item->part], &item->link);
    list_push_first(&class->parts[part], &item->link);
    item->part = (uint8_t)part;
    item->is_active = false;
}

void slabs_touch(struct slabs *slabs, struct slab_item *item)
{
    if (!item->was_fetched) {
        item->was_fetched = true;
        return;
    }
    item->is_active = true;
    if (item->part == SLAB_COLD)
        move(slabs, item, SLAB_WARM);
}

static struct slab_item *tail_of(struct slab_class *class, enum slab_part part)
{
    struct link *last = list_last(&class->parts[part]);

    return last == NULL ? NULL : list_entry(last, struct slab_item, link);
}

/* What is beyond a part's share leaves it by the end. Each look moves an item, and an active one
 * loses its mark, so it ends. */
static void keep_share(struct slabs *slabs, struct slab_class *class, enum slab_part part,
                       uint64_t percent)
{
    uint64_t all = (uint64_t) class->parts[SLAB_HOT].length + class->parts[SLAB_WARM].length +
                   class->parts[SLAB_COLD].length;

    while (class->parts[part].length * UINT64_C(100) > all * percent) {
        struct slab_item *last = tail_of(class, part);

        move(slabs, last, last->is_active ? SLAB_WARM : SLAB_COLD);
    }
}

/* ---- Room ----------------------------------------------------------------------------------- */

static bool take_page(struct slabs *slabs, struct slab_class *class)
{
    if (slabs->pages >= slabs->pages_max && class->pages > 0)
        return false;
    slabs->pages++;
    class->pages++;
    class->free += class->per_page;
    return true;
}

/* The end of COLD; where that is empty, of the part that is next. Who is active there is moved on
 * instead, up to five of them. */
static struct slab_item *victim_of(struct slabs *slabs, struct slab_class *class)
{
    static const enum slab_part order[] = {SLAB_COLD, SLAB_HOT, SLAB_WARM};
    struct slab_item *last = NULL;

    for (int look = 0; look < TAILS_LOOKED_AT; look++) {
        last = NULL;
        for (int i = 0; i < SLAB_PARTS && last == NULL; i++)
            last = tail_of(class, order[i]);
        if (last == NULL || !last->is_active)
            return last;
        move(slabs, last, SLAB_WARM);
    }
    return last;
}

static bool evict(struct slabs *slabs, struct slab_class *class, uint64_t now_ns)
{
    struct slab_item *victim = victim_of(slabs, class);

    if (victim == NULL)
        return false;
    if (has_expired(victim, now_ns)) {
        slabs->counts->expired++;
    } else if (slabs->spec->eviction == EVICTION_NONE) {
        return false;
    } else {
        slabs->counts->evictions++;
    }
    slabs_drop(slabs, victim);
    return true;
}

static bool make_room(struct slabs *slabs, struct slab_class *class, uint32_t chunks,
                      uint64_t now_ns)
{
    while (class->free < chunks)
        if (!take_page(slabs, class) && !evict(slabs, class, now_ns))
            return false;
    return slabs->items.taken < SLAB_ITEMS_MAX;
}

/* ---- A new item ----------------------------------------------------------------------------- */

static uint32_t size_of(struct slab_name name, uint32_t bytes)
{
    uint32_t value = bytes > SLAB_NUMBER_BYTES ? bytes : SLAB_NUMBER_BYTES;

    if (name.is_member)
        return SLAB_HEADER_BYTES + SLAB_MEMBER_BYTES + 1; /* Its value is one letter. */
    return SLAB_HEADER_BYTES + SLAB_NAME_BYTES + value;
}

static void enter(struct slabs *slabs, struct slab_item *item)
{
    struct slab_class *class = &slabs->classes[item->class];
    struct slab_name name = item->name;
    uint64_t *place = name.is_member ? map_put(&slabs->members, name.key, name.member, NULL)
                                     : map_put(&slabs->keys, name.key, 0, NULL);

    *place = (uint64_t)(uintptr_t)item;
    list_push_first(&class->parts[SLAB_HOT], &item->link);
    class->free -= chunks_of(class, item->size);
    slabs->length++;
    slabs->bytes += item->size;
    if (slabs->bytes > slabs->counts->bytes_max)
        slabs->counts->bytes_max = slabs->bytes;
    keep_share(slabs, class, SLAB_HOT, HOT_PERCENT);
    keep_share(slabs, class, SLAB_WARM, WARM_PERCENT);
}

struct slab_item *slabs_put(struct slabs *slabs, struct slab_name name, uint32_t bytes,
                            uint64_t now_ns)
{
    struct slab_item *old = slabs_find(slabs, name, now_ns);
    uint64_t size = (uint64_t)bytes + SLAB_HEADER_BYTES + SLAB_NAME_BYTES;
    uint32_t class;
    struct slab_item *item;

    if (old != NULL)
        slabs_drop(slabs, old);
    if (size > slabs->spec->item_max)
        return NULL;
    class = slabs_class_of(slabs, size_of(name, bytes));
    if (!make_room(slabs, &slabs->classes[class],
                   chunks_of(&slabs->classes[class], size_of(name, bytes)), now_ns))
        return NULL;
    item = pool_take(&slabs->items);
    check(item != NULL); /* make_room has looked. */
    *item = (struct slab_item){.name = name,
                               .size = size_of(name, bytes),
                               .class = (uint8_t) class,
                               .is_blob = bytes > SLAB_NUMBER_BYTES};
    enter(slabs, item);
    return item;
}
