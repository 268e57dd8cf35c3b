/* node.c — Ports from settings, a service on them, and how both end.
 *
 * Everything is made in one order and unmade in the opposite one. Nothing here is in a request's
 * way: what a visit meets is the door, the service and its ports. A replica of several processes is
 * several of these, each forked by a parent (prefork.h) that does what they must not all do:
 * register, say "ready", hear who wants it gone. */
#define _GNU_SOURCE
#include "services/live/node/node.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "services/live/memory/memory_live.h"
#include "services/live/node/door_live.h"
#include "services/live/node/failpoint.h"
#include "services/live/node/life.h"
#include "services/live/node/metrics.h"
#include "services/live/node/peer_live.h"
#include "services/live/node/prefork.h"
#include "services/live/node/roster.h"
#include "services/live/node/settings.h"
#include "services/live/node/stats_board.h"
#include "services/live/queue/queue_live.h"
#include "services/live/memcached/memcached_live.h"
#include "services/live/store/store_live.h"
#include "services/live/table/table_live.h"
#include "services/live/tokens/tokens_live.h"

#define DRAIN_MAX_NS UINT64_C(10000000000)

enum { GREETING_MS = 5000, TOKENS_KEPT_MAX = 2 * DOOR_VISITS_MAX };

struct node {
    struct node_settings settings;
    char replica[sizeof((struct node_settings *)0)->name]; /* Its name; a process's has a number. */
    struct dist_point *points;                             /* Of the plan's distributions. */
    const struct prefork *prefork; /* One process of several; NULL: the only one. */
    struct node_stats stats;
    struct stats_board *board;
    struct loop loop;

    struct timer_live timer;
    struct cpu_live *cpu;
    struct peer_live *peer;
    struct memory_live *memory; /* NULL: its threads share nothing. */
    struct store_live *store;   /* The next four: NULL where there is none. */
    struct memcached_live *memcached;
    struct table_live *table;
    struct queue_live *queue;
    struct wallet *wallet;
    struct tokens_live *tokens; /* Of a gateway; else NULL. */
    struct door_live *door;
    struct dice dice;
    struct arena arena;
    struct ports ports;

    const struct service_ops *ops;
    void *service;
    struct roster roster; /* Of a balancer. */
    struct life life;
    struct event *patience; /* Alarm: with those who are still inside. */
};

static bool tell(const struct node *node, const char *what)
{
    return life_tell(&node->settings, what);
}

/* ---- Figures --------------------------------------------------------------------------------- */

static void publish(void *context)
{
    struct node *node = context;

    node->stats.serves = node->life.serves;
    node->stats.process_cpu_ns = loop_process_clock_ns();
    if (node->cpu != NULL)
        cpu_live_catch_up(node->cpu);
    node->stats.at_ns = loop_now_ns(&node->loop);
    stats_board_write(node->board, &node->stats);
}

static void reply_metrics(struct node *node, struct http_request *request)
{
    static char text[METRICS_MAX];
    static struct node_stats all;
    const char *kind = plan_kind_name(node->settings.plan.kind);
    size_t length;

    publish(node);
    if (node->prefork != NULL)
        prefork_read(node->prefork, loop_now_ns(&node->loop), &all);
    length = node->prefork != NULL ? metrics_write(text, &all, NULL, node->replica, kind)
                                   : metrics_write(text, &node->stats, door_live_http(node->door),
                                                   node->replica, kind);
    http_reply(request, 200, METRICS_TYPE, (struct span){text, length}, 0);
}

/* What comes to the door and is no ask. */
static bool handle_other(void *context, struct http_request *request)
{
    static const char path[] = "/metrics";
    struct node *node = context;

    if (node->roster.balancer != NULL && roster_handle(&node->roster, request))
        return true;
    if (request->path.length != sizeof path - 1 ||
        memcmp(request->path.bytes, path, sizeof path - 1) != 0)
        return false;
    if (request->method == HTTP_GET)
        reply_metrics(node, request);
    else
        door_reply_error(request, 405, "GET /metrics");
    return true;
}

