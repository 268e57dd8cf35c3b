/* bench_http.c — The HTTP stack alone: how many exchanges a second, and how long each takes.
 *
 * Server and client in one process on one loop (each exchange is a request written, read, answered
 * and read, so the figures are for both sides of a hop), and the parser by itself. With arguments
 * it is a part of a chain instead, for wrk or another load beside it:
 *
 *   bench_http                        the figures
 *   bench_http serve PORT             answers everything with 100 bytes
 *   bench_http pass PORT TO           passes on to 127.0.0.1:TO: the least that a balancer adds */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/histogram.h"
#include "services/live/http/http_parse.h"
#include "services/live/http/wire.h"

enum { CLIENTS_MAX = 64, EXCHANGES = 200000, PARSES = 2000000 };
enum { SMALL_BYTES = 100, LARGE_BYTES = 256 * 1024, LARGE_EXCHANGES = 10000 };

struct bench;

struct asker {
    struct http_exchange exchange;
    struct bench *bench;
    uint64_t asked_ns;
};

struct bench {
    struct loop loop;
    struct http_server *server;
    struct http_client *client;
    struct asker askers[CLIENTS_MAX];
    struct ask ask;
    struct address to;
    char text[WIRE_ASK_MAX];
    size_t length;
    uint32_t answer_bytes, left, under_way;
    struct histogram latency;
};

static struct bench bench;

static void answer(void *context, struct http_request *request)
{
    char text[WIRE_ANSWER_MAX];
    const char *why;
    struct ask ask;
    unsigned status = 404;
    size_t length = 0;

    (void)context;
    if (wire_read_ask(&ask, request, loop_now_ns(&bench.loop), &why) == WIRE_ASK)
        length = wire_write_answer(text, &ask, CALL_OK, 1, &status);
    http_reply(request, status, "application/json", (struct span){text, length},
               wire_filler(length, bench.answer_bytes));
}

static void ask_next(struct asker *asker)
{
    bench.left--;
    bench.under_way++;
    asker->asked_ns = loop_clock_ns();
    http_ask(bench.client, &asker->exchange, (struct span){bench.text, bench.length}, true,
             UINT64_C(5000000000));
}

static void ended(struct http_exchange *exchange)
{
    struct asker *asker = (struct asker *)exchange;
    int64_t value;

    check(wire_read_answer(&bench.ask, exchange, &value) == CALL_OK && value == 1);
    histogram_record(&bench.latency, loop_clock_ns() - asker->asked_ns);
    bench.under_way--;
    if (bench.left > 0)
        ask_next(asker);
    else if (bench.under_way == 0)
        loop_stop(&bench.loop);
}

static void listen_on(uint16_t port, void (*handle)(void *context, struct http_request *request))
{
    struct http_server_config config = http_server_defaults();
    char why[160];

    config.listen = (struct address){"127.0.0.1", port};
    bench.server = http_server_open(&bench.loop, &config, handle, &bench, why);
    if (bench.server == NULL) {
        (void)fprintf(stderr, "%s\n", why);
        exit(1);
    }
}

static void run_hop(uint32_t clients, uint32_t answer_bytes, uint32_t exchanges)
{
    uint64_t begin_ns;
    double seconds;

    memset(&bench.latency, 0, sizeof bench.latency);
    bench.left = exchanges;
    bench.answer_bytes = answer_bytes;
    for (uint32_t i = 0; i < clients; i++)
        bench.askers[i] = (struct asker){.exchange.done = ended, .bench = &bench};
    begin_ns = loop_clock_ns();
    for (uint32_t i = 0; i < clients; i++)
        ask_next(&bench.askers[i]);
    check(loop_run(&bench.loop, 0));
    seconds = (double)(loop_clock_ns() - begin_ns) / 1e9;
    printf("hop, %2" PRIu32 " at once, %6" PRIu32
           " bytes   %8.0f exchanges/s   p50 %6.1f us   p99 %6.1f us\n",
           clients, answer_bytes, exchanges / seconds,
           (double)histogram_quantile_ns(&bench.latency, 0.5) / 1e3,
           (double)histogram_quantile_ns(&bench.latency, 0.99) / 1e3);
}

