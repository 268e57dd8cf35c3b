/* policy_round_robin.c — Each in turn.
 *
 * What is remembered is who was last and not how far the count is: when somebody falls, leaves or
 * is left out of a second try, the turn goes on with the next one standing, and nobody is passed
 * over twice in a row.
 *
 * Fair in numbers, blind to work: with requests of uneven cost, or replicas of uneven speed, the
 * turns meet a queue as readily as an idle core. O(log n) per choice. */
#include "services/balancer/policy/policy.h"

static void round_robin_init(struct backends *backends, struct arena *arena,
                             const struct balancer_config *config)
{
    (void)arena, (void)config;
    backends->last = BACKEND_NONE;
}

/* The first entry of usable behind this place; usable_max: there is none. */
static uint32_t first_behind(const struct backends *backends, uint32_t place)
{
    uint32_t low = 0, high = backends->usable_max;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (backends->usable[middle] <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t round_robin_choose(struct backends *backends, const struct ask *ask,
                                   uint64_t now_ns, struct dice *dice)
{
    uint32_t turn = first_behind(backends, backends->last);

    (void)ask, (void)now_ns, (void)dice;
    backends->last = backends->usable[turn < backends->usable_max ? turn : 0];
    return backends->last;
}

const struct policy policy_round_robin = {
    .name = "round_robin",
    .init = round_robin_init,
    .choose = round_robin_choose,
};
