/* port_rig_store.c — The two worlds of the store: the model, and a redis-server of the test's own.
 *
 * A live rig starts a Redis per test (20 ms) on a unix socket in a short folder: tests stop it and
 * kill it as they like. A node that has waited for its first connection long enough is connected
 * before the test begins, so that trouble finds it so. */
#include "tests/lib/port_rig.h"

#include <signal.h>
#include <stdlib.h>

#include "services/live/store/store_live.h"
#include "services/port/schema.h"
#include "tests/lib/server.h"

/* ---- Virtual --------------------------------------------------------------------------------- */

static const struct store_spec spec = {.way.latency_ns = US(100), .command_ns = US(10)};

static void virtual_open(struct rig *rig)
{
    rig_virtual_open(rig, &spec, NULL, NULL);
}

void rig_store_virtual_pause(struct rig *rig)
{
    store_model_pause(rig->fixture->store);
}

void rig_store_virtual_resume(struct rig *rig)
{
    store_model_resume(rig->fixture->store);
}

void rig_store_virtual_crash(struct rig *rig)
{
    store_model_crash(rig->fixture->store);
}

void rig_store_virtual_restart(struct rig *rig)
{
    store_model_restart(rig->fixture->store);
}

const struct rig_world rig_store_virtual = {.name = "store port, virtual",
                                            .has_scripts = true,
                                            .open = virtual_open,
                                            .close = rig_virtual_close,
                                            .pause = rig_store_virtual_pause,
                                            .resume = rig_store_virtual_resume,
                                            .crash = rig_store_virtual_crash,
                                            .restart = rig_store_virtual_restart};

/* ---- Live ------------------------------------------------------------------------------------ */

struct live_store {
    struct redis_server redis;
    struct store_live *store;
};

struct redis_server *rig_redis(struct rig *rig)
{
    return &((struct live_store *)rig->own)->redis;
}

static void live_open(struct rig *rig)
{
    struct live_store *own = calloc(1, sizeof *own);
    struct rig_question question = {0};

    assert_non_null(own);
    rig->own = own;
    redis_open(&own->redis);
    rig_live_open(rig);
    own->store = store_live_open(&rig->loop, own->redis.socket, "rig", &rig->stats);
    assert_non_null(own->store);
    rig->ports.store = store_live_port(own->store);
    store_get(rig->ports.store, rig_ask(rig, &question), store_key(SPACE_CUSTOM, 0),
              RIG_TIMEOUT_NS);
    rig_expect(&question, CALL_ABSENT, 0);
}

static void live_close(struct rig *rig)
{
    struct live_store *own = rig->own;

    store_live_close(own->store);
    rig_live_close(rig);
    redis_close(&own->redis);
    free(own);
}

static void live_pause(struct rig *rig)
{
    redis_signal(rig_redis(rig), SIGSTOP);
}

static void live_resume(struct rig *rig)
{
    redis_signal(rig_redis(rig), SIGCONT);
}

static void live_crash(struct rig *rig)
{
    redis_kill(rig_redis(rig));
}

static void live_restart(struct rig *rig)
{
    redis_start(rig_redis(rig));
}

const struct rig_world rig_store_live = {.name = "store port, live",
                                         .has_scripts = true,
                                         .missing = redis_missing,
                                         .open = live_open,
                                         .close = live_close,
                                         .pause = live_pause,
                                         .resume = live_resume,
                                         .crash = live_crash,
                                         .restart = live_restart};
