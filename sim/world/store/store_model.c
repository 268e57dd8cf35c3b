/* store_model.c — The threads of the store: their lines, and what can befall them.
 *
 *   submit --link--> arrive --> waiting --> served --> reply --link--> end
 *      |               |          |           |
 *      | lost          | down     | crash     | crash
 *      v               v          v           v
 *   (timeout)       refused     failed      failed
 *
 * Redis has one thread; memcached has several, each with a line of its own, and a line at each
 * client's connection before it (memcached_client.c).
 *
 * Three events per command, each after a delay that repeats, so all of them go through lanes. Only
 * a command that is being served has an event; the others stand in a line, where a crash finds
 * them and a pause leaves them. Persistence is that of an append-only file that is written before
 * the answer: what was executed survives. The time to read it back is the fault's own duration. */
#include "sim/world/store/store_inside.h"

#include "sim/world/link_op.h"

enum { CONNECTIONS = 64 }; /* Expected; the map grows. */

static uint64_t now(const struct store_model *model)
{
    return events_now_ns(model->events);
}

static struct store_model *model_of(const struct op *op)
{
    return world_parts(op->node->world)->store;
}

/* ---- The way back --------------------------------------------------------------------------- */

static void end(struct event *event)
{
    struct store_command *command = (struct store_command *)event;
    struct store_model *model = model_of(&command->op);

    if (command->connection != NULL)
        memcached_client_answered(model, command);
    else
        op_end(&command->op, command->outcome, command->value, NULL, &model->commands);
}

static void lose(struct store_model *model, struct store_command *command)
{
    if (command->connection != NULL)
        memcached_client_lost(model, command);
    else
        op_lost(&command->op, &model->commands);
}

/* A server sends its answer even to those who have left; nothing would come of it here, unless a
 * connection waits for it. */
static void reply(struct store_model *model, struct store_command *command)
{
    if (command->connection == NULL && !op_is_waited_for(&command->op)) {
        end(&command->op.event);
        return;
    }
    command->op.event.fire = end;
    if (!link_op_send(model->link, &command->op, model->is_cut, &model->spec->way))
        lose(model, command);
}

static void turn_away(struct store_model *model, struct store_command *command,
                      enum call_outcome outcome)
{
    command->outcome = outcome;
    command->value = 0;
    reply(model, command);
}

/* ---- A thread ------------------------------------------------------------------------------- */

static void serve_next(struct store_model *model, struct store_thread *thread);

static void serve(struct event *event)
{
    struct store_command *command = (struct store_command *)event;
    struct store_model *model = model_of(&command->op);
    struct store_thread *thread = command->thread;

    meter_add(&thread->busy, thread->served_from_ns, now(model));
    thread->served = NULL;
    if (model->slabs != NULL)
        memcached_execute(model, command, now(model));
    else
        store_execute(model, command, now(model));
    reply(model, command);
    serve_next(model, thread);
}

static uint64_t bytes_there(struct store_model *model, uint64_t key)
{
    const struct store_entry *entry;
    const struct slab_item *item;

    if (model->slabs != NULL) {
        item = slabs_find(model->slabs, (struct slab_name){.key = key}, now(model));
        return item == NULL ? 0 : item->size;
    }
    entry = store_keys_find(&model->keys, key, now(model));
    return entry == NULL ? 0 : entry->bytes;
}

/* By the size of the value that goes in or out. */
static uint64_t service_ns(struct store_model *model, const struct store_command *command)
{
    const struct store_spec *spec = model->spec;
    uint64_t bytes = command->asked.bytes;

    if (spec->kib_ns == 0)
        return spec->command_ns;
    if (command->asked.verb == STORE_GET)
        bytes = bytes_there(model, command->asked.key);
    return spec->command_ns + spec->kib_ns * bytes / 1024;
}

static void serve_next(struct store_model *model, struct store_thread *thread)
{
    struct link *first;

    if (thread->served != NULL || model->is_paused)
        return;
    first = list_take_first(&thread->waiting);
    if (first == NULL)
        return;
    thread->served = list_entry(first, struct store_command, link);
    thread->service_ns = service_ns(model, thread->served);
    thread->served_from_ns = now(model);
    thread->served->op.event.fire = serve;
    event_after(model->events, &thread->served->op.event, thread->service_ns);
}

