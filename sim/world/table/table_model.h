/* table_model.h — One SQL server in virtual time: real rows, row locks, a disk that must be waited
 * for.
 *
 *              a connection      a core        its rows' locks     the disk
 *   asker --link--> SLOT -------> CORE ----------> LOCKS ----------> DISK --link--> asker
 *                   FIFO        by turns    in key order, FIFO    one flush at a time
 *                                  |  a read answers here
 *
 * `connections` is the server's limit, shared by all who ask: one line, first in, first out, and
 * who stands in it when its timeout runs out is told CALL_REFUSED. A connection is held until the
 * commit, the lock of a row (those that SET, RAISE and TALLY name) as well; so a hot row takes one
 * transaction per flush, whatever the cores do. A transaction's effects happen together at the end
 * of its flush. With group commit everybody who waits for the disk shares the next flush; without
 * it each has one of its own.
 *
 * Where the server allows so many writers at a time (SQLite: 1), a transaction that writes waits
 * for its turn when it is connected, first in, first out, and keeps it from its first statement to
 * its commit. So with one writer there is nothing for a group commit to gather.
 *
 * A connection has a process or a thread of its own, and these share the cores in turns of
 * quantum_ns: one with more to do goes on behind those who wait by then, and so a look-up is not
 * behind a scan for as long as that takes. Who runs while nobody waits goes on.
 *
 * Cost: statement_ns per statement and row_ns per row. Operations of one transaction with the same
 * verb and table are one statement with many rows (INSERT … VALUES (…), (…); unnest). A table
 * without an index adds a walk over all its rows per statement, scan_row_ns each.
 *
 * What breaks a constraint of the schema fails when its statements have run, and locks nothing.
 *
 * A client that times out leaves its transaction running: slot, locks and flush are still taken,
 * and CALL_TIMEOUT may have been committed. A crash rolls back what was not flushed; what was
 * waiting fails, later ones are refused until the restart; committed rows stay. */
#ifndef SIM_WORLD_TABLE_MODEL_H
#define SIM_WORLD_TABLE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/port/schema.h"
#include "services/port/table.h"
#include "sim/measure/result.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world_parts.h"

struct node;
struct table_model;

extern const struct table_ops table_model_ops;

enum table_bug {
    TABLE_SOUND,
    TABLE_TALLIES_TWICE, /* A row that was there already counts as inserted. */
    TABLE_COMMITS_EARLY  /* "Committed" is said before the flush, and a crash loses it. */
};

/* Address space: half a GiB for what is in flight, the rest for rows, about 100 million of them.
 * Pages are touched as they come into use: 40 to 75 bytes per row, once more per distinct first
 * column, and once more while a map doubles. */
#define TABLE_MODEL_BYTES (UINT64_C(16) << 30)

struct table_model *table_model_open(const struct model_setup *with, const struct table_spec *spec);

/* Every table begins with an index; without one every statement on it looks at all its rows. */
void table_model_index(struct table_model *model, enum schema_table table, bool has_index);

void table_model_crash(struct table_model *model);
void table_model_restart(struct table_model *model);
void table_model_pause(struct table_model *model);
void table_model_resume(struct table_model *model);
void table_model_cut(struct table_model *model, bool is_cut);

/* The node's connections broke: its transactions are rolled back, save those in the flush. */
void table_model_node_died(struct table_model *model, const struct node *node);

/* Fills in the figures from the warm-up's end to now. */
void table_model_close(struct table_model *model, struct table_result *result);

/* Committed rows, for the invariants. False: no such row. value may be NULL. */
bool table_model_row(const struct table_model *model, enum schema_table table, uint64_t a,
                     uint64_t b, int64_t *value);

/* How many rows; likes_rows are not among them. */
uint64_t table_model_rows(const struct table_model *model, enum schema_table table);

struct table_row {
    uint64_t a, b;
    int64_t value;
};

/* Walks: start with *cursor = 0; false at the end. The table must not change meanwhile. The order
 * is the same in every run, and otherwise none. */
bool table_model_next(const struct table_model *model, enum schema_table table, size_t *cursor,
                      struct table_row *row);

/* Only in builds with SIM_PLANTED_BUGS; else ignored. */
void table_model_plant(struct table_model *model, enum table_bug bug);

#endif
