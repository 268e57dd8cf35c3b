/* world_inside.h — How the rooms of a world hang together; for sim/world alone.
 *
 *     clients --> front (balancer, or the one replica) --> replicas --> store, queue, table
 *
 * A group is a service of the scenario: its replicas, and what stands before them. */
#ifndef SIM_WORLD_WORLD_INSIDE_H
#define SIM_WORLD_WORLD_INSIDE_H

#include "services/catalog/catalog.h"
#include "sim/audit/audit.h"
#include "sim/load/clients.h"
#include "sim/measure/measure.h"
#include "sim/setup/setup.h"
#include "sim/world/link.h"
#include "sim/world/memory/memory_model.h"
#include "sim/world/op.h"
#include "sim/world/queue/queue_model.h"
#include "sim/world/store/store_model.h"
#include "sim/world/table/table_model.h"
#include "sim/world/tokens_model.h"
#include "sim/world/world.h"
#include "sim/world/world_parts.h"

struct seen { /* When the autoscaler last looked; and see struct carried. let_in: modulo 2^64. */
    uint64_t at_ns, let_in;
};

struct waited { /* Time that calls of one kind took, to their end. */
    uint64_t sum_ns, calls;
};

struct group {
    struct world *world;
    const struct service_spec *spec;
    struct service_spec own_spec; /* Of a balancer: made up, spec points here. */
    struct plan plan;             /* What its replicas are started with. */
    struct plan scaler_plan;      /* And its autoscaler. */
    struct node *replicas;        /* replicas_max of them, most perhaps off. */
    uint32_t replicas_max;
    bool is_balancer;
    struct group *front;  /* The balancer before it; NULL: replica 0 is asked directly. */
    struct group *behind; /* Of a balancer: what it stands before. */
    struct node *scaler;  /* NULL: its size stays. */
    struct fleet fleet;   /* The autoscaler's port. */
    uint32_t ready, starting, draining, ready_max;

    struct service_result *station; /* Lent by the result; NULL: it is told of nowhere. */
    struct line_stat wait;     /* For a core or, where there are any, a worker; all replicas. */
    uint32_t longest_line;     /* Of that, at one replica. */
    struct line_stat inside;   /* From arrival at a replica to its answer. */
    struct line_stat gil_wait; /* For the interpreter's lock, each time. */
    struct usage cores;
    struct usage workers;    /* Threads, processes; of an event loop: loops in blocking calls. */
    struct usage gil;        /* The interpreter's lock, one per replica. */
    struct area replicas_up; /* Ready, or finishing what they have: both are paid for. */
    uint64_t visits, let_in, shed; /* As in the result. */
    unsigned __int128 carried_ns;  /* Stays before the warm-up's end of those inside then. */
    struct waited waited[OP_KINDS];
    uint64_t staged_ns[VISIT_STAGES]; /* Time that visits spent at each stage. */
    struct seen seen;
};

/* An ask on its way to another node, and the answer on its way back. */
struct exchange {
    struct op op;
    struct visit visit;
    struct node *to;
    bool is_inside;   /* With the service, or at its door. */
    bool is_counted;  /* Health checks are not. */
    uint8_t outcome;  /* enum call_outcome, once answered. */
    uint8_t stage;    /* enum visit_stage, while it is inside, … */
    uint32_t bytes;   /* Of the answer. */
    uint32_t process; /* Inside: which of the node's it has for itself. */
    struct link inside, door;
    uint64_t arrived_ns;
    uint64_t staged_ns;        /* … and since when. */
    uint32_t span, stage_span; /* Where somebody is followed: of the visit; where it is at. */
    int64_t value;
};

struct task { /* Wants a core or the interpreter's lock, has a core, or blocks. */
    struct op op;
    struct link link;
    uint8_t kind; /* enum cpu_kind */
    uint8_t rank; /* In the line for a core; the lock knows none. */
    bool is_running;
    uint64_t left_ns;
    const void *span;  /* Told at its end. */
    uint64_t since_ns; /* In a line: came to it. */
    uint64_t piece_ns; /* With a core: what is done of it, … */
    uint64_t due_ns;   /* … and when. */
};

struct nap {
    struct op op;
};

