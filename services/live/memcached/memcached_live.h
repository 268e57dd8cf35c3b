/* memcached_live.h — The store port on memcached: libmemcached, on threads of its own.
 *
 *   loop:    asked --> in the line of a connection ------------------> ended --> completed
 *                                  |                                    ^
 *   thread:                        +--> one command, or add_if_new's two +
 *
 * libmemcached waits for each answer, so every connection has a thread; a key always goes over the
 * same connection, and commands on a key keep their order. A node has as many connections as the
 * server has threads: memcached deals them out by turns.
 *
 * A key is "sim:{run}:{space}:{id}" (the braces are not part of it). A number is its decimal with
 * 2^63 added, since memcached counts without a sign and decr stops at 0: 42 stands there as
 * 9223372036854775850. A larger value is the number, a ':' and filler, and cannot be added to
 * (CALL_FAILED). A member of a set is a key of its own, "{set's key}:{member}": there is nothing
 * that would list, count or delete the whole set. add_if_new is two commands, and one may happen
 * without the other (services/port/two_steps.h). A value beyond the server's limit (1 MiB, or what
 * store.item_max says) is CALL_FAILED, and whatever was there is gone; one beyond 16 MiB is not
 * sent at all: CALL_REFUSED, as with Redis. No key of ours comes near the 250 bytes allowed.
 *
 * Time to live is kept in whole seconds, rounded up, plus one, because memcached's clock ticks once
 * a second: nothing goes before its time, and everything within two seconds after it.
 *
 *   no connection yet   the first one is waited for, up to each command's timeout
 *   broken              what was on it is CALL_FAILED: it may have happened. What was in line, and
 *                       what comes until the server is there again, CALL_REFUSED. An idle
 *                       connection of the loop's own notices both at once
 *   silent              5 s without an answer: counts as broken; the connection is made anew
 *   in line too long    dropped at its timeout (CALL_TIMEOUT); it will not happen
 *   full                16384 commands in line or under way: CALL_REFUSED
 *
 * Left out: UDP, SASL, several servers (ketama). Closing waits for what is with a silent server,
 * 5 s at most. */
#ifndef SERVICES_LIVE_MEMCACHED_MEMCACHED_LIVE_H
#define SERVICES_LIVE_MEMCACHED_MEMCACHED_LIVE_H

#include "services/live/loop/loop.h"
#include "services/port/store.h"

struct node_stats;
struct memcached_live;

enum { MEMCACHED_CONNECTIONS_MAX = 64 };

struct memcached_settings {
    const char *server; /* "HOST:PORT", "[IPv6]:PORT" or "/path". Read during open only. */
    const char *run;    /* Letters, digits, '-' and '_', at most 23. The same. */
    uint32_t connections;
    uint64_t keep_ns; /* What is set without a time to live goes after this; 0: it stays. */
};

/* Connects in the background. Counts into stats: store_* and waited[STATS_STORE]. NULL and errno:
 * ENOMEM, ENAMETOOLONG, EINVAL (no such form, no such number), or why there is no file
 * descriptor. */
struct memcached_live *memcached_live_open(struct loop *loop,
                                           const struct memcached_settings *settings,
                                           struct node_stats *stats);
void memcached_live_close(struct memcached_live *memcached); /* Calls under way never end. */
struct store *memcached_live_port(struct memcached_live *memcached);

/* ---- For the lab: at once, on a connection of its own, blocking -----------------------------
 *
 * Each gives up after 5 s without an answer. False: why says so in a few English words. */

/* Fills version ("1.6.18") when it answers; else the reason goes to why. */
bool memcached_probe(const char *server, char version[static 32], char why[static 160]);

struct memcached_info { /* Since the server's start. cpu_us: user and system. */
    uint64_t commands, evicted, expired, cpu_us;
    uint64_t bytes, pages_bytes; /* Of items, and of the pages that hold them. */
    uint32_t threads;
};
bool memcached_read_info(const char *server, struct memcached_info *info, char why[static 160]);

/* memcached cannot list its keys: counters of a run are asked for one by one. */
struct memcached_reader;
struct memcached_reader *memcached_reader_open(const char *server, const char *run,
                                               char why[static 160]);
void memcached_reader_close(struct memcached_reader *reader);

/* The number shown for a post, from SPACE_COUNT: CALL_OK, CALL_ABSENT or CALL_FAILED. */
enum call_outcome memcached_reader_count(struct memcached_reader *reader, uint64_t post,
                                         int64_t *value);

#endif
