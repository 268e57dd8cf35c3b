/* theory.c — Phase after phase, each leaving its backlogs and its warm caches to the next; then the
 * whole run. */
#include "sim/theory/theory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/theory/theory_inside.h"

struct sums { /* Over the phases after warm-up, weighted by time. */
    double seconds, busy[SCENARIO_SERVICES_MAX], hits, reads;
    bool has_overload, has_loss;
};

/* ---- What is assumed, and what is left out --------------------------------------------------- */

static void note(struct theory *theory, const char *en, const char *ru)
{
    if (theory->notes_max < THEORY_NOTES_MAX)
        theory->notes[theory->notes_max++] = (struct text){en, ru};
}

static void refuse(struct theory *theory, const char *en, const char *ru)
{
    if (theory->why_max < THEORY_WHY_MAX)
        theory->why[theory->why_max++] = (struct text){en, ru};
}

static void note_policy(struct theory *theory)
{
    switch (theory->scenario->balancer.policy) {
    case POLICY_NONE:
        return;
    case POLICY_ROUND_ROBIN:
    case POLICY_WEIGHTED:
        note(theory, "taking turns: a line per replica, arrivals n times more regular (Ca² = 1/n)",
             "по очереди: у каждой реплики своя очередь, приход в n раз ровнее (Ca² = 1/n)");
        return;
    case POLICY_RANDOM:
        note(theory, "at random: a line per replica, arrivals as random as before (Ca² = 1)",
             "наугад: у каждой реплики своя очередь, приход так же случаен (Ca² = 1)");
        return;
    case POLICY_CONSISTENT_HASH:
        note(theory, "by key: taken for a random split; a hot key makes its replica worse",
             "по ключу: считаем случайным делением; горячий ключ ухудшит свою реплику");
        return;
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_TWO_CHOICES:
    case POLICY_PEAK_EWMA:
        note(theory, "to the least busy: taken for one shared line, a little better than life",
             "к наименее занятой: считаем одной общей очередью, чуть лучше жизни");
        return;
    }
}

static bool any_priority(const struct scenario *scenario)
{
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (scenario->services[s].line == LINE_PRIORITY)
            return true;
    return false;
}

static bool any_stragglers(const struct scenario *scenario)
{
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (scenario->services[s].stragglers > 0)
            return true;
    return false;
}

static bool any_drowns(const struct theory *theory)
{
    for (uint32_t i = 0; i < theory->lines_max; i++)
        if (theory->lines[i].what == THEORY_STRAGGLERS && theory->lines[i].value.value >= 1)
            return true;
    return false;
}

static bool any_queued_poison(const struct scenario *scenario)
{
    bool has_poison = false, is_queued = false;

    for (uint32_t l = 0; l < scenario->loads_max; l++)
        has_poison |= scenario->loads[l].poison > 0;
    for (uint32_t s = 0; s < scenario->services_max; s++)
        is_queued |= scenario->services[s].orders == ORDERS_QUEUED;
    return has_poison && is_queued;
}

static bool any_autoscale(const struct scenario *scenario)
{
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (scenario->services[s].autoscale.is_on)
            return true;
    return false;
}

static bool any_retry(const struct scenario *scenario)
{
    for (uint32_t l = 0; l < scenario->loads_max; l++)
        if (scenario->loads[l].retry.attempts > 1)
            return true;
    return false;
}

static void note_all(struct theory *theory, const struct sums *sums)
{
    const struct scenario *scenario = theory->scenario;
    bool has_ramp = false;

    for (uint32_t i = 0; i < theory->phases_max; i++)
        has_ramp |= theory->phases[i].is_ramp;
    if (has_ramp)
        note(theory, "a ramp is taken in two halves, each at its mean rate",
             "подъём берём двумя половинами, каждую по её средней скорости");
    note_policy(theory);
    note(theory,
         "waits are long-run means; a phase much shorter than they need does not reach them",
         "ожидания — средние за долгое время; короткая фаза до них не дойдёт");
    if (any_priority(scenario))
        note(theory, "by priority: the mean of all waits; the urgent wait less, the others more",
             "по приоритету: среднее по всем; срочные ждут меньше, остальные больше");
    if (any_stragglers(scenario))
        note(theory, "stragglers: how busy they are is said; waits are those of the mean replica",
             "отстающие: их загрузка названа; ожидания — как у средней реплики");
    if (any_drowns(theory))
        refuse(theory, "a straggler is given more than it can do: its line grows for ever",
               "отстающей дают больше, чем она может: её очередь растёт без конца");
    if (any_queued_poison(scenario))
        note(theory,
             "poison: what its tries cost the batcher, and who waits behind it, is left out",
             "брак: чего стоят попытки и кто ждёт за ним, не учтено");
    if (scenario->faults_max > 0)
        refuse(theory, "faults: no formula knows them; run it", "сбои: формулы о них не знают");
    if (any_autoscale(scenario))
        refuse(theory, "autoscaling: the lines say where it settles, not how soon it gets there",
               "автомасштабирование: видно, к чему придёт, но не как скоро");
    if (scenario->network.loss > 0)
        refuse(theory, "lost messages: each is a timeout, and no formula adds those up",
               "потери сообщений: каждая — таймаут, формулы их не складывают");
    if (any_retry(scenario) && sums->has_loss)
        refuse(theory, "retries feed the overload that causes them; the lines count first tries",
               "повторы кормят перегрузку, что их вызвала; здесь только первые попытки");
}

/* ---- One phase ------------------------------------------------------------------------------ */

static void remember(struct past *past, struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        past->cpu[s] = work->cpu[s].backlog_end;
        past->front[s] = work->front[s].backlog_end;
        past->threads[s] = work->threads[s].backlog_end;
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
        const struct station *cpu = &work->cpu[s];
        double served = cpu->rate > 0 ? cpu->out / cpu->rate : 1;
        double busy = served * work->cores_wanted[s] /
                      (work->replicas[s] * work->scenario->services[s].cores);

        if (work->scenario->services[s].kind == KIND_BATCHER)
            busy = work->batchers[s].utilization;
        sums->busy[s] += busy * work->seconds;
        sums->has_overload |= cpu->rho >= 1;
        sums->has_loss |= cpu->shed > 0.001;
    }
    sums->has_loss |= work->table.station.rho >= 1;
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
    double in_time = answers_in_time(answers, false), lag = 0;

    result->goodput_rps = figure(is_estimable, in_time / sums->seconds);
    result->throughput_rps = figure(is_estimable, answers_in_time(answers, true) / sums->seconds);
    result->lost = figure(is_estimable, fmax(0, 1 - in_time / answers->offered));
    if (result->lost.value < 1e-9)
        result->lost.value = 0;
    result->p50_ms = figure(is_estimable, answers_quantile(answers, 0, 0.50) * 1e3);
    result->p95_ms = figure(is_estimable, answers_quantile(answers, 0, 0.95) * 1e3);
    result->p99_ms = figure(is_estimable, answers_quantile(answers, 0, 0.99) * 1e3);
    for (uint32_t s = 0; s < theory->scenario->services_max; s++) {
        result->utilization[s] =
            figure(theory->scenario->faults_max == 0 && !is_scaled(theory->scenario, s),
                   sums->busy[s] / sums->seconds);
        lag += past->lag[s].hot + past->lag[s].others;
    }
    result->hit_rate =
        figure(sums->reads > 0 && theory->scenario->faults_max == 0, sums->hits / sums->reads);
    result->lag_end = figure(theory->why_max == 0 && !any_queued_poison(theory->scenario), lag);
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
    note_all(theory, &sums);
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
