/* timeline.c — Cuts the run where any load's rate begins to change or stops changing.
 *
 * Within a phase every rate is a straight line, so its mean is exact. A ramp is cut in the middle
 * as well: taken as a whole, its mean would hide that its upper half is too much. The end of the
 * warm-up is a cut too: what comes before it fills lines and caches, and is in no figure. */
#include <math.h>
#include <stdlib.h>

#include "sim/theory/theory_inside.h"

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint32_t collect(const struct scenario *scenario, uint64_t *cuts)
{
    uint32_t n = 0;

    cuts[n++] = 0;
    cuts[n++] = scenario->duration_ns;
    if (scenario->warmup_ns > 0 && scenario->warmup_ns < scenario->duration_ns)
        cuts[n++] = scenario->warmup_ns;
    for (uint32_t l = 0; l < scenario->loads_max; l++)
        for (uint32_t i = 0; i < scenario->loads[l].phases_max; i++) {
            const struct phase *phase = &scenario->loads[l].phases[i];

            if (phase->at_ns < scenario->duration_ns)
                cuts[n++] = phase->at_ns;
            if (phase->at_ns + phase->ramp_ns / 2 < scenario->duration_ns)
                cuts[n++] = phase->at_ns + phase->ramp_ns / 2;
            if (phase->at_ns + phase->ramp_ns < scenario->duration_ns)
                cuts[n++] = phase->at_ns + phase->ramp_ns;
        }
    qsort(cuts, n, sizeof *cuts, compare);
    return n;
}

/* The line that a load's rate follows in its i-th phase: its rate at `at`, which is inside. */
static double rate_in(const struct load_spec *load, uint32_t i, double before, double at_ns)
{
    const struct phase *phase = &load->phases[i];
    double past = at_ns - (double)phase->at_ns;

    if (past >= (double)phase->ramp_ns)
        return phase->rate;
    return before + (phase->rate - before) * past / (double)phase->ramp_ns;
}

/* Just behind `at`, or just before it: they differ where a rate jumps. */
static double rate_at(const struct load_spec *load, uint64_t at_ns, bool is_before)
{
    double rate = 0, reached = 0;

    for (uint32_t i = 0; i < load->phases_max; i++) {
        const struct phase *phase = &load->phases[i];

        if (phase->at_ns > at_ns || (is_before && phase->at_ns == at_ns))
            break;
        rate = rate_in(load, i, reached, (double)at_ns);
        if (i + 1 < load->phases_max)
            reached = rate_in(load, i, reached, (double)phase[1].at_ns);
    }
    return rate;
}

/* No cut lies between the two, so the rate is one straight line. */
double timeline_asks(const struct load_spec *load, uint64_t from_ns, uint64_t to_ns)
{
    return (rate_at(load, from_ns, false) + rate_at(load, to_ns, true)) / 2 *
           seconds_of(to_ns - from_ns);
}

static void describe(const struct scenario *scenario, struct theory_phase *phase)
{
    for (uint32_t l = 0; l < scenario->loads_max; l++) {
        const struct load_spec *load = &scenario->loads[l];
        double begin = rate_at(load, phase->from_ns, false);

        phase->is_ramp |= begin != rate_at(load, phase->to_ns, true);
        phase->rate += timeline_asks(load, phase->from_ns, phase->to_ns) /
                       seconds_of(phase->to_ns - phase->from_ns);
    }
}

bool timeline_make(struct theory *theory)
{
    const struct scenario *scenario = theory->scenario;
    uint64_t *cuts = calloc(3 * SCENARIO_LOADS_MAX * SCENARIO_PHASES_MAX + 3, sizeof *cuts);
    uint32_t n = cuts == NULL ? 0 : collect(scenario, cuts);

    theory->phases = calloc(n + 1, sizeof *theory->phases);
    for (uint32_t i = 0; theory->phases != NULL && i + 1 < n; i++)
        if (cuts[i] < cuts[i + 1]) {
            struct theory_phase *phase = &theory->phases[theory->phases_max];

            *phase = (struct theory_phase){
                .from_ns = cuts[i], .to_ns = cuts[i + 1], .same_as = theory->phases_max++};
            describe(scenario, phase);
        }
    free(cuts);
    return n > 0 && theory->phases != NULL;
}

void timeline_rates(struct work *work)
{
    const struct theory_phase *phase = &work->theory->phases[work->phase];

    work->from_s = seconds_of(phase->from_ns);
    work->seconds = seconds_of(phase->to_ns - phase->from_ns);
    for (uint32_t l = 0; l < work->scenario->loads_max; l++)
        if (work->scenario->loads[l].arrivals != ARRIVALS_CLOSED &&
            work->scenario->loads[l].auth.as != LOAD_FORGER) /* No customers. */
            work->rates[l] =
                timeline_asks(&work->scenario->loads[l], phase->from_ns, phase->to_ns) /
                work->seconds;
}
