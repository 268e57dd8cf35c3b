/* store_eviction.c — Which key goes when memory is full.
 *
 * Redis keeps no list of all keys by age. It looks at five random keys, keeps the best candidates
 * of this and earlier samples in a pool of sixteen, and evicts the best of the pool
 * (redis/src/evict.c, evictionPoolPopulate; maxmemory-samples 5). That comes within a hair of true
 * LRU, and so does this; the test holds it to Che's approximation. A candidate that was touched
 * since it entered the pool may still go, there as here.
 *
 *   LRU   idleness = time since the last access (Redis counts seconds; here nanoseconds)
 *   LFU   idleness = 255 less a logarithmic counter: an access adds one with probability
 *         1 / (10 (counter - 5) + 1), a minute without access takes one off (lfu-log-factor 10,
 *         lfu-decay-time 1) */
#include "sim/world/store/store_inside.h"

enum { SAMPLES = 5, FREQUENCY_MAX = 255, FREQUENCY_AT_BIRTH = 5, LOG_FACTOR = 10 };

static const uint64_t decay_ns = UINT64_C(60000000000);

uint32_t store_frequency(const struct store_entry *entry, uint64_t now_ns)
{
    uint64_t lost = (now_ns - entry->touched_ns) / decay_ns;

    return lost < entry->frequency ? entry->frequency - (uint32_t)lost : 0;
}

static uint32_t frequency_after_access(struct dice *dice, uint32_t frequency)
{
    uint32_t above = frequency > FREQUENCY_AT_BIRTH ? frequency - FREQUENCY_AT_BIRTH : 0;

    if (frequency == FREQUENCY_MAX)
        return frequency;
    return frequency + dice_chance(dice, 1.0 / (above * LOG_FACTOR + 1.0));
}

void store_keys_touch(struct store_keys *keys, struct store_entry *entry, uint64_t now_ns)
{
    if (keys->spec->eviction == EVICTION_LFU)
        entry->frequency = frequency_after_access(&keys->dice, store_frequency(entry, now_ns));
    entry->touched_ns = now_ns;
}

static uint64_t idleness(const struct store_keys *keys, const struct store_entry *entry,
                         uint64_t now_ns)
{
    return keys->spec->eviction == EVICTION_LFU ? FREQUENCY_MAX - store_frequency(entry, now_ns)
                                                : now_ns - entry->touched_ns;
}

/* Into the pool in order of idleness; a full pool loses its least idle candidate. */
static void consider(struct store_keys *keys, struct store_candidate candidate)
{
    struct store_candidate *pool = keys->candidates;
    uint32_t place = 0;

    while (place < keys->candidates_max && pool[place].idleness < candidate.idleness)
        place++;
    if (keys->candidates_max < STORE_CANDIDATES_MAX) {
        for (uint32_t i = keys->candidates_max++; i > place; i--)
            pool[i] = pool[i - 1];
        pool[place] = candidate;
    } else if (place > 0) {
        for (uint32_t i = 0; i + 1 < place; i++)
            pool[i] = pool[i + 1];
        pool[place - 1] = candidate;
    }
}

static void sample(struct store_keys *keys, uint64_t now_ns)
{
    for (int i = 0; i < SAMPLES; i++) {
        const struct store_entry *entry = &keys->entries[dice_below(&keys->dice, keys->length)];

        consider(keys, (struct store_candidate){entry->key, idleness(keys, entry, now_ns)});
    }
}

bool store_evict(struct store_keys *keys, uint64_t now_ns)
{
    const uint64_t *place = NULL;

    if (keys->spec->eviction == EVICTION_NONE || keys->length == 0)
        return false;
    while (place == NULL) {
        sample(keys, now_ns);
        while (place == NULL && keys->candidates_max > 0)
            place = map_find(&keys->places, keys->candidates[--keys->candidates_max].key, 0);
    }
    keys->counts->evictions++;
    store_keys_drop(keys, &keys->entries[*place]);
    return true;
}
