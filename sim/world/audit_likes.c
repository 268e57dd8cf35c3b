/* audit_likes.c — An acknowledged like is in the table, exactly once, and the counters say so.
 *
 *   nobody likes who never asked; a counter row equals the rows that it counts;
 *   acknowledged <= shown <= attempted, where the design says so
 *
 * Where a design promises less (an answer from the store alone may be lost), the loss is measured
 * and reported, not forbidden. While records are still in the log nothing can be said: a run that
 * has not drained counts as undrained, and its losses as unknown. */
#include "sim/world/world_inside.h"

/* What is known of one (post, user). */
enum like_fact {
    LIKE_TRIED = 1,
    LIKE_TOLD = 2, /* The client was told that it is there. */
    UNLIKE_TRIED = 4
};

static void note(struct world *world, const struct request *request, bool was_told)
{
    uint64_t *facts = map_put(&world->likes, request->ask.key, request->ask.user, NULL);

    if (request->ask.verb == VERB_UNLIKE)
        *facts |= UNLIKE_TRIED;
    else
        *facts |= LIKE_TRIED | (was_told ? LIKE_TOLD : 0);
}

void audit_likes_offered(struct world *world, const struct request *request)
{
    if (request->ask.verb == VERB_LIKE || request->ask.verb == VERB_UNLIKE)
        note(world, request, false);
}

void audit_likes_finished(struct world *world, const struct request *request,
                          enum call_outcome outcome)
{
    if (request->ask.verb == VERB_LIKE)
        note(world, request, outcome == CALL_OK || outcome == CALL_ABSENT);
}

static const struct service_spec *likes_service_of(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (scenario->services[i].kind == KIND_LIKES)
            return &scenario->services[i];
    return NULL;
}

/* What was answered from the store alone may be lost in a crash; the design says so. */
static bool promises_to_keep(const struct scenario *scenario, const struct service_spec *likes)
{
    bool is_sync = likes->design == DESIGN_TABLE || likes->design == DESIGN_INDEXED ||
                   likes->design == DESIGN_CACHED;

    return is_sync || (likes->ack != ACK_STORE && scenario->queue.acks == ACKS_ALL);
}

static void check_like(struct world *world, const struct map_slot *slot, bool must_be_kept)
{
    struct likes_result *likes = &world->result->likes;
    bool is_there = table_model_row(world->parts.table, TABLE_LIKES, slot->a, slot->b, NULL);

    world->result->invariants_checked++;
    likes->acknowledged += (slot->value & LIKE_TOLD) != 0;
    likes->in_table += is_there;
    if (is_there && !(slot->value & LIKE_TRIED))
        audit_break(world, "nobody likes who never asked", "post %llu, user %llu",
                    (unsigned long long)slot->a, (unsigned long long)slot->b);
    if (is_there || !(slot->value & LIKE_TOLD) || slot->value & UNLIKE_TRIED)
        return;
    likes->lost++;
    if (must_be_kept)
        audit_break(world, "an acknowledged like is in the table", "post %llu, user %llu",
                    (unsigned long long)slot->a, (unsigned long long)slot->b);
}

/* With a log behind it the store counts each like in one step; a call that found no answer may have
 * counted all the same, and a store that forgets counts too little. cached moves the counter apart
 * from the row, and may be one off. */
static bool shows_exactly(const struct world *world)
{
    const struct scenario *scenario = world->scenario;
    const struct service_spec *likes = likes_service_of(scenario);
    const struct result *result = world->result;
    bool has_log = likes->design == DESIGN_QUEUED || likes->design == DESIGN_BATCHED;

    return has_log && scenario->faults_max == 0 && scenario->network.loss == 0 &&
           result->requests.failed[FAILURE_TIMEOUT] == 0 &&
           result->requests.failed[FAILURE_ERROR] == 0 && result->store.evictions == 0;
}

struct tally { /* Of one post. */
    uint64_t told, tried;
};

/* How far the number shown is off, and, where the design says how far it may be, its bounds. */
static void check_shown(struct world *world, uint64_t post, struct tally tally, uint64_t rows,
                        bool is_exact)
{
    uint64_t key = store_key(SPACE_COUNT, post);
    int64_t shown;

    if (!store_model_value(world->parts.store, key, &shown))
        return;
    world->result->invariants_checked++;
    world->result->likes.shown_off +=
        (uint64_t)(shown > (int64_t)rows ? shown - (int64_t)rows : (int64_t)rows - shown);
    if (!is_exact)
        return;
    if (shown < (int64_t)tally.told || shown > (int64_t)tally.tried)
        audit_break(world, "acknowledged <= shown <= attempted", "post %llu: %llu <= %lld <= %llu",
                    (unsigned long long)post, (unsigned long long)tally.told, (long long)shown,
                    (unsigned long long)tally.tried);
}

static void check_counter(struct world *world, uint64_t post, uint64_t rows)
{
    int64_t counted;

    if (!table_model_row(world->parts.table, TABLE_COUNTERS, post, 0, &counted))
        return;
    world->result->invariants_checked++;
    if (counted != (int64_t)rows)
        audit_break(world, "a like is counted exactly once", "post %llu: counter %lld, rows %llu",
                    (unsigned long long)post, (long long)counted, (unsigned long long)rows);
}

/* Adds up per post: told and tried from what clients know, rows from the table. */
static void sum_posts(struct world *world, struct map *told, struct map *tried, struct map *rows)
{
    const struct map_slot *slot;
    struct table_row row;
    size_t cursor = 0;

    while ((slot = map_next(&world->likes, &cursor)) != NULL) {
        bool is_told = (slot->value & LIKE_TOLD) && !(slot->value & UNLIKE_TRIED);

        *map_put(told, slot->a, 0, NULL) += is_told;
        *map_put(tried, slot->a, 0, NULL) += 1;
    }
    for (cursor = 0; table_model_next(world->parts.table, TABLE_LIKES, &cursor, &row);)
        *map_put(rows, row.a, 0, NULL) += 1;
}

static uint64_t value_or_zero(const struct map *map, uint64_t key)
{
    const uint64_t *value = map_find(map, key, 0);

    return value == NULL ? 0 : *value;
}

void audit_likes_end(struct world *world, bool has_drained)
{
    const struct service_spec *likes = likes_service_of(world->scenario);
    bool must_be_kept = likes != NULL && promises_to_keep(world->scenario, likes);
    const struct map_slot *slot;
    struct map told, tried, rows;
    size_t cursor = 0;

    if (likes == NULL)
        return;
    world->result->likes.undrained = !has_drained;
    if (!has_drained)
        return;
    while ((slot = map_next(&world->likes, &cursor)) != NULL)
        check_like(world, slot, must_be_kept);
    map_init(&told, &world->arena, 64);
    map_init(&tried, &world->arena, 64);
    map_init(&rows, &world->arena, 64);
    sum_posts(world, &told, &tried, &rows);
    for (cursor = 0; (slot = map_next(&tried, &cursor)) != NULL;) {
        struct tally tally = {value_or_zero(&told, slot->a), slot->value};

        check_shown(world, slot->a, tally, value_or_zero(&rows, slot->a), shows_exactly(world));
        check_counter(world, slot->a, value_or_zero(&rows, slot->a));
    }
}