struct world {
    struct world_parts parts; /* First. Events, link, store, queue, table. */
    const struct scenario *scenario;
    const struct world_options *options;
    struct result *result;
    struct measure measure;
    struct link_model link;
    struct arena arena;  /* Nodes, pools, the audit's maps. */
    struct arena models; /* State of the store, the queue and the table. */
    struct pool tasks, naps, exchanges, bursts;
    struct tokens_model tokens;
    struct trace *trace; /* NULL: nobody is followed. */
    uint32_t cause;      /* The span on whose behalf something runs; 0 where nobody is followed. */
    struct group groups[SCENARIO_SERVICES_MAX];
    struct group balancers[SCENARIO_SERVICES_MAX];
    uint32_t groups_max; /* Of each; a group without a balancer leaves its place empty. */
    struct node *nodes;  /* All of them; a node's id is its place. */
    uint32_t nodes_max, nodes_room;
    struct node *clients_node;
    struct clients *loads;
    struct audit audit;
    struct clients_ears ears; /* The audit's, save where a planted bug makes them deaf. */
    struct node *touched;     /* Whose processor has just moved: checked after the event. */
    struct event second;      /* Once per virtual second. */
    struct event warm;        /* The end of the warm-up. */
    struct event faults[2 * SCENARIO_FAULTS_MAX];
    uint64_t steps; /* Of threads in shared memory: work like events, without being any. */
    bool is_out_of_memory;
};

/* Of all that is not the people: see world.h. Chance 0 is the seed's own. */
static inline uint64_t world_seed(const struct world *world)
{
    return world->options->seed + world->options->chance * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t world_now_ns(const struct world *world)
{
    return events_now_ns(world->parts.events);
}

/* The line at one replica is that long now. */
static inline void group_note_line(struct group *group, uint32_t length)
{
    if (length > group->longest_line)
        group->longest_line = length;
}

static inline bool world_has_planted(const struct world *world, enum planted_bug bug)
{
#ifdef SIM_PLANTED_BUGS
    return world->options->planted == bug;
#else
    (void)world;
    (void)bug;
    return false;
#endif
}

/* A record of one of the world's pools; NULL ends the run at the memory limit. */
void *world_take(struct world *world, struct pool *pool);

/* Everybody has an answer, and nothing is in the log or on its way there. */
bool world_is_quiet(const struct world *world);

/* build.c */
bool world_build(struct world *world);
void world_free(struct world *world);

/* node.c */
void node_init(struct node *node, struct world *world, struct group *group, const char *name);
void node_boot(struct node *node, uint64_t delay_ns); /* OFF -> BOOTING -> READY */
void node_drain(struct node *node);
void node_crash(struct node *node, bool will_be_back); /* To be DOWN, else OFF. */
void node_restart(struct node *node); /* DOWN -> READY; any other stays what it is. */
void node_pause(struct node *node, uint64_t for_ns);
void node_left_visit(struct node *node); /* A visit was answered: a draining node may be empty. */
void node_has_idle(struct node *node, uint32_t process); /* It has nobody any more. */
uint32_t node_take_idle(struct node *node);              /* The one that was idle longest. */

/* exchange.c */
extern const struct door_ops exchange_door_ops;
extern const struct peer_ops exchange_peer_ops;
void exchange_fail_all(struct node *node); /* It died with these visits in hand. */

/* processor.c: native work whose end is known before. That is what the call is told when so much
 * processor time has been spent, under the name `as`; what the span points to is read then. */
struct end {
    enum call_outcome outcome;
    int64_t value;
    const void *span;
};
void processor_run(struct node *node, struct call *call, enum op_kind as, uint64_t work_ns,
                   struct end end);

/* nap.c */
extern const struct timer_ops nap_timer_ops;

/* fleet.c */
extern const struct fleet_ops fleet_world_ops;
void fleet_ready(struct node *node);  /* It serves: the balancer hears of it. */
void fleet_drains(struct node *node); /* It finishes what it has: READY, to be DRAINING. */
void fleet_gone(struct node *node);   /* It is up no more: READY or DRAINING still. */
void fleet_leaves(struct node *node); /* It is told to go: the balancer hears of it. */
void fleet_start(struct group *group);

/* faults.c */
void faults_plan(struct world *world);

/* invariants.c: what must hold. */
void invariants_event(struct world *world);
void invariants_end(struct world *world);

/* evidence.c: what there is in the end; the context is the world. */
extern const struct evidence_ops evidence_world_ops;

/* close.c: what the result says. What is held against the load's time (shares, counts that become
 * rates) is taken when the load ends; the rest, which judges the end, after the drain. */
void world_close_rates(struct world *world);
void world_close_rest(struct world *world);
void world_close_result(struct world *world);

#endif
