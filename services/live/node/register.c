/* register.c — One exchange at a time with the balancer: PUT, PUT, PUT … DELETE.
 *
 * A DELETE waits for the PUT before it: the balancer must not hear of us once more after we have
 * said that we go. A balancer that does not answer may have been started anew elsewhere (a
 * container gets another address): its name is looked up again before the next PUT. That blocks,
 * but a replica without its balancer has nothing to do. */
#define _GNU_SOURCE
#include "services/live/node/register.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/check.h"

enum { TEXT_MAX = 640 };
#define AGAIN_NS UINT64_C(1000000000)
#define NOT_THERE_NS UINT64_C(100000000)
#define TIMEOUT_NS UINT64_C(1000000000)

struct registrar {
    struct http_exchange exchange; /* First. */
    struct loop *loop;
    struct registrar_config config;
    struct http_client *client;
    struct event *alarm; /* For the next PUT. */
    bool is_asking, is_answered, is_leaving, is_deleting;
    bool is_lost; /* The last PUT had no answer. */
    void (*left)(void *context);
    void *context;
};

static void say(struct registrar *registrar, const char *method)
{
    const struct registrar_config *config = &registrar->config;
    char text[TEXT_MAX], token[128] = "";
    int length;

    if (config->token[0] != '\0')
        snprintf(token, sizeof token, "Authorization: Bearer %s\r\n", config->token);
    length = snprintf(text, sizeof text,
                      "%s /backends/%u?host=%s&port=%u&weight=%.9g HTTP/1.1\r\n"
                      "Host: %s:%u\r\n%sContent-Length: 0\r\n\r\n",
                      method, config->replica, config->known_as.host, config->known_as.port,
                      config->weight, config->front.host, config->front.port, token);
    check(length > 0 && length < TEXT_MAX);
    registrar->is_asking = true;
    http_ask(registrar->client, &registrar->exchange, (struct span){text, (size_t)length}, true,
             TIMEOUT_NS);
}

/* A name that nobody knows for the moment: the old address is as good as none. */
static void look_up_again(struct registrar *registrar)
{
    struct http_client *client = http_client_open(registrar->loop, &registrar->config.front, 1);

    if (client == NULL)
        return;
    http_client_close(registrar->client);
    registrar->client = client;
}

static void put(void *context)
{
    struct registrar *registrar = context;

    if (registrar->is_lost)
        look_up_again(registrar);
    say(registrar, "PUT");
}

static void say_goodbye(struct registrar *registrar)
{
    registrar->is_deleting = true;
    say(registrar, "DELETE");
}

static void after_put(struct registrar *registrar)
{
    bool is_there = registrar->exchange.end == HTTP_ANSWERED &&
                    registrar->exchange.status < 500; /* A door that is full is no verdict. */

    if (is_there && !registrar->is_answered) {
        registrar->is_answered = true;
        registrar->config.answered(registrar->config.context, registrar->exchange.status);
    }
    registrar->is_lost = !is_there;
    if (registrar->is_leaving)
        say_goodbye(registrar);
    else
        loop_alarm_set(registrar->alarm,
                       is_there || registrar->is_answered ? AGAIN_NS : NOT_THERE_NS);
}

static void done(struct http_exchange *exchange)
{
    struct registrar *registrar = (struct registrar *)exchange;

    loop_enter(registrar->loop);
    registrar->is_asking = false;
    if (registrar->is_deleting)
        registrar->left(registrar->context);
    else
        after_put(registrar);
}

void registrar_leave(struct registrar *registrar, void (*left)(void *context), void *context)
{
    registrar->left = left;
    registrar->context = context;
    registrar->is_leaving = true;
    loop_alarm_clear(registrar->alarm);
    if (!registrar->is_asking)
        say_goodbye(registrar);
}

struct registrar *registrar_open(struct loop *loop, const struct registrar_config *config)
{
    struct http_client *client = http_client_open(loop, &config->front, 1);
    struct registrar *registrar;

    if (client == NULL)
        return NULL;
    registrar = calloc(1, sizeof *registrar);
    check(registrar != NULL);
    registrar->exchange.done = done;
    registrar->loop = loop;
    registrar->config = *config;
    registrar->client = client;
    registrar->alarm = loop_alarm(loop, put, registrar);
    put(registrar);
    return registrar;
}

void registrar_close(struct registrar *registrar)
{
    http_client_close(registrar->client);
    loop_alarm_free(registrar->alarm);
    free(registrar);
}
