/* balancer_proxy.c — Hands a visit to a replica, and to another when that one failed it.
 *
 *   CPU ----> choose --nobody is up-------------------------------> answer CALL_REFUSED
 *              ^ |  +--no time left-------------------------------> answer CALL_TIMEOUT
 *              | v
 *              | PEER --it may be asked again: other replica, tries and time left--+
 *              |   |                                                               |
 *              |   +--otherwise: the outcome and the value that came---> answer    |
 *              +-------------------------------------------------------------------+
 *
 * Without work_ns it begins with the choice. The deadline travels with the ask, and a try waits
 * no longer than to the deadline: an answer that comes after it is for nobody. There is no pause
 * before a second try, because it goes to another replica; and no budget, because `attempts` bounds
 * what a balancer adds: at most so many times the load, which a scenario of retries is to show. */
#include "services/balancer/balancer_flow.h"

static void proxy_answer(struct proxy *proxy, enum call_outcome outcome)
{
    struct balancer *balancer = proxy->balancer;
    struct visit *visit = proxy->visit;
    int64_t value = proxy->call.value;
    uint32_t bytes = proxy->call.bytes;

    pool_give(&balancer->proxies, proxy);
    door_answer(balancer->ports.door, visit, outcome, value, bytes);
}

/* There is no try more: the last one's outcome, or why there was none. */
static void proxy_stop(struct proxy *proxy, enum call_outcome why)
{
    proxy_answer(proxy, proxy->tries > 0 ? proxy->call.outcome : why);
}

static uint64_t proxy_time_left(const struct proxy *proxy, uint64_t now_ns)
{
    uint64_t deadline_ns = proxy->visit->ask.deadline_ns;
    uint64_t timeout_ns = proxy->balancer->config.timeout_ns;

    if (deadline_ns == 0)
        return timeout_ns;
    if (deadline_ns <= now_ns)
        return 0;
    return deadline_ns - now_ns < timeout_ns ? deadline_ns - now_ns : timeout_ns;
}

/* A place that was not tried yet. */
static uint32_t proxy_choose(const struct proxy *proxy, uint64_t now_ns)
{
    struct balancer *balancer = proxy->balancer;
    struct backends *backends = &balancer->backends;
    uint32_t place = BACKEND_NONE;

    backends_hide(backends, proxy->tried, proxy->tries);
    if (backends->usable_max > 0)
        place =
            balancer->policy->choose(backends, &proxy->visit->ask, now_ns, balancer->ports.dice);
    backends_show(backends, proxy->tried, proxy->tries);
    return place;
}

static void proxy_send(struct proxy *proxy, uint32_t place, uint64_t now_ns, uint64_t timeout_ns)
{
    struct balancer *balancer = proxy->balancer;
    struct ask ask = proxy->visit->ask;

    if (ask.attempt + proxy->tries <= UINT8_MAX)
        ask.attempt = (uint8_t)(ask.attempt + proxy->tries);
    proxy->state = PROXY_PEER;
    proxy->sent_ns = now_ns;
    proxy->tried[proxy->tries++] = place;
    backends_start(&balancer->backends, place);
    peer_ask(balancer->ports.peer, &proxy->call, balancer->backends.all[place].target, &ask,
             timeout_ns);
}

static void proxy_try(struct proxy *proxy)
{
    uint64_t now_ns = timer_now_ns(proxy->balancer->ports.timer);
    uint64_t left_ns = proxy_time_left(proxy, now_ns);
    uint32_t place;

    if (left_ns == 0) {
        proxy_stop(proxy, CALL_TIMEOUT);
        return;
    }
    place = proxy_choose(proxy, now_ns);
    if (place == BACKEND_NONE)
        proxy_stop(proxy, CALL_REFUSED);
    else
        proxy_send(proxy, place, now_ns, left_ns);
}

static bool asks_only(uint8_t verb)
{
    return verb == VERB_MENU || verb == VERB_TRACK || verb == VERB_COUNT;
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
        return asks_only(verb);
    case CALL_IDLE:
    case CALL_PENDING:
    case CALL_OK:
    case CALL_ABSENT:
        return false;
    }
    return false;
}

static void proxy_tried(struct proxy *proxy)
{
    struct balancer *balancer = proxy->balancer;
    uint32_t place = proxy->tried[proxy->tries - 1];
    uint64_t now_ns;

    backends_finish(&balancer->backends, place);
    if (balancer->policy->finished == NULL)
        return;
    now_ns = timer_now_ns(balancer->ports.timer);
    balancer->policy->finished(&balancer->backends, place, proxy->call.outcome,
                               now_ns - proxy->sent_ns, now_ns);
}

static void proxy_step(struct call *call)
{
    struct proxy *proxy = (struct proxy *)call;

    switch (proxy->state) {
    case PROXY_CPU:
        proxy_try(proxy);
        return;
    case PROXY_PEER:
        proxy_tried(proxy);
        if (proxy->tries < proxy->balancer->config.attempts &&
            may_repeat(proxy->visit->ask.verb, call->outcome))
            proxy_try(proxy);
        else
            proxy_answer(proxy, call->outcome);
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
    proxy->call = (struct call){.done = proxy_step};
    proxy->balancer = balancer;
    proxy->visit = visit;
    proxy->state = PROXY_CPU;
    proxy->tries = 0;
    if (balancer->config.work_ns > 0)
        cpu_run(balancer->ports.cpu, &proxy->call, balancer->config.work_ns);
    else
        proxy_try(proxy);
}
