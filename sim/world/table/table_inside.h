/* table_inside.h — The parts of the SQL server's model; for sim/world/table alone.
 *
 * table_model.c is the port, from open to close, and the faults; table_stages.c the way of a
 * transaction through the server; table_locks.c the rows' locks; table_rows.c the rows, what a
 * statement costs, and what a commit changes. */
#ifndef SIM_WORLD_TABLE_INSIDE_H
#define SIM_WORLD_TABLE_INSIDE_H

#include "services/base/list.h"
#include "services/base/map.h"
#include "services/base/pool.h"
#include "sim/world/meter.h"
#include "sim/world/op.h"
#include "sim/world/table/table_model.h"

enum {
    TABLE_POOLS_MAX = 1 << 17,
    TABLE_TRANSACTIONS_MAX =
        1 << 17,               /* In flight; beyond three quarters of them all are refused. */
    TABLE_LOCKS_MAX = 1 << 18, /* Rows locked at once; a transaction beyond fails. */
    TABLE_BLOCK_SIZES = 4      /* For 1, 16, 256 and 4096 operations. */
};

enum table_stage {
    TABLE_AWAY,      /* On its way here or back. */
    TABLE_SLOT,      /* In the line for a connection. */
    TABLE_TURN,      /* Connected; in the line of those that want to write. */
    TABLE_CORE_LINE, /* In the line for a core. */
    TABLE_CORE,      /* Its statements run. */
    TABLE_LOCK,      /* In the line for a row's lock. */
    TABLE_DISK       /* Waits for a flush, or is in it. */
};

struct table_lock { /* A row that is locked, or was. */
    uint64_t a, b;
    uint32_t table;
    struct table_transaction *holder; /* NULL: free, and then it stands on the idle list. */
    struct list waiting;              /* struct table_transaction.link */
    struct link idle;
    uint64_t since_ns; /* When it was locked. */
    uint64_t busy_ns;  /* Locked so far, since the warm-up. */
};

/* What a write brought, copied when it was asked. The arrays have room for as many operations as
 * the block's size says. */
struct table_block {
    uint32_t size; /* Which of the pools. */
    uint32_t ops_max;
    uint32_t locks_max;   /* Rows to be locked. */
    uint32_t locks_taken; /* The first so many of them are held; the next one is waited for. */
    uint64_t statements;  /* A bit per (verb, table) that occurs: see table_statement_bit. */
    bool is_unlawful;     /* One of them breaks a constraint. */
    struct table_op *ops;
    struct table_lock **locks;
    uint16_t *order; /* Of the rows to be locked: an operation that names each, in key order. */
};

struct table_transaction {
    struct op op;
    struct link link; /* In whatever line it stands. */
    struct link inside;
    enum table_stage stage;
    bool is_turned_away; /* Too many in flight. */
    bool has_begun;      /* Its statements run, or wait for their next turn on a core. */
    bool is_orphan;      /* Had begun when its client died. */
    bool has_turn;       /* One of the writers that the server allows at a time. */
    enum table_read how; /* A read: no block. */
    uint8_t of;
    uint64_t a, b;
    struct table_block *block;
    void (*time_out)(struct event *event); /* The op's own. */
    uint64_t since_ns;                     /* In this stage. */
    uint64_t slot_ns;                      /* Connected, or the meter last told. */
    uint64_t core_ns;                      /* Processor time still to come, from since_ns on. */
    enum call_outcome outcome;
    int64_t value;
};

struct table_pool { /* Of connections. */
    struct list line;
    uint32_t taken, max;
};

struct table_model {
    struct events *events;
    struct link_model *link;
    const struct table_spec *spec;
    uint64_t warmup_ns;
    bool is_used, is_down, is_paused, is_cut;
    enum table_bug bug;
    struct pool transactions;
    struct pool blocks[TABLE_BLOCK_SIZES];
    struct list inside;       /* All that have arrived and not been answered. */
    struct table_pool *pools; /* Two of each node; the first alone where all share one. */
    uint32_t pools_max;       /* Used so far. */
    struct list writer_line;
    uint32_t turns_taken;
    struct list core_line;
    uint32_t cores_taken;
    struct list ready;    /* For the disk. */
    struct list flushing; /* In the flush that runs. */
    bool is_flushing;
    struct event flush;
    uint64_t flush_from_ns, flush_ns;
    struct event warm;

    struct map rows[TABLE_KINDS];     /* (a, b) -> value */
    struct map by_first[TABLE_KINDS]; /* (a, 0) -> how many rows with this a, b not 0 */
    bool has_index[TABLE_KINDS];

    struct map locks[TABLE_KINDS]; /* (a, b) -> struct table_lock */
    struct pool lock_records;
    struct list idle_locks;   /* The longest idle first: its record is the first used again. */
    uint64_t hottest_idle_ns; /* Of those whose record was used again. */

    struct meter cores, pool;
    struct table_result counts;
    uint64_t pool_wait_ns, pool_waits, lock_wait_ns, lock_waits;
};

static inline uint64_t table_now(const struct table_model *model)
{
    return events_now_ns(model->events);
}

static inline uint64_t table_statement_bit(const struct table_op *op)
{
    return UINT64_C(1) << (op->verb * TABLE_KINDS + op->table);
}

/* The schema's constraint on amounts. */
static inline bool table_is_unlawful(const struct table_op *op)
{
    bool is_amount = op->table == TABLE_ORDERS || op->table == TABLE_CHARGES;

    return is_amount && op->verb != TABLE_DELETE && (op->value < 0 || op->value > ORDER_AMOUNT_MAX);
}

/* table_stages.c */
void table_arrive(struct event *event);
void table_time_out(struct event *event); /* Instead of the op's own, which it calls. */
void table_flushed(struct event *event);
void table_stand_still(struct table_model *model);
void table_go_on(struct table_model *model);
void table_lose_all(struct table_model *model);       /* The server died. */
void table_note_under_way(struct table_model *model); /* Before its meters are read. */

/* Its client died. */
void table_roll_back(struct table_model *model, struct table_transaction *transaction);

/* It holds one lock more, or has none to take: it takes the next ones, or goes to the disk. */
void table_locked(struct table_model *model, struct table_transaction *transaction);

/* table_locks.c. Works out which rows the block must lock, in key order. */
void table_locks_plan(struct table_block *block);

/* Takes what is still to be taken. True: all are held. False: it stands in a row's line, and
 * table_locked is called when its turn comes; or, with *is_refused, there were too many locks. */
bool table_locks_take(struct table_model *model, struct table_transaction *transaction,
                      bool *is_refused);

/* Leaves the line of the row that it waits for. */
void table_locks_leave(struct table_transaction *transaction);

/* Lets go of all it holds; who waits for one of them goes on. */
void table_locks_release(struct table_model *model, struct table_transaction *transaction);
void table_locks_warm(struct table_model *model);
uint64_t table_locks_hottest_ns(const struct table_model *model);

/* table_rows.c */
void table_rows_init(struct table_model *model, struct arena *arena);
uint64_t table_cost_ns(struct table_model *model, const struct table_transaction *transaction);
void table_read_rows(struct table_model *model, struct table_transaction *transaction);
void table_apply(struct table_model *model, struct table_transaction *transaction);

#endif
