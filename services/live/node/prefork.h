/* prefork.h — A replica of several processes: one listens, forks the others, and looks after them.
 *
 *     parent: listens -> forks -> all are ready -> registers -> "ready\n" … SIGTERM -> … -> exit
 *                           |
 *     worker k:             +--> ports -> service -> takes connections from the shared socket, one
 *                                at a time, answers with "Connection: close", takes the next …
 *
 * So the kernel's line before the socket is the line of all, as for gunicorn's sync workers; it has
 * `queue` places, and beyond them the kernel does not answer, so that clients run into their
 * timeouts where the model sheds. A health check stands in that line like everybody else. Workers
 * share the replica's emulated cores (runtime/cores.h) and nothing else: each has its own memory,
 * its own connections to servers, its own chances.
 *
 * Each worker publishes a page in memory that all can see; the parent adds them up and publishes
 * the sum on the node's board, and whoever is asked for /metrics answers with the sum.
 *
 * SIGTERM drains: the parent leaves its balancer, closes its socket, and tells the workers, each of
 * which serves what still waits in the socket and ends. Workers die with their parent; and when one
 * dies before its time the node has failed. */
#ifndef SERVICES_LIVE_NODE_PREFORK_H
#define SERVICES_LIVE_NODE_PREFORK_H

#include "services/live/node/settings.h"
#include "services/live/node/stats_board.h"

struct cores;

struct prefork { /* What a worker has of its parent. */
    const struct node_settings *settings;
    struct cores *cores;
    struct stats_board **boards; /* [settings->cpu.workers] */
    uint32_t number;             /* Which worker it is. */
    int listens;                 /* The shared socket. */
    int says;                    /* The worker's end of a pipe: a byte when it is ready. */
};

/* The parent's whole life; its exit code. In each worker `work` runs, and its result is the
 * worker's exit code. */
int prefork_main(const struct node_settings *settings, int (*work)(const struct prefork *prefork));

/* The pages of all workers, up to now_ns of their clock. */
void prefork_read(const struct prefork *prefork, uint64_t now_ns, struct node_stats *stats);

#endif
