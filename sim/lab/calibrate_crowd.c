/* calibrate_crowd.c — People who ask the nodes while something else is measured.
 *
 *   crowd --> balancer --> work                    the others of those who visit
 *                      --> reading --> store       as often as something is stored, less the puts
 *                      --> writing --> store, log  as often as something is put
 *
 * A call to Redis takes half as long on a machine that does nothing else: in a run the same cores
 * carry the driver, a balancer and the other nodes as well, and what these ask of the servers. So a
 * process of its own asks through the balancers, as a run would, as often as the scenario does,
 * until it is told to go or we die. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "services/live/node/peer_live.h"
#include "sim/lab/calibrate_inside.h"
#include "sim/lab/timely.h"

enum { ASKERS = 64 };
enum target { WORK, READING, WRITING, TARGETS }; /* As in the scenario. */

static const uint64_t timeout_ns = 5000000000u;

struct crowd {
    struct loop loop;
    struct node_stats stats;
    struct peer_live *peer;
    struct dice dice;
    double mean_gap_ns;
    double reading, writing; /* Shares. */
    struct event *alarm;
    struct call calls[ASKERS];
    unsigned next;
};

static void answered(struct call *call)
{
    (void)call;
}

static enum target choose(struct crowd *crowd)
{
    double chance = dice_uniform(&crowd->dice);

    if (chance < crowd->writing)
        return WRITING;
    return chance < crowd->writing + crowd->reading ? READING : WORK;
}

/* Whoever is still waiting when his turn comes again lets it pass. */
static void ask(void *context)
{
    struct crowd *crowd = context;
    struct call *call = &crowd->calls[crowd->next++ % ASKERS];
    const struct ask question = {.verb = VERB_CALL, .key = crowd->next, .bytes = 32};

    loop_alarm_set(crowd->alarm, (uint64_t)(crowd->mean_gap_ns * dice_exponential(&crowd->dice)));
    if (call->outcome != CALL_PENDING)
        peer_ask(peer_live_port(crowd->peer), call, choose(crowd), &question, timeout_ns);
}

static bool find_fronts(struct crowd *crowd, struct crew *crew)
{
    for (uint32_t target = 0; target < TARGETS; target++)
        if (!peer_live_set(crowd->peer, target, crew_front(crew, target)))
            return false;
    return true;
}

static void live_on(struct crew *crew, const struct lab_rates *rates)
{
    static struct crowd crowd;

    crowd.mean_gap_ns = 1e9 / rates->visited;
    crowd.writing = fmin(rates->put / rates->visited, 1);
    crowd.reading = fmax(rates->stored - rates->put, 0) / rates->visited;
    for (unsigned i = 0; i < ASKERS; i++)
        crowd.calls[i].done = answered;
    dice_init(&crowd.dice, 1, "crowd");
    if (!loop_open(&crowd.loop, 0))
        _exit(1);
    crowd.peer = peer_live_open(&crowd.loop, TARGETS, &crowd.stats);
    crowd.alarm = loop_alarm(&crowd.loop, ask, &crowd);
    if (crowd.peer == NULL || crowd.alarm == NULL || !find_fronts(&crowd, crew))
        _exit(1);
    loop_alarm_set(crowd.alarm, 0);
    (void)timely_go_first(); /* As the driver of a run. */
    loop_run(&crowd.loop, 0);
    _exit(0);
}

bool crowd_begin(struct calibrator *calibrator, const struct lab_rates *rates)
{
    crowd_end(calibrator);
    calibrator->crowd = calibrate_fork();
    if (calibrator->crowd == 0)
        live_on(calibrator->crew, rates);
    return calibrator->crowd > 0 ||
           message_say(calibrator->trouble, "a crowd: %s", "толпа: %s", strerror(errno));
}

void crowd_end(struct calibrator *calibrator)
{
    calibrate_reap(&calibrator->crowd);
}
