/* calibrate_queue.c — Kafka: an acknowledgement, a record, a delivery, an offset.
 *
 *   put       one record at a time, without linger, `acks: all`; each is also awaited by a consumer
 *   take      from the put until that consumer has it
 *   lingered  put with a linger of 5 ms, less the 5 ms
 *   leader    put with `acks: leader`: what is faster about it, followers cost
 *   burst     100 records of one key at once: the slope is a record's cost
 *   offset    a commit of an offset: a round trip without a log behind it
 *   rebalance a second consumer comes: from its first take until it has partitions
 *
 * Records are small and of many keys, so that all partitions are written. */
#include <math.h>
#include <stdio.h>

#include "services/live/queue/queue_live.h"
#include "sim/lab/calibrate_inside.h"

enum { PUTS = 500, PUTS_ALL = PUTS + PUTS / 5, BURST = 100, TAKE_MAX = 100, LINGER_MS = 5 };

static const uint64_t timeout_ns = 10000000000u, ms_ns = 1000000, join_limit_ns = 60000000000u;

struct taker {        /* Takes again and again, from the first call until it is over. */
    struct call call; /* First. */
    struct calibrator *calibrator;
    struct queue *queue;
    bool is_joining, is_over;
    const struct probe *puts; /* Whose records are awaited; NULL: nobody's. */
    double took_us[PUTS_ALL];
    uint32_t partition; /* Of the last record taken. */
    uint64_t next;
};

/* ---- The consumer ---------------------------------------------------------------------------- */

static void take_again(struct taker *taker)
{
    queue_take(taker->queue, &taker->call, TOPIC_CUSTOM, TAKE_MAX, 0, 1000 * ms_ns);
}

/* An ask's id is its sample's number, from 1. */
static void note_record(struct taker *taker, const struct record *record, uint64_t now_ns)
{
    uint64_t index = record->ask.id - 1;

    taker->partition = record->partition;
    taker->next = record->offset + 1;
    if (taker->puts != NULL && record->ask.id > 0 && index < taker->puts->asked)
        taker->took_us[index] = (double)(now_ns - taker->puts->all[index].from_ns) * 1e-3;
}

static void taken(struct call *call)
{
    struct taker *taker = (struct taker *)call;
    const struct record *records = call->span;
    uint64_t now_ns = loop_now_ns(&taker->calibrator->loop);

    if (taker->is_over) /* It had ended when the queue was closed, and is told of it now. */
        return;
    for (int64_t i = 0; call->outcome == CALL_OK && i < call->value; i++)
        note_record(taker, &records[i], now_ns);
    if (call->outcome == CALL_OK && taker->is_joining) {
        taker->is_joining = false;
        loop_stop(&taker->calibrator->loop);
    }
    take_again(taker);
}

/* Until it has partitions: there are records in them, and one's coming says so. */
static bool join(struct calibrator *calibrator, struct taker *taker, double *took_ms)
{
    uint64_t begun_ns;

    taker->call.done = taken;
    taker->calibrator = calibrator;
    taker->is_joining = true;
    loop_enter(&calibrator->loop);
    begun_ns = loop_now_ns(&calibrator->loop);
    take_again(taker);
    if (!loop_run(&calibrator->loop, begun_ns + join_limit_ns))
        return calibrate_fail(calibrator, "Kafka", "no record came to a consumer within a minute");
    *took_ms = (double)(loop_now_ns(&calibrator->loop) - begun_ns) * 1e-6;
    return true;
}

/* ---- The producer ---------------------------------------------------------------------------- */

static void put_one(struct probe *probe, struct sample *sample)
{
    const struct ask ask = {.verb = VERB_CALL,
                            .key = (uint64_t)sample->index * 2654435761u,
                            .id = sample->index + 1,
                            .bytes = 64};

    queue_put(probe->context, &sample->call, TOPIC_CUSTOM, &ask, timeout_ns);
}

struct burst {
    struct call calls[BURST];
    struct queue *queue;
    struct sample *sample; /* NULL: none is under way. */
    unsigned left;
    bool is_good;
};

static struct burst burst; /* One at a time; a call finds it without a way back. */

static void burst_answered(struct call *call)
{
    struct sample *sample = burst.sample;

    burst.is_good = burst.is_good && call->outcome == CALL_OK;
    if (--burst.left > 0)
        return;
    burst.sample = NULL;
    probe_told(sample, burst.is_good);
}

static void put_burst(struct probe *probe, struct sample *sample)
{
    const struct ask ask = {.verb = VERB_CALL, .key = sample->index, .bytes = 64};

    (void)probe;
    if (burst.sample != NULL) { /* The last one still is under way: this one is none. */
        probe_told(sample, false);
        return;
    }
    burst.sample = sample;
    burst.left = BURST;
    burst.is_good = true;
    for (unsigned i = 0; i < BURST; i++) {
        burst.calls[i].done = burst_answered;
        queue_put(burst.queue, &burst.calls[i], TOPIC_CUSTOM, &ask, timeout_ns);
    }
}

/* One offset further each time, for the port sends none twice; that there is no record yet is
 * nothing to Kafka. */
static void commit_one(struct probe *probe, struct sample *sample)
{
    const struct taker *taker = probe->context;

    queue_commit(taker->queue, &sample->call, TOPIC_CUSTOM, taker->partition,
                 taker->next + sample->index, timeout_ns);
}

/* ---- The series ------------------------------------------------------------------------------ */

