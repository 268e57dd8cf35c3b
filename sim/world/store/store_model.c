/* store_model.c — The one thread of the store: its line, and what can befall it.
 *
 *   submit --link--> arrive --> waiting --> served --> reply --link--> end
 *      |               |          |           |
 *      | lost          | down     | crash     | crash
 *      v               v          v           v
 *   (timeout)       refused     failed      failed
 *
 * Three events per command, each after a delay that repeats, so all of them go through lanes. Only
 * the command that is being served has an event; the others stand in a line, where a crash finds
 * them and a pause leaves them. Persistence is that of an append-only file that is written before
 * the answer: what was executed survives. The time to read it back is the fault's own duration. */
#include "sim/world/store/store_inside.h"

#include "sim/world/link_op.h"

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

    op_end(&command->op, command->outcome, command->value, NULL, &model_of(&command->op)->commands);
}

/* A server sends its answer even to those who have left; nothing would come of it here. */
static void reply(struct store_model *model, struct store_command *command)
{
    if (!op_is_waited_for(&command->op)) {
        end(&command->op.event);
        return;
    }
    command->op.event.fire = end;
    if (!link_op_send(model->link, &command->op, model->is_cut, model->spec->latency_ns))
        op_lost(&command->op, &model->commands);
}

static void turn_away(struct store_model *model, struct store_command *command,
                      enum call_outcome outcome)
{
    command->outcome = outcome;
    command->value = 0;
    reply(model, command);
}

/* ---- The thread ----------------------------------------------------------------------------- */

static void serve_next(struct store_model *model);

static void serve(struct event *event)
{
    struct store_command *command = (struct store_command *)event;
    struct store_model *model = model_of(&command->op);

    meter_add(&model->thread, model->served_from_ns, now(model));
    model->served = NULL;
    store_execute(model, command, now(model));
    reply(model, command);
    serve_next(model);
}

/* By the size of the value that goes in or out. */
static uint64_t service_ns(struct store_model *model, const struct store_command *command)
{
    const struct store_spec *spec = model->spec;
    uint64_t bytes = command->asked.bytes;

    if (spec->kib_ns == 0)
        return spec->command_ns;
    if (command->asked.verb == STORE_GET) {
        const struct store_entry *entry =
            store_keys_find(&model->keys, command->asked.key, now(model));

        bytes = entry == NULL ? 0 : entry->bytes;
    }
    return spec->command_ns + spec->kib_ns * bytes / 1024;
}

static void serve_next(struct store_model *model)
{
    struct link *first;

    if (model->served != NULL || model->is_paused)
        return;
    first = list_take_first(&model->waiting);
    if (first == NULL)
        return;
    model->served = list_entry(first, struct store_command, link);
    model->service_ns = service_ns(model, model->served);
    model->served_from_ns = now(model);
    model->served->op.event.fire = serve;
    event_after(model->events, &model->served->op.event, model->service_ns);
}

static void arrive(struct event *event)
{
    struct store_command *command = (struct store_command *)event;
    struct store_model *model = model_of(&command->op);

    if (model->is_down || command->is_turned_away) {
        turn_away(model, command, CALL_REFUSED);
        return;
    }
    list_push_last(&model->waiting, &command->link);
    serve_next(model);
}

/* ---- The port ------------------------------------------------------------------------------- */

static void submit(struct store *store, struct call *call, uint64_t timeout_ns,
                   const struct store_asked *asked)
{
    struct node *node = node_of(store, store);
    struct store_model *model = world_parts(node->world)->store;
    struct store_command *command = pool_take(&model->commands);

    model->is_used = true;
    check(command != NULL); /* The last quarter is for those that are turned away at once. */
    command->asked = *asked;
    command->is_turned_away = model->commands.taken > STORE_COMMANDS_MAX / 4 * 3;
    command->op.event.fire = arrive;
    command->op.event.tag = TAG_STORE | node->id;
    op_begin(&command->op, node, call, OP_STORE, timeout_ns);
    if (!link_op_send(model->link, &command->op, model->is_cut, model->spec->latency_ns))
        op_lost(&command->op, &model->commands);
}

static void get(struct store *store, struct call *call, uint64_t key, uint64_t timeout_ns)
{
    submit(store, call, timeout_ns, &(struct store_asked){.verb = STORE_GET, .key = key});
}

static void set(struct store *store, struct call *call, uint64_t key, int64_t value, uint32_t bytes,
                uint64_t ttl_ns, uint64_t timeout_ns)
{
    submit(store, call, timeout_ns,
           &(struct store_asked){
               .verb = STORE_SET, .key = key, .value = value, .bytes = bytes, .ttl_ns = ttl_ns});
}

static void set_new(struct store *store, struct call *call, uint64_t key, int64_t value,
                    uint32_t bytes, uint64_t ttl_ns, uint64_t timeout_ns)
{
    submit(
        store, call, timeout_ns,
        &(struct store_asked){
            .verb = STORE_SET_NEW, .key = key, .value = value, .bytes = bytes, .ttl_ns = ttl_ns});
}

