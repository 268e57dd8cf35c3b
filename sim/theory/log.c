/* log.c — What a put costs its asker, and whether the batchers keep up.
 *
 * A producer's batch leaves linger after its first record: of 1 + r L records in it the first waits
 * L and the others half of that, on average. A partition's leader appends one batch at a time.
 *
 * A batcher takes, works, writes, commits, and takes again:
 *
 *   T = take + work(batch) + n work(record) + one transaction of rows + commit
 *   capacity = replicas x n / T, with n = its largest batch
 *
 * On RabbitMQ a put passes the queue's one process and waits for a flush that others share; whoever
 * of the batchers is free takes the next records, so none is hotter than another, and a batch is no
 * larger than prefetch. What is pushed ahead of a take costs no trip.
 *
 * The hottest partition belongs to one replica, which may fall behind alone: a key's records stay
 * in order because nobody else may take them. Left out: which other partitions the hot one's
 * replica has, and the tries that a record which can never be written costs its batch. */
#include <math.h>
#include <string.h>

#include "services/base/partition.h"
#include "sim/theory/queueing.h"
#include "sim/theory/theory_inside.h"

/* ---- Puts ----------------------------------------------------------------------------------- */

static double most_zones(const struct scenario *scenario)
{
    double zones = 1;

    for (uint32_t l = 0; l < scenario->loads_max; l++)
        if (scenario->loads[l].verb == VERB_ORDER)
            zones = fmax(zones, scenario->loads[l].zones);
    return zones;
}

/* Zones are hashed to partitions and not dealt out evenly. */
static double fullest_share(const struct scenario *scenario)
{
    static uint32_t zones_of[1024]; /* As many partitions as there may be. */
    uint32_t zones = (uint32_t)most_zones(scenario), most = 0;

    memset(zones_of, 0, sizeof zones_of);
    for (uint32_t zone = 0; zone < zones; zone++) {
        uint32_t *here = &zones_of[partition_of(zone, scenario->queue.partitions)];

        ++*here;
        most = *here > most ? *here : most;
    }
    return (double)most / zones;
}

/* Share of the fullest partition: the hottest key, and its part of all others. */
static double hot_share(const struct work *work, uint32_t topic)
{
    double partitions = work->scenario->queue.partitions;
    double top = services_top_key(work, topic == TOPIC_KIND_LIKES ? VERB_LIKE : VERB_CALL);

    if (topic == TOPIC_KIND_ORDERS)
        return fullest_share(work->scenario);
    return top + (1 - top) / partitions;
}

/* Of `rate` records per second into one partition: the wait for its leader; *use: its utilisation.
 * Beyond 99 % of it the closed form says nothing more. */
static double leader_wait(const struct queue_spec *spec, double rate, double nodes, double *use)
{
    double records = fmin(spec->batch, 1 + rate / nodes * seconds_of(spec->linger_ns));
    double cost = seconds_of(spec->append_ns) + records * seconds_of(spec->record_ns);

    *use = rate / records * cost;
    return cost + (*use > 0 ? allen_cunneen(1, fmin(*use, 0.99), cost, 1, 0) : 0);
}

static bool is_rabbit(const struct work *work)
{
    return work->scenario->queue.kind == QUEUE_RABBITMQ;
}

static double trip_variance(const struct queue_spec *spec)
{
    double jitter = seconds_of(spec->way.jitter_ns);

    return 2 * jitter * jitter;
}

/* The wait for the queue's process, for the flush that is under way, and for one's own. */
static void work_queue(const struct work *work, struct topic_load *topic)
{
    const struct scenario *scenario = work->scenario;
    const struct queue_spec *spec = &scenario->queue;
    double cost = seconds_of(spec->message_ns), flush = seconds_of(spec->flush_ns), others;

    if (spec->acks == ACKS_ALL)
        flush += seconds_of(spec->replicate_ns);
    others = topic->rate * flush;
    topic->partition = topic->rate * cost;
    if (spec->acks == ACKS_NONE)
        return;
    topic->wait = cost + allen_cunneen(1, fmin(topic->partition, 0.99), cost, 1, 0) +
                  flush * (1 + others / (1 + others) / 2) + 2 * way_s(&spec->way);
    topic->variance = trip_variance(spec);
}

