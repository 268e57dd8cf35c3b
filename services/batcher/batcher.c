/* batcher.c — The service around the batch: its memory, its door, its start.
 *
 * Everything that a batch can need is taken at the start: its records, and the largest transaction
 * that they can make. */
#include "services/batcher/batch.h"

enum { OPS_PER_RECORD = 3, SLACK_BYTES = 64 * 6 }; /* Six things, each rounded up to 64 bytes. */

static size_t batch_bytes(uint32_t records)
{
    return records * (sizeof(struct record) + sizeof(struct record *) + sizeof(int64_t) +
                      OPS_PER_RECORD * sizeof(struct table_op)) +
           sizeof(struct table_op);
}

static void batch_init(struct batch *batch, struct batcher *batcher)
{
    struct arena *arena = batcher->ports.arena;
    uint32_t records = batcher->config.batch;

    batch->batcher = batcher;
    batch->records = arena_take(arena, records * sizeof(struct record));
    batch->sorted = arena_take(arena, records * sizeof(struct record *));
    batch->trips = arena_take(arena, records * sizeof(int64_t));
    batch->ops = arena_take(arena, (records * OPS_PER_RECORD + 1) * sizeof(struct table_op));
}

/* A map for n keys has at most 3 n slots. */
size_t batcher_bytes(const struct batcher_config *config)
{
    return sizeof(struct batcher) + batch_bytes(config->batch) +
           (size_t)BATCH_OWNED_MAX * 3 * sizeof(struct map_slot) + SLACK_BYTES;
}

struct batcher *batcher_init(const struct batcher_config *config, const struct ports *ports)
{
    struct batcher *batcher = arena_take(ports->arena, sizeof(*batcher));

    check(config->batch > 0 && config->batch <= BATCHER_BATCH_MAX);
    check(config->attempts > 0);
    *batcher = (struct batcher){.config = *config, .ports = *ports};
    batch_init(&batcher->batch, batcher);
    map_init(&batcher->owned, ports->arena, BATCH_OWNED_MAX);
    return batcher;
}

static void batcher_visit(void *service, struct visit *visit)
{
    const struct batcher *batcher = service;

    door_answer(batcher->ports.door, visit, visit->ask.verb == VERB_HEALTH ? CALL_OK : CALL_FAILED,
                0, 0);
}

static void batcher_start(void *service)
{
    struct batcher *batcher = service;

    batch_begin(&batcher->batch);
}

const struct service_ops batcher_service = {.visit = batcher_visit, .start = batcher_start};
