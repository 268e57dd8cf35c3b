/* evidence.c — What there is in the end, for the audit: committed rows and the store's counters.
 *
 * The models answer at any instant and touch nothing, so nothing has to be fetched before. The
 * rows of table.likes_rows are a number in the cost of a scan and no rows: none is told of. */
#include "sim/world/world_inside.h"

static bool next(void *context, enum schema_table table, size_t *cursor, struct evidence_row *row)
{
    const struct world *world = context;
    struct table_row found;

    if (!table_model_next(world->parts.table, table, cursor, &found))
        return false;
    *row = (struct evidence_row){found.a, found.b, found.value};
    return true;
}

static bool shown(void *context, uint64_t post, int64_t *value)
{
    const struct world *world = context;

    return store_model_value(world->parts.store, store_key(SPACE_COUNT, post), value);
}

const struct evidence_ops evidence_world_ops = {.next = next, .shown = shown};
