/* store_live.h — The store port on Redis: hiredis, asynchronous, one pipelined connection.
 *
 * A key is "sim:{run}:{space}:{id}" (the braces are not part of it) and carries a number; a blob is
 * its number, a ':' and filler up to its size. add and add_if_new are one script each (EVALSHA,
 * EVAL where Redis does not know it yet), so that they are one step. Every command has its own
 * timer: a Redis that is stopped calls nobody back.
 *
 *   no connection yet      the first one is waited for, up to each command's timeout
 *   connected              commands go out in the order in which they were asked
 *   broken                 what was on it is CALL_FAILED: it may have happened. A new connection is
 *                          tried with backoff (50 ms, doubling to 1 s); until then CALL_REFUSED
 *   silent                 5 s without an answer while some are due: counts as broken
 *   full                   16384 commands or 16 MiB are out, unanswered: CALL_REFUSED
 *
 * So a Redis that hangs costs bounded memory, and a value of 16 MiB or more is always refused.
 * Redis answering -LOADING is CALL_REFUSED, any other error (WRONGTYPE, OOM, …) is CALL_FAILED.
 * Time to live is kept in milliseconds, rounded up. The answer to a command that has timed out is
 * read and dropped; it still is one of the 16384 until then.
 *
 * Left out: passwords and TLS; Redis Cluster. A host's name is looked up blocking for the first
 * connection, which all wait for, and beside the loop for each later one. Redis 6 or later
 * (SET … KEEPTTL).
 *
 * Builds with hiredis 0.14 and 1.x. */
#ifndef SERVICES_LIVE_STORE_STORE_LIVE_H
#define SERVICES_LIVE_STORE_STORE_LIVE_H

#include "services/live/loop/loop.h"
#include "services/port/store.h"

struct node_stats;
struct store_live;

/* server: "HOST:PORT", "[IPv6]:PORT" or "/path". run: letters, digits, '-' and '_', at most 23.
 * Connects in the background: commands before it is there wait for the connection, up to their
 * timeouts. Counts into stats: store_* and waited[STATS_STORE]. NULL and errno: ENOMEM,
 * ENAMETOOLONG (a path of more than 107 bytes, a long run), EINVAL (no such form). */
struct store_live *store_live_open(struct loop *loop, const char *server, const char *run,
                                   struct node_stats *stats);
void store_live_close(struct store_live *store); /* Calls under way never end. */
struct store *store_live_port(struct store_live *store);

/* ---- For the lab: at once, on a connection of its own, blocking -----------------------------
 *
 * Each gives up after 5 s without an answer. False: why says so in a few English words. SIGPIPE is
 * ignored by then (loop_open), or the caller sees to it. */

/* Fills version ("7.0.15") when it answers; else the reason goes to why. */
bool store_probe(const char *server, char version[static 32], char why[static 160]);

/* Each counter of SPACE_COUNT of this run, once, by post; stops early when `each` returns false.
 * What is written meanwhile may be seen or not. */
bool store_each_count(const char *server, const char *run,
                      bool (*each)(void *context, uint64_t post, int64_t value), void *context,
                      char why[static 160]);

/* Unlinks every key of the run; never FLUSHALL. */
bool store_forget(const char *server, const char *run, char why[static 160]);

struct store_info { /* From INFO: since the server's start. cpu_us: user and system. */
    uint64_t commands, used_memory_peak, evicted, expired, cpu_us;
};
bool store_read_info(const char *server, struct store_info *info, char why[static 160]);

#endif
