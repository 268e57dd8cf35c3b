/* port_rig_peer.c — Who asks and who is asked, in one fixture and over one connection.
 *
 * The live door listens on a port that a socket of ours has bound for the whole test and never
 * listens on: while the other is dead nobody else can be given it, not even the far end of the
 * asker's own connection (to connect to a free port of one's own may succeed, with oneself). */
#define _GNU_SOURCE
#include "tests/lib/port_rig_peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "services/live/node/door_live.h"
#include "services/live/node/peer_live.h"
#include "sim/world/world_inside.h"

struct peers {
    struct rig_service service; /* First. */
    struct rig *rig;
    struct cpu_spec spec; /* The other's. */
    uint32_t in_flight;
    bool is_up;

    struct rig_machine *machine; /* Virtual. */

    struct address address; /* Live. */
    int keeper;             /* Bound to the address. */
    struct node_stats stats;
    struct cpu_live *cpu;
    struct door_live *door;
    struct peer_live *peer;
};

static const struct cpu_spec one_core = {.cores = 1, .speed = 1, .queue = 1000};

static struct peers *peers_of(const struct rig *rig)
{
    return rig->own;
}

/* ---- The service ----------------------------------------------------------------------------- */

static void visit(void *context, struct visit *visit)
{
    struct rig_service *service = context;
    struct rig *rig = service->rig;
    struct rig_visit *seen = &service->seen[service->visits];

    check(service->visits < RIG_VISITS_MAX);
    *seen = (struct rig_visit){
        .visit = visit, .ask = visit->ask, .arrived_ns = rig_now_ns(rig), .rig = rig};
    service->visits++;
    if (service->handle != NULL)
        service->handle(seen);
    if (rig->fixture == NULL && rig->is_done != NULL && rig->is_done(rig->context))
        loop_stop(&rig->loop);
}

static const struct service_ops service_ops = {.visit = visit};

static struct peers *peers_open(struct rig *rig)
{
    struct peers *peers = calloc(1, sizeof *peers);

    assert_non_null(peers);
    peers->rig = peers->service.rig = rig;
    peers->spec = one_core;
    peers->in_flight = 1000;
    rig->own = peers;
    return peers;
}

static void forget_visits(struct peers *peers)
{
    for (uint32_t i = 0; i < peers->service.visits; i++)
        peers->service.seen[i].visit = NULL;
    peers->is_up = false;
}

/* ---- Virtual --------------------------------------------------------------------------------- */

static struct node *other_of(const struct rig *rig)
{
    return &rig->fixture->nodes[1];
}

static void virtual_restart(struct rig *rig)
{
    struct peers *peers = peers_of(rig);
    struct node *node = other_of(rig);

    rig_machine_set(peers->machine, node, &peers->spec, peers->in_flight);
    node->state = NODE_READY;
    peers->is_up = true;
}

/* What node_crash does to a node that has nothing in a queue or a table. */
static void virtual_crash(struct rig *rig)
{
    struct node *node = other_of(rig);

    exchange_fail_all(node);
    node->epoch++;
    node->state = NODE_DOWN;
    processor_drop_all(node);
    forget_visits(peers_of(rig));
}

static void open_with(struct rig *rig, uint64_t latency_ns)
{
    struct peers *peers = peers_open(rig);
    struct node *node;

    rig_virtual_open(rig, NULL, NULL, NULL);
    peers->machine = rig_machine_open(rig, latency_ns);
    node = other_of(rig);
    rig->fixture->world->groups[0].replicas = node;
    rig->fixture->nodes[0].peer.ops = &exchange_peer_ops;
    node->door.ops = &exchange_door_ops;
    node->service_ops = &service_ops;
    node->service = &peers->service;
    list_init(&node->visits);
    list_init(&node->socket);
    virtual_restart(rig);
    rig->ports.peer = &rig->fixture->nodes[0].peer;
    rig->ports.door = &node->door;
    rig->ports.cpu = &node->cpu;
}

static void virtual_open(struct rig *rig)
{
    open_with(rig, US(200));
}

static void at_once_open(struct rig *rig)
{
    open_with(rig, 0);
}

static void virtual_close(struct rig *rig)
{
    rig_machine_close(peers_of(rig)->machine);
    rig_virtual_close(rig);
    free(rig->own);
}

const struct rig_world rig_peer_virtual = {.name = "peer and door, virtual",
                                           .open = virtual_open,
                                           .close = virtual_close,
                                           .crash = virtual_crash,
                                           .restart = virtual_restart};

const struct rig_world rig_peer_at_once = {.name = "peer and door, virtual, free network",
                                           .open = at_once_open,
                                           .close = virtual_close,
                                           .crash = virtual_crash,
                                           .restart = virtual_restart};

/* ---- Live ------------------------------------------------------------------------------------ */

