/* calibrate_write.c — From what was measured to the keys of a scenario, each with its reason.
 *
 * How the virtual world charges, and so what follows from a measured time. A way is what
 * one message takes: latency, and jitter, the mean of an exponential addition to it.
 *
 *   network   a request through a balancer: 4 ways, the balancer's work, the work; a fourth of what
 *             is over. A balancer's own work stays the scenario's: the nodes emulate it, too.
 *             per_kib is the slope between bodies, which go over two of the four; handshake what
 *             a node of processes takes more than one with a loop.
 *   store     2 ways + command. command is the slope of a burst: who is woken for one command takes
 *             longer for it than for each of many, which says what it can carry. Of memcached it is
 *             the server's processor time. The ways are the rest; per_kib the slope between gets of
 *             16 bytes and of 64 KiB.
 *   queue     linger + 2 ways + append + record + replicate. A way is half of a commit of an
 *             offset, record the slope of a burst, replicate what `acks: all` takes more than
 *             `acks: leader`, append the rest, an untimely end of the linger included.
 *             RabbitMQ: 2 ways + message + flush, of a put and of a delivery.
 *   table     2 ways + statement, and for a write rows x row + commit. statement is a read on a
 *             connection of one's own, a way half of what the port adds to it, row the slope
 *             between 1 and 500 rows, scan_row what a count without an index takes of each, commit
 *             what is left of one row's transaction on connections of their own, at the rate at
 *             which the scenario writes (calibrate_commit.c).
 *   tokens    the processor time of a signature and of a check, as they are.
 *   memory    park, wake, asleep and quantum as they are, per_kib the slope between copies of
 *             64 bytes and of 16 KiB, allocate what is left of the smaller one.
 *
 * The jitters of n ways make a gamma of shape n, whose p95 is so many of them above its p50: so
 * many are put into a series as it is wide. Its mean stays what was measured.
 *
 * A number that comes out below zero, because its parts wandered, is written as 0s. */
#include <math.h>
#include <unistd.h>

#include "sim/lab/calibrate.h"

enum { HOPS = 4, BODY_WAYS = 2, BATCH = 500 };

struct trip { /* What is left of a series for its messages. */
    unsigned ways;
    double mean_us, wide_us; /* wide: from p50 to p95. */
};

static double over_zero(double value)
{
    return value > 0 ? value : 0;
}

/* What each of many takes, in microseconds. */
static double slope_of(const struct calibrated *one, const struct calibrated *burst)
{
    return over_zero((burst->mean - one->mean) / (CALIBRATE_BURST - 1));
}

static void put_us(FILE *out, const char *key, double us, const char *why)
{
    fprintf(out, "  %s: %.1fus # %s\n", key, over_zero(us), why);
}

/* From p50 to p95 of a gamma of this shape and scale 1. */
static double gamma_width(unsigned shape)
{
    return shape == 2 ? 4.7439 - 1.6783 : 7.7537 - 3.6721; /* 2; 4. */
}

static struct trip trip_of(const struct calibrated *series, unsigned ways, double less_us)
{
    return (struct trip){ways, over_zero(series->mean - less_us), series->p95 - series->p50};
}

static void put_way(FILE *out, const char *indent, struct trip trip, const char *why)
{
    double way_us = trip.mean_us / trip.ways;
    double jitter_us = fmin(over_zero(trip.wide_us / gamma_width(trip.ways)), way_us);

    fprintf(out, "%s", indent);
    put_us(out, "latency", way_us - jitter_us, why);
    fprintf(out, "%s", indent);
    put_us(out, "jitter", jitter_us, "The rest of it, which varies: by that series' p50 and p95.");
}

static void put_series(FILE *out, const char *what, const struct calibrated *of)
{
    if (of->n == 0)
        return;
    fprintf(out, "# %-46s mean %8.1f us, p50 %8.1f us, p95 %8.1f us, p99 %8.1f us, n %u\n", what,
            of->mean, of->p50, of->p95, of->p99, of->n);
}

