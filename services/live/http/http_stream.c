/* http_stream.c — Reads, writes and deadlines of one connection.
 *
 *   send: writev ──all──> done
 *            └──the socket is full──> a copy of the rest, and a wake-up ──> flush … ──> done
 *
 * A read asks the kernel once per wake-up, for what there is room for: libevent's wake-ups are by
 * level, so what is left over wakes again, after everybody else had a turn. */
#define _GNU_SOURCE
#include "services/live/http/http_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <event2/event.h>

enum {
    STREAM_FIRST = 1024,      /* Bytes of a buffer that is new. */
    STREAM_KEEPS = 64 * 1024, /* A larger one is not kept for the next message. */
    PARTS_MAX = 18
};

#define SPACES_64 "                                                                "
#define SPACES_512 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64 SPACES_64
#define SPACES_4096                                                                                \
    SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512 SPACES_512
static const char spaces[] = SPACES_4096;

/* ---- Life ------------------------------------------------------------------------------------ */

static void assign(struct event **event, struct event_base *base, int fd, short events,
                   event_callback_fn wake, void *context)
{
    if (*event == NULL) {
        *event = event_new(base, fd, events, wake, context);
        check(*event != NULL);
    } else {
        check(event_assign(*event, base, fd, events, wake, context) == 0);
    }
}

void http_stream_open(struct http_stream *stream, struct loop *loop, int fd,
                      void (*wake)(int fd, short events, void *context), void *context)
{
    int yes = 1;

    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    stream->fd = fd;
    stream->is_reading = stream->gives_way = false;
    stream->from = stream->to = 0;
    stream->out_from = stream->out_to = stream->out_filler = 0;
    assign(&stream->readable, loop->base, fd, EV_READ | EV_PERSIST, wake, context);
    assign(&stream->writable, loop->base, fd, EV_WRITE, wake, context);
}

void http_stream_close(struct http_stream *stream)
{
    (void)event_del(stream->readable);
    (void)event_del(stream->writable);
    (void)close(stream->fd);
    stream->fd = -1;
}

char *http_stream_take_bytes(struct http_stream *stream, bool stays)
{
    char *bytes = stream->bytes;

    if (stream->capacity <= (stays ? STREAM_KEEPS : STREAM_FIRST))
        return NULL;
    stream->bytes = NULL;
    stream->capacity = stream->from = stream->to = 0;
    return bytes;
}

void http_stream_shrink(struct http_stream *stream)
{
    free(http_stream_take_bytes(stream, false));
    if (stream->out_capacity > STREAM_FIRST) {
        free(stream->out);
        stream->out = NULL;
        stream->out_capacity = stream->out_from = stream->out_to = 0;
    }
}

void http_stream_free(struct http_stream *stream)
{
    if (stream->readable != NULL)
        event_free(stream->readable);
    if (stream->writable != NULL)
        event_free(stream->writable);
    free(stream->bytes);
    free(stream->out);
}

void http_stream_watch(struct http_stream *stream, bool is_reading)
{
    if (is_reading == stream->is_reading)
        return;
    stream->is_reading = is_reading;
    check((is_reading ? event_add(stream->readable, NULL) : event_del(stream->readable)) == 0);
}

void http_stream_gives_way(struct http_stream *stream, bool gives_way)
{
    if (gives_way != stream->gives_way && loop_gives_way(stream->readable, gives_way))
        stream->gives_way = gives_way;
}

