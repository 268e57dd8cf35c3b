/* metrics.c — One table of families, those with labels that do not fit it, and the histogram.
 *
 * A row of the table says where its number lies in struct node_stats and in what unit; a new number
 * there takes one row here. */
#define _GNU_SOURCE
#include "services/live/node/metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/base/check.h"

struct page { /* What has been written so far. */
    char *text;
    size_t length;
};

enum unit { UNIT_ONE, UNIT_NS /* Printed in seconds. */, UNIT_AREA /* Of a level; in seconds. */ };

struct family {
    const char *name, *help;
    bool is_counter; /* Otherwise a gauge. */
    enum unit unit;
    size_t offset;
};

#define AT(member) offsetof(struct node_stats, member)

static const struct family families[] = {
    {"sim_node_serving", "1 while the node serves, 0 before and while it drains.", false, UNIT_ONE,
     AT(serves)},
    {"sim_visits_total", "Requests that came in; health checks left out.", true, UNIT_ONE,
     AT(visits)},
    {"sim_visits_shed_total", "Of them, those turned away.", true, UNIT_ONE, AT(shed)},
    {"sim_visits_inside", "Requests inside.", false, UNIT_ONE, AT(inside.now)},
    {"sim_cpu_cores", "Cores of this replica, as emulated.", false, UNIT_ONE, AT(cores)},
    {"sim_cpu_cores_busy", "Cores at work.", false, UNIT_ONE, AT(busy.now)},
    {"sim_cpu_busy_seconds_total", "Emulated processor time spent, all cores.", true, UNIT_AREA,
     AT(busy)},
    {"sim_cpu_tasks_waiting", "Waiting for a first turn on a core, or for a thread.", false,
     UNIT_ONE, AT(waiting.now)},
    {"sim_cpu_turns_total", "Turns on a core or a thread, those without a wait included.", true,
     UNIT_ONE, AT(waits)},
    {"sim_cpu_wait_seconds_total", "Time spent waiting for turns.", true, UNIT_NS, AT(waits_ns)},
    {"sim_workers", "Threads or processes of this replica; 0 on an event loop.", false, UNIT_ONE,
     AT(workers)},
    {"sim_workers_held", "Threads or processes held by requests.", false, UNIT_ONE,
     AT(workers_held.now)},
    {"sim_loops_blocked_seconds_total", "Time that loops spent in blocking calls.", true, UNIT_AREA,
     AT(blocked)},
    {"sim_gil_held_seconds_total", "Time that the interpreter's lock was held.", true, UNIT_AREA,
     AT(gil_held)},
    {"sim_gil_waits_total", "Times that somebody wanted it.", true, UNIT_ONE, AT(gil_waits)},
    {"sim_gil_wait_seconds_total", "Time spent waiting for it.", true, UNIT_NS, AT(gil_waits_ns)},
    {"sim_store_commands_total", "Commands sent to the store.", true, UNIT_ONE, AT(store_commands)},
    {"sim_store_hits_total", "Reads of keys that were there.", true, UNIT_ONE, AT(store_hits)},
    {"sim_store_misses_total", "Reads of keys that were not there.", true, UNIT_ONE,
     AT(store_misses)},
    {"sim_store_reconnects_total", "Connections to the store made anew.", true, UNIT_ONE,
     AT(store_reconnects)},
    {"sim_queue_records_put_total", "Records put into the log and acknowledged.", true, UNIT_ONE,
     AT(queue_put)},
    {"sim_queue_records_put_failed_total", "Records put that were not acknowledged.", true,
     UNIT_ONE, AT(queue_put_failed)},
    {"sim_queue_records_taken_total", "Records taken from the log.", true, UNIT_ONE,
     AT(queue_taken)},
    {"sim_queue_records_committed_total", "Records taken and committed.", true, UNIT_ONE,
     AT(queue_committed)},
    {"sim_queue_records_redelivered_total", "Records taken that had been taken before.", true,
     UNIT_ONE, AT(queue_redelivered)},
    {"sim_queue_records_dead_total", "Records put among the dead letters.", true, UNIT_ONE,
     AT(queue_dead)},
    {"sim_queue_records_lost_total", "Records that retention dropped before they were taken.", true,
     UNIT_ONE, AT(queue_gaps)},
    {"sim_queue_batches_total", "Batches of records sent.", true, UNIT_ONE, AT(queue_batches)},
    {"sim_queue_rebalances_total", "Times that the group shared its partitions out anew.", true,
     UNIT_ONE, AT(queue_rebalances)},
    {"sim_table_connections", "Connections to SQL.", false, UNIT_ONE, AT(table_connections.now)},
    {"sim_table_connections_busy", "Connections to SQL at work.", false, UNIT_ONE,
     AT(table_busy.now)},
    {"sim_table_reads_total", "Reads from SQL.", true, UNIT_ONE, AT(table_reads)},
    {"sim_table_writes_total", "Transactions sent to SQL.", true, UNIT_ONE, AT(table_writes)},
    {"sim_table_commits_total", "Transactions committed.", true, UNIT_ONE, AT(table_commits)},
    {"sim_table_rows_total", "Rows inserted, deleted, set, raised and tallied.", true, UNIT_ONE,
     AT(table_rows)},
    {"sim_table_pool_wait_seconds_total", "Time spent waiting for a connection.", true, UNIT_NS,
     AT(table_pool_waits_ns)},
    {"sim_memory_adds_attempted_total", "Increments of counters in memory.", true, UNIT_ONE,
     AT(counter_attempted)},
    {"sim_memory_shown", "What those counters show, all together.", false, UNIT_ONE,
     AT(counter_shown)},
    {"sim_memory_lock_waits_total", "Times that a counter's lock was found held.", true, UNIT_ONE,
     AT(counter_lock_waits)},
    {"sim_memory_retries_total", "Copies of a counter made in vain.", true, UNIT_ONE,
     AT(counter_retries)},
    {"sim_memory_allocations_total", "Copies of a counter made.", true, UNIT_ONE,
     AT(counter_allocations)},
    {"sim_memory_add_seconds_total", "Time that threads spent on increments.", true, UNIT_NS,
     AT(counter_add_ns)},
    {"process_cpu_seconds_total", "Processor time of this process on the real machine.", true,
     UNIT_NS, AT(process_cpu_ns)},
};

