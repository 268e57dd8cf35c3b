/* heap.h — A heap with four children per node, ordered by (due, seq).
 *
 * Inside the engine. It is the oracle that the fast queue is tested against, and the place where
 * the fast queue puts what does not fit its assumptions, so that nothing it meets costs more than
 * a logarithm. Four children instead of two: half as many levels, and those four lie together.
 * The entries are lent by whoever opened the queue, with room for all that can be pending. */
#ifndef SIM_ENGINE_HEAP_H
#define SIM_ENGINE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/engine/events.h"

struct entry {
    uint64_t due_ns;
    uint64_t seq;        /* The asking that made this entry; stale when the event's differs. */
    struct event *event; /* Borrowed; its record may have died since, and that is safe. */
};

struct heap {
    struct entry *entries; /* The first is due first. */
    uint64_t length;
};

/* No two entries have the same seq. Written without branches: ties are not predictable. */
static inline bool entry_is_before(const struct entry *a, const struct entry *b)
{
    return (a->due_ns < b->due_ns) | ((a->due_ns == b->due_ns) & (a->seq < b->seq));
}

static inline bool entry_is_stale(const struct entry *entry)
{
    return entry->event->seq != entry->seq;
}

void heap_push(struct heap *heap, const struct entry *entry);
struct entry heap_take(struct heap *heap); /* The heap is not empty. */

#endif