static void write_head(FILE *out, const struct calibration *of)
{
    char scanned[48];

    fprintf(
        out,
        "# What this machine takes for a hop, a call, a record and a commit; written by\n"
        "# `sim calibrate` on %s UTC.\n"
        "#   machine: %s\n"
        "#   servers: %s\n"
        "# Lay it over a scenario: sim run FILE --calibration THIS.\n"
        "# Measured at 20 to 1000 questions per second, while others ask the nodes %.0f times a\n"
        "# second, and these the store %.0f times and the log %.0f times.\n"
        "# The means are of all but the slowest fiftieth:\n"
        "#\n",
        of->when, of->machine, of->servers, of->beside.visited, of->beside.stored, of->beside.put);
    put_series(out, "a node and back (health check)", &of->hop);
    put_series(out, "the same with 1 ms of work, beyond it", &of->timed);
    put_series(out, "the same through a balancer, beyond both", &of->balanced);
    put_series(out, "the same with a body of 64 KiB", &of->large);
    put_series(out, "the timed one at processes, beyond it", &of->opened);
    put_series(out, "a sleep of 1 ms ends late by", &of->sleep);
    put_series(out, "Redis get", &of->get);
    put_series(out, "100 gets at once, the last answered", &of->gets);
    put_series(out, "Redis get of 64 KiB", &of->get_large);
    put_series(out, "memcached get", &of->memcached_get);
    put_series(out, "the same of 64 KiB", &of->memcached_get_large);
    put_series(out, "record acknowledged, acks all, no linger", &of->kafka.put);
    put_series(out, "the same with a linger of 5 ms, beyond it", &of->lingered);
    put_series(out, "record acknowledged, acks leader", &of->leader);
    put_series(out, "100 records at once, the last acknowledged", &of->kafka.burst);
    put_series(out, "record put, until a consumer has it", &of->kafka.take);
    put_series(out, "offset committed", &of->offset);
    put_series(out, "message confirmed by RabbitMQ", &of->rabbit.put);
    put_series(out, "100 messages at once, the last confirmed", &of->rabbit.burst);
    put_series(out, "message put, until a consumer has it", &of->rabbit.take);
    put_series(out, "row read by its key", &of->read);
    snprintf(scanned, sizeof scanned, "%llu rows looked through",
             (unsigned long long)of->scan_rows);
    put_series(out, scanned, &of->scan);
    put_series(out, "transaction of 1 row", &of->write);
    put_series(out, "the same by four processes in turn", &of->own_write);
    put_series(out, "transaction of 100 rows", &of->write_100);
    put_series(out, "transaction of 500 rows", &of->write_500);
    put_series(out, "token checked, HS256", &of->verify[TOKEN_HS256]);
    put_series(out, "token checked, RS256", &of->verify[TOKEN_RS256]);
    put_series(out, "token checked, EdDSA", &of->verify[TOKEN_EDDSA]);
    put_series(out, "futex call that has nothing to do", &of->threads.park);
    put_series(out, "futex call that wakes a sleeper", &of->threads.wake);
    put_series(out, "from there until it runs", &of->threads.asleep);
    put_series(out, "object of 64 bytes copied", &of->threads.copied_64);
    put_series(out, "object of 16 KiB copied", &of->threads.copied_16k);
    fprintf(out, "version: 1\n");
}

static void write_network(FILE *out, const struct calibration *of)
{
    fprintf(out, "\nnetwork:\n");
    put_way(out, "", trip_of(&of->balanced, HOPS, 0),
            "A fourth of client -> balancer -> node and back, timers' lateness included.");
    put_us(out, "per_kib", (of->large.mean - of->balanced.mean) / (BODY_WAYS * CALIBRATE_LARGE_KIB),
           "Slope between bodies of 16 bytes and of 64 KiB, on the two ways there.");
    if (of->opened.n > 0)
        put_us(out, "handshake", of->opened.mean - of->timed.mean,
               "What processes take more than an event loop: a connection per request.");
}

static void put_per_kib(FILE *out, const struct calibrated *small, const struct calibrated *large)
{
    put_us(out, "per_kib", (large->mean - small->mean) / CALIBRATE_LARGE_KIB,
           "Slope between gets of 16 bytes and of 64 KiB.");
}

static void write_memcached(FILE *out, const struct calibration *of)
{
    double command_us = fmin(of->memcached_cpu_us, of->memcached_get.mean);

    if (of->memcached_get.n == 0)
        return;
    fprintf(out, "  memcached:\n");
    put_way(out, "  ", trip_of(&of->memcached_get, 2, command_us),
            "The same of memcached, the way to its client's thread included.");
    fprintf(out, "  ");
    put_us(out, "command", command_us, "memcached's processor time per command (stats).");
    fprintf(out, "  ");
    put_per_kib(out, &of->memcached_get, &of->memcached_get_large);
}

static void write_redis(FILE *out, const struct calibration *of)
{
    double command_us = fmin(slope_of(&of->get, &of->gets), of->get.mean);

    if (of->get.n == 0)
        return;
    put_way(out, "", trip_of(&of->get, 2, command_us), "Half of a get, less the command.");
    put_us(out, "command", command_us, "Slope between 1 and 100 gets at once.");
    put_per_kib(out, &of->get, &of->get_large);
}

static void write_store(FILE *out, const struct calibration *of)
{
    if (of->get.n == 0 && of->memcached_get.n == 0)
        return;
    fprintf(out, "\nstore:\n");
    write_redis(out, of);
    write_memcached(out, of);
}

/* A message may be pushed before its flush: what a confirm takes more is the flush. */
static void write_rabbit(FILE *out, const struct calibrated_queue *of)
{
    double message_us = fmin(slope_of(&of->put, &of->burst), of->put.mean);
    double flush_us = fmin(over_zero(of->put.mean - of->take.mean), of->put.mean - message_us);

    if (of->put.n == 0)
        return;
    fprintf(out, "  rabbitmq:\n");
    put_way(out, "  ", trip_of(&of->put, 2, message_us + flush_us),
            "Half of a put, less message and flush.");
    fprintf(out, "  ");
    put_us(out, "message", message_us, "Slope between 1 and 100 messages at once.");
    fprintf(out, "  ");
    put_us(out, "flush", flush_us, "What a confirm takes more than a delivery.");
    fprintf(out, "  ");
    put_us(out, "replicate", 0, "One node has no followers.");
}

