/* crew_figures.c — Boards added up: by replica, by incarnation, by station. */
#include <string.h>

#include "sim/lab/crew_inside.h"

/* A board is up to 100 ms old, and its cores' time since then is not known yet: it is left out of
 * the capacity too, so that a share of the one in the other is right at any moment. */
static uint64_t unknown_ns(const struct place *place, uint64_t now_ns)
{
    uint64_t seen_ns = place->station->crew->origin_ns + place->seen_ns;

    return place->process.pid != 0 && place->seen_ns > 0 && now_ns > seen_ns ? now_ns - seen_ns : 0;
}

static uint64_t highest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void crew_read(struct crew *crew, uint32_t number, struct crew_figures *figures)
{
    static struct node_stats one;
    struct station *station = &crew->all[number];
    uint64_t now_ns = loop_clock_ns(), unknown = 0, up;

    memset(figures, 0, sizeof *figures);
    for (uint32_t i = 0; i < station->places_max; i++) {
        struct place *place = &station->places[i];

        if (place->starts == 0)
            continue;
        place_read(place, &one);
        unknown += unknown_ns(place, now_ns);
        if (place->process.pid == 0)
            stats_settle(&one);
        stats_add(&figures->sum, &one);
        figures->busy_areas[i] = one.busy.area;
        figures->longest_line = highest(figures->longest_line, one.waiting.now);
        figures->most_in_hand = highest(figures->most_in_hand, one.queue_in_hand.now);
    }
    up = stats_level_area(&station->up, now_ns);
    figures->up_area = up;
    figures->capacity_area = (up > unknown ? up - unknown : 0) * station->spec->cores;
    figures->replicas_max = (uint32_t)station->ready.max;
    figures->queue_max = (uint32_t)figures->sum.waiting.max;
}

/* ---- Lag ------------------------------------------------------------------------------------- */

static bool writes(const struct station *station, enum topic_kind topic)
{
    return topic == TOPIC_KIND_LIKES ? station->plan.kind == PLAN_LIKES
                                     : station->plan.kind == PLAN_DELIVERY;
}

static bool reads(const struct station *station, enum topic_kind topic)
{
    return station->plan.kind == PLAN_BATCHER && station->spec->topic == topic;
}

static uint64_t lag_of(struct crew *crew, enum topic_kind topic)
{
    static struct crew_figures figures;
    uint64_t ends[STATS_PARTITIONS_MAX] = {0}, next[STATS_PARTITIONS_MAX] = {0}, lag = 0;

    uint64_t put = 0, acked = 0;

    for (uint32_t i = 0; i < crew->all_max; i++) {
        bool is_writer = writes(&crew->all[i], topic), is_reader = reads(&crew->all[i], topic);

        if (!is_writer && !is_reader)
            continue;
        crew_read(crew, i, &figures);
        put += is_writer ? figures.sum.log_put[0] : 0;
        acked += is_reader ? figures.sum.queue_committed : 0;
        if (is_writer)
            stats_highest(ends, figures.sum.log_end);
        else
            stats_highest(next, figures.sum.log_next);
    }
    if (crew->servers->queue.is_rabbit) /* One who was killed may have said less than he did. */
        return put > acked ? put - acked : 0;
    for (size_t i = 0; i < STATS_PARTITIONS_MAX; i++)
        lag += ends[i] > next[i] ? ends[i] - next[i] : 0;
    return lag;
}

uint64_t crew_in_hand(struct crew *crew)
{
    static struct crew_figures figures;
    uint64_t in_hand = 0;

    for (uint32_t i = 0; i < crew->all_max; i++)
        if (crew->all[i].plan.kind == PLAN_BATCHER) {
            crew_read(crew, i, &figures);
            in_hand += figures.sum.queue_in_hand.now;
        }
    return in_hand;
}

uint64_t crew_lag(struct crew *crew)
{
    return crew->servers->wanted.queue
               ? lag_of(crew, TOPIC_KIND_LIKES) + lag_of(crew, TOPIC_KIND_ORDERS)
               : 0;
}
