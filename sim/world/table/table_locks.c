/* table_locks.c — Who may change a row now, and who waits for it.
 *
 * A transaction locks the rows that it sets, raises or tallies, one after the other in the order
 * of their keys, and holds them to its commit; so two transactions can never wait for each other.
 * Each row has a line, first in, first out.
 *
 * The record of a lock outlives its use, because it also knows how long the row has been locked:
 * that names the hot row. When records run out the one that has been idle longest is used again;
 * a hot row is never among those. */
#include "sim/world/table/table_inside.h"

/* ---- Which rows, in which order ------------------------------------------------------------- */

static bool locks_a_row(const struct table_op *op)
{
    return op->verb == TABLE_SET || op->verb == TABLE_RAISE || op->verb == TABLE_TALLY;
}

static int compare(const struct table_op *x, const struct table_op *y)
{
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b == y->b ? 0 : x->b < y->b ? -1 : 1;
}

/* Shell's sort with Ciura's gaps: no memory, no recursion, and one pass over what is sorted
 * already, as it usually is. */
static void sort(const struct table_op *ops, uint16_t *order, uint32_t n)
{
    static const uint32_t gaps[] = {1750, 701, 301, 132, 57, 23, 10, 4, 1};

    for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++)
        for (uint32_t i = gaps[g]; i < n; i++) {
            uint16_t moved = order[i];
            uint32_t place = i;

            for (; place >= gaps[g] && compare(&ops[order[place - gaps[g]]], &ops[moved]) > 0;
                 place -= gaps[g])
                order[place] = order[place - gaps[g]];
            order[place] = moved;
        }
}

void table_locks_plan(struct table_block *block)
{
    uint32_t n = 0, distinct = 0;

    for (uint32_t i = 0; i < block->ops_max; i++)
        if (locks_a_row(&block->ops[i]))
            block->order[n++] = (uint16_t)i;
    sort(block->ops, block->order, n);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 ||
            compare(&block->ops[block->order[distinct - 1]], &block->ops[block->order[i]]) != 0)
            block->order[distinct++] = block->order[i];
    block->locks_max = distinct;
    block->locks_taken = 0;
}

/* ---- Records -------------------------------------------------------------------------------- */

static struct table_lock *take_record(struct table_model *model)
{
    struct table_lock *lock = pool_take(&model->lock_records);
    struct link *oldest;

    if (lock != NULL)
        return lock;
    oldest = list_take_first(&model->idle_locks);
    if (oldest == NULL)
        return NULL;
    lock = list_entry(oldest, struct table_lock, idle);
    if (lock->busy_ns > model->hottest_idle_ns)
        model->hottest_idle_ns = lock->busy_ns;
    map_drop(&model->locks[lock->table], lock->a, lock->b);
    return lock;
}

/* The row's lock, made when there is none. NULL: too many are held. */
static struct table_lock *lock_of(struct table_model *model, const struct table_op *op)
{
    const uint64_t *place = map_find(&model->locks[op->table], op->a, op->b);
    struct table_lock *lock;

    if (place != NULL)
        return (struct table_lock *)(uintptr_t)*place;
    lock = take_record(model);
    if (lock == NULL)
        return NULL;
    *lock = (struct table_lock){.a = op->a, .b = op->b, .table = op->table};
    list_init(&lock->waiting);
    list_push_last(&model->idle_locks, &lock->idle);
    *map_put(&model->locks[op->table], op->a, op->b, NULL) = (uint64_t)(uintptr_t)lock;
    return lock;
}

/* ---- Taking and releasing ------------------------------------------------------------------- */

static void hold(struct table_model *model, struct table_lock *lock,
                 struct table_transaction *transaction)
{
    lock->holder = transaction;
    lock->since_ns = table_now(model);
    transaction->block->locks_taken++;
}

bool table_locks_take(struct table_model *model, struct table_transaction *transaction,
                      bool *is_refused)
{
    struct table_block *block = transaction->block;

    *is_refused = false;
    while (block->locks_taken < block->locks_max) {
        struct table_lock *lock = lock_of(model, &block->ops[block->order[block->locks_taken]]);

        if (lock == NULL) {
            *is_refused = true;
            return false;
        }
        block->locks[block->locks_taken] = lock;
        if (lock->holder != NULL) {
            list_push_last(&lock->waiting, &transaction->link);
            return false;
        }
        list_remove(&model->idle_locks, &lock->idle);
        hold(model, lock, transaction);
    }
    return true;
}

static void release(struct table_model *model, struct table_lock *lock)
{
    struct link *first = list_take_first(&lock->waiting);

    lock->busy_ns += table_now(model) - lock->since_ns;
    lock->holder = NULL;
    if (first == NULL) {
        list_push_last(&model->idle_locks, &lock->idle);
        return;
    }
    hold(model, lock, list_entry(first, struct table_transaction, link));
    table_locked(model, lock->holder);
}

void table_locks_leave(struct table_transaction *transaction)
{
    struct table_block *block = transaction->block;

    list_remove(&block->locks[block->locks_taken]->waiting, &transaction->link);
}

void table_locks_release(struct table_model *model, struct table_transaction *transaction)
{
    struct table_block *block = transaction->block;
    uint32_t taken = block->locks_taken;

    block->locks_taken = 0;
    for (uint32_t i = 0; i < taken; i++)
        release(model, block->locks[i]);
}

/* ---- The hot row ---------------------------------------------------------------------------- */

static struct table_lock *record(const struct table_model *model, uint32_t i)
{
    return (struct table_lock *)(void *)(model->lock_records.records +
                                         i * model->lock_records.record_size);
}

void table_locks_warm(struct table_model *model)
{
    model->hottest_idle_ns = 0;
    for (uint32_t i = 0; i < model->lock_records.fresh; i++) {
        record(model, i)->busy_ns = 0;
        record(model, i)->since_ns = table_now(model);
    }
}

uint64_t table_locks_hottest_ns(const struct table_model *model)
{
    uint64_t most_ns = model->hottest_idle_ns;

    for (uint32_t i = 0; i < model->lock_records.fresh; i++) {
        const struct table_lock *lock = record(model, i);
        uint64_t held_ns = lock->holder == NULL ? 0 : table_now(model) - lock->since_ns;

        if (lock->busy_ns + held_ns > most_ns)
            most_ns = lock->busy_ns + held_ns;
    }
    return most_ns;
}
