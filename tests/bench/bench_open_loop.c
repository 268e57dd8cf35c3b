/* bench_open_loop.c — Asks several servers in turn, on time, whatever they do meanwhile.
 *
 *   bench_open_loop RATE SECONDS CONNECTIONS PORT…
 *
 * Requests leave at the instants of a Poisson process, on connections taken in turn, whether or not
 * the ones before have been answered; a latency counts from the instant that was meant, so that a
 * server that makes the asker late is not forgiven for it. How late requests really left is printed
 * beside it, for a figure whose asker was late is one about the asker.
 *
 * The servers are asked in slices of a quarter of a second, one after the other and round again,
 * until each has had its SECONDS: what else the machine does then meets all of them alike. The
 * first slice of each is thrown away. One line per port:
 *
 *   PORT requests errors p50_us p99_us mean_us lag_p50_us lag_p99_us */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/dice.h"
#include "services/live/http/http.h"

enum { PORTS_MAX = 8, LANES_MAX = 256, BEHIND_MAX = 1024, TEXT_MAX = 256 };

#define SECOND_NS UINT64_C(1000000000)
#define SLICE_NS (SECOND_NS / 4)
#define TIMEOUT_NS (5 * SECOND_NS)

struct server {
    uint16_t port;
    struct http_client *lanes[LANES_MAX]; /* Each has one connection, save when it is behind. */
    char text[TEXT_MAX];
    size_t length;
    uint64_t *latency_ns, *lag_ns;
    uint32_t answered, sent, samples_max, errors;
};

struct question {
    struct http_exchange exchange; /* First. */
    struct server *server;
    struct question *next; /* Of the spare ones. */
    uint64_t meant_ns;
    bool counts;
};

static struct loop loop;
static struct dice dice;
static struct server servers[PORTS_MAX];
static struct question *spare;
static struct event *alarm_next;
static uint32_t servers_max, lanes_max, lane, slice, slices_max, under_way;
static uint64_t meant_ns, begin_ns;
static double pause_ns;

static void *take_memory(size_t bytes)
{
    void *memory = calloc(1, bytes);

    check(memory != NULL);
    return memory;
}

static void stop_when_quiet(void)
{
    if (slice >= slices_max && under_way == 0)
        loop_stop(&loop);
}

static void ended(struct http_exchange *exchange)
{
    struct question *question = (struct question *)exchange;
    struct server *server = question->server;

    if (exchange->end != HTTP_ANSWERED || exchange->status != 200)
        server->errors++;
    else if (question->counts && server->answered < server->samples_max)
        server->latency_ns[server->answered++] = loop_clock_ns() - begin_ns - question->meant_ns;
    question->next = spare;
    spare = question;
    under_way--;
    stop_when_quiet();
}

static void ask(struct server *server)
{
    struct question *question = spare;
    uint64_t now_ns = loop_clock_ns() - begin_ns;

    if (question != NULL)
        spare = question->next;
    else
        question = take_memory(sizeof *question);
    *question = (struct question){.exchange.done = ended,
                                  .server = server,
                                  .meant_ns = meant_ns,
                                  .counts = slice >= servers_max};
    if (question->counts && server->sent < server->samples_max)
        server->lag_ns[server->sent++] = now_ns - meant_ns;
    under_way++;
    lane = (lane + 1) % lanes_max;
    http_ask(server->lanes[lane], &question->exchange, (struct span){server->text, server->length},
             true, TIMEOUT_NS);
}

/* All whose instant has come, and an alarm for the next one. */
static void time_has_come(void *context)
{
    uint64_t due_ns;

    (void)context;
    while (slice < slices_max && meant_ns <= loop_clock_ns() - begin_ns) {
        ask(&servers[slice % servers_max]);
        meant_ns += (uint64_t)(dice_exponential(&dice) * pause_ns);
        slice = (uint32_t)(meant_ns / SLICE_NS);
    }
    loop_enter(&loop);
    due_ns = begin_ns - loop.origin_ns + meant_ns;
    if (slice < slices_max)
        loop_alarm_set(alarm_next, due_ns > loop_now_ns(&loop) ? due_ns - loop_now_ns(&loop) : 0);
    stop_when_quiet();
}

static void open_server(struct server *server, const char *port, uint32_t samples_max)
{
    static const char body[] = "{\"user\": 7}";
    struct address address = {"127.0.0.1", (uint16_t)strtoul(port, NULL, 10)};
    int length;

    server->port = address.port;
    server->samples_max = samples_max;
    server->latency_ns = take_memory(samples_max * sizeof(uint64_t));
    server->lag_ns = take_memory(samples_max * sizeof(uint64_t));
    length = snprintf(server->text, TEXT_MAX,
                      "POST /call/12 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: "
                      "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                      address.port, sizeof body - 1, body);
    check(length > 0 && length < TEXT_MAX);
    server->length = (size_t)length;
    for (uint32_t i = 0; i < lanes_max; i++) {
        server->lanes[i] = http_client_open(&loop, &address, BEHIND_MAX);
        check(server->lanes[i] != NULL);
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static double quantile_us(uint64_t *sorted, uint32_t length, double share)
{
    return length == 0 ? 0 : (double)sorted[(uint32_t)(share * (length - 1))] / 1e3;
}

static void print(struct server *server)
{
    double sum_us = 0;

    qsort(server->latency_ns, server->answered, sizeof(uint64_t), compare);
    qsort(server->lag_ns, server->sent, sizeof(uint64_t), compare);
    for (uint32_t i = 0; i < server->answered; i++)
        sum_us += (double)server->latency_ns[i] / 1e3;
    printf("%u %" PRIu32 " %" PRIu32 " %.1f %.1f %.1f %.1f %.1f\n", server->port, server->answered,
           server->errors, quantile_us(server->latency_ns, server->answered, 0.5),
           quantile_us(server->latency_ns, server->answered, 0.99),
           server->answered == 0 ? 0 : sum_us / server->answered,
           quantile_us(server->lag_ns, server->sent, 0.5),
           quantile_us(server->lag_ns, server->sent, 0.99));
}

int main(int arguments_max, char **arguments)
{
    double rate, seconds;

    if (arguments_max < 5 || arguments_max > 4 + PORTS_MAX) {
        (void)fprintf(stderr, "usage: bench_open_loop RATE SECONDS CONNECTIONS PORT…\n");
        return 2;
    }
    rate = strtod(arguments[1], NULL);
    seconds = strtod(arguments[2], NULL);
    lanes_max = (uint32_t)strtoul(arguments[3], NULL, 10);
    servers_max = (uint32_t)arguments_max - 4;
    check(rate > 0 && seconds > 0 && lanes_max > 0 && lanes_max <= LANES_MAX);
    pause_ns = 1e9 / rate;
    slices_max = ((uint32_t)(seconds * (double)SECOND_NS / (double)SLICE_NS) + 1) * servers_max;
    check(loop_open(&loop, 0));
    dice_init(&dice, (uint64_t)loop_clock_ns(), "open loop");
    for (uint32_t i = 0; i < servers_max; i++)
        open_server(&servers[i], arguments[4 + i], (uint32_t)(2 * rate * seconds) + 1000);
    alarm_next = loop_alarm(&loop, time_has_come, NULL);
    begin_ns = loop_clock_ns();
    time_has_come(NULL);
    check(loop_run(&loop, 0));
    for (uint32_t i = 0; i < servers_max; i++)
        print(&servers[i]);
    return 0;
}
