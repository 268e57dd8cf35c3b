/* http_client.c — Exchanges over a pool of connections to one address.
 *
 *   http_ask ──an idle connection──> send ──> BUSY ──answer──> idle again, done
 *      │                                       └──it was stale──> connect, send once more
 *      ├─────room for one more──> connect ──> CONNECTS ──> send
 *      └─────none──> refused (in the next round of the loop)
 *
 * The connection that was used last is taken first, so that under a light load few stay warm and
 * the others reach the server's idle limit. One exchange is on a connection at a time: pipelining
 * would put a quick answer behind a slow one.
 *
 * A server may close an idle connection at the very moment at which it is used. An exchange that
 * may be repeated is then sent again on a new connection; one that may not is looked after
 * beforehand, by a peek at the socket, which makes the gap small but does not close it: it ends as
 * HTTP_BROKEN, for who knows what it means to do it twice.
 *
 * A connection that closes gives its buffers back, and one that stays those that a large answer
 * wanted; its text is no longer than a request without its filler. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "services/base/list.h"
#include "services/live/http/http_parse.h"
#include "services/live/http/http_stream.h"

enum { ANSWER_HEAD_MAX = 8 * 1024 };

enum state { IDLE, CONNECTS, BUSY };

struct connection {
    struct link link; /* On the client's `open` or `spare`. */
    struct link idle; /* On its `idle`. */
    struct http_client *client;
    struct http_stream stream;
    struct http_deadline deadline; /* Of the exchange. */
    struct http_parse parse;
    struct http_exchange *exchange; /* NULL: idle. */
    enum state state;
    char *text; /* Of the request, until its answer begins. */
    size_t length, text_max;
    uint32_t filler;
    bool is_used;       /* An exchange has been on it: it may be stale. */
    bool is_repeatable; /* As asked. */
    bool is_repeated;   /* It has been sent before, and may have happened. */
};

struct http_client {
    struct loop *loop;
    struct http_place_on_net to;
    uint32_t connections_max;
    struct list open, spare, idle;
    struct http_exchange *ended_first, *ended_last; /* Refused inside http_ask. */
    struct event *tell;                             /* For them. */
};

/* ---- Exchanges that end inside http_ask ------------------------------------------------------ */

static void end_later(struct http_client *client, struct http_exchange *exchange)
{
    exchange->end = HTTP_REFUSED;
    exchange->inside[0] = NULL;
    if (client->ended_first == NULL) {
        client->ended_first = exchange;
        loop_alarm_set(client->tell, 0);
    } else {
        client->ended_last->inside[0] = exchange;
    }
    client->ended_last = exchange;
}

/* One of them, and an alarm for the next: the client may be closed by its `done`. */
static void tell_ended(void *context)
{
    struct http_client *client = context;
    struct http_exchange *exchange = client->ended_first;

    client->ended_first = exchange->inside[0];
    if (client->ended_first != NULL)
        loop_alarm_set(client->tell, 0);
    exchange->done(exchange);
}

/* ---- A connection's end ---------------------------------------------------------------------- */

static void connection_close(struct connection *connection)
{
    struct http_client *client = connection->client;

    if (connection->stream.fd >= 0)
        http_stream_close(&connection->stream);
    http_stream_shrink(&connection->stream);
    free(connection->text);
    connection->text = NULL;
    connection->text_max = 0;
    if (connection->state == IDLE)
        list_remove(&client->idle, &connection->idle);
    list_remove(&client->open, &connection->link);
    list_push_first(&client->spare, &connection->link);
}

/* Nothing of the client is touched behind `done`. The body lies in the connection's buffer, which
 * is not written to before the loop runs again, whatever `done` asks; or in one that was the
 * connection's. */
