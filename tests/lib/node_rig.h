/* node_rig.h — Real `sim-node` processes for tests, and a client of a few blocking lines.
 *
 * The client is deliberately not services/live/http: what a node says is read by somebody else.
 * Everything that is started dies with the test. */
#ifndef TESTS_LIB_NODE_RIG_H
#define TESTS_LIB_NODE_RIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "services/live/node/settings.h"
#include "services/live/node/stats.h"

struct stats_board;

struct node_process {
    pid_t pid; /* 0: not running. */
    int output;
    uint16_t port;
    struct stats_board *board;
};

/* A custom node called "web/{replica}" on a free port of loopback, that has nothing to do. */
struct node_settings node_rig_custom(uint32_t replica);
/* A balancer for four replicas: round robin, one attempt, checks every 50 ms, down after two. */
struct node_settings node_rig_balancer(void);
/* The settings' one step: a pause. */
void node_rig_pauses(struct node_settings *settings, uint64_t pause_ns);

uint16_t node_rig_free_port(void);

/* Skips the test unless $SIM_NODE and $SIM_NODE_PLANTED are there. */
void node_rig_need_both(void);

/* Starts $SIM_NODE and waits for its "ready"; skips the test where there is no $SIM_NODE. */
struct node_process node_rig_start(const struct node_settings *settings);
/* The same with $SIM_NODE_PLANTED, which knows failpoints. */
struct node_process node_rig_start_planted(const struct node_settings *settings);
/* The same for one that must not get ready: its exit code, and what it said on standard error. */
int node_rig_fails(const char *kind, const struct node_settings *settings, char said[static 512]);

void node_rig_kill(struct node_process *process); /* SIGKILL. */
int node_rig_drain(struct node_process *process); /* SIGTERM; its exit code, -1: of a signal. */
int node_rig_wait(struct node_process *process);  /* Until it ends by itself; the same. */
/* What is on its board; waits for the first page. */
void node_rig_read(const struct node_process *process, struct node_stats *stats);

/* Connects; -1: refused. */
int node_rig_connect(uint16_t port);
/* Sends "{request} HTTP/1.1" with headers (each with its line end) and body. */
void node_rig_send(int socket, const char *request, const char *headers, const char *body);
/* The answer's status, 0 when the connection ended; its body into `body` where it is not NULL. */
int node_rig_receive(int socket, char *body, size_t body_max);
/* All of it, on a connection of its own. */
int node_rig_ask(uint16_t port, const char *request, const char *headers, const char *body,
                 char *answer, size_t answer_max);

#endif
