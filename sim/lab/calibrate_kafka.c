/* calibrate_kafka.c — Kafka: records, and what only a log has.
 *
 *   lingered  put with a linger of 5 ms, less the 5 ms
 *   leader    put with `acks: leader`: what is faster about it, followers cost
 *   offset    a commit of an offset: a round trip without a log behind it
 *   rebalance a second consumer comes: from its first take until it has partitions */
#include <stdio.h>

#include "sim/lab/calibrate_records.h"

enum { LINGER_MS = 5, PUTS_PER_S = 250 /* Besides those of the nodes. */ };

static const uint64_t timeout_ns = 10000000000u, ms_ns = 1000000;

/* One offset further each time, for the port sends none twice; that there is no record yet is
 * nothing to Kafka. */
static void commit_one(struct probe *probe, struct sample *sample)
{
    const struct taker *taker = probe->context;

    queue_commit(taker->queue, &sample->call, TOPIC_CUSTOM, taker->partition,
                 taker->next + sample->index, timeout_ns);
}

static bool measure_offset(struct calibrator *calibrator, struct taker *taker)
{
    struct probe offset = {.name = {"an offset", "смещение"},
                           .every_ns = 10 * ms_ns,
                           .samples = 200,
                           .ask = commit_one,
                           .context = taker};

    return probe_run(&offset, calibrator, &calibrator->calibration->offset);
}

/* Another producer, with settings of its own. Each record is sent when the one before has left: one
 * that joins a batch which lingers already would wait less than the linger. */
static bool measure_producer(struct calibrator *calibrator, const struct queue_settings *settings,
                             struct text name, struct calibrated *figures)
{
    struct probe put = {.name = name,
                        .every_ns = 4 * ms_ns + 2 * settings->linger_ns,
                        .samples = 300,
                        .ask = calibrate_put_one};
    struct queue_live *queue = calibrate_open_queue(calibrator, settings, "Kafka");
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
    if (!measure_producer(calibrator, &settings,
                          (struct text){"a record that lingers", "запись с linger"}, figures))
        return false;
    *figures = calibrated_less(*figures, linger_us);
    return true;
}

/* The embedded broker has no followers: its acks are all the same. */
static bool measure_leader(struct calibrator *calibrator, struct queue_settings settings)
{
    settings.acks = 1;
    return calibrator->servers.has_embedded_broker ||
           measure_producer(calibrator, &settings, (struct text){"acks: leader", "acks: leader"},
                            &calibrator->calibration->leader);
}

/* Their calls may be told to the loop after their queues have been closed. */
static struct taker taker, newcomer;

/* What stops the whole group for as long: partitions are handed out anew. */
static bool measure_rebalance(struct calibrator *calibrator, const struct queue_settings *settings)
{
    struct queue_live *queue = calibrate_open_queue(calibrator, settings, "Kafka");
    bool is_good;

    if (queue == NULL)
        return false;
    newcomer = (struct taker){.queue = queue_live_port(queue)};
    is_good = taker_join(calibrator, &newcomer, &calibrator->calibration->rebalance_ms);
    newcomer.is_over = true;
    queue_live_close(queue);
    return is_good;
}

bool calibrate_kafka(struct calibrator *calibrator)
{
    struct queue_settings settings = calibrator->servers.queue;
    struct queue_live *queue;
    bool is_good;

    settings.linger_ns = 0;
    settings.acks = -1;
    snprintf(settings.group, sizeof settings.group, "sim-%s-calibrate", calibrator->servers.run);
    queue = calibrate_open_queue(calibrator, &settings, "Kafka");
    if (queue == NULL)
        return false;
    calibrate_step(calibrator, "a record in Kafka", "запись в Kafka");
    is_good = calibrate_records(calibrator, &taker, queue_live_port(queue), PUTS_PER_S,
                                &calibrator->calibration->kafka) &&
              measure_offset(calibrator, &taker) && measure_rebalance(calibrator, &settings);
    taker.is_over = true;
    queue_live_close(queue);
    return is_good && measure_lingered(calibrator, settings) &&
           measure_leader(calibrator, settings);
}