void http_stream_watch_write(struct http_stream *stream)
{
    check(event_add(stream->writable, NULL) == 0);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void resize(struct http_stream *stream, uint32_t capacity)
{
    char *bytes = realloc(stream->bytes, capacity);

    check(bytes != NULL);
    stream->bytes = bytes;
    stream->capacity = capacity;
}

/* For what has come already, and at least twice of what there was. */
static uint32_t larger_capacity(const struct http_stream *stream)
{
    int waiting = 0;

    if (stream->capacity == 0)
        return STREAM_FIRST;
    if (ioctl(stream->fd, FIONREAD, &waiting) != 0 || waiting < (int)stream->capacity)
        return 2 * stream->capacity;
    return stream->capacity + (uint32_t)waiting;
}

/* Makes room behind what is there, by moving it to the front or by a larger buffer. */
static void make_room(struct http_stream *stream, uint32_t most)
{
    uint32_t length = stream->to - stream->from;
    uint32_t capacity = stream->capacity;

    if (length == 0 && capacity > STREAM_KEEPS)
        resize(stream, STREAM_FIRST);
    if (stream->from > 0) {
        memmove(stream->bytes, stream->bytes + stream->from, length);
        stream->from = 0;
        stream->to = length;
    }
    if (stream->to < stream->capacity || length >= most)
        return;
    capacity = larger_capacity(stream);
    resize(stream, capacity < most || capacity == STREAM_FIRST ? capacity : most);
}

enum http_flow http_stream_read(struct http_stream *stream, uint32_t most, bool stays)
{
    ssize_t got;

    if (!stays && (stream->to == stream->capacity || stream->from == stream->to))
        make_room(stream, most);
    if (stream->to == stream->capacity)
        return HTTP_FULL;
    got = recv(stream->fd, stream->bytes + stream->to, stream->capacity - stream->to, 0);
    if (got > 0) {
        stream->to += (uint32_t)got;
        return HTTP_FLOWS;
    }
    if (got == 0)
        return HTTP_ENDED;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? HTTP_WAITS : HTTP_SEVERED;
}

bool http_stream_wants_more(const struct http_stream *stream)
{
    return stream->from == 0 && stream->to == stream->capacity && stream->to > 0;
}

size_t http_stream_excess(const struct http_stream *stream)
{
    return stream->capacity > STREAM_FIRST ? stream->capacity - STREAM_FIRST : 0;
}

void http_stream_drop(struct http_stream *stream, uint32_t length)
{
    check(length <= stream->to - stream->from);
    stream->from += length;
    if (stream->from == stream->to)
        stream->from = stream->to = 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int lay_out(struct iovec parts[static PARTS_MAX], struct span head, struct span body,
                   uint32_t filler)
{
    int n = 0;

    if (head.length > 0)
        parts[n++] = (struct iovec){(void *)(uintptr_t)head.bytes, head.length};
    if (body.length > 0)
        parts[n++] = (struct iovec){(void *)(uintptr_t)body.bytes, body.length};
    for (size_t length; filler > 0 && n < PARTS_MAX; filler -= (uint32_t)length) {
        length = filler < sizeof spaces - 1 ? filler : sizeof spaces - 1;
        parts[n++] = (struct iovec){(void *)(uintptr_t)spaces, length};
    }
    return n;
}

static void take(struct span *span, size_t *gone)
{
    size_t length = *gone < span->length ? *gone : span->length;

    span->bytes += length;
    span->length -= length;
    *gone -= length;
}

/* Shortens all three by what has left. */
static enum http_flow push(int fd, struct span *head, struct span *body, uint32_t *filler)
{
    while (head->length + body->length + *filler > 0) {
        struct iovec parts[PARTS_MAX];
        ssize_t written = writev(fd, parts, lay_out(parts, *head, *body, *filler));
        size_t gone = written < 0 ? 0 : (size_t)written;

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? HTTP_WAITS : HTTP_SEVERED;
        take(head, &gone);
        take(body, &gone);
        *filler -= (uint32_t)gone;
    }
    return HTTP_FLOWS;
}

static void keep(struct http_stream *stream, struct span span)
{
    if (span.length == 0)
        return;
    if (stream->out_capacity < stream->out_to + span.length) {
        stream->out_capacity = stream->out_to + span.length;
        stream->out = realloc(stream->out, stream->out_capacity);
        check(stream->out != NULL);
    }
    memcpy(stream->out + stream->out_to, span.bytes, span.length);
    stream->out_to += span.length;
}

enum http_flow http_stream_send(struct http_stream *stream, struct span head, struct span body,
                                uint32_t filler)
{
    enum http_flow flow;

    check(http_stream_has_left(stream));
    flow = push(stream->fd, &head, &body, &filler);
    if (flow != HTTP_WAITS)
        return flow;
    stream->out_from = stream->out_to = 0;
    keep(stream, head);
    keep(stream, body);
    stream->out_filler = filler;
    http_stream_watch_write(stream);
    return HTTP_WAITS;
}

enum http_flow http_stream_flush(struct http_stream *stream)
{
    struct span out = {stream->out + stream->out_from, stream->out_to - stream->out_from};
    struct span none = {NULL, 0};
    enum http_flow flow = push(stream->fd, &out, &none, &stream->out_filler);

    stream->out_from = stream->out_to - out.length;
    if (flow == HTTP_WAITS)
        http_stream_watch_write(stream);
    else if (stream->out_capacity > STREAM_KEEPS) {
        free(stream->out);
        stream->out = NULL;
        stream->out_capacity = stream->out_from = stream->out_to = 0;
    }
    return flow;
}

bool http_stream_has_left(const struct http_stream *stream)
{
    return stream->out_from == stream->out_to && stream->out_filler == 0;
}

/* ---- Deadlines ------------------------------------------------------------------------------- */

void http_deadline_open(struct http_deadline *deadline, struct loop *loop,
                        void (*fire)(void *context), void *context)
{
    *deadline = (struct http_deadline){.loop = loop, .alarm = loop_alarm(loop, fire, context)};
}

void http_deadline_free(struct http_deadline *deadline)
{
    loop_alarm_free(deadline->alarm);
}

void http_deadline_set(struct http_deadline *deadline, uint64_t delay_ns)
{
    uint64_t now_ns = loop_now_ns(deadline->loop);

    if (delay_ns >= UINT64_MAX - now_ns) {
        deadline->due_ns = 0;
        return;
    }
    deadline->due_ns = now_ns + delay_ns;
    if (deadline->rings_ns == 0 || deadline->due_ns < deadline->rings_ns) {
        loop_alarm_set(deadline->alarm, delay_ns);
        deadline->rings_ns = deadline->due_ns;
    }
}

void http_deadline_stop(struct http_deadline *deadline)
{
    if (deadline->rings_ns > 0)
        loop_alarm_clear(deadline->alarm);
    deadline->due_ns = deadline->rings_ns = 0;
}

bool http_deadline_has_come(struct http_deadline *deadline)
{
    uint64_t now_ns = loop_now_ns(deadline->loop);
    uint64_t due_ns = deadline->due_ns;

    deadline->rings_ns = 0;
    if (due_ns == 0)
        return false;
    if (due_ns <= now_ns) {
        deadline->due_ns = 0;
        return true;
    }
    http_deadline_set(deadline, due_ns - now_ns);
    return false;
}
