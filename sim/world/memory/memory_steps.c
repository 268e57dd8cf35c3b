/* memory_steps.c — One increment, in five designs.
 *
 *   unlocked   work -> READ --gap-----------------> WRITE
 *                               | the core is taken away, and the write is on its way
 *                               +--> PASS
 *   locked     work -> TRY --hold-----------------> RELEASE
 *                       | held
 *                       +--> PARK: free by now, or still held: sleep -> RETRY
 *   atomic     work -> ASK --the line's way-------> APPLY
 *   sharded    work -> BUMP
 *   copied     work -> COPY --allocate, copy--> ASK --the line's way--> SWAP --too late--> COPY
 *
 * and of a read:  LOOK, behind the same lock or on the line's way. */
#include "sim/world/memory/memory_inside.h"
#include "sim/world/world_inside.h"

/* STORE_NS: of a gap, the write's way out of the store buffer (keys_memory.c). In it another core
 * may write, but no other thread of this one: an interrupt empties the buffer first. */
enum { PLAIN_NS = 1, STORE_NS = 14, LOSES_ONE_IN = 1000000 };

static uint64_t at_speed(const struct memory_model *model, uint64_t ns)
{
    return (uint64_t)((double)ns / model->spec->speed + 0.5);
}

/* No step is free, or time would stand still. */
static uint64_t cost_ns(const struct memory_model *model, uint64_t ns)
{
    uint64_t cost = at_speed(model, ns);

    return cost > 0 ? cost : 1;
}

static uint64_t alone_ns(const struct memory_model *model)
{
    const struct memory_costs *costs = &model->costs;

    switch (model->layout.design) {
    case MEMORY_UNLOCKED:
        return costs->gap_ns;
    case MEMORY_LOCKED:
        return costs->hold_ns;
    case MEMORY_ATOMIC:
        return costs->atomic_ns;
    case MEMORY_COPIED:
        return costs->copy_ns + costs->atomic_ns;
    case MEMORY_SHARDED:
    case MEMORY_DESIGNS:
        break;
    }
    return PLAIN_NS;
}

void memory_work_out(struct memory_model *model)
{
    const struct sharing_spec *sharing = model->sharing;
    const struct memory_layout *layout = &model->layout;
    struct memory_costs *costs = &model->costs;
    uint64_t copy_ns = sharing->allocate_ns + sharing->copy_ns * layout->bytes / 1024;
    uint64_t spread_ns;

    costs->gap_ns = cost_ns(model, layout->gap_ns);
    costs->store_ns = memory_sooner(at_speed(model, STORE_NS), costs->gap_ns - PLAIN_NS);
    costs->atomic_ns = cost_ns(model, sharing->atomic_ns);
    costs->line_ns = cost_ns(model, sharing->line_ns);
    costs->hold_ns = cost_ns(model, layout->hold_ns);
    costs->park_ns = cost_ns(model, sharing->park_ns);
    costs->wake_ns = cost_ns(model, sharing->wake_ns);
    costs->asleep_ns = cost_ns(model, sharing->asleep_ns);
    costs->copy_ns = cost_ns(model, copy_ns);
    costs->work_ns = at_speed(model, layout->work_ns);
    spread_ns = (uint64_t)((double)costs->work_ns * layout->jitter);
    costs->work_least_ns = costs->work_ns - spread_ns;
    costs->work_range_ns = 2 * spread_ns + 1;
    costs->add_ns = alone_ns(model);
}

uint64_t memory_least_ns(const struct memory_model *model)
{
    const struct memory_costs *costs = &model->costs;
    uint64_t add_ns = costs->add_ns;

    if ((model->layout.design == MEMORY_ATOMIC || model->layout.design == MEMORY_COPIED) &&
        costs->line_ns < costs->atomic_ns)
        add_ns -= costs->atomic_ns - costs->line_ns;
    return costs->work_least_ns + add_ns;
}

/* ---- The next increment ---------------------------------------------------------------------- */

static uint64_t draw_work_ns(struct memory_model *model)
{
    const struct memory_costs *costs = &model->costs;

    if (costs->work_range_ns == 1)
        return costs->work_ns;
    return costs->work_least_ns + dice_below(&model->dice, costs->work_range_ns);
}

static enum burst_step first_step(const struct memory_model *model)
{
    switch (model->layout.design) {
    case MEMORY_UNLOCKED:
        return DO_READ;
    case MEMORY_LOCKED:
        return DO_TRY;
    case MEMORY_ATOMIC:
        return DO_ASK;
    case MEMORY_COPIED:
        return DO_COPY;
    case MEMORY_SHARDED:
    case MEMORY_DESIGNS:
        break;
    }
    return DO_BUMP;
}

