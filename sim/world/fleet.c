/* fleet.c — The platform: replicas come up after their boot delay, leave when they are drained,
 * and the balancer hears of both. Of a death it hears nothing: it has its own checks, and until
 * they notice, or where there are none, the dead go on being asked.
 *
 * What the autoscaler sees are means since it last looked, over the replicas that are ready now:
 * one that drains is left out, as a pod is that is being deleted (Kubernetes, groupPods() of
 * replica_calculator.go), for it has been given up already. One that died and will be back counts
 * as starting, as an unready pod does, so that nobody starts another in its place. */
#include "sim/world/world_inside.h"

static uint32_t workers_of(const struct service_spec *spec)
{
    return spec->runtime == RUNTIME_EVENT_LOOP ? spec->cores : service_workers(spec);
}

static void note_size(struct group *group)
{
    uint64_t now_ns = world_now_ns(group->world);
    uint64_t up = group->ready + group->draining;

    area_change(&group->replicas_up, now_ns, up);
    usage_resize(&group->cores, now_ns, up * group->spec->cores);
    usage_resize(&group->workers, now_ns, up * workers_of(group->spec));
    if (group->spec->runtime == RUNTIME_GIL_THREADS)
        usage_resize(&group->gil, now_ns, up);
    if (group->ready > group->ready_max)
        group->ready_max = group->ready;
}

static struct balancer *balancer_of(struct group *group)
{
    return group->front == NULL ? NULL : group->front->replicas[0].service;
}

static struct carried carried_by(const struct node *node)
{
    uint64_t now_ns = world_now_ns(node->world);

    return (struct carried){area_sum(&node->processor.computing, now_ns),
                            node->stays_ns + node->visits.length * now_ns};
}

void fleet_ready(struct node *node)
{
    struct group *group = node->group;
    struct balancer *balancer = balancer_of(group);

    group->ready++;
    node->seen = carried_by(node);
    note_size(group);
    if (balancer != NULL && node_is_up(&group->front->replicas[0]))
        balancer_join(balancer, node->id, node->processor.speed);
    if (!group->is_balancer)
        return;
    /* A balancer that comes back learns who is there, as from any service discovery. */
    for (uint32_t i = 0; i < group->behind->replicas_max; i++)
        if (group->behind->replicas[i].state == NODE_READY)
            balancer_join(node->service, group->behind->replicas[i].id,
                          group->behind->replicas[i].processor.speed);
}

void fleet_drains(struct node *node)
{
    node->group->ready--;
    node->group->draining++;
    note_size(node->group);
}

void fleet_gone(struct node *node)
{
    if (node->state == NODE_READY)
        node->group->ready--;
    else
        node->group->draining--;
    note_size(node->group);
}

void fleet_leaves(struct node *node)
{
    struct group *group = node->group;
    struct balancer *balancer = balancer_of(group);

    if (balancer != NULL && node_is_up(&group->front->replicas[0]))
        balancer_leave(balancer, node->id);
}

void fleet_start(struct group *group)
{
    for (uint32_t i = 0; i < group->spec->replicas; i++)
        node_boot(&group->replicas[i], 0);
}

/* ---- The autoscaler's port ------------------------------------------------------------------ */

struct window { /* Of all ready replicas, since the last look or since they became ready. */
    struct carried carried;
    uint64_t ready_ns;
};

static void add_window(struct window *window, struct node *node)
{
    struct carried now = carried_by(node);
    uint64_t from_ns = node->group->seen.at_ns;

    window->carried.busy += now.busy - node->seen.busy;
    window->carried.inside += now.inside - node->seen.inside;
    window->ready_ns +=
        world_now_ns(node->world) - (node->ready_ns > from_ns ? node->ready_ns : from_ns);
    node->seen = now;
}

static void look(struct fleet *fleet, struct fleet_view *view)
{
    struct group *group = list_entry(fleet, struct group, fleet);
    const struct seen now = {world_now_ns(group->world), group->let_in};
    double ready = group->ready > 0 ? group->ready : 1;
    double window_s = (double)(now.at_ns - group->seen.at_ns) * 1e-9;
    struct window window = {.ready_ns = 0};

    *view = (struct fleet_view){.ready = group->ready, .starting = group->starting};
    for (uint32_t i = 0; i < group->replicas_max; i++)
        if (group->replicas[i].state == NODE_READY)
            add_window(&window, &group->replicas[i]);
    if (window.ready_ns > 0) {
        view->cpu = (double)window.carried.busy / ((double)window.ready_ns * group->spec->cores);
        view->in_flight = (double)window.carried.inside / (double)window.ready_ns;
    }
    if (window_s > 0)
        view->rate = (double)(now.let_in - group->seen.let_in) / window_s / ready;
    view->lag = (double)queue_model_group_lag(group->world->parts.queue, group->spec->name) / ready;
    group->seen = now;
}

static void grow(struct group *group, uint32_t by)
{
    for (uint32_t i = 0; i < group->replicas_max && by > 0; i++)
        if (group->replicas[i].state == NODE_OFF) {
            node_boot(&group->replicas[i], group->spec->boot_ns);
            by--;
        }
}

/* Sends away up to `by` replicas in this state, the youngest first. How many are still too many. */
static uint32_t shrink(struct group *group, uint32_t by, enum node_state state)
{
    for (uint32_t i = group->replicas_max; i > 0 && by > 0; i--)
        if (group->replicas[i - 1].state == state) {
            node_drain(&group->replicas[i - 1]);
            by--;
        }
    return by;
}

static void resize(struct fleet *fleet, uint32_t replicas)
{
    struct group *group = list_entry(fleet, struct group, fleet);
    uint32_t wanted = replicas < group->replicas_max ? replicas : group->replicas_max;
    uint32_t now = group->ready + group->starting;

    if (wanted >= now)
        grow(group, wanted - now);
    else /* Those that do not serve go first. */
        shrink(group, shrink(group, shrink(group, now - wanted, NODE_DOWN), NODE_BOOTING),
               NODE_READY);
}

const struct fleet_ops fleet_world_ops = {.look = look, .resize = resize};
