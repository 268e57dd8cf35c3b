/* close.c — What the world knows, written into the result. */
#include <stdio.h>

#include "sim/measure/metric.h"
#include "sim/world/world_inside.h"

static const char *const op_names[OP_KINDS] = {
    [OP_CPU] = "cpu",     [OP_TIMER] = "timer",   [OP_PEER] = "peer",
    [OP_STORE] = "store", [OP_QUEUE] = "queue",   [OP_TABLE] = "table",
    [OP_BLOCK] = "block", [OP_TOKENS] = "tokens", [OP_MEMORY] = "memory",
};

static void close_stage(struct service_result *result, const char *name, uint64_t sum_ns,
                        uint64_t let_in)
{
    struct stage_result *stage = &result->stages[result->stages_max++];

    snprintf(stage->name, sizeof stage->name, "%s", name);
    stage->mean_ms = (double)sum_ns * 1e-6 / (double)let_in;
}

static void close_stages(const struct group *group, struct service_result *result)
{
    if (group->let_in == 0)
        return;
    for (int kind = 0; kind < OP_KINDS; kind++) {
        if (group->waited[kind].calls == 0)
            continue;
        if (group->is_balancer && kind == OP_TIMER) /* Pauses of checks, alarms of hedges. */
            continue;
        close_stage(result, op_names[kind], group->waited[kind].sum_ns, group->let_in);
    }
    for (int stage = 0; stage < VISIT_STAGES; stage++)
        if (group->staged_ns[stage] > 0)
            close_stage(result, visit_stage_name((enum visit_stage)stage), group->staged_ns[stage],
                        group->let_in);
}

static double at_most_one(double share)
{
    return share < 1 ? share : 1;
}

/* A loop is held by a task that computes and by one that blocks. */
static void close_runtime(const struct group *group, struct service_result *result, uint64_t now_ns)
{
    const struct service_spec *spec = group->spec;

    result->runtime = spec->runtime;
    result->memory = spec->memory * service_processes(spec) * group->ready_max;
    result->held = usage_mean(&group->workers, now_ns);
    result->held_peak = group->workers.peak;
    if (spec->runtime == RUNTIME_EVENT_LOOP) {
        result->held = at_most_one(result->held + result->utilization);
        result->held_peak = at_most_one(result->held_peak + result->utilization_peak);
    }
    result->gil_held = usage_mean(&group->gil, now_ns);
    result->gil_held_peak = group->gil.peak;
    result->gil_wait_mean_ms = line_stay_mean_ns(&group->gil_wait) * 1e-6;
}

static double busiest_replica(const struct group *group, uint64_t from_ns, uint64_t now_ns)
{
    double most = 0;

    for (uint32_t i = 0; i < group->replicas_max; i++) {
        const struct processor *processor = &group->replicas[i].processor;
        double busy = area_mean(&processor->computing, from_ns, now_ns) / processor->cores;

        most = busy > most ? busy : most;
    }
    return at_most_one(most);
}

static void close_group(const struct group *group)
{
    struct service_result *result = group->station;
    const struct world *world = group->world;
    uint64_t from_ns = world->scenario->warmup_ns, now_ns = world_now_ns(world);

    if (now_ns < from_ns)
        from_ns = now_ns;
    snprintf(result->name, sizeof result->name, "%s", group->spec->name);
    result->replicas_max = group->ready_max;
    result->visits = group->visits;
    result->let_in = group->let_in;
    result->shed = group->shed;
    result->replica_seconds = (double)area_sum(&group->replicas_up, now_ns) * 1e-9;
    result->core_seconds = result->replica_seconds * group->spec->cores;
    result->utilization = usage_mean(&group->cores, now_ns);
    result->utilization_peak = group->cores.peak;
    result->busiest_replica = busiest_replica(group, from_ns, now_ns);
    close_runtime(group, result, now_ns);
    result->wait_mean_ms = line_stay_mean_ns(&group->wait) * 1e-6;
    result->queue_max = group->longest_line;
    result->in_system_mean = area_mean(&group->inside.length, from_ns, now_ns);
    result->sojourn_mean_ms = line_stay_mean_ns(&group->inside) * 1e-6;
    close_stages(group, result);
}

static void close_models(struct world *world, struct store_result *store,
                         struct queue_result *queue, struct table_result *table)
{
    store_model_close(world->parts.store, store);
    queue_model_close(world->parts.queue, queue);
    table_model_close(world->parts.table, table);
}

void world_close_rates(struct world *world)
{
    struct result *result = world->result;

    close_models(world, &result->store, &result->queue, &result->table);
    for (uint32_t i = 0; i < world->groups_max; i++) {
        const struct group *group = &world->groups[i];

        close_group(group);
        if (group->front != NULL && group->front->station != NULL)
            close_group(group->front);
    }
}

/* A server that was first asked in the drain is paid for as well. */
void world_close_rest(struct world *world)
{
    struct result *result = world->result;
    struct store_result store;
    struct queue_result queue;
    struct table_result table;

    close_models(world, &store, &queue, &table);
    result->store.is_used = store.is_used;
    result->queue.is_used = queue.is_used;
    result->table.is_used = table.is_used;
    result->queue.lag_end = queue.lag_end;
    result->queue.dead = queue.dead;
    for (uint32_t i = 0; i < world->nodes_max; i++)
        memory_model_close(&world->nodes[i], &result->counter);
}

void world_close_result(struct world *world)
{
    struct result *result = world->result;

    snprintf(result->engine, sizeof result->engine, "virtual");
    result->events = events_fired(world->parts.events);
    events_fingerprint(world->parts.events, result->fingerprint);
    measure_close(&world->measure, world_now_ns(world));
    bottleneck_find(result);
    metric_judge(result);
}
