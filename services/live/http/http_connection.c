/* http_connection.c — A connection reads a request, waits for its answer, and reads the next.
 *
 *            ┌─────────────── all has left ──────────────────────────────┐
 *            v                                                           │
 *   accept ─> READS ──a whole request──> INSIDE ──http_reply──> LEAVES ──┤
 *               │                          │                             │ it was the last one
 *               │ malformed, too slow      │ the client has gone,        v
 *               └──> the answer, LEAVES    └──> ENDS at the reply      LINGERS ──> closed
 *
 * A connection waits in READS for bytes (idle, then arriving), in LEAVES for the client to take its
 * answer, in LINGERS for the client to close: a socket that is closed with unread bytes resets, and
 * a reset can overtake the answer that said why (RFC 9112, section 9.6). Each wait has an absolute
 * deadline; INSIDE has none, since how long an answer takes is the service's affair.
 *
 * While a request is inside, what is pipelined behind it is read only as far as there is room, so
 * that its own bytes stay where they are. A client that closes its side only says that it sends no
 * more: what it has asked is answered. A connection gives way after each request and goes on with
 * what is pipelined behind it in a later round of the loop, in which two such connections have
 * their turn: ten who pipeline pages by the hundred cost the others two pages and not all of them.
 * Who drips (many reads, a few bytes each) or lingers gives way to everybody else.
 *
 * Connection records are kept and used again; they grow with the connections that are open at once,
 * never with the requests. Large buffers go with their connection, and all of them together have a
 * bound: who wants more than is left is refused. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "services/live/http/http_server_inside.h"
#include "services/live/http/wire_json.h"

enum {
    HEAD_BYTES = 256,
    TURNS_PER_ROUND = 2,
    PIECES_MAX = 4,   /* Reads that a request may take, … */
    PIECE_BYTES = 256 /* … before they must bring so many bytes each, or the client drips. */
};

static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Status";
}

static void give_back(struct connection *connection)
{
    if (connection->is_the_one)
        http_server_is_free(connection->server);
    connection->is_the_one = false;
}

/* ---- A connection's end ---------------------------------------------------------------------- */

void http_connection_close(struct connection *connection)
{
    struct http_server *server = connection->server;

    if (connection->is_held) {
        connection->state = ENDS;
        return;
    }
    http_deadline_stop(&connection->deadline);
    http_stream_close(&connection->stream);
    server->memory -= http_stream_excess(&connection->stream);
    http_stream_shrink(&connection->stream);
    if (connection->turn.next != NULL)
        list_remove(&server->ready, &connection->turn);
    list_remove(&server->open, &connection->link);
    list_push_first(&server->spare, &connection->link);
    server->stats.open--;
    give_back(connection);
}

