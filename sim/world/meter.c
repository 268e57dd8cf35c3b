/* meter.c — Busy time, cut at the seconds' edges.
 *
 * An interval is nearly always short and inside one second, so adding costs one division by a
 * constant and one addition. Within a second nothing is known but the sum; a part of a second is
 * taken to be as busy as the whole. */
#include "sim/world/meter.h"

enum { SECOND_NS = 1000000000 };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The second of an instant; the last one takes what is beyond. */
static uint64_t second_of(uint64_t at_ns)
{
    return least(at_ns / SECOND_NS, RESULT_SECONDS_MAX);
}

void meter_add(struct meter *meter, uint64_t from_ns, uint64_t to_ns)
{
    if (to_ns > meter->latest_ns)
        meter->latest_ns = to_ns;
    while (from_ns < to_ns) {
        uint64_t second = second_of(from_ns);
        uint64_t edge_ns = (second + 1) * SECOND_NS;
        uint64_t end_ns = second == RESULT_SECONDS_MAX ? to_ns : least(edge_ns, to_ns);

        meter->busy_ns[second] += end_ns - from_ns;
        from_ns = end_ns;
    }
}

/* Of the busy time of one second, what lies between two instants in it. */
static double part_ns(const struct meter *meter, uint64_t second, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t start_ns = second * SECOND_NS;
    uint64_t end_ns = least(start_ns + SECOND_NS, meter->latest_ns);

    to_ns = least(to_ns, end_ns);
    if (from_ns >= to_ns)
        return 0;
    return (double)meter->busy_ns[second] * (double)(to_ns - from_ns) / (double)(end_ns - start_ns);
}

double meter_busy_s(const struct meter *meter, uint64_t from_ns, uint64_t to_ns)
{
    double busy_ns = 0;

    /* No run is so long that something lies in the last place. */
    while (from_ns < to_ns && second_of(from_ns) < RESULT_SECONDS_MAX) {
        uint64_t second = second_of(from_ns);

        busy_ns += part_ns(meter, second, from_ns, to_ns);
        from_ns = (second + 1) * SECOND_NS;
    }
    return busy_ns / SECOND_NS;
}

double meter_mean(const struct meter *meter, double capacity, uint64_t from_ns, uint64_t to_ns)
{
    double room_s = capacity * (double)(to_ns - from_ns) / SECOND_NS;

    return from_ns < to_ns && room_s > 0 ? meter_busy_s(meter, from_ns, to_ns) / room_s : 0;
}

double meter_peak(const struct meter *meter, double capacity, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t first = (from_ns + SECOND_NS - 1) / SECOND_NS;
    uint64_t end = least(to_ns / SECOND_NS, RESULT_SECONDS_MAX);
    uint64_t most_ns = 0;

    if (first >= end) /* No whole second lies between. */
        return meter_mean(meter, capacity, from_ns, to_ns);
    for (uint64_t second = first; second < end; second++) {
        uint64_t busy_ns = meter->busy_ns[second];

        most_ns = busy_ns > most_ns ? busy_ns : most_ns;
    }
    return capacity > 0 ? (double)most_ns / SECOND_NS / capacity : 0;
}
