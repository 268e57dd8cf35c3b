/* store_commands.c — What each command does to the keys, all at once, at its turn.
 *
 * A command of the wrong type fails (WRONGTYPE), a write that finds no room fails (OOM), as
 * CALL_FAILED both. Reading counts as an access for eviction, and so does writing. */
#include "sim/world/store/store_inside.h"

static const uint64_t walk_every_ns = 100000000; /* Redis: hz 10. */

static void answer(struct store_command *command, enum call_outcome outcome, int64_t value)
{
    command->outcome = outcome;
    command->value = value;
}

static void do_get(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    struct store_entry *entry = store_keys_find(&model->keys, command->asked.key, now_ns);

    if (entry == NULL) {
        model->counts.misses++;
        answer(command, CALL_ABSENT, 0);
        return;
    }
    model->counts.hits++;
    store_keys_touch(&model->keys, entry, now_ns);
    answer(command, entry->members == NULL ? CALL_OK : CALL_FAILED, entry->value);
}

static void set_deadline(struct store_model *model, struct store_entry *entry, uint64_t ttl_ns,
                         uint64_t now_ns)
{
    store_keys_expire(&model->keys, entry, ttl_ns == 0 ? 0 : now_ns + ttl_ns);
    if (ttl_ns > 0 && !event_is_asked(&model->walk))
        event_after(model->events, &model->walk, walk_every_ns);
}

void store_walk(struct event *event)
{
    struct store_model *model = list_entry(event, struct store_model, walk);

    if (!model->is_paused)
        store_keys_walk(&model->keys, events_now_ns(model->events));
    if (model->keys.mortal > 0)
        event_after(model->events, &model->walk, walk_every_ns);
}

/* A new entry for the key, in the place of what may be there. NULL: no room. Where nothing is ever
 * evicted the old value stays then. */
static struct store_entry *replace(struct store_keys *keys, struct store_entry *old, uint64_t key,
                                   uint64_t bytes, uint64_t now_ns)
{
    uint64_t freed = old == NULL ? 0 : STORE_KEY_BYTES + old->bytes;
    uint64_t brought = STORE_KEY_BYTES + bytes;

    if (keys->spec->eviction == EVICTION_NONE && brought > freed &&
        !store_keys_make_room(keys, brought - freed, now_ns))
        return NULL;
    if (old != NULL)
        store_keys_drop(keys, old);
    if (!store_keys_make_room(keys, brought, now_ns))
        return NULL;
    return store_keys_insert(keys, key, 0, bytes, now_ns);
}

static void do_set(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    struct store_keys *keys = &model->keys;
    struct store_entry *entry = store_keys_find(keys, command->asked.key, now_ns);

    if (entry == NULL || entry->members != NULL || entry->bytes != command->asked.bytes)
        entry = replace(keys, entry, command->asked.key, command->asked.bytes, now_ns);
    if (entry == NULL) {
        answer(command, CALL_FAILED, 0);
        return;
    }
    entry->value = command->asked.value;
    store_keys_touch(keys, entry, now_ns);
    set_deadline(model, entry, command->asked.ttl_ns, now_ns);
    answer(command, CALL_OK, entry->value);
}

static void do_set_new(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    if (store_keys_find(&model->keys, command->asked.key, now_ns) != NULL)
        answer(command, CALL_ABSENT, 0);
    else
        do_set(model, command, now_ns);
}

static int64_t planted(struct store_model *model, int64_t delta)
{
#ifdef SIM_PLANTED_BUGS
    if (model->bug == STORE_ADDS_TWICE && ++model->additions % 1024 == 0)
        return 2 * delta;
#else
    (void)model;
#endif
    return delta;
}

static void do_add(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    struct store_entry *entry = store_keys_find(&model->keys, command->asked.key, now_ns);

    if (entry == NULL || entry->members != NULL) {
        answer(command, entry == NULL ? CALL_ABSENT : CALL_FAILED, 0);
        return;
    }
    entry->value += planted(model, command->asked.value);
    store_keys_touch(&model->keys, entry, now_ns);
    answer(command, CALL_OK, entry->value);
}

static void do_expire(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    struct store_entry *entry = store_keys_find(&model->keys, command->asked.key, now_ns);

    answer(command, entry == NULL ? CALL_ABSENT : CALL_OK, 0);
    if (entry != NULL && command->asked.ttl_ns == 0)
        store_keys_drop(&model->keys, entry);
    else if (entry != NULL)
        set_deadline(model, entry, command->asked.ttl_ns, now_ns);
}

/* ---- A member and a counter, in one step ---------------------------------------------------- */

/* Room for all that the command could bring: as in Redis it is made before the command looks at
 * anything, so that nothing it has found is evicted under its hands. */
static bool make_room_for_member(struct store_keys *keys, uint64_t now_ns)
{
    const uint64_t bytes = 2 * STORE_KEY_BYTES + STORE_NUMBER_BYTES + STORE_MEMBER_BYTES;

    return store_keys_make_room(keys, bytes, now_ns) && keys->length + 2 <= STORE_KEYS_MAX &&
           keys->member_records.taken < STORE_MEMBERS_MAX;
}

/* False: it was there. */
static bool enter(struct store_keys *keys, struct store_entry *set,
                  const struct store_command *command, uint64_t now_ns)
{
    if (set == NULL)
        set = store_keys_insert(keys, command->asked.key, 0, 0, now_ns);
    store_keys_touch(keys, set, now_ns);
    return store_keys_enter(keys, set, command->asked.member);
}

/* False: it was not there. */
static bool leave(struct store_keys *keys, struct store_entry *set,
                  const struct store_command *command, uint64_t now_ns)
{
    if (set == NULL)
        return false;
    store_keys_touch(keys, set, now_ns);
    return store_keys_leave(keys, set, command->asked.member);
}

static void count(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    struct store_keys *keys = &model->keys;
    struct store_entry *counter = store_keys_find(keys, command->asked.counter, now_ns);

    if (counter == NULL)
        counter = store_keys_insert(keys, command->asked.counter, 0, STORE_NUMBER_BYTES, now_ns);
    if (counter->members != NULL) {
        answer(command, CALL_FAILED, 0); /* A script that fails midway is not rolled back. */
        return;
    }
    counter->value += planted(model, command->asked.value);
    store_keys_touch(keys, counter, now_ns);
    answer(command, CALL_OK, counter->value);
}

static void do_add_if_new(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    struct store_keys *keys = &model->keys;
    bool has_room = make_room_for_member(keys, now_ns);
    struct store_entry *set = store_keys_find(keys, command->asked.key, now_ns);

    if (!has_room || (set != NULL && set->members == NULL))
        answer(command, CALL_FAILED, 0);
    else if (command->asked.value > 0 ? enter(keys, set, command, now_ns)
                                      : leave(keys, set, command, now_ns))
        count(model, command, now_ns);
    else
        answer(command, CALL_ABSENT, 0);
}

void store_execute(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    model->counts.commands++;
    switch (command->asked.verb) {
    case STORE_GET:
        do_get(model, command, now_ns);
        return;
    case STORE_SET:
        do_set(model, command, now_ns);
        return;
    case STORE_SET_NEW:
        do_set_new(model, command, now_ns);
        return;
    case STORE_ADD:
        do_add(model, command, now_ns);
        return;
    case STORE_EXPIRE:
        do_expire(model, command, now_ns);
        return;
    case STORE_ADD_IF_NEW:
        do_add_if_new(model, command, now_ns);
        return;
    }
}
