/* exchange.c — The peer port and the door: an ask travels to another node, an answer travels back.
 *
 *     peer_ask --link--> arrive --admitted--> at the door --> inside --door_answer--link--> op_end
 *        |                 |  |                  (workers)       |
 *        | lost            |  +-- full: shed ------------------->|
 *        v                 +-- nobody there: refused ----------->|
 *     (timeout)                                    node died: failed
 *
 * A visit that arrives at a stopped process waits in its socket, until it goes on or dies. */
#include "sim/world/tracing.h"
#include "sim/world/world_inside.h"

static void arrive(struct event *event);
static void come_back(struct event *event);

/* To a balancer a target is a replica's id; to anybody else it is a service, asked at its front. */
static struct node *route(struct node *from, uint32_t target)
{
    struct world *world = from->world;

    if (from->group != NULL && from->group->is_balancer) {
        check(target < world->nodes_max);
        return &world->nodes[target];
    }
    check(target < world->groups_max);
    if (world->groups[target].front != NULL)
        return &world->groups[target].front->replicas[0];
    return &world->groups[target].replicas[0];
}

static bool is_reachable(const struct node *a, const struct node *b)
{
    return !a->is_cut && !b->is_cut;
}

/* Before the ask. A process that has one visit at a time closes the connection behind its answer,
 * or it would wait for the next on that one alone: gunicorn's sync workers. */
static uint64_t handshake_ns(const struct exchange *exchange)
{
    const struct node *to = exchange->to;

    return to->processor.has_processes ? to->world->scenario->network.handshake_ns : 0;
}

static bool send(struct exchange *exchange, uint64_t opening_ns, uint32_t bytes)
{
    struct world *world = exchange->to->world;
    const struct network_spec *network = &world->scenario->network;

    return is_reachable(exchange->op.node, exchange->to) &&
           link_send(&world->link, &exchange->op.event, &network->way,
                     opening_ns + network->kib_ns * bytes / 1024);
}

/* On a network that costs nothing an ask arrives with the asking; its answer never does. */
static bool is_at_once(const struct exchange *exchange)
{
    const struct network_spec *network = &exchange->to->world->scenario->network;

    return network->way.latency_ns == 0 && network->way.jitter_ns == 0 && network->kib_ns == 0 &&
           network->loss == 0 && handshake_ns(exchange) == 0 &&
           is_reachable(exchange->op.node, exchange->to);
}

static void ask(struct peer *peer, struct call *call, uint32_t target, const struct ask *ask,
                uint64_t timeout_ns)
{
    struct node *from = node_of(peer, peer);
    struct world *world = from->world;
    struct exchange *exchange = world_take(world, &world->exchanges);

    if (exchange == NULL)
        return;
    exchange->to = route(from, target);
    exchange->op.event.fire = arrive;
    exchange->op.event.tag = TAG_PEER | from->id;
    op_begin(&exchange->op, from, call, OP_PEER, timeout_ns == PEER_FOR_EVER_NS ? 0 : timeout_ns);
    exchange->visit.ask = *ask;
    exchange->is_inside = exchange->is_counted = false;
    exchange->span = exchange->stage_span = 0;
    exchange->bytes = 0;
    if (is_at_once(exchange))
        arrive(&exchange->op.event);
    else if (!send(exchange, handshake_ns(exchange), ask->bytes))
        op_lost(&exchange->op, &world->exchanges);
}

static void answer_back(struct exchange *exchange, enum call_outcome outcome, int64_t value)
{
    exchange->outcome = (uint8_t)outcome;
    exchange->value = value;
    exchange->op.event.fire = come_back;
    if (!send(exchange, 0, exchange->bytes))
        op_lost(&exchange->op, &exchange->to->world->exchanges);
}

static void come_back(struct event *event)
{
    struct exchange *exchange = (struct exchange *)event;

    if (op_is_waited_for(&exchange->op))
        exchange->op.call->bytes = exchange->bytes;
    op_end(&exchange->op, (enum call_outcome)exchange->outcome, exchange->value, NULL,
           &exchange->to->world->exchanges);
}

/* ---- Inside --------------------------------------------------------------------------------- */

static void enter(struct exchange *exchange)
{
    struct node *node = exchange->to;

    exchange->is_inside = exchange->is_counted = true;
    exchange->arrived_ns = world_now_ns(node->world);
    exchange->stage = STAGE_DOOR;
    exchange->staged_ns = exchange->arrived_ns;
    exchange->door = (struct link){NULL, NULL};
    list_push_last(&node->visits, &exchange->inside);
    node->stays_ns -= exchange->arrived_ns;
    line_enter(&node->group->inside, exchange->arrived_ns);
    node->group->let_in++;
    if (node->world->trace != NULL)
        tracing_enters(exchange);
}

