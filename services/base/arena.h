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
    size_t size; /* Bytes reserved. */
    size_t used; /* Bytes handed out. */
};

/* Reserves address space for size bytes. False when the system refuses. */
bool arena_open(struct arena *arena, size_t size);
void arena_close(struct arena *arena);

/* Zeroed, aligned to 64 bytes, owned by the arena. */
void *arena_take(struct arena *arena, size_t bytes);

/* Everything taken is given back at once and reads as zero when it is taken again. */
void arena_reset(struct arena *arena);

#endif
