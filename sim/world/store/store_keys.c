/* store_keys.c — What the keys hold, what they cost, and when they expire.
 *
 * Expiry is Redis's: a key that has run out is dropped when somebody touches it, and for those
 * that nobody touches a walk comes by ten times a second. A turn of the walk looks at 20 keys with
 * a TTL (and passes at most 400 places), and goes on while more than a tenth of them had run out
 * (redis/src/expire.c, activeExpireCycle: ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP 20, acceptable stale
 * 10 %). So memory lags a little behind the clock, as in life. Left out: the processor time that
 * the walk takes (up to a quarter of the thread in Redis). */
#include "sim/world/store/store_inside.h"

enum { WALK_KEYS = 20, WALK_PLACES = 400, WALK_TURNS_MAX = 2500, MAP_KEYS = 1024 };
enum { FREQUENCY_AT_BIRTH = 5 }; /* Redis: LFU_INIT_VAL. */

void store_keys_init(struct store_keys *keys, const struct model_setup *with,
                     const struct store_spec *spec, struct store_result *counts)
{
    struct arena *arena = with->arena;

    *keys = (struct store_keys){.spec = spec, .counts = counts};
    keys->entries = arena_take_untouched(arena, STORE_KEYS_MAX * sizeof(struct store_entry));
    map_init(&keys->places, arena, MAP_KEYS);
    map_init(&keys->members, arena, MAP_KEYS);
    pool_init(&keys->member_records, arena, sizeof(struct store_member), STORE_MEMBERS_MAX);
    pool_init(&keys->set_records, arena, sizeof(struct list), STORE_KEYS_MAX);
    dice_init(&keys->dice, with->seed, "store");
}

/* ---- Memory --------------------------------------------------------------------------------- */

static bool has_room(const struct store_keys *keys, uint64_t bytes)
{
    return keys->spec->memory == 0 || keys->bytes + bytes <= keys->spec->memory;
}

bool store_keys_make_room(struct store_keys *keys, uint64_t bytes, uint64_t now_ns)
{
    while (!has_room(keys, bytes))
        if (!store_evict(keys, now_ns))
            return false;
    return true;
}

static void account(struct store_keys *keys, uint64_t added, uint64_t removed)
{
    keys->bytes = keys->bytes + added - removed;
    if (keys->bytes > keys->counts->bytes_max)
        keys->counts->bytes_max = keys->bytes;
}

