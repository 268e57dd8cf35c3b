/* store.h — Counters and cache: Redis, or the model of one.
 *
 * A key is a space (8 bits, schema.h) and an id (56 bits); the live world writes it as
 * "sim:{run}:{space}:{id}". A value is a number; a blob is a number that stands for it (its
 * version) and a size in bytes, which costs memory and time. */
#ifndef SERVICES_PORT_STORE_H
#define SERVICES_PORT_STORE_H

#include "services/port/call.h"

struct store {
    const struct store_ops *ops;
};
struct store_ops {
    void (*get)(struct store *store, struct call *call, uint64_t key, uint64_t timeout_ns);
    void (*set)(struct store *store, struct call *call, uint64_t key, int64_t value, uint32_t bytes,
                uint64_t ttl_ns, uint64_t timeout_ns);
    void (*set_new)(struct store *store, struct call *call, uint64_t key, int64_t value,
                    uint32_t bytes, uint64_t ttl_ns, uint64_t timeout_ns);
    void (*add)(struct store *store, struct call *call, uint64_t key, int64_t delta,
                uint64_t timeout_ns);
    void (*expire)(struct store *store, struct call *call, uint64_t key, uint64_t ttl_ns,
                   uint64_t timeout_ns);
    void (*add_if_new)(struct store *store, struct call *call, uint64_t set, uint64_t member,
                       uint64_t counter, int64_t delta, uint64_t timeout_ns);
};

static inline uint64_t store_key(uint8_t space, uint64_t id)
{
    return (uint64_t)space << 56 | (id & 0x00ffffffffffffff);
}

/* CALL_OK with the value, or CALL_ABSENT. */
static inline void store_get(struct store *store, struct call *call, uint64_t key,
                             uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    store->ops->get(store, call, key, timeout_ns);
}

/* ttl_ns 0: it stays until it is evicted. A NULL call: nobody waits for the answer. */
static inline void store_set(struct store *store, struct call *call, uint64_t key, int64_t value,
                             uint32_t bytes, uint64_t ttl_ns, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    if (call != NULL)
        call_begin(call);
    store->ops->set(store, call, key, value, bytes, ttl_ns, timeout_ns);
}

/* The same where there is no such key: of all who ask at once one is told CALL_OK. CALL_ABSENT: it
 * was there, and stays as it is. */
static inline void store_set_new(struct store *store, struct call *call, uint64_t key,
                                 int64_t value, uint32_t bytes, uint64_t ttl_ns,
                                 uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    store->ops->set_new(store, call, key, value, bytes, ttl_ns, timeout_ns);
}

/* Adds delta to a key that is there; value: the sum. CALL_ABSENT leaves it absent: a counter that
 * was lost must be filled from the table, not begun again at 1. A NULL call: nobody waits. */
static inline void store_add(struct store *store, struct call *call, uint64_t key, int64_t delta,
                             uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    if (call != NULL)
        call_begin(call);
    store->ops->add(store, call, key, delta, timeout_ns);
}

/* ttl_ns 0 deletes. CALL_ABSENT when there is no such key. */
static inline void store_expire(struct store *store, struct call *call, uint64_t key,
                                uint64_t ttl_ns, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    if (call != NULL)
        call_begin(call);
    store->ops->expire(store, call, key, ttl_ns, timeout_ns);
}

/* One atomic step (a script in Redis). delta +1: adds member to the set and, if it was new, 1 to
 * the counter (begun at 0); delta -1: takes it out and, if it was there, 1 off. CALL_OK with the
 * counter when something changed, CALL_ABSENT when nothing did. */
static inline void store_add_if_new(struct store *store, struct call *call, uint64_t set,
                                    uint64_t member, uint64_t counter, int64_t delta,
                                    uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    check(delta == 1 || delta == -1);
    call_begin(call);
    store->ops->add_if_new(store, call, set, member, counter, delta, timeout_ns);
}

#endif
