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
    node->memory.ops = &memory_model_ops;
    node->peer.ops = &exchange_peer_ops;
    node->store.ops = &store_model_ops;
    node->queue.ops = queue_model_ops(node->world->parts.queue);
    node->table.ops = &table_model_ops;
    node->tokens.ops = &tokens_model_ops;
    node->ports = (struct ports){.door = &node->door,
                                 .timer = &node->timer,
                                 .cpu = &node->cpu,
                                 .memory = &node->memory,
                                 .peer = &node->peer,
                                 .store = &node->store,
                                 .queue = &node->queue,
                                 .table = &node->table,
                                 .tokens = &node->tokens,
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
    list_init(&node->socket);
    dice_init(&node->dice, world_seed(world), node->name);
    wire(node);
    if (group != NULL)
        processor_init(&node->processor, group->spec, (uint32_t)(node - group->replicas));
    node->boot.fire = boot_ends;
    node->boot.tag = TAG_FLEET | node->id;
}

static void *start_service(struct node *node)
{
    struct plan plan;

    if (node->scales != NULL)
        return plan_start(&node->scales->scaler_plan, &node->ports, &node->service_ops);
    plan = node->group->plan;
    setup_replica(&plan, node->group->spec, (uint32_t)(node - node->group->replicas));
    return plan_start(&plan, &node->ports, &node->service_ops);
}

/* Each process has an instance of the service; the ports of the node are shared, as its cores and
 * its address are. */
static void fork_processes(struct node *node)
{
    uint32_t processes_max = node->processor.workers;

    node->processes = arena_take(&node->arena, processes_max * sizeof *node->processes);
    node->idle_process = node->idle_last = PROCESS_NONE;
    for (uint32_t i = 0; i < processes_max; i++) {
        node->processes[i].service = start_service(node);
        node_has_idle(node, i);
    }
    node->service = node->processes[0].service;
}

static void become_ready(struct node *node)
{
    node->state = NODE_READY;
    node->ready_ns = world_now_ns(node->world);
    arena_reset(&node->arena);
    if (node->processor.has_processes)
        fork_processes(node);
    else
        node->service = start_service(node);
    if (node->group != NULL)
        fleet_ready(node);
    if (node->service_ops->start != NULL)
        node->service_ops->start(node->service);
}

void node_has_idle(struct node *node, uint32_t process)
{
    node->processes[process].next_idle = PROCESS_NONE;
    if (node->idle_process == PROCESS_NONE)
        node->idle_process = process;
    else
        node->processes[node->idle_last].next_idle = process;
    node->idle_last = process;
}

uint32_t node_take_idle(struct node *node)
{
    uint32_t process = node->idle_process;

    check(process != PROCESS_NONE);
    node->idle_process = node->processes[process].next_idle;
    return process;
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
    fleet_gone(node);
    node->epoch++;
    node->state = NODE_OFF;
    node->resumes_ns = 0;
    processor_drop_all(node);
    memory_model_forget(node);
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
    fleet_leaves(node);
    if (node->state == NODE_BOOTING || node->state == NODE_DOWN) {
        event_cancel(&node->boot);
        node->group->starting--;
        node->state = NODE_OFF;
        return;
    }
    fleet_drains(node);
    node->state = NODE_DRAINING;
    node_left_visit(node);
}

void node_crash(struct node *node, bool will_be_back)
{
    bool is_wanted = node->state == NODE_READY; /* The other was on its way out. */

    if (!node_is_up(node))
        return;
    exchange_fail_all(node);
    queue_model_node_died(node->world->parts.queue, node);
    forget(node);
    if (is_wanted && will_be_back) {
        node->state = NODE_DOWN;
        node->group->starting++;
    }
}

void node_restart(struct node *node)
{
    if (node->state != NODE_DOWN)
        return;
    node->group->starting--;
    become_ready(node);
}

/* Of stops that overlap the last to end counts. */
void node_pause(struct node *node, uint64_t for_ns)
{
    uint64_t now_ns = world_now_ns(node->world);
    uint64_t stopped_ns = node_is_paused(node, now_ns) ? node->resumes_ns : now_ns;

    if (!node_is_up(node) || now_ns + for_ns <= stopped_ns)
        return;
    node->resumes_ns = now_ns + for_ns;
    processor_stand_still(node, node->resumes_ns - stopped_ns);
    memory_model_stand_still(node, node->resumes_ns - stopped_ns);
}