static void write_kafka(FILE *out, const struct calibration *of)
{
    double replicate_us = of->leader.n > 0 ? over_zero(of->kafka.put.mean - of->leader.mean) : 0;
    double leader_us = over_zero(fmax(of->lingered.mean, of->kafka.put.mean) - replicate_us);
    double record_us = fmin(slope_of(&of->kafka.put, &of->kafka.burst), leader_us);
    struct trip trip = trip_of(&of->offset, 2, 0);

    if (of->kafka.put.n == 0)
        return;
    trip.mean_us = fmin(trip.mean_us, leader_us - record_us);
    put_way(out, "", trip, "Half of a commit of an offset, or of a put if shorter.");
    put_us(out, "append", leader_us - record_us - trip.mean_us,
           "What is left of a put that lingers, without followers.");
    put_us(out, "record", record_us, "Slope between 1 and 100 records at once.");
    put_us(out, "replicate", replicate_us,
           of->leader.n > 0 ? "acks: all less acks: leader." : "The embedded broker has none.");
    fprintf(out, "  rebalance: %.0fms # From another consumer's first take until it has some.\n",
            of->rebalance_ms);
}

static void write_queue(FILE *out, const struct calibration *of)
{
    if (of->kafka.put.n == 0 && of->rabbit.put.n == 0)
        return;
    fprintf(out, "\nqueue:\n");
    write_kafka(out, of);
    write_rabbit(out, &of->rabbit);
}

static void write_table(FILE *out, const struct calibration *of)
{
    double statement_us = fmin(of->statement_us, of->read.mean);
    double row_us = over_zero((of->write_500.mean - of->write.mean) / (BATCH - 1));
    char why[80];

    if (of->own_write.n == 0)
        return;
    fprintf(out, "\ntable:\n");
    put_way(out, "", trip_of(&of->read, 2, statement_us),
            "Half of what the way to a connection and back adds.");
    put_us(out, "statement", statement_us, "A read by key on a connection of one's own.");
    fprintf(out, "  scan_row: %.0fns # Of a count without an index, per row.\n",
            over_zero(of->scan.mean - statement_us) / (double)of->scan_rows * 1e3);
    put_us(out, "row", row_us, "Slope between transactions of 1 and of 500 rows.");
    snprintf(why, sizeof why, "What is left of such a transaction, at %.0f per second.",
             of->write_rate);
    put_us(out, "commit", of->own_write.mean - statement_us - row_us, why);
    if (of->is_sqlite)
        fprintf(out, "  writers: 1 # SQLite: writers take turns …\n"
                     "  group_commit: no # … and each flushes alone.\n");
    fprintf(out, "  cores: %ld # Of this machine.\n", sysconf(_SC_NPROCESSORS_ONLN));
}

static void write_tokens(FILE *out, const struct calibration *of)
{
    static const char *const keys[TOKEN_ALGORITHMS] = {
        [TOKEN_HS256] = "hs256", [TOKEN_RS256] = "rs256", [TOKEN_EDDSA] = "eddsa"};

    if (of->session.n == 0)
        return;
    fprintf(out, "\ntokens: # Processor time, JSON and base64url included.\n");
    for (int i = 0; i < TOKEN_ALGORITHMS; i++)
        fprintf(out, "  %s: {sign: %.1fus, verify: %.1fus}\n", keys[i], of->sign[i].mean,
                of->verify[i].mean);
    put_us(out, "session", of->session.mean, "Reading a session's id: a digest.");
}

static void put_ns(FILE *out, const char *key, double us, const char *why)
{
    fprintf(out, "  %s: %.0fns # %s\n", key, fmax(us * 1e3, 1), why);
}

static void write_memory(FILE *out, const struct calibrated_threads *of)
{
    double kib = 1.0 / 16, small = of->copied_64.mean, large = of->copied_16k.mean;
    double kib_us = over_zero((large - small) / (16 - kib));

    if (of->park.n == 0)
        return;
    fprintf(out, "\nmemory:\n");
    put_ns(out, "park", of->park.mean, "A futex call that has nothing to do.");
    if (of->wake.n > 0) {
        put_ns(out, "wake", of->wake.mean, "One that wakes a sleeper on another core.");
        put_ns(out, "asleep", of->asleep.mean, "From there until it runs.");
    }
    put_ns(out, "allocate", small - kib_us * kib, "What is left of copying 64 bytes.");
    put_ns(out, "per_kib", kib_us, "Slope between copies of 64 bytes and of 16 KiB.");
    if (of->slice_us > 0)
        put_ns(out, "quantum", of->slice_us, "The slice that the kernel says it gives.");
}

void calibration_write(FILE *out, const struct calibration *calibration)
{
    write_head(out, calibration);
    write_network(out, calibration);
    write_store(out, calibration);
    write_queue(out, calibration);
    write_table(out, calibration);
    write_tokens(out, calibration);
    write_memory(out, &calibration->threads);
}
