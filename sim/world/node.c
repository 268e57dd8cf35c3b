/* node.c — How a machine comes up, goes, and dies. */
#include "sim/world/world_inside.h"

#include <stdio.h>
#include <string.h>

static void boot_ends(struct event *event);

static void wire(struct node *node)
{
    node->door.ops = &exchange_door_ops;
    node->timer.ops = &nap_timer_ops;
    node->cpu.ops = &processor_ops;
    node->peer.ops = &exchange_peer_ops;
    node->store.ops = &store_model_ops;
    node->queue.ops = &queue_model_ops;
    node->table.ops = &table_model_ops;
    node->ports = (struct ports){.door = &node->door,
                                 .timer = &node->timer,
                                 .cpu = &node->cpu,
                                 .peer = &node->peer,
                                 .store = &node->store,
                                 .queue = &node->queue,
                                 .table = &node->table,
                                 .dice = &node->dice,
                                 .arena = &node->arena};
}

void node_init(struct node *node, struct world *world, struct group *group, const char *name)
{
    memset(node, 0, sizeof *node);
    node->world = world;
    node->group = group;
    node->id = (uint32_t)(node - world->nodes);
    snprintf(node->name, sizeof node->name, "%s", name);
    list_init(&node->visits);
    dice_init(&node->dice, world->options->seed, node->name);
    wire(node);
    if (group != NULL)
        processor_init(&node->processor, group->spec);
    node->boot.fire = boot_ends;
    node->boot.tag = TAG_FLEET | node->id;
}

static void become_ready(struct node *node)
{
    node->state = NODE_READY;
    arena_reset(&node->arena);
    node_start_service(node);
    if (node->group != NULL)
        fleet_ready(node);
    if (node->service_ops->start != NULL)
        node->service_ops->start(node->service);
}

static void boot_ends(struct event *event)
{
    struct node *node = list_entry(event, struct node, boot);

    if (node->group != NULL)
        node->group->starting--;
    become_ready(node);
}

void node_boot(struct node *node, uint64_t delay_ns)
{
    check(node->state == NODE_OFF);
    if (delay_ns == 0) {
        become_ready(node);
        return;
    }
    node->state = NODE_BOOTING;
    if (node->group != NULL)
        node->group->starting++;
    event_at(node->world->parts.events, &node->boot, world_now_ns(node->world) + delay_ns);
}

/* Whatever ran here is gone; what it had asked for is dropped when it surfaces. */
static void forget(struct node *node)
{
    node->epoch++;
    node->state = NODE_OFF;
    processor_drop_all(node);
    table_model_node_died(node->world->parts.table, node);
}

void node_left_visit(struct node *node)
{
    if (node->state != NODE_DRAINING || !list_is_empty(&node->visits))
        return;
    queue_model_node_left(node->world->parts.queue, node);
    forget(node);
}

/* A server goes when its last visit is answered, a worker at once: it has no visits, and what it
 * had not committed is delivered to another. */
void node_drain(struct node *node)
{
    if (node->state == NODE_BOOTING) {
        event_cancel(&node->boot);
        node->group->starting--;
        node->state = NODE_OFF;
        return;
    }
    fleet_gone(node);
    node->state = NODE_DRAINING;
    node_left_visit(node);
}

void node_crash(struct node *node)
{
    if (node->state == NODE_BOOTING)
        node_drain(node);
    if (!node_is_up(node))
        return;
    exchange_fail_all(node);
    queue_model_node_died(node->world->parts.queue, node);
    if (node->state == NODE_READY)
        fleet_gone(node);
    forget(node);
}

void node_pause(struct node *node, uint64_t for_ns)
{
    node->paused_ns = world_now_ns(node->world);
    node->resumes_ns = node->paused_ns + for_ns;
}
