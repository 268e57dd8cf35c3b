/* roster.h — Who is behind a balancer: replicas register themselves over HTTP.
 *
 *     PUT    /backends/{replica}?host=…&port=…&weight=…     joins (again every second: idempotent)
 *     DELETE /backends/{replica}                            leaves
 *
 * 200 {"replica":N}, or 400, 401, 404, 405 with {"error":"…"}. Where the node has a token, both
 * want `Authorization: Bearer TOKEN`; it is compared in constant time. weight may be left out: 1.
 * A replica that dies is not struck off: the balancer has checks of its own for that, as in life
 * and in the virtual world. */
#ifndef SERVICES_LIVE_NODE_ROSTER_H
#define SERVICES_LIVE_NODE_ROSTER_H

#include "services/live/node/peer_live.h"

struct balancer;

struct roster {
    struct peer_live *peer;
    struct balancer *balancer;
    uint32_t replicas_max; /* Numbers are below it. */
    const char *token;     /* "": none. */
};

/* False: the path is none of ours, nothing was replied. */
bool roster_handle(struct roster *roster, struct http_request *request);

#endif
