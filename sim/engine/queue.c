/* queue.c — What the queue does once per bucket, once per lap, or when its guess was wrong.
 *
 * Why nothing here is quadratic. A rebuild touches every entry, and is made
 *   - at the end of a lap, which has passed as many buckets as a quarter of what was pending;
 *   - when the cursor gets to the overflow, after a lap's worth of entries; and if fewer than an
 *     eighth of all were taken since the last time, the new width is one that brings at least an
 *     eighth of them into the ring;
 *   - after as many entries went to the heap as twice what is pending; and if that does not
 *     change the width, because they are due at one instant, the next time after twice as many.
 * A rebuild keeps the order: entries carry their seq. */
#include "sim/engine/queue.h"

#include <string.h>

enum {
    BUCKETS_MIN = 64,
    BUCKETS_CACHED = 8192, /* Up to here a wide window pays; beyond, a small footprint. */
    PER_BUCKET = 4,        /* Entries that a bucket should hold: between 2 and 8 will do. */
    SAMPLES = 64,          /* Due times looked at to see how closely they lie. */
    PRESSURE_MIN = 1024,
    CACHED_MAX = 4096, /* Entries whose boxes and events a processor's cache surely holds. */
};

static uint64_t buckets_for(uint64_t pending)
{
    uint64_t buckets = BUCKETS_MIN;

    while (buckets < pending / 4 || (buckets < pending / 2 && buckets < BUCKETS_CACHED))
        buckets *= 2;
    return buckets;
}

/* A box that is not full per bucket, and one each for the overflow and a list on its way. */
static size_t boxes_for(uint64_t pending_max)
{
    return (size_t)(pending_max / BOX_ENTRIES + buckets_for(pending_max) + 4);
}

size_t queue_bytes(uint64_t pending_max)
{
    return (size_t)(pending_max + 1) * sizeof(struct entry) +
           (size_t)buckets_for(pending_max) * sizeof(struct bucket) +
           boxes_for(pending_max) * sizeof(struct box) + 192;
}

/* The run alone: for the few, and for the empty queue. */
static void forget_ring(struct queue *queue)
{
    queue->horizon_ns = UINT64_MAX;
    queue->overflow_first_ns = UINT64_MAX;
    queue->pressure_max = 0;
}

void queue_init(struct queue *queue, struct arena *arena, enum events_order order,
                uint64_t pending_max)
{
    size_t heap_bytes = (size_t)(pending_max + 1) * sizeof(struct entry);

    *queue = (struct queue){
        .run_max = order == EVENTS_HEAP ? 0 : RUN_ALONE_MAX,
        .heap = {.entries = arena_take(arena, heap_bytes)},
        .boxes = arena_take(arena, boxes_for(pending_max) * sizeof(struct box)),
        .buckets_max = buckets_for(pending_max),
        .mask = BUCKETS_MIN - 1,
        .fresh = 1,
    };
    queue->buckets = arena_take(arena, (size_t)queue->buckets_max * sizeof(struct bucket));
    forget_ring(queue);
}

void queue_put_far(struct queue *queue, const struct entry *entry)
{
    queue_put_bucket(queue, &queue->overflow, entry);
    queue->in_overflow++;
    if (entry->due_ns < queue->overflow_first_ns)
        queue->overflow_first_ns = entry->due_ns;
}

static struct bucket full_box(uint32_t box)
{
    return (struct bucket){.box = box & (QUEUE_PENDING_MAX - 1), .length = BOX_ENTRIES};
}

/* Calls give() for each entry of a list, whose boxes go back as they empty. */
static void unpack(struct queue *queue, struct bucket list,
                   void (*give)(struct queue *queue, const struct entry *entry))
{
    while (list.box != 0) {
        struct box *box = &queue->boxes[list.box];
        uint32_t next = box->next;

        for (uint32_t i = 0; i < list.length; i++)
            give(queue, &box->entries[i]);
        box->next = queue->free;
        queue->free = list.box;
        list = full_box(next);
    }
}

/* Puts an entry where its due time says, at or after the horizon. */
static void place(struct queue *queue, const struct entry *entry)
{
    uint64_t bucket = entry->due_ns >> queue->shift;

    if (bucket - queue->cursor > queue->mask) {
        queue_put_far(queue, entry);
    } else {
        queue_put_bucket(queue, &queue->buckets[bucket & queue->mask], entry);
        queue->in_ring++;
    }
}