static void connection_end(struct connection *connection, enum http_end end, bool stays)
{
    struct http_exchange *exchange = connection->exchange;
    char *lent = http_stream_take_bytes(&connection->stream, stays);

    connection->exchange = NULL;
    http_deadline_set(&connection->deadline, UINT64_MAX);
    if (stays) {
        connection->state = IDLE;
        connection->is_used = true;
        list_push_last(&connection->client->idle, &connection->idle);
    } else {
        connection_close(connection);
    }
    exchange->end = end;
    exchange->done(exchange);
    free(lent);
}

/* ---- Connecting and sending ------------------------------------------------------------------ */

static void connection_wakes(int fd, short events, void *context);

static void connection_keep_text(struct connection *connection, struct span text)
{
    if (connection->text_max < text.length) {
        connection->text_max = text.length + text.length / 2;
        connection->text = realloc(connection->text, connection->text_max);
        check(connection->text != NULL);
    }
    memcpy(connection->text, text.bytes, text.length);
    connection->length = text.length;
}

/* What goes wrong in sending shows in reading: an answer may have come before the other side
 * closed, and says more than the broken pipe. */
static void connection_send(struct connection *connection)
{
    const struct span text = {connection->text, connection->length}, none = {NULL, 0};

    connection->state = BUSY;
    http_parse_begin(&connection->parse, true, ANSWER_HEAD_MAX, HTTP_BODY_MAX);
    connection->stream.from = connection->stream.to = 0;
    http_stream_watch(&connection->stream, true);
    (void)http_stream_send(&connection->stream, text, none, connection->filler);
}

/* False: certainly nobody is there. */
static bool connection_connect(struct connection *connection)
{
    struct http_client *client = connection->client;
    const struct sockaddr *to = (const struct sockaddr *)&client->to.address;
    int fd = socket(to->sa_family, SOCK_STREAM, 0);

    if (fd < 0)
        return false;
    http_stream_open(&connection->stream, client->loop, fd, connection_wakes, connection);
    connection->is_used = false;
    connection->state = CONNECTS;
    if (connect(fd, to, client->to.length) != 0 && errno != EINPROGRESS)
        return false;
    http_stream_watch_write(&connection->stream);
    return true;
}

