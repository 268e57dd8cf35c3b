/* database_postgres_lab.c — What the lab wants of a PostgreSQL server: its version, a schema for a
 * run, its end, and all rows of a table.
 *
 * A schema is made in one transaction, so that one that is there is whole; after many rows it is
 * vacuumed, because else the server would do so by itself in the middle of the run. */
#define _GNU_SOURCE
#include "services/live/table/database_postgres.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/live/loop/loop.h"

enum { LAB_TIMEOUT_S = 600 };

static void have_patience(struct postgres *postgres)
{
    postgres->until_ns = loop_clock_ns() + LAB_TIMEOUT_S * UINT64_C(1000000000);
}

static bool do_say(struct postgres *postgres, const char *text, char why[static 160])
{
    if (postgres_say(postgres, text, NULL) == POSTGRES_OK)
        return true;
    postgres_why(postgres, why);
    return false;
}

bool postgres_probe(const char *database, char version[static 64], char why[static 160])
{
    struct postgres *postgres = postgres_connect(database, why);
    const char *said;

    if (postgres == NULL)
        return false;
    said = PQparameterStatus(postgres->link, "server_version"); /* "15.18 (Debian 15.18-0…)" */
    snprintf(version, 64, "PostgreSQL %.*s", said == NULL ? 0 : (int)strcspn(said, " "),
             said == NULL ? "" : said);
    postgres_close(postgres);
    return true;
}

/* ---- A run's schema ------------------------------------------------------------------------- */

/* Into text: the pattern with the schema's name, quoted. False: it is not ours to touch. */
static bool name_schema(struct postgres *postgres, const char *schema, const char *pattern,
                        char text[static 128])
{
    char *quoted;

    if (schema[0] == '\0' || strcmp(schema, "public") == 0 || strncmp(schema, "pg_", 3) == 0)
        return false;
    quoted = PQescapeIdentifier(postgres->link, schema, strlen(schema));
    if (quoted == NULL)
        return false;
    snprintf(text, 128, pattern, quoted);
    PQfreemem(quoted);
    return true;
}

static bool make_table(struct postgres *postgres, const struct database_table *table, bool has_key,
                       char why[static 160])
{
    char text[DATABASE_TEXT_MAX], b[64] = "", key[160] = "", constraint[DATABASE_CONSTRAINT_MAX];

    database_constraint(constraint, table);
    if (table->b != NULL)
        snprintf(b, sizeof b, "%s bigint NOT NULL, ", table->b);
    if (has_key)
        snprintf(key, sizeof key, ", PRIMARY KEY (%s%s%s)", table->a, table->b == NULL ? "" : ", ",
                 table->b == NULL ? "" : table->b);
    snprintf(text, sizeof text, "CREATE TABLE %s (%s bigint NOT NULL, %s%s bigint NOT NULL%s%s)",
             table->name, table->a, b, table->value, constraint, key);
    return do_say(postgres, text, why);
}

/* The rows come before the index: building it in the end takes half the time. */
static bool make_likes(struct postgres *postgres, bool is_indexed, uint64_t likes_rows,
                       char why[static 160])
{
    const struct database_table *likes = &database_tables[TABLE_LIKES];
    char text[DATABASE_TEXT_MAX];

    snprintf(text, sizeof text,
             "INSERT INTO likes (post_id, user_id, created_at) "
             "SELECT %" PRIu64 " + i / 1000, %" PRIu64 " + i %% 1000, 0 "
             "FROM generate_series(0::bigint, %" PRIu64 "::bigint - 1) AS i",
             DATABASE_OLD_KEYS, DATABASE_OLD_KEYS, likes_rows);
    return make_table(postgres, likes, false, why) && do_say(postgres, text, why) &&
           (!is_indexed ||
            do_say(postgres, "ALTER TABLE likes ADD PRIMARY KEY (post_id, user_id)", why));
}

