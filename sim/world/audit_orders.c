/* audit_orders.c — Each order is charged 0 or 1 times, and 1 when its customer was told so.
 *
 * Every order is a fact: its amount, what its customer was told, and when. At the end the facts
 * are held against the table, and the books are written from both. */
#include "sim/world/world_inside.h"

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

void audit_orders_offered(struct world *world, const struct request *request)
{
    if (request->ask.verb == VERB_ORDER)
        order_of(world, request);
}

void audit_orders_finished(struct world *world, const struct request *request,
                           enum call_outcome outcome, bool is_late)
{
    struct order_fact *fact = request->ask.verb == VERB_ORDER ? order_of(world, request) : NULL;

    if (fact == NULL)
        return;
    fact->outcome = outcome;
    fact->is_late = is_late;
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
                      was_charged,
                      is_ok ? FAILURES : audit_failure((enum call_outcome)fact->outcome));
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

void audit_orders_end(struct world *world, bool has_drained)
{
    check_orders(world, has_drained && promises_orders(world->scenario));
    count_trips(world);
}