static void connection_is_made(struct connection *connection)
{
    int trouble = 0;
    socklen_t length = sizeof trouble;

    (void)getsockopt(connection->stream.fd, SOL_SOCKET, SO_ERROR, &trouble, &length);
    if (trouble == 0)
        connection_send(connection);
    else
        connection_end(connection, connection->is_repeated ? HTTP_BROKEN : HTTP_REFUSED, false);
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* The connection is gone, or what came on it is no answer. */
static void connection_broke(struct connection *connection)
{
    bool may_repeat = connection->is_used && connection->is_repeatable &&
                      !connection->is_repeated && connection->stream.to == 0;

    if (!may_repeat) {
        connection_end(connection, HTTP_BROKEN, false);
        return;
    }
    connection->is_repeated = true;
    http_stream_close(&connection->stream);
    if (!connection_connect(connection))
        connection_end(connection, HTTP_BROKEN, false);
}

static void connection_is_answered(struct connection *connection)
{
    const struct http_parse *parse = &connection->parse;
    const struct http_stream *stream = &connection->stream;
    struct http_exchange *exchange = connection->exchange;
    bool is_all = stream->to == parse->head_length + parse->body_length;

    exchange->status = parse->status;
    exchange->body = (struct span){stream->bytes + parse->head_length, parse->body_length};
    connection_end(connection, HTTP_ANSWERED,
                   parse->keeps_alive && is_all && http_stream_has_left(stream));
}

static void connection_readable(struct connection *connection)
{
    struct http_stream *stream = &connection->stream;
    const struct http_parse *parse = &connection->parse;
    uint32_t most =
        parse->head_length > 0 ? parse->head_length + parse->body_length : ANSWER_HEAD_MAX + 1;
    enum http_flow flow = http_stream_read(stream, most, false);

    if (connection->exchange == NULL) { /* It is idle: whatever this is, nobody has asked for it. */
        if (flow != HTTP_WAITS)
            connection_close(connection);
        return;
    }
    if (flow == HTTP_WAITS)
        return;
    if (flow != HTTP_FLOWS) {
        connection_broke(connection);
        return;
    }
    switch (http_parse(&connection->parse, stream->bytes, stream->to)) {
    case HTTP_MORE:
        return;
    case HTTP_DONE:
        connection_is_answered(connection);
        return;
    case HTTP_BAD:
        connection_broke(connection);
        return;
    }
}

static void connection_wakes(int fd, short events, void *context)
{
    struct connection *connection = context;

    (void)fd;
    loop_enter(connection->client->loop);
    if ((events & EV_WRITE) == 0)
        connection_readable(connection);
    else if (connection->state == CONNECTS)
        connection_is_made(connection);
    else
        (void)http_stream_flush(&connection->stream);
}

static void connection_is_late(void *context)
{
    struct connection *connection = context;

    if (http_deadline_has_come(&connection->deadline))
        connection_end(connection, HTTP_TIMEOUT, false);
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static struct connection *connection_new(struct http_client *client)
{
    struct link *spare = list_take_first(&client->spare);
    struct connection *connection;

    if (spare != NULL)
        return list_entry(spare, struct connection, link);
    connection = calloc(1, sizeof *connection);
    check(connection != NULL);
    connection->client = client;
    connection->stream.fd = -1;
    http_deadline_open(&connection->deadline, client->loop, connection_is_late, connection);
    return connection;
}

static bool is_quiet(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* NULL: none is idle. */
static struct connection *take_idle(struct http_client *client, bool is_repeatable)
{
    struct link *link;

    while ((link = list_last(&client->idle)) != NULL) {
        struct connection *connection = list_entry(link, struct connection, idle);

        if (is_repeatable || is_quiet(connection->stream.fd)) {
            list_remove(&client->idle, link);
            return connection;
        }
        connection_close(connection);
    }
    return NULL;
}

void http_ask(struct http_client *client, struct http_exchange *exchange, struct span text,
              bool is_repeatable, uint64_t timeout_ns)
{
    struct connection *connection = take_idle(client, is_repeatable);
    bool is_new = connection == NULL;

    check(exchange->done != NULL && exchange->filler <= HTTP_BODY_MAX);
    if (is_new && client->open.length >= client->connections_max) {
        end_later(client, exchange);
        return;
    }
    if (is_new) {
        connection = connection_new(client);
        list_push_last(&client->open, &connection->link);
    }
    connection->exchange = exchange;
    connection->filler = exchange->filler;
    connection->is_repeatable = is_repeatable;
    connection->is_repeated = false;
    connection_keep_text(connection, text);
    if (!is_new) {
        connection_send(connection);
    } else if (!connection_connect(connection)) {
        connection->exchange = NULL;
        connection->state = CONNECTS;
        connection_close(connection);
        end_later(client, exchange);
        return;
    }
    http_deadline_set(&connection->deadline, timeout_ns);
}

/* ---- The client ------------------------------------------------------------------------------ */

struct http_client *http_client_open(struct loop *loop, const struct address *to,
                                     uint32_t connections_max)
{
    struct http_client *client = calloc(1, sizeof *client);
    char why[160];

    check(client != NULL);
    check(connections_max > 0);
    if (!address_resolve(to, &client->to, why)) {
        free(client);
        return NULL;
    }
    client->loop = loop;
    client->connections_max = connections_max;
    list_init(&client->open);
    list_init(&client->spare);
    list_init(&client->idle);
    client->tell = loop_alarm(loop, tell_ended, client);
    return client;
}

void http_client_close(struct http_client *client)
{
    struct link *link;

    while ((link = list_first(&client->open)) != NULL)
        connection_close(list_entry(link, struct connection, link));
    while ((link = list_take_first(&client->spare)) != NULL) {
        struct connection *connection = list_entry(link, struct connection, link);

        http_deadline_free(&connection->deadline);
        http_stream_free(&connection->stream);
        free(connection);
    }
    loop_alarm_free(client->tell);
    free(client);
}
