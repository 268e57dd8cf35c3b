/* lookup.c — One thread per name, which knows nothing but the name and a socket.
 *
 *     lookup_begin -> thread: getaddrinfo -> number, or nothing -> its end of the socket closes
 *                       loop: number, or the end -> found
 *
 * The thread cannot be stopped, and nobody waits for it: who forgets it closes the other end. */
#define _GNU_SOURCE
#include "services/live/loop/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

struct lookup {
    struct loop *loop;
    struct event *event;
    int fd;
    void (*found)(void *context, const char *number);
    void *context;
};

struct errand { /* The thread's own. */
    int fd;
    char host[256];
};

/* ---- The thread ------------------------------------------------------------------------------ */

static bool look_up(const char *host, int family, char number[INET6_ADDRSTRLEN])
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *all;
    bool is_found;

    if (getaddrinfo(host, NULL, &hints, &all) != 0)
        return false;
    is_found = getnameinfo(all->ai_addr, all->ai_addrlen, number, INET6_ADDRSTRLEN, NULL, 0,
                           NI_NUMERICHOST) == 0;
    freeaddrinfo(all);
    return is_found;
}

static void *run(void *argument)
{
    struct errand *errand = argument;
    char number[INET6_ADDRSTRLEN];

    if (look_up(errand->host, AF_INET, number) || look_up(errand->host, AF_INET6, number))
        (void)!send(errand->fd, number, strlen(number), MSG_NOSIGNAL);
    close(errand->fd);
    free(errand);
    return NULL;
}

/* Signals are the loop's. */
static bool start(struct errand *errand)
{
    pthread_attr_t detached;
    pthread_t thread;
    sigset_t all, before;
    bool has_begun;

    sigfillset(&all);
    if (pthread_attr_init(&detached) != 0)
        return false;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    has_begun = pthread_create(&thread, &detached, run, errand) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return has_begun;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void on_end(evutil_socket_t fd, short events, void *context)
{
    struct lookup *lookup = context;
    void (*found)(void *, const char *) = lookup->found;
    void *whose = lookup->context;
    char number[INET6_ADDRSTRLEN];
    ssize_t length = recv(fd, number, sizeof number - 1, 0);

    (void)events;
    loop_enter(lookup->loop);
    number[length > 0 ? length : 0] = '\0';
    lookup_forget(lookup);
    found(whose, length > 0 ? number : NULL);
}

struct lookup *lookup_begin(struct loop *loop, const char *host,
                            void (*found)(void *context, const char *number), void *context)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    struct errand *errand = calloc(1, sizeof *errand);
    int ends[2] = {-1, -1};

    check(lookup != NULL && errand != NULL && strlen(host) < sizeof errand->host);
    *lookup = (struct lookup){.loop = loop, .fd = -1, .found = found, .context = context};
    strcpy(errand->host, host);
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
