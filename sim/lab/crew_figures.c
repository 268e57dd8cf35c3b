/* crew_figures.c — Boards added up: by replica, by incarnation, by station. */
#include <string.h>

#include "sim/lab/crew_inside.h"

/* Every plain count of a page; levels, histograms and offsets are added below. */
#define COUNT(member)                                                                              \
    {                                                                                              \
        offsetof(struct node_stats, member), 1                                                     \
    }
#define COUNTS(member)                                                                             \
    {                                                                                              \
        offsetof(struct node_stats, member),                                                       \
            sizeof(((struct node_stats *)0)->member) / sizeof(uint64_t)                            \
    }

static const struct {
    size_t offset, length;
} counts[] = {
    COUNT(visits),
    COUNT(shed),
    COUNT(stays_ns),
    COUNTS(answered),
    COUNT(waits_ns),
    COUNT(waits),
    COUNTS(waited_ns),
    COUNTS(waited),
    COUNT(store_commands),
    COUNT(store_hits),
    COUNT(store_misses),
    COUNT(store_reconnects),
    COUNT(store_missed),
    COUNT(queue_put),
    COUNT(queue_put_failed),
    COUNT(queue_taken),
    COUNT(queue_batches),
    COUNT(queue_committed),
    COUNT(queue_redelivered),
    COUNT(queue_rebalances),
    COUNT(queue_dead),
    COUNT(queue_gaps),
    COUNTS(log_put),
    COUNT(table_reads),
    COUNT(table_writes),
    COUNT(table_commits),
    COUNT(table_rows),
    COUNT(table_pool_waits_ns),
    COUNT(process_cpu_ns),
    COUNT(table_connections),
};

static void add_level(struct stats_level *to, const struct stats_level *from, uint64_t now_ns)
{
    to->now += from->now;
    to->max = from->max > to->max ? from->max : to->max;
    to->area += stats_level_area(from, now_ns > from->since_ns ? now_ns : from->since_ns);
}

static void add_levels(struct node_stats *to, const struct node_stats *from)
{
    add_level(&to->inside, &from->inside, from->at_ns);
    add_level(&to->busy, &from->busy, from->at_ns);
    add_level(&to->threads_held, &from->threads_held, from->at_ns);
    add_level(&to->waiting, &from->waiting, from->at_ns);
    add_level(&to->table_busy, &from->table_busy, from->at_ns);
}

static void highest(uint64_t *to, const uint64_t *from)
{
    for (size_t i = 0; i < STATS_PARTITIONS_MAX; i++)
        to[i] = from[i] > to[i] ? from[i] : to[i];
}

/* to's levels are sums without a clock: since_ns stays 0 and at_ns too, so that areas add. */
void stats_add(struct node_stats *to, const struct node_stats *from)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t *sum = (uint64_t *)((char *)to + counts[i].offset);
        const uint64_t *one = (const uint64_t *)((const char *)from + counts[i].offset);

        for (size_t n = 0; n < counts[i].length; n++)
            sum[n] += one[n];
    }
    add_levels(to, from);
    highest(to->log_end, from->log_end);
    highest(to->log_next, from->log_next);
    histogram_add(&to->latency, &from->latency);
    histogram_add(&to->wait, &from->wait);
}

/* A place that is off keeps its counts; what it had inside it has no more. */
void stats_settle(struct node_stats *stats)
{
    struct stats_level *levels[] = {&stats->inside, &stats->busy, &stats->threads_held,
                                    &stats->waiting, &stats->table_busy};

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        levels[i]->now = 0;
}

/* A board is up to 100 ms old, and its cores' time since then is not known yet: it is left out of
 * the capacity too, so that a share of the one in the other is right at any moment. */
static uint64_t unknown_ns(const struct place *place, uint64_t now_ns)
{
    uint64_t seen_ns = place->station->crew->origin_ns + place->seen_ns;

    return place->process.pid != 0 && place->seen_ns > 0 && now_ns > seen_ns ? now_ns - seen_ns : 0;
}

void crew_read(struct crew *crew, uint32_t number, struct crew_figures *figures)
{
    static struct node_stats one;
    struct station *station = &crew->all[number];
    uint64_t now_ns = loop_clock_ns(), unknown = 0, up;

    memset(figures, 0, sizeof *figures);
    for (uint32_t i = 0; i < station->places_max; i++) {
        struct place *place = &station->places[i];

        place_read(place, &one);
        unknown += unknown_ns(place, now_ns);
        if (place->process.pid == 0)
            stats_settle(&one);
        stats_add(&figures->sum, &one);
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

    for (uint32_t i = 0; i < crew->all_max; i++) {
        bool is_writer = writes(&crew->all[i], topic), is_reader = reads(&crew->all[i], topic);

        if (!is_writer && !is_reader)
            continue;
        crew_read(crew, i, &figures);
        if (is_writer)
            highest(ends, figures.sum.log_end);
        else
            highest(next, figures.sum.log_next);
    }
    for (size_t i = 0; i < STATS_PARTITIONS_MAX; i++)
        lag += ends[i] > next[i] ? ends[i] - next[i] : 0;
    return lag;
}

uint64_t crew_lag(struct crew *crew)
{
    return crew->servers->wanted.queue
               ? lag_of(crew, TOPIC_KIND_LIKES) + lag_of(crew, TOPIC_KIND_ORDERS)
               : 0;
}
