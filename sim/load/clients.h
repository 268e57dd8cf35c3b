/* clients.h — The people who ask: one load of a scenario, written against ports like a service.
 *
 * Both worlds run this same code, so both see the same requests at the same intended instants: the
 * draws come from streams of the load's own name and from nothing else. Latency counts from the
 * intended instant, never from when a busy client got round to it.
 *
 *     open:    next arrival ------> ASKED --ok--------------------------> finished
 *     closed:  THINKING ----------> ASKED                                     ^
 *                  ^                  | not ok, tries and budget left         |
 *                  |                  v                                       |
 *                  |               BACKOFF --> ASKED      none left ----------+
 *                  +---- finished (closed users begin again)
 *
 * An ok that comes after the client's patience is late, not a success. */
#ifndef SIM_LOAD_CLIENTS_H
#define SIM_LOAD_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/list.h"
#include "services/base/pool.h"
#include "services/base/pricing.h"
#include "services/port/ports.h"
#include "sim/load/arrivals.h"
#include "sim/load/retry.h"

enum { CLIENTS_REQUESTS_MAX = 1 << 20 }; /* Of one load at once; beyond it a request is refused. */

enum request_state { REQUEST_THINKING, REQUEST_ASKED, REQUEST_BACKOFF };

struct request {
    struct call call; /* First: a call is its request. */
    struct clients *clients;
    enum request_state state;
    uint32_t attempts;
    uint64_t intended_ns;
    struct ask ask;
};

/* Who listens: the world counts and audits. finished: outcome as the last try ended, is_late when
 * an ok came after the client's patience. */
struct clients_ears {
    void (*offered)(void *context, const struct request *request);
    void (*tried)(void *context, const struct request *request);
    void (*finished)(void *context, const struct request *request, enum call_outcome outcome,
                     bool is_late);
};

struct clients {
    const struct load_spec *spec;
    struct ports ports; /* timer and peer. */
    const struct clients_ears *ears;
    void *context;
    uint32_t index;   /* Of the load in the scenario. */
    uint32_t tracked; /* Of the load whose orders this one asks after. */
    uint64_t end_ns;
    struct arrivals arrivals;
    struct call next;           /* Sleeps until the next arrival, … */
    uint64_t next_ns;           /* … which is meant to be then. */
    struct dice asks, backoffs; /* What is asked; how long to back off. */
    struct zipf zipf;
    struct premium premium; /* Whose orders are more urgent. */
    struct retry_budget budget;
    uint64_t asked; /* Requests made so far. */
    struct pool requests;
};

/* The arena bytes that one load takes. */
size_t clients_bytes(const struct load_spec *spec);

/* The load of that index. scenario, ears and context are borrowed. Requests stop when its duration
 * is over. */
void clients_init(struct clients *clients, const struct scenario *scenario, uint32_t index,
                  uint64_t seed, const struct ports *ports, const struct clients_ears *ears,
                  void *context);
void clients_start(struct clients *clients);

#endif
