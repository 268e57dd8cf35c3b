/* calibrate_records.h — Records put into a queue, and the consumer who takes them.
 *
 *   put    one record at a time, `acks: all`; each is also awaited by the consumer
 *   take   from the put until that consumer has it
 *   burst  100 records of one key at once: the slope is a record's cost */
#ifndef SIM_LAB_CALIBRATE_RECORDS_H
#define SIM_LAB_CALIBRATE_RECORDS_H

#include "services/live/queue/queue_live.h"
#include "sim/lab/calibrate_inside.h"

enum { TAKER_PUTS = 600 /* A sixth of them to warm up. */ };

struct taker {        /* Takes again and again, from the first call until it is over. */
    struct call call; /* First. */
    struct calibrator *calibrator;
    struct queue *queue;
    bool is_joining, is_over;
    struct call receipt; /* Of a work queue: what was taken is acknowledged. */
    bool is_acknowledging;
    const struct probe *puts; /* Whose records are awaited; NULL: nobody's. */
    double took_us[TAKER_PUTS];
    uint32_t partition; /* Of the last record taken. */
    uint64_t next;
};

/* One of this run; server: for the message. NULL: trouble says why. */
struct queue_live *calibrate_open_queue(struct calibrator *calibrator,
                                        const struct queue_settings *settings, const char *server);

/* Until it has partitions: there are records in them, and one's coming says so. The taker's queue
 * is set; it takes for as long as the loop lives, unless is_over. False: trouble says why. */
bool taker_join(struct calibrator *calibrator, struct taker *taker, double *took_ms);

/* A probe's ask, in the queue that is its context. */
void calibrate_put_one(struct probe *probe, struct sample *sample);

/* So many puts a second, as they come. False: trouble says why. The queue has no linger; *taker
 * must outlive the loop. */
bool calibrate_records(struct calibrator *calibrator, struct taker *taker, struct queue *queue,
                       double rate, struct calibrated_queue *figures);

#endif
