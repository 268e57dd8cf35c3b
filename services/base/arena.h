/* arena.h — Memory that is taken at start and given back all at once.
 *
 * Everything a node or a run needs is sized from the scenario and taken before the first event;
 * nothing is allocated in the event loop. An arena reserves address space and the kernel lends
 * pages as they are touched, so a generous size costs nothing until it is used.
 *
 * arena_take() hands out zeroed memory, aligned to 64 bytes; it never returns NULL: a full arena
 * is our own mistake in sizing and fails a check. What is taken lives until the arena is reset or
 * closed. */
#ifndef SERVICES_BASE_ARENA_H
#define SERVICES_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena {
    unsigned char *base;
    size_t size;      /* Bytes reserved. */
    size_t used;      /* Bytes handed out, … */
    size_t untouched; /* … and of these, what waits for whoever took it to touch it. */
};

/* Reserves address space for size bytes. False when the system refuses. */
bool arena_open(struct arena *arena, size_t size);
void arena_close(struct arena *arena);

/* Zeroed, aligned to 64 bytes, owned by the arena. */
void *arena_take(struct arena *arena, size_t bytes);

/* The same for what will be used little by little, and most of it perhaps never. arena_touch: so
 * many bytes more of it are used now. */
void *arena_take_untouched(struct arena *arena, size_t bytes);
static inline void arena_touch(struct arena *arena, size_t bytes)
{
    arena->untouched -= bytes;
}

/* Bytes in use: what the kernel has had to lend, to a page here and there. */
static inline size_t arena_touched(const struct arena *arena)
{
    return arena->used - arena->untouched;
}

/* Everything taken is given back at once and reads as zero when it is taken again. */
void arena_reset(struct arena *arena);

#endif
