/* table_live.h — The table port: questions go to worker threads, answers come back to the loop.
 *
 *   table_read, table_write -> line -> worker (one connection each) -> bell -> loop_finish
 *
 * Who finds no free connection waits in line, first in, first out; past its timeout there it is
 * CALL_REFUSED, and so is at once who finds TABLE_LIVE_LINE_MAX before it. What a worker has begun
 * is CALL_TIMEOUT and goes on: it may be committed all the same, and its end is told to nobody.
 *
 * SQLite: one worker writes and connections - 1, at least 1, read, each kind with a line of its
 * own. PostgreSQL: `connections` workers and one line. A worker that has lost its connection makes
 * a new one with pauses from 50 ms to 1 s, and questions wait for it; the one that it was working
 * on is CALL_FAILED.
 *
 * In the stats, writes are transactions that have ended, well or not, those that nobody waited for
 * any more included; rows are those inserted, deleted, set, raised and tallied by commits. */
#ifndef SERVICES_LIVE_TABLE_TABLE_LIVE_H
#define SERVICES_LIVE_TABLE_TABLE_LIVE_H

#include "services/live/loop/loop.h"
#include "services/live/table/database.h"

enum { TABLE_LIVE_LINE_MAX = 100000 };

struct node_stats;
struct table_live;

/* NULL with the reason when the first connection cannot be made. Settings are copied. */
struct table_live *table_live_open(struct loop *loop, const struct table_settings *settings,
                                   struct node_stats *stats, char why[static 160]);

/* Ends what workers have begun, no more; what is still asked is never answered. Before
 * loop_close, and not from within a step that the table completes. */
void table_live_close(struct table_live *table);
struct table *table_live_port(struct table_live *table);

#endif
