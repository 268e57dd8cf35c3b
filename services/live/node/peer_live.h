/* peer_live.h — The peer port over HTTP: one client per target, connections kept.
 *
 * An ask is written as wire.h says and read back from the answer's status and body. What the HTTP
 * client tells of the end decides between CALL_REFUSED (no connection: it certainly did not
 * happen), CALL_TIMEOUT and CALL_FAILED (perhaps it did). Questions that change nothing are sent
 * again on a new connection when the server had closed an idle one; others are not. */
#ifndef SERVICES_LIVE_NODE_PEER_LIVE_H
#define SERVICES_LIVE_NODE_PEER_LIVE_H

#include "services/live/http/http.h"
#include "services/port/peer.h"

struct node_stats;
struct wallet;
struct peer_live; /* port is its first member. */

/* targets_max: how many numbers there are. */
struct peer_live *peer_live_open(struct loop *loop, uint32_t targets_max, struct node_stats *stats);
void peer_live_close(struct peer_live *peer); /* Asks under way never end. */
struct peer *peer_live_port(struct peer_live *peer);

/* Where the texts of tokens are, that asks show and answers grant. Without one no ask may show a
 * token, and a grant is the number that it is. Borrowed. */
void peer_live_use(struct peer_live *peer, struct wallet *wallet);

/* Where a target is; anew when it has moved. Until it is set, nobody is there: CALL_REFUSED.
 * False: the host's name means nothing; all is as it was. */
bool peer_live_set(struct peer_live *peer, uint32_t target, const struct address *address);

#endif
