/* database.h — SQL as a library of blocking calls: SQLite or PostgreSQL behind one table.
 *
 * Used by the table port's worker threads (table_live.h), one connection each, and by the lab. One
 * connection belongs to one thread at a time. The schema is that of services/port/schema.h:
 *
 *   likes(post_id, user_id, created_at)   unique (post_id, user_id) where it is indexed
 *   like_counters(post_id, n) menus(…) orders(…) charges(…) trips(…) custom_rows(id, value)
 *   offsets(topic, partition, next)
 *
 * The post comes first in the index of likes, so that one index answers both questions: is this
 * pair there, and how many rows has this post. Columns are signed and of 64 bits; keys, which are
 * unsigned, are cast there and back, so every key can be stored, and one from 2^63 on is negative
 * to whoever looks with a tool. A table whose key is one column wants b = 0: else check().
 *
 * What a write guarantees. All of its operations happen or none, in the order given as far as that
 * makes a difference. PostgreSQL is given one statement per table and verb (unnest), rows in the
 * order of their keys, likes before counters before offsets: transactions that only insert and
 * tally, as the services' do, then wait for each other but never in a circle. A circle of deletes
 * and inserts can still be made; the server breaks it by rolling one back, and that one is done
 * again here while its timeout lasts. SQLite has one writer, so writers of all processes take
 * turns by a lock file, FILE-turn, behind a line of one, FILE-next (flock, which the kernel gives
 * back when one is killed: whoever holds FILE-turn stops all writers and no reader); it is set to
 * WAL and synchronous=FULL. In PostgreSQL each run has a schema of its own.
 *
 * Without its index, likes is looked through before each insert. Two who insert the same pair at
 * the same time take turns in PostgreSQL by an advisory lock, because there nothing else would
 * stop both from finding nothing. */
#ifndef SERVICES_LIVE_TABLE_DATABASE_H
#define SERVICES_LIVE_TABLE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/live/node/settings.h"
#include "services/port/schema.h"
#include "services/port/table.h"

struct database;

/* SQLite: whatever the connections, one transaction at a time writes. */
bool database_has_one_writer(const char *database);

/* Rows of likes that were there before have keys from here on, in both columns. No scenario has so
 * many posts. */
#define DATABASE_OLD_KEYS (UINT64_C(1) << 62)

enum database_end {
    DATABASE_OK,
    DATABASE_ABSENT, /* Reads: no such row. */
    DATABASE_BUSY,   /* Locked, or at work, for longer than the timeout: nothing happened. */
    DATABASE_FAILED, /* Rolled back, or the connection broke before the commit: nothing happened. */
    DATABASE_LOST    /* The connection broke in the commit: perhaps it was committed. */
};

struct database_question {
    enum table_read how;
    enum schema_table of;
    uint64_t a, b;
};

/* NULL with the reason, which never holds a password. */
struct database *database_open(const struct table_settings *settings, char why[static 160]);
void database_close(struct database *database);

/* The connection is of no more use: close it and open another. Asked before a question it costs
 * one poll(2), and spares the first question after a restart of the server its failure. */
bool database_is_broken(struct database *database);

/* The same meaning as the port's (services/port/table.h). timeout_ms, at least 1, bounds waiting
 * for locks and, in PostgreSQL, each statement; a server that says nothing at all is given up a
 * second after it, and the connection is then broken. *value, *rows_changed: set on DATABASE_OK. */
enum database_end database_read(struct database *database, const struct database_question *question,
                                uint32_t timeout_ms, int64_t *value);
enum database_end database_write(struct database *database, const struct table_op *ops,
                                 uint32_t ops_max, uint32_t timeout_ms, int64_t *rows_changed);

/* ---- For the lab ------------------------------------------------------------------------------*/

/* What is there and which: "SQLite 3.40.1", "PostgreSQL 15.18". */
bool database_probe(const char *database, char version[static 64], char why[static 160]);

/* Makes the tables; likes_rows rows of likes that were there before (of posts that nobody asks
 * about). False when they are there already: a run does not write over another's. */
bool database_make(const struct table_settings *settings, uint64_t likes_rows,
                   char why[static 160]);
/* Nothing there is as good as dropped. A file that is not of SQLite is left alone. */
bool database_drop(const struct table_settings *settings, char why[static 160]);

/* *is_free: no tables of that run are there, nor a file of that name; only then are they ours to
 * make and to drop. False: it cannot be known, and why. */
bool database_look(const struct table_settings *settings, bool *is_free, char why[static 160]);

/* For tables that outlive a run, in PostgreSQL alone. keep: as make, but what is there already is
 * left as it is. clear: empty again, but for offsets and for likes that were there before. */
bool database_keep(const struct table_settings *settings, uint64_t likes_rows,
                   char why[static 160]);
bool database_clear(const struct table_settings *settings, char why[static 160]);

/* Every row of a table, those that were there before left out. Stops when `each` returns false,
 * which is no failure. `each` must not ask the same connection. */
bool database_each(struct database *database, enum schema_table table,
                   bool (*each)(void *context, uint64_t a, uint64_t b, int64_t value),
                   void *context, char why[static 160]);

#endif
