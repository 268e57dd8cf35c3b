/* door_line.h — In which order those at a door are let in, and who has waited too long to be.
 *
 *   fifo       first in, first out
 *   priority   the more urgent first (ranks.h); when the line is full, the least urgent gives way
 *   lifo       last in, first out: under overload some are served in time instead of nobody; when
 *              the line is full, who has waited longest gives way
 *   codel      first in, first out, and who has waited longer than a limit is turned away: 100 ms,
 *              or 5 ms where the line has not been empty for 100 ms
 *
 * lifo and codel as in B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015 ("adaptive LIFO", and
 * "controlled delay" with N = 100 ms and M = 5 ms, after K. Nichols and V. Jacobson, "Controlling
 * Queue Delay", ACM Queue 10(5), 2012). There a server turns to LIFO only while it has a queue; a
 * line that is empty has no order, so it is the same.
 *
 * Pure: the time is passed in. Both worlds stand on it. */
#ifndef SERVICES_BASE_DOOR_LINE_H
#define SERVICES_BASE_DOOR_LINE_H

#include "services/base/ranks.h"

enum line_order { LINE_FIFO, LINE_PRIORITY, LINE_LIFO, LINE_CODEL, LINE_ORDERS };

struct door_line {
    enum line_order order;
    struct ranks waiting;
    uint64_t empty_ns; /* When it was last empty. */
};

#define DOOR_LINE_INTERVAL_NS UINT64_C(100000000)
#define DOOR_LINE_TARGET_NS UINT64_C(5000000)

static inline void door_line_init(struct door_line *line, enum line_order order)
{
    line->order = order;
    line->empty_ns = 0;
    ranks_init(&line->waiting);
}

static inline uint32_t line_rank(enum line_order order, uint8_t priority)
{
    return order == LINE_PRIORITY ? rank_of(priority) : 0;
}

static inline void door_line_push(struct door_line *line, struct link *link, uint8_t priority,
                                  uint64_t now_ns)
{
    if (ranks_are_empty(&line->waiting))
        line->empty_ns = now_ns;
    ranks_push(&line->waiting, link, line_rank(line->order, priority));
}

static inline void door_line_remove(struct door_line *line, struct link *link, uint8_t priority)
{
    ranks_remove(&line->waiting, link, line_rank(line->order, priority));
}

/* Who is let in next. NULL: nobody is here. */
static inline struct link *door_line_take(struct door_line *line)
{
    return line->order == LINE_LIFO ? ranks_take_last(&line->waiting)
                                    : ranks_take_first(&line->waiting);
}

/* Whether one that has been taken after so long is to be turned away instead. */
static inline bool door_line_is_stale(const struct door_line *line, uint64_t waited_ns,
                                      uint64_t now_ns)
{
    bool has_stood = now_ns - line->empty_ns > DOOR_LINE_INTERVAL_NS;

    return line->order == LINE_CODEL &&
           waited_ns > (has_stood ? DOOR_LINE_TARGET_NS : DOOR_LINE_INTERVAL_NS);
}

/* The line is full, and somebody of this priority comes: who gives way. NULL: nobody. */
static inline struct link *door_line_give_way(struct door_line *line, uint8_t priority)
{
    return line->order == LINE_LIFO
               ? ranks_take_first(&line->waiting)
               : ranks_take_below(&line->waiting, line_rank(line->order, priority));
}

#endif
