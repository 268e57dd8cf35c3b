/* broker.h — Kafka for tests: the embedded broker in a child of the test's own, or a real one.
 *
 * The child runs what `sim-node broker` runs, dies with the test, and listens on 127.0.0.1. Where
 * SIM_TEST_KAFKA names a Kafka (tests/live/test_kafka.sh starts one and sets it), that one is used
 * instead: it is shared, so its topics are those of the run, and it takes no orders. */
#ifndef TESTS_LIB_BROKER_H
#define TESTS_LIB_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "services/live/node/settings.h"

struct test_broker {
    pid_t pid; /* 0: a real Kafka, not ours to stop. */
    int orders, answers;
    char run[24]; /* New for each. */
    struct queue_settings settings;
};

/* Topics of a new run, in so many partitions; settings and run are set as a node is told them. */
void broker_open(struct test_broker *broker, uint32_t partitions);
void broker_close(struct test_broker *broker);

/* Of an embedded one alone. */
void broker_order(const struct test_broker *broker, const char *order); /* "down\n", "up\n" */
void broker_signal(const struct test_broker *broker, int signal_number);

#endif
