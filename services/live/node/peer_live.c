/* peer_live.c — Asks out, answers back; records from a list of spare ones.
 *
 *     peer_ask -> wire_write_ask -> http_ask ... answered -> wire_read_answer -> loop_finish
 *
 * A target that has moved gets a new client; the old one stays until its last exchange has ended,
 * because closing it would lose that one's end. */
#define _GNU_SOURCE
#include "services/live/node/peer_live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/list.h"
#include "services/live/http/wire_token.h"
#include "services/live/node/stats.h"
#include "services/live/tokens/wallet.h"

/* As many as there are ports to go out from, and more. */
enum { CONNECTIONS_MAX = 1 << 16, REQUEST_MAX = WIRE_ASK_MAX + WIRE_TOKEN_MAX + 64 };

struct line {         /* A way to a target. */
    struct link link; /* Moved; else on no list. */
    struct http_client *client;
    struct address to;
    uint32_t under_way;
};

struct exchange {
    struct http_exchange http; /* First. */
    struct link link;          /* Spare, or under way. */
    struct peer_live *peer;
    struct line *line;
    struct call *call;
    struct ask ask;
    uint64_t asked_ns;
};

struct peer_live {
    struct peer port; /* First. */
    struct loop *loop;
    struct node_stats *stats;
    struct line **lines; /* By target; NULL: nobody. */
    uint32_t lines_max;
    struct list moved; /* struct line: their targets are elsewhere now. */
    struct list spare, under_way;
    struct wallet *wallet;  /* NULL: no tokens here. */
    char text[REQUEST_MAX]; /* The request that is being written. */
};

/* ---- Asking ---------------------------------------------------------------------------------- */

static bool changes_nothing(const struct ask *ask)
{
    return ask->verb == VERB_HEALTH || ask->verb == VERB_COUNT || ask->verb == VERB_MENU ||
           ask->verb == VERB_TRACK;
}

/* A token was granted: its texts are kept here, and the value is their handle. Where nobody is
 * asked for a token, a login is answered with none. Any other number would be a handle of our own
 * that somebody else has made up. */
static enum call_outcome take_grant(struct peer_live *peer, const struct ask *ask,
                                    const struct http_exchange *http, int64_t *value)
{
    struct span access, session;

    if (!wire_read_grant(http->body, &access, &session)) {
        enum call_outcome outcome = wire_read_answer(ask, http, value);

        return *value == 0 ? outcome : CALL_FAILED;
    }
    *value = (int64_t)wallet_keep(peer->wallet, access, session);
    return CALL_OK;
}

static bool is_grant(const struct exchange *exchange, const struct http_exchange *http)
{
    return exchange->peer->wallet != NULL && http->end == HTTP_ANSWERED && http->status == 200 &&
           wire_grants(&exchange->ask);
}

static void close_line(struct line *line)
{
    http_client_close(line->client);
    free(line);
}

/* Its target is elsewhere now, and nobody waits for an answer from where it was. */
static void close_if_left(struct peer_live *peer, struct line *line)
{
    if (line->link.next == NULL || line->under_way > 0)
        return;
    list_remove(&peer->moved, &line->link);
    close_line(line);
}

static void answered(struct http_exchange *http)
{
    struct exchange *exchange = (struct exchange *)http;
    struct peer_live *peer = exchange->peer;
    struct call *call = exchange->call;
    int64_t value = 0;
    enum call_outcome outcome;

    loop_enter(peer->loop);
    outcome = is_grant(exchange, http) ? take_grant(peer, &exchange->ask, http, &value)
                                       : wire_read_answer(&exchange->ask, http, &value);
    call->bytes = http->end == HTTP_ANSWERED ? (uint32_t)http->body.length : 0;
    stats_waited(peer->stats, STATS_PEER, loop_now_ns(peer->loop) - exchange->asked_ns);
    exchange->line->under_way--;
    list_remove(&peer->under_way, &exchange->link);
    list_push_first(&peer->spare, &exchange->link);
    loop_finish(peer->loop, call, outcome, value);
    close_if_left(peer, exchange->line);
}

static struct exchange *take_exchange(struct peer_live *peer)
{
    struct link *link = list_take_first(&peer->spare);
    struct exchange *exchange =
        link != NULL ? list_entry(link, struct exchange, link) : malloc(sizeof *exchange);

    check(exchange != NULL);
    exchange->http = (struct http_exchange){.done = answered};
    exchange->peer = peer;
    list_push_last(&peer->under_way, &exchange->link);
    return exchange;
}

