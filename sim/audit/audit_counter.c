/* audit_counter.c — Counters in memory show what was added, or less by what was overwritten.
 *
 *   shown <= attempted; shown = attempted in every design but unlocked; attempted = shown + lost
 *
 * The world counts what it attempts, what its slots hold in the end and, where it can, each update
 * that is lost, all apart; here the three must fit. These hold at any instant, drained or not. */
#include "sim/audit/audit_inside.h"

static bool may_lose(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->services_max; i++)
        if (scenario->services[i].kind == KIND_COUNTER &&
            scenario->services[i].shared.design == COUNT_UNLOCKED)
            return true;
    return false;
}

static void hold(struct audit *audit, bool holds, const char *name)
{
    const struct counter_result *counter = &audit->result->counter;

    audit->result->invariants_checked++;
    if (!holds)
        audit_break(audit, name, "%llu attempted, %llu shown, %lld lost",
                    (unsigned long long)counter->attempted, (unsigned long long)counter->shown,
                    (long long)counter->lost);
}

void audit_counter_end(struct audit *audit)
{
    const struct counter_result *counter = &audit->result->counter;

    if (!counter->is_used)
        return;
    hold(audit, counter->shown <= counter->attempted, "a counter shows at most what was added");
    hold(audit, may_lose(audit->scenario) || counter->shown == counter->attempted,
         "a counter loses nothing");
    hold(audit, counter->attempted == counter->shown + (uint64_t)counter->lost,
         "added = shown + lost");
}
