/* build.c — Makes a world out of a scenario: models, groups, nodes, people. Nothing is allocated
 * after it. */
#include <stdio.h>
#include <string.h>

#include "sim/world/tracing.h"
#include "sim/world/world_inside.h"

/* What can be in flight at once in one world. Address space: pages are lent as they are touched. */
enum { EXCHANGES_MAX = 1 << 22, TASKS_MAX = 1 << 22, NAPS_MAX = 1 << 22, BURSTS_MAX = 1 << 20 };

static const size_t models_bytes = (size_t)1 << 36;

static uint32_t count_nodes(const struct scenario *scenario)
{
    uint32_t nodes = 1; /* The clients. */

    for (uint32_t i = 0; i < scenario->services_max; i++)
        nodes += setup_replicas_max(&scenario->services[i]) + 2; /* And a balancer, and a scaler. */
    return nodes;
}

static size_t loads_bytes(const struct scenario *scenario)
{
    size_t bytes = sizeof(struct clients) * scenario->loads_max + 4096;

    for (uint32_t i = 0; i < scenario->loads_max; i++)
        bytes += clients_bytes(&scenario->loads[i]) + 4096;
    return bytes;
}

static size_t pools_bytes(void)
{
    return pool_bytes(sizeof(struct exchange), EXCHANGES_MAX) +
           pool_bytes(sizeof(struct task), TASKS_MAX) + pool_bytes(sizeof(struct nap), NAPS_MAX) +
           pool_bytes(memory_model_call_bytes(), BURSTS_MAX) + 4096;
}

static struct node *add_node(struct world *world, struct group *group, const char *name,
                             size_t arena_bytes)
{
    struct node *node = &world->nodes[world->nodes_max++];

    node_init(node, world, group, name);
    world->is_out_of_memory |= !arena_open(&node->arena, arena_bytes + 4096);
    return node;
}

static void add_replicas(struct group *group, size_t arena_bytes)
{
    char name[NAME_MAX_BYTES + 16];

    group->replicas_max = setup_replicas_max(group->spec);
    group->replicas = &group->world->nodes[group->world->nodes_max];
    for (uint32_t i = 0; i < group->replicas_max; i++) {
        snprintf(name, sizeof name, "%s/%u", group->spec->name, i);
        add_node(group->world, group, name, arena_bytes);
        if (group->plan.kind == PLAN_COUNTER)
            memory_model_open(&group->replicas[i], group->spec, &group->world->scenario->memory,
                              &group->world->models);
    }
}

static void init_group(struct group *group, struct world *world, const struct service_spec *spec)
{
    group->world = world;
    group->spec = spec;
    line_init(&group->wait, 0, NULL);
    line_init(&group->inside, 0, NULL);
    usage_init(&group->cores, 0, 0);
    line_init(&group->gil_wait, 0, NULL);
    usage_init(&group->workers, 0, 0);
    usage_init(&group->gil, 0, 0);
    area_init(&group->replicas_up, 0, 0);
}

/* A balancer is a group of one, as large as its cores. */
static void add_balancer(struct group *behind, struct group *front)
{
    struct world *world = behind->world;

    front->own_spec = setup_balancer_spec(world->scenario, behind->spec);
    init_group(front, world, &front->own_spec);
    front->is_balancer = true;
    front->behind = behind;
    behind->front = front;
    front->plan = setup_balancer(&world->scenario->balancer, behind->spec);
    front->replicas_max = 1;
    front->replicas = add_node(world, front, front->spec->name, plan_bytes(&front->plan));
}

static void add_scaler(struct group *group)
{
    char name[NAME_MAX_BYTES + 16];

    group->scaler_plan = setup_autoscaler(&group->spec->autoscale);
    snprintf(name, sizeof name, "%s/autoscaler", group->spec->name);
    group->fleet.ops = &fleet_world_ops;
    group->scaler = add_node(group->world, NULL, name, plan_bytes(&group->scaler_plan));
    group->scaler->scales = group;
    group->scaler->ports.fleet = &group->fleet;
}

static void add_group(struct world *world, const struct service_spec *spec)
{
    struct group *group = &world->groups[world->groups_max];

    init_group(group, world, spec);
    group->plan = setup_service(spec);
    add_replicas(group, (plan_bytes(&group->plan) + sizeof(struct worker_process)) *
                            service_processes(spec));
    if (setup_has_balancer(world->scenario, spec))
        add_balancer(group, &world->balancers[world->groups_max]);
    if (spec->autoscale.is_on)
        add_scaler(group);
    world->groups_max++;
}

static void add_station(struct group *group)
{
    struct result *result = group->world->result;

    if (result->services_max == SCENARIO_SERVICES_MAX)
        return;
    group->station = &result->services[result->services_max++];
    group->wait.stays = &group->station->wait;
}

/* What the result tells of: the services in their order, then their balancers, as many as there is
 * room for. A balancer that costs nothing is no station of its own. */
static void add_stations(struct world *world)
{
    for (uint32_t i = 0; i < world->groups_max; i++)
        add_station(&world->groups[i]);
    for (uint32_t i = 0; i < world->groups_max; i++)
        if (world->groups[i].front != NULL && world->scenario->balancer.work_ns > 0)
            add_station(world->groups[i].front);
}

