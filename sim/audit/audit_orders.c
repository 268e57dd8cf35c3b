/* audit_orders.c — Each order is charged 0 or 1 times, and 1 when its customer was told so.
 *
 * Every order is a fact: its amount, what its customer was told, and when. At the end the charges
 * are walked once and added to the facts, the facts are judged, and the books are written. */
#include "sim/audit/audit_inside.h"

enum { ORDERS_MAX = 1 << 23 };

struct order_fact {
    uint64_t intended_ns;
    int64_t amount;
    int64_t charged;  /* All its charges together; added up at the end. */
    uint32_t charges; /* How many. */
    uint8_t outcome;  /* enum call_outcome; CALL_PENDING: not yet. */
    bool is_late;
};

size_t audit_orders_bytes(void)
{
    return pool_bytes(sizeof(struct order_fact), ORDERS_MAX);
}

void audit_orders_init(struct audit *audit)
{
    pool_init(&audit->order_facts, audit->arena, sizeof(struct order_fact), ORDERS_MAX);
}

static struct order_fact *order_of(struct audit *audit, const struct request *request)
{
    bool is_new;
    uint64_t *known = map_put(&audit->orders, request->ask.id, 0, &is_new);
    struct order_fact *fact;

    if (!is_new)
        return (struct order_fact *)(uintptr_t)*known;
    fact = pool_take(&audit->order_facts);
    *known = (uint64_t)(uintptr_t)fact;
    if (fact == NULL)
        audit->is_full = true;
    else
        *fact = (struct order_fact){.intended_ns = request->intended_ns,
                                    .amount = request->ask.amount,
                                    .outcome = CALL_PENDING};
    return fact;
}

void audit_orders_offered(struct audit *audit, const struct request *request)
{
    if (request->ask.verb == VERB_ORDER)
        order_of(audit, request);
}

void audit_orders_finished(struct audit *audit, const struct request *request,
                           enum call_outcome outcome, bool is_late)
{
    struct order_fact *fact = request->ask.verb == VERB_ORDER ? order_of(audit, request) : NULL;

    if (fact == NULL)
        return;
    fact->outcome = (uint8_t)outcome;
    fact->is_late = is_late;
}

static bool was_told_yes(const struct order_fact *fact)
{
    return audit_is_yes((enum call_outcome)fact->outcome);
}

/* ---- Charges --------------------------------------------------------------------------------- */

static void gather_charges(struct audit *audit, const struct evidence *evidence)
{
    struct evidence_row row;
    size_t cursor = 0;

    while (evidence->ops->next(evidence->context, TABLE_CHARGES, &cursor, &row)) {
        const uint64_t *known = map_find(&audit->orders, row.a, 0);
        struct order_fact *fact = known == NULL ? NULL : (struct order_fact *)(uintptr_t)*known;

        if (known == NULL)
            audit_break(audit, "nobody is charged who never ordered", "order %llu: %lld",
                        (unsigned long long)row.a, (long long)row.value);
        if (fact == NULL) /* Or there was no room for it. */
            continue;
        fact->charged += row.value;
        fact->charges++;
    }
}

/* must_be_charged: nothing is on its way any more, so what is not charged never will be. */
static void check_order(struct audit *audit, uint64_t id, const struct order_fact *fact,
                        bool must_be_charged)
{
    bool was_charged = fact->charges > 0, is_ok = was_told_yes(fact);

    audit->result->invariants_checked++;
    if (was_charged && (fact->charges != 1 || fact->charged != fact->amount))
        audit_break(audit, "an order is charged once", "order %llu: %lld of %lld in %u charges",
                    (unsigned long long)id, (long long)fact->charged, (long long)fact->amount,
                    fact->charges);
    if (must_be_charged && is_ok && !was_charged)
        audit_break(audit, "an accepted order is charged", "order %llu", (unsigned long long)id);
    if (fact->outcome != CALL_PENDING)
        measure_order(audit->measure, fact->intended_ns, fact->amount, is_ok && !fact->is_late,
                      was_charged,
                      is_ok ? FAILURES : audit_failure((enum call_outcome)fact->outcome));
}

static void check_orders(struct audit *audit, bool must_be_charged)
{
    const struct map_slot *slot;
    size_t cursor = 0;

    while ((slot = map_next(&audit->orders, &cursor)) != NULL)
        if (slot->value != 0)
            check_order(audit, slot->a, (const struct order_fact *)(uintptr_t)slot->value,
                        must_be_charged);
}

/* A log that does not wait for its followers may lose what it has acknowledged. */
static bool promises_orders(const struct scenario *scenario)
{
    return scenario->queue.acks == ACKS_ALL;
}

/* ---- Trips ----------------------------------------------------------------------------------- */

/* Whether the books have it as an order that a courier was paid for. */
static bool has_paid_courier(const struct audit *audit, uint64_t id)
{
    const uint64_t *known = map_find(&audit->orders, id, 0);
    const struct order_fact *fact =
        known == NULL ? NULL : (const struct order_fact *)(uintptr_t)*known;

    return fact != NULL && fact->intended_ns >= audit->scenario->warmup_ns && was_told_yes(fact) &&
           !fact->is_late;
}

/* Orders of one trip share a courier: the money that was saved. */
static void count_trips(struct audit *audit, const struct evidence *evidence)
{
    struct evidence_row row;
    struct map trips;
    size_t cursor = 0;
    uint64_t orders = 0;

    map_init(&trips, audit->arena, 64);
    while (evidence->ops->next(evidence->context, TABLE_TRIPS, &cursor, &row)) {
        if (!has_paid_courier(audit, row.a))
            continue;
        map_put(&trips, (uint64_t)row.value, 0, NULL);
        orders++;
    }
    measure_trips(audit->measure, orders, trips.length);
}

void audit_orders_end(struct audit *audit, const struct evidence *evidence, bool has_drained)
{
    gather_charges(audit, evidence);
    check_orders(audit, has_drained && promises_orders(audit->scenario));
    count_trips(audit, evidence);
}