/* ---- Ports ----------------------------------------------------------------------------------- */

static bool tell_system(const struct node *node, const char *what, const char *where)
{
    char text[SETTINGS_TEXT_MAX + 160];

    snprintf(text, sizeof text, "%s %s: %s", what, where, strerror(errno));
    return tell(node, text);
}

static bool tell_no_store(const struct node *node)
{
    return tell_system(node, "the store, HOST:PORT or /path of a socket, cannot be",
                       node->settings.store.server);
}

static bool open_memcached(struct node *node)
{
    const struct node_settings *settings = &node->settings;
    const struct memcached_settings wanted = {.server = settings->store.server,
                                              .run = settings->run,
                                              .connections = settings->store.connections,
                                              .keep_ns = settings->store.keep_ns};

    node->memcached = memcached_live_open(&node->loop, &wanted, &node->stats);
    if (node->memcached == NULL)
        return tell_no_store(node);
    node->ports.store = memcached_live_port(node->memcached);
    return true;
}

static bool open_store(struct node *node)
{
    const struct node_settings *settings = &node->settings;

    if (settings->store.server[0] == '\0')
        return true;
    if (settings->store.is_memcached)
        return open_memcached(node);
    node->store = store_live_open(&node->loop, settings->store.server, settings->run, &node->stats);
    if (node->store == NULL)
        return tell_no_store(node);
    node->ports.store = store_live_port(node->store);
    return true;
}

static bool open_table(struct node *node)
{
    char why[160];

    if (node->settings.table.database[0] == '\0')
        return true;
    node->table = table_live_open(&node->loop, &node->settings.table, &node->stats, why);
    if (node->table == NULL)
        return tell(node, why);
    node->ports.table = table_live_port(node->table);
    return true;
}

static bool open_queue(struct node *node)
{
    char why[160];

    if (node->settings.queue.brokers[0] == '\0')
        return true;
    node->queue = queue_live_open(&node->loop, &node->settings.queue, node->settings.run,
                                  node->ports.table, &node->stats, why);
    if (node->queue == NULL)
        return tell(node, why);
    if (node->settings.plan.kind != PLAN_BATCHER) /* It puts dead letters alone. */
        queue_live_greet(node->queue, GREETING_MS);
    node->ports.queue = queue_live_port(node->queue);
    return true;
}

static uint32_t targets_of(const struct node_settings *settings)
{
    if (settings->plan.kind == PLAN_BALANCER &&
        settings->plan.balancer.backends_max > SETTINGS_PEERS_MAX)
        return settings->plan.balancer.backends_max;
    return SETTINGS_PEERS_MAX;
}

static void open_own(struct node *node)
{
    const struct node_settings *settings = &node->settings;

    timer_live_open(&node->timer, &node->loop, &node->stats);
    node->cpu = node->prefork == NULL
                    ? cpu_live_open(&node->loop, &settings->cpu, &node->stats)
                    : cpu_live_open_shared(&node->loop, &settings->cpu, &node->stats,
                                           node->prefork->cores, node->prefork->number);
    node->peer = peer_live_open(&node->loop, targets_of(settings), &node->stats);
    node->wallet = wallet_open(TOKENS_KEPT_MAX);
    peer_live_use(node->peer, node->wallet);
    dice_init(&node->dice, settings->seed, settings->name);
    node->ports = (struct ports){.timer = &node->timer.port,
                                 .cpu = cpu_live_port(node->cpu),
                                 .peer = peer_live_port(node->peer),
                                 .dice = &node->dice,
                                 .arena = &node->arena};
}

static bool open_tokens(struct node *node)
{
    const struct node_settings *settings = &node->settings;
    const struct tokens_live_config config = {.settings = &settings->tokens,
                                              .wallet = node->wallet,
                                              .cpu = node->cpu,
                                              .stats = &node->stats,
                                              .is_burnt = settings->cpu.is_burnt};

    if (settings->plan.kind != PLAN_GATEWAY)
        return true;
    node->tokens = tokens_live_open(&node->loop, &config);
    if (node->tokens == NULL)
        return tell(node, "the key in its settings is none of its algorithm");
    node->ports.tokens = tokens_live_port(node->tokens);
    return true;
}

