/* balancer_admission.h — Whether a visit is let in at all: a token bucket, and a circuit breaker.
 *
 * Pure: no port, no clock; the time is passed in and never goes back. Both are of the service as a
 * whole, all replicas together, and both turn away before anything is spent on a visit. */
#ifndef SERVICES_BALANCER_BALANCER_ADMISSION_H
#define SERVICES_BALANCER_BALANCER_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "services/port/call.h"

/* ---- The token bucket ------------------------------------------------------------------------ */

/* As the generic cell rate algorithm (ITU-T I.371, annex A; "leaky bucket as a meter"): one instant
 * instead of a count of tokens. A visit conforms when it comes at most (burst - 1) intervals before
 * it was due; each one that conforms makes the next one due an interval later. */
struct bucket {
    uint64_t interval_ns; /* Between two visits at the rate; 0: no limit. */
    uint64_t early_ns;    /* (burst - 1) intervals. */
    uint64_t due_ns;
};

/* rate per second, at most 1e9, 0: no limit; burst at least 1. */
struct bucket bucket_of(double rate, uint32_t burst);

/* Whether there is a token; it is taken. */
bool bucket_take(struct bucket *bucket, uint64_t now_ns);

/* ---- The circuit breaker --------------------------------------------------------------------- */

/*
 *             failures >= share of the window's calls, calls_min of them at least
 *    CLOSED ---------------------------------------------------------------------> OPEN
 *      ^                                                                         |   ^
 *      |                                                        open_ns later, … |   | the probe
 *      |  the probe does well                                                    v   | fails
 *      +-------------------------------------------------------------------- HALF_OPEN
 *                                                             … one call is let through
 *
 * M. Nygard, "Release It!", 2007, chapter 5; the numbers people know are Hystrix's: 50 % of at
 * least 20 calls within 10 s, 5 s open, one probe. A window here is a stretch of time that begins
 * where the last one ended, and not a rolling sum: after it a service begins with a clean slate.
 *
 * Failures are CALL_TIMEOUT, CALL_FAILED and CALL_REFUSED. CALL_SHED is neither failure nor
 * success, as for outliers (balancer_outlier.c): who sheds protects itself already. What was
 * sent before the breaker moved is not counted after it. */
enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker_config {
    double share;       /* Of the calls, above 0 … 1; 0: there is no breaker. */
    uint32_t calls_min; /* At least 1. */
    uint64_t window_ns; /* Above 0. */
    uint64_t open_ns;
};

struct breaker {
    struct breaker_config config;
    enum breaker_state state;
    uint64_t since_ns;  /* When it came to this state. */
    uint64_t window_ns; /* CLOSED: when this window began. */
    uint32_t calls, failures;
    bool is_probing; /* HALF_OPEN: the one call is out. */
};

/* Whether a call may go: in HALF_OPEN the first who asks is the probe. */
bool breaker_lets_through(struct breaker *breaker, uint64_t now_ns);

/* A call that was sent then has ended like this. */
void breaker_note(struct breaker *breaker, enum call_outcome outcome, uint64_t sent_ns,
                  uint64_t now_ns);

#endif
