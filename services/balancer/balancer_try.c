/* balancer_try.c — One try at one replica: who is asked, and what its end teaches.
 *
 *   the policy's choice --warm enough?--> asked
 *        ^                  no
 *        +-- among the rest --+          nobody accepts: the first choice stands
 *
 * Slow start. A cold replica (empty caches, no connections, code not compiled yet) that is given
 * its full part at once queues up, fails its checks and falls again. For slow_start_ns after it
 * came, its share is
 *
 *   max(10 %, time since it came / slow_start)
 *
 * as in Envoy ("Slow start mode", with its default aggression 1 and min_weight_percent 10); HAProxy
 * (slowstart) and nginx (slow_start) draw the same line. They scale weights, which only one of our
 * policies looks at. So the share is a gate behind the choice and works with every policy: the cold
 * one that was chosen accepts with this probability, else the policy chooses among the others.
 * Policies that do not look at load then give it this share of an even part (round_robin a turn of
 * this share, as weights would). For least_connections an idle newcomer is the choice of every
 * request: it gets the share of them all until it is as busy as the rest; less than without a gate,
 * more than by weight.
 *
 * Where all are cold, all accept alike, and nothing changes. */
#include "services/balancer/balancer_flow.h"

/* So many cold ones in a row: then most are cold, and the gate says little. */
enum { DECLINED_MAX = 8 };

static const double share_at_first = 0.1;

static uint32_t choose_freely(const struct proxy *proxy, uint64_t now_ns)
{
    struct balancer *balancer = proxy->balancer;

    if (balancer->backends.usable_max == 0)
        return BACKEND_NONE;
    return balancer->policy->choose(&balancer->backends, &proxy->visit->ask, now_ns,
                                    balancer->ports.dice);
}

static bool accepts(const struct balancer *balancer, uint32_t place, uint64_t now_ns)
{
    uint64_t age_ns = now_ns - balancer->backends.all[place].since_ns;
    uint64_t slow_start_ns = balancer->config.slow_start_ns;
    double share;

    if (age_ns >= slow_start_ns)
        return true;
    share = (double)age_ns / (double)slow_start_ns;
    return dice_chance(balancer->ports.dice, share > share_at_first ? share : share_at_first);
}

static uint32_t choose_warm(const struct proxy *proxy, uint64_t now_ns)
{
    struct balancer *balancer = proxy->balancer;
    uint32_t declined[DECLINED_MAX];
    uint32_t declined_max = 0;
    uint32_t first = choose_freely(proxy, now_ns);
    uint32_t place = first;

    while (place != BACKEND_NONE && !accepts(balancer, place, now_ns)) {
        declined[declined_max++] = place;
        backends_hide(&balancer->backends, &place, 1);
        place = declined_max < DECLINED_MAX ? choose_freely(proxy, now_ns) : BACKEND_NONE;
    }
    backends_show(&balancer->backends, declined, declined_max);
    return place == BACKEND_NONE ? first : place;
}

uint32_t balancer_choose(const struct proxy *proxy, uint64_t now_ns)
{
    struct balancer *balancer = proxy->balancer;
    uint32_t place;

    balancer_outlier_return(balancer, now_ns);
    backends_hide(&balancer->backends, proxy->asked, proxy->asked_max);
    place = choose_warm(proxy, now_ns);
    backends_show(&balancer->backends, proxy->asked, proxy->asked_max);
    return place;
}

void balancer_send(struct proxy *proxy, struct try *try, uint32_t place, uint64_t now_ns)
{
    struct balancer *balancer = proxy->balancer;
    struct ask ask = proxy->visit->ask;

    if (ask.attempt + proxy->asked_max <= UINT8_MAX)
        ask.attempt = (uint8_t)(ask.attempt + proxy->asked_max);
    proxy->asked[proxy->asked_max++] = place;
    try->sent_ns = now_ns;
    try->place = place;
    backends_start(&balancer->backends, place);
    peer_ask(balancer->ports.peer, &try->call, balancer->backends.all[place].target, &ask,
             ask_time_left_ns(&ask, now_ns, balancer->config.timeout_ns));
}

void balancer_learn(struct balancer *balancer, const struct try *try)
{
    uint64_t now_ns = timer_now_ns(balancer->ports.timer);

    backends_finish(&balancer->backends, try->place);
    breaker_note(&balancer->breaker, try->call.outcome, try->sent_ns, now_ns);
    balancer_outlier_note(balancer, try, now_ns);
    if (balancer->policy->finished != NULL)
        balancer->policy->finished(&balancer->backends, try->place, try->call.outcome,
                                   now_ns - try->sent_ns, now_ns);
}
