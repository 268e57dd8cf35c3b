/* trips.c — One pass over the window, with one open trip per area. */
#include "services/batcher/trips.h"

#include <stdbool.h>

#include "services/base/check.h"
#include "services/base/map.h"

enum { ZONES_MAX = 256, OFFSET_BITS = 40 };

struct open_trip {
    int64_t number;
    uint32_t places; /* Left. */
};

/* Mostly it is a client that asks again who sends an order twice, so first tries are not searched
 * for. The embedded broker may write one twice as well, when its acknowledgement was lost
 * (services/live/queue/queue_live.h): the second one takes a place in a trip, and its rows change
 * nothing. Nor do those of a repeat that falls into a later window. */
static bool trips_has_repeat(const struct record *records, uint32_t i)
{
    if (records[i].ask.attempt == 0)
        return false;
    for (uint32_t j = 0; j < i; j++) {
        if (records[j].ask.id == records[i].ask.id)
            return true;
    }
    return false;
}

/* 62 drawn bits: in a million trips two have the same number once in nine million runs. */
static int64_t trips_number(const struct record *first, uint64_t salt)
{
    if (salt > 0)
        return (int64_t)(map_hash(salt, first->offset) >> 2) | 1;
    return ((int64_t)first->partition + 1) << OFFSET_BITS | (int64_t)first->offset;
}

uint32_t trips_plan(const struct record *records, uint32_t n, uint32_t trip_orders, uint64_t salt,
                    int64_t *trips)
{
    struct open_trip open[ZONES_MAX] = {{0}};
    uint32_t made = 0;

    check(trip_orders > 0);
    for (uint32_t i = 0; i < n; i++) {
        struct open_trip *trip = &open[records[i].ask.zone];

        trips[i] = TRIP_NONE;
        if (records[i].ask.verb != VERB_ORDER || trips_has_repeat(records, i))
            continue;
        if (trip->places == 0) {
            *trip = (struct open_trip){trips_number(&records[i], salt), trip_orders};
            made++;
        }
        trip->places--;
        trips[i] = trip->number;
    }
    return made;
}
