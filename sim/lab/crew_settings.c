/* crew_settings.c — What a node is told, from the scenario and from where everything is. */
#include <stdio.h>
#include <string.h>

#include "sim/lab/crew_inside.h"

static struct cpu_spec cpu_of(const struct service_spec *spec)
{
    static const enum cpu_model models[] = {[RUNTIME_EVENT_LOOP] = CPU_EVENT_LOOP,
                                            [RUNTIME_THREADS] = CPU_THREADS,
                                            [RUNTIME_GIL_THREADS] = CPU_GIL_THREADS,
                                            [RUNTIME_PROCESSES] = CPU_PROCESSES};

    return (struct cpu_spec){.model = models[spec->runtime],
                             .cores = spec->cores,
                             .workers = service_workers(spec),
                             .quantum_ns = spec->quantum_ns,
                             .switch_interval_ns = spec->switch_interval_ns,
                             .queue = spec->queue,
                             .line = spec->line};
}

void settings_of_node(struct node_settings *settings, const struct scenario *scenario,
                      const struct service_spec *spec, const struct plan *plan)
{
    *settings =
        (struct node_settings){.plan = *plan, .cpu = cpu_of(spec), .in_flight = spec->in_flight};
    settings->table.connections = servers_connections_each(scenario);
    settings_of_replica(settings, spec, 0);
}

void settings_of_replica(struct node_settings *settings, const struct service_spec *spec,
                         uint32_t replica)
{
    settings->replica = replica;
    settings->cpu.speed = settings->weight = service_speed(spec, replica);
    setup_replica(&settings->plan, spec, replica);
}

static void settings_servers(struct node_settings *settings, const struct servers *servers,
                             struct servers_wanted wanted)
{
    uint32_t connections = settings->table.connections;

    if (wanted.store)
        settings->store = servers->store;
    if (wanted.queue)
        settings->queue = servers->queue;
    if (wanted.table)
        settings->table = servers->table;
    settings->table.connections = connections;
}

static const enum token_algorithm algorithms[ALGORITHMS] = {
    [ALGORITHM_HS256] = TOKEN_HS256,
    [ALGORITHM_RS256] = TOKEN_RS256,
    [ALGORITHM_EDDSA] = TOKEN_EDDSA,
};

enum token_algorithm settings_algorithm(const struct service_spec *spec)
{
    return algorithms[spec->auth.algorithm];
}

bool settings_sign(const struct service_spec *spec)
{
    return spec->kind == KIND_GATEWAY &&
           (spec->auth.kind == AUTH_JWT || spec->auth.kind == AUTH_JWT_DENYLIST);
}

/* One per algorithm: gateways of one run trust each other's signatures, and tell their tokens apart
 * by the audience. */
bool crew_make_tokens(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->scenario->services_max; i++) {
        const struct service_spec *spec = &crew->scenario->services[i];
        enum token_algorithm algorithm = settings_algorithm(spec);

        if (settings_sign(spec) && crew->tokens[algorithm].length == 0 &&
            !token_settings_make(&crew->tokens[algorithm], algorithm))
            return false;
    }
    return true;
}

const struct token_settings *crew_tokens(const struct crew *crew, enum token_algorithm algorithm)
{
    return &crew->tokens[algorithm];
}

void settings_of_place(const struct place *place, struct node_settings *settings)
{
    const struct station *station = place->station;
    struct crew *crew = station->crew;

    settings_of_node(settings, crew->scenario, station->spec, &station->plan);
    if (station->is_balancer) /* The name that the virtual world gives it, for the same dice. */
        snprintf(settings->name, sizeof settings->name, "%s", station->spec->name);
    else
        snprintf(settings->name, sizeof settings->name, "%s/%u", station->spec->name,
                 place->replica);
    snprintf(settings->run, sizeof settings->run, "%s", crew->servers->run);
    snprintf(settings->board, sizeof settings->board, "%s", place->board_path);
    snprintf(settings->token, sizeof settings->token, "%s", crew->token);
    settings_of_replica(settings, station->spec, place->replica);
    settings->seed = crew->options->seed;
    settings->origin_ns = crew->origin_ns;
    settings->cpu.is_burnt = crew->options->burns;
    settings->listen = place->address;
    for (uint32_t i = 0; i < crew->scenario->services_max && !station->is_balancer; i++)
        settings->peers[i] = *crew_front(crew, i);
    if (station->front != NULL)
        settings->front = station->front->places[0].address;
    if (!station->is_balancer)
        settings_servers(settings, crew->servers, servers_wanted_by(station->spec));
    if (settings_sign(station->spec))
        settings->tokens = crew->tokens[settings_algorithm(station->spec)];
    snprintf(settings->queue.group, sizeof settings->queue.group, "sim-%s-%s", crew->servers->run,
             station->spec->name);
    if (crew->failpoints_left > 0 && station->plan.kind == PLAN_BATCHER) {
        settings->failpoint = crew->options->failpoint;
        crew->failpoints_left--;
    }
}
