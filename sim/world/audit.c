/* audit.c — What must hold, held against the run while it runs and once it has drained.
 *
 *   after events   no core idles beside a waiting task; offered = ok + late + failed + in flight
 *   at the end     Little's law as an identity at every service; an acknowledged like is in the
 *                  table, exactly once, and the counters say so; nobody likes who never asked;
 *                  acknowledged <= shown <= attempted; each order is charged 0 or 1 times, and 1
 *                  when its customer was told so; no group has committed beyond a log's end
 *
 * The auditor stands beside the client: what it knows is what a customer was told. Where a design
 * promises less (an answer from the store alone may be lost), the loss is measured and reported,
 * not forbidden. */
#include <stdarg.h>
#include <stdio.h>

#include "sim/world/world_inside.h"

/* What is known of one (post, user). */
enum like_fact {
    LIKE_TRIED = 1,
    LIKE_TOLD = 2, /* The client was told that it is there. */
    UNLIKE_TRIED = 4
};

void audit_break(struct world *world, const char *name, const char *finding, ...)
{
    struct result *result = world->result;
    va_list arguments;

    if (result->invariants_violated < RESULT_BREAKS_MAX) {
        struct break_result *kept = &result->breaks[result->invariants_violated];

        snprintf(kept->name, sizeof kept->name, "%s", name);
        va_start(arguments, finding);
        vsnprintf(kept->finding, sizeof kept->finding, finding, arguments);
        va_end(arguments);
        kept->at_ns = world_now_ns(world);
    }
    result->invariants_violated++;
}

/* ---- What the clients say -------------------------------------------------------------------- */

static void note_like(struct world *world, const struct request *request, bool was_told)
{
    uint64_t *facts = map_put(&world->likes, request->ask.key, request->ask.user, NULL);

    if (request->ask.verb == VERB_UNLIKE)
        *facts |= UNLIKE_TRIED;
    else
        *facts |= LIKE_TRIED | (was_told ? LIKE_TOLD : 0);
}

static struct order_fact *order_of(struct world *world, const struct request *request)
{
    bool is_new;
    uint64_t *known = map_put(&world->orders, request->ask.id, 0, &is_new);
    struct order_fact *fact;

    if (!is_new)
        return (struct order_fact *)(uintptr_t)*known;
    fact = world_take(world, &world->order_facts);
    *known = (uint64_t)(uintptr_t)fact;
    if (fact != NULL)
        *fact = (struct order_fact){.id = request->ask.id,
                                    .intended_ns = request->intended_ns,
                                    .amount = request->ask.amount,
                                    .outcome = CALL_PENDING};
    return fact;
}

static void heard_offered(void *context, const struct request *request)
{
    struct world *world = context;

    world->offered++;
    measure_offered(&world->measure, request->intended_ns);
    if (request->ask.verb == VERB_LIKE || request->ask.verb == VERB_UNLIKE)
        note_like(world, request, false);
    if (request->ask.verb == VERB_ORDER)
        order_of(world, request);
}

static void heard_tried(void *context, const struct request *request)
{
    struct world *world = context;

    measure_attempt(&world->measure, request->intended_ns);
}

static enum failure failure_of(enum call_outcome outcome)
{
    switch (outcome) {
    case CALL_TIMEOUT:
        return FAILURE_TIMEOUT;
    case CALL_SHED:
        return FAILURE_SHED;
    case CALL_REFUSED:
        return FAILURE_REFUSED;
    case CALL_IDLE:
    case CALL_PENDING:
    case CALL_OK:
    case CALL_ABSENT:
    case CALL_FAILED:
        return FAILURE_ERROR;
    }
    return FAILURE_ERROR;
}