void store_keys_resize(struct store_keys *keys, struct store_entry *entry, uint64_t bytes)
{
    account(keys, bytes, entry->bytes);
    entry->bytes = bytes;
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static bool has_expired(const struct store_entry *entry, uint64_t now_ns)
{
    return entry->expires_ns != 0 && entry->expires_ns <= now_ns;
}

static void drop_expired(struct store_keys *keys, struct store_entry *entry)
{
    keys->counts->expired++;
    store_keys_drop(keys, entry);
}

struct store_entry *store_keys_find(struct store_keys *keys, uint64_t key, uint64_t now_ns)
{
    const uint64_t *place = map_find(&keys->places, key, 0);
    struct store_entry *entry = place == NULL ? NULL : &keys->entries[*place];

    if (entry != NULL && has_expired(entry, now_ns)) {
        drop_expired(keys, entry);
        return NULL;
    }
    return entry;
}

struct store_entry *store_keys_insert(struct store_keys *keys, uint64_t key, int64_t value,
                                      uint64_t bytes, uint64_t now_ns)
{
    struct store_entry *entry = &keys->entries[keys->length];

    if (keys->length == STORE_KEYS_MAX)
        return NULL;
    if (keys->length == keys->length_max) {
        arena_touch(keys->places.arena, sizeof *entry);
        keys->length_max++;
    }
    *map_put(&keys->places, key, 0, NULL) = keys->length++;
    *entry = (struct store_entry){.key = key,
                                  .value = value,
                                  .bytes = bytes,
                                  .touched_ns = now_ns,
                                  .frequency = FREQUENCY_AT_BIRTH};
    account(keys, STORE_KEY_BYTES + bytes, 0);
    return entry;
}

void store_keys_expire(struct store_keys *keys, struct store_entry *entry, uint64_t expires_ns)
{
    keys->mortal += (expires_ns != 0);
    keys->mortal -= (entry->expires_ns != 0);
    entry->expires_ns = expires_ns;
}

static void drop_members(struct store_keys *keys, struct store_entry *set)
{
    struct link *first;

    while ((first = list_take_first(set->members)) != NULL) {
        struct store_member *member = list_entry(first, struct store_member, link);

        map_drop(&keys->members, set->key, member->member);
        pool_give(&keys->member_records, member);
    }
    pool_give(&keys->set_records, set->members);
}

void store_keys_drop(struct store_keys *keys, struct store_entry *entry)
{
    struct store_entry *last = &keys->entries[keys->length - 1];

    if (entry->members != NULL)
        drop_members(keys, entry);
    account(keys, 0, STORE_KEY_BYTES + entry->bytes);
    store_keys_expire(keys, entry, 0);
    map_drop(&keys->places, entry->key, 0);
    if (entry != last) {
        *entry = *last;
        *map_find(&keys->places, entry->key, 0) = (uint64_t)(entry - keys->entries);
    }
    keys->length--;
}

void store_keys_clear(struct store_keys *keys)
{
    while (keys->length > 0)
        store_keys_drop(keys, &keys->entries[keys->length - 1]);
    keys->candidates_max = 0;
    keys->walk = 0;
}

/* ---- Sets ----------------------------------------------------------------------------------- */

bool store_keys_has_member(const struct store_keys *keys, uint64_t set, uint64_t member)
{
    return map_find(&keys->members, set, member) != NULL;
}

bool store_keys_enter(struct store_keys *keys, struct store_entry *set, uint64_t member)
{
    bool is_new;
    uint64_t *place = map_put(&keys->members, set->key, member, &is_new);
    struct store_member *record;

    if (!is_new)
        return false;
    record = pool_take(&keys->member_records);
    check(record != NULL); /* The caller has looked. */
    *place = (uint64_t)(uintptr_t)record;
    record->member = member;
    if (set->members == NULL) {
        set->members = pool_take(&keys->set_records);
        check(set->members != NULL); /* As many as keys. */
        list_init(set->members);
    }
    list_push_last(set->members, &record->link);
    set->value++;
    store_keys_resize(keys, set, set->bytes + STORE_MEMBER_BYTES);
    return true;
}

bool store_keys_leave(struct store_keys *keys, struct store_entry *set, uint64_t member)
{
    const uint64_t *place = map_find(&keys->members, set->key, member);
    struct store_member *record;

    if (place == NULL)
        return false;
    record = (struct store_member *)(uintptr_t)*place;
    map_drop(&keys->members, set->key, member);
    list_remove(set->members, &record->link);
    pool_give(&keys->member_records, record);
    set->value--;
    store_keys_resize(keys, set, set->bytes - STORE_MEMBER_BYTES);
    if (set->value == 0) /* Redis keeps no empty sets. */
        store_keys_drop(keys, set);
    return true;
}

/* ---- The walk ------------------------------------------------------------------------------- */

/* True when it is worth another turn: more than a tenth of what it saw had run out. */
static bool walk_turn(struct store_keys *keys, uint64_t now_ns)
{
    uint32_t seen = 0, expired = 0;

    for (uint32_t i = 0; i < WALK_PLACES && seen < WALK_KEYS && keys->mortal > 0; i++) {
        struct store_entry *entry;

        if (keys->walk >= keys->length)
            keys->walk = 0;
        entry = &keys->entries[keys->walk];
        seen += entry->expires_ns != 0;
        if (has_expired(entry, now_ns)) {
            expired++;
            drop_expired(keys, entry); /* The last key stands here now: look again. */
        } else {
            keys->walk++;
        }
    }
    return expired * 10 > seen;
}

void store_keys_walk(struct store_keys *keys, uint64_t now_ns)
{
    uint32_t turns = 0;

    while (turns < WALK_TURNS_MAX && walk_turn(keys, now_ns))
        turns++;
}
