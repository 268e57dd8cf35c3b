/* audit_orders.c — Each order is charged 0 or 1 times, and 1 when its customer was told so; save
 * one that the table refuses for good, which is charged never and ends in the dead letters.
 *
 * Every order is a fact: who asked for what, what the customer was told, and when. At the end the
 * charges are walked once and added to the facts, the facts are judged, and the books are written.
 *
 * By then it is known how many orders each window of time saw, so the fee that each was quoted
 * follows from its intended arrival alone, in both worlds alike. */
#include "sim/audit/audit_inside.h"

enum { ORDERS_MAX = 1 << 23 };

struct order_fact {
    uint64_t intended_ns;
    uint64_t restaurant, customer;
    int64_t amount;   /* As asked for: of a poison order, none that the table takes. */
    int64_t charged;  /* All its charges together; added up at the end. */
    uint32_t charges; /* How many. */
    uint8_t outcome;  /* enum call_outcome; CALL_PENDING: not yet. */
    bool is_late;
    bool has_rows; /* It comes to a delivery, which charges it. */
};

size_t audit_orders_bytes(void)
{
    return pool_bytes(sizeof(struct order_fact), ORDERS_MAX);
}

void audit_orders_init(struct audit *audit)
{
    pool_init(&audit->order_facts, audit->arena, sizeof(struct order_fact), ORDERS_MAX);
}

static bool has_rows(const struct audit *audit, const struct request *request)
{
    return request->clients == NULL ||
           audit_leads_to(audit->scenario, request->clients->spec->service, KIND_DELIVERY);
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
                                    .restaurant = request->ask.key,
                                    .customer = request->ask.user,
                                    .amount = request->ask.amount,
                                    .outcome = CALL_PENDING,
                                    .has_rows = has_rows(audit, request)};
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
    return call_is_served((enum call_outcome)fact->outcome);
}

/* Accepted, and of a kind that the table refuses for good: it can only be buried. */
static bool is_dead(const struct order_fact *fact)
{
    return was_told_yes(fact) && clients_is_poison(fact->amount);
}

/* In time, and charged: what was accepted and never came out of the queue has brought nothing. */
static bool earns(const struct order_fact *fact)
{
    return was_told_yes(fact) && !fact->is_late && (fact->charges > 0 || !fact->has_rows);
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
    audit->result->invariants_checked++;
    if (fact->charges > 0 && (fact->charges != 1 || fact->charged != fact->amount))
        audit_break(audit, "an order is charged once", "order %llu: %lld of %lld in %u charges",
                    (unsigned long long)id, (long long)fact->charged, (long long)fact->amount,
                    fact->charges);
    if (clients_is_poison(fact->amount) && fact->charges > 0)
        audit_break(audit, "what the table refuses is not charged", "order %llu",
                    (unsigned long long)id);
    if (must_be_charged && fact->has_rows && was_told_yes(fact) && !is_dead(fact) &&
        fact->charges == 0)
        audit_break(audit, "an accepted order is charged", "order %llu", (unsigned long long)id);
}

/* Once each, or oftener: whoever buried one and died before it said so is followed by another. */
static void check_dead(struct audit *audit, uint64_t dead, uint64_t dead_letters)
{
    if (dead == 0)
        return;
    audit->result->invariants_checked++;
    if (dead_letters < dead)
        audit_break(audit, "an accepted order is charged or buried",
                    "%llu of them can never be charged, %llu are in the dead letters",
                    (unsigned long long)dead, (unsigned long long)dead_letters);
}

static void check_orders(struct audit *audit, bool must_be_charged, uint64_t dead_letters)
{
    const struct map_slot *slot;
    size_t cursor = 0;
    uint64_t dead = 0;

    while ((slot = map_next(&audit->orders, &cursor)) != NULL) {
        const struct order_fact *fact = (const struct order_fact *)(uintptr_t)slot->value;

        if (fact == NULL)
            continue;
        check_order(audit, slot->a, fact, must_be_charged);
        dead += is_dead(fact);
    }
    if (must_be_charged)
        check_dead(audit, dead, dead_letters);
}

/* ---- Trips ----------------------------------------------------------------------------------- */

/* Whether the books have it as an order that a courier was paid for. */
static bool has_paid_courier(const struct audit *audit, uint64_t id)
{
    const uint64_t *known = map_find(&audit->orders, id, 0);
    const struct order_fact *fact =
        known == NULL ? NULL : (const struct order_fact *)(uintptr_t)*known;

    return fact != NULL && fact->intended_ns >= audit->scenario->warmup_ns && earns(fact);
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

/* ---- The books ------------------------------------------------------------------------------- */

static uint64_t window_of(const struct order_fact *fact, const struct surge *surge)
{
    return fact->intended_ns / surge->window_ns;
}

/* How many orders were asked for in each window, whatever became of them. */
static void count_demand(struct audit *audit, const struct surge *surge, struct map *demand)
{
    const struct map_slot *slot;
    size_t cursor = 0;

    map_init(demand, audit->arena, 64);
    while (surge->orders > 0 && (slot = map_next(&audit->orders, &cursor)) != NULL)
        if (slot->value != 0)
            ++*map_put(demand, window_of((const struct order_fact *)(uintptr_t)slot->value, surge),
                       0, NULL);
}

/* By the last whole window before the order. */
static uint32_t surge_for(const struct order_fact *fact, const struct surge *surge,
                          const struct map *demand)
{
    uint64_t window = surge->orders > 0 ? window_of(fact, surge) : 0;
    const uint64_t *orders = window > 0 ? map_find(demand, window - 1, 0) : NULL;

    return orders == NULL ? 0 : pricing_surge_ppm(surge, *orders);
}

/* What an order that earned nothing was lost by. One that was not charged in the end was an error,
 * though its customer was told otherwise. */
static unsigned lost_by(const struct order_fact *fact)
{
    if (!was_told_yes(fact))
        return audit_failure((enum call_outcome)fact->outcome);
    return fact->is_late ? (unsigned)FAILURES : (unsigned)FAILURE_ERROR;
}

static void book_order(struct audit *audit, uint64_t id, const struct order_fact *fact,
                       uint32_t surge_ppm)
{
    const struct sale sale = {.order = id,
                              .restaurant = fact->restaurant,
                              .customer = fact->customer,
                              .basket = clients_basket(fact->amount),
                              .surge_ppm = surge_ppm};

    measure_order(audit->measure, fact->intended_ns, &sale, earns(fact), fact->charges > 0,
                  lost_by(fact));
}

static void book_orders(struct audit *audit)
{
    const struct surge *surge = &audit->measure->ledger.pricing.surge;
    const struct map_slot *slot;
    struct map demand;
    size_t cursor = 0;

    count_demand(audit, surge, &demand);
    while ((slot = map_next(&audit->orders, &cursor)) != NULL) {
        const struct order_fact *fact = (const struct order_fact *)(uintptr_t)slot->value;

        if (fact != NULL && fact->outcome != CALL_PENDING)
            book_order(audit, slot->a, fact, surge_for(fact, surge, &demand));
    }
}

void audit_orders_end(struct audit *audit, const struct evidence *evidence, bool has_drained)
{
    gather_charges(audit, evidence);
    check_orders(audit, has_drained && audit_log_keeps(audit->scenario), evidence->dead_letters);
    book_orders(audit);
    count_trips(audit, evidence);
}