static void add(struct store *store, struct call *call, uint64_t key, int64_t delta,
                uint64_t timeout_ns)
{
    submit(store, call, timeout_ns,
           &(struct store_asked){.verb = STORE_ADD, .key = key, .value = delta});
}

static void expire(struct store *store, struct call *call, uint64_t key, uint64_t ttl_ns,
                   uint64_t timeout_ns)
{
    submit(store, call, timeout_ns,
           &(struct store_asked){.verb = STORE_EXPIRE, .key = key, .ttl_ns = ttl_ns});
}

static void add_if_new(struct store *store, struct call *call, uint64_t key, uint64_t member,
                       uint64_t counter, int64_t delta, uint64_t timeout_ns)
{
    submit(store, call, timeout_ns,
           &(struct store_asked){.verb = STORE_ADD_IF_NEW,
                                 .key = key,
                                 .member = member,
                                 .counter = counter,
                                 .value = delta});
}

const struct store_ops store_model_ops = {
    .get = get,
    .set = set,
    .set_new = set_new,
    .add = add,
    .expire = expire,
    .add_if_new = add_if_new,
};

/* ---- From open to close --------------------------------------------------------------------- */

static void warm(struct event *event)
{
    struct store_model *model = list_entry(event, struct store_model, warm);

    model->counts = (struct store_result){.bytes_max = model->keys.bytes};
}

struct store_model *store_model_open(const struct model_setup *with, const struct store_spec *spec)
{
    struct store_model *model = arena_take(with->arena, sizeof *model);

    model->events = with->events;
    model->link = with->link;
    model->spec = spec;
    model->warmup_ns = with->warmup_ns;
    pool_init(&model->commands, with->arena, sizeof(struct store_command), STORE_COMMANDS_MAX);
    list_init(&model->waiting);
    store_keys_init(&model->keys, with, spec, &model->counts);
    model->walk = (struct event){.fire = store_walk, .tag = TAG_STORE | STORE_WALK_PLACE};
    model->warm = (struct event){.fire = warm, .tag = TAG_STORE | STORE_WARM_PLACE};
    if (with->warmup_ns > 0)
        event_at(model->events, &model->warm, with->warmup_ns);
    return model;
}

void store_model_close(struct store_model *model, uint64_t end_ns, struct store_result *result)
{
    *result = model->counts;
    result->is_used = model->is_used;
    result->utilization = meter_mean(&model->thread, 1, model->warmup_ns, end_ns);
    result->utilization_peak = meter_peak(&model->thread, 1, model->warmup_ns, end_ns);
}

/* ---- Faults --------------------------------------------------------------------------------- */

void store_model_crash(struct store_model *model)
{
    struct link *first;

    model->is_down = true;
    model->is_paused = false;
    if (model->served != NULL) {
        event_cancel(&model->served->op.event);
        turn_away(model, model->served, CALL_FAILED);
        model->served = NULL;
    }
    while ((first = list_take_first(&model->waiting)) != NULL)
        turn_away(model, list_entry(first, struct store_command, link), CALL_FAILED);
    if (!model->spec->is_persistent) {
        model->counts.lost += model->keys.length;
        store_keys_clear(&model->keys);
    }
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
    if (model->served == NULL)
        return;
    event_cancel(&model->served->op.event);
    meter_add(&model->thread, model->served_from_ns, now(model));
    model->service_ns -= now(model) - model->served_from_ns; /* What is left of it. */
}

void store_model_resume(struct store_model *model)
{
    if (!model->is_paused)
        return; /* It crashed meanwhile. */
    model->is_paused = false;
    if (model->served == NULL) {
        serve_next(model);
        return;
    }
    model->served_from_ns = now(model);
    event_after(model->events, &model->served->op.event, model->service_ns);
}

void store_model_cut(struct store_model *model, bool is_cut)
{
    model->is_cut = is_cut;
}

/* ---- For the invariants --------------------------------------------------------------------- */

bool store_model_value(const struct store_model *model, uint64_t key, int64_t *value)
{
    const uint64_t *place = map_find(&model->keys.places, key, 0);
    const struct store_entry *entry = place == NULL ? NULL : &model->keys.entries[*place];

    if (entry == NULL || (entry->expires_ns != 0 && entry->expires_ns <= now(model)))
        return false;
    if (value != NULL)
        *value = entry->value;
    return true;
}

bool store_model_has_member(const struct store_model *model, uint64_t set, uint64_t member)
{
    return store_model_value(model, set, NULL) && store_keys_has_member(&model->keys, set, member);
}

uint64_t store_model_keys(const struct store_model *model)
{
    return model->keys.length;
}

uint64_t store_model_bytes(const struct store_model *model)
{
    return model->keys.bytes;
}

void store_model_plant(struct store_model *model, enum store_bug bug)
{
    model->bug = bug;
}
