/* data.c — The store's threads, and the table's four narrow places.
 *
 * The threads of memcached have a line each, since each has connections of its own: keys and nodes
 * spread commands over them as chance would. Redis has one.
 *
 *   connections   each held for the statements and, by a write, until its flush is over
 *   cores         the statements
 *   disk          one flush at a time; group commit lets all who wait share the next
 *   hottest row   locked to the commit: it changes hands once per flush
 *
 * The narrowest is the table's ceiling. Who waits for the row or for the disk keeps its connection,
 * so beyond any of the ceilings everybody waits in the pool's line. */
#include <math.h>

#include "sim/theory/queueing.h"
#include "sim/theory/theory_inside.h"

static double scv_of(const struct demand *demand)
{
    if (demand->sum <= 0)
        return 0;
    return fmax(0, demand->squares * demand->rate / (demand->sum * demand->sum) - 1);
}

static double mean_of(const struct demand *demand)
{
    return demand->rate > 0 ? demand->sum / demand->rate : 0;
}

static uint32_t threads_of(const struct store_spec *spec)
{
    return spec->kind == STORE_MEMCACHED ? spec->threads : 1;
}

void store_work(struct work *work)
{
    struct station *store = &work->store;

    *store = (struct station){.seconds = work->seconds,
                              .rate = work->store_load.rate,
                              .service = mean_of(&work->store_load),
                              .ca2 = 1,
                              .cs2 = scv_of(&work->store_load),
                              .servers = 1,
                              .lines = threads_of(&work->scenario->store),
                              .backlog = work->past->store};
    store->room = store->service > 0 ? work->store_timeout / store->service : INFINITY;
    station_work(store);
}

/* What a write waits for its flush. Group commit: the disk is busy for f e^(w f) out of every
 * 1/w + f e^(w f) seconds, since a flush follows at once when anybody came during the last; who
 * comes while it is busy waits for half a flush more, on average. */
static void work_disk(struct table_load *table, const struct table_spec *spec)
{
    double f = seconds_of(spec->commit_ns), load = table->writes.rate * f;

    if (spec->group_commit) {
        double burst = load * exp(fmin(load, 700));

        table->disk = burst / (1 + burst);
        table->flush = f * (1 + table->disk / 2);
    } else {
        table->disk = load;
        table->flush = load < 1 ? f + allen_cunneen(1, load, f, 1, 0) : f;
    }
}

/* The most transactions per second of this mix. */
static double ceiling(struct table_load *table, const struct table_spec *spec)
{
    double f = seconds_of(spec->commit_ns);
    double all = table->reads.rate + table->writes.rate;
    double cost = (table->reads.sum + table->writes.sum) / all;
    double write = mean_of(&table->writes);
    double flushed = spec->group_commit ? fmax(write, f) + f : write + f;
    double held = (table->reads.sum + table->writes.rate * flushed) / all;
    double least = fmin(spec->connections / held, cost > 0 ? spec->cores / cost : INFINITY);

    if (f > 0 && table->writes.rate > 0 && !spec->group_commit)
        least = fmin(least, all / (table->writes.rate * f));
    if (f > 0 && table->locking > 0)
        least = fmin(least, all / (table->locking * f));
    return least;
}

static void work_waits(struct table_load *table, const struct table_spec *spec)
{
    double all = table->reads.rate + table->writes.rate;
    double cost = (table->reads.sum + table->writes.sum) / all;
    double f = seconds_of(spec->commit_ns);

    table->cores_rho = all * cost / spec->cores;
    table->row = table->locking * f;
    table->core_wait = table->row_wait = 0;
    if (table->cores_rho < 1)
        table->core_wait = allen_cunneen(spec->cores, all * cost, cost, 1, 0);
    if (table->row > 0 && table->row < 1) /* Nobody waits for it without a connection. */
        table->row_wait = table->locking / table->writes.rate *
                          fmin(allen_cunneen(1, table->row, f, 1, 0), (spec->connections - 1) * f);
    table->hold =
        cost + table->core_wait + table->writes.rate / all * (table->flush + table->row_wait);
    table->pool = all * table->hold / spec->connections;
}

void table_work(struct work *work)
{
    const struct table_spec *spec = &work->scenario->table;
    struct table_load *table = &work->table;
    double all = table->reads.rate + table->writes.rate;
    struct station *station = &table->station;

    *station = (struct station){.seconds = work->seconds, .backlog = work->past->table};
    if (all <= 0)
        return;
    work_disk(table, spec);
    work_waits(table, spec);
    station->rate = all;
    station->service = table->hold;
    station->ca2 = 1;
    station->cs2 = 0.5; /* Reads are short and writes long, neither is random in itself. */
    station->servers = spec->connections;
    station->lines = 1;
    if (spec->connections_each > 0) { /* Those are parts of all. */
        station->servers = spec->connections_each;
        station->lines = (spec->connections + spec->connections_each - 1) / spec->connections_each;
    }
    station->capacity = ceiling(table, spec);
    station->room = fmin(station->capacity * table->timeout, table->inside_max);
    if (station->rate < station->capacity) /* The bound is for those who wait in vain. */
        station->room = fmax(station->room, 10001);
    station_work(station);
}