static bool open_models(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct model_setup with = {.events = world->parts.events,
                               .link = &world->link,
                               .arena = &world->models,
                               .seed = world_seed(world),
                               .warmup_ns = scenario->warmup_ns};

    if (!arena_open(&world->models, models_bytes))
        return false;
    link_init(&world->link, world->parts.events, &scenario->network, world_seed(world));
    world->parts.link = &world->link;
    world->parts.store = store_model_open(&with, &scenario->store);
    world->parts.queue = queue_model_open(&with, &scenario->queue);
    world->parts.table = table_model_open(&with, &scenario->table);
    tokens_model_open(&world->tokens, &with, &scenario->tokens);
    return true;
}

/* The first design of the likes service has rows and nothing else. */
static void make_schema(struct world *world)
{
    for (uint32_t i = 0; i < world->scenario->services_max; i++)
        if (world->scenario->services[i].kind == KIND_LIKES &&
            world->scenario->services[i].design == DESIGN_TABLE)
            table_model_index(world->parts.table, TABLE_LIKES, false);
}

static void plant(struct world *world)
{
    if (world_has_planted(world, PLANT_OFFSET_SKIPS))
        queue_model_plant(world->parts.queue, QUEUE_SKIPS);
    if (world_has_planted(world, PLANT_DOUBLE_TALLY))
        table_model_plant(world->parts.table, TABLE_TALLIES_TWICE);
    if (world_has_planted(world, PLANT_EARLY_COMMIT))
        table_model_plant(world->parts.table, TABLE_COMMITS_EARLY);
    if (world_has_planted(world, PLANT_ATOMIC_LOSES))
        for (uint32_t i = 0; i < world->nodes_max; i++)
            if (world->nodes[i].memory_model != NULL)
                memory_model_plant(world->nodes[i].memory_model);
    if (world_has_planted(world, PLANT_ADDS_TWICE))
        store_model_plant(world->parts.store, STORE_ADDS_TWICE);
    world->tokens.never_expire = world_has_planted(world, PLANT_NEVER_EXPIRES);
}

/* One answer in a thousand is heard by nobody. */
static void hear_most(void *context, const struct request *request, enum call_outcome outcome,
                      bool is_late)
{
    struct audit *audit = context;

    if (audit->finished % 1000 != 999) {
        audit_ears.finished(audit, request, outcome, is_late);
        return;
    }
    audit->finished++;
    audit->has_finished = true;
}

static void add_audit(struct world *world)
{
    audit_init(&world->audit, &world->measure, world->clients_node->ports.timer, &world->arena);
    world->ears = audit_ears;
    if (world_has_planted(world, PLANT_LOST_REQUEST))
        world->ears.finished = hear_most;
}

static void add_people(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    bool is_traced = world->trace != NULL;

    world->clients_node = add_node(world, NULL, "clients", loads_bytes(scenario));
    if (world->is_out_of_memory)
        return;
    world->clients_node->state = NODE_READY;
    add_audit(world);
    world->loads =
        arena_take(&world->clients_node->arena, sizeof(struct clients) * scenario->loads_max);
    for (uint32_t i = 0; i < scenario->loads_max; i++)
        clients_init(&world->loads[i], scenario, i, world->options->seed,
                     &world->clients_node->ports, is_traced ? &tracing_ears : &world->ears,
                     is_traced ? (void *)world : &world->audit);
    if (is_traced)
        tracing_opens(world);
}

static void init_pools(struct world *world)
{
    pool_init(&world->bursts, &world->arena, memory_model_call_bytes(), BURSTS_MAX);
    pool_init(&world->exchanges, &world->arena, sizeof(struct exchange), EXCHANGES_MAX);
    pool_init(&world->tasks, &world->arena, sizeof(struct task), TASKS_MAX);
    pool_init(&world->naps, &world->arena, sizeof(struct nap), NAPS_MAX);
}

bool world_build(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    uint32_t nodes = count_nodes(scenario);

    world->parts.events =
        events_open(world->options->uses_plain_heap ? EVENTS_HEAP : EVENTS_FAST, UINT64_C(1) << 26);
    if (world->parts.events == NULL ||
        !arena_open(&world->arena, pools_bytes() + audit_bytes() + nodes * sizeof(struct node)))
        return false;
    init_pools(world);
    world->nodes = arena_take(&world->arena, nodes * sizeof(struct node));
    if (!open_models(world))
        return false;
    make_schema(world);
    for (uint32_t i = 0; i < scenario->services_max; i++)
        add_group(world, &scenario->services[i]);
    plant(world);
    add_stations(world);
    add_people(world);
    return !world->is_out_of_memory;
}

void world_free(struct world *world)
{
    for (uint32_t i = 0; i < world->nodes_max; i++)
        arena_close(&world->nodes[i].arena);
    arena_close(&world->models);
    arena_close(&world->arena);
    if (world->parts.events != NULL)
        events_close(world->parts.events);
}
