/* answers.c — How long requests take: every path walked once more, now that each station has said
 * how long its legs take.
 *
 * What is certain of a time (the network, constant work, a flush) is its shift; what varies is
 * taken for a gamma of the same mean and variance, waits being exponential for those who wait. For
 * an M/M/1 that is exact, and the whole run is the mixture over phases, slices, loads and paths. */
#include <math.h>
#include <stdlib.h>

#include "sim/theory/queueing.h"
#include "sim/theory/theory_inside.h"

static void add(struct moments *to, double shift, double mean, double variance)
{
    to->shift += shift;
    to->mean += mean;
    to->variance += variance;
}

static void add_wait(struct moments *to, const struct station *station, uint32_t slice)
{
    add(to, 0, station->waits[slice], station->variances[slice]);
}

/* A wait for a core, which a share of the requests does not have at all. */
static void add_turn(struct moments *to, const struct station *cpu, uint32_t slice)
{
    double chance = cpu->rho < 1 && cpu->waits[slice] <= cpu->wait ? cpu->chance : 1;

    to->turn_mean += cpu->waits[slice];
    to->turn_variance += cpu->variances[slice];
    to->no_turn *= cpu->rate > 0 ? 1 - chance : 1;
}

static void lose(struct moments *to, double share)
{
    to->lost = 1 - (1 - to->lost) * (1 - share);
}

static void add_messages(struct moments *to, double messages, const struct way *way)
{
    double jitter = seconds_of(way->jitter_ns);

    add(to, messages * seconds_of(way->latency_ns), messages * jitter, messages * jitter * jitter);
}

double hops_of(const struct scenario *scenario, uint32_t service)
{
    return services_has_front(scenario, service) ? 4 : 2;
}

/* Half of them bring the request's body, half the answer's. */
static double bodies_s(const struct scenario *scenario, uint32_t service, uint32_t verb)
{
    double bytes = asked_bytes(scenario, service, verb) + answered_bytes(scenario, service, verb);

    return hops_of(scenario, service) / 2 * seconds_of(scenario->network.kib_ns) * bytes / 1024;
}

double handshake_s(const struct scenario *scenario, uint32_t service)
{
    return scenario->services[service].runtime == RUNTIME_PROCESSES
               ? seconds_of(scenario->network.handshake_ns)
               : 0;
}

/* Beyond the hops. */
static double more_s(const struct scenario *scenario, uint32_t service, uint32_t verb)
{
    return handshake_s(scenario, service) + bodies_s(scenario, service, verb);
}

double network_s(const struct scenario *scenario, uint32_t service, uint32_t verb)
{
    return hops_of(scenario, service) * way_s(&scenario->network.way) +
           more_s(scenario, service, verb);
}

static void add_work(struct moments *to, const struct leg *leg)
{
    if (leg->cs2 > 0)
        add(to, 0, leg->mean, leg->mean * leg->mean * leg->cs2);
    else
        add(to, leg->mean, 0, 0);
}

static void add_table(struct moments *to, const struct work *work, const struct leg *leg,
                      uint32_t slice)
{
    const struct table_load *table = &work->table;
    const struct table_wait wait = table_wait_of(table, leg->timeout, slice);
    double f = seconds_of(work->scenario->table.commit_ns), waits = table->core_wait;

    add_messages(to, 2, &work->scenario->table.way);
    add_work(to, leg);
    add(to, 0, wait.mean, wait.variance);
    lose(to, table->station.sheds[slice]);
    lose(to, wait.late);
    if (leg->kind == LEG_WRITE) {
        add(to, f, 0, 0);
        waits += table->flush - f + table->row_wait + table->turn_wait;
    }
    add(to, 0, waits, waits * waits);
}

static void add_verb(struct moments *to, const struct work *work, uint32_t service, uint32_t verb,
                     uint32_t slice)
{
    struct moments of = answers_of_verb(work, service, verb, slice);

    add(to, of.shift, of.mean, of.variance);
    lose(to, of.lost);
}

static void add_leg(struct moments *to, const struct work *work, uint32_t service,
                    const struct leg *leg, uint32_t slice)
{
    switch (leg->kind) {
    case LEG_CPU:
        add_turn(to, &work->cpu[service], slice);
        add_work(to, leg);
        return;
    case LEG_SLEEP:
        add_work(to, leg);
        return;
    case LEG_STORE:
        add_messages(to, 2, &work->scenario->store.way);
        add_wait(to, &work->store, slice);
        add_work(to, leg);
        return;
    case LEG_READ:
    case LEG_WRITE:
        add_table(to, work, leg, slice);
        return;
    case LEG_PUT:
        add(to, 0, work->topics[leg->target].wait, work->topics[leg->target].variance);
        return;
    case LEG_ASK: /* add_step walks on, since it knows the verb. */
        return;
    }
}

