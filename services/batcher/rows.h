/* rows.h — What a batch of records is in SQL: pure functions from records to operations.
 *
 * The batcher adds the offset and writes all of it in one transaction. Doing the same records
 * again, in the same order, leaves the same rows: inserts give way to what is there, and a counter
 * moves by the rows that changed. A record whose verb has no business in the topic is passed
 * over. */
#ifndef SERVICES_BATCHER_ROWS_H
#define SERVICES_BATCHER_ROWS_H

#include "services/port/queue.h"
#include "services/port/table.h"

/* records: n of one partition, in offset order. sorted: room for n, the function's own. ops: room
 * for 2 n. Returns how many operations there are: by post and user, ascending, the insert or delete
 * that this user said last (in a log by offset; in a work queue, which hands old records out after
 * newer ones, by when it was put); and after the last of each post its TALLY. Ascending keys mean
 * that transactions take counter locks in one order, so no two of them wait for each other. */
uint32_t likes_rows(const struct record *records, uint32_t n, bool is_log,
                    const struct record **sorted, struct table_op *ops);

/* records: n orders of one partition, in offset order, trips: their trips, from trips_plan. ops:
 * room for 3 n. Returns how many operations there are: order, charge and trip of each. */
uint32_t order_rows(const struct record *records, uint32_t n, const int64_t *trips,
                    struct table_op *ops);

#endif
