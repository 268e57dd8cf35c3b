/* world.h — One run of one variant in virtual time: a scenario and a seed in, a result out.
 *
 * A world is built, run and taken down by the thread that asks; worlds share nothing, so any
 * number of them run side by side and give the bits that each would give alone. */
#ifndef SIM_WORLD_WORLD_H
#define SIM_WORLD_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/measure/result.h"
#include "sim/scenario/scenario.h"

struct trace;

/* Bugs that a test build can plant, to prove that the invariants catch them. */
enum planted_bug {
    PLANT_NOTHING,
    PLANT_IDLE_CORE,     /* A core goes idle beside a waiting task. */
    PLANT_LOST_REQUEST,  /* One answer in a thousand is forgotten by the accounts. */
    PLANT_OFFSET_SKIPS,  /* After a rebalance the new owner begins at the log's end. */
    PLANT_DOUBLE_TALLY,  /* A like that was there already counts again. */
    PLANT_EARLY_COMMIT,  /* SQL says "committed" before the flush and loses it in a crash. */
    PLANT_ADDS_TWICE,    /* The store counts some additions twice. */
    PLANT_FORGETS_LOCK,  /* Some threads compute without the interpreter's lock. */
    PLANT_NEVER_EXPIRES, /* Signed tokens are said to live for ever. */
    PLANT_ATOMIC_LOSES,  /* An atomic increment is lost, one in a million. */
    PLANT_MAX
};

struct world_options {
    uint64_t seed;
    uint64_t
        chance; /* Which of the runs of this seed that have the same people, who ask the same at
                        the same instants, and differ in what services, links and stores draw. */
    enum planted_bug planted;          /* Only in builds with SIM_PLANTED_BUGS; else ignored. */
    const atomic_bool *is_interrupted; /* NULL: never. */
    atomic_uint_fast64_t *progress_ns; /* Virtual time reached, for others to read; or NULL. */
    const char *repeat;   /* The command that repeats the run, told by a failed check; or NULL. */
    bool uses_plain_heap; /* The event queue's oracle instead of the fast one. */
    struct trace *trace;  /* Filled in: what was done for the requests that it wants; or NULL. */
};

/* scenario is borrowed for as long as the result lives. False when memory was refused. */
bool world_run(const struct scenario *scenario, const struct world_options *options,
               struct result *result);

/* The planted bug of that name, or PLANT_NOTHING. */
enum planted_bug world_planted(const char *name);

#endif