/* Threads of its own are for who counts with them. */
static void open_memory(struct node *node)
{
    const struct node_settings *settings = &node->settings;
    const struct memory_live_spec spec = {.threads = settings->cpu.workers,
                                          .cores = settings->cpu.cores,
                                          .replica = settings->replica,
                                          .speed = settings->cpu.speed,
                                          .seed = settings->seed,
                                          .name = settings->name};

    if (settings->plan.kind != PLAN_COUNTER)
        return;
    node->memory = memory_live_open(&node->loop, &spec, &node->stats);
    node->ports.memory = memory_live_port(node->memory);
}

static bool find_peers(struct node *node)
{
    const struct address *peers = node->settings.peers;
    char text[160];

    for (uint32_t i = 0; i < SETTINGS_PEERS_MAX; i++) {
        if (peers[i].host[0] == '\0' || peer_live_set(node->peer, i, &peers[i]))
            continue;
        snprintf(text, sizeof text, "the host of its peer, %s, is not known here; start it first",
                 peers[i].host);
        return tell(node, text);
    }
    return true;
}

static bool open_door(struct node *node)
{
    struct door_live_config config = {.listen = node->settings.listen,
                                      .listens =
                                          node->prefork != NULL ? node->prefork->listens : -1,
                                      .in_flight = node->settings.in_flight,
                                      .verbs = plan_verbs(node->settings.plan.kind),
                                      .cpu = node->cpu,
                                      .stats = &node->stats,
                                      .wallet = node->wallet,
                                      .other = handle_other,
                                      .context = node};
    char why[160] = "cannot listen";

    if (!address_is_loopback(&config.listen) && node->settings.token[0] == '\0')
        return tell(node, "without a token it listens on loopback alone: set SIM_TOKEN");
    node->door = door_live_open(&node->loop, &config, why);
    if (node->door == NULL)
        return tell(node, why);
    node->ports.door = door_live_port(node->door);
    return true;
}

static bool start_service(struct node *node)
{
    const struct plan *plan = &node->settings.plan;

    if (!arena_open(&node->arena, plan_bytes(plan)))
        return tell(node, "no address space for the service's memory");
    node->service = plan_start(plan, &node->ports, &node->ops);
    door_live_begin(node->door, node->ops, node->service);
    if (plan->kind == PLAN_BALANCER)
        node->roster = (struct roster){.peer = node->peer,
                                       .balancer = node->service,
                                       .replicas_max = plan->balancer.backends_max,
                                       .token = node->settings.token};
    return true;
}

/* ---- Drain ----------------------------------------------------------------------------------- */

static void leave(void *context)
{
    struct node *node = context;

    loop_stop(&node->loop);
}

static void lose_patience(void *context)
{
    struct node *node = context;

    tell(node, "not all visits were answered within ten seconds; going all the same");
    loop_stop(&node->loop);
}

static void close_the_door(void *context)
{
    struct node *node = context;

    door_live_drain(node->door, leave, node);
}

static void is_leaving(void *context)
{
    struct node *node = context;

    door_live_is_leaving(node->door);
    loop_alarm_set(node->patience, DRAIN_MAX_NS);
}

/* ---- From beginning to end ------------------------------------------------------------------- */

static const struct life_ops life_ops = {
    .publish = publish, .leaving = is_leaving, .close = close_the_door};

static bool open_node(struct node *node)
{
    node->board = node->prefork != NULL ? node->prefork->boards[node->prefork->number]
                                        : stats_board_open(node->settings.board);
    if (node->board == NULL)
        return tell_system(node, "its board", node->settings.board);
    open_own(node);
    open_memory(node);
    if (!find_peers(node) || !open_store(node) || !open_table(node) || !open_queue(node) ||
        !open_tokens(node))
        return false;
    failpoint_arm(node->settings.failpoint, &node->ports);
    return open_door(node) && start_service(node);
}

static void tell_parent(struct node *node)
{
    life_serves(&node->life);
    check(write(node->prefork->says, ".", 1) == 1);
}

