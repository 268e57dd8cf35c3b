/* lanes.c — Chunks, the table of delays, and the tournament.
 *
 * The tournament keeps a winner per pair. When the head of one lane changes, only the matches on
 * its way up are played again, and only as far as that lane has a part in them. */
#include "sim/engine/lanes.h"

enum { PATIENCE = 8, AHEAD = 8 };

static const struct entry never = {.due_ns = UINT64_MAX, .seq = UINT64_MAX};

/* Each lane has at most two chunks that are not full. */
static uint64_t chunks_for(uint64_t pending_max)
{
    return pending_max / CHUNK_ENTRIES + 2 * LANES_MAX;
}

size_t lanes_bytes(uint64_t pending_max)
{
    return (size_t)chunks_for(pending_max) * sizeof(struct chunk) + 64;
}

void lanes_init(struct lanes *lanes, struct arena *arena, uint64_t pending_max)
{
    size_t bytes = (size_t)chunks_for(pending_max) * sizeof(struct chunk);

    *lanes = (struct lanes){.leaves = 1, .fresh = arena_take(arena, bytes)};
    for (unsigned i = 0; i < LANES_MAX; i++)
        lanes->heads[i] = never;
}

/* The winner so far stays in registers and the rivals are known beforehand, so each match costs
 * one comparison. Its result is used as a mask: nobody can predict who wins, and a branch that
 * guesses wrong costs more than the whole tournament. */
void lanes_replay(struct lanes *lanes, unsigned lane)
{
    uint64_t due_ns = lanes->heads[lane].due_ns;
    uint64_t seq = lanes->heads[lane].seq;
    uint64_t winner = lane;

    for (uint32_t place = lanes->leaves + lane; place > 1; place /= 2) {
        uint64_t rival = lanes->winners[place ^ 1];
        const struct entry *head = &lanes->heads[rival];
        uint64_t is_sooner = head->due_ns < due_ns;
        uint64_t is_tie = head->due_ns == due_ns;
        uint64_t mask = 0 - (is_sooner | (is_tie & (uint64_t)(head->seq < seq)));

        winner ^= (winner ^ rival) & mask;
        due_ns ^= (due_ns ^ head->due_ns) & mask;
        seq ^= (seq ^ head->seq) & mask;
        lanes->winners[place / 2] = (uint8_t)winner;
    }
}

/* After a new lane: the leaves may have moved. */
static void replay_all(struct lanes *lanes)
{
    for (uint32_t i = 0; i < lanes->leaves; i++)
        lanes->winners[lanes->leaves + i] = (uint8_t)i;
    for (uint32_t match = lanes->leaves - 1; match > 0; match--)
        lanes->winners[match] = lanes->winners[2 * match];
    for (uint32_t i = 0; i < lanes->leaves; i++)
        lanes_replay(lanes, i);
}

/* Whether this delay came before. A place is not given up to the first newcomer: two delays that
 * take turns would push each other out for ever. */
static bool was_seen(struct lanes *lanes, uint32_t slot, uint64_t delay_ns)
{
    uint32_t place = slot % LANES_MAX;

    if (lanes->seen_ns[place] == delay_ns)
        return true;
    if (lanes->patience[place] > 0) {
        lanes->patience[place]--;
    } else {
        lanes->seen_ns[place] = delay_ns;
        lanes->patience[place] = PATIENCE;
    }
    return false;
}

unsigned lanes_open(struct lanes *lanes, uint64_t delay_ns)
{
    uint32_t slot = lanes_slot(delay_ns);

    if (lanes->opened == LANES_MAX || !was_seen(lanes, slot, delay_ns))
        return LANES_NONE;
    while (lanes->numbers[slot] != 0)
        slot = (slot + 1) % LANES_SLOTS;
    lanes->delays_ns[slot] = delay_ns;
    lanes->numbers[slot] = (uint8_t)(lanes->opened + 1);
    if (lanes->opened == lanes->leaves)
        lanes->leaves *= 2;
    lanes->opened++;
    replay_all(lanes);
    return lanes->opened - 1;
}

static struct chunk *take_chunk(struct lanes *lanes)
{
    struct chunk *chunk = lanes->free;

    if (chunk == NULL)
        return lanes->fresh++;
    lanes->free = chunk->next;
    return chunk;
}

static void add_chunk(struct lanes *lanes, struct lane *lane)
{
    struct chunk *chunk = take_chunk(lanes);

    if (lane->last == NULL)
        lane->first = chunk;
    else
        lane->last->next = chunk;
    lane->last = chunk;
    lane->write = 0;
}

void lanes_append(struct lanes *lanes, unsigned number, const struct entry *entry)
{
    struct lane *lane = &lanes->lanes[number];

    if (lane->last == NULL || lane->write == CHUNK_ENTRIES)
        add_chunk(lanes, lane);
    lane->last->entries[lane->write++] = *entry;
}

/* The next entry behind the head; false when none waits. */
static bool shift(struct lanes *lanes, struct lane *lane, struct entry *entry)
{
    struct chunk *chunk = lane->first;

    if (chunk == lane->last && lane->read == lane->write) {
        lane->read = lane->write = 0; /* The chunk stays for the next to wait here. */
        return false;
    }
    if (lane->read == CHUNK_ENTRIES) {
        lane->first = chunk->next;
        lane->read = 0;
        chunk->next = lanes->free;
        lanes->free = chunk;
    }
    __builtin_prefetch(lane->first->entries[(lane->read + AHEAD) % CHUNK_ENTRIES].event);
    *entry = lane->first->entries[lane->read++];
    return true;
}

struct entry lanes_take(struct lanes *lanes)
{
    unsigned number = lanes->winners[1];
    struct entry *head = &lanes->heads[number];
    struct entry taken = *head;

    do {
        lanes->length--;
        if (!shift(lanes, &lanes->lanes[number], head)) {
            *head = never;
            break;
        }
    } while (entry_is_stale(head));
    lanes_replay(lanes, number);
    return taken;
}
