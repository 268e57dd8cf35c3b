/* close.c — What the nodes have counted between the warm-up's end and the load's, into the result.
 *
 * lag_max is the highest of whole seconds, and not of every instant as in virtual time. Not
 * measured here: what the SQL server did inside (table.unread), how busy store and connections were
 * in their busiest second (the mean stands in its place), and, left at 0, how many keys a crash of
 * the store has cost. */
#include <math.h>
#include <stdio.h>

#include "sim/lab/lab_inside.h"
#include "sim/measure/metric.h"

void read_figures(struct lab *lab, struct crew_figures *figures)
{
    for (uint32_t i = 0; lab->crew != NULL && i < crew_stations(lab->crew); i++)
        crew_read(lab->crew, i, &figures[i]);
}

void read_store(struct lab *lab, struct store_mark *mark)
{
    mark->is_read = lab->servers.wanted.store && servers_store_read(&lab->servers, &mark->figures);
    mark->at_ns = loop_clock_ns();
}

static double ratio(uint64_t above, uint64_t below)
{
    return below == 0 ? 0 : (double)above / (double)below;
}

/* What boards have not told yet is left out of a capacity, so one that is read twice within 100 ms
 * may have shrunk. */
static uint64_t grown(uint64_t was, uint64_t is)
{
    return is > was ? is - was : 0;
}

/* Nodes tell the highest since they began. Unless it has grown since the warm-up, the highest that
 * a second has ended with stands for it. */
static uint64_t highest_since(uint64_t was, uint64_t is, uint64_t seen)
{
    return is > was ? is : seen;
}

static void close_stage(struct service_result *result, const char *name, uint64_t sum_ns)
{
    struct stage_result *stage = &result->stages[result->stages_max++];

    snprintf(stage->name, sizeof stage->name, "%s", name);
    stage->mean_ms = ratio(sum_ns, result->let_in) * 1e-6;
}

static void close_stages(struct service_result *result, const struct node_stats *was,
                         const struct node_stats *is)
{
    static const char *const names[STATS_WAITS] = {
        [STATS_CPU] = "cpu",     [STATS_TIMER] = "timer",   [STATS_PEER] = "peer",
        [STATS_STORE] = "store", [STATS_QUEUE] = "queue",   [STATS_TABLE] = "table",
        [STATS_BLOCK] = "block", [STATS_TOKENS] = "tokens", [STATS_MEMORY] = "memory",
    };

    for (int i = 0; i < STATS_WAITS; i++)
        if (is->waited[i] != was->waited[i] && result->let_in > 0)
            close_stage(result, names[i], is->waited_ns[i] - was->waited_ns[i]);
    for (int i = 0; i < VISIT_STAGES; i++)
        if (is->staged_ns[i] > was->staged_ns[i] && result->let_in > 0)
            close_stage(result, visit_stage_name((enum visit_stage)i),
                        is->staged_ns[i] - was->staged_ns[i]);
}

static void take_off(struct histogram *from, const struct histogram *before)
{
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        from->counts[i] -= before->counts[i];
    from->total -= before->total;
    from->sum_ns -= before->sum_ns;
}

static double busiest_replica(const struct lab *lab, uint32_t number, uint32_t cores)
{
    const struct crew_figures *was = &lab->at_warm[number], *is = &lab->at_end[number];
    uint64_t most = 0;

    for (uint32_t i = 0; i < SETTINGS_REPLICAS_MAX; i++) {
        uint64_t busy = grown(was->busy_areas[i], is->busy_areas[i]);

        most = busy > most ? busy : most;
    }
    return fmin(1, ratio(most, (lab->end_ns - lab->warm_ns) * cores));
}

/* How far workers and the lock were held in the busiest second is not measured here: the mean
 * stands in its place. A loop is held by a task that computes and by one that blocks. */
static void close_runtime(const struct lab *lab, uint32_t number, uint64_t core_ns,
                          struct service_result *result)
{
    const struct node_stats *was = &lab->at_warm[number].sum, *is = &lab->at_end[number].sum;
    const struct service_spec *spec;
    uint64_t up_ns;

