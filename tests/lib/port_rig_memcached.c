/* port_rig_memcached.c — The store port on memcached: its model, and one of the test's own. */
#include "tests/lib/port_rig.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "services/live/memcached/memcached_live.h"
#include "services/port/schema.h"
#include "tests/lib/memcached.h"

/* ---- Virtual --------------------------------------------------------------------------------- */

static const struct store_spec spec = {.kind = STORE_MEMCACHED,
                                       .way.latency_ns = US(100),
                                       .command_ns = US(10),
                                       .memory = UINT64_C(64) << 20,
                                       .eviction = EVICTION_LRU,
                                       .threads = 4,
                                       .item_max = UINT64_C(1) << 20,
                                       .growth = 1.25};

static void virtual_open(struct rig *rig)
{
    rig_virtual_open(rig, &spec, NULL, NULL);
}

const struct rig_world rig_memcached_virtual = {.name = "store port, virtual memcached",
                                                .open = virtual_open,
                                                .close = rig_virtual_close,
                                                .pause = rig_store_virtual_pause,
                                                .resume = rig_store_virtual_resume,
                                                .crash = rig_store_virtual_crash,
                                                .restart = rig_store_virtual_restart};

/* ---- Live ------------------------------------------------------------------------------------ */

struct live_memcached {
    struct memcached_server server;
    struct memcached_live *memcached;
};

struct memcached_server *rig_memcached(struct rig *rig)
{
    return &((struct live_memcached *)rig->own)->server;
}

/* So that trouble finds all of them connected. Which key goes where is chance. */
static void ask_on_every_connection(struct rig *rig)
{
    struct rig_question questions[32];

    memset(questions, 0, sizeof questions);
    for (uint64_t i = 0; i < 32; i++)
        store_get(rig->ports.store, rig_ask(rig, &questions[i]), store_key(SPACE_CUSTOM, i),
                  RIG_TIMEOUT_NS);
    for (int i = 0; i < 32; i++)
        rig_expect(&questions[i], CALL_ABSENT, 0);
}

static void live_open(struct rig *rig)
{
    struct live_memcached *own = calloc(1, sizeof *own);
    struct memcached_settings settings = {.run = "rig", .connections = 4};

    assert_non_null(own);
    rig->own = own;
    memcached_open(&own->server);
    rig_live_open(rig);
    settings.server = own->server.socket;
    own->memcached = memcached_live_open(&rig->loop, &settings, &rig->stats);
    assert_non_null(own->memcached);
    rig->ports.store = memcached_live_port(own->memcached);
    ask_on_every_connection(rig);
}

static void live_close(struct rig *rig)
{
    struct live_memcached *own = rig->own;

    memcached_close(&own->server); /* Else a worker may wait for one that is stopped. */
    memcached_live_close(own->memcached);
    rig_live_close(rig);
    free(own);
}

static void live_pause(struct rig *rig)
{
    memcached_signal(rig_memcached(rig), SIGSTOP);
}

static void live_resume(struct rig *rig)
{
    memcached_signal(rig_memcached(rig), SIGCONT);
}

static void live_crash(struct rig *rig)
{
    memcached_kill(rig_memcached(rig));
}

static void live_restart(struct rig *rig)
{
    memcached_start(rig_memcached(rig));
}

const struct rig_world rig_memcached_live = {.name = "store port, live memcached",
                                             .missing = memcached_missing,
                                             .open = live_open,
                                             .close = live_close,
                                             .pause = live_pause,
                                             .resume = live_resume,
                                             .crash = live_crash,
                                             .restart = live_restart};