static bool make_tables(struct postgres *postgres, const struct table_settings *settings,
                        uint64_t likes_rows, char why[static 160])
{
    if (!make_likes(postgres, settings->is_indexed, likes_rows, why))
        return false;
    for (uint32_t table = 1; table < TABLE_KINDS; table++)
        if (table != TABLE_LIKES && !make_table(postgres, &database_tables[table], true, why))
            return false;
    return do_say(postgres, "COMMIT", why) &&
           (likes_rows == 0 || do_say(postgres, "VACUUM (FREEZE, ANALYZE) likes", why));
}

bool postgres_make(const struct table_settings *settings, uint64_t likes_rows, char why[static 160])
{
    static const char memory[] = "BEGIN; SET LOCAL maintenance_work_mem = '256MB'";
    struct postgres *postgres = postgres_connect(settings->database, why);
    char create[128], path[128];
    bool is_made = false;

    if (postgres == NULL)
        return false;
    have_patience(postgres);
    if (!name_schema(postgres, settings->schema, "CREATE SCHEMA %s", create) ||
        !name_schema(postgres, settings->schema, "SET search_path = %s", path))
        snprintf(why, 160, "PostgreSQL: a run needs a schema of its own, not \"%.31s\"",
                 settings->schema);
    else
        is_made = do_say(postgres, memory, why) && do_say(postgres, create, why) &&
                  do_say(postgres, path, why) && make_tables(postgres, settings, likes_rows, why);
    postgres_close(postgres);
    return is_made;
}

bool postgres_drop(const struct table_settings *settings, char why[static 160])
{
    struct postgres *postgres = postgres_connect(settings->database, why);
    char text[128];
    bool is_dropped = false;

    if (postgres == NULL)
        return false;
    have_patience(postgres);
    if (name_schema(postgres, settings->schema, "DROP SCHEMA IF EXISTS %s CASCADE", text))
        is_dropped = do_say(postgres, text, why);
    else
        snprintf(why, 160, "PostgreSQL: \"%.31s\" is no run's schema; it stays", settings->schema);
    postgres_close(postgres);
    return is_dropped;
}

/* ---- All rows ------------------------------------------------------------------------------- */

/* False: an error, and why. Row by row, so that a million needs no memory. */
static bool hand_out(struct postgres *postgres, const struct database_each *each,
                     char why[static 160])
{
    bool has_b = database_tables[each->table].b != NULL, is_wanted = true, is_good = true;
    PGresult *row;

    while ((row = PQgetResult(postgres->link)) != NULL) {
        ExecStatusType status = PQresultStatus(row);

        if (status == PGRES_SINGLE_TUPLE && is_wanted)
            is_wanted = each->row(each->context, postgres_number(row, 0, 0),
                                  has_b ? postgres_number(row, 0, 1) : 0,
                                  (int64_t)postgres_number(row, 0, has_b ? 2 : 1));
        if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) {
            is_good = false;
            postgres_why(postgres, why);
        }
        PQclear(row);
    }
    return is_good;
}

bool postgres_each(struct database *database, const struct database_each *each,
                   char why[static 160])
{
    static const struct database_names names = {.a = "", .b = "", .v = "", .of = ""};
    struct postgres *postgres = (struct postgres *)database;
    char text[DATABASE_TEXT_MAX];
    bool is_good;

    have_patience(postgres);
    if (!do_say(postgres, "SET statement_timeout = 0", why))
        return false;
    postgres->session_timeout_ms = 0;
    database_text(text, "SELECT %K, %V FROM %T", &database_tables[each->table], &names);
    if (each->table == TABLE_LIKES)
        snprintf(text + strlen(text), sizeof text - strlen(text), " WHERE post_id < %" PRIu64,
                 DATABASE_OLD_KEYS);
    PQsetnonblocking(postgres->link, 0);
    is_good = PQsendQueryParams(postgres->link, text, 0, NULL, NULL, NULL, NULL, 1) == 1 &&
              PQsetSingleRowMode(postgres->link) == 1;
    if (!is_good)
        postgres_why(postgres, why);
    is_good = hand_out(postgres, each, why) && is_good;
    PQsetnonblocking(postgres->link, 1);
    return is_good;
}
