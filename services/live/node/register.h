/* register.h — A replica makes itself known to its balancer, and says when it goes.
 *
 *     REGISTERING --200--> KNOWN (PUT again every second) --leave--> LEAVING --answer--> left
 *          ^  | not there, or its door is full (5xx): again in 100 ms
 *          +--+
 *
 * Again every second, because a balancer that was started anew knows nobody. A balancer that says
 * no (401, 400, 404) will go on doing so: that is told to the owner once. */
#ifndef SERVICES_LIVE_NODE_REGISTER_H
#define SERVICES_LIVE_NODE_REGISTER_H

#include "services/live/http/http.h"

struct registrar;

struct registrar_config {
    struct address front;    /* The balancer. */
    struct address known_as; /* Where it shall ask us. */
    uint32_t replica;
    double weight;
    const char *token; /* "": none. Borrowed. */
    /* Once, from the loop: the first answer that is no 5xx. status 200: known; other ones: refused,
     * for ever. */
    void (*answered)(void *context, unsigned status);
    void *context;
};

/* NULL: the balancer's name means nothing. */
struct registrar *registrar_open(struct loop *loop, const struct registrar_config *config);
void registrar_close(struct registrar *registrar);

/* Registers no more, says DELETE, and runs `left`, from the loop, when it is answered or has
 * failed: at most two seconds later. */
void registrar_leave(struct registrar *registrar, void (*left)(void *context), void *context);

#endif
