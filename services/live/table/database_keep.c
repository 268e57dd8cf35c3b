/* database_keep.c — A schema that outlives its runs: made once, emptied before each of them.
 *
 * Where nodes are started by somebody else (docker compose), the tables must be there before them
 * and stay when a run has ended. Emptied means: all rows but the offsets, because the log is not
 * emptied either and its consumers must go on where they stood; and but the likes that were there
 * before the first run, which take long to make. Rows are deleted one by one only there: TRUNCATE
 * leaves no dead ones behind, and nothing else touches the tables at that time.
 *
 * PostgreSQL alone: a file of SQLite belongs to the run whose folder it lies in. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "services/live/loop/loop.h"
#include "services/live/table/database_postgres.h"

enum { KEEP_TIMEOUT_S = 120 };

static struct postgres *connect_to(const struct table_settings *settings, char why[static 160])
{
    struct postgres *postgres;

    if (database_has_one_writer(settings->database)) {
        snprintf(why, 160, "only tables in PostgreSQL outlive a run; give it postgres://…");
        return NULL;
    }
    postgres = postgres_connect(settings->database, why);
    if (postgres != NULL)
        postgres->until_ns = loop_clock_ns() + KEEP_TIMEOUT_S * UINT64_C(1000000000);
    return postgres;
}

/* A name of letters, digits and '_' alone: everything else is doubled or refused where the schema
 * is made, and is none that we have made. */
static bool is_plain(const char *schema)
{
    return schema[0] != '\0' &&
           strspn(schema, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                          "0123456789_") == strlen(schema);
}

static bool say(struct postgres *postgres, const char *text, PGresult **result,
                char why[static 160])
{
    if (postgres_say(postgres, text, result) == POSTGRES_OK)
        return true;
    postgres_why(postgres, why);
    return false;
}

/* False: why. A schema is made in one transaction, so one that is there is whole. */
static bool look_for(const struct table_settings *settings, bool *is_there, char why[static 160])
{
    struct postgres *postgres = connect_to(settings, why);
    PGresult *found = NULL;
    char text[160];
    bool has_looked;

    if (postgres == NULL)
        return false;
    snprintf(text, sizeof text, "SELECT 1 FROM pg_namespace WHERE nspname = '%s'",
             settings->schema);
    has_looked = say(postgres, text, &found, why);
    *is_there = has_looked && PQntuples(found) == 1;
    PQclear(found);
    postgres_close(postgres);
    return has_looked;
}

bool database_look(const struct table_settings *settings, bool *is_free, char why[static 160])
{
    bool is_there;

    if (database_has_one_writer(settings->database)) {
        *is_free = access(settings->database, F_OK) != 0;
        return true;
    }
    if (!is_plain(settings->schema)) {
        snprintf(why, 160, "PostgreSQL: \"%.31s\" is no run's schema", settings->schema);
        return false;
    }
    if (!look_for(settings, &is_there, why))
        return false;
    *is_free = !is_there;
    return true;
}

bool database_keep(const struct table_settings *settings, uint64_t likes_rows, char why[static 160])
{
    bool is_there;

    if (!is_plain(settings->schema)) {
        snprintf(why, 160, "PostgreSQL: \"%.31s\" is no run's schema", settings->schema);
        return false;
    }
    return look_for(settings, &is_there, why) &&
           (is_there || database_make(settings, likes_rows, why));
}

static bool empty(struct postgres *postgres, enum schema_table table, char why[static 160])
{
    char text[160];

    if (table == TABLE_LIKES)
        snprintf(text, sizeof text, "DELETE FROM likes WHERE post_id < %" PRIu64,
                 DATABASE_OLD_KEYS);
    else
        snprintf(text, sizeof text, "TRUNCATE %s", database_tables[table].name);
    return say(postgres, text, NULL, why);
}

bool database_clear(const struct table_settings *settings, char why[static 160])
{
    struct postgres *postgres;
    char path[80];
    bool is_empty;

    if (!is_plain(settings->schema)) {
        snprintf(why, 160, "PostgreSQL: \"%.31s\" is no run's schema; it stays as it is",
                 settings->schema);
        return false;
    }
    postgres = connect_to(settings, why);
    if (postgres == NULL)
        return false;
    snprintf(path, sizeof path, "SET search_path = \"%s\"", settings->schema);
    is_empty = say(postgres, path, NULL, why);
    for (uint32_t table = 1; is_empty && table < TABLE_KINDS; table++)
        is_empty = table == TABLE_OFFSETS || empty(postgres, table, why);
    is_empty = is_empty && say(postgres, "VACUUM likes", NULL, why);
    postgres_close(postgres);
    return is_empty;
}
