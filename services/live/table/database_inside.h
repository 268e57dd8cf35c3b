/* database_inside.h — What SQLite and PostgreSQL share here; for services/live/table alone.
 *
 * An engine is a const table. Statements are written once, as patterns with letters for what
 * differs from table to table (database_text), and each engine has patterns of its own. */
#ifndef SERVICES_LIVE_TABLE_DATABASE_INSIDE_H
#define SERVICES_LIVE_TABLE_DATABASE_INSIDE_H

#include <stddef.h>

#include "services/live/table/database.h"

typedef bool database_row(void *context, uint64_t a, uint64_t b, int64_t value);

struct database_each { /* What database_each was given. */
    enum schema_table table;
    database_row *row;
    void *context;
};

struct database_engine {
    struct database *(*open)(const struct table_settings *settings, char why[static 160]);
    void (*close)(struct database *database);
    bool (*is_broken)(struct database *database);
    enum database_end (*read)(struct database *database, const struct database_question *question,
                              uint32_t timeout_ms, int64_t *value);
    enum database_end (*write)(struct database *database, const struct table_op *ops,
                               uint32_t ops_max, uint32_t timeout_ms, int64_t *rows_changed);
    bool (*each)(struct database *database, const struct database_each *each, char why[static 160]);
    bool (*probe)(const char *database, char version[static 64], char why[static 160]);
    bool (*make)(const struct table_settings *settings, uint64_t likes_rows, char why[static 160]);
    bool (*drop)(const struct table_settings *settings, char why[static 160]);
};

extern const struct database_engine database_sqlite;
extern const struct database_engine database_postgres;

struct database { /* The first member of each engine's own. */
    const struct database_engine *engine;
};

/* ---- Names and statements ------------------------------------------------------------------- */

struct database_table {
    const char *name, *a, *b, *value; /* b NULL: its key is one column. */
    int64_t most;                     /* A constraint: its value is 0 … most; 0: there is none. */
};

extern const struct database_table database_tables[TABLE_KINDS]; /* From 1 on. */

enum { DATABASE_TEXT_MAX = 640, DATABASE_CONSTRAINT_MAX = 96 };

/* Writes a statement. In the pattern, %T is the table, %K its key's columns, %V its value's column;
 * %P what is to be put there (a, b and v of `names` with commas between), %M that the key's
 * columns, of the table called `of`, equal a and b. */
struct database_names {
    const char *a, *b, *v;
    const char *of; /* "" or "likes." */
};
void database_text(char text[static DATABASE_TEXT_MAX], const char *pattern,
                   const struct database_table *table, const struct database_names *names);

/* What stands behind the value's column where the table is made: " CHECK (…)", or "". */
void database_constraint(char text[static DATABASE_CONSTRAINT_MAX],
                         const struct database_table *table);

/* ---- Who writes now, in SQLite -------------------------------------------------------------- */

struct database_turn {
    int next, now; /* Lock files: the head of the line, and the writer. */
};

bool database_turn_open(struct database_turn *turn, const char *path);
void database_turn_close(struct database_turn *turn);

/* False: not before until_ns (CLOCK_MONOTONIC). */
bool database_turn_take(struct database_turn *turn, uint64_t until_ns);
void database_turn_give(struct database_turn *turn);
void database_turn_remove(const char *path);

#endif
