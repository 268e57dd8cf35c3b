/* slabs.h — The memory of memcached: pages cut into equal chunks, and who must leave a full class.
 *
 *   memory -> pages of 1 MiB -> each cut for good into the chunks of one class -> an item a chunk
 *
 * The first class has chunks of 96 bytes, each next one `growth` times as much, the last one half a
 * page (memcached/slabs.c, slabs_init; `memcached -vv` prints the same table). A class takes pages
 * while the memory lasts, its first one even beyond that, and never gives one back. So a class that
 * came late evicts its own items, however much lies idle in the pages of the others: slab
 * calcification. An item of more than half a page takes several of the largest chunks.
 *
 * Each class has the LRU in three parts of memcached's doc/new_lru.txt:
 *
 *             active: asked for at least twice
 *   new -> HOT (20 %) --active--> WARM (40 %) --active--> WARM again
 *            |                      |
 *            +--not------> COLD <---+ not        COLD --asked for twice--> WARM
 *                           |
 *                           +--room is wanted--> evicted
 *
 * So what is asked for once in a scan does not push out what is asked for again and again. Left
 * out: the age limits of HOT and WARM, and what memcached's background threads do within minutes
 * (the crawler that drops what has expired and is not touched, the mover of pages between classes:
 * -o slab_automove=0). Expired items go when they are touched or come to the end of COLD. */
#ifndef SIM_WORLD_STORE_SLABS_H
#define SIM_WORLD_STORE_SLABS_H

#include "services/base/list.h"
#include "services/base/map.h"
#include "services/base/pool.h"
#include "sim/measure/result.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world_parts.h"

enum {
    SLAB_PAGE_BYTES = 1 << 20,
    SLAB_CHUNK_MAX = SLAB_PAGE_BYTES / 2,
    SLAB_CLASSES_MAX = 63,    /* memcached: MAX_NUMBER_OF_SLAB_CLASSES, less class 0. */
    SLAB_ITEMS_MAX = 1 << 22, /* Beyond it writes fail, as when memory is full. */

    /* An item: its header (memcached/memcached.h, struct _stritem: 48), its version for cas (8),
     * its name and a zero, its value and "\r\n". A name is 16 bytes, as in the model of Redis; with
     * a member's number behind it 24. A number is text of 20 bytes. */
    SLAB_HEADER_BYTES = 48 + 8 + 1 + 2,
    SLAB_NAME_BYTES = 16,
    SLAB_MEMBER_BYTES = 24,
    SLAB_NUMBER_BYTES = 20
};

enum slab_part { SLAB_HOT, SLAB_WARM, SLAB_COLD, SLAB_PARTS };

struct slab_name { /* A key, or a member of a set that memcached does not know as one. */
    uint64_t key, member;
    bool is_member;
};

struct slab_item {
    struct link link; /* In its part; the newest first. */
    struct slab_name name;
    int64_t value;
    uint64_t expires_ns; /* 0: never. */
    uint32_t size;       /* Header, name and value. */
    uint8_t class, part;
    bool was_fetched, is_active; /* Asked for once; again since it was last moved. */
    bool is_blob;                /* Larger than a number. */
};

struct slab_class {
    uint32_t chunk, per_page; /* Bytes; chunks. */
    uint64_t pages, free;     /* free: chunks without an item. */
    struct list parts[SLAB_PARTS];
};

struct slabs {
    const struct store_spec *spec;
    struct slab_class classes[SLAB_CLASSES_MAX];
    uint32_t classes_max;
    uint64_t pages, pages_max;
    uint64_t length, bytes; /* Items, and their sizes. */
    struct map keys;        /* (key, 0) -> struct slab_item */
    struct map members;     /* (key, member) -> the same */
    struct pool items;
    struct store_result *counts; /* Lent by the model. */
};

void slabs_init(struct slabs *slabs, const struct model_setup *with, const struct store_spec *spec,
                struct store_result *counts);

/* The item, or NULL: not there, or expired, and then it is dropped and counted. */
struct slab_item *slabs_find(struct slabs *slabs, struct slab_name name, uint64_t now_ns);

/* Counts an access, for the choice of what to evict. */
void slabs_touch(struct slabs *slabs, struct slab_item *item);

/* A new item in the place of what may be there, with a value of so many bytes (0: a number's).
 * NULL: it is too large, or there is no room; what was there is gone all the same, as in memcached,
 * where old data must not outlive a set that failed. */
struct slab_item *slabs_put(struct slabs *slabs, struct slab_name name, uint32_t bytes,
                            uint64_t now_ns);
void slabs_drop(struct slabs *slabs, struct slab_item *item);
void slabs_clear(struct slabs *slabs);

uint64_t slabs_wasted(const struct slabs *slabs); /* Bytes of pages that hold no item's byte. */

/* The class whose chunks an item of that size takes; the last one where none is large enough. */
uint32_t slabs_class_of(const struct slabs *slabs, uint32_t size);

#endif
