/* memory_model.c — Calls in, calls out, and the one event that stands for all their steps.
 *
 * When a burst will end depends on what the others do to it, and others may still come. So the tick
 * is set to the soonest instant at which any burst could end if nothing held it up; at it all steps
 * so far are played, and the tick is set anew. It comes nearer by at least the half each time, and
 * in the end it falls on the very step. So a call ends at its own instant (behind a contended lock
 * up to 5 us late), and no step is ever played that a newcomer could have come before. */
#include "sim/world/memory/memory_model.h"

#include <stdio.h>
#include <string.h>

#include "sim/world/memory/memory_inside.h"
#include "sim/world/world_inside.h"

enum {
    LEAP_ADDS = 4096, /* Per burst and tick, so that a run can be interrupted. */
    GRAIN_NS = 5000
};

/* ---- The tick -------------------------------------------------------------------------------- */

/* No sooner than this can it end. One that has no core now needs the least of its work after it has
 * got one. */
static uint64_t could_end_ns(const struct memory_model *model, const struct burst *burst,
                             uint64_t core_ns, uint64_t step_ns)
{
    uint64_t left_ns = burst->adds_left == 0 ? 0 : (burst->adds_left - 1) * memory_least_ns(model);

    switch (burst->state) {
    case BURST_RUNNING:
    case BURST_WAKING:
        return burst->at_ns + left_ns;
    case BURST_READY:
        return core_ns + left_ns;
    case BURST_SLEEPING:
        break;
    }
    return step_ns + model->costs.asleep_ns / 2 + left_ns;
}

/* When could a core come free? Where its burst's slice ends, or it does; or at any step that finds
 * a lock held, and that cannot be foreseen: there an end may be told late, by a grain. */
static uint64_t core_free_ns(const struct memory_model *model, uint64_t step_ns)
{
    uint64_t free_ns = MEMORY_NEVER;

    if (model->layout.design == MEMORY_LOCKED)
        return step_ns + GRAIN_NS;
    for (uint32_t core = 0; core < model->spec->cores; core++)
        if (model->cores[core] != NULL)
            free_ns = memory_sooner(free_ns,
                                    memory_sooner(model->cores[core]->slice_ns,
                                                  could_end_ns(model, model->cores[core], 0, 0)));
    return free_ns;
}

static void set_tick(struct memory_model *model)
{
    uint64_t now_ns = events_now_ns(model->events), due_ns, step_ns, core_ns;
    const struct link *head = &model->active.head;

    if (list_is_empty(&model->active) && list_is_empty(&model->ended)) {
        event_cancel(&model->tick);
        return;
    }
    due_ns = now_ns + LEAP_ADDS * memory_least_ns(model);
    step_ns = memory_next_ns(model);
    core_ns = core_free_ns(model, step_ns);
    for (const struct link *link = head->next; link != head; link = link->next)
        due_ns = memory_sooner(
            due_ns, could_end_ns(model, list_entry(link, struct burst, active), core_ns, step_ns));
    if (due_ns < now_ns || !list_is_empty(&model->ended))
        due_ns = now_ns;
    event_at(model->events, &model->tick, due_ns);
}

static void tell_ended(struct memory_model *model)
{
    struct link *first;

    while ((first = list_take_first(&model->ended)) != NULL) {
        struct burst *burst = list_entry(first, struct burst, link);

        op_end(&burst->op, CALL_OK, burst->shown, NULL, &model->node->world->bursts);
    }
}

static void tick(struct event *event)
{
    struct memory_model *model = list_entry(event, struct memory_model, tick);

    memory_advance(model, events_now_ns(model->events) + 1);
    tell_ended(model);
    set_tick(model);
}

/* ---- The port -------------------------------------------------------------------------------- */

static void lay(struct memory *memory, const struct memory_layout *layout)
{
    struct memory_model *model = node_of(memory, memory)->memory_model;
    size_t shards = (size_t)layout->slots * model->spec->threads;

    if (model->slots == NULL) {
        model->slots = arena_take(model->arena, layout->slots * sizeof *model->slots);
        model->shards = arena_take(model->arena, shards * sizeof *model->shards);
    }
    check(model->layout.slots == 0 || model->layout.slots == layout->slots);
    model->layout = *layout;
    memory_work_out(model);
}

