/* balancer_flow.h — What a balancer keeps, and the two flows inside it.
 *
 * Seen by this service's own files alone. */
#ifndef SERVICES_BALANCER_BALANCER_FLOW_H
#define SERVICES_BALANCER_BALANCER_FLOW_H

#include "services/balancer/policy/policy.h"
#include "services/base/pool.h"

enum proxy_state { PROXY_CPU, PROXY_PEER };

struct proxy {        /* One visit on its way through. */
    struct call call; /* What it waits for. First, so that a call is its proxy. */
    struct balancer *balancer;
    struct visit *visit; /* Borrowed until it is answered. */
    enum proxy_state state;
    uint32_t tries;
    uint64_t sent_ns;                      /* The last try. */
    uint32_t tried[BALANCER_ATTEMPTS_MAX]; /* Places, one per try. */
};

enum health_state { HEALTH_PAUSE, HEALTH_ANSWER };

struct health { /* The checks of one place. */
    struct call call;
    struct balancer *balancer;
    enum health_state state;
    uint32_t place;
};

struct balancer {
    struct balancer_config config;
    struct ports ports;
    const struct policy *policy;
    struct backends backends;
    struct health *checks; /* One per place. */
    struct pool proxies;
};

/* Takes a visit in: it is answered in the end, whatever happens. */
void balancer_proxy_begin(struct balancer *balancer, struct visit *visit);

/* Watches a place until its replica has left and no check is under way. */
void balancer_health_begin(struct balancer *balancer, uint32_t place);

#endif
