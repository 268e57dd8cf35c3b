/* port_rig_peer.h — Two nodes: one that asks through ports.peer, and another that the test runs.
 *
 * The other node's service does nothing by itself: it writes down who came, and the test answers
 * for it, unless `handle` is set. Target RIG_OTHER is that node; ports.cpu is its processor.
 *
 *     peer_ask(rig->ports.peer, rig_ask(rig, &q), RIG_OTHER, &ask, RIG_TIMEOUT_NS);
 *     rig_wait_for_visits(rig, 1);
 *     rig_answer(rig, 0, CALL_OK, 7, 300);
 *     rig_expect(&q, CALL_OK, 7);
 *
 * The live nodes are one process with one loop, and a real connection on loopback between them; the
 * other's death closes its sockets, as the kernel would. crash and restart are the other's. */
#ifndef TESTS_LIB_PORT_RIG_PEER_H
#define TESTS_LIB_PORT_RIG_PEER_H

#include "tests/lib/port_rig_node.h"

enum { RIG_OTHER = 0, RIG_VISITS_MAX = 512 };

struct rig_visit {
    struct call call;    /* First. For what `handle` asks; its done is the handler's to set. */
    struct visit *visit; /* NULL: answered, or its node has died. */
    struct ask ask;      /* As it came in. */
    uint64_t arrived_ns;
    struct rig *rig;
};

struct rig_service {
    struct rig *rig;
    void (*handle)(struct rig_visit *visit); /* Or NULL: it waits for the test. */
    uint32_t visits;                         /* All that came, those answered included. */
    struct rig_visit seen[RIG_VISITS_MAX];   /* In the order in which they were handed over. */
};

/* Virtual with and without a network between the two, and live. */
extern const struct rig_world rig_peer_virtual, rig_peer_at_once, rig_peer_live;

struct rig_service *rig_service(struct rig *rig);

/* The other node anew, empty, with this processor; `in_flight` visits inside at once. */
void rig_other_becomes(struct rig *rig, const struct cpu_spec *spec, uint32_t in_flight);

/* Lets time pass until so many have come in all; fails when they do not. */
void rig_wait_for_visits(struct rig *rig, uint32_t visits);

/* By number, in a step of its own or from `handle`. */
void rig_answer(struct rig *rig, uint32_t visit, enum call_outcome outcome, int64_t value,
                uint32_t bytes);

/* A visit by its number is at this stage now; and how long visits have been at one, all in all. */
void rig_stage(struct rig *rig, uint32_t visit, enum visit_stage stage);
uint64_t rig_staged_ns(const struct rig *rig, enum visit_stage stage);

/* What the other node has counted: so many came in, and so many of them were turned away. */
void rig_expect_shed(const struct rig *rig, uint64_t shed, uint64_t visits);

#endif
