/* likes.c — The door of the likes service: judges a visit and hands it to its flow.
 *
 *   visit -> known verb? -> deadline ahead? -> room? -> count
 *               FAILED         TIMEOUT         SHED     like, by design: write (into the table)
 *                                                                     or log   (store, then log)
 *
 * A full pool sheds at once: a queue here would hide the overload from the balancer. At T0 a like
 * keeps its place until the log has it, so a slow log comes to be felt at the door, and the memory
 * of what is promised and not yet done has a bound. */
#include "services/likes/likes_flow.h"

enum { NUMBER_BYTES = 32 }; /* The answer: one number, as a small JSON document. */

void likes_tell(struct flow *flow, enum call_outcome outcome, int64_t value)
{
    struct visit *visit = flow->visit;

    flow->visit = NULL;
    door_answer(flow->likes->ports.door, visit, outcome, value,
                outcome == CALL_OK ? NUMBER_BYTES : 0);
}

void likes_answer(struct flow *flow, enum call_outcome outcome, int64_t value)
{
    if (flow->visit != NULL)
        likes_tell(flow, outcome, value);
    pool_give(&flow->likes->flows, flow);
}

static bool likes_serves(uint8_t verb)
{
    return verb == VERB_LIKE || verb == VERB_UNLIKE || verb == VERB_COUNT;
}

static void likes_begin(struct likes *likes, struct visit *visit)
{
    union likes_flow *flow = pool_take(&likes->flows);
    const struct flow head = {.call.priority = visit->ask.priority, .likes = likes, .visit = visit};

    if (flow == NULL) {
        door_answer(likes->ports.door, visit, CALL_SHED, 0, 0);
    } else if (visit->ask.verb == VERB_COUNT) {
        flow->count = (struct count){.flow = head};
        likes_count_begin(&flow->count);
    } else if (likes_has_log(likes)) {
        flow->log = (struct log){.flow = head};
        likes_log_begin(&flow->log);
    } else {
        flow->write = (struct write){.flow = head};
        likes_write_begin(&flow->write);
    }
}

static void likes_visit(void *service, struct visit *visit)
{
    struct likes *likes = service;
    const struct ask *ask = &visit->ask;

    if (ask->verb == VERB_HEALTH)
        door_answer(likes->ports.door, visit, CALL_OK, 0, 0);
    else if (!likes_serves(ask->verb))
        door_answer(likes->ports.door, visit, CALL_FAILED, 0, 0);
    else if (ask_is_late(ask, timer_now_ns(likes->ports.timer)))
        door_answer(likes->ports.door, visit, CALL_TIMEOUT, 0, 0);
    else
        likes_begin(likes, visit);
}

/* A map for n keys has at most 3 n slots, and 8 when n is small. It never grows: a post is in it
 * for a flow, and there are in_flight of those. */
static size_t counting_bytes(uint32_t keys)
{
    return ((size_t)keys * 3 + 8) * sizeof(struct map_slot) + 64;
}

size_t likes_bytes(const struct likes_config *config)
{
    return sizeof(struct likes) + 64 + pool_bytes(sizeof(union likes_flow), config->in_flight) +
           counting_bytes(config->in_flight);
}

struct likes *likes_init(const struct likes_config *config, const struct ports *ports)
{
    struct likes *likes = arena_take(ports->arena, sizeof(*likes));

    *likes = (struct likes){.config = *config, .ports = *ports};
    pool_init(&likes->flows, ports->arena, sizeof(union likes_flow), config->in_flight);
    map_init(&likes->counting, ports->arena, config->in_flight);
    return likes;
}

const struct service_ops likes_service = {.visit = likes_visit};
