/* lookup.c — One thread per name, which knows nothing but the name and a socket.
 *
 *     lookup_begin -> thread: getaddrinfo -> number, or nothing -> its end of the socket closes
 *                       loop: number, or the end -> found
 *
 * The thread cannot be stopped, and nobody waits for it: who forgets it closes the other end. */
#define _GNU_SOURCE
#include "services/live/loop/lookup.h"
#include "services/live/loop/threads.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

enum { NUMBER_BYTES = INET6_ADDRSTRLEN + 20 }; /* With an interface ("fe80::1%eth0"). */

struct lookup {
    struct loop *loop;
    struct event *event;
    int fd;
    void (*found)(void *context, const char *number);
    void *context;
};

struct errand { /* The thread's own. */
    int fd;
    uint32_t nth;
    char host[256];
};

/* ---- The thread ------------------------------------------------------------------------------ */

static uint32_t count(const struct addrinfo *all, int family)
{
    uint32_t number = 0;

    for (; all != NULL; all = all->ai_next)
        number += all->ai_family == family;
    return number;
}

static const struct addrinfo *choose(const struct addrinfo *all, uint32_t nth)
{
    uint32_t v4_max = count(all, AF_INET), v6_max = count(all, AF_INET6);
    int family;

    if (v4_max + v6_max == 0)
        return NULL;
    nth %= v4_max + v6_max;
    family = nth < v4_max ? AF_INET : AF_INET6;
    nth -= nth < v4_max ? 0 : v4_max;
    for (; all->ai_family != family || nth > 0; all = all->ai_next)
        nth -= all->ai_family == family;
    return all;
}

static bool look_up(const struct errand *errand, char number[NUMBER_BYTES])
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *chosen;
    struct addrinfo *all;
    bool is_found;

    if (getaddrinfo(errand->host, NULL, &hints, &all) != 0)
        return false;
    chosen = choose(all, errand->nth);
    is_found = chosen != NULL && getnameinfo(chosen->ai_addr, chosen->ai_addrlen, number,
                                             NUMBER_BYTES, NULL, 0, NI_NUMERICHOST) == 0;
    freeaddrinfo(all);
    return is_found;
}

static void *run(void *argument)
{
    struct errand *errand = argument;
    char number[NUMBER_BYTES];

    if (look_up(errand, number))
        (void)!send(errand->fd, number, strlen(number), MSG_NOSIGNAL);
    close(errand->fd);
    free(errand);
    return NULL;
}

static bool start(struct errand *errand)
{
    pthread_attr_t detached;
    pthread_t thread;
    bool has_begun;

    if (pthread_attr_init(&detached) != 0)
        return false;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    has_begun = thread_begin(&thread, &detached, run, errand);
    pthread_attr_destroy(&detached);
    return has_begun;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void on_end(evutil_socket_t fd, short events, void *context)
{
    struct lookup *lookup = context;
    void (*found)(void *, const char *) = lookup->found;
    void *whose = lookup->context;
    char number[NUMBER_BYTES];
    ssize_t length = recv(fd, number, sizeof number - 1, 0);

    (void)events;
    loop_enter(lookup->loop);
    number[length > 0 ? length : 0] = '\0';
    lookup_forget(lookup);
    found(whose, length > 0 ? number : NULL);
}

struct lookup *lookup_begin(struct loop *loop, const char *host, uint32_t nth,
                            void (*found)(void *context, const char *number), void *context)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    struct errand *errand = calloc(1, sizeof *errand);
    int ends[2] = {-1, -1};

    check(lookup != NULL && errand != NULL && strlen(host) < sizeof errand->host);
    *lookup = (struct lookup){.loop = loop, .fd = -1, .found = found, .context = context};
    strcpy(errand->host, host);
    errand->nth = nth;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        lookup->fd = ends[0];
        errand->fd = ends[1];
        lookup->event = event_new(loop->base, ends[0], EV_READ, on_end, lookup);
        check(lookup->event != NULL && event_add(lookup->event, NULL) == 0);
        if (start(errand))
            return lookup;
        close(ends[1]);
    }
    free(errand);
    lookup_forget(lookup);
    return NULL;
}

void lookup_forget(struct lookup *lookup)
{
    if (lookup == NULL)
        return;
    if (lookup->event != NULL)
        event_free(lookup->event);
    if (lookup->fd >= 0)
        close(lookup->fd);
    free(lookup);
}

bool lookup_is_needed(const char *host)
{
    unsigned char number[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, number) != 1 && inet_pton(AF_INET6, host, number) != 1;
}