/* The line's way to this core, behind all who wanted it before. */
static uint64_t line_comes_ns(struct memory_model *model, const struct burst *burst)
{
    struct slot *slot = &model->slots[burst->slot];
    bool is_here = slot->owner == burst->core + 1;
    uint64_t from_ns = burst->at_ns > slot->line_free_ns ? burst->at_ns : slot->line_free_ns;

    slot->owner = burst->core + 1;
    slot->line_free_ns = from_ns + (is_here ? model->costs.atomic_ns : model->costs.line_ns);
    return slot->line_free_ns;
}

/* A read of shards finds each of them in another core's cache. */
static uint64_t look_ns(const struct memory_model *model)
{
    if (model->layout.design == MEMORY_SHARDED)
        return model->costs.line_ns * model->spec->threads;
    return model->costs.line_ns;
}

void memory_begin(struct memory_model *model, struct burst *burst)
{
    burst->step = first_step(model);
    burst->left_ns = burst->is_read ? 0 : draw_work_ns(model);
    if (burst->is_read && model->layout.design != MEMORY_LOCKED) {
        burst->step = DO_LOOK;
        burst->left_ns = look_ns(model);
    }
}

/* Now, at its at_ns: nothing that ends a burst may be said of a later instant. */
static void go_on(struct memory_model *model, struct burst *burst)
{
    burst->adds_left--;
    if (burst->adds_left == 0) {
        memory_end(model, burst);
        return;
    }
    burst->step = first_step(model);
    burst->at_ns += draw_work_ns(model);
}

static void has_added(struct memory_model *model, struct burst *burst)
{
    model->totals.attempted++;
    go_on(model, burst);
}

/* ---- Designs --------------------------------------------------------------------------------- */

/* What others have written since it read is lost; a negative number is a loss taken back. Counted
 * where it is written: who was interrupted may die before it goes on. */
static void overwrite(struct memory_model *model, const struct burst *burst)
{
    struct slot *slot = &model->slots[burst->slot];

    model->totals.attempted++;
    model->totals.lost += (int64_t)(slot->value - burst->seen);
    slot->value = burst->seen + 1;
}

void memory_interrupt(struct memory_model *model, struct burst *burst)
{
    if (burst->step != DO_WRITE || burst->left_ns >= model->costs.store_ns)
        return;
    overwrite(model, burst);
    burst->step = DO_PASS;
}

static void hold(struct memory_model *model, struct burst *burst, struct slot *slot)
{
    bool is_here = slot->owner == burst->core + 1;

    slot->is_held = true;
    slot->owner = burst->core + 1;
    burst->step = DO_RELEASE;
    burst->at_ns += model->costs.hold_ns + (is_here ? 0 : model->costs.line_ns);
}

/* Who has once found it held does not know whether others sleep, and leaves word that they may. */
static void retry_lock(struct memory_model *model, struct burst *burst, struct slot *slot)
{
    slot->is_wanted = true;
    if (!slot->is_held) {
        hold(model, burst, slot);
        return;
    }
    burst->step = DO_PARK;
    burst->at_ns += model->costs.park_ns / 2;
}

static void try_lock(struct memory_model *model, struct burst *burst, struct slot *slot)
{
    if (!slot->is_held) {
        hold(model, burst, slot);
        return;
    }
    model->totals.lock_waits++;
    retry_lock(model, burst, slot);
}

/* Half-way through the call the kernel looks at the word, which has changed when somebody has let
 * go meanwhile: then nobody sleeps, and the call returns. */
static void park(struct memory_model *model, struct burst *burst, struct slot *slot)
{
    if (slot->is_held && slot->is_wanted) {
        memory_sleep(model, burst);
        return;
    }
    burst->step = DO_RETRY;
    burst->at_ns += model->costs.park_ns - model->costs.park_ns / 2;
}

/* The lock is free before the system call that wakes a sleeper, if there is one; where that is the
 * last thing that a burst does, it ends behind it. */
static void release(struct memory_model *model, struct burst *burst, struct slot *slot)
{
    bool calls = slot->is_wanted;

    slot->is_held = slot->is_wanted = false;
    slot->value += !burst->is_read;
    model->totals.attempted += !burst->is_read;
    if (calls && slot->sleeper_first != NULL) {
        memory_wake_first(model, slot, burst->at_ns);
        burst->at_ns += model->costs.wake_ns;
    } else if (calls) {
        burst->at_ns += model->costs.park_ns;
    }
    if (--burst->adds_left > 0) {
        burst->step = DO_TRY;
        burst->at_ns += draw_work_ns(model);
    } else if (calls) {
        burst->step = DO_LOOK;
    } else {
        memory_end(model, burst);
    }
}

