/* SQL as a library: what each verb means, on SQLite and PostgreSQL, with an index and without. */
#include "tests/lib/test.h"

#include <sqlite3.h>

#include "services/base/dice.h"
#include "tests/lib/database_rig.h"

/* Something that an administrator does, in the words of either. */
static void administer(const char *to_sqlite, const char *to_postgres)
{
    sqlite3 *connection;

    if (!is_sqlite()) {
        assert_true(postgres_tell(&server, to_postgres));
        return;
    }
    assert_int_equal(sqlite3_open(settings.database, &connection), SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, to_sqlite, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(connection);
}

/* ---- Verbs ---------------------------------------------------------------------------------- */

static void an_insert_happens_once_and_keeps_the_first_value(void **state)
{
    (void)state;
    assert_int_equal(WRITE(row_op(TABLE_INSERT, TABLE_LIKES, 1, 2, 10)), 1);
    assert_int_equal(WRITE(row_op(TABLE_INSERT, TABLE_LIKES, 1, 2, 20)), 0);
    assert_int_equal(value_of(TABLE_LIKES, 1, 2), 10);
    assert_int_equal(WRITE(row_op(TABLE_INSERT, TABLE_ORDERS, 7, 0, 500)), 1);
    assert_int_equal(WRITE(row_op(TABLE_INSERT, TABLE_ORDERS, 7, 0, 900)), 0);
    assert_int_equal(value_of(TABLE_ORDERS, 7, 0), 500);
}

static void a_delete_counts_what_was_there(void **state)
{
    (void)state;
    WRITE(like(1, 2), like(1, 3));
    assert_int_equal(WRITE(unlike(1, 2), unlike(1, 4)), 1);
    assert_int_equal(value_of(TABLE_LIKES, 1, 2), NO_ROW);
    assert_int_equal(count_of(TABLE_LIKES, 1), 1);
}

static void a_count_of_nothing_is_zero(void **state)
{
    (void)state;
    WRITE(like(1, 2), like(1, 3), like(2, 2));
    assert_int_equal(count_of(TABLE_LIKES, 1), 2);
    assert_int_equal(count_of(TABLE_LIKES, 3), 0);
}

static void a_set_replaces_and_a_raise_never_lowers(void **state)
{
    (void)state;
    assert_int_equal(WRITE(row_op(TABLE_SET, TABLE_MENUS, 1, 0, 5)), 0);
    assert_int_equal(WRITE(row_op(TABLE_SET, TABLE_MENUS, 1, 0, 3)), 0);
    assert_int_equal(value_of(TABLE_MENUS, 1, 0), 3);
    WRITE(row_op(TABLE_RAISE, TABLE_OFFSETS, 1, 4, -7));
    assert_int_equal(value_of(TABLE_OFFSETS, 1, 4), -7);
    WRITE(row_op(TABLE_RAISE, TABLE_OFFSETS, 1, 4, 9));
    WRITE(row_op(TABLE_RAISE, TABLE_OFFSETS, 1, 4, 8));
    assert_int_equal(value_of(TABLE_OFFSETS, 1, 4), 9);
    assert_int_equal(value_of(TABLE_OFFSETS, 1, 5), NO_ROW);
}

static void a_tally_counts_since_the_tally_before_it(void **state)
{
    (void)state;
    WRITE(like(1, 1), unlike(9, 9));
    assert_int_equal(WRITE(like(1, 1), like(1, 2), like(1, 3), tally(1), like(2, 1), tally(2),
                           unlike(1, 1), tally(3), tally(4)),
                     4);
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), 2);
    assert_int_equal(value_of(TABLE_COUNTERS, 2, 0), 1);
    assert_int_equal(value_of(TABLE_COUNTERS, 3, 0), -1);
    assert_int_equal(value_of(TABLE_COUNTERS, 4, 0), 0);
}

static void a_batch_delivered_twice_counts_once(void **state)
{
    struct table_op ops[501];
    uint32_t n = 0;

    (void)state;
    for (uint64_t post = 1; post <= 4; post++) {
        for (uint64_t user = 0; user < 100; user++)
            ops[n++] = like(post, user);
        ops[n++] = tally(post);
    }
    ops[n++] = row_op(TABLE_RAISE, TABLE_OFFSETS, 1, 0, 400);
    assert_int_equal(write_ops(ops, n), 400);
    assert_int_equal(write_ops(ops, n), 0);
    for (uint64_t post = 1; post <= 4; post++)
        assert_int_equal(value_of(TABLE_COUNTERS, post, 0), 100);
}

