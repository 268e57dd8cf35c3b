/* pool.h — A fixed number of equal records, taken and given back in constant time.
 *
 * The last record given is the first taken again, so that a lightly loaded pool stays in cache.
 * A free record keeps its bytes, save the first eight, which hold the free list. pool_take()
 * answers NULL when the pool is empty: being full is a chosen, counted behaviour of the owner
 * (shed, wait), never a surprise. */
#ifndef SERVICES_BASE_POOL_H
#define SERVICES_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"

struct pool {
    struct arena *arena;    /* That it was set up in. */
    unsigned char *records; /* Lent by it. */
    void *free;             /* Records given back, linked through their first word. */
    size_t record_size;     /* Bytes, a multiple of 16. */
    uint32_t records_max;
    uint32_t fresh; /* Records never taken yet begin here. */
    uint32_t taken; /* Records out now. */
};

/* The arena bytes that a pool of this shape takes. */
size_t pool_bytes(size_t record_size, uint32_t records_max);

void pool_init(struct pool *pool, struct arena *arena, size_t record_size, uint32_t records_max);
void *pool_take(struct pool *pool); /* NULL: none left. The bytes are those of its last life. */
void pool_give(struct pool *pool, void *record);

#endif
