/* data.c — The store's threads, and the table's five narrow places.
 *
 * The threads of memcached have a line each, since each has connections of its own: keys and nodes
 * spread commands over them as chance would. Redis has one.
 *
 *   connections   each held for the statements and, by a write, until its flush is over
 *   writers       where they are limited: from a write's first statement to its commit
 *   cores         the statements
 *   disk          one flush at a time; group commit lets all who wait share the next
 *   hottest row   locked to the commit: it changes hands once per flush
 *
 * The narrowest is the table's ceiling. Who waits for its turn, the row or the disk keeps its
 * connection, so beyond any of the ceilings everybody waits in the pool's line, as long as it
 * bears; who has waited for nearly that long gets a connection and is gone when all is done. Who
 * writes alone, by one connection or one turn for all, shares no flush and waits for none. */
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
    store->room =
        store->service > 0 ? work->store_timeout * store->lines / store->service : INFINITY;
    station_work(store);
}

/* Transactions that may write at a time. */
static uint32_t writers_most(const struct table_spec *spec)
{
    return spec->writers > 0 && spec->writers < spec->connections ? spec->writers
                                                                  : spec->connections;
}

bool table_shares_flushes(const struct table_spec *spec)
{
    return spec->group_commit && writers_most(spec) > 1;
}

/* Group commit: it is busy for f e^(w f) out of every 1/w + f e^(w f) seconds, since a flush
 * follows at once when anybody came during the last. */
static double disk_use(const struct table_spec *spec, double rate)
{
    double load = rate * seconds_of(spec->commit_ns), burst = load * exp(fmin(load, 700));

    return table_shares_flushes(spec) ? burst / (1 + burst) : load;
}

/* Who shares flushes and comes while the disk is busy waits for half a flush more, on average. */
double table_flush_s(const struct table_spec *spec, double rate)
{
    double f = seconds_of(spec->commit_ns), use = disk_use(spec, rate);

    if (table_shares_flushes(spec))
        return f * (1 + use / 2);
    if (writers_most(spec) == 1 || use >= 1)
        return f;
    return f + allen_cunneen(1, use, f, 1, 0);
}

/* Nobody waits for it without a connection. */
double table_turn_wait_s(const struct table_spec *spec, double rate, double turn)
{
    double writers = writers_most(spec), most = (spec->connections / writers - 1) * turn;

    if (spec->writers == 0)
        return 0;
    if (rate * turn >= writers)
        return most;
    return fmin(most, allen_cunneen(writers_most(spec), rate * turn, turn, 1, 0));
}

/* The most transactions per second of this mix. */
static double ceiling(struct table_load *table, const struct table_spec *spec)
{
    double f = seconds_of(spec->commit_ns);
    double all = table->reads.rate + table->writes.rate;
    double cost = (table->reads.sum + table->writes.sum) / all;
    double write = mean_of(&table->writes);
    double flushed = table_shares_flushes(spec) ? fmax(write, f) + f : write + f;
    double held = (table->reads.sum + table->writes.rate * flushed) / all;
    double least = fmin(spec->connections / held, cost > 0 ? spec->cores / cost : INFINITY);

    if (flushed > 0 && table->writes.rate > 0)
        least = fmin(least, all * writers_most(spec) / (table->writes.rate * flushed));
    if (f > 0 && table->writes.rate > 0 && !table_shares_flushes(spec))
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

    table->disk = disk_use(spec, table->writes.rate);
    table->flush = table_flush_s(spec, table->writes.rate);
    table->cores_rho = all * cost / spec->cores;
    table->row = table->locking * f;
    table->core_wait = table->row_wait = 0;
    if (table->cores_rho < 1)
        table->core_wait = allen_cunneen(spec->cores, all * cost, cost, 1, 0);
    if (table->row > 0 && table->row < 1) /* Nobody waits for it without a turn. */
        table->row_wait = table->locking / table->writes.rate *
                          fmin(allen_cunneen(1, table->row, f, 1, 0), (writers_most(spec) - 1) * f);
    table->turn = mean_of(&table->writes) + table->core_wait + table->row_wait + table->flush;
    table->turn_wait = table_turn_wait_s(spec, table->writes.rate, table->turn);
    if (spec->writers > 0)
        table->writers = table->writes.rate * table->turn / writers_most(spec);
    table->hold = cost + table->core_wait +
                  table->writes.rate / all * (table->flush + table->row_wait + table->turn_wait);
    table->pool = all * table->hold / spec->connections;
}

/* From 0 to so much, of an exponential's slack: the mean of what is left of it. */
static double mean_slack(double slack, double most)
{
    return most > 0 ? slack - most / expm1(most / slack) : 0;
}

/* Places in the pool's line: those who can have a transaction under way, or those who have not left
 * yet. Below the ceiling there is no bound: it is for those who wait in vain. */
static void set_room(struct table_load *table)
{
    struct station *station = &table->station;

    station->room = table->inside_max;
    if (station->rate < station->capacity) {
        station->room = fmax(fmin(station->capacity * table->timeout, station->room), 10001);
    } else if (station->rate > station->capacity &&
               station->capacity * table->timeout < station->room) {
        table->slack = 1 / (impatience(station->rate / station->capacity) * station->capacity);
        station->room =
            station->capacity * (table->timeout - mean_slack(table->slack, table->timeout));
        station->is_left = true;
    }
}

struct table_wait table_wait_of(const struct table_load *table, double timeout, uint32_t slice)
{
    const struct station *station = &table->station;
    double wait = station->waits[slice], left = timeout - table->hold, slack, in_time;

    if (station->sheds[slice] <= 0 || table->slack <= 0)
        return (struct table_wait){wait, station->variances[slice],
                                   wait + table->hold > timeout * 0.98 ? 1 : 0};
    if (left <= 0)
        return (struct table_wait){0, 0, 1};
    slack = mean_slack(table->slack, left);
    in_time = exp((left - table->timeout) / table->slack) * expm1(-left / table->slack) /
              expm1(-table->timeout / table->slack);
    return (struct table_wait){left - slack, slack * slack, 1 - in_time};
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
    set_room(table);
    station_work(station);
}
