/* threads.c — A bell is an eventfd: a number that grows by rings and is 0 again once it is read. */
#define _GNU_SOURCE
#include "services/live/loop/threads.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

bool thread_begin(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *context),
                  void *context)
{
    sigset_t all, before;
    int error;

    sigfillset(&all);
    check(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    error = pthread_create(thread, attributes, run, context);
    check(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    errno = error;
    return error == 0;
}

static void hear(evutil_socket_t fd, short events, void *context)
{
    const struct bell *bell = context;
    uint64_t rings;

    (void)events;
    loop_enter(bell->loop);
    while (read(fd, &rings, sizeof rings) < 0 && errno == EINTR)
        ;
    bell->rung(bell->context);
}

bool bell_open(struct bell *bell, struct loop *loop, void (*rung)(void *context), void *context)
{
    *bell = (struct bell){.loop = loop,
                          .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                          .rung = rung,
                          .context = context};
    if (bell->fd < 0)
        return false;
    bell->event = event_new(loop->base, bell->fd, EV_READ | EV_PERSIST, hear, bell);
    check(bell->event != NULL && event_add(bell->event, NULL) == 0);
    return true;
}

void bell_close(struct bell *bell)
{
    if (bell->event != NULL)
        event_free(bell->event);
    if (bell->fd >= 0)
        close(bell->fd);
}

void bell_ring(const struct bell *bell)
{
    const uint64_t one = 1;

    while (write(bell->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}