static void work_topic(struct work *work, uint32_t t)
{
    const struct scenario *scenario = work->scenario;
    const struct queue_spec *spec = &scenario->queue;
    struct topic_load *topic = &work->topics[t];
    double linger = seconds_of(spec->linger_ns), partitions = spec->partitions, cold, hot, joined;

    topic->hot = hot_share(work, t);
    joined = topic->rate / (topic->nodes * partitions) * linger;
    if (1 + joined > spec->batch)
        linger *= spec->batch / (1 + joined);
    topic->wait = linger * (1 + joined / 2) / (1 + joined);
    topic->variance = linger * linger / 12 * joined / (1 + joined);
    if (spec->acks == ACKS_NONE)
        return;
    cold = leader_wait(spec, topic->rate * (1 - topic->hot) / fmax(1, partitions - 1), topic->nodes,
                       &topic->partition);
    hot = leader_wait(spec, topic->rate * topic->hot, topic->nodes, &topic->partition);
    topic->wait += topic->hot * hot + (1 - topic->hot) * cold + 2 * way_s(&spec->way);
    topic->variance += trip_variance(spec);
    if (spec->acks == ACKS_ALL)
        topic->wait += seconds_of(spec->replicate_ns);
}

void topics_work(struct work *work)
{
    for (uint32_t t = 0; t < TOPICS; t++)
        if (work->topics[t].rate > 0 && is_rabbit(work))
            work_queue(work, &work->topics[t]);
        else if (work->topics[t].rate > 0)
            work_topic(work, t);
}

/* ---- Batchers ------------------------------------------------------------------------------- */

double batch_most(const struct work *work, const struct service_spec *spec)
{
    uint32_t prefetch = work->scenario->queue.prefetch;

    return is_rabbit(work) && prefetch < spec->batch ? prefetch : spec->batch;
}

/* Over how many places a topic's records are spread. */
static double places_of(const struct work *work, const struct service_spec *spec)
{
    if (!is_rabbit(work))
        return work->scenario->queue.partitions;
    return work->scenario->queue.single_active ? 1 : spec->replicas;
}

/* One way to the queue and back for a take, and for a commit; none for what was pushed ahead. */
static double queue_trips(const struct work *work, const struct service_spec *spec)
{
    if (!is_rabbit(work))
        return 4;
    return work->scenario->queue.prefetch < 2 * spec->batch ? 2 : 0;
}

/* A log's offset is a row of the same transaction. */
static double rows_cost(const struct work *work, const struct service_spec *spec, double records)
{
    const struct table_spec *table = &work->scenario->table;
    double offset = is_rabbit(work) ? 0 : 1, rows = 3 * records + offset, statements = 3 + offset;

    if (spec->topic == TOPIC_KIND_LIKES) {
        rows = records + popularity_distinct(&work->likes, records) + offset;
        statements = 2 + offset;
    }
    return statements * seconds_of(table->statement_ns) + rows * seconds_of(table->row_ns);
}

/* Batchers that write at the same time share flushes, and fall into step; only what the services
 * write makes them wait for a flush that has begun. */
static double flush_s(const struct work *work)
{
    return table_flush_s(&work->scenario->table, work->table.writes.rate);
}

/* The same where writers take turns: for those of the services. */
static double turn_wait_s(const struct work *work)
{
    const struct demand *writes = &work->table.writes;

    if (writes->rate <= 0)
        return 0;
    return table_turn_wait_s(&work->scenario->table, writes->rate,
                             writes->sum / writes->rate + flush_s(work));
}

/* From one take to the next, of a batch of so many records. */
static double turn_s(const struct work *work, const struct service_spec *spec, double records)
{
    const struct scenario *scenario = work->scenario;
    double trips =
        queue_trips(work, spec) * way_s(&scenario->queue.way) + 2 * way_s(&scenario->table.way);
    double cpu = (spec->work_batch.mean + records * spec->work_record.mean) * 1e-9 / spec->speed;

    return trips + cpu + turn_wait_s(work) + rows_cost(work, spec, records) + flush_s(work);
}

