/* arena.c — One stretch of address space, handed out from the front.
 *
 * The stretch is mapped without a reservation of memory (MAP_NORESERVE): the kernel lends a zeroed
 * page when it is first touched. That is also how a reset gives back a lot at once, and cheaply:
 * MADV_DONTNEED on a private anonymous mapping drops the pages, and the next touch reads zero
 * (madvise(2), Linux). A little is cleared by hand, because each page that is dropped must be
 * faulted in again, at about a quarter of a microsecond. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE and madvise under -std=c11. */
#endif
#include "services/base/arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "services/base/check.h"

enum { ALIGNMENT = 64 };                    /* A cache line. */
enum { CLEARED_BY_HAND_MAX = 1024 * 1024 }; /* Bytes; beyond this, dropping pages is cheaper. */

bool arena_open(struct arena *arena, size_t size)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *base = mmap(NULL, size == 0 ? 1 : size, PROT_READ | PROT_WRITE, flags, -1, 0);

    *arena = (struct arena){0};
    if (base == MAP_FAILED)
        return false;
    arena->base = base;
    arena->size = size == 0 ? 1 : size;
    return true;
}

void arena_close(struct arena *arena)
{
    if (arena->base != NULL)
        check(munmap(arena->base, arena->size) == 0);
    *arena = (struct arena){0};
}

void *arena_take(struct arena *arena, size_t bytes)
{
    size_t start = (arena->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    check(arena->base != NULL);
    check(start <= arena->size);
    check(bytes <= arena->size - start); /* The arena was sized too small. */
    arena->used = start + bytes;
    return arena->base + start;
}

void *arena_take_untouched(struct arena *arena, size_t bytes)
{
    void *taken = arena_take(arena, bytes);

    arena->untouched += bytes;
    return taken;
}

void arena_reset(struct arena *arena)
{
    bool is_little = arena->used <= CLEARED_BY_HAND_MAX;

    /* Locked memory cannot be dropped; then it is cleared like a little. */
    if (is_little || madvise(arena->base, arena->used, MADV_DONTNEED) != 0)
        memset(arena->base, 0, arena->used);
    arena->used = arena->untouched = 0;
}
