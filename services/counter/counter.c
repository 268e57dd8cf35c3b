/* counter.c — One question to the memory, and its answer.
 *
 *   visit -> known verb, known post? -> deadline ahead? -> room? -> memory -> answer
 *                   FAILED                  TIMEOUT         SHED
 *
 * A flow waits for one thing only, so it has no state to name. */
#include "services/counter/counter.h"

#include "services/base/pool.h"

enum { NUMBER_BYTES = 32 }; /* The answer: one number, as a small JSON document. */

struct burst {
    struct call call; /* First, so that a call is its burst. */
    struct counter *counter;
    struct visit *visit; /* Borrowed until it is answered. */
};

struct counter {
    struct counter_config config;
    struct ports ports;
    struct pool bursts;
};

/* The memory has answered. */
static void burst_step(struct call *call)
{
    struct burst *burst = (struct burst *)call;
    struct counter *counter = burst->counter;
    struct visit *visit = burst->visit;
    enum call_outcome outcome = call->outcome;
    int64_t value = visit->ask.verb == VERB_COUNT ? call->value : 1;

    pool_give(&counter->bursts, burst);
    door_answer(counter->ports.door, visit, outcome, value, NUMBER_BYTES);
}

static void burst_begin(struct burst *burst)
{
    const struct counter *counter = burst->counter;
    const struct ask *ask = &burst->visit->ask;
    uint32_t slot = (uint32_t)(ask->key - 1);

    burst->call.done = burst_step;
    if (ask->verb == VERB_LIKE)
        memory_add(counter->ports.memory, &burst->call, slot, counter->config.adds);
    else
        memory_read(counter->ports.memory, &burst->call, slot);
}

/* How a visit is refused before any work; CALL_OK: it is not. */
static enum call_outcome counter_judge(const struct counter *counter, const struct ask *ask)
{
    if (ask->verb != VERB_LIKE && ask->verb != VERB_COUNT)
        return CALL_FAILED;
    if (ask->key == 0 || ask->key > counter->config.layout.slots)
        return CALL_FAILED;
    if (ask_is_late(ask, timer_now_ns(counter->ports.timer)))
        return CALL_TIMEOUT;
    return CALL_OK;
}

static void counter_visit(void *service, struct visit *visit)
{
    struct counter *counter = service;
    enum call_outcome verdict = CALL_OK;
    struct burst *burst;

    if (visit->ask.verb != VERB_HEALTH)
        verdict = counter_judge(counter, &visit->ask);
    if (verdict != CALL_OK || visit->ask.verb == VERB_HEALTH) {
        door_answer(counter->ports.door, visit, verdict, 0, 0);
        return;
    }
    burst = pool_take(&counter->bursts);
    if (burst == NULL) {
        door_answer(counter->ports.door, visit, CALL_SHED, 0, 0);
        return;
    }
    *burst = (struct burst){.counter = counter, .visit = visit};
    burst_begin(burst);
}

size_t counter_bytes(const struct counter_config *config)
{
    return sizeof(struct counter) + 64 + pool_bytes(sizeof(struct burst), config->in_flight);
}

struct counter *counter_init(const struct counter_config *config, const struct ports *ports)
{
    struct counter *counter = arena_take(ports->arena, sizeof(*counter));

    check(config->adds > 0);
    *counter = (struct counter){.config = *config, .ports = *ports};
    pool_init(&counter->bursts, ports->arena, sizeof(struct burst), config->in_flight);
    memory_lay(ports->memory, &config->layout);
    return counter;
}

const struct service_ops counter_service = {.visit = counter_visit};
