/* audit.h — What clients were told, held against what is there in the end; for both worlds alike.
 *
 * The auditor stands beside the clients and hears what they ask and what they are answered. It
 * feeds the measure, keeps a fact for each like and each order, and at the end holds the facts
 * against the evidence: rows of SQL and counters of the store, virtual or real. It asks nothing of
 * the services and steers nothing.
 *
 *     clients --ears--> audit --> measure --> result        while the run lasts
 *                         | facts
 *     world --evidence--> audit --> result: likes, orders, breaks       at its end
 *
 * A request that ended in CALL_TIMEOUT or CALL_FAILED may have happened all the same, or happen
 * later; so what was tried allows a row, and only what was told demands one. What only one world
 * can check (idle cores, Little's law, offsets) it checks itself and reports with audit_break.
 *
 * One thread, no lock: the ears, audit_event and audit_end belong to the loop of the clients. */
#ifndef SIM_AUDIT_AUDIT_H
#define SIM_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"
#include "services/base/map.h"
#include "services/base/pool.h"
#include "services/port/schema.h"
#include "services/port/timer.h"
#include "sim/load/clients.h"
#include "sim/measure/measure.h"

/* ---- Evidence: what is there in the end ------------------------------------------------------ */

struct evidence_row { /* Columns as schema.h gives them. */
    uint64_t a, b;
    int64_t value;
};

/* Each world answers from its own. Tables and counters begin a run empty and do not change while
 * audit_end asks: in the live world the services have stopped by then. What can fail (a query, a
 * connection) has been fetched before.
 *
 * Rows that table.likes_rows lays down before a run are of posts that no client asks about: clients
 * ask about 1 … keys.n, so post 0 is free for them. Whether next tells of them makes no difference;
 * the virtual world, where they are a number and a cost, does not. */
struct evidence_ops {
    /* Walks all rows of TABLE_LIKES, _COUNTERS, _CHARGES or _TRIPS, in any order, once each: one
     * query per table. *cursor is 0 at the first row and the implementation's afterwards; a walk
     * goes to its end, and never two at a time. False: no more rows, *row is not written. */
    bool (*next)(void *context, enum schema_table table, size_t *cursor, struct evidence_row *row);
    /* The number that the store shows for the post, store_key(SPACE_COUNT, post). False: none. */
    bool (*shown)(void *context, uint64_t post, int64_t *value);
};

struct evidence { /* Borrowed by audit_end. */
    const struct evidence_ops *ops;
    void *context;
    /* A service's call to the store got no answer, or a refusal. With a log behind it a like is
     * then taken without being shown, so what is shown has no lower bound. */
    bool has_store_missed;
    /* It has dropped keys to make room, or nobody knows: what it shows may be too little. */
    bool has_store_evicted;
    uint64_t dead_letters; /* Records put into TOPIC_DEAD, in the warm-up as well. */
};

/* ---- The auditor ----------------------------------------------------------------------------- */

struct audit {
    const struct scenario *scenario; /* This and the next four are borrowed. */
    struct result *result;
    struct measure *measure;
    struct timer *timer;
    struct arena *arena;
    uint64_t offered, finished; /* Requests, warm-up included. */
    bool has_finished;          /* One has, since the accounts were last checked. */
    bool is_full;               /* An order found no room: the world should end the run. */
    struct map likes;           /* (post, user) -> what the client tried and was told. */
    struct map orders;          /* (id, 0) -> its fact, 0 when there was no room for it. */
    struct pool order_facts;
    uint64_t revoked_accepted; /* Requests of thieves, after an acknowledged logout. */
};

/* The address space that an audit may take of its arena, the maps' growth included. Pages are lent
 * as they are touched. */
size_t audit_bytes(void);

/* measure has been initialised: scenario and result are its own. timer tells nanoseconds since the
 * run began, as that of the clients does. */
void audit_init(struct audit *audit, struct measure *measure, struct timer *timer,
                struct arena *arena);

/* What the clients of a world are given; the context is the struct audit. */
extern const struct clients_ears audit_ears;

/* An invariant did not hold. The first RESULT_BREAKS_MAX are kept, with the time; all count. */
void audit_break(struct audit *audit, const char *name, const char *finding, ...)
    __attribute__((format(printf, 3, 4)));

/* offered = ok + late + failed + in flight. */
void audit_accounts(struct audit *audit);

/* After each event or turn of the loop: the accounts, when a request has ended in it. */
static inline void audit_event(struct audit *audit)
{
    if (audit->has_finished)
        audit_accounts(audit);
}

/* Once, after the run: the accounts, the likes, the orders and their trips, the tokens, the
 * counters. result->counter and result->requests are written, and measure is not closed yet.
 * has_drained: everybody has an answer, and nothing is in the log or on its way; otherwise only
 * what holds at any time is checked, and likes are counted as undrained. */
void audit_end(struct audit *audit, const struct evidence *evidence, bool has_drained);

#endif
