/* call.h — One question in flight, and the contract of every port.
 *
 * A service never reads a clock, opens a socket or takes memory. It asks through a port and goes
 * back to sleep. The contract, in five sentences:
 *
 *   1. Submitting returns nothing: all that can go wrong arrives as the call's outcome.
 *   2. The world completes each call exactly once, later, from its own loop, never inside the
 *      submit.
 *   3. While it is pending, the call and the request around it belong to the world; the asker
 *      does not touch them.
 *   4. Every call that leaves the node has a timeout, kept by the port; retries are kept by the
 *      service.
 *   5. Time stands still during a step; two events at the same instant run in the order in which
 *      they were asked.
 *
 * Spans that are passed in (keys, rows, records) are read during the submit only: the port takes
 * its own copy of what it needs. Spans that come back are borrowed until `done` returns. */
#ifndef SERVICES_PORT_CALL_H
#define SERVICES_PORT_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/check.h"

enum call_outcome {
    CALL_IDLE,    /* Never asked. */
    CALL_PENDING, /* The world has it. */
    CALL_OK,
    CALL_ABSENT,  /* It worked, and there is no such thing: a miss, a duplicate, an empty take. */
    CALL_TIMEOUT, /* No answer in time. It may have happened all the same. */
    CALL_SHED, /* The other side was there and chose not to do it: overload. It did not happen. */
    CALL_REFUSED, /* Nobody was there, or no connection was to be had. It did not happen. */
    CALL_FAILED,  /* An error, or the connection broke. It may have happened all the same. */
    CALL_DENIED   /* Who asks may not, or has not shown who it is (tokens.h). It did not happen. */
};

/* It was done, or there was nothing to do. */
static inline bool call_is_served(enum call_outcome outcome)
{
    return outcome == CALL_OK || outcome == CALL_ABSENT;
}

struct call {
    void (*done)(struct call *call); /* Runs once, with outcome and value set. */
    enum call_outcome outcome;
    uint32_t bytes;   /* Of a peer's answer: the size of its body. */
    uint8_t priority; /* Of who asks, as ask.priority; set with done. See cpu.h. */
    int64_t value;
    const void *span; /* Larger answers, borrowed until done returns; value says how many. */
    void *world[2];   /* The world's own notes. */
};

static inline void call_begin(struct call *call)
{
    check(call->done != NULL);
    check(call->outcome != CALL_PENDING);
    call->outcome = CALL_PENDING;
    call->span = NULL;
    call->bytes = 0;
}

/* For worlds: the one way in which a call ends. */
static inline void call_complete(struct call *call, enum call_outcome outcome, int64_t value)
{
    check(call->outcome == CALL_PENDING);
    check(outcome > CALL_PENDING);
    call->outcome = outcome;
    call->value = value;
    call->done(call);
}

#endif
