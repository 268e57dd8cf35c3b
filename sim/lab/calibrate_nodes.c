/* calibrate_nodes.c — Hops between processes, and how late timers are.
 *
 *   hop        driver --> node --> driver, answered at once (a health check)
 *   timed      the same with 1 ms of emulated work, less the 1 ms
 *   balanced   driver --> balancer --> node and back, 1 ms of work, less it and the balancer's own
 *   large      the same with a body
 *   opened     driver --> one of several processes, over a connection of its own, less the 1 ms
 *   sleep      1 ms of sleep in this process, less the 1 ms
 *
 * Hops are asked as people ask, with exponential gaps, and counted from when a question was meant
 * to be asked, as a client's latency is: the timer that sends it, and waiting behind the one before
 * at the driver and the balancer, are part of what is measured. */
#include <stdlib.h>

#include "services/live/node/peer_live.h"
#include "sim/lab/calibrate_inside.h"
#include "sim/lab/crew_inside.h"
#include "sim/lab/timely.h"

enum { TARGET_DIRECT, TARGET_FRONT, TARGET_FORKED, TARGETS };
enum { ROUNDS = 3 };

static const uint64_t pace_ns = 2000000, hop_pace_ns = 1000000000 / CALIBRATE_HOP_RATE,
                      timeout_ns = 5000000000u, work_ns = 1000000;
static const double work_us = 1000;

struct asking {
    struct peer *peer;
    uint32_t target;
    enum verb verb;
    uint32_t bytes;
};

static void ask_peer(struct probe *probe, struct sample *sample)
{
    const struct asking *asking = probe->context;
    const struct ask ask = {
        .verb = (uint8_t)asking->verb, .key = sample->index, .bytes = asking->bytes};

    peer_ask(asking->peer, &sample->call, asking->target, &ask, timeout_ns);
}

static bool ask_series(struct calibrator *calibrator, struct asking asking, struct text name,
                       struct calibrated *figures)
{
    struct probe probe = {.name = name,
                          .every_ns = hop_pace_ns,
                          .samples = 600,
                          .is_uneven = true,
                          .from_intended = true,
                          .ask = ask_peer,
                          .context = &asking};

    return probe_run(&probe, calibrator, figures);
}

/* What is not wanted is not measured: its n stays 0. */
static bool ask_forked(struct calibrator *calibrator, struct peer *peer, struct calibrated *figures)
{
    const struct asking asking = {peer, TARGET_FORKED, VERB_CALL, CALIBRATE_SMALL_BYTES};

    *figures = (struct calibrated){.n = 0};
    return !calibrate_wants(calibrator->options, CALIBRATE_PROCESSES) ||
           ask_series(calibrator, asking, (struct text){"a hop to processes", "хоп к процессам"},
                      figures);
}

/* In turns, and all of each: a run is disturbed by what else runs on the machine as often as these
 * are. Several nodes share the questions, as in a run: one that is asked rarely is slower. */
static bool measure_hops(struct calibrator *calibrator, struct peer *peer)
{
    struct calibration *to = calibrator->calibration;
    double balancer_us = (double)calibrator->scenario->balancer.work_ns * 1e-3;
    struct calibrated hop[ROUNDS], timed[ROUNDS], balanced[ROUNDS], large[ROUNDS], opened[ROUNDS];

    for (int i = 0; i < ROUNDS; i++)
        if (!ask_series(calibrator,
                        (struct asking){peer, TARGET_DIRECT, VERB_HEALTH, CALIBRATE_SMALL_BYTES},
                        (struct text){"a hop", "хоп"}, &hop[i]) ||
            !ask_series(calibrator,
                        (struct asking){peer, TARGET_DIRECT, VERB_CALL, CALIBRATE_SMALL_BYTES},
                        (struct text){"a timed hop", "хоп с работой"}, &timed[i]) ||
            !ask_series(calibrator,
                        (struct asking){peer, TARGET_FRONT, VERB_CALL, CALIBRATE_SMALL_BYTES},
                        (struct text){"the balancer", "балансировщик"}, &balanced[i]) ||
            !ask_series(calibrator,
                        (struct asking){peer, TARGET_FRONT, VERB_CALL, CALIBRATE_LARGE_BYTES},
                        (struct text){"a large body", "большое тело"}, &large[i]) ||
            !ask_forked(calibrator, peer, &opened[i]))
            return false;
    to->hop = calibrated_mean(hop, ROUNDS);
    to->timed = calibrated_less(calibrated_mean(timed, ROUNDS), work_us);
    to->balanced = calibrated_less(calibrated_mean(balanced, ROUNDS), work_us + balancer_us);
    to->large = calibrated_less(calibrated_mean(large, ROUNDS), work_us + balancer_us);
    to->opened = calibrated_less(calibrated_mean(opened, ROUNDS), work_us);
    return true;
}

static void sleep_a_little(struct probe *probe, struct sample *sample)
{
    timer_sleep(probe->context, &sample->call, work_ns);
}

static bool measure_sleep(struct calibrator *calibrator)
{
    struct calibrated *figures = &calibrator->calibration->sleep;
    struct timer_live timer;
    struct probe probe = {
        .name = {"a sleep", "сон"}, .every_ns = pace_ns, .samples = 500, .ask = sleep_a_little};
    bool is_good;

    timer_live_open(&timer, &calibrator->loop, &calibrator->stats);
    probe.context = &timer.port;
    is_good = probe_run(&probe, calibrator, figures);
    timer_live_close(&timer);
    *figures = calibrated_less(*figures, work_us);
    return is_good;
}

bool calibrate_nodes(struct calibrator *calibrator)
{
    struct station *const *services = calibrator->crew->services;
    struct peer_live *peer = peer_live_open(&calibrator->loop, TARGETS, &calibrator->stats);
    bool is_good;

    if (peer == NULL)
        return message_say(calibrator->trouble, "a hop: the system refused memory",
                           "хоп: система не дала памяти");
    calibrate_step(calibrator, "a hop, a balancer, a timer", "хоп, балансировщик, таймер");
    peer_live_set(peer, TARGET_DIRECT, &services[CALIBRATE_WORK]->places[0].address);
    if (calibrate_wants(calibrator->options, CALIBRATE_PROCESSES))
        peer_live_set(peer, TARGET_FORKED, &services[CALIBRATE_FORKED]->places[0].address);
    peer_live_set(peer, TARGET_FRONT, crew_front(calibrator->crew, CALIBRATE_WORK));
    (void)timely_go_first(); /* As the driver of a run. */
    is_good = measure_sleep(calibrator) && measure_hops(calibrator, peer_live_port(peer));
    timely_line_up();
    peer_live_close(peer);
    return is_good;
}
