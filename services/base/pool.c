/* pool.c — Records given back are a stack; records never taken are a stretch.
 *
 * The stretch is handed out one record at a time, so that a generous pool touches only the pages
 * that it has needed at its busiest. */
#include "services/base/pool.h"

#include <stdbool.h>
#include <string.h>

#include "services/base/check.h"

static size_t whole_size(size_t record_size)
{
    check(record_size > 0 && record_size <= SIZE_MAX / 2);
    return (record_size + 15) / 16 * 16;
}

size_t pool_bytes(size_t record_size, uint32_t records_max)
{
    size_t size = whole_size(record_size);

    check(records_max == 0 || size <= (SIZE_MAX - 64) / records_max);
    return size * records_max + 64; /* Up to a cache line goes to alignment. */
}

void pool_init(struct pool *pool, struct arena *arena, size_t record_size, uint32_t records_max)
{
    size_t size = whole_size(record_size);

    *pool = (struct pool){
        .arena = arena,
        .records = arena_take_untouched(arena, pool_bytes(record_size, records_max) - 64),
        .record_size = size,
        .records_max = records_max,
    };
}

static void *take_fresh(struct pool *pool)
{
    arena_touch(pool->arena, pool->record_size);
    return pool->records + pool->record_size * pool->fresh++;
}

void *pool_take(struct pool *pool)
{
    void *record = pool->free;

    if (record != NULL)
        memcpy(&pool->free, record, sizeof pool->free);
    else if (pool->fresh < pool->records_max)
        record = take_fresh(pool);
    else
        return NULL;
    pool->taken++;
    return record;
}

static bool is_from(const struct pool *pool, const void *record)
{
    uintptr_t first = (uintptr_t)pool->records;
    uintptr_t place = (uintptr_t)record;

    return place >= first && place - first < pool->record_size * pool->fresh;
}

void pool_give(struct pool *pool, void *record)
{
    check(is_from(pool, record));
    check(pool->taken > 0);
    memcpy(record, &pool->free, sizeof pool->free);
    pool->free = record;
    pool->taken--;
}