static const char *const waits[STATS_WAITS] = {
    [STATS_CPU] = "cpu",     [STATS_TIMER] = "timer",   [STATS_PEER] = "peer",
    [STATS_STORE] = "store", [STATS_QUEUE] = "queue",   [STATS_TABLE] = "table",
    [STATS_BLOCK] = "block", [STATS_TOKENS] = "tokens", [STATS_MEMORY] = "memory",
};

static const char *const outcomes[STATS_OUTCOMES] = {
    [CALL_IDLE] = NULL,         [CALL_PENDING] = NULL,      [CALL_OK] = "ok",
    [CALL_ABSENT] = "absent",   [CALL_TIMEOUT] = "timeout", [CALL_SHED] = "shed",
    [CALL_REFUSED] = "refused", [CALL_FAILED] = "failed",   [CALL_DENIED] = "denied",
};

__attribute__((format(printf, 2, 3))) static void print(struct page *page, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(page->text + page->length, METRICS_MAX - page->length, format, arguments);
    va_end(arguments);
    check(length >= 0 && page->length + (size_t)length < METRICS_MAX);
    page->length += (size_t)length;
}

static void begin(struct page *page, const char *name, const char *help, const char *type)
{
    print(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line end are escaped. */
static void print_label(struct page *page, const char *name, const char *value)
{
    print(page, "%s=\"", name);
    for (; *value != '\0'; value++)
        if (*value == '\n')
            print(page, "\\n");
        else
            print(page, *value == '\\' || *value == '"' ? "\\%c" : "%c", *value);
    print(page, "\"");
}

static double in_seconds(uint64_t ns)
{
    return (double)ns * 1e-9;
}

static void print_family(struct page *page, const struct family *family,
                         const struct node_stats *stats)
{
    const void *place = (const char *)stats + family->offset;
    uint64_t number;

    begin(page, family->name, family->help, family->is_counter ? "counter" : "gauge");
    memcpy(&number, place, sizeof number);
    switch (family->unit) {
    case UNIT_ONE:
        print(page, "%s %llu\n", family->name, (unsigned long long)number);
        return;
    case UNIT_NS:
        print(page, "%s %.9f\n", family->name, in_seconds(number));
        return;
    case UNIT_AREA:
        print(page, "%s %.9f\n", family->name, in_seconds(stats_level_area(place, stats->at_ns)));
        return;
    }
}

static void print_answers(struct page *page, const struct node_stats *stats)
{
    begin(page, "sim_answers_total", "Requests answered, by outcome.", "counter");
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (outcomes[i] != NULL)
            print(page, "sim_answers_total{outcome=\"%s\"} %llu\n", outcomes[i],
                  (unsigned long long)stats->answered[i]);
}

static void print_waits(struct page *page, const struct node_stats *stats)
{
    begin(page, "sim_calls_total", "Calls that ended, by the port that they went to.", "counter");
    for (int i = 0; i < STATS_WAITS; i++)
        print(page, "sim_calls_total{port=\"%s\"} %llu\n", waits[i],
              (unsigned long long)stats->waited[i]);
    begin(page, "sim_call_wait_seconds_total", "Time that calls took, by the same.", "counter");
    for (int i = 0; i < STATS_WAITS; i++)
        print(page, "sim_call_wait_seconds_total{port=\"%s\"} %.9f\n", waits[i],
              in_seconds(stats->waited_ns[i]));
}

/* Of visits of a service that has a pipeline; of others there is nothing to tell. */
static void print_stages(struct page *page, const struct node_stats *stats)
{
    begin(page, "sim_stage_seconds_total", "Time that visits spent at each stage.", "counter");
    for (int i = 0; i < VISIT_STAGES; i++)
        if (stats->staged_ns[i] > 0)
            print(page, "sim_stage_seconds_total{stage=\"%s\"} %.9f\n",
                  visit_stage_name((enum visit_stage)i), in_seconds(stats->staged_ns[i]));
}

static void print_offsets(struct page *page, const char *name, const char *help,
                          const uint64_t *offsets)
{
    begin(page, name, help, "gauge");
    for (int i = 0; i < STATS_PARTITIONS_MAX; i++)
        if (offsets[i] > 0)
            print(page, "%s{partition=\"%d\"} %llu\n", name, i, (unsigned long long)offsets[i]);
}

static void print_http(struct page *page, const struct http_server_stats *http)
{
    static const char name[] = "sim_http_refusals_total";

    begin(page, "sim_http_connections", "Connections open.", "gauge");
    print(page, "sim_http_connections %u\n", http->open);
    begin(page, "sim_http_requests_total", "HTTP requests, health checks and all.", "counter");
    print(page, "sim_http_requests_total %llu\n", (unsigned long long)http->requests);
    begin(page, name, "Connections refused or cut, by reason.", "counter");
    print(page, "%s{reason=\"too_many\"} %llu\n", name, (unsigned long long)http->refused);
    print(page, "%s{reason=\"malformed\"} %llu\n", name, (unsigned long long)http->malformed);
    print(page, "%s{reason=\"too_slow\"} %llu\n", name, (unsigned long long)http->too_slow);
}

static void print_latency(struct page *page, const struct histogram *latency)
{
    static const uint64_t bounds_us[] = {500,    1000,   2500,   5000,    10000,   25000,  50000,
                                         100000, 250000, 500000, 1000000, 2500000, 5000000};
    static const char name[] = "sim_visit_duration_seconds";
    uint64_t seen = 0;
    uint32_t bucket = 0;

    begin(page, name, "From the door to the answer.", "histogram");
    for (size_t i = 0; i < sizeof bounds_us / sizeof *bounds_us; i++) {
        for (; bucket < HISTOGRAM_BUCKETS && histogram_middle_ns(bucket) <= bounds_us[i] * 1000;
             bucket++)
            seen += latency->counts[bucket];
        print(page, "%s_bucket{le=\"%g\"} %llu\n", name, (double)bounds_us[i] * 1e-6,
              (unsigned long long)seen);
    }
    print(page, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)latency->total);
    print(page, "%s_sum %.9f\n", name, (double)latency->sum_ns * 1e-9);
    print(page, "%s_count %llu\n", name, (unsigned long long)latency->total);
}

size_t metrics_write(char text[static METRICS_MAX], const struct node_stats *stats,
                     const struct http_server_stats *http, const char *name, const char *kind)
{
    struct page page = {.text = text};

    begin(&page, "sim_node_info", "Which node this is.", "gauge");
    print(&page, "sim_node_info{");
    print_label(&page, "name", name);
    print(&page, ",");
    print_label(&page, "kind", kind);
    print(&page, "} 1\n");
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        print_family(&page, &families[i], stats);
    print_answers(&page, stats);
    print_waits(&page, stats);
    print_stages(&page, stats);
    print_offsets(&page, "sim_queue_log_end",
                  "Behind the last record that this node has put, by partition.", stats->log_end);
    print_offsets(&page, "sim_queue_log_next",
                  "Behind the last record that this node has committed, by partition.",
                  stats->log_next);
    if (http != NULL)
        print_http(&page, http);
    print_latency(&page, &stats->latency);
    return page.length;
}
