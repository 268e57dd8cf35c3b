/* ranks.h — A line by rank: who is more urgent goes first, and among equals who came first.
 *
 * Ten lists and a bit for each that is not empty, so that joining, going and giving way cost the
 * same however long the line is. With all of one rank it is a list (list.h) and nothing more. */
#ifndef SERVICES_BASE_RANKS_H
#define SERVICES_BASE_RANKS_H

#include "services/base/check.h"
#include "services/base/list.h"

enum { RANKS_MAX = 10 }; /* Ranks 0 … 9. */

struct ranks {
    struct list of[RANKS_MAX];
    uint32_t taken; /* Bit r: somebody of rank r is here. */
    uint32_t length;
};

static inline void ranks_init(struct ranks *ranks)
{
    for (int i = 0; i < RANKS_MAX; i++)
        list_init(&ranks->of[i]);
    ranks->taken = ranks->length = 0;
}

/* The rank of a priority that came over the wire. */
static inline uint32_t rank_of(uint8_t priority)
{
    return priority < RANKS_MAX ? priority : RANKS_MAX - 1;
}

static inline bool ranks_are_empty(const struct ranks *ranks)
{
    return ranks->length == 0;
}

static inline void ranks_push(struct ranks *ranks, struct link *link, uint32_t rank)
{
    check(rank < RANKS_MAX);
    list_push_last(&ranks->of[rank], link);
    ranks->taken |= 1U << rank;
    ranks->length++;
}

/* rank: the one that it came with. */
static inline void ranks_remove(struct ranks *ranks, struct link *link, uint32_t rank)
{
    list_remove(&ranks->of[rank], link);
    if (list_is_empty(&ranks->of[rank]))
        ranks->taken &= ~(1U << rank);
    ranks->length--;
}

static inline uint32_t ranks_highest(const struct ranks *ranks) /* Of one that is not empty. */
{
    return 31 - (uint32_t)__builtin_clz(ranks->taken);
}

static inline uint32_t ranks_lowest(const struct ranks *ranks) /* Likewise. */
{
    return (uint32_t)__builtin_ctz(ranks->taken);
}

/* The next to go. NULL: nobody is here. */
static inline struct link *ranks_take_first(struct ranks *ranks)
{
    struct link *first;

    if (ranks->length == 0)
        return NULL;
    first = list_first(&ranks->of[ranks_highest(ranks)]);
    ranks_remove(ranks, first, ranks_highest(ranks));
    return first;
}

/* Of the highest rank the one that came last. NULL: nobody is here. */
static inline struct link *ranks_take_last(struct ranks *ranks)
{
    uint32_t highest;
    struct link *last;

    if (ranks->length == 0)
        return NULL;
    highest = ranks_highest(ranks);
    last = list_last(&ranks->of[highest]);
    ranks_remove(ranks, last, highest);
    return last;
}

/* Who gives way to one of this rank: of the lowest rank here, if it is below, the one that came
 * last and has waited least. NULL: nobody. */
static inline struct link *ranks_take_below(struct ranks *ranks, uint32_t rank)
{
    uint32_t lowest;
    struct link *last;

    if (ranks->length == 0 || (lowest = ranks_lowest(ranks)) >= rank)
        return NULL;
    last = list_last(&ranks->of[lowest]);
    ranks_remove(ranks, last, lowest);
    return last;
}

#endif
