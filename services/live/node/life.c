/* life.c — What every node says, and to whom: to its balancer, and to whoever started it. */
#define _GNU_SOURCE
#include "services/live/node/life.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "services/live/node/register.h"

#define PUBLISH_EVERY_NS UINT64_C(100000000)
#define STILL_COMING_NS UINT64_C(100000000) /* What the balancer sent before it heard of us. */

bool life_tell(const struct node_settings *settings, const char *what)
{
    fprintf(stderr, "sim-node %s: %s\n", settings->name, what);
    return false;
}

void life_fail(struct life *life, const char *what)
{
    life_tell(life->settings, what);
    life->exit_code = 1;
    loop_stop(life->loop);
}

static void publish_again(void *context)
{
    struct life *life = context;

    life->ops->publish(life->context);
    loop_alarm_set(life->publish, PUBLISH_EVERY_NS);
}

void life_publish(struct life *life)
{
    publish_again(life);
}

/* ---- Ready ----------------------------------------------------------------------------------- */

void life_serves(struct life *life)
{
    life->serves = true;
    life->ops->publish(life->context);
}

static void is_ready(struct life *life)
{
    static const char word[] = "ready\n";

    life_serves(life);
    if (write(STDOUT_FILENO, word, sizeof word - 1) < 0) /* And nobody waits: it goes on. */
        life_tell(life->settings, "nobody reads its standard output");
}

static void registered(void *context, unsigned status)
{
    struct life *life = context;

    if (status == 200)
        is_ready(life);
    else
        life_fail(life, status == 401
                            ? "its balancer wants another token: set the same SIM_TOKEN for both"
                            : "its balancer does not take it; are both of one scenario?");
}

void life_begin(struct life *life, uint16_t port)
{
    const struct node_settings *settings = life->settings;
    struct registrar_config config = {.front = settings->front,
                                      .known_as = settings->known_as,
                                      .replica = settings->replica,
                                      .weight = settings->weight,
                                      .token = settings->token,
                                      .answered = registered,
                                      .context = life};

    if (settings->front.host[0] == '\0') {
        is_ready(life);
        return;
    }
    if (config.known_as.host[0] == '\0') {
        config.known_as = settings->listen;
        config.known_as.port = port;
    }
    life->registrar = registrar_open(life->loop, &config);
    if (life->registrar == NULL)
        life_fail(life, "the host of its balancer is not known here; start that first");
}

/* ---- Leaving --------------------------------------------------------------------------------- */

static void close_the_door(void *context)
{
    struct life *life = context;

    life->ops->close(life->context);
}

static void unregistered(void *context)
{
    struct life *life = context;

    loop_alarm_set(life->close, STILL_COMING_NS);
}

static void leave(evutil_socket_t signal_number, short events, void *context)
{
    struct life *life = context;

    (void)signal_number;
    (void)events;
    loop_enter(life->loop);
    if (life->is_leaving)
        return;
    life->is_leaving = true;
    life->serves = false;
    life->ops->publish(life->context);
    if (life->ops->leaving != NULL)
        life->ops->leaving(life->context);
    if (life->registrar != NULL)
        registrar_leave(life->registrar, unregistered, life);
    else
        close_the_door(life);
}

/* ---- From beginning to end ------------------------------------------------------------------- */

void life_open(struct life *life, struct loop *loop, const struct node_settings *settings,
               const struct life_ops *ops, void *context)
{
    static const int signals[2] = {SIGTERM, SIGINT};

    *life = (struct life){.settings = settings, .loop = loop, .ops = ops, .context = context};
    life->publish = loop_alarm(loop, publish_again, life);
    life->close = loop_alarm(loop, close_the_door, life);
    for (int i = 0; i < 2; i++) {
        life->told[i] = evsignal_new(loop->base, signals[i], leave, life);
        check(life->told[i] != NULL && evsignal_add(life->told[i], NULL) == 0);
    }
}

void life_close(struct life *life)
{
    if (life->registrar != NULL)
        registrar_close(life->registrar);
    for (int i = 0; i < 2; i++)
        event_free(life->told[i]);
    loop_alarm_free(life->publish);
    loop_alarm_free(life->close);
}
