/* world_fixture.h — One model of the world, a few nodes that ask it, and a clock to move by hand.
 *
 * The nodes run no service: a test is the service, and asks through their ports as one would. A
 * question remembers its answer.. */
#ifndef TESTS_LIB_WORLD_FIXTURE_H
#define TESTS_LIB_WORLD_FIXTURE_H

#include "services/port/ports.h"
#include "sim/world/link.h"
#include "sim/world/node.h"
#include "sim/world/queue/queue_model.h"
#include "sim/world/store/store_model.h"
#include "sim/world/table/table_model.h"
#include "sim/world/world_parts.h"

enum { FIXTURE_NODES = 8, FIXTURE_RECORDS_MAX = 64 };

#define US(n) (UINT64_C(1000) * (n))
#define MS(n) (UINT64_C(1000000) * (n))
#define SECONDS(n) (UINT64_C(1000000000) * (n))

struct fixture {
    struct world *world;
    struct arena arena;
    struct events *events;
    struct network_spec network; /* Nothing happens to messages unless a test says so. */
    struct link_model link;
    struct model_setup setup;
    struct store_model *store;
    struct queue_model *queue;
    struct table_model *table;
    struct node nodes[FIXTURE_NODES]; /* "worker/0" … */
};

struct question {
    struct call call;
    struct fixture *fixture;
    uint64_t done_ns;
    uint32_t times;                             /* How often it was answered. */
    struct record records[FIXTURE_RECORDS_MAX]; /* What a take brought. */
};

/* At seed 1; NULL: no such model. */
struct fixture *fixture_open(const struct store_spec *store, const struct queue_spec *queue,
                             const struct table_spec *table, uint64_t warmup_ns);
void fixture_close(struct fixture *fixture);

/* A call to ask with; used again, it forgets its last answer. */
struct call *question_begin(struct fixture *fixture, struct question *question);

void run_until(struct fixture *fixture, uint64_t until_ns);
void run_for(struct fixture *fixture, uint64_t for_ns);
uint64_t now_of(const struct fixture *fixture);

/* Whatever ran on the node is gone; it is up again at once, with another epoch. */
void kill_node(struct fixture *fixture, uint32_t node);

void assert_told_at(const struct question *question, enum call_outcome outcome, int64_t value,
                    uint64_t at_ns);
void assert_outcome(const struct question *question, enum call_outcome outcome);
void assert_told(const struct question *question, int64_t value); /* CALL_OK and this. */

#endif
