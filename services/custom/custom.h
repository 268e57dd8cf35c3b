/* custom.h — A service whose handler is a list of steps.
 *
 * With it any topology can be drawn in a scenario, and an M/M/c queue is four lines of it: the
 * theory tests hold the engine to closed forms with this service, and the benchmark times it.
 *
 * Serves every verb alike, VERB_HEALTH aside; those of tokens do not come to it (plan_verbs). The
 * steps run one after another, those that are concurrent together with the one before them
 * (asyncio.gather, a fan-out); all about visit->ask.key:
 *
 *   compute       processor time, drawn from `time`
 *   native        the same in a C extension, which lets go of the interpreter's lock
 *   sleep         a pause that is awaited and holds no core, drawn from `time`
 *   block         one that gives way to nobody: time.sleep, a driver that is not async
 *   store get     SPACE_CUSTOM, the key
 *   store set     the same key := ask.amount, of ask.bytes bytes, with ttl_ns
 *   store add     the same key += 1
 *   table read    TABLE_CUSTOM, row (key, 0)
 *   table write   the same row := ask.amount
 *   put           TOPIC_CUSTOM, the ask itself
 *   ask           service `target`, the ask itself, its deadline included
 *
 * A call that ends CALL_OK or CALL_ABSENT (it worked, and there is no such thing) goes on to the
 * next step; any other outcome is the visit's answer. Of those that run together all are waited
 * for, and the first that failed is the answer, with its value. CALL_SHED, CALL_REFUSED and
 * CALL_DENIED become CALL_FAILED where a step before, or beside, may have changed something: then
 * it did happen, in part. After the last step: CALL_OK with the value of the call that ended last,
 * and no body. A full pool answers CALL_SHED. */
#ifndef SERVICES_CUSTOM_CUSTOM_H
#define SERVICES_CUSTOM_CUSTOM_H

#include "services/port/ports.h"

enum { CUSTOM_STEPS_MAX = 16 };

enum custom_kind {
    CUSTOM_COMPUTE,
    CUSTOM_NATIVE,
    CUSTOM_SLEEP,
    CUSTOM_BLOCK,
    CUSTOM_STORE_GET,
    CUSTOM_STORE_SET,
    CUSTOM_STORE_ADD,
    CUSTOM_TABLE_READ,
    CUSTOM_TABLE_WRITE,
    CUSTOM_PUT,
    CUSTOM_ASK
};

struct custom_step {
    enum custom_kind kind;
    struct dist time;    /* Compute, native, sleep, block; dist_init has been called. */
    uint32_t target;     /* Ask: the peer's number. */
    uint64_t ttl_ns;     /* Store set; 0: stays. */
    uint64_t timeout_ns; /* Store, table, put and ask: above 0. */
    bool is_concurrent;  /* Begins with the step before; never the first. */
};

struct custom_config {
    uint32_t in_flight; /* Visits inside at once; beyond it they are shed. */
    uint32_t steps_max; /* 0: answered at once. */
    struct custom_step steps[CUSTOM_STEPS_MAX];
};

struct custom;

/* Arena bytes that custom_init takes. */
size_t custom_bytes(const struct custom_config *config);

/* Copies both; wants the door, timer, dice, arena, and the ports that its steps name. */
struct custom *custom_init(const struct custom_config *config, const struct ports *ports);

extern const struct service_ops custom_service;

#endif
