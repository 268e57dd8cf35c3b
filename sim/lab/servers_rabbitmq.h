/* servers_rabbitmq.h — A RabbitMQ of our own: `rabbitmq-server` in a folder, on loopback alone.
 *
 * Erlang wants a service beside it that knows nodes by name (epmd), and would leave it running for
 * ever; here it is a process of ours too, with a port of its own. Both die with us. */
#ifndef SIM_LAB_SERVERS_RABBITMQ_H
#define SIM_LAB_SERVERS_RABBITMQ_H

#include "sim/lab/lab.h"
#include "sim/lab/process.h"

struct rabbit_server {
    struct process names, broker; /* pid 0: not running. */
    char folder[64];              /* Lent: what it keeps is in there. */
    uint16_t ports[3];            /* Of clients, of other nodes, of the names. */
};

/* The path of rabbitmq-server as it can be started by anybody. False: it is not installed. */
bool rabbit_server_find(char *path, size_t path_max);

/* Starts it, and does not wait: clients are let in some seconds later. False: why, and the cure. */
bool rabbit_server_start(struct rabbit_server *server, const char *folder, struct message *why);

/* Where clients ask. */
void rabbit_server_address(const struct rabbit_server *server, char *text, size_t text_max);

/* Waits until it lets clients in; version has room for 32. False: it has ended, time is over or
 * *is_interrupted (may be NULL). */
bool rabbit_server_wait(struct rabbit_server *server, const atomic_bool *is_interrupted,
                        char version[static 32], struct message *why);

/* SIGKILL to the broker; start it again in the same place. */
void rabbit_server_crash(struct rabbit_server *server);
bool rabbit_server_restart(struct rabbit_server *server, struct message *why);

/* Both, at once. */
void rabbit_server_kill(struct rabbit_server *server);

/* ---- Of a run, for servers.c ----------------------------------------------------------------- */

struct servers;

/* Starts it unless it is the user's, and makes the run's queues. */
enum lab_end servers_rabbit_up(struct servers *servers, struct message *trouble);
bool servers_rabbit_fault(struct servers *servers, enum fault_kind kind, bool begins,
                          struct message *why);

#endif
