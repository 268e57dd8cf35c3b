/* policy_random.c — Anyone, with equal chance.
 *
 * Needs no memory and no agreement between balancers; the busiest of n gets about log n / log log n
 * times its share (Mitzenmacher, "The power of two choices in randomized load balancing", IEEE
 * TPDS 12(10), 2001). The measure that the others are held against. */
#include "services/balancer/policy/policy.h"

static uint32_t random_choose(struct backends *backends, const struct ask *ask, uint64_t now_ns,
                              struct dice *dice)
{
    (void)ask, (void)now_ns;
    return backends->usable[dice_below(dice, backends->usable_max)];
}

const struct policy policy_random = {
    .name = "random",
    .choose = random_choose,
};
