/* balancer_flow.h — What a balancer keeps, and the three flows inside it.
 *
 * A proxy is the parent of one hedge at most. Each knows the other while it needs it and is given
 * back on its own: nobody can call a question or an alarm back, so whichever is still out when the
 * visit has been answered stays until it ends, and is then dropped. Until then it takes a place in
 * its pool: a balancer that hedges is full a little earlier.
 *
 * Seen by this service's own files alone. */
#ifndef SERVICES_BALANCER_BALANCER_FLOW_H
#define SERVICES_BALANCER_BALANCER_FLOW_H

#include "services/balancer/policy/policy.h"
#include "services/base/pool.h"

struct
try {                 /* One question to one replica. */
    struct call call; /* First, so that a call is its try. */
    uint64_t sent_ns;
    uint32_t place;
};

enum proxy_state { PROXY_CPU, PROXY_PEER, PROXY_HEDGE, PROXY_ANSWERED };

struct proxy {      /* One visit on its way through. */
    struct try try; /* What it waits for. First, so that a try is its proxy. */
    struct balancer *balancer;
    struct visit *visit; /* Borrowed until it is answered. */
    struct hedge *hedge; /* NULL: none is under way. */
    enum proxy_state state;
    uint32_t tries;                            /* Its own. */
    uint32_t asked_max;                        /* With the hedge's. */
    uint32_t asked[BALANCER_ATTEMPTS_MAX + 1]; /* Places. */
};

enum hedge_state { HEDGE_PAUSE, HEDGE_PEER };

struct hedge { /* The second question of one visit. */
    struct try try;
    struct balancer *balancer;
    struct proxy *proxy; /* NULL: it needs no answer any more. */
    enum hedge_state state;
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
    struct pool proxies, hedges;
    double hedge_tokens;
    struct bucket bucket;
    struct breaker breaker;
    uint64_t returns_ns; /* When the first of those ejected comes back; UINT64_MAX: nobody is. */
};

/* ---- balancer_proxy.c ---- */

/* Takes a visit in: it is answered in the end, whatever happens. */
void balancer_proxy_begin(struct balancer *balancer, struct visit *visit);

/* Its hedge has ended like this, and is no more. */
void balancer_proxy_hedged(struct proxy *proxy, const struct call *answer);

/* ---- balancer_hedge.c ---- */

/* Whether asking this twice changes nothing. */
bool balancer_asks_only(uint8_t verb);

/* The proxy's first try has just been sent: sets an alarm, where hedging is wanted. */
void balancer_hedge_begin(struct proxy *proxy);

/* Lets the proxy's hedge end by itself, unheard. */
void balancer_hedge_leave(struct proxy *proxy);

static inline bool proxy_has_hedge_out(const struct proxy *proxy)
{
    return proxy->hedge != NULL && proxy->hedge->state == HEDGE_PEER;
}

/* ---- balancer_try.c ---- */

/* A place that this visit has not asked yet, BACKEND_NONE: nobody is left. */
uint32_t balancer_choose(const struct proxy *proxy, uint64_t now_ns);

/* Sends the proxy's visit to this place; the try is the world's until it ends. */
void balancer_send(struct proxy *proxy, struct try *try, uint32_t place, uint64_t now_ns);

/* A try has ended: counts it out, and learns from it. */
void balancer_learn(struct balancer *balancer, const struct try *try);

/* ---- balancer_outlier.c ---- */

void balancer_outlier_note(struct balancer *balancer, const struct try *try, uint64_t now_ns);
void balancer_outlier_return(struct balancer *balancer, uint64_t now_ns);

/* ---- balancer_health.c ---- */

/* Watches a place until its replica has left and no check is under way. */
void balancer_health_begin(struct balancer *balancer, uint32_t place);

#endif
