/* result.h — What one run of one variant says: all that a report may print.
 *
 * The virtual and the live world both fill this in; sim/report reads nothing else. Latencies run
 * from the intended arrival to the client's final answer and count ok requests; warm-up is left
 * out of every figure but `events` and `counter`. What store, queue and table did is told up to the
 * load's end, as all that is held against the load's time; queue.dead and queue.lag_end are those
 * after the drain. Money is in minor units. */
#ifndef SIM_MEASURE_RESULT_H
#define SIM_MEASURE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/histogram.h"
#include "sim/scenario/scenario.h"

enum { RESULT_SECONDS_MAX = 3600, RESULT_BREAKS_MAX = 8, RESULT_STAGES_MAX = 20 };

enum failure {
    FAILURE_TIMEOUT,
    FAILURE_SHED,
    FAILURE_REFUSED,
    FAILURE_ERROR,
    FAILURE_DENIED,
    FAILURES
};

enum { RESULT_FLAWS = 11 }; /* Of tokens: enum token_flaw of services/port/tokens.h. */

struct requests_result { /* offered = ok + late + failed + in_flight, always. */
    uint64_t offered, ok, late, in_flight;
    uint64_t failed[FAILURES];
    uint64_t attempts; /* Tries sent by clients, retries included. */
};

/* Mean time of a service's visits that were let in, looked at in two ways: what they waited for
 * ("cpu", "store", "table", "peer" …), and, where the service has a pipeline, at which stage of it
 * they were ("accept", "validate" … "send"; these add up to the time inside). */
struct stage_result {
    char name[16];
    double mean_ms;
};

struct service_result {
    char name[NAME_MAX_BYTES];
    uint32_t replicas_max;
    uint64_t visits; /* Requests that came in. */
    uint64_t let_in; /* Of them, those that had a place inside or in a line, … */
    uint64_t shed;   /* … and those turned away, at once or out of a line. */
    double replica_seconds;
    double utilization;      /* Busy core time over core time of the ready replicas, 0 … 1. */
    double utilization_peak; /* Of its busiest second. */
    double busiest_replica;  /* Utilisation of the busiest one over the whole time; 0: not known. */
    enum runtime_model runtime;
    uint64_t memory; /* Bytes, of all processes of replicas_max replicas. */
    double held;     /* Threads, processes, or loops, that a visit holds: the same share. */
    double held_peak;
    double gil_held; /* The interpreter's lock; 0 where there is none. */
    double gil_held_peak;
    double gil_wait_mean_ms; /* Each time that somebody wants it. */
    struct histogram wait;   /* For a first turn on a core (or a worker). */
    double wait_mean_ms;     /* Of all who waited, zeros included: Wq. */
    uint32_t queue_max;      /* Longest line at one replica. */
    double in_system_mean;   /* Requests inside, all replicas: L, by area. */
    double sojourn_mean_ms;  /* Time inside: W. Little: L = (let_in / time) W. */
    double core_seconds;     /* Capacity bought: cores x replica_seconds. */
    struct stage_result stages[RESULT_STAGES_MAX];
    uint32_t stages_max;
};

struct store_result {
    bool is_used;
    uint64_t commands, hits, misses, evictions, expired, lost; /* lost: keys gone in crashes. */
    double utilization;                                        /* Of its threads; Redis has one. */
    double utilization_peak;                                   /* Of the busiest of them. */
    uint64_t bytes_max;
    uint64_t wasted_bytes; /* memcached: of its pages, in no item, at the end. */
    uint64_t unread; /* Live runs whose server did not say what it had counted: nothing is known of
                        evictions, expired, utilization and bytes. */
};

struct queue_result {
    bool is_used;
    uint64_t put, taken, committed, redelivered, batches, dead, dropped; /* dropped: retention. */
    double batch_mean;
    uint64_t lag_max, lag_end;
    uint32_t rebalances;
    uint64_t unacked_max; /* A work queue's: most that one consumer had without acknowledging. */
    uint64_t blocked;     /* Its puts that waited because its memory was full. */
    uint64_t max_partition_put; /* Records in the fullest partition: the hot one. */
};

struct table_result {
    bool is_used;
    uint64_t reads, writes, rows_written, commits, flushes, rows_walked;
    double utilization, utilization_peak;           /* Of the server's cores. */
    double pool_utilization, pool_utilization_peak; /* Of the connections. */
    double lock_wait_mean_ms, pool_wait_mean_ms;
    double hottest_row_busy; /* Share of the time that the busiest row was locked, 0 … 1. */
    uint64_t
        unread; /* Live runs: a real SQL server does not tell flushes, rows walked, utilization,
                        waits for locks and the hottest row; nothing is known of them. */
};

