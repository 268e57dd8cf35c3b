/* calibrate_inside.h — A series of questions at a steady rate, and who asks which.
 *
 *     calibrate.c        what is started, and in which order it is measured
 *     calibrate_probe.c  one series, of single questions or of many at once
 *     calibrate_crowd.c  who asks meanwhile
 *     calibrate_nodes.c  hops
 *     calibrate_data.c   store, table
 *     calibrate_commit.c a commit
 *     calibrate_records.h     records, put into a queue and taken
 *     calibrate_kafka.c       Kafka, with what only a log has
 *     calibrate_rabbit.c      the other queue, where there is one
 *     calibrate_memcached.c   the other store, where there is one
 *     calibrate_tokens.c      signatures
 *     calibrate_threads.c     locks, copies
 *     calibrate_write.c  the configuration */
#ifndef SIM_LAB_CALIBRATE_INSIDE_H
#define SIM_LAB_CALIBRATE_INSIDE_H

#include <sys/types.h>

#include "services/base/dice.h"
#include "services/live/loop/loop.h"
#include "services/live/node/stats.h"
#include "services/live/table/database.h"
#include "sim/lab/calibrate.h"
#include "sim/lab/crew.h"

enum {
    CALIBRATE_SERIES_MAX = 64,
    CALIBRATE_WORK = 0,         /* Of the services in calibrate.c: a loop, … */
    CALIBRATE_FORKED = 4,       /* … and processes, where they are measured. */
    CALIBRATE_HOP_RATE = 500,   /* Hops asked per second. */
    CALIBRATE_SMALL_BYTES = 16, /* Of a value, or of a body. */
    CALIBRATE_LARGE_BYTES = CALIBRATE_LARGE_KIB << 10
};

struct calibrator {
    const struct lab_options *options;
    const struct scenario *scenario;
    struct calibration *calibration;
    const struct calibrate_ear *ear;
    struct servers servers;
    struct loop loop;
    struct node_stats stats; /* Of our own ports. */
    struct crew *crew;
    struct message *trouble;                    /* Lent. */
    struct sample *spent[CALIBRATE_SERIES_MAX]; /* Freed when no port can complete them any more. */
    unsigned spent_max;
    pid_t crowd; /* 0: none. */
};

struct probe;

struct sample {       /* One question. */
    struct call call; /* First. */
    struct probe *probe;
    unsigned index;
    uint64_t from_ns;
    double took_us; /* NaN: it failed, or there was no answer. */
};

struct probe {          /* Filled in by who measures, down to `context`. */
    struct text name;   /* For messages: "a hop". */
    uint64_t every_ns;  /* Between two questions. */
    unsigned samples;   /* That count; a fifth of as many come before, to warm up. */
    bool is_uneven;     /* every_ns is the mean of exponential gaps: as people come. */
    bool from_intended; /* Counted from when it was meant to be asked: as clients are. */

    /* Asks with sample->call, whose `done` is set; or takes care that probe_told is called. */
    void (*ask)(struct probe *probe, struct sample *sample);
    void *context;

    struct calibrator *calibrator;
    struct sample *all;
    unsigned all_max, asked, told;
    uint64_t due_ns;
    struct dice dice;
    struct event *alarm;
};

/* Many questions at once, as a probe's context; the sample is told when the last one is answered. A
 * burst that is due before the last one is over begins then. Static: some may be on their way to
 * the end of the calibration. */
struct burst { /* Filled in by who measures, down to `port`. */
    void (*ask)(struct burst *burst, struct call *call);
    void *port;

    struct burst_call {
        struct call call; /* First. */
        struct burst *burst;
    } calls[CALIBRATE_BURST];
    struct sample *sample; /* NULL: none is under way. */
    unsigned left;
    bool is_good;
};

void burst_ask(struct probe *probe, struct sample *sample); /* A probe's ask. */

/* False: trouble says why. Needs answers to nine of ten. */
bool probe_run(struct probe *probe, struct calibrator *calibrator, struct calibrated *figures);

void probe_told(struct sample *sample, bool is_good);
struct calibrated calibrated_of(double *took_us, unsigned n); /* Sorts; NaNs are left out. */
struct calibrated calibrated_mean(const struct calibrated *rounds, unsigned n);
struct calibrated calibrated_less(struct calibrated figures, double less_us);
bool calibrate_is_interrupted(const struct calibrator *calibrator);

/* Each n its own key, far from its neighbours'. */
uint64_t calibrate_key(uint64_t n);

/* One read on this thread, without the way to a worker and back, in us. NaN: it failed. */
double calibrate_read(struct database *database, enum table_read how, enum schema_table of,
                      uint64_t key);

/* A process that dies with us, and does not hear Ctrl-C. As fork(2). */
pid_t calibrate_fork(void);
void calibrate_reap(pid_t *pid); /* Kills it; 0 then. Nothing below 1. */

void calibrate_sleep_until(uint64_t clock_ns); /* loop_clock_ns. */

void calibrate_note_version(struct calibrator *calibrator, const char *version); /* One more. */

void calibrate_step(const struct calibrator *calibrator, const char *en, const char *ru);

/* calibrate_crowd.c: others ask the nodes meanwhile, from a process of their own. In the place of
 * an earlier crowd. False: trouble says why. */
bool crowd_begin(struct calibrator *calibrator, const struct lab_rates *rates);
void crowd_end(struct calibrator *calibrator);

static inline bool calibrate_wants(const struct lab_options *options, enum calibrate_part part)
{
    return options->parts == 0 || (options->parts & part) != 0;
}

/* Each: false where trouble says why. */
bool calibrate_nodes(struct calibrator *calibrator);
bool calibrate_store(struct calibrator *calibrator);
bool calibrate_gets(struct calibrator *calibrator, struct store *store, uint32_t bytes,
                    struct calibrated *figures);         /* Of a value of that size. */
bool calibrate_memcached(struct calibrator *calibrator); /* True where there is none. */
bool calibrate_kafka(struct calibrator *calibrator);
bool calibrate_has_rabbit(const struct lab_options *options); /* Wanted, and to be had. */
bool calibrate_rabbit(struct calibrator *calibrator);         /* True where there is none. */
bool calibrate_table(struct calibrator *calibrator);          /* Also a commit. */
bool calibrate_commit(struct calibrator *calibrator);
bool calibrate_tokens(struct calibrator *calibrator);
bool calibrate_threads(struct calibrator *calibrator);

#endif
