/* likes.h — Who likes what, and how many: one service in five designs.
 *
 *   VERB_LIKE, VERB_UNLIKE   key: post, user: who. Value: 1 something changed, 0 nothing did.
 *   VERB_COUNT               key: post. Value: likes shown.
 *   VERB_HEALTH              CALL_OK at once.
 *
 * Any other verb is answered CALL_FAILED, a visit past its deadline CALL_TIMEOUT, one too many
 * CALL_SHED. What a dependency answers is passed on as it came, except where the design can do
 * without it. The service retries nothing: the client knows how long it wants to wait, and tries
 * on two layers multiply. Every verb may safely be tried again.
 *
 *   design    a like goes                                      a count comes from
 *   table     into the rows                                    counting the rows
 *   indexed   into the rows and the counter row, together      the counter row
 *   cached    into the rows, then the store's counter moves    the store, else counting the rows
 *   queued    to the store, then to the log                    the store, else the counter row
 *   batched   as queued: only the batcher behind the log differs
 *
 * What "acknowledged" promises about a like that was answered CALL_OK:
 *
 *   T2, LIKES_ACK_TABLE   It is committed in SQL. table, indexed and cached know no other meaning.
 *   T1, LIKES_ACK_QUEUE   It is in the log, and will be in SQL when the batcher gets there.
 *   T0, LIKES_ACK_STORE   The store has it. It is on its way to the log, and may be lost there.
 *
 * queued and batched cannot wait for the batcher's commit, so LIKES_ACK_TABLE is LIKES_ACK_QUEUE
 * to them (a scenario that asks for it is refused before it comes here). */
#ifndef SERVICES_LIKES_LIKES_H
#define SERVICES_LIKES_LIKES_H

#include "services/port/ports.h"

enum likes_service_design { LIKES_TABLE, LIKES_INDEXED, LIKES_CACHED, LIKES_QUEUED, LIKES_BATCHED };
enum likes_service_ack { LIKES_ACK_STORE, LIKES_ACK_QUEUE, LIKES_ACK_TABLE };

struct likes_config {
    enum likes_service_design design;
    enum likes_service_ack ack; /* queued and batched. */
    uint32_t in_flight;     /* Visits inside at once, and at T0 likes on their way to the log. */
    struct dist work_read;  /* Processor time of a count; dist_init has been called. */
    struct dist work_write; /* Processor time of a like. */
    uint64_t store_timeout_ns, table_timeout_ns, queue_timeout_ns; /* Above 0 where used. */
};

struct likes;

/* Arena bytes that likes_init takes. */
size_t likes_bytes(const struct likes_config *config);

/* Copies both; wants the door, timer, cpu, table, dice, arena; from cached on the store; queued
 * and batched the queue as well. */
struct likes *likes_init(const struct likes_config *config, const struct ports *ports);

extern const struct service_ops likes_service;

#endif