static void live(struct node *node)
{
    life_publish(&node->life);
    if (node->ops->start != NULL)
        node->ops->start(node->service);
    if (node->prefork != NULL)
        tell_parent(node);
    else
        life_begin(&node->life, door_live_listens_on(node->door));
    loop_run(&node->loop, 0);
    node->life.serves = false;
}

static void close_servers(struct node *node)
{
    if (node->memory != NULL)
        memory_live_close(node->memory);
    if (node->queue != NULL)
        queue_live_close(node->queue);
    if (node->table != NULL)
        table_live_close(node->table);
    if (node->store != NULL)
        store_live_close(node->store);
    if (node->memcached != NULL)
        memcached_live_close(node->memcached);
}

static void close_node(struct node *node)
{
    if (node->door != NULL)
        door_live_close(node->door);
    close_servers(node);
    if (node->board != NULL) {
        loop_enter(&node->loop);
        publish(node);
        stats_board_close(node->board);
    }
    if (node->tokens != NULL)
        tokens_live_close(node->tokens);
    if (node->peer != NULL) {
        peer_live_close(node->peer);
        wallet_close(node->wallet);
        cpu_live_close(node->cpu);
        timer_live_close(&node->timer);
    }
    if (node->arena.base != NULL)
        arena_close(&node->arena);
    life_close(&node->life); /* Late: a second SIGTERM must find somebody to ignore it. */
    loop_alarm_free(node->patience);
    loop_close(&node->loop);
}

/* A failed check() says whose it was. */
static void name_myself(void *context)
{
    tell(context, "a check failed in this node");
}

static bool read_settings(struct node *node, const char *kind)
{
    struct node_settings *settings = &node->settings;
    char why[160];

    snprintf(settings->name, sizeof settings->name, "%.60s", kind);
    if (!settings_receive(STDIN_FILENO, settings, &node->points, why)) {
        fprintf(stderr, "sim-node %s: %s\n", kind, why);
        return false;
    }
    if (strcmp(kind, plan_kind_name(settings->plan.kind)) != 0)
        return tell(node, "its settings are those of another kind of node");
    if (settings->plan.kind == PLAN_AUTOSCALER)
        return tell(node, "an autoscaler runs inside sim and not in a node of its own");
    if (settings->plan.kind == PLAN_BATCHER && settings->cpu.model == CPU_PROCESSES)
        return tell(node, "a batcher is one consumer of the queue, and no group of processes");
    if (!failpoint_is_known(settings->failpoint))
        return tell(node, "this build has no failpoints; use sim-node-planted (SIM_PLANTED_BUGS)");
    return true;
}

static struct node node; /* A page of figures alone is 80 kB. */

/* With its settings read. */
static int run_node(void)
{
    check_listen(name_myself, &node);
    if (!loop_open(&node.loop, node.settings.origin_ns)) {
        tell(&node, "libevent has no event base for it");
        return 1;
    }
    life_open(&node.life, &node.loop, &node.settings, &life_ops, &node);
    node.patience = loop_alarm(&node.loop, lose_patience, &node);
    if (open_node(&node))
        live(&node);
    else
        node.life.exit_code = 1;
    close_node(&node);
    return node.life.exit_code;
}

/* One process of several, just forked: it is called after its number, and so are its chances. */
static int run_process(const struct prefork *prefork)
{
    size_t length = strlen(node.settings.name);

    node.prefork = prefork;
    snprintf(node.settings.name + length, sizeof node.settings.name - length, "/%u",
             prefork->number);
    return run_node() == 0 ? 0 : write(prefork->says, "x", 1) == 1 ? 1 : 2;
}

int node_main(const char *kind)
{
    int code = 1;

    loop_allow_files();
    if (read_settings(&node, kind)) {
        memcpy(node.replica, node.settings.name, sizeof node.replica);
        code = node.settings.cpu.model == CPU_PROCESSES ? prefork_main(&node.settings, run_process)
                                                        : run_node();
    }
    free(node.points);
    return code;
}
