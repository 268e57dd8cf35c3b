/* port_rig_node.c — A node's own timer and cores, modelled and real.
 *
 * The virtual processor counts into its service's group, and messages go as its scenario says: a
 * machine is just so much of a world, without services, plans or load. */
#include "tests/lib/port_rig_node.h"

#include <stdlib.h>

#include "sim/world/world_inside.h"

enum { TASKS = 1024, EXCHANGES = 1024 };

/* ---- A virtual machine ----------------------------------------------------------------------- */

struct rig_machine {
    struct rig *rig;
    struct scenario scenario;
    struct world_options options;
    struct service_spec spec;
};

struct rig_machine *rig_machine_open(struct rig *rig, uint64_t latency_ns)
{
    struct rig_machine *machine = calloc(1, sizeof *machine);
    struct world *world = rig->fixture->world;
    struct arena *arena = &rig->fixture->arena;

    assert_non_null(machine);
    machine->rig = rig;
    machine->scenario.network.way.latency_ns = latency_ns;
    world->scenario = &machine->scenario;
    world->options = &machine->options;
    world->groups_max = 1;
    world->groups[0].world = world;
    world->groups[0].spec = &machine->spec;
    link_init(&world->link, world->parts.events, &machine->scenario.network, 1);
    pool_init(&world->tasks, arena, sizeof(struct task), TASKS);
    pool_init(&world->exchanges, arena, sizeof(struct exchange), EXCHANGES);
    return machine;
}

void rig_machine_close(struct rig_machine *machine)
{
    free(machine);
}

void rig_machine_set(struct rig_machine *machine, struct node *node, const struct cpu_spec *spec,
                     uint32_t in_flight)
{
    static const enum runtime_model models[CPU_MODELS] = {
        [CPU_EVENT_LOOP] = RUNTIME_EVENT_LOOP,
        [CPU_THREADS] = RUNTIME_THREADS,
        [CPU_GIL_THREADS] = RUNTIME_GIL_THREADS,
        [CPU_PROCESSES] = RUNTIME_PROCESSES,
    };

    machine->spec = (struct service_spec){.replicas = 1,
                                          .runtime = models[spec->model],
                                          .cores = spec->cores,
                                          .speed = spec->speed,
                                          .threads = spec->workers,
                                          .processes = spec->workers,
                                          .quantum_ns = spec->quantum_ns,
                                          .switch_interval_ns = spec->switch_interval_ns,
                                          .queue = spec->queue,
                                          .line = spec->line,
                                          .in_flight = in_flight};
    node->group = &machine->rig->fixture->world->groups[0];
    node->timer.ops = &nap_timer_ops;
    node->cpu.ops = &processor_ops;
    processor_init(&node->processor, &machine->spec, 0);
}

/* ---- The two worlds -------------------------------------------------------------------------- */

static void virtual_open(struct rig *rig)
{
    rig_virtual_open(rig, NULL, NULL, NULL);
    rig->own = rig_machine_open(rig, 0);
}

static void virtual_close(struct rig *rig)
{
    rig_machine_close(rig->own);
    rig_virtual_close(rig);
}

const struct rig_world rig_node_virtual = {
    .name = "a node's own ports, virtual", .open = virtual_open, .close = virtual_close};

static void live_close(struct rig *rig)
{
    if (rig->own != NULL)
        cpu_live_close(rig->own);
    rig_live_close(rig);
}

const struct rig_world rig_node_live = {
    .name = "a node's own ports, live", .open = rig_live_open, .close = live_close};

/* ---- Both ------------------------------------------------------------------------------------ */

struct cpu *rig_processor(struct rig *rig, const struct cpu_spec *spec)
{
    if (rig->fixture != NULL) {
        struct node *node = &rig->fixture->nodes[0];

        rig_machine_set(rig->own, node, spec, UINT32_MAX);
        rig->ports.cpu = &node->cpu;
    } else {
        assert_null(rig->own);
        rig->own = cpu_live_open(&rig->loop, spec, &rig->stats);
        rig->ports.cpu = cpu_live_port(rig->own);
    }
    return rig->ports.cpu;
}

void rig_was_due(const struct rig_question *question, uint64_t due_ns, uint64_t tolerance_ns)
{
    if (question->rig->fixture != NULL)
        assert_int_equal(question->told_ns, due_ns);
    else
        assert_true(question->told_ns + tolerance_ns >= due_ns);
}