    if (number >= lab->scenario->services_max) /* A balancer. */
        return;
    spec = &lab->scenario->services[number];
    up_ns = core_ns / spec->cores;
    result->runtime = spec->runtime;
    result->busiest_replica = busiest_replica(lab, number, spec->cores);
    result->memory = spec->memory * service_processes(spec) * result->replicas_max;
    result->held =
        service_workers(spec) > 0
            ? ratio(is->workers_held.area - was->workers_held.area, up_ns * service_workers(spec))
            : ratio(is->blocked.area - was->blocked.area, core_ns) + result->utilization;
    result->held = result->held < 1 ? result->held : 1;
    result->gil_held = ratio(is->gil_held.area - was->gil_held.area, up_ns);
    result->gil_wait_mean_ms =
        ratio(is->gil_waits_ns - was->gil_waits_ns, is->gil_waits - was->gil_waits) * 1e-6;
    result->held_peak = result->held;
    result->gil_held_peak = result->gil_held;
}

static void close_station(struct lab *lab, uint32_t number, struct service_result *result)
{
    const struct crew_figures *was = &lab->at_warm[number], *is = &lab->at_end[number];
    uint64_t capacity = grown(was->capacity_area, is->capacity_area);
    uint64_t answered = 0, answered_before = 0;

    for (int i = 0; i < STATS_OUTCOMES; i++) {
        answered += is->sum.answered[i];
        answered_before += was->sum.answered[i];
    }
    snprintf(result->name, sizeof result->name, "%s", crew_station_name(lab->crew, number));
    result->replicas_max = is->replicas_max;
    result->visits = is->sum.visits - was->sum.visits;
    result->let_in = is->sum.let_in - was->sum.let_in;
    result->shed = is->sum.shed - was->sum.shed;
    result->core_seconds = (double)capacity * 1e-9;
    result->replica_seconds = (double)(is->up_area - was->up_area) * 1e-9;
    result->utilization = ratio(is->sum.busy.area - was->sum.busy.area, capacity);
    result->utilization_peak = lab->peaks[number];
    close_runtime(lab, number, capacity, result);
    result->wait = is->sum.wait;
    take_off(&result->wait, &was->sum.wait);
    result->wait_mean_ms =
        ratio(is->sum.waits_ns - was->sum.waits_ns, is->sum.waits - was->sum.waits) * 1e-6;
    result->queue_max =
        (uint32_t)highest_since(was->queue_max, is->queue_max, lab->queue_max[number]);
    result->in_system_mean =
        ratio(is->sum.inside.area - was->sum.inside.area, lab->end_ns - lab->warm_ns);
    result->sojourn_mean_ms =
        ratio(is->sum.stays_ns - was->sum.stays_ns, answered - answered_before) * 1e-6;
    close_stages(result, &was->sum, &is->sum);
}

/* The services, then their balancers, as in the virtual world. A balancer is told of only where the
 * scenario gives it work of its own; what it costs in truth is in the latency. */
static void close_stations(struct lab *lab)
{
    struct result *result = lab->result;
    uint32_t services = lab->scenario->services_max;

    for (uint32_t i = 0;
         i < crew_stations(lab->crew) && result->services_max < SCENARIO_SERVICES_MAX; i++)
        if (i < services || lab->scenario->balancer.work_ns > 0)
            close_station(lab, i, &result->services[result->services_max++]);
}

struct sums { /* Of all stations. */
    struct node_stats was, is;
};

/* One that the user has started anew meanwhile counts from nought. */
static bool was_store_read(const struct lab *lab)
{
    const struct store_mark *was = &lab->store_warm, *is = &lab->store_end;

    return was->is_read && is->is_read && is->figures.cpu_us >= was->figures.cpu_us;
}

static void close_store(struct lab *lab, const struct sums *sums)
{
    struct store_result *store = &lab->result->store;
    const struct store_mark *was = &lab->store_warm, *is = &lab->store_end;

    store->is_used = lab->servers.wanted.store;
    if (!store->is_used)
        return;
    store->commands = sums->is.store_commands - sums->was.store_commands;
    store->hits = sums->is.store_hits - sums->was.store_hits;
    store->misses = sums->is.store_misses - sums->was.store_misses;
    store->unread = !was_store_read(lab);
    if (store->unread)
        return;
    store->evictions = grown(was->figures.evicted, is->figures.evicted);
    store->expired = grown(was->figures.expired, is->figures.expired);
    store->bytes_max = is->figures.bytes;
    store->wasted_bytes = is->figures.wasted;
    store->utilization = ratio((is->figures.cpu_us - was->figures.cpu_us) * 1000,
                               (is->at_ns - was->at_ns) * is->figures.threads);
    store->utilization_peak = store->utilization;
}

/* The queue's own word, for a node that was killed has not said all that it did. */
static uint64_t lag_at_end(struct lab *lab)
{
    uint64_t behind;
    char why[160];

    if (log_read_lag(lab, &behind, why))
        return behind;
    return lab->crew != NULL ? crew_lag(lab->crew) : 0;
}

