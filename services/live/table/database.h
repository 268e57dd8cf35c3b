/* database.h — SQL as a library of blocking calls: SQLite or PostgreSQL behind one table.
 *
 * Used by the table port's worker threads (table_live.h), one connection each, and by the lab. The
 * schema is that of services/port/schema.h:
 *
 *   likes(user_id, post_id, created_at)   unique (user_id, post_id) where it is indexed
 *   like_counters(post_id, n) menus(…) orders(…) charges(…) trips(…) custom_rows(id, value)
 *   offsets(topic, partition, next)
 *
 * A transaction is prepared statements; where the likes of one batch are many, one statement for
 * all. Counters come last and keys in order, so that two transactions never deadlock. SQLite: WAL,
 * synchronous=FULL; it has one writer, so writers of all processes take turns by a lock file
 * (flock, which the kernel gives back when one is killed). PostgreSQL: its own schema per run. */
#ifndef SERVICES_LIVE_TABLE_DATABASE_H
#define SERVICES_LIVE_TABLE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/live/node/settings.h"
#include "services/port/schema.h"
#include "services/port/table.h"

struct database;

enum database_end {
    DATABASE_OK,
    DATABASE_ABSENT, /* Reads: no such row. */
    DATABASE_BUSY,   /* Locked for longer than the timeout: nothing happened. */
    DATABASE_FAILED, /* Rolled back: nothing happened. */
    DATABASE_LOST    /* The connection broke: perhaps it was committed. */
};

/* NULL with the reason. */
struct database *database_open(const struct table_settings *settings, char why[static 160]);
void database_close(struct database *database);

/* The same meaning as the port's (services/port/table.h). timeout_ms bounds waiting for locks. */
enum database_end database_read(struct database *database, enum table_read how, uint8_t of,
                                uint64_t a, uint64_t b, int64_t *value);
enum database_end database_write(struct database *database, const struct table_op *ops,
                                 uint32_t ops_max, uint32_t timeout_ms, int64_t *rows_changed);

/* ---- For the lab ------------------------------------------------------------------------------*/

/* What is there and which: "SQLite 3.40.1", "PostgreSQL 15.18". */
bool database_probe(const char *database, char version[static 64], char why[static 160]);

/* Makes the tables; likes_rows rows of likes that were there before (of posts that nobody asks
 * about). */
bool database_make(const struct table_settings *settings, uint64_t likes_rows,
                   char why[static 160]);
bool database_drop(const struct table_settings *settings, char why[static 160]);

/* Every row of a table, those that were there before left out. Stops when `each` returns false. */
bool database_each(struct database *database, enum schema_table table,
                   bool (*each)(void *context, uint64_t a, uint64_t b, int64_t value),
                   void *context, char why[static 160]);

#endif
