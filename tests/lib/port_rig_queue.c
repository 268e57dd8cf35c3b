/* port_rig_queue.c — The queue's model, and a broker of the test's own with librdkafka before it.
 *
 * The live rig has the embedded broker, or the Kafka of SIM_TEST_KAFKA. The embedded broker is
 * crashed by its order "down" (listeners and connections gone, log kept), a real one is killed;
 * either is paused by SIGSTOP.
 *
 * To form a group takes the embedded broker three seconds, and each test has a group of its own:
 * most of the suite's time is that. */
#include "tests/lib/port_rig_queue.h"

#include <signal.h>
#include <stdlib.h>

#include "services/live/queue/queue_live.h"
#include "services/port/schema.h"
#include "tests/lib/broker.h"

/* ---- Virtual --------------------------------------------------------------------------------- */

static const struct queue_spec spec = {.way.latency_ns = US(100),
                                       .partitions = RIG_PARTITIONS,
                                       .linger_ns = MS(2),
                                       .batch = 1000,
                                       .acks = ACKS_ALL,
                                       .append_ns = US(200),
                                       .record_ns = US(1),
                                       .replicate_ns = MS(2),
                                       .session_ns = SECONDS(6),
                                       .rebalance_ns = SECONDS(3)};

static void virtual_open(struct rig *rig)
{
    rig_virtual_open(rig, NULL, &spec, NULL);
}

void rig_queue_virtual_pause(struct rig *rig)
{
    queue_model_pause(rig->fixture->queue);
}

void rig_queue_virtual_resume(struct rig *rig)
{
    queue_model_resume(rig->fixture->queue);
}

void rig_queue_virtual_crash(struct rig *rig)
{
    queue_model_crash(rig->fixture->queue);
}

void rig_queue_virtual_restart(struct rig *rig)
{
    queue_model_restart(rig->fixture->queue);
}

const struct rig_world rig_queue_virtual = {.name = "queue port, virtual",
                                            .open = virtual_open,
                                            .close = rig_virtual_close,
                                            .pause = rig_queue_virtual_pause,
                                            .resume = rig_queue_virtual_resume,
                                            .crash = rig_queue_virtual_crash,
                                            .restart = rig_queue_virtual_restart};

/* ---- Live ------------------------------------------------------------------------------------ */

static struct rig_queue *live_of(const struct rig *rig)
{
    return rig->own;
}

static struct queue_live *open_node(struct rig *rig, struct node_stats *stats)
{
    const struct test_broker *broker = &live_of(rig)->broker;
    char why[160] = "";
    struct queue_live *queue =
        queue_live_open(&rig->loop, &broker->settings, broker->run, NULL, stats, why);

    if (queue == NULL)
        fail_msg("%s", why);
    return queue;
}

void rig_queue_open(struct rig *rig)
{
    rig_live_open(rig);
    live_of(rig)->first = open_node(rig, &rig->stats);
    rig->ports.queue = queue_live_port(live_of(rig)->first);
}

void rig_queue_close(struct rig *rig)
{
    struct rig_queue *own = live_of(rig);

    if (own->first != NULL)
        queue_live_close(own->first);
    if (own->other != NULL)
        queue_live_close(own->other);
    rig_live_close(rig);
}

static void live_open(struct rig *rig)
{
    struct rig_queue *own = calloc(1, sizeof *own);

    assert_non_null(own);
    rig->own = own;
    broker_open(&own->broker, RIG_PARTITIONS);
    rig_queue_open(rig);
}

static void live_close(struct rig *rig)
{
    rig_queue_close(rig);
    broker_close(&live_of(rig)->broker);
    free(rig->own);
}

static void live_pause(struct rig *rig)
{
    broker_signal(&live_of(rig)->broker, SIGSTOP);
}

static void live_resume(struct rig *rig)
{
    broker_signal(&live_of(rig)->broker, SIGCONT);
}

static void live_crash(struct rig *rig)
{
    broker_crash(&live_of(rig)->broker);
}

static void live_restart(struct rig *rig)
{
    broker_restart(&live_of(rig)->broker);
}

const struct rig_world rig_queue_live = {.name = "queue port, live",
                                         .open = live_open,
                                         .close = live_close,
                                         .pause = live_pause,
                                         .resume = live_resume,
                                         .crash = live_crash,
                                         .restart = live_restart};

/* ---- Both ------------------------------------------------------------------------------------ */

struct queue *rig_queue_other(struct rig *rig)
{
    if (rig->fixture != NULL)
        return &rig->fixture->nodes[1].queue;
    if (live_of(rig)->other == NULL)
        live_of(rig)->other = open_node(rig, &live_of(rig)->other_stats);
    return queue_live_port(live_of(rig)->other);
}

void rig_queue_leave(struct rig *rig)
{
    if (rig->fixture != NULL) {
        queue_model_node_left(rig->fixture->queue, &rig->fixture->nodes[0]);
        return;
    }
    queue_live_close(live_of(rig)->first);
    live_of(rig)->first = NULL;
}
