/* peer.h — Asking another service.
 *
 * Targets are small numbers that the world hands out: to a balancer, the replicas behind it
 * (struct backend); to any other service, the front of each service that it may ask. */
#ifndef SERVICES_PORT_PEER_H
#define SERVICES_PORT_PEER_H

#include "services/port/ask.h"

/* For people, who may wait for ever; a service never does. */
#define PEER_FOR_EVER_NS UINT64_MAX

struct peer {
    const struct peer_ops *ops;
};
struct peer_ops {
    void (*ask)(struct peer *peer, struct call *call, uint32_t target, const struct ask *ask,
                uint64_t timeout_ns);
};

/* Outcome and value are those of the other side's answer; CALL_TIMEOUT when none came in time,
 * CALL_REFUSED when nobody listens there, CALL_FAILED when it died with the request in hand. */
static inline void peer_ask(struct peer *peer, struct call *call, uint32_t target,
                            const struct ask *ask, uint64_t timeout_ns)
{
    check(timeout_ns > 0);
    call_begin(call);
    peer->ops->ask(peer, call, target, ask, timeout_ns);
}

#endif
