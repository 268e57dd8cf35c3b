/* batch.h — The one flow of a batcher: from the log to the table, for ever.
 *
 * Seen by batch.c, which is the flow, and batcher.c, which is the service around it. */
#ifndef SERVICES_BATCHER_BATCH_H
#define SERVICES_BATCHER_BATCH_H

#include <stdbool.h>

#include "services/base/map.h"
#include "services/batcher/batcher.h"
#include "services/batcher/retry.h"

enum batch_state {
    BATCH_TAKE,
    BATCH_OFFSET,
    BATCH_CPU,
    BATCH_WRITE,
    BATCH_PROBE,
    BATCH_BURY,
    BATCH_COMMIT,
    BATCH_PAUSE
};

struct batch {
    struct call call; /* The one thing it waits for. First, so that a call is its batch. */
    enum batch_state state;
    uint32_t tries;                      /* That failed, since something went well. */
    void (*resume)(struct batch *batch); /* What to ask again after a pause. */
    struct batcher *batcher;

    struct record *records; /* Copies: what a take lends is gone when its step ends. */
    uint32_t length;
    uint32_t partition;  /* All of them come from it, … */
    uint64_t next;       /* … and this is the offset behind the last one. */
    struct part part;    /* What is being written of them. */
    uint64_t salt;       /* Of a work queue: what this take's trips are numbered with. */
    bool is_worked;      /* The processor has had its share. */
    uint64_t checked_ns; /* When we last knew that nobody else had written them. */

    /* Room for one transaction and what making it takes, lent by the arena. */
    struct table_op *ops;
    const struct record **sorted; /* Likes. */
    int64_t *trips;               /* Orders. */
};

struct batcher {
    struct batcher_config config;
    struct ports ports;
    struct batch batch;
    struct map owned; /* Partition -> the offset that the table is at, since it was assigned. */
};

/* How many partitions `owned` has room for; beyond it, it forgets and reads again. */
enum { BATCH_OWNED_MAX = 1024 };

/* Asks for the first records. */
void batch_begin(struct batch *batch);

#endif
