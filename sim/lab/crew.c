/* crew.c — Stations out of a scenario; all of them up, all of them down. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sim/lab/crew_inside.h"
#include "sim/lab/port.h"

#define REST_NS UINT64_C(5000000000) /* For all of them together. */

static bool add_places(struct station *station, uint32_t places_max, uint32_t *port_at)
{
    station->places = calloc(places_max, sizeof *station->places);
    if (station->places == NULL)
        return false;
    station->places_max = places_max;
    for (uint32_t i = 0; i < places_max; i++) {
        struct place *place = &station->places[i];

        place->station = station;
        place->replica = i;
        snprintf(place->address.host, sizeof place->address.host, "127.0.0.1");
        place->held = port_hold(port_at, &place->address.port);
        if (place->held < 0)
            return false;
    }
    return true;
}

static bool add_service(struct crew *crew, uint32_t index, uint32_t *port_at)
{
    struct station *station = &crew->all[crew->all_max++];
    const struct service_spec *spec = &crew->scenario->services[index];

    station->crew = crew;
    station->spec = spec;
    station->index = index;
    station->plan = setup_service(spec);
    crew->services[index] = station;
    return add_places(station, setup_replicas_max(spec), port_at) &&
           (!spec->autoscale.is_on || scaler_open(station));
}

static bool add_balancer(struct crew *crew, struct station *behind, uint32_t *port_at)
{
    struct station *station = &crew->all[crew->all_max++];

    station->crew = crew;
    station->own_spec = setup_balancer_spec(crew->scenario, behind->spec);
    station->spec = &station->own_spec;
    station->index = behind->index;
    station->is_balancer = true;
    station->plan = setup_balancer(&crew->scenario->balancer, behind->spec);
    behind->front = station;
    return add_places(station, 1, port_at);
}

static bool add_stations(struct crew *crew)
{
    uint32_t services = crew->scenario->services_max;
    /* Runs begin at different places: then two at once seldom meet. */
    uint32_t port_at = (uint32_t)(loop_clock_ns() / 1000 * 7919 + (uint64_t)getpid());

    crew->all = calloc(2 * (size_t)services, sizeof *crew->all);
    if (crew->all == NULL)
        return false;
    for (uint32_t i = 0; i < services; i++)
        if (!add_service(crew, i, &port_at))
            return false;
    for (uint32_t i = 0; i < services; i++)
        if (setup_has_balancer(crew->scenario, &crew->scenario->services[i]) &&
            !add_balancer(crew, crew->services[i], &port_at))
            return false;
    return true;
}

/* All at once, then each one's "ready": balancers first, for the others register with them. */
static bool start_stations(struct crew *crew, bool balancers, struct message *trouble)
{
    for (int waits = 0; waits < 2; waits++)
        for (uint32_t s = 0; s < crew->all_max; s++) {
            struct station *station = &crew->all[s];

            for (uint32_t i = 0; station->is_balancer == balancers && i < station->spec->replicas;
                 i++)
                if (!(waits ? place_wait_ready : place_start)(&station->places[i], trouble))
                    return false;
        }
    return true;
}

static bool is_in_group(struct place *place)
{
    static struct node_stats stats;

    place_read(place, &stats);
    return stats.queue_rebalances > 0;
}

/* A group is one when each member has been given its partitions, or none; Kafka takes seconds for
 * the first time, and the virtual world begins behind them. Who waits in vain begins anyway. */
static void wait_for_group(struct crew *crew)
{
    const uint64_t moment_ns = 20000000, until_ns = loop_clock_ns() + UINT64_C(20000000000);

    for (uint32_t s = 0; s < crew->all_max; s++) {
        struct station *station = &crew->all[s];

        for (uint32_t i = 0; station->plan.kind == PLAN_BATCHER && i < station->spec->replicas; i++)
            while (station->places[i].state == PLACE_READY && !is_in_group(&station->places[i]) &&
                   loop_clock_ns() < until_ns && !lab_is_interrupted(crew->options)) {
                loop_enter(crew->loop);
                loop_run(crew->loop, loop_now_ns(crew->loop) + moment_ns);
            }
    }
}

/* Only a test build's node has failpoints; an ordinary one refuses them with a word. */
static bool find_node(struct crew *crew)
{
    return (crew->failpoints_left > 0 &&
            servers_find_program("sim-node-planted", crew->program, sizeof crew->program)) ||
           servers_find_program("sim-node", crew->program, sizeof crew->program);
}

