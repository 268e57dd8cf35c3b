/* retry.c — Halving a refused batch, and pausing between tries. */
#include "services/batcher/retry.h"

#include "services/base/check.h"

static const uint64_t pause_first_ns = 20000000;
static const uint64_t pause_longest_ns = 2000000000;
enum { DOUBLINGS_MAX = 7 }; /* 20 ms x 2^7 is past the longest; a larger shift would overflow. */

struct part part_of(uint32_t records)
{
    return (struct part){.first = 0, .length = records};
}

void part_finish(struct part *part, uint32_t records)
{
    uint32_t next = part->first + part->length;

    check(next <= records);
    if (part->refused_end > next)
        *part = (struct part){
            .first = next, .length = part->refused_end - next, .refused_end = part->refused_end};
    else
        *part = (struct part){.first = next, .length = records - next};
}

void part_drop(struct part *part, uint32_t dropped, uint32_t left)
{
    if (part->first < dropped) {
        *part = part_of(left);
        return;
    }
    part->first -= dropped;
    part->refused_end = part->refused_end > dropped ? part->refused_end - dropped : 0;
}

enum part_verdict part_refuse(struct part *part, uint32_t attempts)
{
    if (part->is_suspect)
        return PART_POISON;
    part->refusals++;
    if (part->refusals < attempts || part->length == 0)
        return PART_AGAIN;
    part->refusals = 0;
    if (part->length == 1)
        return PART_SUSPECT;
    part->refused_end = part->first + part->length;
    part->length /= 2;
    return PART_HALVED;
}

uint64_t retry_pause_ns(uint32_t tries, struct dice *dice)
{
    uint64_t pause_ns = pause_first_ns << (tries < DOUBLINGS_MAX ? tries : DOUBLINGS_MAX);

    if (pause_ns > pause_longest_ns)
        pause_ns = pause_longest_ns;
    return pause_ns / 2 + dice_below(dice, pause_ns / 2 + 1);
}
