/* port_rig_table.c — The worlds of the table: the model, SQLite, and PostgreSQL.
 *
 * SQLite has no server that could crash; it stands still while somebody else holds its lock. The
 * PostgreSQL server is started once for all tests, each of which has a schema to itself. */
#include "tests/lib/port_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "services/live/table/table_live.h"
#include "tests/lib/postgres.h"
#include "tests/lib/server.h"

/* ---- Virtual --------------------------------------------------------------------------------- */

static const struct table_spec spec = {.way.latency_ns = US(100),
                                       .connections = 4,
                                       .cores = 2,
                                       .statement_ns = US(50),
                                       .row_ns = US(1),
                                       .scan_row_ns = 100,
                                       .commit_ns = MS(1),
                                       .group_commit = true};

static void virtual_open(struct rig *rig)
{
    rig_virtual_open(rig, NULL, NULL, &spec);
}

static void virtual_pause(struct rig *rig)
{
    table_model_pause(rig->fixture->table);
}

static void virtual_resume(struct rig *rig)
{
    table_model_resume(rig->fixture->table);
}

static void virtual_crash(struct rig *rig)
{
    table_model_crash(rig->fixture->table);
}

static void virtual_restart(struct rig *rig)
{
    table_model_restart(rig->fixture->table);
}

const struct rig_world rig_table_virtual = {.name = "table port, virtual",
                                            .open = virtual_open,
                                            .close = rig_virtual_close,
                                            .pause = virtual_pause,
                                            .resume = virtual_resume,
                                            .crash = virtual_crash,
                                            .restart = virtual_restart};

/* ---- What the live ones share ---------------------------------------------------------------- */

struct live_table {
    struct table_settings settings;
    struct table_live *table;
    char folder[SERVER_FOLDER_MAX];
    sqlite3 *holding;
};

static void must(bool is_done, const char *why)
{
    if (!is_done)
        fail_msg("%s", why);
}

static struct live_table *new_live(struct rig *rig)
{
    struct live_table *own = calloc(1, sizeof *own);

    assert_non_null(own);
    own->settings = (struct table_settings){.connections = 4, .is_indexed = true};
    rig->own = own;
    return own;
}

static void open_port(struct rig *rig, struct live_table *own)
{
    char why[160] = "";

    must(database_make(&own->settings, 0, why), why);
    rig_live_open(rig);
    own->table = table_live_open(&rig->loop, &own->settings, &rig->stats, why);
    must(own->table != NULL, why);
    rig->ports.table = table_live_port(own->table);
}

static void close_port(struct rig *rig, struct live_table *own)
{
    char why[160] = "";

    table_live_close(own->table);
    rig_live_close(rig);
    must(database_drop(&own->settings, why), why);
}

/* ---- SQLite ---------------------------------------------------------------------------------- */

static void sqlite_open(struct rig *rig)
{
    struct live_table *own = new_live(rig);

    server_make_folder(own->folder);
    snprintf(own->settings.database, sizeof own->settings.database, "%s/rows.db", own->folder);
    open_port(rig, own);
}

static void sqlite_resume(struct rig *rig)
{
    struct live_table *own = rig->own;

    sqlite3_close(own->holding);
    own->holding = NULL;
}

static void sqlite_close(struct rig *rig)
{
    struct live_table *own = rig->own;

    sqlite_resume(rig);
    close_port(rig, own);
    server_remove_folder(own->folder);
    free(own);
}

static void sqlite_pause(struct rig *rig)
{
    struct live_table *own = rig->own;

    assert_int_equal(sqlite3_open(own->settings.database, &own->holding), SQLITE_OK);
    sqlite3_busy_timeout(own->holding, 10000);
    assert_int_equal(sqlite3_exec(own->holding, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
}

const struct rig_world rig_table_sqlite = {.name = "table port, SQLite",
                                           .open = sqlite_open,
                                           .close = sqlite_close,
                                           .pause = sqlite_pause,
                                           .resume = sqlite_resume};

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

static struct postgres_server postgres;
static char missing[160];

static const char *postgres_missing(void)
{
    if (postgres.pid == 0 && !postgres_open(&postgres, missing))
        return missing;
    return NULL;
}

static void end_postgres(void)
{
    postgres_remove(&postgres);
}

static void open_postgres(struct rig *rig)
{
    struct live_table *own = new_live(rig);

    snprintf(own->settings.database, sizeof own->settings.database, "%s", postgres.url);
    snprintf(own->settings.schema, sizeof own->settings.schema, "sim_port");
    open_port(rig, own);
}

static void close_postgres(struct rig *rig)
{
    if (postgres.pid == 0)
        postgres_start(&postgres);
    postgres_freeze(&postgres, false);
    close_port(rig, rig->own);
    free(rig->own);
}

static void pause_postgres(struct rig *rig)
{
    (void)rig;
    postgres_freeze(&postgres, true);
}

static void resume_postgres(struct rig *rig)
{
    (void)rig;
    postgres_freeze(&postgres, false);
}

static void crash_postgres(struct rig *rig)
{
    (void)rig;
    postgres_stop(&postgres);
}

static void restart_postgres(struct rig *rig)
{
    (void)rig;
    postgres_start(&postgres);
}

const struct rig_world rig_table_postgres = {.name = "table port, PostgreSQL",
                                             .missing = postgres_missing,
                                             .end = end_postgres,
                                             .open = open_postgres,
                                             .close = close_postgres,
                                             .pause = pause_postgres,
                                             .resume = resume_postgres,
                                             .crash = crash_postgres,
                                             .restart = restart_postgres};
