/* delivery.c — The door of the delivery service: judges a visit and hands it to its flow.
 *
 *   visit -> known verb? -> deadline ahead? -> room? -> menu, order or track
 *               FAILED         TIMEOUT         SHED
 *
 * A full pool sheds at once: a queue here would hide the overload from the balancer. */
#include "services/delivery/delivery_flow.h"

void delivery_answer(struct flow *flow, enum call_outcome outcome, int64_t value, uint32_t bytes)
{
    struct delivery *delivery = flow->delivery;
    struct visit *visit = flow->visit;

    pool_give(&delivery->flows, flow);
    door_answer(delivery->ports.door, visit, outcome, value, bytes);
}

void delivery_work(struct flow *flow, const struct dist *work)
{
    const struct ports *ports = &flow->delivery->ports;

    cpu_run(ports->cpu, &flow->call, dist_draw_ns(work, ports->dice));
}

static bool delivery_serves(uint8_t verb)
{
    return verb == VERB_MENU || verb == VERB_ORDER || verb == VERB_TRACK;
}

static void delivery_begin(struct delivery *delivery, struct visit *visit)
{
    union delivery_flow *flow = pool_take(&delivery->flows);
    const struct flow head = {
        .call.priority = visit->ask.priority, .delivery = delivery, .visit = visit};

    if (flow == NULL) {
        door_answer(delivery->ports.door, visit, CALL_SHED, 0, 0);
    } else if (visit->ask.verb == VERB_MENU) {
        flow->menu = (struct menu){.flow = head};
        delivery_menu_begin(&flow->menu);
    } else if (visit->ask.verb == VERB_ORDER) {
        flow->order = (struct order){.flow = head};
        delivery_order_begin(&flow->order);
    } else {
        flow->track = (struct track){.flow = head};
        delivery_track_begin(&flow->track);
    }
}

static void delivery_visit(void *service, struct visit *visit)
{
    struct delivery *delivery = service;
    const struct ask *ask = &visit->ask;

    if (ask->verb == VERB_HEALTH)
        door_answer(delivery->ports.door, visit, CALL_OK, 0, 0);
    else if (!delivery_serves(ask->verb))
        door_answer(delivery->ports.door, visit, CALL_FAILED, 0, 0);
    else if (ask_is_late(ask, timer_now_ns(delivery->ports.timer)))
        door_answer(delivery->ports.door, visit, CALL_TIMEOUT, 0, 0);
    else
        delivery_begin(delivery, visit);
}

/* A map for n keys has at most 3 n slots, and 8 when n is small. */
static size_t filling_bytes(uint32_t keys)
{
    return ((size_t)keys * 3 + 8) * sizeof(struct map_slot) + 64;
}

size_t delivery_bytes(const struct delivery_config *config)
{
    return sizeof(struct delivery) + 64 +
           pool_bytes(sizeof(union delivery_flow), config->in_flight) +
           filling_bytes(config->in_flight);
}

struct delivery *delivery_init(const struct delivery_config *config, const struct ports *ports)
{
    struct delivery *delivery = arena_take(ports->arena, sizeof(*delivery));

    *delivery = (struct delivery){.config = *config, .ports = *ports};
    pool_init(&delivery->flows, ports->arena, sizeof(union delivery_flow), config->in_flight);
    map_init(&delivery->filling, ports->arena, config->in_flight);
    return delivery;
}

const struct service_ops delivery_service = {.visit = delivery_visit};