static void arrive(struct event *event)
{
    struct store_command *command = (struct store_command *)event;
    struct store_model *model = model_of(&command->op);

    if (model->is_down || command->is_turned_away) {
        turn_away(model, command, CALL_REFUSED);
        return;
    }
    list_push_last(&command->thread->waiting, &command->link);
    serve_next(model, command->thread);
}

bool store_model_send(struct store_model *model, struct store_command *command)
{
    command->op.event.fire = arrive;
    return link_op_send(model->link, &command->op, model->is_cut, &model->spec->way);
}

/* ---- The port ------------------------------------------------------------------------------- */

static void submit(struct store *store, struct call *call, const struct store_asked *asked,
                   uint64_t timeout_ns)
{
    struct node *node = node_of(store, store);
    struct store_model *model = world_parts(node->world)->store;
    struct store_command *command = world_take_record(node->world, &model->commands);

    model->is_used = true;
    command->asked = *asked;
    command->is_turned_away = model->commands.taken > STORE_COMMANDS_MAX / 4 * 3;
    command->is_for_nobody = call == NULL;
    command->connection = NULL;
    command->thread = &model->threads[0];
    command->op.event.tag = TAG_STORE | node->id;
    op_begin(&command->op, node, call, OP_STORE, timeout_ns);
    if (model->slabs != NULL && !command->is_turned_away) /* In a line it would keep its record. */
        memcached_client_ask(model, command);
    else if (!store_model_send(model, command))
        op_lost(&command->op, &model->commands);
}

const struct store_ops store_model_ops = {.ask = submit};

/* ---- From open to close --------------------------------------------------------------------- */

static void warm(struct event *event)
{
    struct store_model *model = list_entry(event, struct store_model, warm);

    model->evicted_in_warmup = model->counts.evictions > 0;
    model->counts = (struct store_result){.bytes_max = store_model_bytes(model)};
}

static void open_memory(struct store_model *model, const struct model_setup *with)
{
    if (model->spec->kind == STORE_REDIS) {
        store_keys_init(&model->keys, with, model->spec, &model->counts);
        return;
    }
    model->slabs = arena_take(with->arena, sizeof *model->slabs);
    slabs_init(model->slabs, with, model->spec, &model->counts);
    map_init(&model->connections, with->arena, CONNECTIONS);
}

struct store_model *store_model_open(const struct model_setup *with, const struct store_spec *spec)
{
    struct store_model *model = arena_take(with->arena, sizeof *model);

    model->events = with->events;
    model->link = with->link;
    model->arena = with->arena;
    model->spec = spec;
    model->threads_max = spec->kind == STORE_REDIS ? 1 : spec->threads;
    check(model->threads_max > 0 && model->threads_max <= STORE_THREADS_MAX);
    model->warmup_ns = with->warmup_ns;
    pool_init(&model->commands, with->arena, sizeof(struct store_command), STORE_COMMANDS_MAX);
    for (uint32_t i = 0; i < model->threads_max; i++)
        list_init(&model->threads[i].waiting);
    open_memory(model, with);
    model->walk = (struct event){.fire = store_walk, .tag = TAG_STORE | STORE_WALK_PLACE};
    model->warm = (struct event){.fire = warm, .tag = TAG_STORE | STORE_WARM_PLACE};
    if (with->warmup_ns > 0)
        event_at(model->events, &model->warm, with->warmup_ns);
    return model;
}

/* What it has worked so far on the command in hand. */
static void note_served(struct store_model *model, struct store_thread *thread)
{
    uint64_t worked_ns = now(model) - thread->served_from_ns;

    meter_add(&thread->busy, thread->served_from_ns, now(model));
    thread->served_from_ns += worked_ns;
    thread->service_ns -= worked_ns;
}

void store_model_close(struct store_model *model, struct store_result *result)
{
    uint64_t from_ns = model->warmup_ns, now_ns = now(model);

    *result = model->counts;
    result->is_used = model->is_used;
    result->utilization = result->utilization_peak = 0;
    for (uint32_t i = 0; i < model->threads_max; i++) {
        struct store_thread *thread = &model->threads[i];
        double peak;

        if (thread->served != NULL && !model->is_paused)
            note_served(model, thread);
        peak = meter_peak(&thread->busy, 1, from_ns, now_ns);
        result->utilization += meter_mean(&thread->busy, 1, from_ns, now_ns) / model->threads_max;
        if (peak > result->utilization_peak)
            result->utilization_peak = peak;
    }
    result->wasted_bytes = model->slabs == NULL ? 0 : slabs_wasted(model->slabs);
}