static void submit(struct memory *memory, struct call *call, uint32_t slot, uint64_t adds)
{
    struct node *node = node_of(memory, memory);
    struct memory_model *model = node->memory_model;
    struct burst *burst = world_take(node->world, &node->world->bursts);

    if (burst == NULL)
        return;
    check(slot < model->layout.slots);
    burst->op.event.tag = TAG_MEMORY | node->id;
    op_begin(&burst->op, node, call, OP_MEMORY, 0);
    burst->link = burst->active = (struct link){NULL, NULL};
    burst->slot = slot;
    burst->is_read = adds == 0;
    burst->adds = burst->adds_left = adds == 0 ? 1 : adds;
    memory_advance(model, events_now_ns(model->events));
    memory_start(model, burst, events_now_ns(model->events));
    set_tick(model);
}

static void read_slot(struct memory *memory, struct call *call, uint32_t slot)
{
    submit(memory, call, slot, 0);
}

const struct memory_ops memory_model_ops = {.lay = lay, .add = submit, .read = read_slot};

/* ---- Life and death -------------------------------------------------------------------------- */

static void free_all_threads(struct memory_model *model)
{
    for (uint32_t i = 0; i < model->spec->threads; i++) /* The first taken is number 0. */
        model->free_threads[i] = model->spec->threads - 1 - i;
    model->threads_free = model->spec->threads;
}

struct memory_model *memory_model_open(struct node *node, const struct service_spec *spec,
                                       const struct sharing_spec *sharing, struct arena *arena)
{
    struct memory_model *model = arena_take(arena, sizeof *model);
    char name[sizeof node->name + 8];

    *model = (struct memory_model){.node = node,
                                   .spec = spec,
                                   .sharing = sharing,
                                   .events = node->world->parts.events,
                                   .arena = arena,
                                   .usage = &node->group->cores};
    snprintf(name, sizeof name, "%s/memory", node->name);
    dice_init(&model->dice, world_seed(node->world), name);
    model->cores = arena_take(arena, spec->cores * sizeof *model->cores);
    model->free_threads = arena_take(arena, spec->threads * sizeof *model->free_threads);
    free_all_threads(model);
    list_init(&model->line);
    list_init(&model->ready);
    list_init(&model->waking);
    list_init(&model->active);
    list_init(&model->ended);
    model->tick.fire = tick;
    model->tick.tag = TAG_MEMORY | node->id;
    node->memory_model = model;
    return model;
}

static int64_t shown_in_all(const struct memory_model *model)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < model->layout.slots; i++)
        sum += memory_shown(model, i);
    return sum;
}

static void drop_bursts(struct memory_model *model)
{
    struct pool *pool = &model->node->world->bursts;
    struct link *first;

    while ((first = list_take_first(&model->line)) != NULL)
        pool_give(pool, list_entry(first, struct burst, link));
    while ((first = list_take_first(&model->active)) != NULL)
        pool_give(pool, list_entry(first, struct burst, active));
    list_init(&model->ready);
    list_init(&model->waking);
}

void memory_model_forget(struct node *node)
{
    struct memory_model *model = node->memory_model;

    if (model == NULL)
        return;
    memory_advance(model, events_now_ns(model->events));
    model->totals.forgotten += (uint64_t)shown_in_all(model);
    drop_bursts(model);
    event_cancel(&model->tick);
    free_all_threads(model);
    model->running = 0;
    memset(model->cores, 0, model->spec->cores * sizeof *model->cores);
    memset(model->slots, 0, model->layout.slots * sizeof *model->slots);
    memset(model->shards, 0,
           (size_t)model->layout.slots * model->spec->threads * sizeof *model->shards);
}

/* All that was to come comes so much later. */
void memory_model_stand_still(struct node *node, uint64_t for_ns)
{
    struct memory_model *model = node->memory_model;

    if (model == NULL)
        return;
    memory_advance(model, events_now_ns(model->events));
    for (struct link *link = model->active.head.next; link != &model->active.head;
         link = link->next) {
        struct burst *burst = list_entry(link, struct burst, active);

        burst->at_ns += for_ns;
        burst->since_ns += for_ns;
        burst->slice_ns += for_ns;
    }
    for (uint32_t i = 0; i < model->layout.slots; i++)
        model->slots[i].line_free_ns += for_ns;
    set_tick(model);
}

void memory_model_catch_up(struct node *node)
{
    struct memory_model *model = node->memory_model;

    if (model == NULL)
        return;
    memory_advance(model, events_now_ns(model->events));
    set_tick(model);
}

void memory_model_close(struct node *node, struct counter_result *result)
{
    const struct memory_model *model = node->memory_model;
    struct counter_result own;

    if (model == NULL)
        return;
    own = model->totals;
    own.is_used = true;
    own.shown = (uint64_t)shown_in_all(model) + own.forgotten;
    counter_result_add(result, &own);
}

size_t memory_model_call_bytes(void)
{
    return sizeof(struct burst);
}

void memory_model_plant(struct memory_model *model)
{
    model->loses = true;
}