/* The last answer has left: says so, and waits for the client to close. */
static void connection_linger(struct connection *connection)
{
    if (connection->has_ended || shutdown(connection->stream.fd, SHUT_WR) != 0) {
        http_connection_close(connection);
        return;
    }
    connection->state = LINGERS;
    http_stream_gives_way(&connection->stream, true);
    give_back(connection);
    http_stream_drop(&connection->stream, connection->stream.to - connection->stream.from);
    http_stream_watch(&connection->stream, true);
    http_deadline_set(&connection->deadline, connection->server->config.leave_ns);
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* Ready for the next request; connection_go looks whether it is there. */
static void connection_read(struct connection *connection)
{
    const struct http_server_config *config = &connection->server->config;

    connection->state = READS;
    connection->is_arriving = false;
    connection->pieces = 0;
    http_parse_begin(&connection->parse, false, config->head_max, config->body_max);
    http_deadline_set(&connection->deadline, config->idle_ns);
    http_stream_watch(&connection->stream, !connection->has_ended);
}

static void connection_has_left(struct connection *connection)
{
    if (connection->is_last)
        connection_linger(connection);
    else
        connection_read(connection);
}

static size_t write_head(char head[static HEAD_BYTES], const struct connection *connection,
                         unsigned status, const char *type, uint64_t length)
{
    const char *stays = connection->is_last        ? "Connection: close\r\n"
                        : connection->parse.is_old ? "Connection: keep-alive\r\n"
                                                   : "";
    struct writer writer = {head, 0, HEAD_BYTES};

    write_text(&writer, "HTTP/1.1 ");
    write_unsigned(&writer, status);
    write_text(&writer, " ");
    write_text(&writer, reason_of(status));
    write_text(&writer, "\r\nContent-Type: ");
    write_text(&writer, type);
    write_text(&writer, "\r\nContent-Length: ");
    write_unsigned(&writer, length);
    write_text(&writer, "\r\n");
    if (status == 401) /* RFC 9110, section 15.5.2: it must say which scheme is wanted. */
        write_text(&writer, "WWW-Authenticate: Bearer\r\n");
    write_text(&writer, stays);
    write_text(&writer, "\r\n");
    return writer.length;
}

/* An answer to what was asked, or to what could not be understood. */
static void connection_answer(struct connection *connection, unsigned status, const char *type,
                              struct span body, uint32_t filler)
{
    char head[HEAD_BYTES];
    size_t length = write_head(head, connection, status, type, body.length + filler);
    enum http_flow flow =
        http_stream_send(&connection->stream, (struct span){head, length}, body, filler);

    http_stream_drop(&connection->stream,
                     connection->parse.head_length > 0
                         ? connection->parse.head_length + connection->parse.body_length
                         : 0);
    if (flow == HTTP_FLOWS) {
        connection_has_left(connection);
    } else if (flow == HTTP_WAITS) {
        connection->state = LEAVES;
        http_deadline_set(&connection->deadline, connection->server->config.leave_ns);
    } else {
        http_connection_close(connection);
    }
}

static void connection_refuse(struct connection *connection, unsigned status)
{
    char body[96];
    int length = snprintf(body, sizeof body, "{\"error\":\"%s\"}", reason_of(status));

    connection->is_last = true;
    connection->parse.is_old = false;
    connection->parse.head_length = 0; /* Where it ends is not known: nothing behind it counts. */
    connection_answer(connection, status, "application/json", (struct span){body, (size_t)length},
                      0);
}

/* Goes on with what is there already, in a round of its own. */
static void connection_want_turn(struct connection *connection)
{
    struct http_server *server = connection->server;

    if (connection->turn.next != NULL)
        return;
    if (list_is_empty(&server->ready))
        loop_alarm_set(server->turn, 0);
    list_push_last(&server->ready, &connection->turn);
}

void http_reply(struct http_request *request, unsigned status, const char *type, struct span body,
                uint32_t filler)
{
    struct connection *connection = request->inside;

    check(connection->state == INSIDE);
    if (connection->is_severed) {
        http_connection_close(connection);
        return;
    }
    connection->is_last = !connection->parse.keeps_alive || connection->server->listener == NULL ||
                          connection->is_the_one;
    connection_answer(connection, status, type, body, filler);
    if (connection->state == READS && !connection->is_held &&
        (connection->stream.to > connection->stream.from || connection->has_ended))
        connection_want_turn(connection);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static struct span span_of(const struct connection *connection, struct http_place place)
{
    return (struct span){connection->stream.bytes + connection->stream.from + place.from,
                         place.length};
}

static void connection_hand_over(struct connection *connection)
{
    struct http_server *server = connection->server;
    struct http_request *request = &connection->request;
    const struct http_parse *parse = &connection->parse;
    struct span target = span_of(connection, parse->target);
    const char *mark = memchr(target.bytes, '?', target.length);
    size_t path = mark == NULL ? target.length : (size_t)(mark - target.bytes);

    *request = (struct http_request){
        .method = parse->method,
        .path = {target.bytes, path},
        .query = {target.bytes + path + (mark != NULL), target.length - path - (mark != NULL)},
        .head = span_of(connection, parse->headers),
        .body = span_of(connection, (struct http_place){parse->head_length, parse->body_length}),
        .inside = connection,
    };
    server->stats.requests++;
    connection->state = INSIDE;
    http_stream_gives_way(&connection->stream, false);
    http_deadline_set(&connection->deadline, UINT64_MAX);
    server->handle(server->context, request);
}

static bool connection_drips(const struct connection *connection)
{
    return connection->pieces > PIECES_MAX &&
           connection->stream.to - connection->stream.from < connection->pieces * PIECE_BYTES;
}

/* Some of a request is there, or nothing. */
static void connection_wait(struct connection *connection)
{
    connection->pieces++;
    http_stream_gives_way(&connection->stream, connection_drips(connection));
    if (connection->has_ended) {
        http_connection_close(connection);
    } else if (connection->server->listener == NULL && !connection->is_arriving &&
               connection->stream.from == connection->stream.to) {
        http_connection_close(connection);
    } else if (!connection->is_arriving && connection->stream.from < connection->stream.to) {
        connection->is_arriving = true;
        http_deadline_set(&connection->deadline, connection->server->config.arrive_ns);
    }
}

/* One request, or what is wrong with it; false: there is none yet. */
static bool connection_step(struct connection *connection)
{
    struct http_stream *stream = &connection->stream;

    switch (
        http_parse(&connection->parse, stream->bytes + stream->from, stream->to - stream->from)) {
    case HTTP_MORE:
        return false;
    case HTTP_DONE:
        connection_hand_over(connection);
        return true;
    case HTTP_BAD:
        connection->server->stats.malformed++;
        connection_refuse(connection, connection->parse.status);
        return true;
    }
    return false;
}

static void connection_go(struct connection *connection)
{
    bool is_whole;

    connection->is_held = true;
    is_whole = connection->state == READS && connection_step(connection);
    if (connection->state == READS && is_whole && connection->stream.from < connection->stream.to)
        connection_want_turn(connection);
    else if (connection->state == READS)
        connection_wait(connection);
    connection->is_held = false;
    if (connection->state == ENDS)
        http_connection_close(connection);
}

void http_connections_take_turns(struct http_server *server)
{
    for (int i = 0; i < TURNS_PER_ROUND && !list_is_empty(&server->ready); i++)
        connection_go(list_entry(list_take_first(&server->ready), struct connection, turn));
    if (!list_is_empty(&server->ready))
        loop_alarm_set(server->turn, 0);
}

/* ---- What wakes a connection ----------------------------------------------------------------- */

/* What may be there at once: the request that arrives, as far as it is known. */
static uint32_t connection_most(const struct connection *connection)
{
    const struct http_parse *parse = &connection->parse;

    return parse->head_length > 0 ? parse->head_length + parse->body_length : parse->head_max + 1;
}

static void connection_severed(struct connection *connection)
{
    http_stream_watch(&connection->stream, false);
    connection->is_severed = true;
    if (connection->state != INSIDE)
        http_connection_close(connection);
}

/* Reads, and keeps the accounts of what buffers take. */
static enum http_flow connection_fill(struct connection *connection, bool stays)
{
    struct http_stream *stream = &connection->stream;
    size_t *memory = &connection->server->memory;
    enum http_flow flow;

    *memory -= http_stream_excess(stream);
    flow = http_stream_read(stream, connection_most(connection), stays);
    *memory += http_stream_excess(stream);
    return flow;
}

static bool connection_is_too_much(const struct connection *connection)
{
    const struct http_server *server = connection->server;

    return connection->state == READS && server->memory >= server->config.memory_max &&
           http_stream_wants_more(&connection->stream);
}

static void connection_readable(struct connection *connection)
{
    bool stays = connection->state == INSIDE || connection->state == LEAVES;
    enum http_flow flow;

    if (connection_is_too_much(connection)) {
        connection->server->stats.refused++;
        connection_refuse(connection, 503);
        return;
    }
    flow = connection_fill(connection, stays);

    if (flow == HTTP_SEVERED) {
        connection_severed(connection);
        return;
    }
    if (flow == HTTP_ENDED || flow == HTTP_FULL)
        http_stream_watch(&connection->stream, false);
    connection->has_ended |= flow == HTTP_ENDED;
    if (connection->state == LINGERS && connection->has_ended)
        http_connection_close(connection);
    else if (connection->state == LINGERS)
        http_stream_drop(&connection->stream, connection->stream.to - connection->stream.from);
    else if (connection->state == READS)
        connection_go(connection);
}

static void connection_writable(struct connection *connection)
{
    enum http_flow flow = http_stream_flush(&connection->stream);

    if (flow == HTTP_SEVERED) {
        http_connection_close(connection);
    } else if (flow == HTTP_FLOWS) {
        connection_has_left(connection);
        if (connection->state == READS && connection->stream.fd >= 0)
            connection_go(connection);
    }
}

static void connection_wakes(int fd, short events, void *context)
{
    struct connection *connection = context;

    (void)fd;
    loop_enter(connection->server->loop);
    if ((events & EV_WRITE) != 0)
        connection_writable(connection);
    else
        connection_readable(connection);
}

static void connection_is_late(void *context)
{
    struct connection *connection = context;

    if (!http_deadline_has_come(&connection->deadline))
        return;
    if (connection->state == LEAVES || (connection->state == READS && connection->is_arriving))
        connection->server->stats.too_slow++;
    if (connection->state == READS && connection->is_arriving)
        connection_refuse(connection, 408);
    else
        http_connection_close(connection);
}

/* ---- For the server ------------------------------------------------------------------------ */

void http_connection_drain(struct connection *connection)
{
    enum http_flow flow;

    if (connection->state != READS || connection->stream.from < connection->stream.to)
        return;
    flow = connection_fill(connection, false);
    if (flow == HTTP_FLOWS)
        connection_want_turn(connection);
    else
        http_connection_close(connection);
}

static struct connection *connection_new(struct http_server *server)
{
    struct link *spare = list_take_first(&server->spare);
    struct connection *connection;

    if (spare != NULL)
        return list_entry(spare, struct connection, link);
    connection = calloc(1, sizeof *connection);
    check(connection != NULL);
    connection->server = server;
    http_deadline_open(&connection->deadline, server->loop, connection_is_late, connection);
    return connection;
}

void http_connection_open(struct http_server *server, int fd)
{
    struct connection *connection = connection_new(server);

    list_push_last(&server->open, &connection->link);
    server->stats.open++;
    connection->is_last = connection->has_ended = connection->is_severed = false;
    connection->is_the_one = server->is_taken;
    http_stream_open(&connection->stream, server->loop, fd, connection_wakes, connection);
    connection_read(connection);
}

void http_connection_free(struct connection *connection)
{
    http_deadline_free(&connection->deadline);
    http_stream_free(&connection->stream);
    free(connection);
}
