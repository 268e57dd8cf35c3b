/* theory.c — Phase after phase, each leaving its backlogs and its warm caches to the next; then the
 * whole run. */
#include "sim/theory/theory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/theory/theory_inside.h"

struct sums { /* Over the phases after warm-up, weighted by time. */
    double seconds, busy[SCENARIO_SERVICES_MAX], hits, reads;
    struct notes notes; /* Of those in it, too. */
    bool is_use_known;
};

/* ---- One phase ------------------------------------------------------------------------------ */

static void remember(struct past *past, struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        past->cpu[s] = work->cpu[s].backlog_end;
        past->front[s] = work->front[s].backlog_end;
        past->threads[s] = work->threads[s].backlog_end;
        past->limit[s] = work->limit[s].backlog_end;
    }
    past->store = work->store.backlog_end;
    past->table = work->table.station.backlog_end;
    batchers_lag(work);
    cache_remember(past, work);
}

static bool is_near(double a, double b)
{
    return a == b || fabs(a - b) <= 0.005 * fmax(fabs(a), fabs(b));
}

static bool is_same_line(const struct theory_line *a, const struct theory_line *b)
{
    bool is_same = a->what == b->what && a->service == b->service && a->verb == b->verb &&
                   a->of_max == b->of_max && is_near(a->value.value, b->value.value);

    for (uint32_t i = 0; is_same && i < a->of_max; i++)
        is_same = is_near(a->of[i].value, b->of[i].value);
    return is_same;
}

/* The earliest phase that was said in the same words. */
static uint32_t find_same(const struct theory *theory, uint32_t phase)
{
    const struct theory_phase *this = &theory->phases[phase];

    for (uint32_t p = 0; p < phase; p++) {
        const struct theory_phase *that = &theory->phases[p];
        bool is_same = that->lines_max == this->lines_max && that->same_as == p;

        for (uint32_t i = 0; is_same && i < this->lines_max; i++)
            is_same = is_same_line(&theory->lines[this->line + i], &theory->lines[that->line + i]);
        if (is_same)
            return p;
    }
    return phase;
}

static void add_sums(struct sums *sums, const struct work *work)
{
    sums->seconds += work->seconds;
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        double busy = work->batchers[s].utilization;

        if (work->scenario->services[s].kind != KIND_BATCHER)
            busy = services_served(work, s) * work->cores_wanted[s] /
                   (work->replicas[s] * work->scenario->services[s].cores);
        sums->busy[s] += busy * work->seconds;
    }
    sums->reads += work->menus.total + work->counts.total * (work->count_hits > 0);
    sums->hits += work->menus.total * work->menu_hits + work->counts.total * work->count_hits;
}

static void run_phase(struct work *work, struct answers *answers, struct sums *sums)
{
    struct theory_phase *phase = &work->theory->phases[work->phase];
    bool is_warmup = phase->from_ns < work->scenario->warmup_ns;
    struct answers begin = *answers;

    timeline_rates(work);
    closed_work(work);
    phase_work(work);
    phase->rate = 0;
    for (uint32_t l = 0; l < work->scenario->loads_max; l++)
        phase->rate += work->rates[l];
    phase->line = work->theory->lines_max;
    answers_add(work, answers);
    notes_of_phase(&sums->notes, work, answers, &begin);
    lines_of_phase(work, answers_quantile(answers, begin.length, 0.99));
    if (is_warmup) { /* It has lines, and no place in the whole. */
        answers->length = begin.length;
        answers->offered = begin.offered;
        answers->lost = begin.lost;
    }
    phase->lines_max = work->theory->lines_max - phase->line;
    phase->same_as = find_same(work->theory, work->phase);
    if (!is_warmup)
        add_sums(sums, work);
    remember(work->past, work);
}

/* ---- The whole run --------------------------------------------------------------------------- */

static struct estimate_figure figure(bool has_value, double value)
{
    return (struct estimate_figure){.has_value = has_value && isfinite(value), .value = value};
}

static bool is_scaled(const struct scenario *scenario, uint32_t service)
{
    return scenario->services[service].autoscale.is_on;
}

static void conclude(struct theory *theory, const struct answers *answers, const struct sums *sums,
                     const struct past *past)
{
    struct estimate_result *result = &theory->result;
    bool is_estimable = theory->why_max == 0 && answers->offered > 0;
    double in_time = answers_in_time(answers, 0, false), lag = 0;

    result->goodput_rps = figure(is_estimable, in_time / sums->seconds);
    result->throughput_rps =
        figure(is_estimable, answers_in_time(answers, 0, true) / sums->seconds);
    result->lost = figure(is_estimable, fmax(0, 1 - in_time / answers->offered));
    if (result->lost.value < 1e-9)
        result->lost.value = 0;
    result->p50_ms = figure(is_estimable, answers_quantile(answers, 0, 0.50) * 1e3);
    result->p95_ms = figure(is_estimable, answers_quantile(answers, 0, 0.95) * 1e3);
    result->p99_ms = figure(is_estimable, answers_quantile(answers, 0, 0.99) * 1e3);
    for (uint32_t s = 0; s < theory->scenario->services_max; s++) {
        result->utilization[s] = figure(sums->is_use_known && theory->scenario->faults_max == 0 &&
                                            !is_scaled(theory->scenario, s),
                                        sums->busy[s] / sums->seconds);
        lag += past->lag[s].hot + past->lag[s].others;
    }
    result->hit_rate = figure(sums->reads > 0 && theory->scenario->faults_max == 0 &&
                                  !sums->notes.has_other_reads && !sums->notes.has_tied_pages,
                              sums->hits / sums->reads);
    result->lag_end =
        figure(theory->why_max == 0 && !notes_any_queued_poison(theory->scenario), lag);
}

static bool run(struct theory *theory, struct work *work)
{
    struct answers answers = {0};
    struct sums sums = {0};

    for (uint32_t i = 0; i < theory->phases_max; i++) {
        work->phase = i;
        run_phase(work, &answers, &sums);
    }
    batchers_drain(work);
    sums.is_use_known = notes_of_run(theory, &sums.notes);
    conclude(theory, &answers, &sums, work->past);
    free(answers.all);
    return !answers.is_out_of_memory && !work->is_out_of_memory;
}

struct theory *theory_open(const struct scenario *scenario)
{
    struct theory *theory = calloc(1, sizeof *theory);
    struct past *past = calloc(1, sizeof *past);
    struct work *work = calloc(1, sizeof *work);
    bool is_done = false;

    if (theory != NULL && past != NULL && work != NULL) {
        theory->scenario = scenario;
        *work = (struct work){.scenario = scenario, .theory = theory, .past = past};
        is_done = timeline_make(theory) && run(theory, work);
    }
    free(past);
    free(work);
    if (is_done)
        return theory;
    theory_close(theory);
    return NULL;
}

void theory_close(struct theory *theory)
{
    if (theory == NULL)
        return;
    free(theory->phases);
    free(theory->lines);
    free(theory);
}
