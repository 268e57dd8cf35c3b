/* heap.c — Pushing up, and taking from the top.
 *
 * Taking goes bottom-up: the hole is led down along the least children to a leaf without looking
 * at the entry that will fill it, and that entry, which came from the end and is usually late, is
 * pushed up from there. It saves the comparison that would nearly always say "further down". */
#include "sim/engine/heap.h"

enum { CHILDREN = 4 };

static void settle(struct heap *heap, uint64_t hole, const struct entry *entry)
{
    while (hole > 0) {
        uint64_t parent = (hole - 1) / CHILDREN;

        if (!entry_is_before(entry, &heap->entries[parent]))
            break;
        heap->entries[hole] = heap->entries[parent];
        hole = parent;
    }
    heap->entries[hole] = *entry;
}

void heap_push(struct heap *heap, const struct entry *entry)
{
    settle(heap, heap->length++, entry);
}

/* The least of the children from first up to end. */
static uint64_t least_child(const struct heap *heap, uint64_t first, uint64_t end)
{
    uint64_t least = first;

    for (uint64_t i = first + 1; i < end; i++)
        least = entry_is_before(&heap->entries[i], &heap->entries[least]) ? i : least;
    return least;
}

struct entry heap_take(struct heap *heap)
{
    struct entry top = heap->entries[0];
    struct entry last = heap->entries[--heap->length];
    uint64_t hole = 0;

    for (;;) {
        uint64_t first = hole * CHILDREN + 1;
        uint64_t end = first + CHILDREN;
        uint64_t least;

        if (first >= heap->length)
            break;
        least = least_child(heap, first, end < heap->length ? end : heap->length);
        heap->entries[hole] = heap->entries[least];
        hole = least;
    }
    if (heap->length > 0)
        settle(heap, hole, &last);
    return top;
}