/* Records per second of one of `active`. Where writers take turns they are each other's line. */
static double capacity_of(const struct work *work, const struct service_spec *spec, double active)
{
    const struct table_spec *table = &work->scenario->table;
    double most = batch_most(work, spec), write = rows_cost(work, spec, most) + flush_s(work);
    double alone = most / turn_s(work, spec, most);

    if (table->writers == 0 || write <= 0)
        return alone;
    return fmin(alone, fmin(table->writers, active) * most / (write * active));
}

static double batch_records(const struct work *work, const struct service_spec *spec,
                            const struct batcher_load *batcher)
{
    double most = batch_most(work, spec);
    double records = 1 + batcher->rate / places_of(work, spec) * seconds_of(spec->linger_ns);

    for (unsigned i = 0; i < 30; i++)
        records = fmax(records,
                       fmin(most, batcher->rate / batcher->active * turn_s(work, spec, records)));
    return fmin(records, most);
}

static void work_batcher(struct work *work, uint32_t s)
{
    const struct service_spec *spec = &work->scenario->services[s];
    struct batcher_load *batcher = &work->batchers[s];
    double partitions = places_of(work, spec), most = batch_most(work, spec), others, served;
    double hot = is_rabbit(work) ? 1 / partitions : work->topics[spec->topic].hot;

    *batcher = (struct batcher_load){.rate = work->topics[spec->topic].rate,
                                     .active = fmin(spec->replicas, partitions)};
    others = partitions > 1 ? (1 - hot) / (partitions - 1) : 0;
    batcher->hot = hot + others * (partitions / batcher->active - 1);
    batcher->capacity = capacity_of(work, spec, batcher->active);
    batcher->records = batch_records(work, spec, batcher);
    if (work->past->lag[s].hot + work->past->lag[s].others > most)
        batcher->records = most;
    batcher->seconds = turn_s(work, spec, batcher->records);
    served = fmin(batcher->rate * batcher->hot, batcher->capacity) +
             fmin(batcher->rate * (1 - batcher->hot), batcher->capacity * (batcher->active - 1));
    if (batcher->records >= most && work->past->lag[s].others > most)
        served = batcher->capacity * batcher->active;
    batcher->utilization = served / batcher->records *
                           (spec->work_batch.mean + batcher->records * spec->work_record.mean) *
                           1e-9 / spec->speed / spec->replicas / spec->cores;
    demand_add(&work->table.writes, served / batcher->records,
               rows_cost(work, spec, batcher->records), 0);
    work->table.timeout = fmax(work->table.timeout, seconds_of(spec->table_timeout_ns));
    work->table.inside_max += spec->replicas;
}

void batchers_work(struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++)
        if (work->scenario->services[s].kind == KIND_BATCHER)
            work_batcher(work, s);
}

static void drain(double *lag, double capacity, double seconds)
{
    *lag = fmax(0, *lag - capacity * seconds);
}

/* Nothing comes any more. */
void batchers_drain(struct work *work)
{
    double seconds = seconds_of(work->scenario->drain_ns);

    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        const struct batcher_load *batcher = &work->batchers[s];

        if (work->scenario->services[s].kind != KIND_BATCHER)
            continue;
        drain(&work->past->lag[s].hot, batcher->capacity, seconds);
        drain(&work->past->lag[s].others, batcher->capacity * (batcher->active - 1), seconds);
    }
}

/* Straight lines: what comes less what can be taken, and never below nothing. */
void batchers_lag(struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        const struct batcher_load *batcher = &work->batchers[s];
        struct lag *lag = &work->past->lag[s];

        if (work->scenario->services[s].kind != KIND_BATCHER)
            continue;
        lag->hot += (batcher->rate * batcher->hot - batcher->capacity) * work->seconds;
        lag->others +=
            (batcher->rate * (1 - batcher->hot) - batcher->capacity * (batcher->active - 1)) *
            work->seconds;
        lag->hot = fmax(0, lag->hot);
        lag->others = fmax(0, lag->others);
    }
}
