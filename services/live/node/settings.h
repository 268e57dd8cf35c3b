/* settings.h — All that a node is told when it starts.
 *
 * `sim` makes the settings from a scenario and writes them to the standard input of `sim-node KIND`
 * (settings_send); both are of one build, so the struct itself goes over, behind a magic number and
 * its size, with the points of empirical distributions behind it. A node reads no file and no
 * environment. It says "ready\n" on its standard output once it listens and is registered; what
 * goes wrong before that it says on standard error, with the cure, and exits with 1.
 *
 * SIGTERM drains it: it leaves its balancer, answers what it has, commits, and exits with 0. */
#ifndef SERVICES_LIVE_NODE_SETTINGS_H
#define SERVICES_LIVE_NODE_SETTINGS_H

#include "services/catalog/catalog.h"
#include "services/live/http/http.h"
#include "services/live/loop/cpu_live.h"
#include "services/live/tokens/token_keys.h"

enum {
    SETTINGS_PEERS_MAX = 16,
    SETTINGS_REPLICAS_MAX = 1024,
    SETTINGS_TEXT_MAX = 256,
    SETTINGS_POINTS_MAX = 4096
};

/* Where a test build kills itself: sim-node of a build without SIM_PLANTED_BUGS refuses any. */
enum failpoint {
    FAILPOINT_NONE,
    FAILPOINT_BETWEEN_COMMITS, /* After the SQL commit, before the queue's: kill -9 on itself. */
    FAILPOINTS
};

struct store_settings {
    char server[SETTINGS_TEXT_MAX]; /* "HOST:PORT", or "/path" of a unix socket; "": none. */
    bool is_memcached;              /* Else Redis. */
    uint32_t connections;           /* memcached: of this node; at least 1. */
    uint64_t keep_ns;               /* memcached: of what has no time to live; 0: for ever. */
};

struct queue_settings {
    char brokers[SETTINGS_TEXT_MAX]; /* Bootstrap list; of RabbitMQ: rabbit_lab.h; "": none. */
    bool is_rabbit;                  /* RabbitMQ, not Kafka. */
    char group[SETTINGS_TEXT_MAX];   /* Consumer group. */
    bool is_embedded; /* Kafka: librdkafka's mock cluster: no idempotence, a session of 6 s. */
    uint32_t partitions;
    uint64_t linger_ns;
    uint32_t batch;      /* Records in a producer's batch. */
    int acks;            /* 0, 1, -1: all. */
    uint64_t session_ns; /* 0: as suits the broker. */
    uint64_t rebalance_ns;
    uint32_t prefetch;  /* RabbitMQ: 1 … 65535. */
    bool single_active; /* RabbitMQ. */
};

struct table_settings {
    char database[SETTINGS_TEXT_MAX]; /* "/path" of an SQLite file, or "postgres://…"; "": none. */
    char schema[32];                  /* PostgreSQL: the schema that holds our tables. */
    uint32_t connections;             /* Of this node; at least 1. */
    bool is_indexed; /* likes has its unique index; without it rows alone, as the first design. */
};

struct node_settings {
    char name[64]; /* "delivery/3", "delivery/balancer" */
    char run[24];  /* Prefixes keys, topics and groups: "sim:{run}:…", "sim-{run}-…". */
    uint32_t replica;
    uint64_t seed;
    uint64_t origin_ns; /* CLOCK_MONOTONIC at the run's beginning; 0: the node's own start. */
    char board[SETTINGS_TEXT_MAX]; /* stats_board.h; "": none. */

    struct plan plan;
    struct cpu_spec cpu;
    uint32_t in_flight; /* Visits inside at once. */

    struct address listen;                    /* Port 0 only where nobody must know it before. */
    struct address peers[SETTINGS_PEERS_MAX]; /* By target: the front of each service. */
    struct address front;    /* The balancer to register with, again every second; "": none. */
    struct address known_as; /* What it registers: by default where it listens. */
    double weight;
    char token[80]; /* Wanted to register; "": none, and then only loopback is listened on. */

    struct store_settings store;
    struct queue_settings queue;
    struct table_settings table;
    struct token_settings tokens; /* Of a gateway; those of one run share it. */
    enum failpoint failpoint;
};

/* False: errno. Ignores what the points of dists point to on the other side. */
bool settings_send(int fd, const struct node_settings *settings);

/* *points is to be freed by the caller (it is what the dists of settings->plan then point to).
 * False: not settings, or of another build; `why` says so. */
bool settings_receive(int fd, struct node_settings *settings, struct dist_point **points,
                      char why[static 160]);

#endif
