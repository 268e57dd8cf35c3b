/* stats.c — Pages added up: of processes, of replicas, of one incarnation and the next. */
#include "services/live/node/stats.h"

#include <stddef.h>

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
    COUNT(let_in),
    COUNT(shed),
    COUNT(stays_ns),
    COUNTS(answered),
    COUNT(waits_ns),
    COUNT(waits),
    COUNTS(waited_ns),
    COUNTS(staged_ns),
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
    COUNT(gil_waits_ns),
    COUNT(gil_waits),
    COUNT(counter_attempted),
    COUNT(counter_shown),
    COUNT(counter_forgotten),
    COUNT(counter_lock_waits),
    COUNT(counter_retries),
    COUNT(counter_allocations),
    COUNT(counter_allocated_bytes),
    COUNT(counter_adds),
    COUNT(counter_add_ns),
    COUNT(counter_reads),
    COUNT(counter_read_ns),
    COUNT(process_cpu_ns),
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
    add_level(&to->workers_held, &from->workers_held, from->at_ns);
    add_level(&to->blocked, &from->blocked, from->at_ns);
    add_level(&to->gil_held, &from->gil_held, from->at_ns);
    add_level(&to->waiting, &from->waiting, from->at_ns);
    add_level(&to->table_connections, &from->table_connections, from->at_ns);
    add_level(&to->table_busy, &from->table_busy, from->at_ns);
    add_level(&to->queue_in_hand, &from->queue_in_hand, from->at_ns);
}

void stats_highest(uint64_t *to, const uint64_t *from)
{
    for (size_t i = 0; i < STATS_PARTITIONS_MAX; i++)
        to[i] = from[i] > to[i] ? from[i] : to[i];
}

void stats_add(struct node_stats *to, const struct node_stats *from)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint64_t *sum = (uint64_t *)((char *)to + counts[i].offset);
        const uint64_t *one = (const uint64_t *)((const char *)from + counts[i].offset);

        for (size_t n = 0; n < counts[i].length; n++)
            sum[n] += one[n];
    }
    add_levels(to, from);
    stats_highest(to->log_end, from->log_end);
    stats_highest(to->log_next, from->log_next);
    histogram_add(&to->latency, &from->latency);
    histogram_add(&to->wait, &from->wait);
}

void stats_settle(struct node_stats *stats)
{
    struct stats_level *levels[] = {
        &stats->inside,       &stats->busy,     &stats->workers_held, &stats->blocked,
        &stats->waiting,      &stats->gil_held, &stats->table_busy,   &stats->table_connections,
        &stats->queue_in_hand};

    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        levels[i]->now = 0;
}