static void keys_from_two_to_the_63_on_come_back_as_they_were(void **state)
{
    (void)state;
    assert_int_equal(WRITE(like(UINT64_MAX, UINT64_C(1) << 63)), 1);
    assert_int_equal(WRITE(like(UINT64_MAX, UINT64_C(1) << 63)), 0);
    assert_int_equal(count_of(TABLE_LIKES, UINT64_MAX), 1);
}

/* ---- Against a model ------------------------------------------------------------------------ */

enum { KEYS = 4, TRANSACTIONS = 150, OPS = 24 };
static const enum schema_table modelled[] = {TABLE_LIKES, TABLE_COUNTERS, TABLE_OFFSETS};
static struct {
    bool is_there;
    int64_t value;
} rows[TABLE_KINDS][KEYS][KEYS];

static struct table_op draw_op(struct dice *dice)
{
    enum schema_table table = modelled[dice_below(dice, 3)];
    uint64_t b = table != TABLE_COUNTERS ? dice_below(dice, KEYS) : 0;

    return row_op((enum table_verb)dice_below(dice, 5), table, dice_below(dice, KEYS), b,
                  (int64_t)dice_below(dice, 9) - 4);
}

/* As the port's header says it, one after the other. */
static int64_t apply(const struct table_op *ops, uint32_t n)
{
    int64_t changed = 0, since = 0;

    for (uint32_t i = 0; i < n; i++) {
        bool *is_there = &rows[ops[i].table][ops[i].a][ops[i].b].is_there, was_there = *is_there;
        int64_t *value = &rows[ops[i].table][ops[i].a][ops[i].b].value;
        int64_t old = was_there ? *value : 0;

        *is_there = ops[i].verb != TABLE_DELETE;
        if (ops[i].verb == TABLE_INSERT ? !was_there : ops[i].verb == TABLE_SET)
            *value = ops[i].value;
        if (ops[i].verb == TABLE_RAISE)
            *value = was_there && old > ops[i].value ? old : ops[i].value;
        if (ops[i].verb == TABLE_TALLY)
            *value = old + since;
        since = ops[i].verb == TABLE_TALLY ? 0 : since;
        since += ops[i].verb == TABLE_INSERT && !was_there;
        since -= ops[i].verb == TABLE_DELETE && was_there;
        changed += ops[i].verb == TABLE_INSERT ? !was_there : 0;
        changed += ops[i].verb == TABLE_DELETE ? was_there : 0;
    }
    return changed;
}

static bool compare_row(void *context, uint64_t a, uint64_t b, int64_t value)
{
    enum schema_table table = *(const enum schema_table *)context;

    assert_true(a < KEYS && b < KEYS && rows[table][a][b].is_there);
    assert_int_equal(rows[table][a][b].value, value);
    rows[table][a][b].is_there = false;
    return true;
}

static void any_order_of_verbs_on_few_keys_comes_out_as_one_after_the_other(void **state)
{
    struct dice dice;

    (void)state;
    dice_init(&dice, 20261122, "database");
    memset(rows, 0, sizeof rows);
    for (uint32_t i = 0; i < TRANSACTIONS; i++) {
        struct table_op ops[OPS];
        uint32_t n = 1 + (uint32_t)dice_below(&dice, OPS);

        for (uint32_t j = 0; j < n; j++)
            ops[j] = draw_op(&dice);
        assert_int_equal(write_ops(ops, n), apply(ops, n));
    }
    for (size_t i = 0; i < 3; i++) {
        enum schema_table table = modelled[i];

        assert_true(database_each(db, table, compare_row, &table, why));
        for (uint32_t key = 0; key < KEYS * KEYS; key++)
            assert_false(rows[table][key / KEYS][key % KEYS].is_there);
    }
}

/* ---- All or nothing ------------------------------------------------------------------------- */

static void what_fails_in_its_last_operation_leaves_nothing(void **state)
{
    const struct table_op ops[] = {like(1, 1), tally(1),
                                   row_op(TABLE_RAISE, TABLE_OFFSETS, 1, 1, -1)};
    int64_t changed;

    (void)state;
    administer("CREATE TRIGGER no BEFORE INSERT ON offsets WHEN new.next < 0 "
               "BEGIN SELECT RAISE(ABORT, 'no'); END",
               "ALTER TABLE sim_test.offsets ADD CHECK (next >= 0)");
    assert_int_equal(database_write(db, ops, 3, SOON_MS, &changed), DATABASE_FAILED);
    assert_false(database_is_broken(db));
    assert_int_equal(value_of(TABLE_LIKES, 1, 1), NO_ROW);
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), NO_ROW);
    assert_int_equal(WRITE(like(1, 1), tally(1)), 1);
    assert_int_equal(value_of(TABLE_COUNTERS, 1, 0), 1);
}

