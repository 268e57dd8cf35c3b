/* tracing.h — Where the world tells its trace what happens; for sim/world alone.
 *
 * All of it is behind `world->trace != NULL`, which an ordinary run asks and nothing more. What a
 * span is for follows from who runs: world->cause is the span on whose behalf a service's step
 * runs, set when a visit is handed over, when a stage is named, and around each call's done; what
 * is asked in a step inherits it. So a question that many requests wait for (who follows in a
 * single flight, a batch) belongs to the one that asked it, and the clients, who run in the same
 * node for everybody, are told apart by their calls.
 *
 * An op keeps its span in the notes of its two events: timer.note is its own, and event.note, of a
 * processor's task, its last run. */
#ifndef SIM_WORLD_TRACING_H
#define SIM_WORLD_TRACING_H

#include "sim/load/clients.h"
#include "sim/measure/trace.h"
#include "sim/world/op.h"

struct exchange;
struct world;

/* The nodes have their names. */
void tracing_opens(struct world *world);

/* op.c */
void tracing_asked(struct op *op);
uint32_t tracing_ends(struct op *op, enum call_outcome outcome); /* The cause of its done. */

/* processor.c: a task has a core from now on, or has it no more. */
void tracing_runs(struct op *task);
void tracing_stops(struct op *task);

/* exchange.c */
void tracing_enters(struct exchange *exchange);
void tracing_waits_at_the_door(struct exchange *exchange);
void tracing_handed_over(struct exchange *exchange);
void tracing_staged(struct exchange *exchange); /* exchange->stage and staged_ns are new. */
void tracing_leaves(struct exchange *exchange, enum call_outcome outcome);

/* Between the clients and the ears of the world; the context is the world. */
extern const struct clients_ears tracing_ears;

#endif
