/* lookup.h — A host's address by its name, without holding up the loop.
 *
 * getaddrinfo(3) may wait seconds for a name server; meanwhile nobody would be served. So it runs
 * on a thread of its own, which writes what it found into a socket that the loop reads. */
#ifndef SERVICES_LIVE_LOOP_LOOKUP_H
#define SERVICES_LIVE_LOOP_LOOKUP_H

#include "services/live/loop/loop.h"

struct lookup;

/* found runs once, later, from the loop: a number ("127.0.0.1"), borrowed until it returns, or
 * NULL: there is none. The lookup is gone then. A name may stand for several ("localhost" for two):
 * it is the one that has `nth` before it, IPv4 before IPv6, counted round. NULL: the system refused
 * a socket or a thread. */
struct lookup *lookup_begin(struct loop *loop, const char *host, uint32_t nth,
                            void (*found)(void *context, const char *number), void *context);
void lookup_forget(struct lookup *lookup); /* found will not run; NULL is allowed. */

bool lookup_is_needed(const char *host); /* It is no number. */

#endif
