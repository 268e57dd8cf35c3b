/* database.c — Which engine, the names of the schema, and the writing of statements.
 *
 * "postgres://…" and "postgresql://…" are PostgreSQL, everything else is the path of an SQLite
 * file. What only one of them does lies in its own files. */
#include "services/live/table/database_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static const struct database_engine *engine_of(const char *database)
{
    bool is_postgres =
        begins_with(database, "postgres://") || begins_with(database, "postgresql://");

    return is_postgres ? &database_postgres : &database_sqlite;
}

bool database_has_one_writer(const char *database)
{
    return engine_of(database) == &database_sqlite;
}

struct database *database_open(const struct table_settings *settings, char why[static 160])
{
    return engine_of(settings->database)->open(settings, why);
}

void database_close(struct database *database)
{
    if (database != NULL)
        database->engine->close(database);
}

bool database_is_broken(struct database *database)
{
    return database->engine->is_broken(database);
}

enum database_end database_read(struct database *database, const struct database_question *question,
                                uint32_t timeout_ms, int64_t *value)
{
    check(question->of > 0 && question->of < TABLE_KINDS && timeout_ms > 0);
    check(question->b == 0 || database_tables[question->of].b != NULL);
    return database->engine->read(database, question, timeout_ms, value);
}

enum database_end database_write(struct database *database, const struct table_op *ops,
                                 uint32_t ops_max, uint32_t timeout_ms, int64_t *rows_changed)
{
    check(ops_max > 0 && ops_max <= TABLE_OPS_MAX && timeout_ms > 0);
    for (uint32_t i = 0; i < ops_max; i++) {
        check(ops[i].table > 0 && ops[i].table < TABLE_KINDS && ops[i].verb <= TABLE_TALLY);
        check(ops[i].b == 0 || database_tables[ops[i].table].b != NULL);
    }
    return database->engine->write(database, ops, ops_max, timeout_ms, rows_changed);
}

bool database_probe(const char *database, char version[static 64], char why[static 160])
{
    return engine_of(database)->probe(database, version, why);
}

bool database_make(const struct table_settings *settings, uint64_t likes_rows, char why[static 160])
{
    return engine_of(settings->database)->make(settings, likes_rows, why);
}

bool database_drop(const struct table_settings *settings, char why[static 160])
{
    return engine_of(settings->database)->drop(settings, why);
}

bool database_each(struct database *database, enum schema_table table, database_row *each,
                   void *context, char why[static 160])
{
    const struct database_each all = {.table = table, .row = each, .context = context};

    check(table > 0 && table < TABLE_KINDS);
    return database->engine->each(database, &all, why);
}

/* ---- Names and statements ------------------------------------------------------------------- */

const struct database_table database_tables[TABLE_KINDS] = {
    [TABLE_LIKES] = {"likes", "post_id", "user_id", "created_at", 0},
    [TABLE_COUNTERS] = {"like_counters", "post_id", NULL, "n", 0},
    [TABLE_MENUS] = {"menus", "restaurant_id", NULL, "version", 0},
    [TABLE_ORDERS] = {"orders", "id", NULL, "amount", ORDER_AMOUNT_MAX},
    [TABLE_CHARGES] = {"charges", "order_id", NULL, "amount", ORDER_AMOUNT_MAX},
    [TABLE_TRIPS] = {"trips", "order_id", NULL, "courier", 0},
    [TABLE_OFFSETS] = {"offsets", "topic", "partition", "next", 0},
    [TABLE_CUSTOM] = {"custom_rows", "id", NULL, "value", 0},
};

void database_constraint(char text[static DATABASE_CONSTRAINT_MAX],
                         const struct database_table *table)
{
    text[0] = '\0';
    if (table->most > 0)
        snprintf(text, DATABASE_CONSTRAINT_MAX, " CHECK (%s BETWEEN 0 AND %" PRId64 ")",
                 table->value, table->most);
}

static void add(char *text, const char *more)
{
    size_t used = strlen(text), length = strlen(more);

    check(used + length < DATABASE_TEXT_MAX);
    memcpy(text + used, more, length + 1);
}

static void add_key(char *text, const struct database_table *table)
{
    add(text, table->a);
    if (table->b != NULL) {
        add(text, ", ");
        add(text, table->b);
    }
}

static void add_put(char *text, const struct database_table *table,
                    const struct database_names *names)
{
    add(text, names->a);
    add(text, ", ");
    if (table->b != NULL) {
        add(text, names->b);
        add(text, ", ");
    }
    add(text, names->v);
}

static void add_match(char *text, const struct database_table *table,
                      const struct database_names *names)
{
    add(text, names->of);
    add(text, table->a);
    add(text, " = ");
    add(text, names->a);
    if (table->b == NULL)
        return;
    add(text, " AND ");
    add(text, names->of);
    add(text, table->b);
    add(text, " = ");
    add(text, names->b);
}

void database_text(char text[static DATABASE_TEXT_MAX], const char *pattern,
                   const struct database_table *table, const struct database_names *names)
{
    text[0] = '\0';
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '%') {
            add(text, (const char[]){*pattern, '\0'});
            continue;
        }
        pattern++;
        check(strchr("TKVPM", *pattern) != NULL);
        if (*pattern == 'T')
            add(text, table->name);
        else if (*pattern == 'K')
            add_key(text, table);
        else if (*pattern == 'V')
            add(text, table->value);
        else if (*pattern == 'P')
            add_put(text, table, names);
        else
            add_match(text, table, names);
    }
}
