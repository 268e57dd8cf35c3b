/* html_topology.c — What stands where in a design, and who asks whom, as nodes and edges.
 *
 *   clients -> balancer -> service x replicas -> store, queue, table
 *                                                 queue -> batcher -> table
 *
 * The boxes come from the scenario, the arrows mostly from what happened: a service whose visits
 * waited for the store has asked it. So a drawing shows what a design did, and a new kind of
 * service is drawn without a line here. Only two things are read from the scenario: whom an `ask`
 * step names, and that a batcher takes from the queue and writes into the table.
 *
 * A service that waited for others but names none (it passes on what it is asked) is drawn as
 * asking those whom nobody else asks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/report/html/html_inside.h"

struct drawing {
    const struct result *result;
    const struct scenario *scenario;
    json_t *nodes, *edges;
};

static const char *const policies[] = {
    [POLICY_NONE] = "",
    [POLICY_ROUND_ROBIN] = "round_robin",
    [POLICY_WEIGHTED] = "weighted",
    [POLICY_RANDOM] = "random",
    [POLICY_LEAST_CONNECTIONS] = "least_connections",
    [POLICY_TWO_CHOICES] = "two_choices",
    [POLICY_PEAK_EWMA] = "peak_ewma",
    [POLICY_CONSISTENT_HASH] = "consistent_hash",
};

/* ---- Nodes ---------------------------------------------------------------------------------- */

static void set_share(json_t *node, const char *key, double share)
{
    json_object_set_new(node, key, isfinite(share) ? json_real(share) : json_null());
}

/* "store" is hit by a fault of "store", delivery by those of delivery and delivery/2. */
static json_int_t faults_of(const struct scenario *scenario, const char *name)
{
    json_int_t faults = 0;
    size_t length = strlen(name);

    for (uint32_t i = 0; i < scenario->faults_max; i++) {
        const char *target = scenario->faults[i].target;

        faults +=
            strncmp(target, name, length) == 0 && (target[length] == '\0' || target[length] == '/');
    }
    return faults;
}

static json_t *add_node(struct drawing *drawing, const char *id, const char *kind)
{
    json_t *node = json_object();

    json_object_set_new(node, "id", json_string(id));
    json_object_set_new(node, "kind", json_string(kind));
    json_object_set_new(node, "bottleneck",
                        json_boolean(strcmp(drawing->result->bottleneck.component, id) == 0));
    json_object_set_new(node, "faults", json_integer(faults_of(drawing->scenario, id)));
    json_array_append_new(drawing->nodes, node);
    return node;
}

static const struct service_result *find_station(const struct drawing *drawing, const char *name)
{
    for (uint32_t i = 0; i < drawing->result->services_max; i++)
        if (strcmp(drawing->result->services[i].name, name) == 0)
            return &drawing->result->services[i];
    return NULL;
}

static bool has_balancer(const struct drawing *drawing, const struct service_spec *spec)
{
    return drawing->scenario->balancer.policy != POLICY_NONE && spec->kind != KIND_BATCHER;
}

struct id {
    char text[NAME_MAX_BYTES];
};

/* As the result calls it. */
static struct id balancer_of(const struct service_spec *spec)
{
    struct id id;

    snprintf(id.text, sizeof id.text, "%.*s/balancer", SERVICE_NAME_MAX_BYTES - 1, spec->name);
    return id;
}

/* Who is asked by who asks for the service. */
static struct id front_of(const struct drawing *drawing, const struct service_spec *spec)
{
    struct id id;

    if (has_balancer(drawing, spec))
        return balancer_of(spec);
    snprintf(id.text, sizeof id.text, "%s", spec->name);
    return id;
}

static void set_station(const struct drawing *drawing, json_t *node, const char *name)
{
    const struct service_result *station = find_station(drawing, name);

    set_share(node, "utilization", station == NULL ? NAN : station->utilization);
    set_share(node, "utilization_peak", station == NULL ? NAN : station->utilization_peak);
    if (station != NULL)
        json_object_set_new(node, "replicas_max", json_integer(station->replicas_max));
}

static void add_balancer(struct drawing *drawing, const struct service_spec *spec)
{
    enum balancer_policy policy = drawing->scenario->balancer.policy;
    struct id id = balancer_of(spec);
    json_t *node = add_node(drawing, id.text, "balancer");

    if (policy < sizeof policies / sizeof policies[0])
        json_object_set_new(node, "policy", json_string(policies[policy]));
    json_object_set_new(node, "faults",
                        json_integer(faults_of(drawing->scenario, "balancer") +
                                     faults_of(drawing->scenario, id.text)));
    set_station(drawing, node, id.text);
}

static void add_service(struct drawing *drawing, const struct service_spec *spec)
{
    json_t *node = add_node(drawing, spec->name, spec->kind == KIND_BATCHER ? "worker" : "service");

    json_object_set_new(node, "replicas", json_integer(spec->replicas));
    json_object_set_new(node, "cores", json_integer(spec->cores));
    json_object_set_new(node, "autoscaled", json_boolean(spec->autoscale.is_on));
    json_object_set_new(node, "scale_min", json_integer(spec->autoscale.replicas_min));
    json_object_set_new(node, "scale_max", json_integer(spec->autoscale.replicas_max));
    set_station(drawing, node, spec->name);
}

/* Of all that can be busy in it, what was busiest: cores, connections, one row's lock. */
/* What was not measured is 0 and never the busiest. */
static void set_busiest(json_t *node, const struct table_result *table)
{
    double mean = table->utilization, peak = table->utilization_peak;

    if (table->unread > 0 || table->pool_utilization_peak > peak) {
        mean = table->pool_utilization;
        peak = table->pool_utilization_peak;
    }
    if (table->hottest_row_busy > peak)
        mean = peak = table->hottest_row_busy;
    set_share(node, "utilization", mean);
    set_share(node, "utilization_peak", peak);
}

