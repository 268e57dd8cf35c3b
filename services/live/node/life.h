/* life.h — A node among others: registered, "ready\n", told to go, gone. Of a node that is one
 * process, and of the parent of several (prefork.h).
 *
 *     begin -> registers -> ready … SIGTERM -> leaving -> DELETE -> what is still coming -> close
 *
 * Without a balancer it is ready at once, and closes at once. A second SIGTERM changes nothing. */
#ifndef SERVICES_LIVE_NODE_LIFE_H
#define SERVICES_LIVE_NODE_LIFE_H

#include "services/live/loop/loop.h"
#include "services/live/node/settings.h"

struct registrar;

struct life_ops {                   /* What its owner does. */
    void (*publish)(void *context); /* Its figures, every 100 ms and whenever `serves` changes. */
    void (*leaving)(void *context); /* It has been told to go. NULL: nothing. */
    void (*close)(void *context);   /* Its door: who comes now comes too late. */
};

struct life {
    const struct node_settings *settings;
    struct loop *loop;
    const struct life_ops *ops;
    void *context;
    struct registrar *registrar;             /* NULL: no balancer, or not yet. */
    struct event *publish, *close, *told[2]; /* told: SIGTERM, SIGINT. */
    bool serves, is_leaving;
    int exit_code;
};

/* Says on standard error whose trouble it is. False. */
bool life_tell(const struct node_settings *settings, const char *what);

/* From here on it hears that it shall go. */
void life_open(struct life *life, struct loop *loop, const struct node_settings *settings,
               const struct life_ops *ops, void *context);
void life_close(struct life *life);

/* Publishes now, and again and again. */
void life_publish(struct life *life);

/* Registers where it listens, on this port, and then says that it is ready. */
void life_begin(struct life *life, uint16_t port);

/* It serves. */
void life_serves(struct life *life);

/* Ends the loop, with exit code 1. */
void life_fail(struct life *life, const char *what);

#endif
