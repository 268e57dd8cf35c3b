/* lines_data.c — What services lean on, as it would be said: store, log, batchers, table. */
#include <math.h>

#include "sim/theory/lines_inside.h"

/* ---- The store ------------------------------------------------------------------------------ */

static double ttl_of(const struct scenario *scenario)
{
    const struct service_spec *service = cache_of_menus(scenario);

    return service == NULL ? 0 : seconds_of(service->menu_ttl_ns);
}

/* From a miss to the menu in the store: two messages, the rows, the page. */
static double refill_s(const struct scenario *scenario, const struct service_spec *service)
{
    return 2 * way_s(&scenario->table.way) + seconds_of(scenario->table.statement_ns) +
           service->work_read.mean * 1e-9 * services_pace(scenario, service).mean;
}

/* What an expiry of the hottest menu sends to the table: Vattani, VLDB 2015, for the early one. */
static void say_refills(struct work *work)
{
    const struct service_spec *service = cache_of_menus(work->scenario);
    double top = services_top_key(work, VERB_MENU), rate = work->menus.total / work->seconds;
    double made_s = refill_s(work->scenario, service), all = 1 + rate * top * made_s;

    if (service->menu_early > 0) {
        say(work, THEORY_REFILLS_EARLY, "store", ratio(exp(1 / service->menu_early)), "e^(1/%s)");
        with(work, 1, ratio(service->menu_early), ratio(0), ratio(0));
    } else if (service->menu_lease_ns > 0) {
        say(work, THEORY_REFILLS_LEASE, "store", count(1), "");
    } else if (service->single_flight) {
        say(work, THEORY_REFILLS_REPLICAS, "store", count(fmin(service->replicas, all)),
            "min(%s, %s)");
        with(work, 2, count(service->replicas), count(all), ratio(0));
    } else {
        say(work, THEORY_REFILLS, "store", count(all), "1 + %s × %s × %s");
        with(work, 3, per_s(rate), share(top), ms(made_s));
    }
}

static void say_hits(struct work *work, const struct popularity *asks, double hits,
                     enum theory_what how)
{
    double rate = asks->total / work->seconds;

    say(work, how, "store", share(hits), "");
    if (how == THEORY_HIT_FIRST) {
        say_more(work, "1 − %s / %s");
        with(work, 2, count(asks->total * (1 - hits)), count(asks->total), ratio(0));
    } else {
        say_more(work, how == THEORY_HIT_TTL ? ", T = %s" : ", Tc = %s");
        with(work, 1, ms(how == THEORY_HIT_TTL ? ttl_of(work->scenario) : work->lru_age), ratio(0),
             ratio(0));
    }
    say(work, THEORY_MISSES, "store", per_s(rate * (1 - hits)), "%s × (1 − %s)");
    with(work, 2, per_s(rate), share(hits), ratio(0));
    if (how == THEORY_HIT_TTL)
        say_refills(work);
}

static void say_store(struct work *work)
{
    double ttl = ttl_of(work->scenario);
    bool is_young = ttl == 0 || ttl >= work->from_s + work->seconds;

    if (work->store_load.rate <= 0)
        return;
    if (work->menus.total > 0)
        say_hits(work, &work->menus, work->menu_hits,
                 cache_evicts_menus(work) ? THEORY_HIT_LRU
                 : is_young               ? THEORY_HIT_FIRST
                                          : THEORY_HIT_TTL);
    if (work->counts.total > 0)
        say_hits(work, &work->counts, work->count_hits,
                 work->has_evicted_counts ? THEORY_HIT_LRU : THEORY_HIT_FIRST);
    say_traffic(work, "store", work->store_load.rate, work->store_bytes / 1024);
    if (work->store.lines > 1) {
        say(work, THEORY_STORE_THREADS, "store", ratio(work->store.rho), "%s × %s / %s");
        with(work, 3, per_s(work->store.rate), ms(work->store.service), count(work->store.lines));
        return;
    }
    say(work, THEORY_STORE, "store", ratio(work->store.rho), "%s × %s");
    with(work, 2, per_s(work->store.rate), ms(work->store.service), ratio(0));
}

/* ---- The table ------------------------------------------------------------------------------ */

static void say_disk(struct work *work)
{
    const struct table_spec *spec = &work->scenario->table;
    const struct table_load *table = &work->table;
    double f = seconds_of(spec->commit_ns);

    if (table->writes.rate <= 0 || f <= 0)
        return;
    if (table_shares_flushes(spec))
        say(work, THEORY_TABLE_FLUSHES, "table", share(table->disk), ", λf = %s × %s");
    else
        say(work, THEORY_TABLE_COMMITS, "table", ratio(table->disk), "%s × %s");
    with(work, 2, per_s(table->writes.rate), ms(f), ratio(0));
    if (table->locking <= 0)
        return;
    say(work, THEORY_TABLE_ROW, "table", ratio(table->row), "%s × %s × %s");
    with(work, 3, per_s(table->writes.rate), share(table->locking / table->writes.rate), ms(f));
}

static void say_writers(struct work *work)
{
    const struct table_load *table = &work->table;

    if (table->writers <= 0)
        return;
    say(work, THEORY_TABLE_WRITERS, "table", ratio(table->writers), "%s × %s / %s");
    with(work, 3, per_s(table->writes.rate), ms(table->turn),
         count(fmin(work->scenario->table.writers, work->scenario->table.connections)));
}