static void note_stage(struct exchange *exchange, uint64_t now_ns)
{
    exchange->to->group->staged_ns[exchange->stage] += now_ns - exchange->staged_ns;
}

static void leave(struct exchange *exchange, enum call_outcome outcome)
{
    struct node *node = exchange->to;
    uint64_t now_ns = world_now_ns(node->world);

    if (exchange->stage != STAGE_DOOR)
        note_stage(exchange, now_ns);
    if (node->world->trace != NULL)
        tracing_leaves(exchange, outcome);
    exchange->is_inside = false;
    list_remove(&node->visits, &exchange->inside);
    node->stays_ns += now_ns;
    line_leave(&node->group->inside, now_ns, now_ns - exchange->arrived_ns);
}

static uint8_t priority_of(const struct exchange *exchange)
{
    return exchange->visit.ask.priority;
}

static void wait_at_the_door(struct exchange *exchange)
{
    struct node *node = exchange->to;

    door_line_push(&node->processor.door, &exchange->door, priority_of(exchange),
                   world_now_ns(node->world));
    if (!exchange->is_counted)
        return;
    line_enter(&node->group->wait, exchange->arrived_ns);
    group_note_line(node->group, node->processor.door.waiting.length);
    if (node->world->trace != NULL)
        tracing_waits_at_the_door(exchange);
}

/* It has been taken from among those at the door. */
static void left_the_door(struct exchange *exchange)
{
    struct node *node = exchange->to;
    uint64_t now_ns = world_now_ns(node->world);

    if (exchange->is_counted)
        line_leave(&node->group->wait, now_ns, now_ns - exchange->arrived_ns);
}

/* Whether it holds a worker while it is inside. Health checks do where the worker is a process: it
 * takes one connection at a time, whatever it brings. */
static bool holds_worker(const struct exchange *exchange)
{
    const struct processor *processor = &exchange->to->processor;

    return processor->workers > 0 && (exchange->is_counted || processor->has_processes);
}

static void hand_over(struct exchange *exchange)
{
    struct node *node = exchange->to;
    struct world *world = node->world;
    uint32_t cause = world->cause; /* On a network that costs nothing we are inside the asking. */
    void *service = node->service;

    if (holds_worker(exchange))
        processor_take_worker(node);
    if (node->processes != NULL) {
        exchange->process = node_take_idle(node);
        service = node->processes[exchange->process].service;
    }
    if (world->trace != NULL)
        tracing_handed_over(exchange);
    node->service_ops->visit(service, &exchange->visit);
    world->cause = cause;
}

/* It has been taken from those at the door, and goes away unserved. */
static void turn_away(struct exchange *exchange)
{
    struct node *node = exchange->to;

    left_the_door(exchange);
    leave(exchange, CALL_SHED);
    node->group->shed++;
    answer_back(exchange, CALL_SHED, 0);
}

/* Who waits at the door is turned away for this one, where the line's order says so. */
static bool turns_one_away(struct exchange *exchange)
{
    struct link *link = door_line_give_way(&exchange->to->processor.door, priority_of(exchange));

    if (link == NULL)
        return false;
    turn_away(list_entry(link, struct exchange, door));
    return true;
}

/* Too many inside are too many, whoever comes; in a full line one may give way. */
static bool has_room(struct exchange *exchange)
{
    struct node *node = exchange->to;

    if (!processor_is_full(node))
        return true;
    if (node->visits.length >= node->processor.in_flight)
        return false;
    return node->processor.workers > 0 ? turns_one_away(exchange)
                                       : processor_gives_way(node, exchange->visit.ask.priority);
}

static void admit(struct exchange *exchange)
{
    struct node *node = exchange->to;
    struct processor *processor = &node->processor;

    node->group->visits++;
    if (!has_room(exchange)) {
        node->group->shed++;
        answer_back(exchange, CALL_SHED, 0);
        return;
    }
    enter(exchange);
    if (processor->workers > 0 && !processor_has_free_worker(processor)) {
        wait_at_the_door(exchange);
        return;
    }
    if (processor->workers > 0)
        line_pass(&node->group->wait);
    hand_over(exchange);
}

/* Answered at once, without a place in any line; but see holds_worker. */
static void check_health(struct exchange *exchange)
{
    exchange->is_inside = true;
    exchange->door = (struct link){NULL, NULL};
    if (holds_worker(exchange) && !processor_has_free_worker(&exchange->to->processor))
        wait_at_the_door(exchange);
    else
        hand_over(exchange);
}

