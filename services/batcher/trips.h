/* trips.h — Which orders ride together: a pure decision over one window of orders.
 *
 * Orders of one area that were placed within one dispatch window share a courier, up to
 * trip_orders of them, first come, first served. A longer window fills trips and saves couriers;
 * it is paid for in waiting. */
#ifndef SERVICES_BATCHER_TRIPS_H
#define SERVICES_BATCHER_TRIPS_H

#include "services/port/queue.h"

enum { TRIP_NONE = 0 }; /* Not an order, or one that is in the window already. */

/* records: n of one partition, in offset order. Sets trips[i] to the trip of records[i] and
 * returns how many trips there are; a trip's number is above 0.
 *
 * salt 0: records of a log. The number tells the place of the trip's first order there, so it is
 * the same when the window is planned again, and no other trip has it.
 *
 * Otherwise records of a work queue, whose offsets are another taker's numbers as well, and whose
 * orders may come again in the company of others. The number is drawn from the salt, which is
 * above 0 and another one for each take, so that nobody is put into a trip that was written
 * before: it may be full. */
uint32_t trips_plan(const struct record *records, uint32_t n, uint32_t trip_orders, uint64_t salt,
                    int64_t *trips);

#endif
