/* balancer_admission.c — Arithmetic of a token bucket and moves of a circuit breaker. */
#include "services/balancer/balancer_admission.h"

/* ---- The token bucket ------------------------------------------------------------------------ */

struct bucket bucket_of(double rate, uint32_t burst)
{
    struct bucket bucket = {0};

    if (rate <= 0)
        return bucket;
    check(burst > 0 && rate <= 1e9);
    bucket.interval_ns = (uint64_t)(1e9 / rate + 0.5);
    bucket.early_ns = (burst - 1) * bucket.interval_ns;
    return bucket;
}

bool bucket_take(struct bucket *bucket, uint64_t now_ns)
{
    if (bucket->interval_ns == 0)
        return true;
    if (bucket->due_ns > now_ns + bucket->early_ns)
        return false;
    bucket->due_ns = (bucket->due_ns > now_ns ? bucket->due_ns : now_ns) + bucket->interval_ns;
    return true;
}

/* ---- The circuit breaker --------------------------------------------------------------------- */

static void move(struct breaker *breaker, enum breaker_state state, uint64_t now_ns)
{
    breaker->state = state;
    breaker->since_ns = breaker->window_ns = now_ns;
    breaker->calls = breaker->failures = 0;
    breaker->is_probing = false;
}

bool breaker_lets_through(struct breaker *breaker, uint64_t now_ns)
{
    if (breaker->state == BREAKER_OPEN && now_ns - breaker->since_ns >= breaker->config.open_ns)
        move(breaker, BREAKER_HALF_OPEN, now_ns);
    switch (breaker->state) {
    case BREAKER_CLOSED:
        return true;
    case BREAKER_OPEN:
        return false;
    case BREAKER_HALF_OPEN:
        if (breaker->is_probing)
            return false;
        breaker->is_probing = true;
        return true;
    }
    return true;
}

/* CLOSED: one more of this window. */
static void count(struct breaker *breaker, bool has_failed, uint64_t now_ns)
{
    const struct breaker_config *config = &breaker->config;

    if (now_ns - breaker->window_ns >= config->window_ns) {
        breaker->window_ns = now_ns;
        breaker->calls = breaker->failures = 0;
    }
    breaker->calls++;
    breaker->failures += has_failed;
    if (breaker->calls >= config->calls_min && breaker->failures >= config->share * breaker->calls)
        move(breaker, BREAKER_OPEN, now_ns);
}

void breaker_note(struct breaker *breaker, enum call_outcome outcome, uint64_t sent_ns,
                  uint64_t now_ns)
{
    bool has_failed = outcome == CALL_TIMEOUT || outcome == CALL_FAILED || outcome == CALL_REFUSED;

    if (breaker->config.share == 0 || sent_ns < breaker->since_ns)
        return;
    if (outcome == CALL_SHED)
        breaker->is_probing = false; /* It says nothing: the next one is the probe. */
    else if (breaker->state == BREAKER_HALF_OPEN)
        move(breaker, has_failed ? BREAKER_OPEN : BREAKER_CLOSED, now_ns);
    else if (breaker->state == BREAKER_CLOSED)
        count(breaker, has_failed, now_ns);
}
