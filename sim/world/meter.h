/* meter.h — How busy something was: busy time per second of virtual time.
 *
 * Busy intervals are added when they are known, in any order, and may reach into the future.
 * Unlike struct usage it needs nobody to tell it that a second is over. */
#ifndef SIM_WORLD_METER_H
#define SIM_WORLD_METER_H

#include <stdint.h>

#include "sim/measure/result.h"

struct meter {
    uint64_t busy_ns[RESULT_SECONDS_MAX + 1]; /* By second; the last one takes what is beyond. */
    uint64_t latest_ns;                       /* The end of the latest interval. */
};

void meter_add(struct meter *meter, uint64_t from_ns, uint64_t to_ns);

/* Busy time between two instants. Of a second that one of them cuts, a share: within a second busy
 * time is taken to be spread evenly, up to the latest interval's end. */
double meter_busy_s(const struct meter *meter, uint64_t from_ns, uint64_t to_ns);

/* Share of capacity (how many can be busy at once) between two instants, and the same of the
 * busiest whole second of them. */
double meter_mean(const struct meter *meter, double capacity, uint64_t from_ns, uint64_t to_ns);
double meter_peak(const struct meter *meter, double capacity, uint64_t from_ns, uint64_t to_ns);

#endif