/* ---- Faults --------------------------------------------------------------------------------- */

static void crash_thread(struct store_model *model, struct store_thread *thread)
{
    struct store_command *served = thread->served;
    struct link *first;

    thread->served = NULL;
    if (served != NULL) {
        event_cancel(&served->op.event);
        turn_away(model, served, CALL_FAILED);
    }
    while ((first = list_take_first(&thread->waiting)) != NULL)
        turn_away(model, list_entry(first, struct store_command, link), CALL_FAILED);
}

void store_model_crash(struct store_model *model)
{
    model->is_down = true;
    model->is_paused = false;
    for (uint32_t i = 0; i < model->threads_max; i++)
        crash_thread(model, &model->threads[i]);
    if (model->spec->is_persistent)
        return;
    model->counts.lost += store_model_keys(model);
    if (model->slabs != NULL)
        slabs_clear(model->slabs);
    else
        store_keys_clear(&model->keys);
}

void store_model_restart(struct store_model *model)
{
    model->is_down = false;
}

void store_model_pause(struct store_model *model)
{
    if (model->is_paused || model->is_down)
        return;
    model->is_paused = true;
    for (uint32_t i = 0; i < model->threads_max; i++) {
        struct store_thread *thread = &model->threads[i];

        if (thread->served == NULL)
            continue;
        event_cancel(&thread->served->op.event);
        note_served(model, thread);
    }
}

void store_model_resume(struct store_model *model)
{
    if (!model->is_paused)
        return; /* It crashed meanwhile. */
    model->is_paused = false;
    for (uint32_t i = 0; i < model->threads_max; i++) {
        struct store_thread *thread = &model->threads[i];

        if (thread->served == NULL) {
            serve_next(model, thread);
            continue;
        }
        thread->served_from_ns = now(model);
        event_after(model->events, &thread->served->op.event, thread->service_ns);
    }
}

void store_model_cut(struct store_model *model, bool is_cut)
{
    model->is_cut = is_cut;
}

/* ---- For the invariants --------------------------------------------------------------------- */

static bool is_over(const struct store_model *model, uint64_t expires_ns)
{
    return expires_ns != 0 && expires_ns <= now(model);
}

static bool item_value(const struct store_model *model, uint64_t key, int64_t *value)
{
    const uint64_t *place = map_find(&model->slabs->keys, key, 0);
    const struct slab_item *item = place == NULL ? NULL : (struct slab_item *)(uintptr_t)*place;

    if (item == NULL || is_over(model, item->expires_ns))
        return false;
    if (value != NULL)
        *value = item->value;
    return true;
}

bool store_model_value(const struct store_model *model, uint64_t key, int64_t *value)
{
    const uint64_t *place;
    const struct store_entry *entry;

    if (model->slabs != NULL)
        return item_value(model, key, value);
    place = map_find(&model->keys.places, key, 0);
    entry = place == NULL ? NULL : &model->keys.entries[*place];
    if (entry == NULL || is_over(model, entry->expires_ns))
        return false;
    if (value != NULL)
        *value = entry->value;
    return true;
}

bool store_model_has_member(const struct store_model *model, uint64_t set, uint64_t member)
{
    if (model->slabs != NULL)
        return map_find(&model->slabs->members, set, member) != NULL;
    return store_model_value(model, set, NULL) && store_keys_has_member(&model->keys, set, member);
}

uint64_t store_model_keys(const struct store_model *model)
{
    return model->slabs != NULL ? model->slabs->length : model->keys.length;
}

uint64_t store_model_bytes(const struct store_model *model)
{
    return model->slabs != NULL ? model->slabs->bytes : model->keys.bytes;
}

bool store_model_has_evicted(const struct store_model *model)
{
    return model->evicted_in_warmup || model->counts.evictions > 0;
}

void store_model_plant(struct store_model *model, enum store_bug bug)
{
    model->bug = bug;
}