static void keep_a_port(struct peers *peers)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int yes = 1;

    peers->keeper = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peers->keeper >= 0);
    setsockopt(peers->keeper, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    assert_int_equal(bind(peers->keeper, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(peers->keeper, (struct sockaddr *)&address, &length), 0);
    peers->address = (struct address){.host = "127.0.0.1", .port = ntohs(address.sin_port)};
}

static void live_restart(struct rig *rig)
{
    struct peers *peers = peers_of(rig);
    struct door_live_config config = {.listen = peers->address,
                                      .listens = -1,
                                      .in_flight = peers->in_flight,
                                      .verbs = (1u << VERB_MAX) - 1,
                                      .stats = &peers->stats};
    char why[160] = "";

    peers->stats = (struct node_stats){0};
    peers->cpu = cpu_live_open(&rig->loop, &peers->spec, &peers->stats);
    config.cpu = peers->cpu;
    peers->door = door_live_open(&rig->loop, &config, why);
    if (peers->door == NULL)
        fail_msg("%s", why);
    door_live_begin(peers->door, &service_ops, &peers->service);
    rig->ports.door = door_live_port(peers->door);
    rig->ports.cpu = cpu_live_port(peers->cpu);
    peers->is_up = true;
}

static void live_crash(struct rig *rig)
{
    struct peers *peers = peers_of(rig);

    door_live_close(peers->door);
    cpu_live_close(peers->cpu);
    forget_visits(peers);
}

static void live_open(struct rig *rig)
{
    struct peers *peers = peers_open(rig);

    rig_live_open(rig);
    keep_a_port(peers);
    live_restart(rig);
    peers->peer = peer_live_open(&rig->loop, 1, &rig->stats);
    peer_live_set(peers->peer, RIG_OTHER, &peers->address);
    rig->ports.peer = peer_live_port(peers->peer);
}

static void live_close(struct rig *rig)
{
    struct peers *peers = peers_of(rig);

    peer_live_close(peers->peer);
    if (peers->is_up)
        live_crash(rig);
    rig_live_close(rig);
    close(peers->keeper);
    free(peers);
}

const struct rig_world rig_peer_live = {.name = "peer and door, live",
                                        .open = live_open,
                                        .close = live_close,
                                        .crash = live_crash,
                                        .restart = live_restart};

/* ---- Both ------------------------------------------------------------------------------------ */

struct rig_service *rig_service(struct rig *rig)
{
    return &peers_of(rig)->service;
}

void rig_other_becomes(struct rig *rig, const struct cpu_spec *spec, uint32_t in_flight)
{
    struct peers *peers = peers_of(rig);

    if (peers->is_up)
        rig->world->crash(rig);
    peers->spec = *spec;
    peers->in_flight = in_flight;
    rig->world->restart(rig);
}

struct expected {
    const struct rig_service *service;
    uint32_t visits;
};

static bool have_come(void *context)
{
    const struct expected *expected = context;

    return expected->service->visits >= expected->visits;
}

void rig_wait_for_visits(struct rig *rig, uint32_t visits)
{
    struct expected expected = {rig_service(rig), visits};

    if (!rig_run_until(rig, have_come, &expected, RIG_LIMIT_NS))
        fail_msg("%s: %u visits and not %u", rig->world->name, expected.service->visits, visits);
    assert_int_equal(expected.service->visits, visits);
}

void rig_answer(struct rig *rig, uint32_t number, enum call_outcome outcome, int64_t value,
                uint32_t bytes)
{
    struct rig_visit *seen = &rig_service(rig)->seen[number];
    struct visit *visit = seen->visit;

    check(number < rig_service(rig)->visits && visit != NULL);
    if (rig->fixture == NULL && !rig->is_running)
        loop_enter(&rig->loop);
    seen->visit = NULL;
    door_answer(rig->ports.door, visit, outcome, value, bytes);
}

void rig_stage(struct rig *rig, uint32_t number, enum visit_stage stage)
{
    if (rig->fixture == NULL && !rig->is_running)
        loop_enter(&rig->loop);
    door_stage(rig->ports.door, rig_service(rig)->seen[number].visit, stage, 0);
}

uint64_t rig_staged_ns(const struct rig *rig, enum visit_stage stage)
{
    return rig->fixture != NULL ? rig->fixture->world->groups[0].staged_ns[stage]
                                : peers_of(rig)->stats.staged_ns[stage];
}

void rig_expect_shed(const struct rig *rig, uint64_t shed, uint64_t visits)
{
    const struct group *group = rig->fixture != NULL ? &rig->fixture->world->groups[0] : NULL;
    const struct node_stats *stats = group == NULL ? &peers_of(rig)->stats : NULL;

    assert_int_equal(group != NULL ? group->shed : stats->shed, shed);
    assert_int_equal(group != NULL ? group->visits : stats->visits, visits);
}
