/* crew_scale.c — The autoscaler on our own loop, and its fleet port on real processes. */
#include <stdlib.h>

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

/* ---- What it sees: as in sim/world/fleet.c, of the replicas that are ready now --------------- */

static struct sight last_sight(const struct scaler *scaler, const struct place *place)
{
    const struct sight *last = &scaler->seen[place->replica];
    uint64_t from_ns = place->ready_ns > scaler->seen_ns ? place->ready_ns : scaler->seen_ns;

    if (last->starts == place->starts)
        return *last;
    return (struct sight){place->starts, from_ns, place->carried.busy.area,
                          place->carried.inside.area};
}

struct window { /* Of all ready replicas, since the last look or since they became ready. */
    uint64_t busy, inside, ready_ns;
};

static void add_window(struct window *window, struct scaler *scaler, const struct place *place,
                       const struct node_stats *stats)
{
    const struct sight last = last_sight(scaler, place);
    const struct sight now = {place->starts, place->station->crew->origin_ns + place->seen_ns,
                              stats->busy.area, stats->inside.area};

    if (now.at_ns <= last.at_ns) /* Its board has told nothing since then. */
        return;
    window->busy += now.busy - last.busy;
    window->inside += now.inside - last.inside;
    window->ready_ns += now.at_ns - last.at_ns;
    scaler->seen[place->replica] = now;
}

static uint64_t read_places(struct scaler *scaler, struct window *window)
{
    const struct station *station = scaler->station;
    static struct node_stats one;
    uint64_t let_in = 0;

    for (uint32_t i = 0; i < station->places_max; i++) {
        struct place *place = &station->places[i];

        if (place->starts == 0)
            continue;
        place_read(place, &one);
        let_in += one.let_in;
        if (place->state == PLACE_READY)
            add_window(window, scaler, place, &one);
    }
    return let_in;
}

static void look(struct fleet *fleet, struct fleet_view *view)
{
    struct scaler *scaler = (struct scaler *)fleet;
    const struct station *station = scaler->station;
    struct window window = {.ready_ns = 0};
    uint64_t now_ns = loop_clock_ns(), let_in = read_places(scaler, &window);
    double window_s = (double)(now_ns - scaler->seen_ns) * 1e-9;
    double ready;

    *view =
        (struct fleet_view){.ready = count(station, PLACE_READY), .starting = starting(station)};
    ready = view->ready > 0 ? view->ready : 1;
    if (window.ready_ns > 0) {
        view->cpu = (double)window.busy / ((double)window.ready_ns * station->spec->cores);
        view->in_flight = (double)window.inside / (double)window.ready_ns;
    }
    if (window_s > 0)
        view->rate = (double)(let_in - scaler->seen_let_in) / window_s / ready;
    view->lag = (double)crew_lag(station->crew) / ready;
    scaler->seen_let_in = let_in;
    scaler->seen_ns = now_ns;
}

/* ---- What it does ---------------------------------------------------------------------------- */

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
    struct fleet_view view;

    look(&scaler->port, &view); /* What was before the run is not its business. */
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
