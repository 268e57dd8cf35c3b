/* memcached_watch.c — Is the server there? An idle connection of the loop's says so at once.
 *
 *     CONNECTING --accepted--> THERE --its end------------------+
 *       ^    |                                                  |
 *       |    +--refused, or not there for 5 s--+                |
 *       |                                      v                |
 *       +--the pause (backoff) has passed-- WAITING <-----------+
 *       |                                    |   ^
 *       +-- found, LOOKING FOR ITS ADDRESS <-+   |
 *                         +--there is none-------+
 *
 * Workers are blocked in their commands or asleep: an idle one would learn of its connection's end
 * from the next command, which then may or may not have happened. Nothing is ever sent here. The
 * pause doubles from 50 ms to 1 s and is short again once a connection has come about. */
#define _GNU_SOURCE
#include "services/live/memcached/memcached_inside.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "services/live/loop/lookup.h"

static const uint64_t backoff_min_ns = 50000000, backoff_max_ns = 1000000000;
static const struct timeval patience = {.tv_sec = 5};

/* ---- Connecting ------------------------------------------------------------------------------ */

static int begin(int family, const struct sockaddr *where, socklen_t length)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, where, length) != 0 && errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int begin_unix(const char *path)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};

    snprintf(where.sun_path, sizeof where.sun_path, "%.107s", path);
    return begin(AF_UNIX, (const struct sockaddr *)&where, sizeof where);
}

static int begin_inet(const char *number, int port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *where;
    char port_text[16];
    int fd;

    snprintf(port_text, sizeof port_text, "%d", port);
    if (getaddrinfo(number, port_text, &hints, &where) != 0)
        return -1;
    fd = begin(where->ai_family, where->ai_addr, where->ai_addrlen);
    freeaddrinfo(where);
    return fd;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static void forget_connection(struct memcached_watch *watch)
{
    if (watch->event != NULL)
        event_free(watch->event);
    if (watch->fd >= 0)
        close(watch->fd);
    watch->event = NULL;
    watch->fd = -1;
}

static void wait_and_retry(struct memcached_live *memcached)
{
    struct memcached_watch *watch = &memcached->watch;

    forget_connection(watch);
    loop_alarm_set(watch->retry, watch->backoff_ns);
    watch->backoff_ns *= 2;
    if (watch->backoff_ns > backoff_max_ns)
        watch->backoff_ns = backoff_max_ns;
    memcached_is_away(memcached);
}

static void on_event(evutil_socket_t fd, short events, void *context);

static void listen_for(struct memcached_live *memcached, short events,
                       const struct timeval *at_most)
{
    struct memcached_watch *watch = &memcached->watch;

    if (watch->event != NULL)
        event_free(watch->event);
    watch->event = event_new(memcached->loop->base, watch->fd, events, on_event, memcached);
    check(watch->event != NULL && event_add(watch->event, at_most) == 0);
}

static bool has_connected(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

static void on_event(evutil_socket_t fd, short events, void *context)
{
    struct memcached_live *memcached = context;
    struct memcached_watch *watch = &memcached->watch;

    loop_enter(memcached->loop);
    if (watch->is_connecting && events & EV_WRITE && has_connected(fd)) {
        watch->is_connecting = false;
        watch->backoff_ns = backoff_min_ns;
        listen_for(memcached, EV_READ, NULL); /* Nobody asks here, so only its end is to come. */
        memcached_is_there(memcached);
    } else {
        wait_and_retry(memcached);
    }
}

static void connect_to(struct memcached_live *memcached, const char *where)
{
    const struct store_address *address = &memcached->address;
    struct memcached_watch *watch = &memcached->watch;

    watch->is_connecting = true;
    watch->fd = address->is_path ? begin_unix(where) : begin_inet(where, address->port);
    if (watch->fd < 0)
        wait_and_retry(memcached);
    else
        listen_for(memcached, EV_WRITE, &patience);
}

static void looked_up(void *context, const char *number)
{
    struct memcached_live *memcached = context;

    memcached->watch.lookup = NULL;
    if (number == NULL)
        wait_and_retry(memcached);
    else
        connect_to(memcached, number);
}

/* A memcached that was started anew may have another address by the same name. */
static void try_to_connect(void *context)
{
    struct memcached_live *memcached = context;
    const struct store_address *address = &memcached->address;
    struct memcached_watch *watch = &memcached->watch;

    if (address->is_path || !lookup_is_needed(address->text)) {
        connect_to(memcached, address->text);
        return;
    }
    watch->lookup =
        lookup_begin(memcached->loop, address->text, watch->lookups++, looked_up, memcached);
    if (watch->lookup == NULL)
        wait_and_retry(memcached);
}

void memcached_watch_open(struct memcached_live *memcached)
{
    struct memcached_watch *watch = &memcached->watch;

    *watch = (struct memcached_watch){.fd = -1, .backoff_ns = backoff_min_ns};
    watch->retry = loop_alarm(memcached->loop, try_to_connect, memcached);
    try_to_connect(memcached);
}

void memcached_watch_close(struct memcached_live *memcached)
{
    lookup_forget(memcached->watch.lookup);
    forget_connection(&memcached->watch);
    loop_alarm_free(memcached->watch.retry);
}
