/* port_rig_memory.c — A virtual node with threads that share memory, and a live one. */
#include "tests/lib/port_rig_memory.h"

#include <stdlib.h>

#include "services/live/memory/memory_live.h"
#include "sim/world/world_inside.h"

enum { BURSTS = 4096 };

static const struct sharing_spec costs = {.atomic_ns = 3,
                                          .line_ns = 20,
                                          .park_ns = 900,
                                          .wake_ns = 13000,
                                          .asleep_ns = 38000,
                                          .allocate_ns = 25,
                                          .copy_ns = 40,
                                          .quantum_ns = MS(4)};

/* ---- Virtual --------------------------------------------------------------------------------- */

struct virtual_memory {
    struct rig_machine *machine;
    struct service_spec spec;
    struct sharing_spec sharing;
};

static void virtual_open(struct rig *rig)
{
    struct virtual_memory *own = calloc(1, sizeof *own);

    assert_non_null(own);
    rig_virtual_open(rig, NULL, NULL, NULL);
    own->machine = rig_machine_open(rig, 0);
    own->sharing = costs;
    rig->own = own;
}

static void virtual_close(struct rig *rig)
{
    struct virtual_memory *own = rig->own;

    rig_machine_close(own->machine);
    free(own);
    rig_virtual_close(rig);
}

const struct rig_world rig_memory_virtual = {
    .name = "memory port, virtual", .open = virtual_open, .close = virtual_close};

struct service_spec rig_memory_spec(uint32_t cores, uint32_t threads)
{
    return (struct service_spec){.cores = cores, .threads = threads, .speed = 1};
}

void rig_memory_turns(struct rig *rig, uint64_t quantum_ns)
{
    struct virtual_memory *own = rig->own;

    own->sharing.quantum_ns = quantum_ns;
}

struct memory *rig_memory_of(struct rig *rig, const struct service_spec *spec,
                             const struct memory_layout *layout)
{
    struct virtual_memory *own = rig->own;
    struct node *node = &rig->fixture->nodes[0];
    const struct cpu_spec cpu = {.cores = spec->cores, .speed = spec->speed};

    own->spec = *spec;
    rig_machine_set(own->machine, node, &cpu, UINT32_MAX);
    pool_init(&node->world->bursts, &rig->fixture->arena, memory_model_call_bytes(), BURSTS);
    node->memory.ops = &memory_model_ops;
    memory_model_open(node, &own->spec, &own->sharing, &rig->fixture->arena);
    rig->ports.memory = &node->memory;
    memory_lay(rig->ports.memory, layout);
    return rig->ports.memory;
}

/* ---- Live ------------------------------------------------------------------------------------ */

static void live_close(struct rig *rig)
{
    if (rig->own != NULL)
        memory_live_close(rig->own);
    rig_live_close(rig);
}

const struct rig_world rig_memory_live = {
    .name = "memory port, live", .open = rig_live_open, .close = live_close};

static struct memory *live_memory(struct rig *rig, uint32_t threads,
                                  const struct memory_layout *layout)
{
    const struct memory_live_spec spec = {
        .threads = threads, .cores = 2, .speed = 1, .seed = 1, .name = "counter/0"};

    assert_null(rig->own);
    rig->own = memory_live_open(&rig->loop, &spec, &rig->stats);
    rig->ports.memory = memory_live_port(rig->own);
    memory_lay(rig->ports.memory, layout);
    return rig->ports.memory;
}

/* ---- Both ------------------------------------------------------------------------------------ */

struct memory *rig_memory(struct rig *rig, uint32_t threads, const struct memory_layout *layout)
{
    const struct service_spec spec = rig_memory_spec(2, threads);

    return rig->fixture != NULL ? rig_memory_of(rig, &spec, layout)
                                : live_memory(rig, threads, layout);
}

struct counter_result rig_counted(const struct rig *rig)
{
    const struct node_stats *stats = &rig->stats;
    struct counter_result counted = {.attempted = stats->counter_attempted,
                                     .shown = stats->counter_shown,
                                     .lock_waits = stats->counter_lock_waits,
                                     .retries = stats->counter_retries,
                                     .allocations = stats->counter_allocations,
                                     .allocated_bytes = stats->counter_allocated_bytes,
                                     .adds = stats->counter_adds,
                                     .reads = stats->counter_reads};

    counted.lost = (int64_t)(counted.attempted - counted.shown);
    if (rig->fixture != NULL) {
        counted = (struct counter_result){0};
        memory_model_close(&rig->fixture->nodes[0], &counted);
    }
    return counted;
}
