/* balancer.h — A layer 7 load balancer: every visit is handed to one of the replicas behind it.
 *
 * Which one is the policy's choice (policy.h), made anew for each try. A try that failed is
 * repeated on another replica, at most `attempts` tries in all, while the deadline has not passed:
 *
 *   menu, track, count           after any failure: asking twice changes nothing
 *   like, unlike, order, call    after CALL_REFUSED and CALL_SHED only, when it certainly did not
 *                                happen; a timeout may hide a success
 *
 * The answer is the last try's, or the first success where a hedge is out as well. With nobody up
 * to ask: CALL_REFUSED. VERB_HEALTH asks after the balancer itself.
 *
 * Five cures, each off until it is asked for:
 *
 *   rate limit   more than a rate is turned away at once        balancer_admission.h
 *   breaker      while most calls fail, nobody is let through   balancer_admission.h
 *   slow start   a replica that comes takes its part by and by  balancer_try.c
 *   outliers     who fails again and again sits out for a while balancer_outlier.c
 *   hedging      a slow question is asked of a second replica   balancer_hedge.c
 *
 * Left out: connection pools; ejecting who is slow and does not fail (peak_ewma turns away from
 * it). */
#ifndef SERVICES_BALANCER_BALANCER_H
#define SERVICES_BALANCER_BALANCER_H

#include "services/balancer/balancer_admission.h"
#include "services/port/ports.h"

enum { BALANCER_ATTEMPTS_MAX = 16 };

enum balance_kind {
    BALANCE_ROUND_ROBIN,
    BALANCE_WEIGHTED, /* Smooth weighted round robin. */
    BALANCE_RANDOM,
    BALANCE_LEAST_CONNECTIONS,
    BALANCE_TWO_CHOICES,
    BALANCE_PEAK_EWMA,
    BALANCE_CONSISTENT_HASH, /* With bounded loads, by ask.key. */
    BALANCE_KINDS
};

struct balancer_config {
    enum balance_kind policy;
    uint32_t backends_max; /* Replicas at once, those that still drain included. */
    uint32_t in_flight;    /* Visits inside at once; beyond it they are shed. */
    uint64_t timeout_ns;   /* For one try; less when the deadline is nearer. */
    uint32_t attempts;     /* Tries in all, 1 … BALANCER_ATTEMPTS_MAX. */
    uint64_t work_ns;      /* Processor time per visit; 0: the processor is not asked. */

    uint64_t health_every_ns; /* Active checks; 0: none, all that joined count as up. */
    uint64_t health_timeout_ns;
    uint32_t health_fall; /* Failed checks in a row that take a replica out. */
    uint32_t health_rise; /* Good ones in a row that bring it back. */

    /* A replica that joined, rose or came back from ejection is given a share of what the policy
     * chooses it for: 10 % at first, then time over slow_start, all at the end. 0: at once. */
    uint64_t slow_start_ns;

    uint32_t outlier_failures; /* In a row, of any visits, that eject a replica; 0: never. */
    uint64_t outlier_for_ns;   /* Times the ejections so far, up to ten; above 0. */
    double outlier_share; /* Of the members at most, 0 … 1; but one may go, the last stays. */

    uint64_t hedge_after_ns; /* A question unanswered for so long goes to a second one; 0: never. */
    double hedge_share;      /* Of the questions at most, 0 … 1. */

    double limit_rate;    /* Visits per second, beyond which they are shed; 0: no limit. */
    uint32_t limit_burst; /* Tokens that a bucket saves up; at least 1. */
    struct breaker_config breaker;

    double bound;     /* Consistent hash: load of one over the mean, 1 or more; 1.25. */
    uint64_t ewma_ns; /* Peak EWMA: time constant of the decay; 10 s in Finagle. */
};

struct balancer;

/* Arena bytes that balancer_init takes. */
size_t balancer_bytes(const struct balancer_config *config);

/* Copies both; wants the door, timer, peer, dice, arena, and the cpu where work_ns is above 0. */
struct balancer *balancer_init(const struct balancer_config *config, const struct ports *ports);

/* Service discovery. A replica that joined counts as up until checks say otherwise. Joining twice
 * changes the weight (above 0; used by the weighted policy alone) and nothing else, so that it may
 * be announced again and again; joining while it still drains brings it back as a newcomer. */
void balancer_join(struct balancer *balancer, uint32_t target, double weight);

/* It gets no new requests; those in flight finish. Leaving twice, or unknown, changes nothing. */
void balancer_leave(struct balancer *balancer, uint32_t target);

extern const struct service_ops balancer_service;

#endif