/* Who waits is gone just before its timeout, or gets a connection too late. Where the ceiling is
 * hardly passed the exponential has an end, and no short formula. */
static void say_late(struct work *work)
{
    const struct table_load *table = &work->table;
    bool is_short = table->timeout > 6 * table->slack;

    if (table->slack <= 0 || table->station.sheds[STATION_SLICES - 1] <= 0)
        return;
    say(work, THEORY_TABLE_LATE, "table",
        share(table_wait_of(table, table->timeout, STATION_SLICES - 1).late),
        is_short ? "1 − e^(−%s / %s)" : "");
    if (is_short)
        with(work, 2, ms(table->hold), ms(table->slack), ratio(0));
}

static void say_table(struct work *work)
{
    const struct table_spec *spec = &work->scenario->table;
    const struct table_load *table = &work->table;
    double all = table->reads.rate + table->writes.rate;

    if (all <= 0)
        return;
    say(work, THEORY_TABLE_RATE, "table", per_s(all), "%s + %s");
    with(work, 2, per_s(table->reads.rate), per_s(table->writes.rate), ratio(0));
    say(work, THEORY_TABLE_CORES, "table", ratio(table->cores_rho), "%s × %s / %s");
    with(work, 3, per_s(all), ms((table->reads.sum + table->writes.sum) / all), count(spec->cores));
    say_disk(work);
    say_writers(work);
    say(work, THEORY_TABLE_POOL, "table", ratio(table->pool), "%s × %s / %s");
    with(work, 3, per_s(all), ms(table->hold), count(spec->connections));
    say(work, THEORY_TABLE_CEILING, "table", per_s(table->station.capacity), "");
    say_drain(work, &table->station, "table", 1);
    if (table->station.rho >= 1)
        say_overload(work, &table->station, "table", 1);
    say_late(work);
}

/* ---- The log -------------------------------------------------------------------------------- */

static void say_log(struct work *work, uint32_t t)
{
    const struct topic_load *topic = &work->topics[t];

    if (topic->rate <= 0)
        return;
    say(work, THEORY_LOG_RATE, "queue", per_s(topic->rate), "");
    if (work->scenario->queue.kind == QUEUE_RABBITMQ) {
        say(work, THEORY_LOG_PROCESS, "queue", ratio(topic->partition), "");
        return;
    }
    say(work, THEORY_LOG_HOT, "queue", per_s(topic->rate * topic->hot), "%s × %s");
    with(work, 2, per_s(topic->rate), share(topic->hot), ratio(0));
    say(work, THEORY_LOG_PARTITION, "queue", ratio(topic->partition), "");
}

/* Where the hottest alone falls behind; else it is a sum of two, and only said. */
static void say_lag(struct work *work, uint32_t s, const char *name)
{
    const struct batcher_load *batcher = &work->batchers[s];
    struct lag before = work->past->lag[s];
    double hot = batcher->rate * batcher->hot - batcher->capacity;
    double others = batcher->rate * (1 - batcher->hot) - batcher->capacity * (batcher->active - 1);
    double others_end = fmax(0, before.others + others * work->seconds);
    double end = fmax(0, before.hot + hot * work->seconds) + others_end;
    bool is_alone = hot > 0 && others_end <= 0;

    if (hot > 0 || others > 0)
        say(work, THEORY_LAG, name, count(end), is_alone && before.hot >= 0.5 ? "%s + " : "");
    if (is_alone && before.hot >= 0.5)
        say_with(work, count(before.hot));
    if (is_alone) {
        say_more(work, "(%s − %s) × %s");
        with(work, 3, per_s(batcher->rate * batcher->hot), per_s(batcher->capacity),
             ms(work->seconds));
    }
    if (before.hot >= 1 && hot < 0) {
        say(work, THEORY_LAG_DRAIN, name, ms(before.hot / -hot), "%s / (%s − %s)");
        with(work, 3, count(before.hot), per_s(batcher->capacity),
             per_s(batcher->rate * batcher->hot));
    }
}

static void say_batcher(struct work *work, uint32_t s)
{
    const struct service_spec *spec = &work->scenario->services[s];
    const struct batcher_load *batcher = &work->batchers[s];
    double most = batch_most(work, spec), full_s = most / batcher->capacity;

    if (spec->kind != KIND_BATCHER)
        return;
    say(work, THEORY_BATCH_TIME, spec->name, ms(full_s), "");
    say(work, THEORY_BATCH_CAPACITY, spec->name, per_s(batcher->capacity * batcher->active),
        "%s × %s / %s");
    with(work, 3, count(batcher->active), count(most), ms(full_s));
    say(work, THEORY_BATCH_UTILIZATION, spec->name,
        ratio(batcher->rate / (batcher->capacity * batcher->active)), "%s / %s");
    with(work, 2, per_s(batcher->rate), per_s(batcher->capacity * batcher->active), ratio(0));
    say_lag(work, s, spec->name);
}

void lines_of_data(struct work *work)
{
    say_store(work);
    for (uint32_t t = 0; t < TOPICS; t++)
        say_log(work, t);
    for (uint32_t s = 0; s < work->scenario->services_max; s++)
        say_batcher(work, s);
    say_table(work);
}
