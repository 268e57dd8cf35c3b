/* calibrate_rabbit.c — RabbitMQ: records, beside those that the nodes put.
 *
 * Where Kafka is measured as well the nodes put theirs into that; ours is then started beside it,
 * and asked at the scenario's rate. In the user's are the run's queues until the calibration
 * ends. */
#include <math.h>
#include <stdio.h>

#include "sim/lab/calibrate_records.h"

enum { PUTS_LEAST = 100, PUTS_MOST = 1000 }; /* Per second; the least where the nodes put, too. */

/* Its calls may be told to the loop after its queue has been closed. */
static struct taker taker;

static bool measure(struct calibrator *calibrator, const struct queue_settings *settings,
                    double rate)
{
    struct queue_live *queue = calibrate_open_queue(calibrator, settings, "RabbitMQ");
    bool is_good;

    if (queue == NULL)
        return false;
    is_good = calibrate_records(calibrator, &taker, queue_live_port(queue), rate,
                                &calibrator->calibration->rabbit);
    taker.is_over = true;
    queue_live_close(queue);
    return is_good;
}

bool calibrate_has_rabbit(const struct lab_options *options)
{
    char path[512];

    return calibrate_wants(options, CALIBRATE_RABBITMQ) &&
           (servers_has_text(options->servers.rabbitmq) || rabbit_server_find(path, sizeof path));
}

static struct queue_settings settings_of(const char *brokers)
{
    struct queue_settings settings = {
        .is_rabbit = true, .acks = -1, .prefetch = UINT16_MAX, .session_ns = 60000000000u};

    snprintf(settings.brokers, sizeof settings.brokers, "%s", brokers == NULL ? "" : brokers);
    return settings;
}

/* One beside the Kafka of the nodes, which puts nothing into it: all of the records are ours. */
static bool measure_beside(struct calibrator *calibrator)
{
    struct servers servers = calibrator->servers;
    double rate = fmin(fmax(calibrator->calibration->beside.put, PUTS_LEAST), PUTS_MOST);
    bool is_good;

    servers.versions[0] = '\0';
    servers.queue = settings_of(calibrator->options->servers.rabbitmq);
    servers.has_embedded_broker = !servers_has_text(calibrator->options->servers.rabbitmq);
    is_good = servers_rabbit_up(&servers, calibrator->trouble) == LAB_DONE;
    if (is_good) {
        calibrate_note_version(calibrator, servers.versions);
        is_good = measure(calibrator, &servers.queue, rate);
    }
    rabbit_server_kill(&servers.rabbit);
    return is_good;
}

bool calibrate_rabbit(struct calibrator *calibrator)
{
    struct queue_settings theirs = settings_of(calibrator->servers.queue.brokers);

    if (!calibrate_has_rabbit(calibrator->options))
        return true;
    calibrate_step(calibrator, "a record in RabbitMQ", "запись в RabbitMQ");
    return calibrator->servers.queue.is_rabbit ? measure(calibrator, &theirs, PUTS_LEAST)
                                               : measure_beside(calibrator);
}
