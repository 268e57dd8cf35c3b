/* database_postgres_write.c — One transaction in as few statements as its meaning allows.
 *
 *   operations --> stretches in which no key occurs twice --> per stretch:
 *       BEGIN, limits | deletes, by table | inserts, by table | tallies are counted here |
 *       sets, raises and additions, by table | COMMIT
 *
 * Operations on different rows may change places; only a TALLY depends on what was before it, and
 * how much it adds is worked out from the keys that the deletes and inserts gave back. So five
 * hundred likes of fifty posts are two statements. Where a key occurs twice a new stretch begins,
 * and in the worst case each operation is one.
 *
 * Each statement's rows are in the order of their keys, statements in the order of their tables, a
 * hot counter behind the likes: see database.h for what follows about deadlocks. */
#include "services/live/table/database_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/live/loop/loop.h"

enum { GRACE_MS = 1000 };

struct transaction {
    struct postgres *postgres;
    const struct table_op *ops;
    uint32_t ops_max;
    uint32_t from, to; /* This stretch. */
    uint64_t until_ns;
    int64_t tally;
};

/* ---- Stretches ------------------------------------------------------------------------------ */

static int compare_keys(const struct postgres_place *x, const struct postgres_place *y)
{
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b == y->b ? 0 : x->b < y->b ? -1 : 1;
}

static int compare(const void *x, const void *y)
{
    const struct postgres_place *one = x, *other = y;
    int order = compare_keys(one, other);

    return order != 0 ? order : one->index < other->index ? -1 : 1;
}

static void sort(const struct transaction *transaction)
{
    struct postgres_work *work = &transaction->postgres->work;

    for (uint32_t i = 0; i < transaction->ops_max; i++) {
        const struct table_op *op = &transaction->ops[i];

        work->places[i] =
            (struct postgres_place){.a = op->a, .b = op->b, .table = op->table, .index = i};
        work->values[i] = op->value;
    }
    qsort(work->places, transaction->ops_max, sizeof work->places[0], compare);
    for (uint32_t i = 0; i < transaction->ops_max; i++) {
        bool is_again = i > 0 && compare_keys(&work->places[i - 1], &work->places[i]) == 0;

        work->before[work->places[i].index] = is_again ? 1 + work->places[i - 1].index : 0;
    }
}

static uint32_t stretch_end(const struct transaction *transaction)
{
    const struct postgres_work *work = &transaction->postgres->work;
    uint32_t to = transaction->from + 1;

    while (to < transaction->ops_max && work->before[to] <= transaction->from)
        to++;
    return to;
}

/* ---- Statements ----------------------------------------------------------------------------- */

static bool is_in_stretch(const struct transaction *transaction, const struct postgres_place *place)
{
    return place->index >= transaction->from && place->index < transaction->to;
}

/* The arrays := the stretch's operations of this verb on this table. False: there are none. */
static bool gather(const struct transaction *transaction, enum table_verb verb, uint32_t table)
{
    struct postgres_work *work = &transaction->postgres->work;

    postgres_array_start(&work->a);
    postgres_array_start(&work->b);
    postgres_array_start(&work->v);
    for (uint32_t i = 0; i < transaction->ops_max; i++) {
        const struct postgres_place *place = &work->places[i];

        if (place->table != table || !is_in_stretch(transaction, place) ||
            transaction->ops[place->index].verb != (uint8_t)verb)
            continue;
        postgres_array_add(&work->a, place->a);
        postgres_array_add(&work->b, place->b);
        postgres_array_add(&work->v, (uint64_t)work->values[place->index]);
    }
    return work->a.length > 0;
}

static enum postgres_end run(const struct transaction *transaction, enum postgres_statement which,
                             uint32_t table, PGresult **result)
{
    struct postgres *postgres = transaction->postgres;

    if (loop_clock_ns() >= transaction->until_ns) {
        snprintf(postgres->sqlstate, sizeof postgres->sqlstate, "57014"); /* As the server's. */
        return POSTGRES_ERROR;
    }
    return postgres_run(postgres, which, table, result);
}

