/* door_live.h — The door port over HTTP: asks come in, answers go out.
 *
 * A request is read (wire.h) into a visit and handed to the service; what is no ask goes to
 * `other`: /metrics, and on a balancer /backends. The rules of the virtual world's door
 * (sim/world/exchange.c):
 *
 *   GET /healthz   is handed to the service without a place in any line, and is not counted; 503
 *                  before the service is there and while the node drains
 *   shed           503 at once when in_flight are inside, or the processor's line is full
 *   workers        a visit holds a thread, or this process, to its answer; who finds none free
 *                  waits at the door, first come, first served
 */
#ifndef SERVICES_LIVE_NODE_DOOR_LIVE_H
#define SERVICES_LIVE_NODE_DOOR_LIVE_H

#include "services/live/http/http.h"
#include "services/live/loop/cpu_live.h"
#include "services/port/ask.h"

struct node_stats;
struct wallet;
struct door_live; /* port is its first member. */

/* Inside at once, where in_flight says that there is no limit. Files and ports end before. */
enum { DOOR_VISITS_MAX = 1 << 16 };

struct door_live_config {
    struct address listen;
    int listens; /* A socket that a process shares with others, and takes visits from one by one;
                    below 0: it listens on its own. */
    uint32_t in_flight; /* Visits inside at once. */
    unsigned verbs;     /* 1 << verb of those that the service knows; others are 404. */
    struct cpu_live *cpu;
    struct node_stats *stats;
    struct wallet *wallet; /* Of the tokens that are shown and granted; NULL: none are read,
                            and a grant is the number that it is. */
    /* Replies and returns true, or leaves a request that is none of its own. */
    bool (*other)(void *context, struct http_request *request);
    void *context;
};

/* Listens. NULL with the reason. */
struct door_live *door_live_open(struct loop *loop, const struct door_live_config *config,
                                 char why[static 160]);
void door_live_close(struct door_live *door); /* Visits inside are never answered. */
struct door *door_live_port(struct door_live *door);
uint16_t door_live_listens_on(const struct door_live *door);
const struct http_server_stats *door_live_http(const struct door_live *door);

/* The service is up: asks are for it from now on. */
void door_live_begin(struct door_live *door, const struct service_ops *ops, void *service);

/* Says "not well" to health checks, and goes on serving. */
void door_live_is_leaving(struct door_live *door);

/* No new connections; what had been sent on those there is served, and they close behind it.
 * `emptied` runs from the loop when nobody is inside. */
void door_live_drain(struct door_live *door, void (*emptied)(void *context), void *context);

/* {"error":"…"}, with quotes and what is not printable left out. */
void door_reply_error(struct http_request *request, unsigned status, const char *text);

#endif
