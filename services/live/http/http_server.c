/* http_server.c — Listens, lets connections in, and lets them go.
 *
 * What happens on a connection is http_connection.c's. Here is the cap on how many there are, the
 * pause when the system gives no more descriptors, and the drain: the listening socket is closed
 * first, so that nobody waits in its backlog for an answer that will not come. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "services/live/http/http_server_inside.h"

enum { BACKLOG = 1024, ACCEPTS_PER_TURN = 4 };
#define ACCEPT_PAUSE_NS UINT64_C(100000000) /* When there are no more descriptors. */

/* One connection too many. What it has sent is read first, so that closing does not reset it. */
static void turn_away(struct http_server *server, int fd)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                 "Content-Type: application/json\r\nContent-Length: 33\r\n"
                                 "Connection: close\r\n\r\n{\"error\":\"too many connections\"}\n";
    char sent[4096];

    server->stats.refused++;
    (void)recv(fd, sent, sizeof sent, MSG_DONTWAIT);
    (void)!write(fd, answer, sizeof answer - 1);
    (void)shutdown(fd, SHUT_WR);
    (void)close(fd);
}

/* libevent accepts as long as somebody connects: then a flood would be all that the loop does. */
static void give_way(const struct http_server *server)
{
    (void)evconnlistener_disable(server->listener);
    loop_alarm_set(server->pause, 0);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                     int length, void *context)
{
    struct http_server *server = context;

    (void)listener;
    (void)address;
    (void)length;
    loop_enter(server->loop);
    server->stats.connections++;
    if (server->stats.connections % ACCEPTS_PER_TURN == 0)
        give_way(server);
    if (server->stats.open >= server->config.connections_max) {
        turn_away(server, fd);
        return;
    }
    server->is_taken = server->config.takes_one_by_one;
    if (server->is_taken)
        (void)evconnlistener_disable(listener);
    http_connection_open(server, fd);
}

/* ---- One by one ------------------------------------------------------------------------------ */

static void stop_listening(struct http_server *server)
{
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
}

/* Who still waits in the socket; when nobody does it is closed. */
static void take_the_last_ones(struct http_server *server)
{
    int fd =
        accept4(evconnlistener_get_fd(server->listener), NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        stop_listening(server);
        return;
    }
    server->is_taken = true;
    server->stats.connections++;
    http_connection_open(server, fd);
}

void http_server_is_free(struct http_server *server)
{
    if (!server->is_taken)
        return;
    server->is_taken = false;
    if (server->listener == NULL)
        return;
    if (server->is_draining)
        loop_alarm_set(server->pause, 0);
    else
        (void)evconnlistener_enable(server->listener);
}

/* Mostly no descriptors: trying again at once would spin, since the socket stays readable. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
    const struct http_server *server = context;

    (void)evconnlistener_disable(listener);
    loop_alarm_set(server->pause, ACCEPT_PAUSE_NS);
}

static void accept_again(void *context)
{
    struct http_server *server = context;

    if (server->listener == NULL || server->is_taken)
        return;
    if (server->is_draining)
        take_the_last_ones(server);
    else
        (void)evconnlistener_enable(server->listener);
}

static void take_turns(void *context)
{
    http_connections_take_turns(context);
}

/* ---- The server ------------------------------------------------------------------------------ */

struct http_server_config http_server_defaults(void)
{
    return (struct http_server_config){
        .connections_max = 4096,
        .head_max = 8 * 1024,
        .body_max = HTTP_BODY_MAX,
        .memory_max = (size_t)32 * 1024 * 1024,
        .arrive_ns = UINT64_C(10000000000),
        .idle_ns = UINT64_C(60000000000),
        .leave_ns = UINT64_C(10000000000),
        .listens = -1,
    };
}

uint16_t http_listens_on(int listening)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;

    check(getsockname(listening, (struct sockaddr *)&bound, &length) == 0);
    if (bound.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)(void *)&bound)->sin6_port);
    return ntohs(((struct sockaddr_in *)(void *)&bound)->sin_port);
}

int http_listen(const struct address *address, int backlog, char why[static 160])
{
    struct http_place_on_net place;
    int one = 1, fd;

    if (!address_resolve(address, &place, why))
        return -1;
    fd = socket(place.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(fd, (struct sockaddr *)&place.address, (socklen_t)place.length) == 0 &&
        listen(fd, backlog) == 0)
        return fd;
    (void)snprintf(why, 160, "cannot listen on %s port %u: %s", address->host, address->port,
                   strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* Whether it listens. */
static bool server_listen(struct http_server *server, char why[static 160])
{
    const unsigned options = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    int fd = server->config.listens;

    if (fd < 0)
        fd = http_listen(&server->config.listen, BACKLOG, why);
    if (fd < 0)
        return false;
    server->port = http_listens_on(fd);
    server->listener = evconnlistener_new(server->loop->base, accepted, server, options, 0, fd);
    if (server->listener == NULL) {
        (void)snprintf(why, 160, "libevent does not take the socket that listens");
        (void)close(fd);
        return false;
    }
    evconnlistener_set_error_cb(server->listener, accept_failed);
    return true;
}

struct http_server *http_server_open(struct loop *loop, const struct http_server_config *config,
                                     void (*handle)(void *context, struct http_request *request),
                                     void *context, char why[static 160])
{
    struct http_server *server = calloc(1, sizeof *server);

    check(server != NULL);
    check(config->head_max > 0 && config->connections_max > 0);
    *server =
        (struct http_server){.loop = loop, .config = *config, .handle = handle, .context = context};
    list_init(&server->open);
    list_init(&server->spare);
    list_init(&server->ready);
    if (!server_listen(server, why)) {
        free(server);
        return NULL;
    }
    server->turn = loop_alarm(loop, take_turns, server);
    server->pause = loop_alarm(loop, accept_again, server);
    return server;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

const struct http_server_stats *http_server_stats(const struct http_server *server)
{
    return &server->stats;
}

void http_server_drain(struct http_server *server)
{
    struct link *link = server->open.head.next;

    server->is_draining = true;
    if (!server->config.takes_one_by_one)
        stop_listening(server);
    else if (server->listener != NULL && !server->is_taken)
        take_the_last_ones(server);
    while (link != &server->open.head) {
        struct connection *connection = list_entry(link, struct connection, link);

        link = link->next;
        http_connection_drain(connection);
    }
}

void http_server_close(struct http_server *server)
{
    struct link *link;

    http_server_drain(server);
    stop_listening(server);
    while ((link = list_first(&server->open)) != NULL)
        http_connection_close(list_entry(link, struct connection, link));
    while ((link = list_take_first(&server->spare)) != NULL)
        http_connection_free(list_entry(link, struct connection, link));
    loop_alarm_free(server->turn);
    loop_alarm_free(server->pause);
    free(server);
}
