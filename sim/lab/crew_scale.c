/* crew_scale.c — The autoscaler on our own loop, and its fleet port on real processes. */
#include <stdlib.h>
#include <string.h>

#include "sim/lab/crew_inside.h"

static uint32_t count(const struct station *station, enum place_state state)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < station->places_max; i++)
        sum += station->places[i].state == state;
    return sum;
}

static uint32_t starting(const struct station *station)
{
    return count(station, PLACE_BOOTING) + count(station, PLACE_STARTING) +
           count(station, PLACE_DOWN);
}

static uint32_t station_number(const struct station *station)
{
    return (uint32_t)(station - station->crew->all);
}

static void look(struct fleet *fleet, struct fleet_view *view)
{
    struct scaler *scaler = (struct scaler *)fleet;
    struct station *station = scaler->station;
    const struct crew_figures *seen = &scaler->seen;
    static struct crew_figures now;
    uint64_t now_ns = loop_clock_ns();
    double window_s = (double)(now_ns - scaler->seen_ns) * 1e-9;
    double ready;

    crew_read(station->crew, station_number(station), &now);
    *view =
        (struct fleet_view){.ready = count(station, PLACE_READY), .starting = starting(station)};
    ready = view->ready > 0 ? view->ready : 1;
    if (now.capacity_area > seen->capacity_area)
        view->cpu = (double)(now.sum.busy.area - seen->sum.busy.area) /
                    (double)(now.capacity_area - seen->capacity_area);
    if (window_s > 0) {
        view->in_flight =
            (double)(now.sum.inside.area - seen->sum.inside.area) * 1e-9 / window_s / ready;
        view->rate = (double)(now.sum.let_in - seen->sum.let_in) / window_s / ready;
    }
    view->lag = (double)crew_lag(station->crew) / ready;
    scaler->seen = now;
    scaler->seen_ns = now_ns;
}

static void grow(struct station *station, uint32_t by)
{
    for (uint32_t i = 0; i < station->places_max && by > 0; i++)
        if (station->places[i].state == PLACE_OFF) {
            place_boot(&station->places[i], station->spec->boot_ns);
            by--;
        }
}

/* Sends away up to `by` in this state, the youngest first. How many are still too many. */
static uint32_t shrink(struct station *station, uint32_t by, enum place_state state)
{
    for (uint32_t i = station->places_max; i > 0 && by > 0; i--)
        if (station->places[i - 1].state == state) {
            place_drain(&station->places[i - 1]);
            by--;
        }
    return by;
}

static void resize(struct fleet *fleet, uint32_t replicas)
{
    struct station *station = ((struct scaler *)fleet)->station;
    uint32_t wanted = replicas < station->places_max ? replicas : station->places_max;
    uint32_t now = count(station, PLACE_READY) + starting(station);

    if (wanted >= now) {
        grow(station, wanted - now);
        return;
    }
    now = shrink(station, now - wanted, PLACE_DOWN); /* Those that do not serve go first. */
    now = shrink(station, now, PLACE_BOOTING);
    shrink(station, shrink(station, now, PLACE_STARTING), PLACE_READY);
}

static const struct fleet_ops fleet_crew_ops = {.look = look, .resize = resize};

bool scaler_open(struct station *station)
{
    struct scaler *scaler = calloc(1, sizeof *scaler);

    if (scaler == NULL)
        return false;
    scaler->port.ops = &fleet_crew_ops;
    scaler->station = station;
    scaler->plan = setup_autoscaler(&station->spec->autoscale);
    station->scaler = scaler;
    return arena_open(&scaler->arena, plan_bytes(&scaler->plan) + 4096);
}

void scaler_begin(struct scaler *scaler)
{
    struct crew *crew = scaler->station->crew;
    struct ports ports = {
        .timer = &crew->timer.port, .fleet = &scaler->port, .arena = &scaler->arena};

    scaler->seen_ns = loop_clock_ns();
    crew_read(crew, station_number(scaler->station), &scaler->seen);
    scaler->service = plan_start(&scaler->plan, &ports, &scaler->ops);
    scaler->ops->start(scaler->service);
}

void scaler_close(struct scaler *scaler)
{
    if (scaler == NULL)
        return;
    arena_close(&scaler->arena);
    free(scaler);
}
