/* node.h — A machine in virtual time: one process with its ports, its memory and its cores.
 *
 *     OFF --boot--> BOOTING --boot delay--> READY --told to go--> DRAINING --empty, crash--> OFF
 *                      |                     |  ^
 *                      | told to go    crash |  | restart
 *                      v                     v  |
 *                     OFF <--told to go---- DOWN
 *
 * A node that dies takes nothing down politely. Its epoch moves on, its arena is reset, and
 * whatever it had asked surfaces later, sees another epoch and is dropped, as in life. The ports
 * are members, so that a port's implementation finds the node that asks by its place. */
#ifndef SIM_WORLD_NODE_H
#define SIM_WORLD_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/list.h"
#include "services/base/pool.h"
#include "services/port/ports.h"
#include "sim/engine/events.h"
#include "sim/scenario/scenario.h"
#include "sim/world/processor.h"

struct memory_model;
struct world;
struct group;

/* What a node can be waiting for; the latency breakdown has these names. */
enum op_kind {
    OP_CPU,
    OP_TIMER,
    OP_PEER,
    OP_STORE,
    OP_QUEUE,
    OP_TABLE,
    OP_BLOCK,
    OP_TOKENS,
    OP_MEMORY,
    OP_KINDS
};

enum node_state {
    NODE_OFF,
    NODE_BOOTING,
    NODE_READY,
    NODE_DRAINING,
    NODE_DOWN /* Dead, and it will be back: asked for and not ready. */
};

/* What a replica has carried since it was first there: areas, modulo their size. */
struct carried {
    unsigned __int128 busy; /* Cores that computed. */
    uint64_t inside;        /* Visits. */
};

/* One of a node's processes: what the service keeps in its memory is its own. The kernel gives a
 * connection to whoever has waited for one longest. */
struct worker_process {
    void *service;
    uint32_t next_idle;
};
#define PROCESS_NONE UINT32_MAX

struct node {
    struct world *world;
    struct group *group;            /* NULL: the clients, an autoscaler. */
    struct group *scales;           /* Of an autoscaler. */
    char name[NAME_MAX_BYTES + 16]; /* "delivery/3", "delivery/balancer", "clients" */
    uint32_t id;
    uint32_t epoch; /* Moves on when it dies. */
    enum node_state state;
    uint64_t ready_ns;   /* When it last became ready. */
    uint64_t resumes_ns; /* Stopped until then, by a fault or by its own blocking call: nothing
                            runs here, and what comes waits in its sockets. */
    bool is_cut;         /* No message passes in or out. */
    struct event boot;

    struct door door;
    struct timer timer;
    struct cpu cpu;
    struct memory memory;
    struct peer peer;
    struct store store;
    struct queue queue;
    struct table table;
    struct tokens tokens;
    struct dice dice;
    struct arena arena;
    struct ports ports; /* Points to the members above. */

    const struct service_ops *service_ops;
    void *service;                    /* Lives in the arena. Under processes: the first one's. */
    struct worker_process *processes; /* An instance of the service each; NULL: there is one. */
    uint32_t idle_process; /* The one that has been idle longest; PROCESS_NONE: all are busy. */
    uint32_t idle_last;
    struct processor processor;
    struct memory_model *memory_model; /* NULL: its threads share nothing. */
    struct list visits;                /* Inside or at the door: struct exchange.inside */
    uint64_t stays_ns;   /* Of visits, modulo 2^64: when those left that did, less when all came. */
    struct list socket;  /* Came while it was stopped: struct exchange.inside */
    struct carried seen; /* When the autoscaler last looked, or when it became ready. */
};

#define node_of(port_pointer, member) list_entry(port_pointer, struct node, member)

static inline bool node_is_up(const struct node *node)
{
    return node->state == NODE_READY || node->state == NODE_DRAINING;
}

static inline bool node_is_paused(const struct node *node, uint64_t now_ns)
{
    return now_ns < node->resumes_ns;
}

#endif
