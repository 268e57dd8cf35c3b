/* station.c — The two regimes and the way from one to the other. */
#include "sim/theory/station.h"

#include <math.h>

#include "sim/theory/queueing.h"

static const double places_max = 10000; /* Beyond it a line is endless for the closed form. */

/* Mean, and how much it varies: a share `chance` waits, and they exponentially long. */
static void set_steady(struct station *station, double chance, double wait)
{
    station->chance = chance;
    station->wait = wait;
}

/* Who comes regularly waits more seldom than rho. Exact for GI/M/1, where the wait is exponential
 * with mean E[S] / (1 - chance) for those who wait, and for M/G/1. */
static double one_server_chance(const struct station *station)
{
    double work = station->service * (1 + station->cs2) / 2;

    return station->wait / (station->wait + work);
}

static void work_steady(struct station *station)
{
    unsigned c = station->servers;
    double a = fmin(station->rate / station->lines * station->service, c * station->rho);
    double places = station->room / station->lines;

    if (station->chooses_of_two && station->rho < 1) {
        set_steady(station, station->rho * station->rho,
                   two_choices_wait(station->rho, station->service) *
                       (station->ca2 + station->cs2) / 2);
        return;
    }
    if (station->rho < 1)
        set_steady(station, erlang_c(c, a),
                   allen_cunneen(c, a, station->service, station->ca2, station->cs2) *
                       regularity(station->rho, station->ca2, station->cs2));
    if (c == 1 && station->rho < 1 && station->ca2 < 1 && station->wait > 0)
        station->chance = one_server_chance(station);
    if (places > places_max || station->is_left)
        return;

    struct finite_line line = finite_line(c, c * station->rho, (unsigned)places);
    double wait = line.length * station->lines / (station->rate * (1 - line.shed));

    station->shed_when_full = line.shed;
    if (station->rho < 1) { /* Shorter than an endless one by as much as M/M/c's is. */
        station->wait *= fmin(1, wait / allen_cunneen(c, a, station->service, 1, 1));
        return;
    }
    set_steady(station, line.waiting, wait);
    station->room = line.length * station->lines;
}

/* From backlog to backlog across one slice. */
static void flow(struct station *station, unsigned slice, double slice_s)
{
    double net = (station->rate - station->capacity) * slice_s;
    double end = station->backlog_end + net, over = fmax(0, end - station->room);
    double middle = fmin(fmax(0, station->backlog_end + net / 2), station->room);
    double wait = middle / station->capacity;
    double chance = fmax(station->chance, 1e-9);

    station->sheds[slice] = station->rho < 1 ? station->shed_when_full : 0;
    if (station->rho >= 1 || wait > station->wait) {
        station->waits[slice] = wait;
        station->variances[slice] = wait / station->capacity * (station->ca2 + station->cs2);
    } else {
        station->waits[slice] = station->wait;
        station->variances[slice] = station->wait * station->wait * (2 / chance - 1);
    }
    if (over > 0)
        station->sheds[slice] = fmin(1, over / net) * station->shed_when_full;
    station->backlog_end = fmin(fmax(0, end), station->room);
}

void station_work(struct station *station)
{
    double sheds = 0, begin = station->backlog;

    if (station->capacity <= 0)
        station->capacity =
            station->service > 0 ? station->servers * station->lines / station->service : INFINITY;
    station->rho = station->rate / station->capacity;
    station->shed_when_full = station->rho > 1 ? 1 - 1 / station->rho : 0;
    station->backlog_end = begin;
    station->out = station->rate;
    if (station->rate + begin <= 0 || isinf(station->capacity))
        return;
    if (station->rate > 0)
        work_steady(station);
    station->growth = station->rho > 1 ? (station->rate - station->capacity) * station->seconds : 0;
    for (unsigned i = 0; i < STATION_SLICES; i++) {
        flow(station, i, station->seconds / STATION_SLICES);
        sheds += station->sheds[i] / STATION_SLICES;
    }
    station->shed = sheds;
    station->out =
        fmin(station->capacity, fmax(0, station->rate * (1 - sheds) +
                                            (begin - station->backlog_end) / station->seconds));
    station->drain = station->rho < 1 ? begin / (station->capacity - station->rate) : 0;
}
