/* table_live.h — The table port: questions go to worker threads, answers come back to the loop.
 *
 *   table_read, table_write -> line -> worker (one connection each) -> eventfd -> loop_finish
 *
 * Who finds no free connection waits in line; past its timeout there it is CALL_REFUSED, and what
 * a worker has begun is CALL_TIMEOUT and goes on: it may be committed all the same. With SQLite one
 * worker writes and the others read. A worker that has lost its connection makes a new one with
 * backoff, and questions wait for it. */
#ifndef SERVICES_LIVE_TABLE_TABLE_LIVE_H
#define SERVICES_LIVE_TABLE_TABLE_LIVE_H

#include "services/live/loop/loop.h"
#include "services/live/table/database.h"

struct node_stats;
struct table_live;

/* NULL with the reason when the first connection cannot be made. */
struct table_live *table_live_open(struct loop *loop, const struct table_settings *settings,
                                   struct node_stats *stats, char why[static 160]);
void table_live_close(struct table_live *table); /* Ends what workers have begun, no more. */
struct table *table_live_port(struct table_live *table);

#endif
