/* store_verbs.h — The verbs of the store, asked and answered in one line; for its port suites. */
#ifndef TESTS_PORT_STORE_VERBS_H
#define TESTS_PORT_STORE_VERBS_H

#include "services/port/schema.h"
#include "tests/lib/port_rig.h"

static inline uint64_t count_key(uint64_t post)
{
    return store_key(SPACE_COUNT, post);
}

static inline uint64_t likers_key(uint64_t post)
{
    return store_key(SPACE_LIKERS, post);
}

static inline void set(struct rig *rig, uint64_t key, int64_t value, uint32_t bytes,
                       uint64_t ttl_ns)
{
    struct rig_question q;

    store_set(rig->ports.store, rig_ask(rig, &q), key, value, bytes, ttl_ns, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, value);
}

static inline void set_new(struct rig *rig, uint64_t key, int64_t value, uint64_t ttl_ns,
                           enum call_outcome outcome)
{
    struct rig_question q;

    store_set_new(rig->ports.store, rig_ask(rig, &q), key, value, 8, ttl_ns, RIG_TIMEOUT_NS);
    rig_expect(&q, outcome, outcome == CALL_OK ? value : 0);
}

static inline void holds(struct rig *rig, uint64_t key, int64_t value)
{
    struct rig_question q;

    store_get(rig->ports.store, rig_ask(rig, &q), key, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_OK, value);
}

static inline void lacks(struct rig *rig, uint64_t key)
{
    struct rig_question q;

    store_get(rig->ports.store, rig_ask(rig, &q), key, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_ABSENT, 0);
}

static inline void add(struct rig *rig, uint64_t key, int64_t delta, enum call_outcome outcome,
                       int64_t value)
{
    struct rig_question q;

    store_add(rig->ports.store, rig_ask(rig, &q), key, delta, RIG_TIMEOUT_NS);
    rig_expect(&q, outcome, value);
}

static inline void expire(struct rig *rig, uint64_t key, uint64_t ttl_ns, enum call_outcome outcome)
{
    struct rig_question q;

    store_expire(rig->ports.store, rig_ask(rig, &q), key, ttl_ns, RIG_TIMEOUT_NS);
    rig_expect(&q, outcome, 0);
}

static inline void like(struct rig *rig, uint64_t user, int64_t delta, enum call_outcome outcome,
                        int64_t value)
{
    struct rig_question q;

    store_add_if_new(rig->ports.store, rig_ask(rig, &q), likers_key(1), user, count_key(1), delta,
                     RIG_TIMEOUT_NS);
    rig_expect(&q, outcome, value);
}

/* Asks until it is gone: how soon is the world's business. */
static inline void loses(struct rig *rig, uint64_t key)
{
    uint64_t limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;
    struct rig_question q;

    do {
        rig_pass(rig, MS(5));
        store_get(rig->ports.store, rig_ask(rig, &q), key, RIG_TIMEOUT_NS);
        rig_wait(&q);
    } while (q.call.outcome == CALL_OK && rig_now_ns(rig) < limit_ns);
    assert_int_equal(q.call.outcome, CALL_ABSENT);
}

#endif
