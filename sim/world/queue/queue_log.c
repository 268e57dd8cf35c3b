/* queue_log.c — The partitions' logs: real records, in chunks.
 *
 *      begin                                  committed      end
 *        |                                        |           |
 *        v                                        v           v
 *   ...  [ chunk | chunk | chunk | chunk | chunk | chunk | chunk ]
 *    ^ used again: dropped by retention, or, where all is kept, committed by every group
 *
 * With a retention a partition keeps that many records, and what it drops before anybody has
 * taken it is counted. Without one, records that every group of the topic has committed will not
 * be asked for again, and their chunks are used for new ones: memory grows with what is behind. A
 * topic without a group keeps everything. */
#include "sim/world/queue/queue_inside.h"

#include <string.h>

enum { CHUNKS_EXPECTED = 1024 };

void queue_logs_init(struct queue_model *model, struct arena *arena)
{
    uint32_t partitions = model->spec->partitions;

    model->logs = arena_take(arena, TOPIC_KINDS * partitions * sizeof *model->logs);
    map_init(&model->chunks, arena, CHUNKS_EXPECTED);
    pool_init(&model->chunk_records, arena, sizeof(struct queue_chunk), QUEUE_CHUNKS_MAX);
    for (uint32_t i = 0; i < TOPIC_KINDS * partitions; i++) {
        struct queue_log *log = &model->logs[i];

        *log = (struct queue_log){.index = i, .topic = i / partitions, .partition = i % partitions};
        list_init(&log->line);
    }
}

void queue_lag_change(struct queue_model *model, uint64_t more, uint64_t less)
{
    model->lag = model->lag + more - less;
    if (model->lag > model->counts.lag_max)
        model->counts.lag_max = model->lag;
}

/* ---- Chunks --------------------------------------------------------------------------------- */

static struct queue_chunk *chunk_of(const struct queue_model *model, const struct queue_log *log,
                                    uint64_t offset)
{
    const uint64_t *place = map_find(&model->chunks, log->index, offset / QUEUE_CHUNK_RECORDS);

    check(place != NULL); /* Offsets below begin are never read. */
    return (struct queue_chunk *)(uintptr_t)*place;
}

/* The chunk that the next record goes to. NULL: none is free. */
static struct queue_chunk *last_chunk(struct queue_model *model, struct queue_log *log)
{
    struct queue_chunk *chunk = log->last;

    if (log->end % QUEUE_CHUNK_RECORDS != 0)
        return chunk;
    chunk = pool_take(&model->chunk_records);
    if (chunk == NULL)
        return NULL;
    *map_put(&model->chunks, log->index, log->end / QUEUE_CHUNK_RECORDS, NULL) =
        (uint64_t)(uintptr_t)chunk;
    return chunk;
}

/* Every whole chunk between two offsets is free again. */
static void free_chunks(struct queue_model *model, struct queue_log *log, uint64_t from,
                        uint64_t to)
{
    for (uint64_t i = from / QUEUE_CHUNK_RECORDS; i < to / QUEUE_CHUNK_RECORDS; i++) {
        pool_give(&model->chunk_records, chunk_of(model, log, i * QUEUE_CHUNK_RECORDS));
        map_drop(&model->chunks, log->index, i);
    }
}

/* ---- Records -------------------------------------------------------------------------------- */

bool queue_log_append(struct queue_model *model, struct queue_log *log, const struct ask *ask)
{
    log->last = last_chunk(model, log);
    if (log->last == NULL)
        return false;
    log->last->records[log->end % QUEUE_CHUNK_RECORDS] =
        (struct record){.ask = *ask,
                        .offset = log->end,
                        .put_ns = queue_now(model),
                        .partition = log->partition,
                        .topic = log->topic};
    log->end++;
    log->put++;
    model->counts.put++;
    model->counts.dead += log->topic == TOPIC_DEAD;
    for (uint32_t i = 0; i < model->groups_max; i++)
        if (model->groups[i].topic == log->topic)
            queue_lag_change(model, 1, 0);
    return true;
}

const struct record *queue_log_record(const struct queue_model *model, const struct queue_log *log,
                                      uint64_t offset)
{
    return &chunk_of(model, log, offset)->records[offset % QUEUE_CHUNK_RECORDS];
}

uint32_t queue_log_copy(const struct queue_model *model, const struct queue_log *log,
                        uint64_t offset, uint32_t n, struct record *to)
{
    uint64_t end = offset + n;
    uint32_t copied = 0;

    for (offset = offset > log->begin ? offset : log->begin; offset < end;) {
        uint64_t inside = QUEUE_CHUNK_RECORDS - offset % QUEUE_CHUNK_RECORDS;
        uint32_t part = (uint32_t)(end - offset < inside ? end - offset : inside);

        memcpy(&to[copied], queue_log_record(model, log, offset), part * sizeof *to);
        copied += part;
        offset += part;
    }
    return copied;
}

/* ---- What goes ------------------------------------------------------------------------------ */

/* What a group misses of a partition that now begins at `begin`. */
static void skip_dropped(struct queue_model *model, struct queue_share *share, uint64_t begin)
{
    if (share->delivered < begin) {
        model->counts.dropped += begin - share->delivered;
        share->delivered = begin;
    }
    if (share->position < begin)
        share->position = begin;
    if (share->committed < begin) {
        queue_lag_change(model, 0, begin - share->committed);
        share->committed = begin;
    }
}

static void drop_old(struct queue_model *model, struct queue_log *log)
{
    uint64_t begin = log->end - model->spec->retention;

    for (uint32_t i = 0; i < model->groups_max; i++)
        if (model->groups[i].topic == log->topic)
            skip_dropped(model, &model->groups[i].shares[log->partition], begin);
    free_chunks(model, log, log->begin, begin);
    log->begin = begin;
}

/* The least offset that a group may still ask for; begin, when there is no group. */
static uint64_t needed_from(const struct queue_model *model, const struct queue_log *log)
{
    uint64_t least = UINT64_MAX;

    for (uint32_t i = 0; i < model->groups_max; i++) {
        const struct queue_group *group = &model->groups[i];

        if (group->topic == log->topic && group->shares[log->partition].committed < least)
            least = group->shares[log->partition].committed;
    }
    return least == UINT64_MAX ? log->begin : least;
}

void queue_log_trim(struct queue_model *model, struct queue_log *log)
{
    if (model->spec->retention > 0) {
        if (log->end - log->begin > model->spec->retention)
            drop_old(model, log);
    } else {
        uint64_t begin = needed_from(model, log) / QUEUE_CHUNK_RECORDS * QUEUE_CHUNK_RECORDS;

        if (begin > log->begin) {
            free_chunks(model, log, log->begin, begin);
            log->begin = begin;
        }
    }
}
