/* database_rig.h — The two engines under tests of SQL: a file in a folder of its own, and a server.
 *
 * A test program runs its group once per engine and kind of likes table (database_rig_run); each
 * test finds `settings` filled in, the tables made and `db` open. Where PostgreSQL is not
 * installed its runs are left out and the program ends with 77. */
#ifndef TESTS_LIB_DATABASE_RIG_H
#define TESTS_LIB_DATABASE_RIG_H

#include "tests/lib/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "services/live/table/database.h"
#include "tests/lib/postgres.h"

static struct postgres_server server;
static struct table_settings settings;
static struct database *db;
static char folder[32], why[160];

static inline bool is_sqlite(void)
{
    return database_has_one_writer(settings.database);
}

static inline struct database *open_another(void)
{
    struct database *opened = database_open(&settings, why);

    if (opened == NULL)
        fail_msg("%s", why);
    return opened;
}

/* ---- A lock that somebody else holds -------------------------------------------------------- */

static sqlite3 *holding;
static pid_t holder;

/* From here on nobody tallies a counter; reads go on. */
static inline void hold_writers(void)
{
    static const char is_held[] =
        "SELECT 1 / count(*) FROM pg_locks WHERE granted AND mode = 'ExclusiveLock' "
        "AND relation = 'sim_test.like_counters'::regclass";

    if (is_sqlite()) {
        assert_int_equal(sqlite3_open(settings.database, &holding), SQLITE_OK);
        assert_int_equal(sqlite3_exec(holding, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        return;
    }
    holder = postgres_begin_to_tell(&server, "BEGIN; LOCK sim_test.like_counters "
                                             "IN EXCLUSIVE MODE; SELECT pg_sleep(1000)");
    while (!postgres_tell(&server, is_held))
        ;
}

static inline void let_writers_go(void)
{
    sqlite3_close(holding);
    holding = NULL;
    if (holder == 0)
        return;
    assert_true(postgres_tell(&server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                       "WHERE query LIKE '%pg_sleep(1000)%' "
                                       "AND pid <> pg_backend_pid()"));
    waitpid(holder, NULL, 0);
    holder = 0;
}

/* ---- From setup to teardown ----------------------------------------------------------------- */

static inline int make_tables(void **state)
{
    (void)state;
    if (!database_drop(&settings, why) || !database_make(&settings, 0, why))
        fail_msg("%s", why);
    db = open_another();
    return 0;
}

static inline int drop_tables(void **state)
{
    (void)state;
    let_writers_go(); /* A test that failed has not. */
    database_close(db);
    if (!database_drop(&settings, why))
        fail_msg("%s", why);
    return 0;
}

static inline void use_sqlite(bool is_indexed)
{
    settings = (struct table_settings){.connections = 2, .is_indexed = is_indexed};
    snprintf(settings.database, sizeof settings.database, "%s/rows.db", folder);
}

static inline void use_postgres(bool is_indexed)
{
    settings =
        (struct table_settings){.connections = 8, .is_indexed = is_indexed, .schema = "sim_test"};
    snprintf(settings.database, sizeof settings.database, "%s", server.url);
}

/* `group` runs all tests of the program and returns how many failed. */
static inline int database_rig_run(int (*group)(const char *engine))
{
    int failed;
    bool has_postgres;

    snprintf(folder, sizeof folder, "/tmp/simdb-XXXXXX");
    assert_non_null(mkdtemp(folder));
    use_sqlite(true);
    failed = group("SQLite");
    use_sqlite(false);
    failed += group("SQLite, likes without index");
    rmdir(folder);
    has_postgres = postgres_open(&server, why);
    if (has_postgres) {
        use_postgres(true);
        failed += group("PostgreSQL");
        use_postgres(false);
        failed += group("PostgreSQL, likes without index");
    }
    postgres_remove(&server);
    if (!has_postgres)
        fprintf(stderr, "SKIPPED, all that wants PostgreSQL: %s\n", why);
    return failed == 0 && !has_postgres ? 77 : failed;
}

/* ---- Words ---------------------------------------------------------------------------------- */

enum { SOON_MS = 20000 };

static inline struct table_op row_op(enum table_verb verb, enum schema_table table, uint64_t a,
                                     uint64_t b, int64_t value)
{
    return (struct table_op){
        .verb = (uint8_t)verb, .table = (uint8_t)table, .a = a, .b = b, .value = value};
}

static inline struct table_op like(uint64_t post, uint64_t user)
{
    return row_op(TABLE_INSERT, TABLE_LIKES, post, user, 1);
}

static inline struct table_op unlike(uint64_t post, uint64_t user)
{
    return row_op(TABLE_DELETE, TABLE_LIKES, post, user, 0);
}

static inline struct table_op tally(uint64_t post)
{
    return row_op(TABLE_TALLY, TABLE_COUNTERS, post, 0, 0);
}

#define WRITE(...)                                                                                 \
    write_ops((struct table_op[]){__VA_ARGS__},                                                    \
              sizeof(struct table_op[]){__VA_ARGS__} / sizeof(struct table_op))

/* The rows that changed. */
static inline int64_t write_ops(const struct table_op *ops, uint32_t n)
{
    int64_t changed = -1;

    assert_int_equal(database_write(db, ops, n, SOON_MS, &changed), DATABASE_OK);
    return changed;
}

enum { NO_ROW = -99 };

static inline int64_t value_of(enum schema_table table, uint64_t a, uint64_t b)
{
    const struct database_question question = {.how = TABLE_ROW, .of = table, .a = a, .b = b};
    int64_t value = NO_ROW;
    enum database_end end = database_read(db, &question, SOON_MS, &value);

    assert_int_equal(end, value == NO_ROW ? DATABASE_ABSENT : DATABASE_OK);
    return value;
}

static inline int64_t count_of(enum schema_table table, uint64_t a)
{
    const struct database_question question = {.how = TABLE_COUNT, .of = table, .a = a};
    int64_t value = -1;

    assert_int_equal(database_read(db, &question, SOON_MS, &value), DATABASE_OK);
    return value;
}

#endif
