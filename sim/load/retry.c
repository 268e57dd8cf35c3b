/* retry.c — Backoff, jitter and the budget that keeps retries from becoming the load. */
#include "sim/load/retry.h"

void retry_first_try(struct retry_budget *budget, const struct retry_spec *spec)
{
    budget->tokens += spec->budget;
    if (budget->tokens > RETRY_TOKENS_MAX)
        budget->tokens = RETRY_TOKENS_MAX;
}

bool retry_allows(struct retry_budget *budget, const struct retry_spec *spec, uint32_t attempts)
{
    if (attempts >= spec->attempts)
        return false;
    if (spec->budget >= 1)
        return true;
    if (budget->tokens < 1)
        return false;
    budget->tokens -= 1;
    return true;
}

static uint64_t doubled(uint64_t base, uint32_t times, uint64_t max)
{
    for (uint32_t i = 0; i < times && base < max; i++)
        base = base > UINT64_MAX / 2 ? max : base * 2;
    return base < max ? base : max;
}

uint64_t retry_delay_ns(const struct retry_spec *spec, uint32_t attempts, struct dice *dice)
{
    uint64_t delay = doubled(spec->backoff_ns, attempts - 1, spec->backoff_max_ns);

    switch (spec->jitter) {
    case JITTER_NONE:
        return delay;
    case JITTER_FULL:
        return dice_below(dice, delay + 1);
    case JITTER_EQUAL:
        return delay / 2 + dice_below(dice, delay / 2 + 1);
    }
    return delay;
}
