/* metric.h — The names that thresholds and summaries use, and where they stand in a result.
 *
 * One table in metric.c: name, unit, how to read it.
 *
 *   latency.{mean,p50,p90,p95,p99,p999,max}      ok requests, from the intended arrival
 *   requests.{failed,late,lost}                  shares of offered; lost: failed + late
 *   requests.{timeout,shed,refused,error,denied} shares of offered, by cause
 *   requests.attempts                            tries per request offered: 1 without retries
 *   goodput, throughput                          answers per second: in time; in time or late
 *   money.{commission,delivery_fee,subscription,
 *          ads,premium,revenue}                  minor units: income, and all of it
 *   money.{courier,payment,refunds,support,
 *          infra_cost,contribution,profit}       costs, and what is left before and after servers
 *   money.{contribution,profit}_per_order        of those that went well
 *   money.lost, money.lost_{timeout,shed,
 *          refused,error,denied,late}            what would have been earned
 *   queue.{lag_max,lag_end,redelivered,
 *          dead_letters}                         records
 *   store.{hit_rate,utilization}
 *   table.{utilization,pool_utilization,hottest_row}
 *   likes.{lost,shown_off}
 *   auth.{logins,refreshes,revoked,stolen,refused,
 *         forged_accepted,
 *         accepted_after_revocation}           logins and requests
 *   auth.{exposure_mean,exposure_max}            from a revocation to a thief's last success
 *   auth.store_commands                          per second, where people log in
 *   counter.{attempted,shown,forgotten}          increments of counters in memory
 *   counter.lost                                 share of those attempted
 *   counter.{add_mean,read_mean}                 time on a thread, of one increment, of one read
 *   counter.{lock_waits,retries,allocations,
 *            garbage}                            times; bytes
 *   runtime.memory                               MiB, of all processes of all services
 *   runtime.{held,gil_held,gil_wait}             of the service whose threads, processes or loops,
 *                                                or whose interpreter's lock, are held most
 *   services.NAME.{utilization,wait_mean,wait_p99,in_system,queue_max,replicas_max,shed}
 *
 * Sums (money, records, likes) are per run, also where a result holds several replications. What
 * is not there is idle: a design without a queue lags by 0, one without a table uses 0 % of it. A
 * figure that has nothing to stand on (a p99 of no answers, a hit rate of no reads) has no value,
 * and a threshold on it has not passed. */
#ifndef SIM_MEASURE_METRIC_H
#define SIM_MEASURE_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/measure/result.h"

enum metric_unit { METRIC_MS, METRIC_SHARE, METRIC_RATE, METRIC_MONEY, METRIC_COUNT };

/* False: no such metric, or nothing to measure it by in this result. */
bool metric_read(const struct result *result, const char *name, double *value,
                 enum metric_unit *unit);

/* Judges every threshold of the result's scenario and sets `passed`. */
void metric_judge(struct result *result);

/* All fixed names (those without a service in them), for help and the nearest word; and what may
 * follow "services.NAME.". */
size_t metric_names(const char *const **names);
size_t metric_service_names(const char *const **names);

/* The unit of a name, without a result; any NAME will do. False: no such metric. */
bool metric_unit_of(const char *name, enum metric_unit *unit);

/* Whether it is the highest there was, in one run and in many. */
bool metric_is_peak(const char *name);

/* Means and 95 % confidence intervals over replications, by Student's t. n counts those in which
 * the metric has a value; below two of them half_width is 0 and says nothing. */
struct estimate {
    double mean, half_width;
    unsigned n;
};
struct estimate metric_estimate(const struct result *const *results, unsigned n, const char *name);

struct estimate estimate_of(const double *values, unsigned n);

/* The 97.5 % point of Student's t with `degrees` >= 1 of freedom, within 1e-3. */
double student_t975(unsigned degrees);

/* Adds the counts, histograms and money of one replication to another; series are added by
 * second, rates are averaged by measured time, peaks are the highest. Used to print one result for
 * --seeds N: copy the first, then merge the others in the order of their seeds. The sum is judged
 * anew and its bottleneck found; the seed and the fingerprint remain those of the first. */
void result_merge(struct result *to, const struct result *from);

/* Names the component that limits the run, with its evidence in both languages. */
void bottleneck_find(struct result *result);

#endif