struct money_result { /* The ledger's totals, minor units. Costs are positive numbers. */
    int64_t commission, delivery_fee, subscription, ads, premium; /* Income. */
    int64_t courier, payment, refunds, support; /* Costs that follow the orders. */
    int64_t infra_cost;                         /* Servers. */
    int64_t revenue;                            /* All income. */
    int64_t contribution; /* revenue - courier - payment - refunds - support */
    int64_t profit;       /* contribution - infra_cost */
    int64_t lost;         /* What failed and late orders, and menus not seen, would have brought. */
    int64_t lost_by[FAILURES + 1]; /* By cause; the last one: late. */
    uint64_t orders_ok, orders_lost;
    uint64_t views, clicks, contacts; /* Menus seen in time, of them clicked; calls for help. */
};

struct likes_result {
    uint64_t acknowledged, in_table, shown_off; /* shown_off: sum of |shown - true| over posts. */
    uint64_t lost;                              /* Acknowledged, and in no table after drain. */
    uint64_t out_of_order; /* Users whose row, after drain, is not what they said last. */
    uint64_t undrained;    /* Runs that ended before the log was empty: nothing is known of them. */
};

struct auth_result { /* Figures of people who log in, and of those who should not get in. */
    bool is_used;
    uint64_t logins, refreshes, revoked, stolen;
    uint64_t refused[RESULT_FLAWS]; /* Requests, by the flaw of what they showed. */
    uint64_t hostile;               /* Requests of thieves and forgers: no customers'. */
    uint64_t forged_accepted, accepted_after_revocation;
    uint64_t exposures;     /* Stolen tokens that were revoked. */
    double exposure_sum_ms; /* Of those: from the revocation to the thief's last success. */
    double exposure_max_ms;
};

/* Increments of counters in the memory of processes. Of the whole run, warm-up and drain included:
 * a counter forgets neither. attempted = shown + lost, always. */
struct counter_result {
    bool is_used;
    uint64_t attempted, shown; /* shown: what each process's counters showed at its end. */
    int64_t lost;              /* Overwritten by another thread that had not seen them. */
    uint64_t forgotten;        /* Of those shown: died with a process before the run's end. */
    uint64_t lock_waits;       /* Times that the lock was found held. */
    uint64_t retries;          /* Copies made in vain: another was faster. */
    uint64_t allocations, allocated_bytes;
    uint64_t adds, add_ns; /* Of likes that were done: time on a thread, the program's included. */
    uint64_t reads, read_ns;
    uint64_t steps; /* That the model has played; 0 live. */
};

/* Sums, of one process and another or of one run and another. */
void counter_result_add(struct counter_result *to, const struct counter_result *from);

struct break_result { /* An invariant that did not hold. */
    char name[48];
    char finding[160];
    uint64_t at_ns;
};

struct series_result { /* One value per whole second, from the one in which warm-up ends. */
    uint32_t seconds;
    uint32_t offered[RESULT_SECONDS_MAX], ok[RESULT_SECONDS_MAX], failed[RESULT_SECONDS_MAX];
    /* Of what was answered in time in that second; NaN: nothing was. */
    float p50_ms[RESULT_SECONDS_MAX], p95_ms[RESULT_SECONDS_MAX], p99_ms[RESULT_SECONDS_MAX];
    uint32_t queue[RESULT_SECONDS_MAX];    /* Waiting anywhere in services, at the second's end. */
    uint32_t replicas[RESULT_SECONDS_MAX]; /* Ready, all services. */
    uint64_t lag[RESULT_SECONDS_MAX];
};

enum run_end { RUN_DONE, RUN_LIMIT, RUN_INTERRUPTED };

struct threshold_result {
    double value;
    bool has_value; /* False: nothing to measure, and then it has not passed. */
    bool passed;
};

struct bottleneck_result {
    char component[NAME_MAX_BYTES]; /* "delivery", "table", "store", "queue", "none" */
    struct text why;                /* Borrowed from why_bytes. */
    char why_en[200], why_ru[320];
};

struct result {
    const struct scenario *scenario; /* Borrowed. */
    uint64_t seed;
    char engine[16]; /* "virtual" or "live" */
    char fingerprint[65];
    uint32_t replications; /* Runs merged here: counts, money and series are their sums. */
    enum run_end end;
    char limit[16];    /* Which one was hit: "events", "wall", "memory". */
    double measured_s; /* Virtual seconds under load after warm-up; of all replications. */

    struct requests_result requests;
    struct histogram latency; /* ok requests, from the intended arrival. */
    double throughput_rps;    /* Answers, in time or late; being turned away is none. */
    double goodput_rps;       /* Those in time. */

    struct service_result services[SCENARIO_SERVICES_MAX];
    uint32_t services_max;
    struct store_result store;
    struct queue_result queue;
    struct table_result table;
    struct money_result money;
    struct likes_result likes;
    struct auth_result auth;
    struct counter_result counter;
    struct series_result series;

    struct threshold_result thresholds[SCENARIO_THRESHOLDS_MAX];
    bool passed; /* All thresholds. */
    struct bottleneck_result bottleneck;

    uint64_t invariants_checked;
    uint32_t invariants_violated;
    struct break_result breaks[RESULT_BREAKS_MAX];

    uint64_t events;
    double wall_s;
};

#endif
