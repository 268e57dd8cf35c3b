/* calibrate.h — What a hop, a store call, a record and a commit cost on this machine.
 *
 *   servers up -> nodes up -> hop, timer -> store -> queue -> table -> signatures -> threads ->
 *      down -> struct calibration
 *
 * The same ports and the same nodes as in a live run, asked at a moderate steady rate and not back
 * to back: what sleeps between two questions answers later than what never rests, and services
 * sleep. Every number is the mean of all but the slowest fiftieth of some hundreds, whatever else
 * ran on the machine meanwhile: it runs beside a live run, too. A virtual world with these numbers
 * says what was measured here; calibration_write lays down how. */
#ifndef SIM_LAB_CALIBRATE_H
#define SIM_LAB_CALIBRATE_H

#include <stdio.h>

#include "sim/lab/lab.h"

enum {
    CALIBRATE_LARGE_KIB = 64, /* A value, or a body. */
    CALIBRATE_BURST = 100     /* Commands, or records, at once. */
};

enum calibrate_part {
    CALIBRATE_STORE = 1,
    CALIBRATE_MEMCACHED = 2,
    CALIBRATE_KAFKA = 4,
    CALIBRATE_TABLE = 8,
    CALIBRATE_TOKENS = 16,
    CALIBRATE_THREADS = 32,
    CALIBRATE_RABBITMQ = 64,
    CALIBRATE_PROCESSES = 128,
    CALIBRATE_HOPS = 256 /* Always. */
};

/* What has a part in the figures of this scenario. */
unsigned calibrate_parts(const struct scenario *scenario);

struct calibrated { /* One series of questions, in microseconds. */
    double
        mean; /* Of all but the slowest fiftieth. Added to a request's much wider latency it is the
                    mean of a small part that moves each quantile, and not the part's own median. */
    double p50, p95, p99;
    unsigned n; /* Answers; 0: not measured. */
};

struct calibrated_threads {
    struct calibrated park; /* A futex call that has nothing to do. */
    struct calibrated wake; /* One that wakes a sleeper on another core; none where there is one. */
    struct calibrated asleep;                /* From there until it runs. */
    struct calibrated copied_64, copied_16k; /* An object of so many bytes, allocated and copied. */
    double slice_us; /* Of the kernel's scheduler; 0: it does not say (Linux before 6.12). */
};

struct calibrated_queue {
    struct calibrated put;   /* Acknowledged as `acks: all`, without linger. */
    struct calibrated burst; /* CALIBRATE_BURST at once: when the last is acknowledged. */
    struct calibrated take;  /* From the put to the record in a consumer's hand. */
};

struct calibration {
    struct calibrated hop;      /* There and back: driver -> node -> driver. */
    struct calibrated timed;    /* The same with 1 ms of work: what it takes beyond the 1 ms. */
    struct calibrated balanced; /* The same through a balancer, its own work left out. */
    struct calibrated large;    /* The same with a body of CALIBRATE_LARGE_KIB. */
    struct calibrated opened;   /* The timed one at processes, which want a connection each. */
    struct calibrated sleep;    /* How late a sleep of 1 ms ends in this process. */

    struct calibrated get;           /* Redis, there and back. */
    struct calibrated gets;          /* CALIBRATE_BURST at once: when the last is answered. */
    struct calibrated get_large;     /* The same of a value of CALIBRATE_LARGE_KIB. */
    struct calibrated memcached_get; /* The same two of memcached, where there is one. */
    struct calibrated memcached_get_large;
    double memcached_cpu_us;
    struct calibrated_queue kafka, rabbit;
    struct calibrated lingered; /* A put with a linger of 5 ms: what it takes beyond the 5 ms. */
    struct calibrated leader;   /* One as `acks: leader`; none on the embedded broker. */
    struct calibrated offset;   /* A commit of an offset. */
    double rebalance_ms;        /* From another consumer's first take until it has partitions. */

    struct calibrated read;      /* A row by its key, through the table port. */
    double statement_us;         /* The same on a connection of one's own, on this thread. */
    struct calibrated scan;      /* Likes of a post, counted without an index, … */
    uint64_t scan_rows;          /* … by looking at so many. */
    struct calibrated write;     /* One row in one transaction. */
    struct calibrated own_write; /* The same without the port, by several processes in turn, … */
    double write_rate;           /* … so many times a second. */
    struct calibrated write_100, write_500;

    struct calibrated_threads threads;

    struct calibrated sign[TOKEN_ALGORITHMS], verify[TOKEN_ALGORITHMS]; /* Processor time. */
    struct calibrated session; /* Reading a session's id. */

    struct lab_rates beside; /* What others asked meanwhile. */
    bool has_embedded_broker;
    bool is_sqlite;
    char servers[200];
    char machine[160];
    char when[32]; /* UTC, "2024-05-01 12:00" */
};

/* What is measured now, for somebody who waits. */
struct calibrate_ear {
    void (*step)(void *context, const struct text *what);
    void *context;
};

/* Of options: servers, rates, parts, is_interrupted. Writes over all of *calibration. LAB_TROUBLE
 * also when it was interrupted. ear: NULL, or borrowed. */
enum lab_end calibrate_with(const struct lab_options *options, struct calibration *calibration,
                            const struct calibrate_ear *ear, struct message *trouble);
enum lab_end calibrate(const struct lab_options *options, struct calibration *calibration,
                       struct message *trouble);

/* A configuration for `sim run --calibration`, with a line on each number: how it was measured.
 * What was not measured is not in it. */
void calibration_write(FILE *out, const struct calibration *calibration);

#endif
