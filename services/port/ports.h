/* ports.h — Everything a service may ask of the world around it, in one bundle.
 *
 * A world fills one of these per node and hands it to the service's init; the service keeps a
 * copy. A port that the service was not given is NULL. */
#ifndef SERVICES_PORT_PORTS_H
#define SERVICES_PORT_PORTS_H

#include "services/base/arena.h"
#include "services/base/dice.h"
#include "services/port/ask.h"
#include "services/port/cpu.h"
#include "services/port/fleet.h"
#include "services/port/memory.h"
#include "services/port/peer.h"
#include "services/port/queue.h"
#include "services/port/store.h"
#include "services/port/table.h"
#include "services/port/timer.h"
#include "services/port/tokens.h"

struct ports {
    struct door *door;
    struct timer *timer;
    struct cpu *cpu;
    struct memory *memory; /* Shared by the threads of this node. */
    struct peer *peer;
    struct store *store;
    struct queue *queue;
    struct table *table;
    struct fleet *fleet;
    struct tokens *tokens;
    struct dice *dice;   /* This node's own stream. */
    struct arena *arena; /* This node's memory, taken at init only. */
};

#endif