static void run_hops(void)
{
    uint32_t filler;

    listen_on(0, answer);
    bench.to = (struct address){"127.0.0.1", http_server_port(bench.server)};
    bench.ask = (struct ask){.verb = VERB_LIKE, .key = 12, .user = 7, .deadline_ns = UINT64_MAX};
    bench.length = wire_write_ask(bench.text, &bench.ask, &bench.to, 0, &filler);
    bench.client = http_client_open(&bench.loop, &bench.to, CLIENTS_MAX);
    check(bench.client != NULL);
    run_hop(1, SMALL_BYTES, EXCHANGES);
    run_hop(8, SMALL_BYTES, EXCHANGES);
    run_hop(64, SMALL_BYTES, EXCHANGES);
    run_hop(1, LARGE_BYTES, LARGE_EXCHANGES);
    http_client_close(bench.client);
    http_server_close(bench.server);
}

static void run_parser(void)
{
    uint64_t begin_ns = loop_clock_ns();
    struct http_parse parse;

    for (int i = 0; i < PARSES; i++) {
        http_parse_begin(&parse, false, 8192, HTTP_BODY_MAX);
        check(http_parse(&parse, bench.text, (uint32_t)bench.length) == HTTP_DONE);
    }
    printf("parser, %zu bytes    %6.0f ns/request\n", bench.length,
           (double)(loop_clock_ns() - begin_ns) / PARSES);
}

/* ---- A proxy --------------------------------------------------------------------------------- */

struct passed { /* One request on its way through. */
    struct http_exchange exchange;
    struct http_request *request;
    struct passed *next;
    struct ask ask;
};

static struct passed *spare;

static void passed_back(struct http_exchange *exchange)
{
    struct passed *passed = (struct passed *)exchange;
    char text[WIRE_ANSWER_MAX];
    int64_t value;
    unsigned status;
    enum call_outcome outcome = wire_read_answer(&passed->ask, exchange, &value);
    size_t length = wire_write_answer(text, &passed->ask, outcome, value, &status);

    http_reply(passed->request, status, "application/json", (struct span){text, length},
               wire_filler(length, (uint32_t)exchange->body.length));
    passed->next = spare;
    spare = passed;
}

static void pass_on(void *context, struct http_request *request)
{
    struct passed *passed = spare;
    char text[WIRE_ASK_MAX];
    const char *why;
    size_t length;

    (void)context;
    if (passed != NULL)
        spare = passed->next;
    else
        passed = calloc(1, sizeof *passed);
    check(passed != NULL);
    passed->exchange.done = passed_back;
    passed->request = request;
    if (wire_read_ask(&passed->ask, request, loop_now_ns(&bench.loop), &why) != WIRE_ASK) {
        http_reply(request, 404, "application/json", (struct span){"{}", 2}, 0);
        passed->next = spare;
        spare = passed;
        return;
    }
    length = wire_write_ask(text, &passed->ask, &bench.to, loop_now_ns(&bench.loop),
                            &passed->exchange.filler);
    http_ask(bench.client, &passed->exchange, (struct span){text, length}, true,
             UINT64_C(5000000000));
}

static uint16_t port_of(const char *text)
{
    return (uint16_t)strtoul(text, NULL, 10);
}

int main(int arguments_max, char **arguments)
{
    check(loop_open(&bench.loop, 0));
    bench.answer_bytes = SMALL_BYTES;
    if (arguments_max == 3 && strcmp(arguments[1], "serve") == 0) {
        listen_on(port_of(arguments[2]), answer);
        return !loop_run(&bench.loop, 0);
    }
    if (arguments_max == 4 && strcmp(arguments[1], "pass") == 0) {
        bench.to = (struct address){"127.0.0.1", port_of(arguments[3])};
        bench.client = http_client_open(&bench.loop, &bench.to, 4096);
        listen_on(port_of(arguments[2]), pass_on);
        return !loop_run(&bench.loop, 0);
    }
    run_hops();
    run_parser();
    loop_close(&bench.loop);
    return 0;
}
