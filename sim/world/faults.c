/* faults.c — Crashes, pauses and cut cables, at the instants that the scenario names.
 *
 * Faults live here and in the models' own crash, pause and cut; no service knows of them. */
#include "sim/world/world_inside.h"

#include <stdlib.h>
#include <string.h>

static const struct fault_spec *fault_of(struct world *world, struct event *event, bool *begins)
{
    uint32_t place = (uint32_t)(event - world->faults);

    *begins = place % 2 == 0;
    return &world->scenario->faults[place / 2];
}

static void fault_node(struct node *node, const struct fault_spec *fault, bool begins)
{
    switch (fault->kind) {
    case FAULT_CRASH:
        if (begins)
            node_crash(node);
        else if (node->state == NODE_OFF)
            node_boot(node, 0);
        return;
    case FAULT_PAUSE:
        if (begins && node_is_up(node))
            node_pause(node, fault->for_ns);
        return;
    case FAULT_CUT:
        node->is_cut = begins;
        return;
    }
}

/* "delivery" strikes every replica that serves, "delivery/2" one. */
static void fault_service(struct world *world, const struct fault_spec *fault, bool begins)
{
    size_t length = strcspn(fault->target, "/");
    const char *slash = strchr(fault->target, '/');

    for (uint32_t g = 0; g < world->groups_max; g++) {
        struct group *group = &world->groups[g];

        if (strncmp(group->spec->name, fault->target, length) != 0 ||
            group->spec->name[length] != '\0')
            continue;
        for (uint32_t i = 0; i < group->replicas_max; i++)
            if (slash == NULL ? i < group->spec->replicas : i == strtoul(slash + 1, NULL, 10))
                fault_node(&group->replicas[i], fault, begins);
    }
}

static void fault_balancers(struct world *world, const struct fault_spec *fault, bool begins)
{
    for (uint32_t i = 0; i < world->groups_max; i++)
        if (world->groups[i].front != NULL)
            fault_node(&world->groups[i].front->replicas[0], fault, begins);
}

#define FAULT_MODEL(name)                                                                          \
    static void fault_##name(struct name##_model *model, const struct fault_spec *fault,           \
                             bool begins)                                                          \
    {                                                                                              \
        switch (fault->kind) {                                                                     \
        case FAULT_CRASH:                                                                          \
            (begins ? name##_model_crash : name##_model_restart)(model);                           \
            return;                                                                                \
        case FAULT_PAUSE:                                                                          \
            (begins ? name##_model_pause : name##_model_resume)(model);                            \
            return;                                                                                \
        case FAULT_CUT:                                                                            \
            name##_model_cut(model, begins);                                                       \
            return;                                                                                \
        }                                                                                          \
    }
FAULT_MODEL(store)
FAULT_MODEL(queue)
FAULT_MODEL(table)

static void strike(struct event *event)
{
    struct world *world = list_entry(event - event->note, struct world, faults[0]);
    bool begins;
    const struct fault_spec *fault = fault_of(world, event, &begins);

    if (strcmp(fault->target, "store") == 0)
        fault_store(world->parts.store, fault, begins);
    else if (strcmp(fault->target, "queue") == 0)
        fault_queue(world->parts.queue, fault, begins);
    else if (strcmp(fault->target, "table") == 0)
        fault_table(world->parts.table, fault, begins);
    else if (strcmp(fault->target, "balancer") == 0)
        fault_balancers(world, fault, begins);
    else
        fault_service(world, fault, begins);
}

void faults_plan(struct world *world)
{
    for (uint32_t i = 0; i < 2 * world->scenario->faults_max; i++) {
        const struct fault_spec *fault = &world->scenario->faults[i / 2];
        struct event *event = &world->faults[i];

        event->fire = strike;
        event->tag = TAG_FAULT | i;
        event->note = i;
        event_at(world->parts.events, event, fault->at_ns + (i % 2 == 0 ? 0 : fault->for_ns));
    }
}