/* Share of the orders that the table refuses; an error where it is written before the answer. */
static double poison_of(const struct work *work)
{
    double rate = 0, poison = 0;

    for (uint32_t l = 0; l < work->scenario->loads_max; l++) {
        if (work->scenario->loads[l].verb != VERB_ORDER)
            continue;
        rate += work->rates[l];
        poison += work->rates[l] * work->scenario->loads[l].poison;
    }
    return rate > 0 ? poison / rate : 0;
}

static bool is_order_write(const struct work *work, uint32_t service, uint32_t verb,
                           const struct leg *leg)
{
    return verb == VERB_ORDER && leg->kind == LEG_WRITE &&
           work->scenario->services[service].kind == KIND_DELIVERY;
}

static void add_step(struct moments *to, const struct work *work, uint32_t service, uint32_t verb,
                     const struct leg *leg, uint32_t slice)
{
    if (leg->kind == LEG_ASK)
        add_verb(to, work, leg->target, verb, slice);
    else
        add_leg(to, work, service, leg, slice);
    if (is_order_write(work, service, verb, leg))
        lose(to, poison_of(work));
}

/* ---- Legs side by side ---------------------------------------------------------------------- */

static double below(const struct answer *answer, double x)
{
    if (isinf(x))
        return 1;
    return answer->mean <= 0 ? x >= answer->shift
                             : gamma_below(x - answer->shift, answer->mean, answer->variance);
}

/* When the last of independent ones is there: P(all < x) is the product, and the mean of what is
 * never negative the integral of 1 - P. Nothing counts but shift, mean and variance. */
static struct answer latest_of(const struct answer *all, uint32_t n)
{
    enum { POINTS = 512, DEVIATIONS = 12 };
    struct answer latest = {0};
    double end = 0, step, square = 0;

    for (uint32_t i = 0; i < n; i++) {
        latest.shift = fmax(latest.shift, all[i].shift);
        end = fmax(end, all[i].shift + all[i].mean + DEVIATIONS * sqrt(all[i].variance));
    }
    step = (end - latest.shift) / POINTS;
    for (unsigned k = 0; k < POINTS; k++) {
        double x = (k + 0.5) * step, all_below = 1;

        for (uint32_t i = 0; i < n; i++)
            all_below *= below(&all[i], latest.shift + x);
        latest.mean += (1 - all_below) * step;
        square += 2 * x * (1 - all_below) * step;
    }
    latest.variance = fmax(0, square - latest.mean * latest.mean);
    return latest;
}

static struct answer answer_of(const struct moments *of)
{
    return (struct answer){.shift = of->shift,
                           .mean = of->mean + of->turn_mean,
                           .variance = of->variance + of->turn_variance};
}

/* Where there is one core for all of them, their work is done in turn. */
static void add_together(struct moments *to, const struct work *work, uint32_t service,
                         uint32_t verb, const struct leg *legs, uint32_t n, uint32_t slice)
{
    struct moments in_turn = {.no_turn = 1};
    struct answer all[LEGS_MAX + 1], latest;
    bool has_one_core = services_own_cores(&work->scenario->services[service]) == 1;

    for (uint32_t i = 0; i < n; i++) {
        struct moments own = {.no_turn = 1};

        add_step(legs[i].kind == LEG_CPU && has_one_core ? &in_turn : &own, work, service, verb,
                 &legs[i], slice);
        all[i] = answer_of(&own);
        lose(to, own.lost);
    }
    all[n] = answer_of(&in_turn);
    latest = latest_of(all, n + 1);
    add(to, latest.shift, latest.mean, latest.variance);
}

static uint32_t legs_together(const struct path *path, uint32_t first)
{
    uint32_t end = first + 1;

    while (end < path->answered && path->legs[end].is_concurrent)
        end++;
    return end - first;
}

/* ---- Paths ---------------------------------------------------------------------------------- */

static struct moments path_moments(const struct work *work, uint32_t service, uint32_t verb,
                                   const struct path *path, uint32_t slice)
{
    struct moments moments = {.no_turn = 1};

    add_messages(&moments, hops_of(work->scenario, service), &work->scenario->network.way);
    add(&moments, more_s(work->scenario, service, verb), 0, 0);
    if (services_has_front(work->scenario, service)) {
        lose(&moments, work->limit[service].sheds[slice]);
        add_wait(&moments, &work->front[service], slice);
        add(&moments, work->front[service].service, 0, 0);
    }
    add_wait(&moments, &work->threads[service], slice);
    lose(&moments, work->threads[service].sheds[slice]);
    lose(&moments, work->cpu[service].sheds[slice]);
    for (uint32_t i = 0, n; i < path->answered; i += n) {
        n = legs_together(path, i);
        if (n == 1)
            add_step(&moments, work, service, verb, &path->legs[i], slice);
        else
            add_together(&moments, work, service, verb, &path->legs[i], n, slice);
    }
    return moments;
}

