/* store_model.h — A Redis or a memcached in virtual time: real keys, threads, a limit on memory.
 *
 *      asker --link--> waiting --its turn--> executing --link--> asker
 *                      FIFO      one at a time; the effect is at the end of its service time
 *
 * A command costs command_ns, and kib_ns per KiB of the value that it brings or fetches. Memory is
 * accounted per key; a write that does not fit evicts or fails, as `eviction` says. They differ:
 *
 *               Redis                                memcached
 *   threads     one                                  several, each with its own connections
 *   memory      one for all, sampled LRU or LFU      pages that belong to sizes (slabs.h)
 *   add_if_new  a script: one step                   two commands: one may happen without the other
 *   expiry      by the millisecond, and a walk       by whole seconds, when touched or in the way
 *   restart     empty, or, when persistent, with     empty
 *               all that had been executed
 *
 *   down      a command is refused after one round trip; what was in hand at the crash fails
 *   paused    commands wait, in order, and their askers time out
 *   cut       messages are lost both ways */
#ifndef SIM_WORLD_STORE_MODEL_H
#define SIM_WORLD_STORE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "services/port/store.h"
#include "sim/measure/result.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world_parts.h"

struct store_model;

extern const struct store_ops store_model_ops;

enum store_bug { STORE_SOUND, STORE_ADDS_TWICE }; /* Once in 1024 additions. */

/* Address space for all that it can ever hold: 4 million keys and 16 million members of sets, or 4
 * million items. Pages are touched as they come into use: about 110 bytes per key, 80 per member,
 * 150 per item. */
#define STORE_MODEL_BYTES (UINT64_C(4) << 30)

struct store_model *store_model_open(const struct model_setup *with, const struct store_spec *spec);

void store_model_crash(struct store_model *model);   /* The process is gone. */
void store_model_restart(struct store_model *model); /* It is back. */
void store_model_pause(struct store_model *model);
void store_model_resume(struct store_model *model);
void store_model_cut(struct store_model *model, bool is_cut);

/* Fills in the figures from the warm-up's end to now. */
void store_model_close(struct store_model *model, struct store_result *result);

/* What stands there now, for the invariants; touches nothing. False: no such key, or expired.
 * value may be NULL. */
bool store_model_value(const struct store_model *model, uint64_t key, int64_t *value);
bool store_model_has_member(const struct store_model *model, uint64_t set, uint64_t member);
uint64_t store_model_keys(const struct store_model *model);
uint64_t store_model_bytes(const struct store_model *model);
bool store_model_has_evicted(const struct store_model *model); /* Ever, the warm-up included. */

/* Only in builds with SIM_PLANTED_BUGS; else ignored. */
void store_model_plant(struct store_model *model, enum store_bug bug);

#endif