static struct bucket take_overflow(struct queue *queue)
{
    struct bucket list = queue->overflow;

    queue->overflow = (struct bucket){0};
    queue->in_overflow = 0;
    queue->overflow_first_ns = UINT64_MAX;
    return list;
}

/* Brings every entry of the queue into the overflow's list, where nothing is in its way. */
static void gather(struct queue *queue)
{
    for (uint64_t i = 0; i <= queue->mask && queue->in_ring > 0; i++) {
        struct bucket list = queue->buckets[i];
        uint64_t before = queue->in_overflow;

        queue->buckets[i] = (struct bucket){0};
        unpack(queue, list, queue_put_far);
        queue->in_ring -= queue->in_overflow - before;
    }
    for (uint32_t i = 0; i < queue->run_length; i++)
        queue_put_far(queue, &queue->run[i]);
    for (uint64_t i = 0; i < queue->heap.length; i++)
        queue_put_far(queue, &queue->heap.entries[i]);
    queue->run_length = 0;
    queue->heap.length = 0;
}

/* The run in order of (due, seq), for entries that are not the newest. */
static void sort_into_run(struct queue *queue, const struct entry *entry)
{
    uint32_t i = queue->run_length++;

    for (; i > 0 && entry_is_before(&queue->run[i - 1], entry); i--)
        queue->run[i] = queue->run[i - 1];
    queue->run[i] = *entry;
}

/* To the run, and to the heap what does not fit. */
static void put_at_bottom(struct queue *queue, const struct entry *entry)
{
    if (queue->run_length < RUN_MAX) {
        sort_into_run(queue, entry);
    } else {
        heap_push(&queue->heap, entry);
        queue->pressure++;
    }
}

/* The due times of a sample of the overflow, sorted; answers their number, at most SAMPLES. */
static unsigned sample(const struct queue *queue, uint64_t dues[SAMPLES])
{
    uint64_t stride = queue->in_overflow / SAMPLES + 1;
    uint64_t until_next = 0;
    unsigned length = 0;
    struct bucket list = queue->overflow;

    while (list.box != 0) {
        const struct box *box = &queue->boxes[list.box];

        for (; until_next < list.length; until_next += stride) {
            uint64_t due_ns = box->entries[until_next].due_ns;
            unsigned i = length++;

            for (; i > 0 && dues[i - 1] > due_ns; i--)
                dues[i] = dues[i - 1];
            dues[i] = due_ns;
        }
        until_next -= list.length;
        list = full_box(box->next);
    }
    return length;
}

/* For buckets that hold PER_BUCKET when so many entries lie in so many nanoseconds. */
static unsigned shift_for(uint64_t span_ns, uint64_t entries)
{
    uint64_t width_ns = span_ns / (entries / PER_BUCKET + 1);
    unsigned shift = 0;

    while (width_ns > 1) {
        width_ns /= 2;
        shift++;
    }
    return shift;
}

static void begin_lap(struct queue *queue)
{
    queue->lap_ns = queue->horizon_ns;
    queue->lap_cursor = queue->cursor;
    queue->lap_taken = 0;
    queue->pressure = 0;
}

static void set_cursor(struct queue *queue, uint64_t cursor)
{
    queue->cursor = cursor;
    queue->horizon_ns = cursor > UINT64_MAX >> queue->shift ? UINT64_MAX : cursor << queue->shift;
}

/* From how closely the next eighth of all entries lies. */
static unsigned shift_by_density(const struct queue *queue)
{
    uint64_t dues[SAMPLES];
    unsigned samples = sample(queue, dues);
    unsigned near = samples / 8;

    return shift_for(dues[near] - queue->overflow_first_ns, queue->length * near / samples);
}

