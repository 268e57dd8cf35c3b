/* evidence.c — Fetches what the audit wants to see, once the services have stopped. */
#include <stdlib.h>

#include "services/live/memcached/memcached_live.h"
#include "services/live/queue/queue_live.h"
#include "services/live/rabbit/rabbit_lab.h"
#include "services/live/store/store_live.h"
#include "services/live/table/database.h"
#include "sim/lab/lab_inside.h"

static const enum schema_table tables[] = {TABLE_LIKES, TABLE_COUNTERS, TABLE_CHARGES, TABLE_TRIPS};

static bool keep_row(void *context, uint64_t a, uint64_t b, int64_t value)
{
    struct rows *rows = context;

    if (rows->length == rows->room) {
        size_t room = rows->room == 0 ? 1024 : 2 * rows->room;
        struct evidence_row *all = realloc(rows->all, room * sizeof *all);

        rows->is_out_of_memory = all == NULL;
        if (all == NULL)
            return false;
        rows->all = all;
        rows->room = room;
    }
    rows->all[rows->length++] = (struct evidence_row){a, b, value};
    return true;
}

static bool keep_count(void *context, uint64_t post, int64_t value)
{
    *map_put(context, post, 0, NULL) = (uint64_t)value;
    return true;
}

static bool fetch_tables(struct lab *lab, struct message *why)
{
    struct database *database = database_open(&lab->servers.table, why->text);
    bool is_fetched = database != NULL;

    for (size_t i = 0; is_fetched && i < sizeof tables / sizeof *tables; i++) {
        struct rows *rows = &lab->proofs.tables[tables[i]];

        is_fetched = database_each(database, tables[i], keep_row, rows, why->text);
        if (rows->is_out_of_memory)
            is_fetched = message_say(why, "the system refused memory for the rows",
                                     "система не дала памяти для строк");
    }
    if (database != NULL)
        database_close(database);
    return is_fetched;
}

/* memcached does not list its counters: those of all posts that somebody liked are asked for. */
static bool fetch_counts_by_post(struct lab *lab, struct message *why)
{
    struct memcached_reader *reader =
        memcached_reader_open(lab->servers.store.server, lab->servers.run, why->text);
    enum call_outcome outcome = reader == NULL ? CALL_FAILED : CALL_OK;
    const struct map_slot *slot;
    size_t cursor = 0;

    while (outcome != CALL_FAILED && (slot = map_next(&lab->audit.likes, &cursor)) != NULL) {
        int64_t value;

        if (map_find(&lab->proofs.shown, slot->a, 0) != NULL)
            continue;
        outcome = memcached_reader_count(reader, slot->a, &value);
        if (outcome == CALL_OK)
            keep_count(&lab->proofs.shown, slot->a, value);
        else if (outcome == CALL_FAILED)
            message_say(why, "a counter in memcached cannot be read",
                        "счётчик в memcached не читается");
    }
    if (reader != NULL)
        memcached_reader_close(reader);
    return outcome != CALL_FAILED;
}

static bool fetch_counts(struct lab *lab, struct message *why)
{
    const struct servers *servers = &lab->servers;

    return servers->store.is_memcached
               ? fetch_counts_by_post(lab, why)
               : store_each_count(servers->store.server, servers->run, keep_count,
                                  &lab->proofs.shown, why->text);
}

/* Asked of the broker: a batcher that is killed takes what it has counted last with it. */
bool dead_letters_read(struct lab *lab, uint64_t *letters, char why[static 160])
{
    const struct queue_settings *queue = &lab->servers.queue;
    uint64_t ends[STATS_PARTITIONS_MAX] = {0};

    *letters = 0;
    if (!lab->servers.wanted.queue)
        return true;
    if (queue->is_rabbit)
        return rabbit_read_ready(queue, lab->servers.run, TOPIC_DEAD, letters, why);
    if (!queue_read_ends(queue, lab->servers.run, TOPIC_DEAD, ends, why))
        return false;
    for (uint32_t i = 0; i < queue->partitions && i < STATS_PARTITIONS_MAX; i++)
        *letters += ends[i];
    return true;
}

