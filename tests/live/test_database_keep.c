/* Tables that outlive a run: made once, emptied before the next, and nothing of anybody else's. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "services/live/table/database.h"
#include "tests/lib/postgres.h"

enum { SOON_MS = 5000, OLD_ROWS = 2000 };

static struct postgres_server server;
static struct table_settings settings;
static char why[160];

static int make(void **state)
{
    (void)state;
    settings = (struct table_settings){.connections = 1, .is_indexed = true};
    snprintf(settings.database, sizeof settings.database, "%s", server.url);
    strcpy(settings.schema, "sim_spike_queue");
    return database_keep(&settings, OLD_ROWS, why) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    return database_drop(&settings, why) ? 0 : -1;
}

static void write_row(enum schema_table table, uint64_t a, uint64_t b, int64_t value)
{
    const struct table_op op = {
        .verb = TABLE_SET, .table = (uint8_t)table, .a = a, .b = b, .value = value};
    struct database *database = database_open(&settings, why);
    int64_t changed;

    assert_non_null(database);
    assert_int_equal(database_write(database, &op, 1, SOON_MS, &changed), DATABASE_OK);
    database_close(database);
}

static bool count_row(void *context, uint64_t a, uint64_t b, int64_t value)
{
    (void)a;
    (void)b;
    (void)value;
    ++*(unsigned *)context;
    return true;
}

static unsigned rows_in(enum schema_table table)
{
    struct database *database = database_open(&settings, why);
    unsigned rows = 0;

    assert_non_null(database);
    assert_true(database_each(database, table, count_row, &rows, why));
    database_close(database);
    return rows;
}

static void what_is_there_is_kept_with_its_rows(void **state)
{
    (void)state;
    write_row(TABLE_ORDERS, 7, 0, 100);
    assert_true(database_keep(&settings, OLD_ROWS, why));
    assert_int_equal(rows_in(TABLE_ORDERS), 1);
}

static void clearing_leaves_the_offsets_and_the_likes_that_were_there_before(void **state)
{
    (void)state;
    write_row(TABLE_ORDERS, 7, 0, 100);
    write_row(TABLE_LIKES, 1, 2, 3);
    write_row(TABLE_COUNTERS, 1, 0, 1);
    write_row(TABLE_OFFSETS, 2, 5, 1234);
    assert_true(database_clear(&settings, why));
    assert_int_equal(rows_in(TABLE_ORDERS), 0);
    assert_int_equal(rows_in(TABLE_LIKES), 0);
    assert_int_equal(rows_in(TABLE_COUNTERS), 0);
    assert_int_equal(rows_in(TABLE_OFFSETS), 1);
    assert_true(postgres_tell(&server, "DO $$ BEGIN ASSERT (SELECT count(*) FROM "
                                       "sim_spike_queue.likes) = 2000; END $$"));
}

static void another_runs_rows_are_left_alone(void **state)
{
    (void)state;
    write_row(TABLE_ORDERS, 7, 0, 100);
    strcpy(settings.schema, "sim_other");
    assert_true(database_keep(&settings, 0, why));
    assert_true(database_clear(&settings, why));
    assert_true(database_drop(&settings, why));
    strcpy(settings.schema, "sim_spike_queue");
    assert_int_equal(rows_in(TABLE_ORDERS), 1);
}

static void a_name_that_is_no_runs_schema_is_refused(void **state)
{
    static const char *const names[] = {"", "a'; DROP TABLE x; --", "a b", "a\"b"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(settings.schema, sizeof settings.schema, "%s", names[i]);
        assert_false(database_keep(&settings, 0, why));
        assert_false(database_clear(&settings, why));
    }
    strcpy(settings.schema, "sim_spike_queue");
}

static void a_file_of_sqlite_cannot_outlive_its_run(void **state)
{
    (void)state;
    strcpy(settings.database, "/tmp/sim-keep-test.db");
    assert_false(database_keep(&settings, 0, why));
    assert_non_null(strstr(why, "PostgreSQL"));
    assert_false(database_clear(&settings, why));
    snprintf(settings.database, sizeof settings.database, "%s", server.url);
}

static void what_is_there_already_is_not_free_and_stays(void **state)
{
    bool is_free = true;

    (void)state;
    assert_true(database_look(&settings, &is_free, why));
    assert_false(is_free);
    strcpy(settings.schema, "sim_nobodys");
    assert_true(database_look(&settings, &is_free, why));
    assert_true(is_free);
    strcpy(settings.schema, "a\"b");
    assert_false(database_look(&settings, &is_free, why));
    strcpy(settings.schema, "sim_spike_queue");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(what_is_there_is_kept_with_its_rows),
        EACH(clearing_leaves_the_offsets_and_the_likes_that_were_there_before),
        EACH(another_runs_rows_are_left_alone),
        EACH(a_name_that_is_no_runs_schema_is_refused),
        EACH(a_file_of_sqlite_cannot_outlive_its_run),
        EACH(what_is_there_already_is_not_free_and_stays),
    };
    int failed;

    if (!postgres_open(&server, why)) {
        fprintf(stderr, "\n*** SKIPPED: %s ***\n\n", why);
        return 77;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    postgres_remove(&server);
    return failed;
}
