/* http.h — HTTP/1.1 on libevent's loop: a server and a client, strict and bounded.
 *
 * One stack for the services, the balancer and the driver. It is ours and not evhttp's because a
 * balancer of evhttp on both sides costs twice as much as one of our own (measured), and because
 * evhttp has no defence against slow senders. What it understands is what sim's own API needs, and
 * it refuses the rest:
 *
 *   request   METHOD SP target SP HTTP/1.1|1.0, headers, Content-Length body; no chunked bodies,
 *             no Expect, no upgrade, no obs-fold, no bare LF, no duplicate Content-Length, no
 *             Content-Length beside Transfer-Encoding (http_parse.h says which status each gets;
 *             the connection closes)
 *   pipelining requests of one connection are answered in order, one inside at a time, and the
 *             next is read only when the answer before it has left
 *   limits    head 8 kB, body 256 kB, connections; a request must be whole `arrive_ns` after its
 *             first byte (408), and the next one must begin within `idle_ns`: absolute deadlines,
 *             which a byte per second does not move; an answer must be taken within `leave_ns`
 *   memory    requests that are longer than a first buffer of 1 kB share `memory_max`; who wants
 *             more when it is gone is told 503, so that a thousand large bodies that never end do
 *             not take the machine, and short requests are served meanwhile
 *
 * Answers carry no Date: no cache reads them. All on the loop's thread. Nothing is called back
 * inside http_ask, http_reply or http_*_open. Both sides read and write their sockets themselves
 * (http_stream.h says why) and leave the waiting to libevent. */
#ifndef SERVICES_LIVE_HTTP_HTTP_H
#define SERVICES_LIVE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/live/loop/loop.h"

enum { HTTP_BODY_MAX = 256 * 1024 }; /* Of requests by default, and of answers. */

struct address {
    char host[64]; /* A name or a number, IPv6 without its brackets; "" is nobody. */
    uint16_t port;
};

/* "HOST:PORT", "[::1]:PORT". False: it is neither. */
bool address_read(struct address *address, const char *text);
bool address_is_loopback(const struct address *address);

struct span { /* Bytes that belong to somebody else. */
    const char *bytes;
    size_t length;
};

/* HTTP_OTHER: PATCH and OPTIONS, which a handler answers with 405. */
enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OTHER };

/* ---- The server ------------------------------------------------------------------------------ */

struct http_server;

struct http_request { /* The server's; the handler borrows it until it replies. */
    enum http_method method;
    struct span path;  /* Without the query, as sent. */
    struct span query; /* Behind the '?'; may be empty. */
    struct span body;
    struct span head; /* All header lines, for http_header. */
    void *inside;     /* The server's. */
    void *context;    /* The handler's own note. */
};

/* The value of a header by its name in any case, without spaces around it; NULL bytes: none. */
struct span http_header(const struct http_request *request, const char *name);

struct http_server_config {
    struct address listen;    /* Port 0: any free one. */
    uint32_t connections_max; /* One more is told 503 and closed. */
    uint32_t head_max, body_max;
    size_t memory_max; /* Bytes of all buffers that are larger than the first one. */
    uint64_t arrive_ns, idle_ns, leave_ns;
    int listens; /* A listening socket, which becomes the server's; below 0: it makes its own. */
    /* The next connection is taken when the last one has had its answer, which closes it: who comes
     * meanwhile waits in the socket, where another process may take it. */
    bool takes_one_by_one;
};

/* A socket that listens there, and does not block. Below 0, with the reason in `why`. */
int http_listen(const struct address *listen, int backlog, char why[static 160]);
uint16_t http_listens_on(int listening);

/* 8 kB, 256 kB, 32 MB, 4096 connections; 10 s, 60 s, 10 s; a socket of its own. */
struct http_server_config http_server_defaults(void);

/* handle runs once for each whole request, from the loop. NULL, with the reason in `why`, when the
 * address cannot be listened on. */
struct http_server *http_server_open(struct loop *loop, const struct http_server_config *config,
                                     void (*handle)(void *context, struct http_request *request),
                                     void *context, char why[static 160]);
uint16_t http_server_port(const struct http_server *server);

/* Exactly once per request, in the handler or any time later, also after the client has gone; the
 * request is the server's again. body is copied, and may be the request's own. `filler` bytes of
 * spaces follow it. */
void http_reply(struct http_request *request, unsigned status, const char *type, struct span body,
                uint32_t filler);

/* No new connections; those there are close after their answer. One that takes them one by one
 * serves what waits in the socket first. */
void http_server_drain(struct http_server *server);
void http_server_close(struct http_server *server); /* Requests not replied to are dropped. Not
                                                       from a handler. */

struct http_server_stats {
    /* Since the start. refused: beyond the cap or memory_max; too_slow: to send or to take. */
    uint64_t connections, requests, refused, malformed, too_slow;
    uint32_t open; /* Connections now. */
};
const struct http_server_stats *http_server_stats(const struct http_server *server);

/* ---- The client ------------------------------------------------------------------------------ */

enum http_end {
    HTTP_ANSWERED,
    HTTP_TIMEOUT, /* The connection was closed on it. Also while it was being made. */
    HTTP_REFUSED, /* No connection could be made: it certainly did not happen. */
    HTTP_BROKEN   /* The connection broke, or the answer was not HTTP. */
};

struct http_exchange { /* Embedded by who asks; the client's from http_ask until done. */
    void (*done)(struct http_exchange *exchange);
    uint32_t filler; /* Set before it is asked: so many spaces follow the text. */
    enum http_end end;
    unsigned status;  /* Of HTTP_ANSWERED. */
    struct span body; /* Borrowed until done returns; its length is the size with the filler. */
    void *inside[4];  /* The client's. */
};

struct http_client;

/* Keep-alive connections to one address, as many as there are exchanges under way, at most
 * connections_max; beyond it an exchange is refused. A connection that the server closed while it
 * was idle is replaced, and the exchange that met it is sent once more if no byte of an answer had
 * come and `is_repeatable`. NULL: the host's name means nothing. A name is looked up once, here,
 * which may block: at start-up, or on a number. */
struct http_client *http_client_open(struct loop *loop, const struct address *to,
                                     uint32_t connections_max);
/* Exchanges under way never end. May be called in a `done`, whose borrowed body ends with it. */
void http_client_close(struct http_client *client);

/* text: the whole request, head and body without the filler; copied. timeout_ns UINT64_MAX: waits
 * for ever. */
void http_ask(struct http_client *client, struct http_exchange *exchange, struct span text,
              bool is_repeatable, uint64_t timeout_ns);

#endif
