/* store.h — Counters and cache: Redis or memcached, or the model of either.
 *
 * A key is a space (8 bits, schema.h) and an id (56 bits); the live world writes it as
 * "sim:{run}:{space}:{id}". A value is a number; a blob is a number that stands for it (its
 * version) and a size in bytes beyond the 20 of a number, which costs memory and time.
 *
 * Commands of one node on one key take effect in the order in which they were asked; but where the
 * way to a virtual Redis has jitter one may overtake another that has no answer yet, as TCP would
 * not let it (sim/world/link.c). Where the server has no scripts and knows no sets (memcached),
 * these differ, and a service must bear both:
 *
 *                       with scripts                        without
 *   add to a blob       the number moves, the size stays    CALL_FAILED, nothing moves
 *   add_if_new          one atomic step                     two, see there
 *   a set               one thing: it can be deleted, and   nothing but its members: it is absent
 *                       is of another kind than a number    to get and expire
 *   time to live        by the millisecond                  by the second, up to two late
 *   a value of 1 MiB    is kept                             CALL_FAILED, and the old one is gone */
#ifndef SERVICES_PORT_STORE_H
#define SERVICES_PORT_STORE_H

#include "services/port/call.h"

enum store_verb { STORE_GET, STORE_SET, STORE_SET_NEW, STORE_ADD, STORE_EXPIRE, STORE_ADD_IF_NEW };

struct store_asked { /* What of it is meant depends on the verb, the rest is 0. */
    enum store_verb verb;
    uint32_t bytes;
    uint64_t key; /* Or the set. */
    uint64_t member, counter;
    uint64_t ttl_ns;
    int64_t value; /* Or the delta. */
};

struct store {
    const struct store_ops *ops;
};
struct store_ops {
    void (*ask)(struct store *store, struct call *call, const struct store_asked *asked,
                uint64_t timeout_ns);
};

/* ---- For the inline functions below ---------------------------------------------------------- */

static inline void store_ask(struct store *store, struct call *call,
                             const struct store_asked *asked, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    if (call != NULL)
        call_begin(call);
    store->ops->ask(store, call, asked, timeout_ns);
}

/* ---- For services ---------------------------------------------------------------------------- */

#define STORE_ID_MAX ((UINT64_C(1) << 56) - 1) /* A larger id would be another's key. */

static inline uint64_t store_key(uint8_t space, uint64_t id)
{
    return (uint64_t)space << 56 | (id & STORE_ID_MAX);
}

/* CALL_OK with the value, or CALL_ABSENT. */
static inline void store_get(struct store *store, struct call *call, uint64_t key,
                             uint64_t timeout_ns)
{
    check(call != NULL);
    store_ask(store, call, &(struct store_asked){.verb = STORE_GET, .key = key}, timeout_ns);
}

/* ttl_ns 0: it stays until it is evicted. A NULL call: nobody waits for the answer. */
static inline void store_set(struct store *store, struct call *call, uint64_t key, int64_t value,
                             uint32_t bytes, uint64_t ttl_ns, uint64_t timeout_ns)
{
    store_ask(store, call,
              &(struct store_asked){
                  .verb = STORE_SET, .key = key, .value = value, .bytes = bytes, .ttl_ns = ttl_ns},
              timeout_ns);
}

/* The same where there is no such key: of all who ask at once one is told CALL_OK. CALL_ABSENT: it
 * was there, and stays as it is. */
static inline void store_set_new(struct store *store, struct call *call, uint64_t key,
                                 int64_t value, uint32_t bytes, uint64_t ttl_ns,
                                 uint64_t timeout_ns)
{
    check(call != NULL);
    store_ask(
        store, call,
        &(struct store_asked){
            .verb = STORE_SET_NEW, .key = key, .value = value, .bytes = bytes, .ttl_ns = ttl_ns},
        timeout_ns);
}

/* Adds delta to a key that is there; value: the sum. CALL_ABSENT leaves it absent: a counter that
 * was lost must be filled from the table, not begun again at 1. A NULL call: nobody waits. */
static inline void store_add(struct store *store, struct call *call, uint64_t key, int64_t delta,
                             uint64_t timeout_ns)
{
    store_ask(store, call, &(struct store_asked){.verb = STORE_ADD, .key = key, .value = delta},
              timeout_ns);
}

/* ttl_ns 0 deletes. CALL_ABSENT when there is no such key. */
static inline void store_expire(struct store *store, struct call *call, uint64_t key,
                                uint64_t ttl_ns, uint64_t timeout_ns)
{
    store_ask(store, call,
              &(struct store_asked){.verb = STORE_EXPIRE, .key = key, .ttl_ns = ttl_ns},
              timeout_ns);
}

/* delta +1: adds member to the set and, if it was new, 1 to the counter (begun at 0); delta -1:
 * takes it out and, if it was there, 1 off. CALL_OK with the counter when something changed,
 * CALL_ABSENT when nothing did.
 *
 * One atomic step where the server has scripts. Where it has none, a step on the member and then
 * one on the counter (two_steps.h), each atomic. CALL_OK, CALL_ABSENT and CALL_REFUSED say the same
 * then; after CALL_TIMEOUT and CALL_FAILED the member may have changed and the counter not, for
 * good: asked again, it answers CALL_ABSENT. */
static inline void store_add_if_new(struct store *store, struct call *call, uint64_t set,
                                    uint64_t member, uint64_t counter, int64_t delta,
                                    uint64_t timeout_ns)
{
    check(call != NULL);
    check(delta == 1 || delta == -1);
    store_ask(store, call,
              &(struct store_asked){.verb = STORE_ADD_IF_NEW,
                                    .key = set,
                                    .member = member,
                                    .counter = counter,
                                    .value = delta},
              timeout_ns);
}

#endif
