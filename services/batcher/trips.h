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
 * returns how many trips there are. A trip's number tells the place of its first order in the log,
 * so it is the same when the window is planned again, and no other trip has it; it is above 0. */
uint32_t trips_plan(const struct record *records, uint32_t n, uint32_t trip_orders, int64_t *trips);

#endif
