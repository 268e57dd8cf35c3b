/* retry.h — What to do after a write that failed: pure decisions, no clock and no port.
 *
 * A batch is written in parts; at first the one part is all of it. A part that the table refuses
 * `attempts` times is halved, so that one record that can never be written (a poison record) is
 * found in about (attempts + 1) log2 n transactions, and everything before it is written on the
 * way:
 *
 *     [ . . . . x . . . ]   refused: the first half of it
 *     [ . . . . ]           written: then the other half
 *             [ x . . . ]   refused: … and so on, down to x alone
 *
 * Outages are no record's fault: only an answer that says "error" counts against a part. A broken
 * connection says so as well; hence a record is given up only when it is refused once more by a
 * table that has just been well. */
#ifndef SERVICES_BATCHER_RETRY_H
#define SERVICES_BATCHER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/dice.h"

struct part {
    uint32_t first, length; /* Records of the batch. Length 0: only the offset behind them. */
    uint32_t refused_end;   /* Behind what was refused and halved last; 0: nothing was. */
    uint32_t refusals;      /* In a row. */
    bool is_suspect;        /* One record, and the table was well after it had been refused; set by
                               who asked the table. */
};

enum part_verdict {
    PART_AGAIN,   /* Pause, and write the same part. */
    PART_HALVED,  /* Write what is now a smaller part. */
    PART_SUSPECT, /* One record, refused as often as it may be: how is the table? */
    PART_POISON   /* And once more, with a table that is well. */
};

/* All records of a batch. */
struct part part_of(uint32_t records);

/* The part is done with, written or buried: the next one is the other half of what was
 * refused, else all that is left. */
void part_finish(struct part *part, uint32_t records);

/* The first so many records are gone, `left` of them are there. What was found out about the others
 * stays so: a record that has been buried is not looked for again. Unless more are gone than we
 * know to be written (a write without an answer was committed, or another was at it): then all of
 * it begins anew. */
void part_drop(struct part *part, uint32_t dropped, uint32_t left);

/* The table said CALL_FAILED. */
enum part_verdict part_refuse(struct part *part, uint32_t attempts);

/* How long to pause after `tries` failures in a row, from 0: doubling from 20 ms to 2 s, of which
 * the upper half is drawn ("equal jitter": M. Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015). Full jitter would now and then not pause at all. */
uint64_t retry_pause_ns(uint32_t tries, struct dice *dice);

#endif
