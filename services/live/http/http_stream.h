/* http_stream.h — A socket, what has come from it and what still has to leave: inside http only.
 *
 * The house reads and writes its sockets itself and leaves only the waiting to libevent. A
 * bufferevent costs per message an ioctl (FIONREAD), a copy, and two changes of what epoll watches,
 * because it writes only from the loop; here a message is one read and one writev, and the loop
 * hears of a write only when the other side does not take it at once. It also moves its input as it
 * grows; here the bytes of a request stay where they are until it has been answered, so that the
 * spans of struct http_request can be lent.
 *
 * The buffer grows as bytes come: to twice of it, or to what the socket holds already; and never
 * because a Content-Length promised some. */
#ifndef SERVICES_LIVE_HTTP_HTTP_STREAM_H
#define SERVICES_LIVE_HTTP_HTTP_STREAM_H

#include <sys/socket.h>

#include "services/live/http/http.h"

struct event;

struct http_stream {
    int fd; /* -1: closed. */
    struct event *readable, *writable;
    char *bytes; /* What has come and is wanted still: from … to. */
    uint32_t from, to, capacity;
    bool is_reading, gives_way;
    char *out; /* What must leave still: out_from … out_to, and the spaces behind it. */
    size_t out_from, out_to, out_capacity;
    uint32_t out_filler;
};

enum http_flow {
    HTTP_FLOWS,  /* Read: some bytes came. Send: all has left. */
    HTTP_WAITS,  /* The other side gives, or takes, no more now. */
    HTTP_FULL,   /* Read: there is no room for more. */
    HTTP_ENDED,  /* Read: the other side sends no more. It may still read. */
    HTTP_SEVERED /* The connection is gone. */
};

/* Takes fd (which becomes non-blocking, without Nagle's delay, and closed in children). `wake` runs
 * with EV_READ or EV_WRITE; nothing is watched yet. The stream is zeroed before its first use. */
void http_stream_open(struct http_stream *stream, struct loop *loop, int fd,
                      void (*wake)(int fd, short events, void *context), void *context);
void http_stream_close(struct http_stream *stream);  /* fd; the memory stays, for the next one. */
void http_stream_shrink(struct http_stream *stream); /* Closed: gives large buffers back. */
void http_stream_free(struct http_stream *stream);

/* What has come, in a buffer that is now the caller's to free; NULL: it is not too large to be kept
 * by a stream that stays, or by one that is to be closed. */
char *http_stream_take_bytes(struct http_stream *stream, bool stays);

/* Whether to be woken when there is something to read. */
void http_stream_watch(struct http_stream *stream, bool is_reading);
void http_stream_watch_write(struct http_stream *stream);

/* Whether its bytes may wait until nobody else has any. Where it cannot be said just now (the
 * wake-up is on its way) it stays as it was, and may be said again. */
void http_stream_gives_way(struct http_stream *stream, bool gives_way);

/* One read, to behind what is there. `most`: so many bytes may be there at once; beyond it, and
 * where the bytes must stay (`stays`) beyond what room there is, HTTP_FULL. */
enum http_flow http_stream_read(struct http_stream *stream, uint32_t most, bool stays);

/* Whether the next read, of one that must not stay, wants a larger buffer than the first one. */
bool http_stream_wants_more(const struct http_stream *stream);

/* What it has beyond a first buffer, in bytes. */
size_t http_stream_excess(const struct http_stream *stream);

/* The first `length` bytes are no longer wanted. */
void http_stream_drop(struct http_stream *stream, uint32_t length);

/* Nothing may be waiting to leave. On HTTP_WAITS the stream has copied the rest, and wakes its
 * owner when it may try http_stream_flush. */
enum http_flow http_stream_send(struct http_stream *stream, struct span head, struct span body,
                                uint32_t filler);
enum http_flow http_stream_flush(struct http_stream *stream);
bool http_stream_has_left(const struct http_stream *stream);

/* ---- Deadlines ------------------------------------------------------------------------------- */

/* An absolute deadline that is moved with every message and hardly ever comes: the alarm below it
 * is only set anew when it would ring too late, and one that rings too early sets itself again. */
struct http_deadline {
    struct loop *loop;
    struct event *alarm;
    uint64_t due_ns;   /* 0: none. */
    uint64_t rings_ns; /* 0: the alarm is not set. */
};

void http_deadline_open(struct http_deadline *deadline, struct loop *loop,
                        void (*fire)(void *context), void *context);
void http_deadline_free(struct http_deadline *deadline);
void http_deadline_set(struct http_deadline *deadline, uint64_t delay_ns); /* UINT64_MAX: none. */
void http_deadline_stop(struct http_deadline *deadline);     /* No wake-up is left behind. */
bool http_deadline_has_come(struct http_deadline *deadline); /* To be asked first in `fire`. */

/* ---- Where an address is --------------------------------------------------------------------- */

struct http_place_on_net {
    struct sockaddr_storage address;
    socklen_t length;
};

/* Through getaddrinfo, which may block on a name: for start-up. IPv4 is preferred, since
 * "localhost" is both. False, and `why`: the name means nothing. */
bool address_resolve(const struct address *address, struct http_place_on_net *place,
                     char why[static 160]);

#endif