/* All of a verb's paths as one: the mean of means, and the variance within and between. */
struct moments answers_of_verb(const struct work *work, uint32_t service, uint32_t verb,
                               uint32_t slice)
{
    const struct verb_paths *paths = &work->paths[service][verb];
    struct moments all = {0};
    double squares = 0;

    for (uint32_t p = 0; p < paths->paths_max; p++) {
        double share = paths->paths[p].share;
        struct moments of = path_moments(work, service, verb, &paths->paths[p], slice);
        double mean = of.shift + of.mean + of.turn_mean;

        all.shift = p == 0 || of.shift < all.shift ? of.shift : all.shift;
        all.mean += share * mean;
        squares += share * (mean * mean + of.variance + of.turn_variance);
        all.lost += share * of.lost;
    }
    all.variance = fmax(0, squares - all.mean * all.mean);
    all.shift = fmin(all.shift, all.mean);
    all.mean -= all.shift;
    return all;
}

double answers_mean(const struct work *work, uint32_t service, uint32_t verb)
{
    double mean = 0;

    for (uint32_t slice = 0; slice < STATION_SLICES; slice++) {
        struct moments of = answers_of_verb(work, service, verb, slice);

        mean += (of.shift + of.mean) / STATION_SLICES;
    }
    return mean;
}

/* ---- Many answers --------------------------------------------------------------------------- */

static struct answer *next(struct answers *answers)
{
    if (answers->length == answers->room) {
        size_t room = answers->room == 0 ? 1024 : answers->room * 2;
        struct answer *all = realloc(answers->all, room * sizeof *all);

        if (all == NULL) {
            answers->is_out_of_memory = true;
            return NULL;
        }
        answers->all = all;
        answers->room = room;
    }
    return &answers->all[answers->length++];
}

static double or_never(uint64_t ns)
{
    return ns == 0 ? INFINITY : seconds_of(ns);
}

static void add_answer(struct answers *answers, const struct work *work,
                       const struct load_spec *load, struct answer of)
{
    struct answer *answer = of.weight > 0 ? next(answers) : NULL;

    if (answer == NULL)
        return;
    *answer = of;
    answer->patience = or_never(load->patience_ns);
    answer->timeout = or_never(load->timeout_ns);
    if (services_has_front(work->scenario, load->service))
        answer->timeout = fmin(answer->timeout, seconds_of(work->scenario->balancer.timeout_ns));
}

/* Those who found a free core each time, and the others. */
static void add_path(struct answers *answers, const struct work *work, const struct load_spec *load,
                     const struct path *path, uint32_t slice)
{
    double requests =
        work->rates[load - work->scenario->loads] * work->seconds / STATION_SLICES * path->share;
    struct moments of = path_moments(work, load->service, load->verb, path, slice);
    double waits = 1 - of.no_turn, answered = requests * (1 - of.lost);

    answers->offered += requests;
    answers->lost += requests * of.lost;
    add_answer(answers, work, load,
               (struct answer){.weight = answered * of.no_turn,
                               .shift = of.shift,
                               .mean = of.mean,
                               .variance = of.variance});
    if (waits <= 1e-6)
        return;
    double mean = of.turn_mean / waits;
    double square = (of.turn_variance + of.turn_mean * of.turn_mean) / waits;
    add_answer(answers, work, load,
               (struct answer){.weight = answered * waits,
                               .shift = of.shift,
                               .mean = of.mean + mean,
                               .variance = of.variance + fmax(0, square - mean * mean)});
}

void answers_add(struct work *work, struct answers *answers)
{
    for (uint32_t l = 0; l < work->scenario->loads_max; l++) {
        const struct load_spec *load = &work->scenario->loads[l];
        const struct verb_paths *paths = &work->paths[load->service][load->verb];

        for (uint32_t slice = 0; slice < STATION_SLICES && work->rates[l] > 0; slice++)
            for (uint32_t p = 0; p < paths->paths_max; p++)
                add_path(answers, work, load, &paths->paths[p], slice);
    }
}

static double in_time_below(const struct answers *answers, size_t from, double x)
{
    double sum = 0;

    for (size_t i = from; i < answers->length; i++) {
        const struct answer *answer = &answers->all[i];

        sum += answer->weight * below(answer, fmin(x, fmin(answer->timeout, answer->patience)));
    }
    return sum;
}

double answers_in_time(const struct answers *answers, size_t from, bool with_late)
{
    double sum = 0;

    if (!with_late)
        return in_time_below(answers, from, INFINITY);
    for (size_t i = from; i < answers->length; i++)
        sum += answers->all[i].weight * below(&answers->all[i], answers->all[i].timeout);
    return sum;
}

double answers_quantile(const struct answers *answers, size_t from, double p)
{
    double in_time = in_time_below(answers, from, INFINITY);
    double wanted = p * in_time, low = 0, high = 1e-6;

    if (in_time < 0.5) /* Not one. */
        return NAN;
    while (high < 1e7 && in_time_below(answers, from, high) < wanted)
        high *= 2;
    for (unsigned i = 0; i < 50; i++) {
        double middle = (low + high) / 2;

        if (in_time_below(answers, from, middle) < wanted)
            low = middle;
        else
            high = middle;
    }
    return high;
}
