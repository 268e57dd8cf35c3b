/* policy_peak_ewma.c — Of two drawn at random, the one that will likely answer sooner.
 *
 *   cost = latency estimate x (requests in flight + 1)
 *
 * after Finagle's PeakEwma. The estimate is a moving average that forgets with the time constant
 * ewma_ns and jumps up at once: one slow answer is believed immediately, recovery is believed
 * slowly. Left alone it decays towards 0, so that a replica that was slow is asked again some day.
 * A replica that has requests and never answered one costs more than any that did.
 *
 * Three choices of ours:
 *   - Two are compared, as Finagle does, and not all: a scan would send every request to the one
 *     with the best luck so far.
 *   - Looking at a cost does not change it. Finagle folds the decay into the estimate at each look,
 *     so that there an answer weighs less the more often the balancer looks.
 *   - A failure counts as if it had taken the whole timeout: else a replica that refuses within a
 *     millisecond looks like the fastest of all and draws the traffic. */
#include "services/balancer/policy/policy.h"

#include "services/base/number.h"

static const double never_answered_ns = 1e30;

static void peak_ewma_init(struct backends *backends, struct arena *arena,
                           const struct balancer_config *config)
{
    (void)arena;
    check(config->ewma_ns > 0);
    backends->ewma_ns = config->ewma_ns;
    backends->timeout_ns = config->timeout_ns;
}

/* What is left of an estimate of this age: 1 … 0. */
static double remembered(const struct backends *backends, const struct backend *backend,
                         uint64_t now_ns)
{
    return number_exp(-(double)(now_ns - backend->updated_ns) / (double)backends->ewma_ns);
}

static double peak_ewma_cost(const struct backends *backends, uint32_t place, uint64_t now_ns)
{
    const struct backend *backend = &backends->all[place];

    if (backend->updated_ns == 0)
        return never_answered_ns * backend->in_flight;
    return backend->latency_ns * remembered(backends, backend, now_ns) * (backend->in_flight + 1.0);
}

static uint32_t peak_ewma_choose(struct backends *backends, const struct ask *ask, uint64_t now_ns,
                                 struct dice *dice)
{
    struct policy_pair pair = policy_draw_two(backends, dice);

    (void)ask;
    if (peak_ewma_cost(backends, pair.b, now_ns) < peak_ewma_cost(backends, pair.a, now_ns))
        return pair.b;
    return pair.a;
}

static void peak_ewma_finished(struct backends *backends, uint32_t place, enum call_outcome outcome,
                               uint64_t latency_ns, uint64_t now_ns)
{
    struct backend *backend = &backends->all[place];
    bool has_failed = !call_is_served(outcome) && outcome != CALL_DENIED; /* "No" is an answer. */
    bool is_quick_failure = has_failed && latency_ns < backends->timeout_ns;
    double sample = (double)(is_quick_failure ? backends->timeout_ns : latency_ns);
    double kept = remembered(backends, backend, now_ns);

    if (sample > backend->latency_ns)
        backend->latency_ns = sample;
    else
        backend->latency_ns = backend->latency_ns * kept + sample * (1 - kept);
    backend->updated_ns = now_ns;
}

const struct policy policy_peak_ewma = {
    .name = "peak_ewma",
    .init = peak_ewma_init,
    .choose = peak_ewma_choose,
    .finished = peak_ewma_finished,
};
