/* link.h — What a message suffers on its way: latency, jitter and loss. Who is cut off from whom,
 * the sender knows: see link_op.h. */
#ifndef SIM_WORLD_LINK_H
#define SIM_WORLD_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/dice.h"
#include "sim/engine/events.h"
#include "sim/scenario/scenario.h"

struct link_model {
    struct events *events;
    const struct network_spec *spec; /* Of it, the loss. */
    struct dice dice;
};

void link_init(struct link_model *link, struct events *events, const struct network_spec *spec,
               uint64_t seed);

/* Sends: asks for `event` when the message arrives, more_ns later than the way alone takes. False:
 * lost on the way, and the event will not come. */
bool link_send(struct link_model *link, struct event *event, const struct way *way,
               uint64_t more_ns);

#endif