/* A token whose text is not here any more is shown as one that is none: the other side refuses
 * it. */
static size_t show_token(struct peer_live *peer, const struct ask *ask, size_t length)
{
    bool is_of_session = ask->verb == VERB_REFRESH || ask->verb == VERB_REVOKE;
    struct span token = {"?", 1};

    if (ask->token == 0)
        return length;
    check(peer->wallet != NULL);
    if (!wallet_find(peer->wallet, ask->token, is_of_session ? TOKEN_SESSION : TOKEN_ACCESS,
                     &token) ||
        token.length == 0)
        token = (struct span){"?", 1};
    return wire_add_bearer(peer->text, length, sizeof peer->text, token);
}

/* In peer->text, without its filler. */
static struct span write_request(struct peer_live *peer, const struct ask *ask,
                                 const struct address *to, uint32_t *filler)
{
    size_t length = wire_write_ask(peer->text, ask, to, loop_now_ns(peer->loop), filler);

    return (struct span){peer->text, show_token(peer, ask, length)};
}

static void ask_peer(struct peer *port, struct call *call, uint32_t target, const struct ask *ask,
                     uint64_t timeout_ns)
{
    struct peer_live *peer = (struct peer_live *)port;
    struct exchange *exchange;
    struct line *line;
    struct span text;

    check(target < peer->lines_max);
    line = peer->lines[target];
    if (line == NULL) {
        stats_waited(peer->stats, STATS_PEER, 0);
        loop_finish(peer->loop, call, CALL_REFUSED, 0);
        return;
    }
    exchange = take_exchange(peer);
    exchange->call = call;
    exchange->ask = *ask;
    exchange->asked_ns = loop_now_ns(peer->loop);
    exchange->line = line;
    line->under_way++;
    text = write_request(peer, ask, &line->to, &exchange->http.filler);
    http_ask(line->client, &exchange->http, text, changes_nothing(ask),
             timeout_ns); /* UINT64_MAX means the same to both. */
}

static_assert(PEER_FOR_EVER_NS == UINT64_MAX, "as http_ask has it");

static const struct peer_ops peer_live_ops = {.ask = ask_peer};

/* ---- Who is where ---------------------------------------------------------------------------- */

static bool is_there(const struct line *line, const struct address *address)
{
    return line != NULL && line->to.port == address->port &&
           strcmp(line->to.host, address->host) == 0;
}

void peer_live_use(struct peer_live *peer, struct wallet *wallet)
{
    peer->wallet = wallet;
}

bool peer_live_set(struct peer_live *peer, uint32_t target, const struct address *address)
{
    struct line *line, *before;
    struct http_client *client;

    check(target < peer->lines_max);
    before = peer->lines[target];
    if (is_there(before, address))
        return true;
    client = http_client_open(peer->loop, address, CONNECTIONS_MAX);
    if (client == NULL)
        return false;
    if (before != NULL) {
        list_push_last(&peer->moved, &before->link);
        close_if_left(peer, before);
    }
    line = calloc(1, sizeof *line);
    check(line != NULL);
    line->to = *address;
    line->client = client;
    peer->lines[target] = line;
    return true;
}

struct peer_live *peer_live_open(struct loop *loop, uint32_t targets_max, struct node_stats *stats)
{
    struct peer_live *peer = malloc(sizeof *peer);

    check(peer != NULL);
    *peer = (struct peer_live){.port.ops = &peer_live_ops,
                               .loop = loop,
                               .stats = stats,
                               .lines = calloc(targets_max + 1, sizeof *peer->lines),
                               .lines_max = targets_max};
    check(peer->lines != NULL);
    list_init(&peer->moved);
    list_init(&peer->spare);
    list_init(&peer->under_way);
    return peer;
}

static void free_all(struct list *exchanges)
{
    struct link *link;

    while ((link = list_take_first(exchanges)) != NULL)
        free(list_entry(link, struct exchange, link));
}

void peer_live_close(struct peer_live *peer)
{
    struct link *link;

    for (uint32_t target = 0; target < peer->lines_max; target++)
        if (peer->lines[target] != NULL)
            close_line(peer->lines[target]);
    while ((link = list_take_first(&peer->moved)) != NULL)
        close_line(list_entry(link, struct line, link));
    free_all(&peer->spare);
    free_all(&peer->under_way);
    free(peer->lines);
    free(peer);
}

struct peer *peer_live_port(struct peer_live *peer)
{
    return &peer->port;
}
