/* balancer_proxy.c — Hands a visit to a replica, and to another when that one failed it.
 *
 *   CPU ----> choose --nobody is up-------------------------------> answer CALL_REFUSED
 *              ^ |  +--no time left-------------------------------> answer CALL_TIMEOUT
 *              | |  +--the breaker is open------------------------> answer CALL_SHED
 *              | v
 *              | PEER --it may be asked again: other replica, tries and time left--+
 *              |   |                                                               |
 *              |   +--otherwise: the outcome and the value that came---> answer    |
 *              +-------------------------------------------------------------------+
 *
 * Without work_ns it begins with the choice. The deadline travels with the ask, and a try waits
 * no longer than to the deadline: an answer that comes after it is for nobody. There is no pause
 * before a second try, because it goes to another replica; and no budget, because `attempts` bounds
 * what a balancer adds: at most so many times the load, which a scenario of retries is to show.
 *
 * Where a hedge (balancer_hedge.c) is out as well, the first success is the answer:
 *
 *   PEER --it succeeds--------------------------------------------> answer; the hedge goes unheard
 *    | |
 *    | +--the hedge succeeds--> answer, ANSWERED --its own try ends--> gone
 *    |
 *    +--it fails--> HEDGE --the hedge succeeds--------------------> answer
 *                     +-----the hedge fails too-------------------> on, as after PEER above */
#include "services/balancer/balancer_flow.h"

static void proxy_tell(struct proxy *proxy, enum call_outcome outcome, const struct call *answer)
{
    struct visit *visit = proxy->visit;

    proxy->visit = NULL;
    door_answer(proxy->balancer->ports.door, visit, outcome, answer->value, answer->bytes);
}

/* Nothing of its own is out: it answers and is no more. */
static void proxy_end(struct proxy *proxy, enum call_outcome outcome, const struct call *answer)
{
    balancer_hedge_leave(proxy);
    proxy_tell(proxy, outcome, answer);
    pool_give(&proxy->balancer->proxies, proxy);
}

/* There is no try more: the last one's outcome, or why there was none. */
static void proxy_stop(struct proxy *proxy, enum call_outcome why)
{
    proxy_end(proxy, proxy->tries > 0 ? proxy->try.call.outcome : why, &proxy->try.call);
}

static void proxy_send(struct proxy *proxy, uint32_t place, uint64_t now_ns)
{
    proxy->state = PROXY_PEER;
    proxy->tries++;
    balancer_send(proxy, &proxy->try, place, now_ns);
    if (proxy->tries == 1)
        balancer_hedge_begin(proxy);
}

/* To whom there is; nobody is a failure too, which a breaker that is being probed must hear of. */
static void proxy_send_on(struct proxy *proxy, uint64_t now_ns)
{
    uint32_t place = balancer_choose(proxy, now_ns);

    if (place != BACKEND_NONE) {
        proxy_send(proxy, place, now_ns);
        return;
    }
    breaker_note(&proxy->balancer->breaker, CALL_REFUSED, now_ns, now_ns);
    proxy_stop(proxy, CALL_REFUSED);
}

static void proxy_try(struct proxy *proxy)
{
    uint64_t now_ns = timer_now_ns(proxy->balancer->ports.timer);

    if (ask_is_late(&proxy->visit->ask, now_ns))
        proxy_stop(proxy, CALL_TIMEOUT);
    else if (!breaker_lets_through(&proxy->balancer->breaker, now_ns))
        proxy_stop(proxy, CALL_SHED);
    else
        proxy_send_on(proxy, now_ns);
}

/* Whether the same may be asked of another replica, after this outcome. */
static bool may_repeat(uint8_t verb, enum call_outcome outcome)
{
    switch (outcome) {
    case CALL_SHED:
    case CALL_REFUSED:
        return true;
    case CALL_TIMEOUT:
    case CALL_FAILED:
        return balancer_asks_only(verb);
    case CALL_IDLE:
    case CALL_PENDING:
    case CALL_OK:
    case CALL_ABSENT:
    case CALL_DENIED:
        return false;
    }
    return false;
}

/* Its own try has ended, and no hedge is waited for. */
static void proxy_go_on(struct proxy *proxy)
{
    const struct call *call = &proxy->try.call;

    balancer_hedge_leave(proxy);
    if (proxy->tries < proxy->balancer->config.attempts &&
        may_repeat(proxy->visit->ask.verb, call->outcome))
        proxy_try(proxy);
    else
        proxy_end(proxy, call->outcome, call);
}

void balancer_proxy_hedged(struct proxy *proxy, const struct call *answer)
{
    bool is_alone = proxy->state == PROXY_HEDGE;

    if (!call_is_served(answer->outcome)) {
        if (is_alone)
            proxy_go_on(proxy);
    } else if (is_alone) {
        proxy_end(proxy, answer->outcome, answer);
    } else {
        proxy->state = PROXY_ANSWERED;
        proxy_tell(proxy, answer->outcome, answer);
    }
}

static void proxy_step(struct call *call)
{
    struct proxy *proxy = (struct proxy *)call;
    bool has_ended = proxy->state != PROXY_CPU;

    if (has_ended)
        balancer_learn(proxy->balancer, &proxy->try);
    switch (proxy->state) {
    case PROXY_CPU:
        proxy_try(proxy);
        return;
    case PROXY_PEER:
        if (proxy_has_hedge_out(proxy) && !call_is_served(call->outcome))
            proxy->state = PROXY_HEDGE;
        else
            proxy_go_on(proxy);
        return;
    case PROXY_HEDGE:
        check(proxy->state != PROXY_HEDGE); /* Nothing of its own is out. */
        return;
    case PROXY_ANSWERED:
        pool_give(&proxy->balancer->proxies, proxy);
        return;
    }
}

void balancer_proxy_begin(struct balancer *balancer, struct visit *visit)
{
    struct proxy *proxy = pool_take(&balancer->proxies);

    if (proxy == NULL) {
        door_answer(balancer->ports.door, visit, CALL_SHED, 0, 0);
        return;
    }
    proxy->try.call = (struct call){.done = proxy_step};
    proxy->balancer = balancer;
    proxy->visit = visit;
    proxy->hedge = NULL;
    proxy->state = PROXY_CPU;
    proxy->tries = 0;
    proxy->asked_max = 0;
    if (balancer->config.work_ns > 0)
        cpu_run(balancer->ports.cpu, &proxy->try.call, balancer->config.work_ns);
    else
        proxy_try(proxy);
}