/* Notes which operations the keys that came back belong to. */
static void note(const struct transaction *transaction, uint32_t table, PGresult *result,
                 int8_t changed)
{
    struct postgres_work *work = &transaction->postgres->work;
    bool has_b = PQnfields(result) > 1;

    for (int row = 0; row < PQntuples(result); row++) {
        struct postgres_place key = {.table = table, .a = postgres_number(result, row, 0)};
        uint32_t low = 0, high = transaction->ops_max;

        key.b = has_b ? postgres_number(result, row, 1) : 0;
        key.index = transaction->from;
        while (low < high) { /* The first place that is not before (key, from). */
            uint32_t middle = (low + high) / 2;
            int order = compare_keys(&work->places[middle], &key);

            if (order < 0 || (order == 0 && work->places[middle].index < key.index))
                low = middle + 1;
            else
                high = middle;
        }
        check(low < transaction->ops_max && compare_keys(&work->places[low], &key) == 0);
        work->changed[work->places[low].index] = changed;
    }
    PQclear(result);
}

static bool must_look(const struct transaction *transaction, uint32_t table)
{
    return table == TABLE_LIKES && !transaction->postgres->is_indexed;
}

static enum postgres_end change(const struct transaction *transaction, enum table_verb verb,
                                uint32_t table)
{
    enum postgres_statement which = verb == TABLE_DELETE ? POSTGRES_DELETE : POSTGRES_INSERT;
    enum postgres_end end = POSTGRES_OK;
    PGresult *result;

    if (!gather(transaction, verb, table))
        return POSTGRES_OK;
    if (verb == TABLE_INSERT && must_look(transaction, table)) {
        which = POSTGRES_INSERT_LOOKING;
        end = run(transaction, POSTGRES_LOCK, table, NULL);
    }
    if (end == POSTGRES_OK)
        end = run(transaction, which, table, &result);
    if (end == POSTGRES_OK)
        note(transaction, table, result, verb == TABLE_DELETE ? -1 : 1);
    return end;
}

static enum postgres_end update(const struct transaction *transaction, enum table_verb verb,
                                uint32_t table)
{
    static const enum postgres_statement keyed[] = {
        [TABLE_SET] = POSTGRES_SET, [TABLE_RAISE] = POSTGRES_RAISE, [TABLE_TALLY] = POSTGRES_ADD};
    static const enum postgres_statement looking[] = {[TABLE_SET] = POSTGRES_SET_LOOKING,
                                                      [TABLE_RAISE] = POSTGRES_RAISE_LOOKING,
                                                      [TABLE_TALLY] = POSTGRES_ADD_LOOKING};
    enum postgres_end end;

    if (!gather(transaction, verb, table))
        return POSTGRES_OK;
    if (!must_look(transaction, table))
        return run(transaction, keyed[verb], table, NULL);
    end = run(transaction, POSTGRES_LOCK, table, NULL);
    if (end == POSTGRES_OK)
        end = run(transaction, looking[verb], table, NULL);
    return end == POSTGRES_OK ? run(transaction, POSTGRES_INSERT_LOOKING, table, NULL) : end;
}

static void count_tallies(struct transaction *transaction)
{
    struct postgres_work *work = &transaction->postgres->work;

    for (uint32_t i = transaction->from; i < transaction->to; i++) {
        transaction->tally += work->changed[i];
        if (transaction->ops[i].verb != TABLE_TALLY)
            continue;
        work->values[i] = transaction->tally;
        transaction->tally = 0;
    }
}

static enum postgres_end apply_stretch(struct transaction *transaction)
{
    static const enum table_verb changes[] = {TABLE_DELETE, TABLE_INSERT};
    static const enum table_verb updates[] = {TABLE_SET, TABLE_RAISE, TABLE_TALLY};
    enum postgres_end end = POSTGRES_OK;

    for (uint32_t verb = 0; verb < 2; verb++)
        for (uint32_t table = 1; table < TABLE_KINDS && end == POSTGRES_OK; table++)
            end = change(transaction, changes[verb], table);
    count_tallies(transaction);
    for (uint32_t table = 1; table < TABLE_KINDS; table++)
        for (uint32_t verb = 0; verb < 3 && end == POSTGRES_OK; verb++)
            end = update(transaction, updates[verb], table);
    return end;
}