static void close_queue(struct lab *lab, const struct sums *sums)
{
    struct queue_result *queue = &lab->result->queue;
    const struct node_stats *was = &sums->was, *is = &sums->is;

    queue->is_used = lab->servers.wanted.queue;
    if (!queue->is_used)
        return;
    queue->put = is->queue_put - was->queue_put;
    queue->taken = is->queue_taken - was->queue_taken;
    queue->committed = is->queue_committed - was->queue_committed;
    queue->redelivered = is->queue_redelivered - was->queue_redelivered;
    queue->batches = is->queue_batches - was->queue_batches;
    queue->batch_mean = ratio(queue->put, queue->batches);
    queue->dropped = lab->report->gaps = is->queue_gaps - was->queue_gaps;
    queue->rebalances = (uint32_t)(is->queue_rebalances - was->queue_rebalances);
    queue->unacked_max =
        highest_since(was->queue_in_hand.max, is->queue_in_hand.max, lab->in_hand_max);
    queue->lag_max = lab->lag_max;
    queue->lag_end = lag_at_end(lab);
    for (int i = 0; i < STATS_PARTITIONS_MAX; i++)
        if (is->log_put[i] - was->log_put[i] > queue->max_partition_put)
            queue->max_partition_put = is->log_put[i] - was->log_put[i];
}

static void close_table(struct lab *lab, const struct sums *sums)
{
    struct table_result *table = &lab->result->table;
    const struct node_stats *was = &sums->was, *is = &sums->is;

    table->is_used = lab->servers.wanted.table && lab->crew != NULL; /* Of others' nobody knows. */
    if (!table->is_used)
        return;
    table->unread = 1;
    table->reads = is->table_reads - was->table_reads;
    table->writes = is->table_writes - was->table_writes;
    table->commits = is->table_commits - was->table_commits;
    table->rows_written = is->table_rows - was->table_rows;
    table->pool_utilization = ratio(is->table_busy.area - was->table_busy.area,
                                    is->table_connections.area - was->table_connections.area);
    table->pool_utilization_peak = table->pool_utilization;
    table->pool_wait_mean_ms =
        ratio(is->table_pool_waits_ns - was->table_pool_waits_ns, table->reads + table->writes) *
        1e-6;
}

static void add_counter(struct counter_result *to, const struct node_stats *from)
{
    to->is_used = true;
    to->attempted += from->counter_attempted;
    to->shown += from->counter_shown;
    to->forgotten += from->counter_forgotten;
    to->lock_waits += from->counter_lock_waits;
    to->retries += from->counter_retries;
    to->allocations += from->counter_allocations;
    to->allocated_bytes += from->counter_allocated_bytes;
    to->adds += from->counter_adds;
    to->add_ns += from->counter_add_ns;
    to->reads += from->counter_reads;
    to->read_ns += from->counter_read_ns;
}

/* What threads overwrite nobody sees: it is what is missing in the end. */
void close_counters(struct lab *lab)
{
    static struct crew_figures figures;
    struct counter_result *counter = &lab->result->counter;

    for (uint32_t i = 0; lab->crew != NULL && i < lab->scenario->services_max; i++) {
        if (lab->scenario->services[i].kind != KIND_COUNTER)
            continue;
        crew_read(lab->crew, i, &figures);
        add_counter(counter, &figures.sum);
    }
    counter->lost = (int64_t)(counter->attempted - counter->shown);
}

/* Of the drain as well: a record may be given up when the other figures have been read. */
void close_dead_letters(struct lab *lab, uint64_t letters)
{
    uint64_t before = 0; /* In the warm-up, as the batchers have counted. */

    for (uint32_t i = 0; lab->crew != NULL && i < crew_stations(lab->crew); i++)
        before += lab->at_warm[i].sum.queue_dead;
    lab->result->queue.dead = letters > before ? letters - before : 0;
}

void close_figures(struct lab *lab)
{
    static struct sums sums;
    static const struct sums nothing;

    sums = nothing;
    if (lab->crew != NULL) {
        close_stations(lab);
        for (uint32_t i = 0; i < crew_stations(lab->crew); i++) {
            stats_add(&sums.was, &lab->at_warm[i].sum);
            stats_add(&sums.is, &lab->at_end[i].sum);
        }
    }
    close_store(lab, &sums);
    close_queue(lab, &sums);
    close_table(lab, &sums);
}