static void count(struct world *world, const struct request *request, enum call_outcome outcome,
                  bool is_late)
{
    struct measure *measure = &world->measure;
    uint64_t now_ns = world_now_ns(world);

    if (world_has_planted(world, PLANT_LOST_REQUEST) && world->finished % 1000 == 999)
        return;
    if (is_late)
        measure_late(measure, request->intended_ns, now_ns);
    else if (outcome == CALL_OK || outcome == CALL_ABSENT)
        measure_ok(measure, request->intended_ns, now_ns);
    else
        measure_failed(measure, request->intended_ns, now_ns, failure_of(outcome));
}

static void heard_finished(void *context, const struct request *request, enum call_outcome outcome,
                           bool is_late)
{
    struct world *world = context;

    count(world, request, outcome, is_late);
    world->finished++;
    world->has_finished = true;
    if (request->ask.verb == VERB_LIKE)
        note_like(world, request, outcome == CALL_OK || outcome == CALL_ABSENT);
    if (request->ask.verb == VERB_ORDER) {
        struct order_fact *fact = order_of(world, request);

        if (fact != NULL) {
            fact->outcome = outcome;
            fact->is_late = is_late;
        }
    }
}

const struct clients_ears audit_ears = {heard_offered, heard_tried, heard_finished};

/* ---- After each event ------------------------------------------------------------------------ */

static void check_accounts(struct world *world)
{
    const struct requests_result *requests = &world->result->requests;
    uint64_t sum = requests->ok + requests->late + requests->in_flight;

    for (int i = 0; i < FAILURES; i++)
        sum += requests->failed[i];
    world->result->invariants_checked++;
    if (sum != requests->offered)
        audit_break(world, "offered = ok + late + failed + in flight", "%llu offered, %llu found",
                    (unsigned long long)requests->offered, (unsigned long long)sum);
    if (world->scenario->warmup_ns == 0 && requests->in_flight != world->offered - world->finished)
        audit_break(world, "every request that ends is counted", "%llu in flight, %llu counted",
                    (unsigned long long)(world->offered - world->finished),
                    (unsigned long long)requests->in_flight);
}

void audit_event(struct world *world)
{
    if (world->touched != NULL) {
        world->result->invariants_checked++;
        if (!processor_is_busy_enough(&world->touched->processor))
            audit_break(world, "no core idles beside a waiting task", "%s: %u of %u busy, %u wait",
                        world->touched->name, world->touched->processor.busy,
                        world->touched->processor.cores, world->touched->processor.waiting.length);
        world->touched = NULL;
    }
    if (world->has_finished) {
        world->has_finished = false;
        check_accounts(world);
    }
}

/* ---- At the end ------------------------------------------------------------------------------ */

/* The area under "how many are inside" is the sum of the stays: of those who left, of those still
 * there, less what they had stayed before the figures began. */
