/* order_rows.c — A window of orders as one transaction.
 *
 * The order's id is the key of all three of its rows, so an order that comes again, in this window
 * or in another, is placed, charged and carried once. */
#include "services/batcher/rows.h"

#include "services/batcher/trips.h"
#include "services/port/schema.h"

static struct table_op order_row(uint8_t table, const struct record *record, int64_t value)
{
    return (struct table_op){
        .verb = TABLE_INSERT, .table = table, .a = record->ask.id, .value = value};
}

uint32_t order_rows(const struct record *records, uint32_t n, const int64_t *trips,
                    struct table_op *ops)
{
    uint32_t length = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (trips[i] == TRIP_NONE)
            continue;
        ops[length++] = order_row(TABLE_ORDERS, &records[i], records[i].ask.amount);
        ops[length++] = order_row(TABLE_CHARGES, &records[i], records[i].ask.amount);
        ops[length++] = order_row(TABLE_TRIPS, &records[i], trips[i]);
    }
    return length;
}
