/* http_server_inside.h — What the server and its connections know of each other, nobody else. */
#ifndef SERVICES_LIVE_HTTP_HTTP_SERVER_INSIDE_H
#define SERVICES_LIVE_HTTP_HTTP_SERVER_INSIDE_H

#include "services/base/list.h"
#include "services/live/http/http_parse.h"
#include "services/live/http/http_stream.h"

struct evconnlistener;

enum state {
    READS,
    INSIDE,
    LEAVES,
    LINGERS,
    ENDS /* To be closed by who holds it. */
};

struct connection {
    struct link link; /* On the server's `open` or `spare`. */
    struct link turn; /* On its `ready`. */
    struct http_server *server;
    struct http_stream stream;
    struct http_deadline deadline;
    struct http_parse parse;
    struct http_request request;
    enum state state;
    uint32_t pieces;  /* Reads that have brought the next request this far. */
    bool is_arriving; /* Some of the next request is there. */
    bool is_held;     /* connection_go works on it. */
    bool is_last;     /* Closes behind its answer. */
    bool has_ended;   /* The client sends no more. */
    bool is_severed;
    bool is_the_one; /* That a server which takes them one by one has taken. */
};

struct http_server {
    struct loop *loop;
    struct http_server_config config;
    struct evconnlistener *listener; /* NULL: it drains. */
    void (*handle)(void *context, struct http_request *request);
    void *context;
    struct list open, spare, ready;
    struct event *turn;  /* For `ready`. */
    struct event *pause; /* Until accept is tried again. */
    struct http_server_stats stats;
    size_t memory; /* In buffers that are larger than the first one. */
    uint16_t port;
    bool is_draining;
    bool is_taken; /* takes_one_by_one: by a connection without its answer yet. */
};

/* The one that it had taken has had its answer, or has gone. */
void http_server_is_free(struct http_server *server);

/* Takes fd, and waits on it for a request. */
void http_connection_open(struct http_server *server, int fd);

/* At once, or when connection_go lets it go. */
void http_connection_close(struct connection *connection);

/* An idle connection goes, unless a request is on its way in already; others go on. */
void http_connection_drain(struct connection *connection);
void http_connection_free(struct connection *connection); /* One of server->spare. */

/* Of server->ready, the first few. */
void http_connections_take_turns(struct http_server *server);

#endif