static void add_data(struct drawing *drawing)
{
    const struct result *result = drawing->result;
    json_t *node;

    if (result->store.is_used) {
        bool is_known = result->store.unread == 0;

        node = add_node(drawing, "store", "store");
        set_share(node, "utilization", is_known ? result->store.utilization : NAN);
        set_share(node, "utilization_peak", is_known ? result->store.utilization_peak : NAN);
    }
    if (result->queue.is_used) {
        node = add_node(drawing, "queue", "queue");
        json_object_set_new(node, "lag_max", json_integer((json_int_t)result->queue.lag_max));
    }
    if (result->table.is_used) {
        node = add_node(drawing, "table", "table");
        set_busiest(node, &result->table);
    }
}

static void add_nodes(struct drawing *drawing)
{
    add_node(drawing, "clients", "clients");
    for (uint32_t i = 0; i < drawing->scenario->services_max; i++) {
        const struct service_spec *spec = &drawing->scenario->services[i];

        if (has_balancer(drawing, spec))
            add_balancer(drawing, spec);
        add_service(drawing, spec);
    }
    add_data(drawing);
}

/* ---- Edges ---------------------------------------------------------------------------------- */

static bool has_node(const struct drawing *drawing, const char *id)
{
    for (size_t i = 0; i < json_array_size(drawing->nodes); i++) {
        const json_t *node = json_array_get(drawing->nodes, i);

        if (strcmp(json_string_value(json_object_get(node, "id")), id) == 0)
            return true;
    }
    return false;
}

/* from NULL: from anywhere. */
static bool has_edge(const struct drawing *drawing, const char *from, const char *to)
{
    for (size_t i = 0; i < json_array_size(drawing->edges); i++) {
        const json_t *edge = json_array_get(drawing->edges, i);
        const char *begins = json_string_value(json_array_get(edge, 0));
        const char *ends = json_string_value(json_array_get(edge, 1));

        if ((from == NULL || strcmp(begins, from) == 0) && strcmp(ends, to) == 0)
            return true;
    }
    return false;
}

static void add_edge(struct drawing *drawing, const char *from, const char *to)
{
    if (has_node(drawing, from) && has_node(drawing, to) && !has_edge(drawing, from, to))
        json_array_append_new(drawing->edges, json_pack("[ss]", from, to));
}

static bool waited_for(const struct drawing *drawing, const struct service_spec *spec,
                       const char *what)
{
    const struct service_result *station = find_station(drawing, spec->name);

    for (uint32_t i = 0; station != NULL && i < station->stages_max; i++)
        if (strcmp(station->stages[i].name, what) == 0)
            return true;
    return false;
}

static bool names_whom_it_asks(const struct service_spec *spec)
{
    if (spec->kind == KIND_GATEWAY)
        return true;
    for (uint32_t i = 0; i < spec->steps_max; i++)
        if (spec->steps[i].kind == STEP_ASK)
            return true;
    return false;
}

static void add_edges_of(struct drawing *drawing, const struct service_spec *spec)
{
    static const char *const data[] = {"store", "queue", "table"};

    if (has_balancer(drawing, spec))
        add_edge(drawing, balancer_of(spec).text, spec->name);
    if (spec->kind == KIND_BATCHER) { /* Nobody visits it, so its waits are in no result. */
        add_edge(drawing, "queue", spec->name);
        add_edge(drawing, spec->name, "table");
    }
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++)
        if (waited_for(drawing, spec, data[i]) && !has_edge(drawing, data[i], spec->name))
            add_edge(drawing, spec->name, data[i]);
    if (spec->kind == KIND_GATEWAY)
        add_edge(drawing, spec->name,
                 front_of(drawing, &drawing->scenario->services[spec->behind]).text);
    for (uint32_t i = 0; i < spec->steps_max; i++)
        if (spec->steps[i].kind == STEP_ASK)
            add_edge(drawing, spec->name,
                     front_of(drawing, &drawing->scenario->services[spec->steps[i].service]).text);
}

static void add_edges_to_the_unasked(struct drawing *drawing)
{
    const struct scenario *scenario = drawing->scenario;

    for (uint32_t to = 0; to < scenario->services_max; to++) {
        struct id front = front_of(drawing, &scenario->services[to]);

        if (has_edge(drawing, NULL, front.text))
            continue;
        for (uint32_t from = 0; from < scenario->services_max; from++)
            if (from != to && !names_whom_it_asks(&scenario->services[from]) &&
                waited_for(drawing, &scenario->services[from], "peer"))
                add_edge(drawing, scenario->services[from].name, front.text);
    }
}

static void add_edges(struct drawing *drawing)
{
    const struct scenario *scenario = drawing->scenario;

    for (uint32_t i = 0; i < scenario->loads_max; i++) {
        struct id front = front_of(drawing, &scenario->services[scenario->loads[i].service]);

        add_edge(drawing, "clients", front.text);
    }
    for (uint32_t i = 0; i < scenario->services_max; i++)
        add_edges_of(drawing, &scenario->services[i]);
    add_edges_to_the_unasked(drawing);
}

json_t *html_topology(const struct result *result)
{
    struct drawing drawing = {result, result->scenario, json_array(), json_array()};

    add_nodes(&drawing);
    add_edges(&drawing);
    return json_pack("{soso}", "nodes", drawing.nodes, "edges", drawing.edges);
}
