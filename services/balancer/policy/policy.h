/* policy.h — What a way of balancing is: a table of four functions, one file per policy.
 *
 * A policy decides from what the balancer knows by itself: who is up, how many requests it has at
 * each, how long answers took. It asks no port; the time is passed in, chance comes from the
 * balancer's own stream. Health, draining, retries and the count of requests in flight are the
 * same for all and are not its business: a place that may not be chosen is not in `usable`. */
#ifndef SERVICES_BALANCER_POLICY_H
#define SERVICES_BALANCER_POLICY_H

#include "services/balancer/policy/backends.h"
#include "services/balancer/balancer.h"

struct policy {
    const char *name; /* As a scenario writes it. */

    /* Arena bytes that init takes for so many places. NULL: none. */
    size_t (*bytes)(uint32_t places);

    /* Once, before the first replica joins. NULL: nothing to prepare. */
    void (*init)(struct backends *backends, struct arena *arena,
                 const struct balancer_config *config);

    /* A replica became a member, or is none any more. NULL: `usable` says it all. */
    void (*joined)(struct backends *backends, uint32_t place);
    void (*left)(struct backends *backends, uint32_t place);

    /* Before each try, when at least one place is usable: the place to ask. */
    uint32_t (*choose)(struct backends *backends, const struct ask *ask, uint64_t now_ns,
                       struct dice *dice);

    /* A request ended at this place, latency_ns after it was sent. NULL: no matter. */
    void (*finished)(struct backends *backends, uint32_t place, enum call_outcome outcome,
                     uint64_t latency_ns, uint64_t now_ns);
};

extern const struct policy policy_round_robin;
extern const struct policy policy_weighted;
extern const struct policy policy_random;
extern const struct policy policy_least_connections;
extern const struct policy policy_two_choices;
extern const struct policy policy_peak_ewma;
extern const struct policy policy_consistent_hash;

const struct policy *policy_of(enum balance_kind kind);

/* Two different places at random, or the same one twice when there is no other. */
struct policy_pair {
    uint32_t a, b;
};

static inline struct policy_pair policy_draw_two(const struct backends *backends, struct dice *dice)
{
    uint32_t n = backends->usable_max;
    uint32_t a, b;

    if (n == 1)
        return (struct policy_pair){backends->usable[0], backends->usable[0]};
    a = (uint32_t)dice_below(dice, n);
    b = (uint32_t)dice_below(dice, n - 1);
    b += b >= a; /* Over the one that is drawn already. */
    return (struct policy_pair){backends->usable[a], backends->usable[b]};
}

#endif
