/* faults.c — Crashes, pauses and cut cables, at the instants that the scenario names.
 *
 * Faults of one kind that overlap on one thing are one fault: it ends with the last of them.
 * Faults live here and in the models' own crash, pause and cut; no service knows of them. */
#include "sim/world/world_inside.h"

#include <stdlib.h>
#include <string.h>

static const struct fault_spec *fault_of(const struct world *world, const struct event *event)
{
    return &world->scenario->faults[event->note / 2];
}

/* One without a length lasts to the end of the run: 36 years are long enough. */
static uint64_t length_ns(const struct fault_spec *fault)
{
    return fault->for_ns > 0 ? fault->for_ns : UINT64_C(1) << 60;
}

/* "delivery" strikes every replica of it, "delivery/2" one, "balancer" all balancers. */
static bool strikes(const struct fault_spec *fault, const struct node *node)
{
    const struct group *group = node->group;
    size_t length = strcspn(fault->target, "/");
    const char *name = group->is_balancer ? "balancer" : group->spec->name;

    if (strlen(name) != length || strncmp(name, fault->target, length) != 0)
        return false;
    return fault->target[length] == '\0' ||
           strtoul(&fault->target[length + 1], NULL, 10) == (unsigned long)(node - group->replicas);
}

/* Whether another fault of this kind is still at work: on this node, or, where there is none, on
 * the model of that name. Then the end of this one is not felt. */
static bool goes_on(const struct world *world, const struct fault_spec *ended,
                    const struct node *node)
{
    uint64_t now_ns = world_now_ns(world);

    for (uint32_t i = 0; i < world->scenario->faults_max; i++) {
        const struct fault_spec *fault = &world->scenario->faults[i];
        bool is_at_work = fault->at_ns <= now_ns && now_ns < fault->at_ns + length_ns(fault);

        if (fault != ended && fault->kind == ended->kind && is_at_work &&
            (node != NULL ? strikes(fault, node) : strcmp(fault->target, ended->target) == 0))
            return true;
    }
    return false;
}

static void fault_node(struct node *node, const struct fault_spec *fault, bool begins)
{
    switch (fault->kind) {
    case FAULT_CRASH:
        if (begins)
            node_crash(node, fault->for_ns > 0);
        else
            node_restart(node);
        return;
    case FAULT_PAUSE:
        if (begins)
            node_pause(node, length_ns(fault));
        return;
    case FAULT_CUT:
        node->is_cut = begins;
        return;
    }
}

static void fault_nodes(struct world *world, const struct fault_spec *fault, bool begins)
{
    for (uint32_t i = 0; i < world->nodes_max; i++) {
        struct node *node = &world->nodes[i];

        if (node->group != NULL && strikes(fault, node) && (begins || !goes_on(world, fault, node)))
            fault_node(node, fault, begins);
    }
}

#define FAULT_MODEL(name)                                                                          \
    static void fault_##name(const struct world *world, const struct fault_spec *fault,            \
                             bool begins)                                                          \
    {                                                                                              \
        struct name##_model *model = world->parts.name;                                            \
                                                                                                   \
        if (!begins && goes_on(world, fault, NULL))                                                \
            return;                                                                                \
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
    const struct fault_spec *fault = fault_of(world, event);
    bool begins = event->note % 2 == 0;

    if (strcmp(fault->target, "store") == 0)
        fault_store(world, fault, begins);
    else if (strcmp(fault->target, "queue") == 0)
        fault_queue(world, fault, begins);
    else if (strcmp(fault->target, "table") == 0)
        fault_table(world, fault, begins);
    else
        fault_nodes(world, fault, begins);
}

void faults_plan(struct world *world)
{
    for (uint32_t i = 0; i < 2 * world->scenario->faults_max; i++) {
        struct event *event = &world->faults[i];
        const struct fault_spec *fault;

        event->fire = strike;
        event->tag = TAG_FAULT | i;
        event->note = i; /* Even: it begins; odd: it ends. */
        fault = fault_of(world, event);
        event_at(world->parts.events, event, fault->at_ns + (i % 2 == 0 ? 0 : length_ns(fault)));
    }
}