/* Lays everything out anew. has_rate: shift is known, from the lap that has just ended. */
static void rebuild(struct queue *queue, bool has_rate, unsigned shift)
{
    uint64_t buckets = buckets_for(queue->length);

    gather(queue);
    if (queue->length <= RUN_ALONE_MAX / 2) {
        unpack(queue, take_overflow(queue), put_at_bottom);
        forget_ring(queue);
        queue->run_max = RUN_ALONE_MAX;
        return;
    }
    if (!has_rate)
        shift = shift_by_density(queue);
    if (shift == queue->shift && queue->pressure_max > 0 && queue->pressure > queue->pressure_max)
        queue->pressure_max *= 2;
    else
        queue->pressure_max = PRESSURE_MIN + 2 * queue->length;
    queue->mask = (buckets < queue->buckets_max ? buckets : queue->buckets_max) - 1;
    queue->shift = shift;
    queue->run_max = RUN_MAX;
    set_cursor(queue, queue->overflow_first_ns >> shift);
    begin_lap(queue);
    unpack(queue, take_overflow(queue), place);
}

void queue_spill(struct queue *queue, const struct entry *entry)
{
    heap_push(&queue->heap, entry);
    if (queue->run_max > 0 && ++queue->pressure > queue->pressure_max)
        rebuild(queue, false, 0);
}

static bool ring_has_wrong_size(const struct queue *queue)
{
    uint64_t buckets = queue->mask + 1;

    return (queue->length > 8 * buckets && buckets < queue->buckets_max) ||
           (queue->length < buckets / 2 && buckets > BUCKETS_MIN) ||
           queue->length <= RUN_ALONE_MAX / 2;
}

/* The cursor has gone round, or has reached what lies in the overflow. */
static void end_lap(struct queue *queue)
{
    uint64_t passed = queue->cursor - queue->lap_cursor;
    uint64_t taken = queue->lap_taken;
    bool has_rate = taken >= SAMPLES && taken >= queue->length / 8;
    bool fits = has_rate && taken / 2 >= passed && taken / 8 <= passed;

    if (!fits || ring_has_wrong_size(queue)) {
        unsigned shift = fits ? queue->shift : shift_for(queue->horizon_ns - queue->lap_ns, taken);

        rebuild(queue, has_rate, shift);
    } else {
        begin_lap(queue);
        unpack(queue, take_overflow(queue), place);
    }
}

/* Misses cost more than all else in a large queue: boxes are fetched four buckets ahead of the
 * cursor, and the events of their entries two buckets ahead. */
static void fetch_ahead(const struct queue *queue)
{
    const struct bucket *boxed = &queue->buckets[(queue->cursor + 4) & queue->mask];
    const struct bucket *near = &queue->buckets[(queue->cursor + 2) & queue->mask];
    const char *box = (const char *)&queue->boxes[boxed->box];

    __builtin_prefetch(box);
    __builtin_prefetch(box + 64);
    for (uint32_t i = 0; i < near->length; i++)
        __builtin_prefetch(queue->boxes[near->box].entries[i].event);
}

static void drain_bucket(struct queue *queue)
{
    struct bucket *bucket = &queue->buckets[queue->cursor & queue->mask];
    struct bucket list = *bucket;

    *bucket = (struct bucket){0};
    if (queue->length > CACHED_MAX)
        fetch_ahead(queue);
    set_cursor(queue, queue->cursor + 1);
    unpack(queue, list, put_at_bottom);
    queue->in_ring -= queue->run_length + queue->heap.length;
}

/* One move towards an entry: over a bucket, to the overflow, or to a new lap. */
static void move_on(struct queue *queue)
{
    uint64_t far_bucket = queue->overflow_first_ns >> queue->shift;

    if (queue->in_ring == 0)
        set_cursor(queue, far_bucket);
    if ((queue->in_overflow > 0 && far_bucket <= queue->cursor) ||
        queue->cursor - queue->lap_cursor > queue->mask)
        end_lap(queue);
    else
        drain_bucket(queue);
    if (queue->pressure > queue->pressure_max && queue->horizon_ns != UINT64_MAX)
        rebuild(queue, false, 0);
}

void queue_refill(struct queue *queue, uint64_t until_ns)
{
    while (queue->run_length == 0 && queue->heap.length == 0 && queue->horizon_ns <= until_ns) {
        if (queue->in_ring == 0 && queue->overflow_first_ns > until_ns) {
            /* Nothing to pass by: the ring awaits what will be asked for from there on. */
            set_cursor(queue, until_ns >> queue->shift);
            return;
        }
        move_on(queue);
    }
}