/* ---- For the lab ---------------------------------------------------------------------------- */

static bool count_one(void *context, uint64_t a, uint64_t b, int64_t value)
{
    (void)a;
    (void)b;
    (void)value;
    ++*(uint64_t *)context;
    return true;
}

static void rows_that_were_there_before_are_left_out(void **state)
{
    uint64_t found = 0;

    (void)state;
    database_close(db);
    assert_true(database_drop(&settings, why));
    assert_true(database_make(&settings, 2500, why));
    db = open_another();
    assert_int_equal(count_of(TABLE_LIKES, DATABASE_OLD_KEYS), 1000);
    assert_int_equal(count_of(TABLE_LIKES, DATABASE_OLD_KEYS + 2), 500);
    WRITE(like(1, 2), like(UINT64_MAX, 3));
    assert_true(database_each(db, TABLE_LIKES, count_one, &found, why));
    assert_int_equal(found, 2);
}

static void a_run_does_not_write_over_anothers_tables(void **state)
{
    (void)state;
    WRITE(like(1, 2));
    assert_false(database_make(&settings, 0, why));
    assert_non_null(strstr(why, "already"));
    assert_int_equal(count_of(TABLE_LIKES, 1), 1);
    assert_true(database_drop(&settings, why));
    assert_true(database_drop(&settings, why));
    database_close(db);
    assert_true(database_make(&settings, 0, why));
    db = open_another();
    assert_int_equal(count_of(TABLE_LIKES, 1), 0);
}

static void what_is_not_ours_is_not_dropped(void **state)
{
    struct table_settings other = settings;
    char name[64];
    FILE *file;

    (void)state;
    if (is_sqlite()) {
        snprintf(name, sizeof name, "%s/letter.txt", folder);
        file = fopen(name, "we");
        assert_non_null(file);
        fputs("Dear reader, this is no database.\n", file);
        fclose(file);
        snprintf(other.database, sizeof other.database, "%s", name);
    } else {
        snprintf(other.schema, sizeof other.schema, "public");
    }
    assert_false(database_drop(&other, why));
    if (is_sqlite())
        assert_int_equal(unlink(name), 0);
}

static void a_probe_names_the_engine_and_its_version(void **state)
{
    char version[64];

    (void)state;
    assert_true(database_probe(settings.database, version, why));
    assert_non_null(strstr(version, is_sqlite() ? "SQLite 3." : "PostgreSQL "));
    assert_false(database_probe("/nowhere/at/all/rows.db", version, why));
}

static void no_reason_tells_the_password(void **state)
{
    static const char *const urls[] = {"postgres://sim:hunter2@127.0.0.1:1/sim",
                                       "postgres://sim:hunter2@[127.0.0.1:1/sim",
                                       "postgresql://sim:hunter2@127.0.0.1:1/sim?hunter2=1",
                                       "postgres://sim@127.0.0.1:1/sim?password=hunter2"};
    /* What the server says has the very word in it. */
    static const char unlucky[] = "postgres://sim:refused@127.0.0.1:1/sim";
    char version[64];

    (void)state;
    assert_false(database_probe(unlucky, version, why));
    assert_null(strstr(why, "refused"));
    assert_non_null(strstr(why, "*"));
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_false(database_probe(urls[i], version, why));
        assert_true(strlen(why) > 10);
        assert_null(strstr(why, "hunter2"));
    }
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make_tables, drop_tables)

static int group(const char *engine)
{
    const struct CMUnitTest tests[] = {
        EACH(an_insert_happens_once_and_keeps_the_first_value),
        EACH(a_delete_counts_what_was_there),
        EACH(a_count_of_nothing_is_zero),
        EACH(a_set_replaces_and_a_raise_never_lowers),
        EACH(a_tally_counts_since_the_tally_before_it),
        EACH(a_batch_delivered_twice_counts_once),
        EACH(keys_from_two_to_the_63_on_come_back_as_they_were),
        EACH(any_order_of_verbs_on_few_keys_comes_out_as_one_after_the_other),
        EACH(what_fails_in_its_last_operation_leaves_nothing),
        EACH(rows_that_were_there_before_are_left_out),
        EACH(a_run_does_not_write_over_anothers_tables),
        EACH(what_is_not_ours_is_not_dropped),
        EACH(a_probe_names_the_engine_and_its_version),
        EACH(no_reason_tells_the_password),
    };

    return cmocka_run_group_tests_name(engine, tests, NULL, NULL);
}

int main(void)
{
    return database_rig_run(group);
}
