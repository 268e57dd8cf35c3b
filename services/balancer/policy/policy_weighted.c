/* policy_weighted.c — Smooth weighted round robin, as in nginx.
 *
 * Each round everyone saves its weight, the richest is chosen and pays the sum of all weights. Over
 * a cycle each is chosen in proportion to its weight, and a heavy one is spread over the cycle and
 * not chosen in a burst: weights 5, 1, 1 give a a b a c a a (nginx, ngx_http_upstream_round_robin,
 * since 1.3.1). Of equals the first wins. O(n) per choice. */
#include "services/balancer/policy/policy.h"

static uint32_t weighted_choose(struct backends *backends, const struct ask *ask, uint64_t now_ns,
                                struct dice *dice)
{
    struct backend *richest = NULL;
    double sum = 0;

    (void)ask, (void)now_ns, (void)dice;
    for (uint32_t i = 0; i < backends->usable_max; i++) {
        struct backend *backend = &backends->all[backends->usable[i]];

        backend->credit += backend->weight;
        sum += backend->weight;
        if (richest == NULL || backend->credit > richest->credit)
            richest = backend;
    }
    richest->credit -= sum;
    return (uint32_t)(richest - backends->all);
}

const struct policy policy_weighted = {
    .name = "weighted",
    .choose = weighted_choose,
};
