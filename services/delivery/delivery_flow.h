/* delivery_flow.h — What a replica of the delivery service keeps, and the flows inside it.
 *
 * Seen by the four files of this service alone. The three flows share one pool, so that in_flight
 * bounds them together, as the memory of one process does. */
#ifndef SERVICES_DELIVERY_DELIVERY_FLOW_H
#define SERVICES_DELIVERY_DELIVERY_FLOW_H

#include "services/base/list.h"
#include "services/base/map.h"
#include "services/base/pool.h"
#include "services/delivery/delivery.h"
#include "services/port/schema.h"

enum { RECEIPT_BYTES = 64 }; /* An order id or a status, as a small JSON document. */

/* What every flow begins with. */
struct flow {
    struct call call; /* The one thing it waits for. First, so that a call is its flow. */
    struct delivery *delivery;
    struct visit *visit; /* Borrowed until it is answered. */
};

enum menu_state {
    MENU_CPU,
    MENU_CACHE,
    MENU_LEASE,
    MENU_PAUSE,
    MENU_FILLER,
    MENU_TABLE,
    MENU_BUILD
};

struct menu {
    struct flow flow;
    enum menu_state state;
    bool is_filler;         /* Others may wait for what it reads. */
    bool is_early;          /* What it was given from the cache is good; it refills all the same. */
    int64_t version;        /* Given by the cache, or read from the table; it is being built. */
    uint64_t missed_ns;     /* When the cache was found wanting; 0: it has not been. */
    uint64_t began_ns;      /* When its rows were asked for. */
    uint64_t lease_ends_ns; /* It refills for all replicas until then; 0: no lease. */
    struct list waiting;    /* Of the filler: struct menu.link of the others. */
    struct link link;       /* In the filler's list, in state MENU_FILLER. */
};

enum order_state { ORDER_CPU, ORDER_TABLE, ORDER_QUEUE };

struct order {
    struct flow flow;
    enum order_state state;
};

enum track_state { TRACK_CPU, TRACK_ORDER, TRACK_TRIP };

struct track {
    struct flow flow;
    enum track_state state;
};

union delivery_flow {
    struct menu menu;
    struct order order;
    struct track track;
};

struct delivery {
    struct delivery_config config;
    struct ports ports;
    struct pool flows;  /* union delivery_flow */
    struct map filling; /* Restaurant -> struct menu, the one that fills its menu now. */
};

/* Each begins with a fresh flow, whose head is set, and asks its first question. */
void delivery_menu_begin(struct menu *menu);
void delivery_order_begin(struct order *order);
void delivery_track_begin(struct track *track);

/* Asks the cpu for a draw of this work. */
void delivery_work(struct flow *flow, const struct dist *work);

/* Answers the visit and gives the flow back. */
void delivery_answer(struct flow *flow, enum call_outcome outcome, int64_t value, uint32_t bytes);

#endif
