/* table.h — SQL: rows that are there after a crash.
 *
 * A row has a table (schema.h), a key of two 64-bit columns and a 64-bit value. A write is one
 * transaction: all of its operations happen, or none does. Whether a lookup seeks or scans is the
 * schema's business: the service asks the same question either way, and pays for the answer. */
#ifndef SERVICES_PORT_TABLE_H
#define SERVICES_PORT_TABLE_H

#include "services/port/call.h"

enum table_verb {
    TABLE_INSERT, /* Insert (a, b, value) unless the key is there: on conflict do nothing. */
    TABLE_DELETE, /* Delete (a, b) if it is there. */
    TABLE_SET,    /* Value of (a, b) := value; inserted when absent. */
    TABLE_RAISE,  /* Value of (a, b) := the greater of itself and value; inserted when absent. */
    TABLE_TALLY   /* Value of (a, b) += rows inserted less rows deleted since the transaction's last
                     TALLY (or its start); inserted when absent. Holds the row's lock to commit. */
};

struct table_op {
    uint8_t verb;  /* enum table_verb */
    uint8_t table; /* schema.h */
    uint64_t a, b;
    int64_t value;
};

enum table_read {
    TABLE_ROW,  /* The value of (a, b). */
    TABLE_COUNT /* How many rows have this a: walks them, or all rows where there is no index. */
};

struct table {
    const struct table_ops *ops;
};
struct table_ops {
    void (*read)(struct table *table, struct call *call, enum table_read how, uint8_t of,
                 uint64_t a, uint64_t b, uint64_t timeout_ns);
    void (*write)(struct table *table, struct call *call, const struct table_op *ops,
                  uint32_t ops_max, uint64_t timeout_ns);
};

enum { TABLE_OPS_MAX = 4096 }; /* Operations in one transaction. */

/* CALL_OK with the value or the count; CALL_ABSENT when there is no such row. CALL_REFUSED: no
 * connection came free in time. */
static inline void table_read(struct table *table, struct call *call, enum table_read how,
                              uint8_t of, uint64_t a, uint64_t b, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    table->ops->read(table, call, how, of, a, b, timeout_ns);
}

/* One transaction. CALL_OK: committed and durable, value = rows inserted and deleted by its
 * INSERTs and DELETEs (0: all of it was there already). Otherwise nothing happened, save after
 * CALL_TIMEOUT and CALL_FAILED, when it may have been committed all the same. What breaks a
 * constraint of the schema is CALL_FAILED, each time, and nothing of its transaction happened. */
static inline void table_write(struct table *table, struct call *call, const struct table_op *ops,
                               uint32_t ops_max, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    check(ops_max > 0 && ops_max <= TABLE_OPS_MAX);
    call_begin(call);
    table->ops->write(table, call, ops, ops_max, timeout_ns);
}

#endif
