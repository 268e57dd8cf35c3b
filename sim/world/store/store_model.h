/* store_model.h — One Redis in virtual time: real keys, one thread, a limit on memory.
 *
 *      asker --link--> waiting --its turn--> executing --link--> asker
 *                      FIFO      one at a time; the effect is at the end of its service time
 *
 * A command costs command_ns, and kib_ns per KiB of the value that it brings or fetches. Memory is
 * accounted per key; a write that does not fit evicts or fails, as `eviction` says; keys with a
 * TTL are dropped when they are touched too late and by a sampling walk ten times a second.
 *
 *   down      a command is refused after one round trip; what was in hand at the crash fails
 *   restart   empty, or, when persistent, with all that had been executed
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

/* Address space for all that it can ever hold: 4 million keys, 16 million members of sets. Pages
 * are touched as they come into use: about 110 bytes per key, 80 per member. */
#define STORE_MODEL_BYTES (UINT64_C(4) << 30)

struct store_model *store_model_open(const struct model_setup *with, const struct store_spec *spec);

void store_model_crash(struct store_model *model);   /* The process is gone. */
void store_model_restart(struct store_model *model); /* It is back. */
void store_model_pause(struct store_model *model);
void store_model_resume(struct store_model *model);
void store_model_cut(struct store_model *model, bool is_cut);

/* Fills in the figures since the warm-up. */
void store_model_close(struct store_model *model, uint64_t end_ns, struct store_result *result);

/* What stands there now, for the invariants; touches nothing. False: no such key, or expired.
 * value may be NULL. */
bool store_model_value(const struct store_model *model, uint64_t key, int64_t *value);
bool store_model_has_member(const struct store_model *model, uint64_t set, uint64_t member);
uint64_t store_model_keys(const struct store_model *model);
uint64_t store_model_bytes(const struct store_model *model);

/* Only in builds with SIM_PLANTED_BUGS; else ignored. */
void store_model_plant(struct store_model *model, enum store_bug bug);

#endif
