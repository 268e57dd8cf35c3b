/* policy_two_choices.c — Of two drawn at random, the less busy.
 *
 * The second look takes the busiest from about log n / log log n down to log log n, a third adds
 * little (Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10),
 * 2001). Unlike least_connections it degrades gently on stale numbers, and costs the same however
 * many replicas there are. The two are different: with replacement, one time in n there is no
 * choice, and at load 0.9 the mean time is 2.657 and not 2.614. Of equals the first drawn. */
#include "services/balancer/policy/policy.h"

static uint32_t two_choices_choose(struct backends *backends, const struct ask *ask,
                                   uint64_t now_ns, struct dice *dice)
{
    struct policy_pair pair = policy_draw_two(backends, dice);

    (void)ask, (void)now_ns;
    return backends->all[pair.b].in_flight < backends->all[pair.a].in_flight ? pair.b : pair.a;
}

const struct policy policy_two_choices = {
    .name = "two_choices",
    .choose = two_choices_choose,
};
