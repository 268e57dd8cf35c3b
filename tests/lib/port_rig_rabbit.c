/* port_rig_rabbit.c — RabbitMQ's model, and a rabbitmq-server of the test's own.
 *
 * The server takes seconds to start, so one is there for all tests, each of which has queues of its
 * own. It is crashed by SIGKILL and paused by SIGSTOP. */
#include "tests/lib/port_rig_queue.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "services/live/rabbit/rabbit_lab.h"
#include "tests/lib/rabbit.h"

/* ---- Virtual --------------------------------------------------------------------------------- */

static const struct queue_spec spec = {.kind = QUEUE_RABBITMQ,
                                       .way.latency_ns = US(100),
                                       .acks = ACKS_ALL,
                                       .replicate_ns = MS(2),
                                       .session_ns = SECONDS(6),
                                       .partitions = 1,
                                       .prefetch = RIG_PREFETCH,
                                       .message_ns = US(30),
                                       .flush_ns = MS(1)};

static void virtual_open(struct rig *rig)
{
    rig_virtual_open(rig, NULL, &spec, NULL);
}

const struct rig_world rig_rabbit_virtual = {.name = "queue port, RabbitMQ, virtual",
                                             .open = virtual_open,
                                             .close = rig_virtual_close,
                                             .pause = rig_queue_virtual_pause,
                                             .resume = rig_queue_virtual_resume,
                                             .crash = rig_queue_virtual_crash,
                                             .restart = rig_queue_virtual_restart};

/* ---- Live ------------------------------------------------------------------------------------ */

static unsigned runs;

static void live_open(struct rig *rig)
{
    struct rig_queue *own = calloc(1, sizeof *own);
    char why[160] = "";

    assert_non_null(own);
    rig->own = own;
    snprintf(own->broker.run, sizeof own->broker.run, "test-%u", ++runs);
    own->broker.settings = (struct queue_settings){.is_rabbit = true,
                                                   .is_embedded = true,
                                                   .acks = -1,
                                                   .session_ns = SECONDS(6),
                                                   .prefetch = RIG_PREFETCH};
    test_rabbit_where(own->broker.settings.brokers, SETTINGS_TEXT_MAX);
    if (!rabbit_make_queues(&own->broker.settings, own->broker.run, why))
        fail_msg("%s", why);
    rig_queue_open(rig);
}

static void live_close(struct rig *rig)
{
    rig_queue_close(rig);
    free(rig->own);
}

static void live_pause(struct rig *rig)
{
    (void)rig;
    test_rabbit_signal(SIGSTOP);
}

static void live_resume(struct rig *rig)
{
    (void)rig;
    test_rabbit_signal(SIGCONT);
}

static void live_crash(struct rig *rig)
{
    (void)rig;
    test_rabbit_crash();
}

static void live_restart(struct rig *rig)
{
    (void)rig;
    test_rabbit_restart();
}

const struct rig_world rig_rabbit_live = {.name = "queue port, RabbitMQ, live",
                                          .missing = test_rabbit_missing,
                                          .begin = test_rabbit_begin,
                                          .end = test_rabbit_end,
                                          .open = live_open,
                                          .close = live_close,
                                          .pause = live_pause,
                                          .resume = live_resume,
                                          .crash = live_crash,
                                          .restart = live_restart};