static void ask_for_line(struct memory_model *model, struct burst *burst)
{
    burst->at_ns = line_comes_ns(model, burst);
    burst->step = model->layout.design == MEMORY_COPIED ? DO_SWAP : DO_APPLY;
}

static void apply(struct memory_model *model, struct burst *burst, struct slot *slot)
{
    bool is_lost = model->loses && model->totals.attempted % LOSES_ONE_IN == LOSES_ONE_IN - 1;

    slot->value += !is_lost;
    has_added(model, burst);
}

static void copy(struct memory_model *model, struct burst *burst, const struct slot *slot)
{
    burst->seen = slot->value;
    burst->step = DO_ASK;
    burst->at_ns += model->costs.copy_ns;
    model->totals.allocations++;
    model->totals.allocated_bytes += model->layout.bytes;
}

/* Every swap puts in an object with a higher number: an equal one is the same one. */
static void swap(struct memory_model *model, struct burst *burst, struct slot *slot)
{
    if (slot->value == burst->seen) {
        slot->value++;
        has_added(model, burst);
        return;
    }
    model->totals.retries++;
    copy(model, burst, slot);
}

static uint64_t *shard_of(const struct memory_model *model, const struct burst *burst)
{
    return &model->shards[(size_t)burst->slot * model->spec->threads + burst->thread];
}

static void bump(struct memory_model *model, struct burst *burst)
{
    ++*shard_of(model, burst);
    has_added(model, burst);
    if (burst->adds_left > 0)
        burst->at_ns += PLAIN_NS;
}

void memory_step(struct memory_model *model, struct burst *burst)
{
    struct slot *slot = &model->slots[burst->slot];

    switch (burst->step) {
    case DO_READ:
        burst->seen = slot->value;
        burst->step = DO_WRITE;
        burst->at_ns += model->costs.gap_ns;
        return;
    case DO_WRITE:
        overwrite(model, burst);
        go_on(model, burst);
        return;
    case DO_PASS:
        go_on(model, burst);
        return;
    case DO_TRY:
        try_lock(model, burst, slot);
        return;
    case DO_PARK:
        park(model, burst, slot);
        return;
    case DO_RETRY:
        retry_lock(model, burst, slot);
        return;
    case DO_RELEASE:
        release(model, burst, slot);
        return;
    case DO_ASK:
        ask_for_line(model, burst);
        return;
    case DO_APPLY:
        apply(model, burst, slot);
        return;
    case DO_BUMP:
        bump(model, burst);
        return;
    case DO_COPY:
        copy(model, burst, slot);
        return;
    case DO_SWAP:
        swap(model, burst, slot);
        return;
    case DO_LOOK:
        memory_end(model, burst);
        return;
    }
}

/* ---- Alone ----------------------------------------------------------------------------------- */

static bool may_leap(const struct memory_model *model, const struct burst *burst)
{
    const struct slot *slot = &model->slots[burst->slot];
    bool has_line = model->layout.design == MEMORY_UNLOCKED ||
                    model->layout.design == MEMORY_SHARDED || slot->owner == burst->core + 1;

    return !burst->is_read && burst->step == first_step(model) && has_line && !slot->is_held &&
           !slot->is_wanted && slot->sleeper_first == NULL && slot->line_free_ns <= burst->at_ns &&
           !model->loses;
}

/* With nobody there to see it, the work varies no more: every increment takes its mean. The last
 * one is made in steps, so that the burst ends as all do. */
void memory_step_alone(struct memory_model *model, struct burst *burst, uint64_t until_ns)
{
    uint64_t each_ns = model->costs.work_ns + model->costs.add_ns;
    uint64_t adds = until_ns > burst->at_ns ? (until_ns - burst->at_ns) / each_ns : 0;

    if (adds >= burst->adds_left)
        adds = burst->adds_left - 1;
    if (adds < 2 || !may_leap(model, burst)) {
        memory_step(model, burst);
        return;
    }
    burst->at_ns += adds * each_ns;
    burst->adds_left -= adds;
    model->totals.attempted += adds;
    if (model->layout.design == MEMORY_SHARDED)
        *shard_of(model, burst) += adds;
    else
        model->slots[burst->slot].value += adds;
    if (model->layout.design == MEMORY_COPIED) {
        model->totals.allocations += adds;
        model->totals.allocated_bytes += adds * model->layout.bytes;
    }
}

int64_t memory_shown(const struct memory_model *model, uint32_t slot)
{
    const uint64_t *shards = &model->shards[(size_t)slot * model->spec->threads];
    uint64_t sum = 0;

    if (model->layout.design != MEMORY_SHARDED)
        return (int64_t)model->slots[slot].value;
    for (uint32_t i = 0; i < model->spec->threads; i++)
        sum += shards[i];
    return (int64_t)sum;
}
