/* balancer_hedge.c — Who is not answered soon asks a second replica, and takes the first answer.
 *
 *   first try sent
 *      v
 *    PAUSE --hedge_after, and the proxy waits still, a token, somebody else to ask--> PEER
 *      |     and the breaker is closed                                                 |
 *      +--otherwise---------------> gone <--------its answer, told to the proxy--------+
 *                                          if that has none yet, else dropped
 *
 * Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013 ("hedged requests"): the tail is often
 * one replica's bad moment, and the chance that two have one at once is the square. Deferred to
 * about the 95th percentile of the answers it costs about 5 % more requests. Questions only: menu,
 * track, count. Only a visit's first try is hedged, and it does not count among `attempts`.
 *
 * A hedge under overload would be more of what is wrong, hence the budget: each question puts
 * hedge_share of a token in, a hedge takes a whole one out, and ten at most are saved up (as with
 * retries: Brooker, "Timeouts, retries and backoff with jitter", AWS Builders' Library).
 *
 * The loser cannot be called back: it works on, its request counts as in flight until its answer
 * comes, and that is dropped. The paper's "tied requests" would; they need a word on the wire. */
#include "services/balancer/balancer_flow.h"

static const double tokens_max = 10;

bool balancer_asks_only(uint8_t verb)
{
    return verb == VERB_MENU || verb == VERB_TRACK || verb == VERB_COUNT;
}

static void save_up(struct balancer *balancer)
{
    balancer->hedge_tokens += balancer->config.hedge_share;
    if (balancer->hedge_tokens > tokens_max)
        balancer->hedge_tokens = tokens_max;
}

static bool has_token(const struct balancer *balancer)
{
    return balancer->config.hedge_share >= 1 || balancer->hedge_tokens >= 1;
}

static void hedge_end(struct hedge *hedge)
{
    pool_give(&hedge->balancer->hedges, hedge);
}

static void hedge_ask(struct hedge *hedge)
{
    struct balancer *balancer = hedge->balancer;
    struct proxy *proxy = hedge->proxy;
    uint64_t now_ns = timer_now_ns(balancer->ports.timer);
    uint32_t place = BACKEND_NONE;

    if (balancer->breaker.state == BREAKER_CLOSED && has_token(balancer) &&
        !ask_is_late(&proxy->visit->ask, now_ns))
        place = balancer_choose(proxy, now_ns);
    if (place == BACKEND_NONE) {
        proxy->hedge = NULL;
        hedge_end(hedge);
        return;
    }
    balancer->hedge_tokens -= balancer->config.hedge_share < 1;
    hedge->state = HEDGE_PEER;
    balancer_send(proxy, &hedge->try, place, now_ns);
}

static void hedge_answered(struct hedge *hedge)
{
    struct proxy *proxy = hedge->proxy;

    balancer_learn(hedge->balancer, &hedge->try);
    if (proxy != NULL) {
        proxy->hedge = NULL;
        balancer_proxy_hedged(proxy, &hedge->try.call);
    }
    hedge_end(hedge);
}

static void hedge_step(struct call *call)
{
    struct hedge *hedge = (struct hedge *)call;

    switch (hedge->state) {
    case HEDGE_PAUSE:
        if (hedge->proxy == NULL)
            hedge_end(hedge);
        else
            hedge_ask(hedge);
        return;
    case HEDGE_PEER:
        hedge_answered(hedge);
        return;
    }
}

void balancer_hedge_begin(struct proxy *proxy)
{
    struct balancer *balancer = proxy->balancer;
    struct hedge *hedge;

    if (balancer->config.hedge_after_ns == 0 || !balancer_asks_only(proxy->visit->ask.verb))
        return;
    save_up(balancer);
    hedge = pool_take(&balancer->hedges);
    if (hedge == NULL)
        return;
    *hedge = (struct hedge){.try.call.done = hedge_step, .balancer = balancer, .proxy = proxy};
    proxy->hedge = hedge;
    hedge->state = HEDGE_PAUSE;
    timer_sleep(balancer->ports.timer, &hedge->try.call, balancer->config.hedge_after_ns);
}

void balancer_hedge_leave(struct proxy *proxy)
{
    if (proxy->hedge != NULL)
        proxy->hedge->proxy = NULL;
    proxy->hedge = NULL;
}
