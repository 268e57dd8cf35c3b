/* door_live.h — The door and the peer port over HTTP: asks come in, asks go out.
 *
 * The door reads a request (wire.h) into a visit and hands it to the service; what is no ask it
 * answers itself: /metrics, /healthz before the service is up, and on a balancer /backends, where
 * replicas register:
 *
 *     PUT    /backends/{replica}?host=…&port=…&weight=…     joins (again every second: idempotent)
 *     DELETE /backends/{replica}                            leaves
 *
 * A visit is shed when in_flight are inside or the processor's line is full, as in the virtual
 * world; under a runtime of threads it waits at the door for one. */
#ifndef SERVICES_LIVE_NODE_DOOR_LIVE_H
#define SERVICES_LIVE_NODE_DOOR_LIVE_H

#include "services/live/http/http.h"
#include "services/live/loop/cpu_live.h"
#include "services/live/node/stats.h"
#include "services/port/ask.h"
#include "services/port/peer.h"

/* ---- The peer port --------------------------------------------------------------------------- */

struct peer_live; /* port is its first member. */

/* targets_max: how many numbers there are. Each target has a client of its own. */
struct peer_live *peer_live_open(struct loop *loop, uint32_t targets_max, struct node_stats *stats);
void peer_live_close(struct peer_live *peer);
struct peer *peer_live_port(struct peer_live *peer);

/* Where a target is; anew when it has moved. Nobody there is CALL_REFUSED. */
void peer_live_set(struct peer_live *peer, uint32_t target, const struct address *address);

#endif
