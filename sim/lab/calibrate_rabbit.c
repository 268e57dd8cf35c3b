/* calibrate_rabbit.c — RabbitMQ: records, at the scenario's rate, since the nodes of the
 * calibration put theirs into Kafka. Ours is started beside it; in the user's are the run's queues
 * until the calibration ends. */
#include <math.h>
#include <stdio.h>

#include "sim/lab/calibrate_records.h"

enum { PUTS_LEAST = 100, PUTS_MOST = 1000 }; /* Per second. */

/* Its calls may be told to the loop after its queue has been closed. */
static struct taker taker;

static bool measure(struct calibrator *calibrator, const struct queue_settings *settings)
{
    struct calibration *to = calibrator->calibration;
    struct queue_live *queue = calibrate_open_queue(calibrator, settings, "RabbitMQ");
    bool is_good;

    if (queue == NULL)
        return false;
    is_good = calibrate_records(calibrator, &taker, queue_live_port(queue),
                                fmin(fmax(to->beside.put, PUTS_LEAST), PUTS_MOST), &to->rabbit);
    taker.is_over = true;
    queue_live_close(queue);
    return is_good;
}

static bool is_to_be_had(const struct lab_servers *where)
{
    char path[512];

    return servers_has_text(where->rabbitmq) || rabbit_server_find(path, sizeof path);
}

static void note_settings(struct servers *servers, const char *given)
{
    servers->queue = (struct queue_settings){
        .is_rabbit = true, .acks = -1, .prefetch = UINT16_MAX, .session_ns = 60000000000u};
    servers->has_embedded_broker = !servers_has_text(given);
    if (!servers->has_embedded_broker)
        snprintf(servers->queue.brokers, sizeof servers->queue.brokers, "%s", given);
}

/* The servers of the calibration with another queue in the place of theirs. */
bool calibrate_rabbit(struct calibrator *calibrator)
{
    struct servers servers = calibrator->servers;
    bool is_good;

    if (!is_to_be_had(&calibrator->options->servers))
        return true;
    calibrate_step(calibrator, "a record in RabbitMQ", "запись в RabbitMQ");
    servers.versions[0] = '\0';
    note_settings(&servers, calibrator->options->servers.rabbitmq);
    is_good = servers_rabbit_up(&servers, calibrator->trouble) == LAB_DONE;
    if (is_good) {
        calibrate_note_version(calibrator, servers.versions);
        is_good = measure(calibrator, &servers.queue);
    }
    rabbit_server_kill(&servers.rabbit);
    return is_good;
}
