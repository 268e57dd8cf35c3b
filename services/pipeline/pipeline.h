/* pipeline.h — What a web framework does to a request before and after its handler.
 *
 * A service around a service: it is visited in the other's place, hands the visit on when the
 * stages before the handler are done, and answers when those behind it are. The service inside
 * knows nothing of it; its door is the pipeline's.
 *
 *   accept           the server reads and parses the request
 *   route            the endpoint is found
 *   validate         the input is parsed and checked                  by the ask's bytes, too
 *   dependencies     what the endpoint asks for is made ready: who it is, a session, a connection
 *   handle           the service inside, all of its own waiting included
 *   validate_answer  the answer is held against its declared model    by the answer's bytes, too
 *   serialise        it becomes JSON                                  the same
 *   send             it is written to the socket                      the same
 *
 * That is FastAPI's order, and not only FastAPI's. The stages before the handler are one turn on a
 * core, and those behind it another, as between two awaits of an event loop. How a turn divides
 * into stages is named when it is over: each has its work, and what was waited for the turn is the
 * first one's. A stage that costs nothing is passed over.
 *
 * A visit that comes past its deadline is answered CALL_TIMEOUT, one too many CALL_SHED, both
 * before any work; VERB_HEALTH is answered CALL_OK at once. An answer that is an error is held
 * against no model. */
#ifndef SERVICES_PIPELINE_PIPELINE_H
#define SERVICES_PIPELINE_PIPELINE_H

#include <stdbool.h>

#include "services/port/ports.h"

struct pipeline_cost { /* Processor time of one stage. */
    struct dist work;  /* dist_init has been called. */
    uint64_t kib_ns; /* And per KiB of the body: the ask's before the handler, else the answer's. */
};

struct pipeline_config {
    uint32_t in_flight;                       /* Visits inside at once; beyond it they are shed. */
    double speed;                             /* Of a core, against that of which costs are told. */
    struct pipeline_cost costs[VISIT_STAGES]; /* Those of STAGE_DOOR and _HANDLE are not read. */
};

struct pipeline;

/* No stage ever costs anything: there is no need of a pipeline. */
bool pipeline_is_free(const struct pipeline_config *config);

/* Arena bytes that pipeline_init takes. */
size_t pipeline_bytes(const struct pipeline_config *config);

/* Copies both; wants the door, timer, cpu, dice, arena. Then the service inside is made with
 * pipeline_inner's ports, and put in with pipeline_surround before the first visit. */
struct pipeline *pipeline_init(const struct pipeline_config *config, const struct ports *ports);
struct ports pipeline_inner(struct pipeline *pipeline);
void pipeline_surround(struct pipeline *pipeline, const struct service_ops *ops, void *service);

extern const struct service_ops pipeline_service;

#endif
