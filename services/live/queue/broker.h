/* broker.h — The embedded broker: librdkafka's mock cluster in a process of its own.
 *
 * `sim-node broker` reads struct broker_settings from its standard input, makes the cluster and the
 * run's topics, and says "ready BOOTSTRAP\n" on its standard output. Lines on its standard input
 * then are orders: "down\n" (listeners closed, connections dropped; the log stays), "up\n". It ends
 * with its input, with exit code 0; 1 and a line on standard error when it could not begin.
 *
 * It is real protocol and no real broker: no replication, no dedup, no transactions, 5 MiB per
 * partition. Every result says so. broker.c is the one file that knows the mock's API. */
#ifndef SERVICES_LIVE_QUEUE_BROKER_H
#define SERVICES_LIVE_QUEUE_BROKER_H

#include <stdint.h>

struct broker_settings {
    uint32_t brokers;    /* 1 … 16; 3 are usual. */
    uint32_t partitions; /* Of each topic; 1 … 1024. */
    char run[24];        /* As in struct node_settings: in the topics' names. */
};

/* The whole program; its exit code. */
int broker_main(void);

#endif
