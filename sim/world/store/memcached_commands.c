/* memcached_commands.c — What each command of memcached does to the items, at its turn.
 *
 *   get, set        get, set
 *   set_new         add
 *   add             incr, decr: CALL_ABSENT without the key, CALL_FAILED on a blob
 *   expire          touch, or delete at once
 *   add_if_new      add or delete of the member; then incr or decr of the counter; where there is
 *                   none, add of a new one (services/port/two_steps.h: one command per turn)
 *
 * The clock of memcached ticks once a second. Our client rounds a time to live up to whole seconds
 * and adds one, so that nothing goes before its time; so does this. */
#include "sim/world/store/store_inside.h"

static const uint64_t tick_ns = 1000000000;

static void answer(struct store_command *command, enum call_outcome outcome, int64_t value)
{
    command->outcome = outcome;
    command->value = value;
}

static struct slab_name name_of(uint64_t key)
{
    return (struct slab_name){.key = key};
}

static uint64_t deadline(uint64_t ttl_ns, uint64_t now_ns)
{
    uint64_t seconds = ttl_ns / tick_ns + (ttl_ns % tick_ns > 0) + 1;

    return ttl_ns == 0 ? 0 : (now_ns / tick_ns + seconds) * tick_ns;
}

static void do_get(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    struct slab_item *item = slabs_find(model->slabs, name_of(command->asked.key), now_ns);

    if (item == NULL) {
        model->counts.misses++;
        answer(command, CALL_ABSENT, 0);
        return;
    }
    model->counts.hits++;
    slabs_touch(model->slabs, item);
    answer(command, CALL_OK, item->value);
}

static void do_set(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    const struct store_asked *asked = &command->asked;
    struct slab_item *item = slabs_put(model->slabs, name_of(asked->key), asked->bytes, now_ns);

    if (item == NULL) {
        answer(command, CALL_FAILED, 0);
        return;
    }
    item->value = asked->value;
    item->expires_ns = deadline(asked->ttl_ns, now_ns);
    answer(command, CALL_OK, item->value);
}

static void do_set_new(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    if (slabs_find(model->slabs, name_of(command->asked.key), now_ns) != NULL)
        answer(command, CALL_ABSENT, 0);
    else
        do_set(model, command, now_ns);
}

static void move(struct store_model *model, struct store_command *command, uint64_t key,
                 uint64_t now_ns)
{
    struct slab_item *item = slabs_find(model->slabs, name_of(key), now_ns);

    if (item == NULL || item->is_blob) {
        answer(command, item == NULL ? CALL_ABSENT : CALL_FAILED, 0);
        return;
    }
    item->value += store_planted(model, command->asked.value);
    slabs_touch(model->slabs, item);
    answer(command, CALL_OK, item->value);
}

static void do_expire(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    const struct store_asked *asked = &command->asked;
    struct slab_item *item = slabs_find(model->slabs, name_of(asked->key), now_ns);

    answer(command, item == NULL ? CALL_ABSENT : CALL_OK, 0);
    if (item != NULL && asked->ttl_ns == 0)
        slabs_drop(model->slabs, item);
    else if (item != NULL)
        item->expires_ns = deadline(asked->ttl_ns, now_ns);
}

/* ---- The steps of add_if_new ---------------------------------------------------------------- */

static void begin(struct store_model *model, struct store_command *command, struct slab_name name,
                  int64_t value, uint64_t now_ns)
{
    struct slab_item *item;

    if (slabs_find(model->slabs, name, now_ns) != NULL) {
        answer(command, CALL_ABSENT, 0);
        return;
    }
    item = slabs_put(model->slabs, name, 0, now_ns);
    if (item != NULL)
        item->value = value;
    answer(command, item == NULL ? CALL_FAILED : CALL_OK, value);
}

static void enter_or_leave(struct store_model *model, struct store_command *command,
                           uint64_t now_ns)
{
    const struct slab_name name = {command->asked.key, command->asked.member, true};
    struct slab_item *item;

    if (command->asked.value > 0) {
        begin(model, command, name, 1, now_ns);
        return;
    }
    item = slabs_find(model->slabs, name, now_ns);
    answer(command, item == NULL ? CALL_ABSENT : CALL_OK, 0);
    if (item != NULL)
        slabs_drop(model->slabs, item);
}

static void do_step(struct store_model *model, struct store_command *command, uint64_t now_ns)
{
    const struct store_asked *asked = &command->asked;

    switch (command->steps.step) {
    case TWO_STEPS_MEMBER:
        enter_or_leave(model, command, now_ns);
        return;
    case TWO_STEPS_MOVE:
        move(model, command, asked->counter, now_ns);
        return;
    case TWO_STEPS_BEGIN:
        begin(model, command, name_of(asked->counter), asked->value, now_ns);
        return;
    case TWO_STEPS_ENDED:
        check(command->steps.step != TWO_STEPS_ENDED);
        return;
    }
}

void memcached_execute(struct store_model *model, struct store_command *command, uint64_t now_ns)
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
        move(model, command, command->asked.key, now_ns);
        return;
    case STORE_EXPIRE:
        do_expire(model, command, now_ns);
        return;
    case STORE_ADD_IF_NEW:
        do_step(model, command, now_ns);
        return;
    }
}