bool proofs_fetch(struct lab *lab, struct message *why)
{
    map_init(&lab->proofs.shown, &lab->arena, 64);
    if (lab->servers.wanted.store && !fetch_counts(lab, why))
        return false;
    if (!dead_letters_read(lab, &lab->proofs.dead_letters, why->text))
        return false;
    return !lab->servers.wanted.table || fetch_tables(lab, why);
}

void proofs_free(struct lab *lab)
{
    for (int i = 0; i < TABLE_KINDS; i++)
        free(lab->proofs.tables[i].all);
}

static bool next(void *context, enum schema_table table, size_t *cursor, struct evidence_row *row)
{
    const struct rows *rows = &((const struct proofs *)context)->tables[table];

    if (*cursor == rows->length)
        return false;
    *row = rows->all[(*cursor)++];
    return true;
}

static bool shown(void *context, uint64_t post, int64_t *value)
{
    const struct proofs *proofs = context;
    const uint64_t *found = map_find(&proofs->shown, post, 0);

    if (found != NULL)
        *value = (int64_t)*found;
    return found != NULL;
}

const struct evidence_ops evidence_lab_ops = {.next = next, .shown = shown};

/* ---- How far the log has been written -------------------------------------------------------- */

struct standing { /* Offsets in SQL, by topic and partition. */
    uint64_t next[TOPIC_KINDS][STATS_PARTITIONS_MAX];
};

static bool keep_offset(void *context, uint64_t topic, uint64_t partition, int64_t next_offset)
{
    struct standing *standing = context;

    if (topic < TOPIC_KINDS && partition < STATS_PARTITIONS_MAX)
        standing->next[topic][partition] = (uint64_t)next_offset;
    return true;
}

static bool read_standing(struct lab *lab, struct standing *standing, char why[static 160])
{
    struct database *database = database_open(&lab->servers.table, why);
    bool is_read =
        database != NULL && database_each(database, TABLE_OFFSETS, keep_offset, standing, why);

    if (database != NULL)
        database_close(database);
    return is_read;
}

static bool has_reader(const struct scenario *scenario, enum schema_topic topic)
{
    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (scenario->services[i].kind == KIND_BATCHER &&
            (scenario->services[i].topic == TOPIC_KIND_LIKES) == (topic == TOPIC_LIKES))
            return true;
    return false;
}

static const enum schema_topic topics[] = {TOPIC_LIKES, TOPIC_ORDERS};

/* What no worker has been given, and what workers of ours have; of somebody else's nobody knows. */
static bool rabbit_read_lag(struct lab *lab, uint64_t *behind, char why[static 160])
{
    *behind = lab->crew != NULL ? crew_in_hand(lab->crew) : 0;
    for (size_t t = 0; t < 2; t++) {
        uint64_t ready = 0;

        if (has_reader(lab->scenario, topics[t]) &&
            !rabbit_read_ready(&lab->servers.queue, lab->servers.run, topics[t], &ready, why))
            return false;
        *behind += ready;
    }
    return true;
}

bool log_read_lag(struct lab *lab, uint64_t *behind, char why[static 160])
{
    const struct queue_settings *queue = &lab->servers.queue;
    struct standing standing = {{{0}}};
    uint64_t ends[STATS_PARTITIONS_MAX] = {0};

    if (queue->is_rabbit)
        return rabbit_read_lag(lab, behind, why);
    *behind = 0;
    if (!lab->servers.wanted.table) /* Who reads a log keeps its place in SQL: nobody does. */
        return true;
    if (!read_standing(lab, &standing, why))
        return false;
    for (size_t t = 0; t < 2; t++) {
        if (!has_reader(lab->scenario, topics[t]))
            continue;
        if (!queue_read_ends(queue, lab->servers.run, topics[t], ends, why))
            return false;
        for (uint32_t i = 0; i < queue->partitions && i < STATS_PARTITIONS_MAX; i++)
            if (ends[i] > standing.next[topics[t]][i])
                *behind += ends[i] - standing.next[topics[t]][i];
    }
    return true;
}
