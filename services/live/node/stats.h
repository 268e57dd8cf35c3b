/* stats.h — What a node has counted since it started: one flat page of numbers.
 *
 * Every live port counts into the page of its process; nothing in it is ever taken back, so the
 * figures of any stretch of time are the difference of two copies. The node publishes a copy every
 * 100 ms, and a last one when it goes, in a file that the lab maps (stats_board.h); a node that is
 * killed leaves what it had published. /metrics prints the same numbers.
 *
 * An `area` is a level multiplied by the nanoseconds that it lasted, as of at_ns. */
#ifndef SERVICES_LIVE_NODE_STATS_H
#define SERVICES_LIVE_NODE_STATS_H

#include <stdint.h>

#include "services/base/histogram.h"
#include "services/port/ask.h"

enum { STATS_PARTITIONS_MAX = 64, STATS_OUTCOMES = CALL_DENIED + 1 };

/* What calls waited for. */
enum stats_wait {
    STATS_CPU,
    STATS_TIMER,
    STATS_PEER,
    STATS_STORE,
    STATS_QUEUE,
    STATS_TABLE,
    STATS_BLOCK,
    STATS_TOKENS,
    STATS_MEMORY,
    STATS_WAITS
};

struct stats_level { /* How many there are of something, over time. */
    uint64_t now, max;
    uint64_t area, since_ns; /* Up to the last change. */
};

struct node_stats {
    uint64_t at_ns;  /* Of this copy; the run's clock. */
    uint64_t serves; /* 1 when it is ready, 0 before and while it drains. */

    /* Visits. Health checks are not counted. */
    uint64_t visits, let_in; /* Who came in; who of them had a place inside or in a line. */
    uint64_t shed;           /* Who of them was turned away, at once or out of a line. */
    uint64_t stays_ns;       /* From the door to the answer, of those answered that were let in. */
    uint64_t answered[STATS_OUTCOMES]; /* By enum call_outcome. */
    struct stats_level inside;
    struct histogram latency; /* Stays. */

    /* The processor. */
    uint64_t cores, workers;
    struct stats_level busy, workers_held, waiting; /* waiting: for a first turn. */
    struct stats_level blocked;                     /* Loops in a blocking call. */
    uint64_t waits_ns, waits;                       /* Turns, those without a wait included. */
    struct histogram wait;                          /* Of those who waited. */
    struct stats_level gil_held;                    /* The interpreter's lock. */
    uint64_t gil_waits_ns, gil_waits;               /* Each time that somebody wanted it. */

    uint64_t waited_ns[STATS_WAITS], waited[STATS_WAITS]; /* By what calls waited for. */
    uint64_t staged_ns[VISIT_STAGES];                     /* Time of visits, by their stage. */

    /* Store, as its client sees it. */
    uint64_t store_commands, store_hits, store_misses, store_reconnects;
    uint64_t store_missed; /* Commands without an answer: timed out, refused, broken. */

    /* Queue. Offsets are by partition of the one topic that this node writes or reads. */
    uint64_t queue_put, queue_put_failed;
    uint64_t queue_taken, queue_batches, queue_committed, queue_redelivered, queue_rebalances;
    uint64_t queue_dead;              /* Records put into TOPIC_DEAD. */
    uint64_t queue_gaps;              /* Offsets that retention had dropped. */
    struct stats_level queue_in_hand; /* RabbitMQ: delivered to this node, not acknowledged. */
    uint64_t log_end[STATS_PARTITIONS_MAX];  /* Producer: behind its last acknowledged record. */
    uint64_t log_next[STATS_PARTITIONS_MAX]; /* Consumer: behind the last that is committed. */
    uint64_t log_put[STATS_PARTITIONS_MAX];  /* Producer: records. */

    /* Table. */
    struct stats_level table_connections, table_busy; /* Open; at work. */
    uint64_t table_reads, table_writes, table_commits, table_rows, table_pool_waits_ns;

    /* Counters in memory. The first two are of an instant at which nothing was under way. */
    uint64_t counter_attempted, counter_shown;
    uint64_t counter_forgotten; /* Shown by processes that are gone: filled in by who adds up. */
    uint64_t counter_lock_waits, counter_retries, counter_allocations, counter_allocated_bytes;
    uint64_t counter_adds, counter_add_ns, counter_reads, counter_read_ns;

    uint64_t process_cpu_ns; /* Of this process, on the real machine. */
};

static inline void stats_level_set(struct stats_level *level, uint64_t now_ns, uint64_t value)
{
    level->area += level->now * (now_ns - level->since_ns);
    level->since_ns = now_ns;
    level->now = value;
    level->max = value > level->max ? value : level->max;
}

static inline uint64_t stats_level_area(const struct stats_level *level, uint64_t now_ns)
{
    return level->area + level->now * (now_ns - level->since_ns);
}

static inline void stats_waited(struct node_stats *stats, enum stats_wait what, uint64_t ns)
{
    stats->waited_ns[what] += ns;
    stats->waited[what]++;
}

/* Adds a page to a sum, whose levels have no clock of their own: since_ns stays 0 there, and at_ns
 * too, so that areas add. */
void stats_add(struct node_stats *to, const struct node_stats *from);

/* Offsets by partition, the higher of the two. */
void stats_highest(uint64_t *to, const uint64_t *from);

/* Who is gone keeps its counts; what it had inside it has no more. */
void stats_settle(struct node_stats *stats);

#endif
