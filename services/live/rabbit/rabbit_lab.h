/* rabbit_lab.h — What the lab asks of RabbitMQ: blocking, like the questions of queue_live.h.
 *
 * where: "HOST:PORT" (as guest, which RabbitMQ lets in from its own machine alone),
 * "USER:PASSWORD@HOST:PORT", or "amqp://USER:PASSWORD@HOST:PORT/VHOST". */
#ifndef SERVICES_LIVE_RABBIT_LAB_H
#define SERVICES_LIVE_RABBIT_LAB_H

#include "services/live/node/settings.h"
#include "services/port/schema.h"

bool rabbit_probe(const char *where, int timeout_ms, char version[static 32], char why[static 160]);

/* The run's queues, one per topic. */
bool rabbit_make_queues(const struct queue_settings *settings, const char *run,
                        char why[static 160]);
bool rabbit_drop_queues(const char *where, const char *run, char why[static 160]);

/* Messages that are with no consumer. */
bool rabbit_read_ready(const struct queue_settings *settings, const char *run,
                       enum schema_topic topic, uint64_t *ready, char why[static 160]);

#endif
