/* world.c — One run: build, start, fire events, drain, audit, close.
 *
 *     0 ----------- warm-up ----------- duration ---------- quiet, or the drain's end
 *     everything starts   figures begin   load ends          nobody waits, no lag
 *
 * Limits and interruptions end a run early and leave a result that says so. */
#include "sim/world/world.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sim/world/tracing.h"
#include "sim/world/world_inside.h"

enum { LOOK_AROUND_EVENTS = 1 << 14 }; /* Between looks at the clock and the flag. */

static const uint64_t second_ns = 1000000000;

void *world_take(struct world *world, struct pool *pool)
{
    void *record = pool_take(pool);

    if (record == NULL)
        world->is_out_of_memory = true;
    return record;
}

void *world_take_record(struct world *world, struct pool *pool)
{
    void *record = pool_take(pool);

    check(record != NULL);
    if (pool->taken > pool->records_max - pool->records_max / 16)
        world->is_out_of_memory = true;
    return record;
}

/* ---- Once a second --------------------------------------------------------------------------- */

static uint32_t waiting(const struct world *world)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < world->nodes_max; i++)
        sum += processor_waiting(&world->nodes[i].processor);
    return sum;
}

static uint32_t ready(const struct world *world)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < world->groups_max; i++)
        sum += world->groups[i].ready;
    return sum;
}

static void for_each_group(struct world *world, void (*visit)(struct group *, uint64_t now_ns))
{
    for (uint32_t i = 0; i < world->groups_max; i++) {
        visit(&world->groups[i], world_now_ns(world));
        if (world->groups[i].front != NULL)
            visit(world->groups[i].front, world_now_ns(world));
    }
}

static void note_second(struct group *group, uint64_t now_ns)
{
    usage_second(&group->cores, now_ns);
    usage_second(&group->workers, now_ns);
    usage_second(&group->gil, now_ns);
}

/* A second that the load's end cuts off is in no series. */
static void ask_for_second(struct world *world)
{
    if (world_now_ns(world) + second_ns <= world->scenario->duration_ns)
        event_after(world->parts.events, &world->second, second_ns);
}

/* Threads in memory are played up to the last event that concerned them. */
static void catch_up(struct world *world)
{
    for (uint32_t i = 0; i < world->nodes_max; i++)
        memory_model_catch_up(&world->nodes[i]);
}

static void second_passes(struct event *event)
{
    struct world *world = list_entry(event, struct world, second);
    uint64_t now_ns = world_now_ns(world);

    catch_up(world);
    measure_second(&world->measure, now_ns, waiting(world), ready(world),
                   queue_model_lag(world->parts.queue));
    for_each_group(world, note_second);
    ask_for_second(world);
}

/* ---- The end of the warm-up ------------------------------------------------------------------ */

/* What the autoscaler saw stays as far behind as it was: its window does not begin anew. */
static void keep_seen(struct group *group, uint64_t now_ns)
{
    group->seen.let_in -= group->let_in;
    for (uint32_t i = 0; i < group->replicas_max; i++)
        group->replicas[i].seen.busy -= area_sum(&group->replicas[i].processor.computing, now_ns);
}

static void forget_warmup(struct group *group, uint64_t now_ns)
{
    keep_seen(group, now_ns);
    line_restart(&group->wait, now_ns);
    line_restart(&group->inside, now_ns);
    usage_restart(&group->cores, now_ns);
    usage_restart(&group->workers, now_ns);
    usage_restart(&group->gil, now_ns);
    line_restart(&group->gil_wait, now_ns);
    area_restart(&group->replicas_up, now_ns);
    memset(group->waited, 0, sizeof group->waited);
    memset(group->staged_ns, 0, sizeof group->staged_ns);
    group->visits = group->let_in = group->shed = 0;
    group->ready_max = group->ready;
    group->carried_ns = 0;
    group->longest_line = 0;
    for (uint32_t i = 0; i < group->replicas_max; i++) {
        group_note_line(group, processor_line(&group->replicas[i].processor));
        area_restart(&group->replicas[i].processor.computing, now_ns);
        for (struct link *link = group->replicas[i].visits.head.next;
             link != &group->replicas[i].visits.head; link = link->next)
            group->carried_ns += now_ns - list_entry(link, struct exchange, inside)->arrived_ns;
    }
}

static void warmup_ends(struct event *event)
{
    struct world *world = list_entry(event, struct world, warm);

    catch_up(world);
    for_each_group(world, forget_warmup);
}

/* ---- The run --------------------------------------------------------------------------------- */

static void start(struct world *world)
{
    struct events *events = world->parts.events;

    for (uint32_t i = 0; i < world->groups_max; i++)
        if (world->groups[i].front != NULL)
            fleet_start(world->groups[i].front);
    for (uint32_t i = 0; i < world->groups_max; i++) {
        fleet_start(&world->groups[i]);
        if (world->groups[i].scaler != NULL)
            node_boot(world->groups[i].scaler, 0);
    }
    faults_plan(world);
    world->second.fire = second_passes;
    world->second.tag = TAG_SECOND;
    ask_for_second(world);
    world->warm.fire = warmup_ends;
    world->warm.tag = TAG_SECOND | 1;
    if (world->scenario->warmup_ns > 0)
        event_at(events, &world->warm, world->scenario->warmup_ns);
    for (uint32_t i = 0; i < world->scenario->loads_max; i++)
        clients_start(&world->loads[i]);
}

