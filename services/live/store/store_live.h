/* store_live.h — The store port on Redis: hiredis, asynchronous, one pipelined connection.
 *
 * A key is "sim:{run}:{space}:{id}" and carries a number; a blob is its number, a ':' and filler up
 * to its size. add and add_if_new are one script each (EVALSHA, EVAL after NOSCRIPT), so that they
 * are one step. Every command has its own timer: a Redis that is stopped calls nobody back. A
 * connection that breaks fails what was on it (CALL_FAILED: it may have happened), is made again
 * with backoff (50 ms, doubling to 1 s), and until then commands are CALL_REFUSED at once.
 *
 * Builds with hiredis 0.14 and 1.x. */
#ifndef SERVICES_LIVE_STORE_STORE_LIVE_H
#define SERVICES_LIVE_STORE_STORE_LIVE_H

#include "services/live/loop/loop.h"
#include "services/port/store.h"

struct node_stats;
struct store_live;

/* server: "HOST:PORT" or "/path". Connects in the background: commands before it is there wait for
 * the connection, up to their timeouts. NULL: no memory. */
struct store_live *store_live_open(struct loop *loop, const char *server, const char *run,
                                   struct node_stats *stats);
void store_live_close(struct store_live *store); /* Calls under way never end. */
struct store *store_live_port(struct store_live *store);

/* ---- For the lab: at once, on a connection of its own, blocking ----------------------------- */

/* Fills version ("7.0.15") when it answers; else the reason goes to why. */
bool store_probe(const char *server, char version[static 32], char why[static 160]);

/* Each counter of SPACE_COUNT of this run; stops early when `each` returns false. */
bool store_each_count(const char *server, const char *run,
                      bool (*each)(void *context, uint64_t post, int64_t value), void *context,
                      char why[static 160]);

/* Unlinks every key of the run; never FLUSHALL. */
bool store_forget(const char *server, const char *run, char why[static 160]);

struct store_info { /* From INFO. */
    uint64_t commands, used_memory_peak, evicted, expired, cpu_us;
};
bool store_read_info(const char *server, struct store_info *info, char why[static 160]);

#endif
