/* events.c — The two roads joined: a queue for any due time, lanes for delays that repeat.
 *
 * Both are ordered by (due, seq) in themselves, so the next event is the earlier of two firsts.
 * Everything is taken at open from one arena, sized for the worst; what is never pending never
 * touches a page. */
#include "sim/engine/events.h"

#include "services/base/arena.h"
#include "services/base/check.h"
#include "sim/engine/fingerprint.h"
#include "sim/engine/heap.h"
#include "sim/engine/lanes.h"
#include "sim/engine/queue.h"

struct events {
    uint64_t now_ns;
    uint64_t seq; /* Of the last asking; 64 bits do not run out. */
    uint64_t pending_max;
    uint64_t fired;
    struct fingerprint print;
    bool has_lanes;
    bool is_full;
    struct queue queue;
    struct lanes lanes;
    struct arena arena; /* Owns all of this. */
};

static const uint64_t due_max_ns = UINT64_MAX - 1;   /* UINT64_MAX itself means never. */
static const uint64_t note_kind = UINT64_C(1) << 32; /* No event's tag. */

struct events *events_open(enum events_order order, uint64_t pending_max)
{
    struct arena arena;
    struct events *events;

    if (pending_max == 0 || pending_max > QUEUE_PENDING_MAX)
        return NULL;
    if (!arena_open(&arena,
                    sizeof *events + queue_bytes(pending_max) + lanes_bytes(pending_max) + 256))
        return NULL;
    events = arena_take(&arena, sizeof *events);
    queue_init(&events->queue, &arena, order, pending_max);
    lanes_init(&events->lanes, &arena, pending_max);
    fingerprint_init(&events->print);
    events->pending_max = pending_max;
    events->has_lanes = order == EVENTS_FAST;
    events->arena = arena;
    return events;
}

void events_close(struct events *events)
{
    if (events != NULL) {
        struct arena arena = events->arena; /* It lies in the memory that it gives back. */

        arena_close(&arena);
    }
}

uint64_t events_now_ns(const struct events *events)
{
    return events->now_ns;
}

uint64_t events_fired(const struct events *events)
{
    return events->fired;
}

uint64_t events_pending(const struct events *events)
{
    return events->queue.length + events->lanes.length;
}

bool events_are_full(const struct events *events)
{
    return events->is_full;
}

/* False when there is no room: the event is not asked for, and the run is void. */
static inline bool ask(struct events *events, struct event *event, uint64_t due_ns,
                       struct entry *entry)
{
    if (events_pending(events) >= events->pending_max) {
        events->is_full = true;
        event->seq = 0;
        return false;
    }
    event->seq = ++events->seq;
    entry->due_ns = due_ns < due_max_ns ? due_ns : due_max_ns;
    entry->seq = event->seq;
    entry->event = event;
    return true;
}

void event_at(struct events *events, struct event *event, uint64_t due_ns)
{
    struct entry entry;

    check(due_ns >= events->now_ns);
    if (ask(events, event, due_ns, &entry))
        queue_put(&events->queue, &entry);
}

void event_after(struct events *events, struct event *event, uint64_t delay_ns)
{
    uint64_t room_ns = UINT64_MAX - events->now_ns;
    uint64_t due_ns = events->now_ns + (delay_ns < room_ns ? delay_ns : room_ns);
    unsigned lane = LANES_NONE;
    struct entry entry;

    if (!ask(events, event, due_ns, &entry))
        return;
    if (events->has_lanes)
        lane = lanes_find(&events->lanes, delay_ns);
    if (lane != LANES_NONE)
        lanes_put(&events->lanes, lane, &entry);
    else
        queue_put(&events->queue, &entry);
}

/* The next entry due at or before until_ns, stale or not. */
static inline bool take_next(struct events *events, uint64_t until_ns, struct entry *entry)
{
    const struct entry *lane = lanes_first(&events->lanes);
    uint64_t limit_ns = lane->due_ns < until_ns ? lane->due_ns : until_ns;
    const struct entry *first = queue_first(&events->queue, limit_ns);

    if (first != NULL && entry_is_before(first, lane)) {
        if (first->due_ns > until_ns)
            return false;
        *entry = queue_take(&events->queue, first);
    } else {
        if (lane->due_ns > until_ns || lane->due_ns == UINT64_MAX)
            return false;
        *entry = lanes_take(&events->lanes);
    }
    return true;
}

bool events_step(struct events *events, uint64_t until_ns)
{
    struct entry entry;
    struct event *event;

    do {
        if (!take_next(events, until_ns, &entry))
            return false;
    } while (entry_is_stale(&entry));
    check(entry.due_ns >= events->now_ns); /* Time does not go back. */
    event = entry.event;
    event->seq = 0;
    events->now_ns = entry.due_ns;
    events->fired++;
    fingerprint_fold(&events->print, entry.due_ns, event->tag);
    event->fire(event);
    return true;
}

void events_advance(struct events *events, uint64_t now_ns)
{
    check(now_ns >= events->now_ns);
    events->now_ns = now_ns;
}

void events_note(struct events *events, uint64_t fact)
{
    fingerprint_fold(&events->print, fact, note_kind);
}

void events_fingerprint(const struct events *events, char hex[65])
{
    fingerprint_hex(&events->print, events->fired, hex);
}