/* ---- The transaction ------------------------------------------------------------------------ */

static enum postgres_end begin(const struct transaction *transaction)
{
    uint64_t now_ns = loop_clock_ns();
    uint64_t left_ms =
        now_ns < transaction->until_ns ? (transaction->until_ns - now_ns) / 1000000 + 1 : 1;
    char text[160];

    snprintf(text, sizeof text,
             "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = %u; "
             "SET LOCAL lock_timeout = %u",
             (uint32_t)left_ms, (uint32_t)left_ms);
    return postgres_say(transaction->postgres, text, NULL);
}

static bool is_state(const struct postgres *postgres, const char *state)
{
    return strcmp(postgres->sqlstate, state) == 0;
}

/* Two stood in each other's way and this one was chosen to give in. */
static bool may_try_again(const struct postgres *postgres)
{
    return is_state(postgres, "40P01") || is_state(postgres, "40001");
}

/* Before the commit was said: nothing happened, whatever it was. */
static enum database_end roll_back(struct postgres *postgres)
{
    bool is_busy =
        is_state(postgres, "55P03") || is_state(postgres, "57014") || may_try_again(postgres);
    char kept[sizeof postgres->sqlstate];

    memcpy(kept, postgres->sqlstate, sizeof kept);
    if (!postgres->is_broken && postgres_say(postgres, "ROLLBACK", NULL) != POSTGRES_OK)
        postgres->is_broken = true;
    memcpy(postgres->sqlstate, kept, sizeof kept);
    return is_busy ? DATABASE_BUSY : DATABASE_FAILED;
}

/* An error in answer to COMMIT means that it was not; no answer, or that the server goes, means
 * nothing. The COMMIT of a failed transaction is answered with ROLLBACK. */
static enum database_end commit(struct postgres *postgres)
{
    PGresult *result = NULL;
    enum postgres_end end = postgres_say(postgres, "COMMIT", &result);
    bool is_committed = end == POSTGRES_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;

    PQclear(result);
    if (is_committed)
        return DATABASE_OK;
    if (end == POSTGRES_BROKEN || strncmp(postgres->sqlstate, "57P", 3) == 0)
        return DATABASE_LOST;
    return roll_back(postgres);
}

static enum database_end attempt(struct transaction *transaction)
{
    struct postgres *postgres = transaction->postgres;
    enum postgres_end end;

    memset(postgres->work.changed, 0, transaction->ops_max * sizeof postgres->work.changed[0]);
    transaction->tally = 0;
    end = begin(transaction);
    for (transaction->from = 0; end == POSTGRES_OK && transaction->from < transaction->ops_max;
         transaction->from = transaction->to) {
        transaction->to = stretch_end(transaction);
        end = apply_stretch(transaction);
    }
    return end == POSTGRES_OK ? commit(postgres) : roll_back(postgres);
}

enum database_end postgres_write(struct database *database, const struct table_op *ops,
                                 uint32_t ops_max, uint32_t timeout_ms, int64_t *rows_changed)
{
    struct postgres *postgres = (struct postgres *)database;
    struct transaction transaction = {.postgres = postgres, .ops = ops, .ops_max = ops_max};
    enum database_end end;

    transaction.until_ns = loop_clock_ns() + timeout_ms * UINT64_C(1000000);
    postgres->until_ns = transaction.until_ns + GRACE_MS * UINT64_C(1000000);
    sort(&transaction);
    do
        end = attempt(&transaction);
    while (end == DATABASE_BUSY && may_try_again(postgres) && !postgres->is_broken &&
           loop_clock_ns() < transaction.until_ns);
    if (end != DATABASE_OK)
        return end;
    *rows_changed = 0;
    for (uint32_t i = 0; i < ops_max; i++)
        *rows_changed += postgres->work.changed[i] != 0;
    return DATABASE_OK;
}
