/* delivery.h — Menus, orders and where an order is: the delivery service's front.
 *
 *   VERB_MENU    value: the menu's version, 0 where there is no such row; menu_bytes long.
 *   VERB_ORDER   value: the order's id, which is ask.id, the idempotency key: an order that comes
 *                twice is charged once and answered CALL_OK both times.
 *   VERB_TRACK   value: enum order_status. CALL_ABSENT when there is no row of that order: it is
 *                unknown, or, where orders pass through the queue, perhaps still on its way.
 *   VERB_HEALTH  CALL_OK at once.
 *
 * Any other verb is answered CALL_FAILED, a visit past its deadline CALL_TIMEOUT, one too many
 * CALL_SHED. What a dependency answers is passed on as it came; only the cache's trouble is kept
 * from the client, because the table knows as well. */
#ifndef SERVICES_DELIVERY_DELIVERY_H
#define SERVICES_DELIVERY_DELIVERY_H

#include <stdbool.h>

#include "services/port/ports.h"

enum delivery_orders {
    DELIVERY_SYNC,  /* An order is in the table, charged, when it is answered. */
    DELIVERY_QUEUED /* An order is in the log when it is answered; the batcher places it. */
};

struct delivery_config {
    uint32_t in_flight;     /* Visits inside at once; beyond it they are shed. */
    struct dist work_light; /* Processor time of what is ready: finding a cached menu, a status, an
                               order that only goes to the log; dist_init has been called. */
    struct dist work_read;  /* And of building a menu from its rows. */
    struct dist work_write; /* Of an order that is placed and charged at once. */
    bool menu_cache;        /* Menus are looked for in the store first. */
    bool single_flight;     /* One request per replica refills a menu, the others wait for it. */
    uint64_t menu_lease_ns; /* One request of all replicas refills a menu, for so long at most; the
                               others look again. 0: there are no leases. */
    double menu_early;      /* XFetch's beta: a menu is refilled before it expires by whoever draws
                               it, the likelier the nearer and the dearer; 0: it is not. */
    uint64_t menu_ttl_ns;   /* 0: stays until it is evicted. */
    uint32_t menu_bytes;
    enum delivery_orders orders;
    uint64_t store_timeout_ns, table_timeout_ns, queue_timeout_ns; /* Above 0 where used. */
};

struct delivery;

/* Arena bytes that delivery_init takes. */
size_t delivery_bytes(const struct delivery_config *config);

/* Copies both; wants the door, timer, cpu, table, dice, arena; the store with menu_cache and the
 * queue with DELIVERY_QUEUED. */
struct delivery *delivery_init(const struct delivery_config *config, const struct ports *ports);

extern const struct service_ops delivery_service;

#endif