/* False: the system has no chance to give. */
static bool make_token(struct crew *crew)
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(&crew->token[2 * i], 3, "%02x", bytes[i]);
    return true;
}

struct crew *crew_open(struct loop *loop, const struct scenario *scenario,
                       const struct lab_options *options, struct servers *servers,
                       struct message *trouble)
{
    struct crew *crew = calloc(1, sizeof *crew);

    if (crew == NULL) {
        message_say(trouble, "the system refused memory", "система не дала памяти");
        return NULL;
    }
    crew->loop = loop;
    crew->scenario = scenario;
    crew->options = options;
    crew->servers = servers;
    crew->casualty = message_in(options->lang);
    crew->origin_ns = loop_clock_ns();
    timer_live_open(&crew->timer, loop, &crew->own);
    crew->failpoints_left = options->failpoint == FAILPOINT_NONE ? 0 : CREW_FAILPOINTS;
    if (!make_token(crew))
        message_say(trouble, "the system gives no random bytes",
                    "система не даёт случайных байтов");
    else if (!crew_make_tokens(crew))
        message_say(trouble, "OpenSSL makes no key for the gateways' tokens",
                    "OpenSSL не создаёт ключ для токенов шлюзов");
    else if (!find_node(crew))
        message_say(trouble, "sim-node is neither beside sim nor on the PATH: ./bootstrap.sh",
                    "sim-node нет ни рядом с sim, ни в PATH: запустите ./bootstrap.sh");
    else if (!add_stations(crew))
        message_say(trouble, "no memory, or no free port on 127.0.0.1 for the nodes",
                    "узлам не хватило памяти или свободного порта на 127.0.0.1");
    else if (start_stations(crew, true, trouble) && start_stations(crew, false, trouble)) {
        if (!servers->queue.is_rabbit) /* Its consumers are no group. */
            wait_for_group(crew);
        return crew;
    }
    crew_close(crew);
    return NULL;
}

/* SIGTERM to all of them first: they drain side by side. */
void crew_rest(struct crew *crew)
{
    const uint64_t until_ns = loop_clock_ns() + REST_NS;

    strikes_forget(crew);
    for (int is_last = 0; is_last < 2; is_last++)
        for (uint32_t s = 0; s < crew->all_max; s++)
            for (uint32_t i = 0; i < crew->all[s].places_max; i++)
                if (is_last)
                    place_close(&crew->all[s].places[i], until_ns);
                else
                    place_drain(&crew->all[s].places[i]);
}

void crew_close(struct crew *crew)
{
    crew_rest(crew);
    for (uint32_t s = 0; s < crew->all_max; s++) {
        scaler_close(crew->all[s].scaler);
        free(crew->all[s].places);
    }
    timer_live_close(&crew->timer);
    free(crew->all);
    free(crew);
}

const struct address *crew_front(const struct crew *crew, uint32_t index)
{
    const struct station *station = crew->services[index];

    return station->front != NULL ? &station->front->places[0].address
                                  : &station->places[0].address;
}

void crew_begin(struct crew *crew)
{
    uint64_t now_ns = loop_clock_ns();

    for (uint32_t i = 0; i < crew->all_max; i++) {
        struct station *station = &crew->all[i];

        station->ready = (struct stats_level){.since_ns = now_ns};
        station->up = (struct stats_level){.since_ns = now_ns};
        station_note_size(station);
        if (station->scaler != NULL)
            scaler_begin(station->scaler);
    }
    strikes_plan(crew);
}

void crew_forget_sizes(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->all_max; i++)
        crew->all[i].ready.max = crew->all[i].ready.now;
}

uint32_t crew_ready(const struct crew *crew)
{
    uint32_t sum = 0;

    for (uint32_t s = 0; s < crew->scenario->services_max; s++)
        for (uint32_t i = 0; i < crew->all[s].places_max; i++)
            sum += crew->all[s].places[i].state == PLACE_READY;
    return sum;
}

uint32_t crew_stations(const struct crew *crew)
{
    return crew->all_max;
}

const char *crew_station_name(const struct crew *crew, uint32_t station)
{
    return crew->all[station].spec->name;
}

uint32_t crew_deaths(const struct crew *crew)
{
    return crew->deaths;
}

uint32_t crew_failpoint_deaths(const struct crew *crew)
{
    return crew->failpoint_deaths;
}

const char *crew_casualty(const struct crew *crew)
{
    return crew->casualty.text;
}