static uint64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * second_ns + (uint64_t)now.tv_nsec;
}

/* Of this world alone, and not what the process has: a run ends where it would end anywhere else.
 * The order of its events is left out; it is little beside what they are about. */
static uint64_t touched_bytes(const struct world *world)
{
    uint64_t bytes = arena_touched(&world->arena) + arena_touched(&world->models);

    for (uint32_t i = 0; i < world->nodes_max; i++)
        bytes += arena_touched(&world->nodes[i].arena);
    return bytes;
}

static bool hits_limit(struct world *world, const char *limit)
{
    world->result->end = RUN_LIMIT;
    snprintf(world->result->limit, sizeof world->result->limit, "%s", limit);
    return true;
}

static bool must_stop(struct world *world, uint64_t began_ns)
{
    const struct limits_spec *limits = &world->scenario->limits;
    const struct world_options *options = world->options;

    if (options->progress_ns != NULL)
        atomic_store_explicit(options->progress_ns, world_now_ns(world), memory_order_relaxed);
    if (options->is_interrupted != NULL && atomic_load(options->is_interrupted)) {
        world->result->end = RUN_INTERRUPTED;
        return true;
    }
    if (wall_ns() - began_ns > limits->wall_ns)
        return hits_limit(world, "wall");
    if (touched_bytes(world) > limits->memory)
        return hits_limit(world, "memory");
    return false;
}

static bool is_full(struct world *world)
{
    if (world->is_out_of_memory || world->audit.is_full || events_are_full(world->parts.events))
        return hits_limit(world, "memory");
    if (events_fired(world->parts.events) + world->steps >= world->scenario->limits.events)
        return hits_limit(world, "events");
    return false;
}

bool world_is_quiet(const struct world *world)
{
    return world->audit.offered == world->audit.finished &&
           queue_model_lag(world->parts.queue) == 0 &&
           queue_model_on_the_way(world->parts.queue) == 0;
}

/* Fires events to until_ns. False: the run is over before its time. */
static bool run_to(struct world *world, uint64_t until_ns, bool ends_when_quiet, uint64_t began_ns)
{
    struct events *events = world->parts.events;

    while (!(ends_when_quiet && world_is_quiet(world)) && events_step(events, until_ns)) {
        invariants_event(world);
        if (is_full(world))
            return false;
        if (events_fired(events) % LOOK_AROUND_EVENTS == 0 && must_stop(world, began_ns))
            return false;
    }
    return true;
}

static void tell_failure(void *context)
{
    const struct world *world = context;

    fprintf(stderr, "sim: in scenario %s, variant \"%s\", seed %llu, at %.9f s of virtual time\n",
            world->scenario->name, world->scenario->variant,
            (unsigned long long)world->options->seed, (double)world_now_ns(world) * 1e-9);
    if (world->options->repeat != NULL)
        fprintf(stderr, "sim: it can be repeated by: %s\n", world->options->repeat);
}

static void run(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    uint64_t began_ns = wall_ns();

    start(world);
    if (run_to(world, scenario->duration_ns, false, began_ns)) {
        events_advance(world->parts.events, scenario->duration_ns);
        catch_up(world);
        world_close_rates(world);
        run_to(world, scenario->duration_ns + scenario->drain_ns, true, began_ns);
    } else {
        world_close_rates(world);
    }
    world_close_rest(world);
    if (world->trace != NULL)
        trace_settle(world->trace, world_now_ns(world));
    invariants_end(world);
    world_close_result(world);
    world->result->wall_s = (double)(wall_ns() - began_ns) * 1e-9;
}

bool world_run(const struct scenario *scenario, const struct world_options *options,
               struct result *result)
{
    struct world world = {
        .scenario = scenario, .options = options, .result = result, .trace = options->trace};
    bool is_built;

    measure_init(&world.measure, scenario, result);
    is_built = world_build(&world);
    check_listen(tell_failure, &world);
    if (is_built)
        run(&world);
    check_listen(NULL, NULL);
    world_free(&world);
    return is_built;
}

enum planted_bug world_planted(const char *name)
{
    static const char *const names[PLANT_MAX] = {
        [PLANT_IDLE_CORE] = "idle-core",       [PLANT_LOST_REQUEST] = "lost-request",
        [PLANT_OFFSET_SKIPS] = "offset-skips", [PLANT_DOUBLE_TALLY] = "double-tally",
        [PLANT_EARLY_COMMIT] = "early-commit", [PLANT_ADDS_TWICE] = "adds-twice",
        [PLANT_FORGETS_LOCK] = "forgets-lock", [PLANT_NEVER_EXPIRES] = "never-expires",
        [PLANT_ATOMIC_LOSES] = "atomic-loses",
    };

#ifdef SIM_PLANTED_BUGS
    for (int i = PLANT_NOTHING + 1; i < PLANT_MAX; i++)
        if (strcmp(names[i], name) == 0)
            return (enum planted_bug)i;
#endif
    (void)names;
    (void)name;
    return PLANT_NOTHING;
}
