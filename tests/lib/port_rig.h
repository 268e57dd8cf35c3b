/* port_rig.h — One contract suite per port, played on the virtual and on the live world alike.
 *
 * A suite (tests/port/test_X_port.c) is a list of tests that know a port and no world. Each runs
 * once per struct rig_world: a small table that says how to open a node with that port, and how to
 * trouble the server behind it. The worlds of a port stand in tests/lib/port_rig_X.c; the store's
 * are the model. A test gets a rig and reads so:
 *
 *     static void a_counter_that_is_there_is_added_to(void **state)
 *     {
 *         struct rig *rig = *state;
 *         struct rig_question q;
 *
 *         store_set(rig->ports.store, rig_ask(rig, &q), key, 7, 8, 0, RIG_TIMEOUT_NS);
 *         rig_expect(&q, CALL_OK, 7);
 *     }
 *
 * Time passes in rig_expect, rig_run_until and rig_pass alone: virtual time at once, real time as
 * it does. So a test waits for what must come and never measures how fast it came; a limit is how
 * long a broken port is waited for. What the test does between two of these is one step.
 *
 * To add a port: write its two worlds (rig_virtual_open and rig_live_open do the common part), name
 * them below, and run a suite over them with rig_run. */
#ifndef TESTS_LIB_PORT_RIG_H
#define TESTS_LIB_PORT_RIG_H

#include "tests/lib/test.h"

#include "services/live/loop/loop.h"
#include "services/live/node/stats.h"
#include "services/port/ports.h"
#include "tests/lib/world_fixture.h"

struct memcached_server;
struct redis_server;

/* For calls that are to be answered, and how long rig_expect waits. */
#define RIG_TIMEOUT_NS SECONDS(20)
#define RIG_LIMIT_NS SECONDS(30)

struct rig;

struct rig_world {
    const char *name;              /* "store, live": heads what cmocka prints. */
    bool has_scripts;              /* A store that does two things in one step, and knows sets. */
    const char *(*missing)(void);  /* What this machine lacks, and the cure; NULL: nothing. The
                                     member itself may be NULL, and so may begin and end. */
    void (*begin)(void);           /* Once, before the first test, … */
    void (*end)(void);             /* … and after the last: servers that are dear to start. */
    void (*open)(struct rig *rig); /* Before each test: an empty server, a node that asks it. */
    void (*close)(struct rig *rig);

    /* Trouble for the server behind the port; NULL: it has none. */
    void (*pause)(struct rig *rig); /* It stands still and keeps its connections. */
    void (*resume)(struct rig *rig);
    void (*crash)(struct rig *rig);   /* Its process is gone. */
    void (*restart)(struct rig *rig); /* It is back, with what it has on disk. */
};

struct rig {
    const struct rig_world *world;
    struct ports ports;      /* Of one node. A world fills in what it has, the rest is NULL. */
    struct fixture *fixture; /* The virtual world; NULL: this rig is live. Ports of nodes[0]. */

    struct loop loop; /* The live world. */
    struct timer_live timer;
    struct node_stats stats;

    void *own;          /* Of the port's own world: its connection, its server. */
    uint32_t asked;     /* Questions so far, … */
    uint32_t told;      /* … and those that were answered. */
    uint32_t too_early; /* Told inside a submit: the test had not let any time pass. */
    bool is_running;    /* The world, and not the test. */
    bool (*is_done)(void *context);
    void *context;
};

struct rig_question {
    struct call call; /* First. */
    struct rig *rig;
    void (*see)(struct rig_question *question); /* Or NULL. */
    uint32_t times;                             /* How often it was told. Once is right. */
    uint32_t nth;                               /* Of all that this rig was told, from 1. */
    uint64_t asked_ns, told_ns;
};

/* Runs every test on every world; the exit code of main: failures, or 77 with a loud reason when
 * nothing failed and a world was missing. Each test's *state is its struct rig. */
int rig_run(const struct rig_world *const *worlds, size_t worlds_max,
            const struct CMUnitTest *tests, size_t tests_max);

/* A call to ask with. The question may be used again once it was told; it forgets its last answer.
 * see runs inside done, where a span can still be copied. */
struct call *rig_ask(struct rig *rig, struct rig_question *question);
struct call *rig_ask_and_see(struct rig *rig, struct rig_question *question,
                             void (*see)(struct rig_question *question));

/* Lets time pass until it is told, and holds the answer to this; value is compared for CALL_OK
 * alone. Fails when anybody was told twice or inside a submit. */
void rig_expect(struct rig_question *question, enum call_outcome outcome, int64_t value);
/* The same without a word about the answer. */
void rig_wait(struct rig_question *question);

/* False: limit_ns of the rig's time have passed and it is not done. */
bool rig_run_until(struct rig *rig, bool (*is_done)(void *context), void *context,
                   uint64_t limit_ns);
void rig_pass(struct rig *rig, uint64_t ns); /* All of it. */
uint64_t rig_now_ns(const struct rig *rig);  /* Of the step that the test is in. */

/* ---- For the worlds of a port ---------------------------------------------------------------- */

/* ports.timer and whatever is not NULL; the specs live as long as the rig. */
void rig_virtual_open(struct rig *rig, const struct store_spec *store,
                      const struct queue_spec *queue, const struct table_spec *table);
void rig_virtual_close(struct rig *rig);

/* The loop, its clock beginning now, stats and ports.timer. Close what was made on the loop
 * before. */
void rig_live_open(struct rig *rig);
void rig_live_close(struct rig *rig);

/* Trouble for the model behind it, whichever kind it is of. */
void rig_store_virtual_pause(struct rig *rig);
void rig_store_virtual_resume(struct rig *rig);
void rig_store_virtual_crash(struct rig *rig);
void rig_store_virtual_restart(struct rig *rig);

/* ---- The worlds that there are --------------------------------------------------------------- */

extern const struct rig_world rig_store_virtual, rig_store_live; /* port_rig_store.c */
struct redis_server *rig_redis(struct rig *rig);                 /* Of rig_store_live; server.h */
extern const struct rig_world rig_memcached_virtual, rig_memcached_live; /* port_rig_memcached.c */
struct memcached_server *rig_memcached(struct rig *rig);                 /* Of rig_memcached_live */
extern const struct rig_world rig_table_virtual, rig_table_sqlite, rig_table_postgres;

#endif
