/* balancer_health.c — Asks a replica at regular intervals whether it is well.
 *
 *   join -> PAUSE --health_every--> ANSWER --CALL_OK: one more in a row, up after `rise`----+
 *             ^                       +------otherwise: one more in a row, down after `fall`-+
 *             +------------------------------------------------------------------------------+
 *
 * The next pause begins when the answer is there, so that checks of a hung replica do not pile up.
 * When the replica has left, the flow ends with whatever it waits for, and its place is free. */
#include "services/balancer/balancer_flow.h"

static struct backend *health_backend(const struct health *health)
{
    return &health->balancer->backends.all[health->place];
}

static void health_pause(struct health *health)
{
    const struct balancer *balancer = health->balancer;

    if (!health_backend(health)->is_member) {
        health_backend(health)->is_watched = false;
        return;
    }
    health->state = HEALTH_PAUSE;
    timer_sleep(balancer->ports.timer, &health->call, balancer->config.health_every_ns);
}

static void health_ask(struct health *health)
{
    const struct balancer *balancer = health->balancer;
    const struct ask ask = {.verb = VERB_HEALTH};

    health->state = HEALTH_ANSWER;
    peer_ask(balancer->ports.peer, &health->call, health_backend(health)->target, &ask,
             balancer->config.health_timeout_ns);
}

static void health_judge(struct health *health, bool is_good)
{
    struct balancer *balancer = health->balancer;
    struct backend *backend = health_backend(health);

    backend->rose = is_good ? backend->rose + 1 : 0;
    backend->fell = is_good ? 0 : backend->fell + 1;
    if (is_good && !backend->is_up && backend->rose >= balancer->config.health_rise) {
        backend_came(backend, timer_now_ns(balancer->ports.timer));
        backends_mark(&balancer->backends, health->place, true);
    }
    if (!is_good && backend->is_up && backend->fell >= balancer->config.health_fall)
        backends_mark(&balancer->backends, health->place, false);
}

static void health_step(struct call *call)
{
    struct health *health = (struct health *)call;

    switch (health->state) {
    case HEALTH_PAUSE:
        if (health_backend(health)->is_member)
            health_ask(health);
        else
            health_pause(health);
        return;
    case HEALTH_ANSWER:
        health_judge(health, call->outcome == CALL_OK);
        health_pause(health);
        return;
    }
}

void balancer_health_begin(struct balancer *balancer, uint32_t place)
{
    struct health *health = &balancer->checks[place];

    *health = (struct health){.call.done = health_step, .balancer = balancer, .place = place};
    health_backend(health)->is_watched = true;
    health_pause(health);
}