static void leave_the_socket(struct event *event)
{
    struct exchange *exchange = (struct exchange *)event;

    list_remove(&exchange->to->socket, &exchange->inside);
    arrive(event);
}

static void wait_in_the_socket(struct exchange *exchange)
{
    struct node *node = exchange->to;

    list_push_last(&node->socket, &exchange->inside);
    exchange->op.event.fire = leave_the_socket;
    event_at(node->world->parts.events, &exchange->op.event, node->resumes_ns);
}

static void arrive(struct event *event)
{
    struct exchange *exchange = (struct exchange *)event;
    struct node *node = exchange->to;

    if (!node_is_up(node)) {
        answer_back(exchange, CALL_REFUSED, 0);
    } else if (node_is_paused(node, world_now_ns(node->world))) {
        wait_in_the_socket(exchange);
    } else if (exchange->visit.ask.verb == VERB_HEALTH) {
        check_health(exchange);
    } else {
        admit(exchange);
    }
}

/* A worker is free for the one that has been taken from the door, unless it came too long ago. */
static void let_in(struct exchange *exchange)
{
    struct node *node = exchange->to;
    uint64_t now_ns = world_now_ns(node->world);

    if (exchange->is_counted &&
        door_line_is_stale(&node->processor.door, now_ns - exchange->arrived_ns, now_ns)) {
        turn_away(exchange);
        return;
    }
    left_the_door(exchange);
    hand_over(exchange);
}

/* A worker came free. Who is answered at once (it came too late) frees it again, inside this loop:
 * then the loop goes on, and a long line is no deep stack. */
static void admit_next(struct node *node)
{
    struct processor *processor = &node->processor;
    struct link *next;

    if (processor->is_admitting)
        return;
    processor->is_admitting = true;
    while (processor_has_free_worker(processor) &&
           (next = door_line_take(&processor->door)) != NULL)
        let_in(list_entry(next, struct exchange, door));
    processor->is_admitting = false;
}

static void free_worker(struct exchange *exchange)
{
    struct node *node = exchange->to;

    processor_free_worker(node);
    if (node->processes != NULL)
        node_has_idle(node, exchange->process);
}

static void answer(struct door *door, struct visit *visit, enum call_outcome outcome, int64_t value,
                   uint32_t bytes)
{
    struct node *node = node_of(door, door);
    struct exchange *exchange = list_entry(visit, struct exchange, visit);

    check(exchange->is_inside && exchange->to == node);
    exchange->bytes = bytes;
    if (holds_worker(exchange))
        free_worker(exchange);
    if (exchange->is_counted)
        leave(exchange, outcome);
    exchange->is_inside = false;
    answer_back(exchange, outcome, value);
    if (node->processor.workers > 0)
        admit_next(node);
    node_left_visit(node);
}

static void name_stage(struct door *door, struct visit *visit, enum visit_stage stage,
                       uint64_t ago_ns)
{
    struct node *node = node_of(door, door);
    struct exchange *exchange = list_entry(visit, struct exchange, visit);
    uint64_t now_ns = world_now_ns(node->world), before_ns = now_ns - exchange->staged_ns;

    check(exchange->is_inside && exchange->to == node);
    now_ns -= ago_ns < before_ns ? ago_ns : before_ns;
    note_stage(exchange, now_ns);
    exchange->stage = (uint8_t)stage;
    exchange->staged_ns = now_ns;
    if (node->world->trace != NULL)
        tracing_staged(exchange);
}

void exchange_fail_all(struct node *node)
{
    struct link *first;

    while ((first = list_take_first(&node->socket)) != NULL)
        answer_back(list_entry(first, struct exchange, inside), CALL_FAILED, 0);
    while (!list_is_empty(&node->visits)) {
        struct exchange *exchange = list_entry(list_first(&node->visits), struct exchange, inside);

        if (exchange->door.next != NULL) {
            door_line_remove(&node->processor.door, &exchange->door, priority_of(exchange));
            left_the_door(exchange);
        }
        leave(exchange, CALL_FAILED);
        answer_back(exchange, CALL_FAILED, 0);
    }
    while ((first = door_line_take(&node->processor.door)) != NULL) /* Health checks. */
        answer_back(list_entry(first, struct exchange, door), CALL_FAILED, 0);
}

const struct door_ops exchange_door_ops = {.answer = answer, .stage = name_stage};
const struct peer_ops exchange_peer_ops = {.ask = ask};