static bool measure_puts(struct calibrator *calibrator, struct taker *taker)
{
    struct calibration *to = calibrator->calibration;
    struct probe put = {.name = "a record",
                        .every_ns = 4 * ms_ns,
                        .samples = PUTS,
                        .ask = put_one,
                        .context = taker->queue};
    bool is_good;

    for (unsigned i = 0; i < PUTS_ALL; i++)
        taker->took_us[i] = (double)NAN;
    taker->puts = &put;
    is_good = probe_run(&put, calibrator, &to->put);
    loop_enter(&calibrator->loop); /* The last ones are still on their way to the consumer. */
    if (is_good)
        (void)loop_run(&calibrator->loop, loop_now_ns(&calibrator->loop) + 300 * ms_ns);
    taker->puts = NULL;
    to->take = calibrated_of(taker->took_us + (PUTS_ALL - PUTS), PUTS);
    if (is_good && to->take.n < PUTS / 2)
        return calibrate_fail(calibrator, "Kafka", "records did not come to their consumer");
    return is_good;
}

static bool measure_rest(struct calibrator *calibrator, struct taker *taker)
{
    struct calibration *to = calibrator->calibration;
    /* When the next one comes a burst is over, on a busy machine as well. */
    struct probe many = {
        .name = "a burst of records", .every_ns = 60 * ms_ns, .samples = 60, .ask = put_burst};
    struct probe offset = {.name = "an offset",
                           .every_ns = 10 * ms_ns,
                           .samples = 200,
                           .ask = commit_one,
                           .context = taker};

    burst = (struct burst){.queue = taker->queue};
    return probe_run(&offset, calibrator, &to->offset) && probe_run(&many, calibrator, &to->burst);
}

/* NULL after calibrate_fail. */
static struct queue_live *open_queue(struct calibrator *calibrator,
                                     const struct queue_settings *settings)
{
    char why[160] = "";
    struct queue_live *queue = queue_live_open(&calibrator->loop, settings, calibrator->servers.run,
                                               NULL, &calibrator->stats, why);

    if (queue == NULL)
        calibrate_fail(calibrator, "Kafka", why);
    return queue;
}

/* Another producer, with settings of its own. Each record is sent when the one before has left: one
 * that joins a batch which lingers already would wait less than the linger. */
static bool measure_producer(struct calibrator *calibrator, const struct queue_settings *settings,
                             const char *name, struct calibrated *figures)
{
    struct probe put = {.name = name,
                        .every_ns = 4 * ms_ns + 2 * settings->linger_ns,
                        .samples = 300,
                        .ask = put_one};
    struct queue_live *queue = open_queue(calibrator, settings);
    bool is_good;

    if (queue == NULL)
        return false;
    put.context = queue_live_port(queue);
    is_good = probe_run(&put, calibrator, figures);
    queue_live_close(queue);
    return is_good;
}

/* librdkafka's own timer decides when a batch leaves, and is late in its own way. */
static bool measure_lingered(struct calibrator *calibrator, struct queue_settings settings)
{
    struct calibrated *figures = &calibrator->calibration->lingered;
    const double linger_us = (double)LINGER_MS * 1e3;

    settings.linger_ns = LINGER_MS * ms_ns;
    if (!measure_producer(calibrator, &settings, "a record that lingers", figures))
        return false;
    *figures = calibrated_less(*figures, linger_us);
    return true;
}

/* The embedded broker has no followers: its acks are all the same. */
static bool measure_leader(struct calibrator *calibrator, struct queue_settings settings)
{
    settings.acks = 1;
    return calibrator->servers.has_embedded_broker ||
           measure_producer(calibrator, &settings, "acks: leader",
                            &calibrator->calibration->leader);
}

/* Their calls may be told to the loop after their queues have been closed. */
static struct taker taker, newcomer;

/* What stops the whole group for as long: partitions are handed out anew. */
static bool measure_rebalance(struct calibrator *calibrator, const struct queue_settings *settings)
{
    struct queue_live *queue = open_queue(calibrator, settings);
    bool is_good;

    if (queue == NULL)
        return false;
    newcomer = (struct taker){.queue = queue_live_port(queue)};
    is_good = join(calibrator, &newcomer, &calibrator->calibration->rebalance_ms);
    newcomer.is_over = true;
    queue_live_close(queue);
    return is_good;
}

static bool measure_queue(struct calibrator *calibrator, struct queue *queue)
{
    struct calibrated ignored;
    double ignored_ms;
    struct probe first = {.name = "a first record",
                          .every_ns = ms_ns,
                          .samples = 1,
                          .ask = put_one,
                          .context = queue};

    taker = (struct taker){.queue = queue};
    if (!probe_run(&first, calibrator, &ignored))
        return false;
    calibrate_step(calibrator, "a consumer's group", "группа потребителей");
    if (!join(calibrator, &taker, &ignored_ms))
        return false;
    calibrate_step(calibrator, "a record", "запись в лог");
    return measure_puts(calibrator, &taker) && measure_rest(calibrator, &taker);
}

bool calibrate_queue(struct calibrator *calibrator)
{
    struct queue_settings settings = calibrator->servers.queue;
    struct queue_live *queue;
    bool is_good;

    settings.linger_ns = 0;
    settings.acks = -1;
    snprintf(settings.group, sizeof settings.group, "sim-%s-calibrate", calibrator->servers.run);
    queue = open_queue(calibrator, &settings);
    if (queue == NULL)
        return false;
    is_good = measure_queue(calibrator, queue_live_port(queue)) &&
              measure_rebalance(calibrator, &settings);
    taker.is_over = true;
    queue_live_close(queue);
    return is_good && measure_lingered(calibrator, settings) &&
           measure_leader(calibrator, settings);
}
