/* table_rows.c — The committed rows, what a statement costs, and what a commit changes.
 *
 * A table is a map from its key to its value; beside it stands how many rows share a first column,
 * which is what an index on it would find. Nothing is changed before its commit, so whoever reads
 * sees committed rows (READ COMMITTED), and nothing has to be undone.
 *
 * Left out: that an insert waits for another transaction that is inserting the same key. Here the
 * later commit finds the row and does nothing, which is where that wait would have ended. */
#include "services/base/number.h"
#include "sim/world/table/table_inside.h"

enum { ROWS_EXPECTED = 1024 };

void table_rows_init(struct table_model *model, struct arena *arena)
{
    for (uint32_t table = 0; table < TABLE_KINDS; table++) {
        map_init(&model->rows[table], arena, ROWS_EXPECTED);
        map_init(&model->by_first[table], arena, ROWS_EXPECTED);
        map_init(&model->locks[table], arena, ROWS_EXPECTED);
        model->has_index[table] = true;
    }
}

/* ---- Costs ---------------------------------------------------------------------------------- */

/* Rows that a scan of the table looks at. */
static uint64_t rows_scanned(const struct table_model *model, uint32_t table)
{
    return model->rows[table].length + (table == TABLE_LIKES ? model->spec->likes_rows : 0);
}

static uint64_t rows_with(const struct table_model *model, uint32_t table, uint64_t a)
{
    const uint64_t *others = map_find(&model->by_first[table], a, 0);
    uint64_t first = map_find(&model->rows[table], a, 0) != NULL;

    return first + (others == NULL ? 0 : *others);
}

static uint64_t scan_ns(struct table_model *model, uint32_t table)
{
    uint64_t rows = rows_scanned(model, table);

    if (model->has_index[table])
        return 0;
    model->counts.rows_walked += rows;
    return number_round((double)rows * (double)model->spec->scan_row_ns); /* It may be ages. */
}

static uint64_t read_cost_ns(struct table_model *model, const struct table_transaction *read)
{
    uint64_t cost_ns = model->spec->statement_ns + scan_ns(model, read->of);

    if (read->how == TABLE_COUNT && model->has_index[read->of]) {
        uint64_t rows = rows_with(model, read->of, read->a);

        model->counts.rows_walked += rows;
        cost_ns += rows * model->spec->row_ns;
    }
    return cost_ns;
}

uint64_t table_cost_ns(struct table_model *model, const struct table_transaction *transaction)
{
    const struct table_block *block = transaction->block;
    uint64_t cost_ns;

    if (block == NULL)
        return read_cost_ns(model, transaction);
    cost_ns = block->ops_max * model->spec->row_ns;
    for (uint64_t bits = block->statements; bits != 0; bits &= bits - 1) {
        uint32_t table = (uint32_t)__builtin_ctzll(bits) % TABLE_KINDS;

        cost_ns += model->spec->statement_ns + scan_ns(model, table);
    }
    return cost_ns;
}

/* ---- Reading -------------------------------------------------------------------------------- */

void table_read_rows(struct table_model *model, struct table_transaction *transaction)
{
    const uint64_t *value;

    model->counts.reads++;
    transaction->outcome = CALL_OK;
    if (transaction->how == TABLE_COUNT) {
        transaction->value = (int64_t)rows_with(model, transaction->of, transaction->a);
        return;
    }
    value = map_find(&model->rows[transaction->of], transaction->a, transaction->b);
    transaction->value = value == NULL ? 0 : (int64_t)*value;
    if (value == NULL)
        transaction->outcome = CALL_ABSENT;
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* The row's value; the row is added with 0 when it is not there, and *is_new says so. */
static int64_t *put_row(struct table_model *model, const struct table_op *op, bool *is_new)
{
    uint64_t *value = map_put(&model->rows[op->table], op->a, op->b, is_new);

    if (*is_new && op->b != 0)
        ++*map_put(&model->by_first[op->table], op->a, 0, NULL);
    return (int64_t *)value;
}

static bool insert(struct table_model *model, const struct table_op *op)
{
    bool is_new;
    int64_t *value = put_row(model, op, &is_new);

    if (is_new)
        *value = op->value;
    return is_new;
}

static bool erase(struct table_model *model, const struct table_op *op)
{
    uint64_t *others;

    if (!map_drop(&model->rows[op->table], op->a, op->b))
        return false;
    others = op->b == 0 ? NULL : map_find(&model->by_first[op->table], op->a, 0);
    if (others != NULL && --*others == 0)
        map_drop(&model->by_first[op->table], op->a, 0);
    return true;
}

/* value := what is given, or the greater of both; or the tally is added to it. */
static void update(struct table_model *model, const struct table_op *op, int64_t tally)
{
    bool is_new;
    int64_t *value = put_row(model, op, &is_new);

    if (op->verb == TABLE_TALLY)
        *value += tally;
    else if (is_new || op->verb == TABLE_SET || op->value > *value)
        *value = op->value;
}

static int64_t planted(const struct table_model *model, bool was_there)
{
#ifdef SIM_PLANTED_BUGS
    return model->bug == TABLE_TALLIES_TWICE && was_there;
#else
    (void)model;
    (void)was_there;
    return 0;
#endif
}

void table_apply(struct table_model *model, struct table_transaction *transaction)
{
    const struct table_block *block = transaction->block;
    int64_t changed = 0, tally = 0;
    uint64_t updated = 0;

    for (uint32_t i = 0; i < block->ops_max; i++) {
        const struct table_op *op = &block->ops[i];

        if (op->verb == TABLE_INSERT) {
            bool is_new = insert(model, op);

            changed += is_new;
            tally += is_new + planted(model, !is_new);
        } else if (op->verb == TABLE_DELETE) {
            bool was_there = erase(model, op);

            changed += was_there;
            tally -= was_there;
        } else {
            update(model, op, tally);
            updated++;
            if (op->verb == TABLE_TALLY)
                tally = 0;
        }
    }
    model->counts.writes++;
    model->counts.commits++;
    model->counts.rows_written += (uint64_t)changed + updated;
    transaction->outcome = CALL_OK;
    transaction->value = changed;
}
