/* policy_least_connections.c — Whoever has the fewest requests of ours, at random among equals.
 *
 * Chance among equals matters: always the first would send every request of an idle night to one
 * replica, and several balancers would herd onto the same one. Knows only what this balancer has in
 * flight; a replica that fails fast looks idle and draws everything, which is what health checks
 * are for. Weights are not looked at. O(n) per choice. */
#include "services/balancer/policy/policy.h"

struct fewest {
    uint32_t in_flight;
    uint32_t ties; /* How many have just that. */
};

static struct fewest find_fewest(const struct backends *backends)
{
    struct fewest fewest = {.in_flight = UINT32_MAX, .ties = 0};

    for (uint32_t i = 0; i < backends->usable_max; i++) {
        uint32_t in_flight = backends->all[backends->usable[i]].in_flight;

        if (in_flight < fewest.in_flight)
            fewest = (struct fewest){.in_flight = in_flight, .ties = 0};
        fewest.ties += in_flight == fewest.in_flight;
    }
    return fewest;
}

static uint32_t least_connections_choose(struct backends *backends, const struct ask *ask,
                                         uint64_t now_ns, struct dice *dice)
{
    struct fewest fewest = find_fewest(backends);
    uint64_t before = fewest.ties == 1 ? 0 : dice_below(dice, fewest.ties);
    uint32_t i = 0;

    (void)ask, (void)now_ns;
    while (backends->all[backends->usable[i]].in_flight != fewest.in_flight || before-- > 0)
        i++;
    return backends->usable[i];
}

const struct policy policy_least_connections = {
    .name = "least_connections",
    .choose = least_connections_choose,
};
