/* broker.h — Kafka for tests: the embedded broker in a child of the test's own, or a real one.
 *
 * The child runs what `sim-node broker` runs, dies with the test, and listens on 127.0.0.1. Where
 * SIM_TEST_KAFKA names a Kafka, that one is used instead, with topics of a run for each broker that
 * is opened. tests/live/test_kafka.sh starts one and sets it, and SIM_TEST_KAFKA_DIR with it, the
 * folder that tests/kafka/kafka.sh knows it by: then it can be troubled as well. */
#ifndef TESTS_LIB_BROKER_H
#define TESTS_LIB_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "services/live/node/settings.h"

struct test_broker {
    pid_t pid; /* 0: a real Kafka. */
    int orders, answers;
    char run[24]; /* New for each. */
    struct queue_settings settings;
};

/* Topics of a new run, in so many partitions; settings and run are set as a node is told them. */
void broker_open(struct test_broker *broker, uint32_t partitions);
void broker_close(struct test_broker *broker);

/* Trouble; a real Kafka that came without its folder has none, and the test skips itself. */
void broker_crash(const struct test_broker *broker);   /* Its log stays. */
void broker_restart(const struct test_broker *broker); /* At the same address. */
void broker_signal(const struct test_broker *broker, int signal_number);

#endif
