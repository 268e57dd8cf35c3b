/* retry.h — Whether a client tries again, and when. Pure, save for the budget's tokens. */
#ifndef SIM_LOAD_RETRY_H
#define SIM_LOAD_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/dice.h"
#include "sim/scenario/scenario.h"

/* A token bucket over all requests of a load (Brooker, "Timeouts, retries and backoff with
 * jitter", AWS Builders' Library): every first try puts `budget` of a token in, a retry takes a
 * whole one out. In a calm hour it fills up to RETRY_TOKENS_MAX. */
enum { RETRY_TOKENS_MAX = 10 };

struct retry_budget {
    double tokens;
};

void retry_first_try(struct retry_budget *budget, const struct retry_spec *spec);

/* attempts: tries made so far, at least 1. Takes a token when it says yes. */
bool retry_allows(struct retry_budget *budget, const struct retry_spec *spec, uint32_t attempts);

/* Exponential, capped, then jittered: none; full: uniform in [0, d]; equal: d/2 + uniform d/2. */
uint64_t retry_delay_ns(const struct retry_spec *spec, uint32_t attempts, struct dice *dice);

#endif