static void check_little(struct world *world, struct group *group)
{
    uint64_t now_ns = world_now_ns(world);
    unsigned __int128 area = area_sum(&group->inside.length, now_ns);
    unsigned __int128 stays = group->inside.stays_ns;

    for (uint32_t i = 0; i < group->replicas_max; i++)
        for (struct link *link = group->replicas[i].visits.head.next;
             link != &group->replicas[i].visits.head; link = link->next)
            stays += now_ns - list_entry(link, struct exchange, inside)->arrived_ns;
    world->result->invariants_checked++;
    if (area + group->carried_ns != stays)
        audit_break(world, "Little's law", "%s: area %.9f s, stays %.9f s", group->spec->name,
                    (double)area * 1e-9, (double)(stays - group->carried_ns) * 1e-9);
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

static void check_likes(struct world *world)
{
    const struct service_spec *likes = likes_service_of(world->scenario);
    bool must_be_kept = likes != NULL && promises_to_keep(world->scenario, likes);
    const struct map_slot *slot;
    struct map told, tried, rows;
    size_t cursor = 0;

    if (likes == NULL)
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

static bool was_told_yes(const struct order_fact *fact)
{
    return fact->outcome == CALL_OK || fact->outcome == CALL_ABSENT;
}

/* has_drained: nothing is on its way any more, so what is not charged never will be. */
static void check_order(struct world *world, const struct order_fact *fact, bool has_drained)
{
    int64_t charged = 0;
    bool was_charged = table_model_row(world->parts.table, TABLE_CHARGES, fact->id, 0, &charged);
    bool is_ok = was_told_yes(fact);

    world->result->invariants_checked++;
    if (was_charged && charged != fact->amount)
        audit_break(world, "an order is charged once", "order %llu: %lld of %lld",
                    (unsigned long long)fact->id, (long long)charged, (long long)fact->amount);
    if (has_drained && is_ok && !was_charged)
        audit_break(world, "an accepted order is charged", "order %llu",
                    (unsigned long long)fact->id);
    if (fact->outcome != CALL_PENDING)
        measure_order(&world->measure, fact->intended_ns, fact->amount, is_ok && !fact->is_late,
                      was_charged, is_ok ? FAILURES : failure_of((enum call_outcome)fact->outcome));
}

static void check_orders(struct world *world, bool has_drained)
{
    const struct map_slot *slot;
    size_t cursor = 0;

    while ((slot = map_next(&world->orders, &cursor)) != NULL)
        if (slot->value != 0)
            check_order(world, (const struct order_fact *)(uintptr_t)slot->value, has_drained);
}

/* A log that does not wait for its followers may lose what it has acknowledged. */
static bool promises_orders(const struct scenario *scenario)
{
    return scenario->queue.acks == ACKS_ALL;
}

/* Whether the books have it as an order that a courier was paid for. */
static bool has_paid_courier(const struct world *world, uint64_t id)
{
    const uint64_t *known = map_find(&world->orders, id, 0);
    const struct order_fact *fact =
        known == NULL ? NULL : (const struct order_fact *)(uintptr_t)*known;

    return fact != NULL && fact->intended_ns >= world->scenario->warmup_ns && was_told_yes(fact) &&
           !fact->is_late;
}

/* Orders of one trip share a courier: the money that was saved. */
static void count_trips(struct world *world)
{
    struct table_row row;
    struct map trips;
    size_t cursor = 0;
    uint64_t orders = 0;

    map_init(&trips, &world->arena, 64);
    while (table_model_next(world->parts.table, TABLE_TRIPS, &cursor, &row)) {
        if (!has_paid_courier(world, row.a))
            continue;
        map_put(&trips, (uint64_t)row.value, 0, NULL);
        orders++;
    }
    measure_trips(&world->measure, orders, trips.length);
}

static void check_offsets(struct world *world)
{
    const struct queue_spec *queue = &world->scenario->queue;

    for (uint32_t g = 0; g < world->groups_max; g++)
        for (enum schema_topic topic = TOPIC_LIKES; topic < TOPIC_KINDS; topic++)
            for (uint32_t i = 0; i < queue->partitions; i++) {
                uint64_t end = queue_model_end(world->parts.queue, topic, i);
                uint64_t at = queue_model_committed(world->parts.queue, world->groups[g].spec->name,
                                                    topic, i);

                world->result->invariants_checked++;
                if (at > end)
                    audit_break(world, "no offset beyond the log's end",
                                "%s, topic %d, partition %u: %llu of %llu",
                                world->groups[g].spec->name, topic, i, (unsigned long long)at,
                                (unsigned long long)end);
            }
}

void audit_end(struct world *world)
{
    bool has_drained = world->result->end == RUN_DONE && world_is_quiet(world);

    check_accounts(world);
    for (uint32_t i = 0; i < world->groups_max; i++) {
        check_little(world, &world->groups[i]);
        if (world->groups[i].front != NULL)
            check_little(world, world->groups[i].front);
    }
    check_offsets(world);
    if (has_drained)
        check_likes(world);
    check_orders(world, has_drained && promises_orders(world->scenario));
    count_trips(world);
}
