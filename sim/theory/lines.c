/* lines.c — A phase as it would be said at the whiteboard: each service, then what it leans on.
 *
 * Only what matters is said: no line about a store that nobody asks, no drain where nothing has
 * gathered. The numbers are those that the stations worked with. */
#include <math.h>

#include "sim/theory/lines_inside.h"
#include "sim/theory/queueing.h"

void say_traffic(struct work *work, const char *name, double rate, double kib_per_s)
{
    if (kib_per_s < rate)
        return;
    say(work, THEORY_TRAFFIC, name, (struct theory_number){THEORY_KIB_RATE, kib_per_s}, "%s × %s");
    with(work, 2, per_s(rate), kib(kib_per_s / rate), ratio(0));
}

struct overload { /* Of a station, in visits. */
    double mu, rate, begin, room;
};

/* ---- A service ------------------------------------------------------------------------------ */

static unsigned verbs_asked(const struct work *work, uint32_t s)
{
    unsigned asked = 0;

    for (uint32_t verb = 0; verb < VERB_MAX; verb++)
        asked += work->visits[s][verb] > 0;
    return asked;
}

static void say_arrivals(struct work *work, uint32_t s, const char *name)
{
    bool is_first = true, is_one = verbs_asked(work, s) == 1;

    say(work, THEORY_ARRIVALS, name, per_s(services_visits(work, s)), "");
    for (uint32_t verb = 0; verb < VERB_MAX && !is_one; verb++) {
        if (work->visits[s][verb] <= 0)
            continue;
        say_more(work, is_first ? "" : " + ");
        say_more(work, verb_name(verb));
        say_more(work, " %s");
        say_with(work, per_s(work->visits[s][verb]));
        is_first = false;
    }
}

_Static_assert(THEORY_NUMBERS_MAX > 2 * VERB_MAX, "say_work says two of each verb, and one more");

static double mean_work(const struct work *work, uint32_t s)
{
    double sum = 0;

    for (uint32_t verb = 0; verb < VERB_MAX; verb++)
        sum += work->visits[s][verb] * work->work[s][verb];
    return sum / services_visits(work, s);
}

static void say_work(struct work *work, uint32_t s, const char *name, double mean)
{
    bool is_first = true;

    say(work, THEORY_WORK, name, ms(mean), "");
    if (verbs_asked(work, s) == 1)
        return;
    say_more(work, "(");
    for (uint32_t verb = 0; verb < VERB_MAX; verb++) {
        if (work->visits[s][verb] <= 0)
            continue;
        say_more(work, is_first ? "%s × %s" : " + %s × %s");
        say_with(work, per_s(work->visits[s][verb]));
        say_with(work, ms(work->work[s][verb]));
        is_first = false;
    }
    say_more(work, ") / %s");
    say_with(work, per_s(services_visits(work, s)));
}

/* The wait, and by what it is shorter than the formula in front: g alone, or with it all that a
 * line with an end spares. */
static void say_wait(struct work *work, const struct station *cpu, const char *name, double chance)
{
    double endless =
        allen_cunneen(cpu->servers, cpu->rho * cpu->servers, cpu->service, cpu->ca2, cpu->cs2);
    double g = cpu->rate > 0 ? regularity(cpu->rho, cpu->ca2, cpu->cs2) : 1;
    double k = endless > 0 ? cpu->wait / endless : 1;
    enum theory_what what = k < 0.995 * g ? THEORY_WAIT_FINITE
                            : g < 0.995   ? THEORY_WAIT_REGULAR
                                          : THEORY_WAIT;

    say(work, what, name, ms(cpu->wait), "%s × %s / (%s × (1 − %s)) × (%s + %s) / 2");
    with(work, 3, share(chance), ms(cpu->service), count(cpu->servers));
    with(work, 3, ratio(cpu->rho), ratio(cpu->ca2), ratio(cpu->cs2));
    if (what != THEORY_WAIT) {
        say_more(work, " × %s");
        with(work, 1, ratio(k), ratio(0), ratio(0));
    }
}

static void say_steady(struct work *work, const struct station *cpu, const char *name)
{
    double a = cpu->rho * cpu->servers, chance = erlang_c(cpu->servers, a);

    if (cpu->chooses_of_two) {
        say(work, THEORY_WAIT_TWO, name, ms(cpu->wait), "");
        return;
    }
    say(work, THEORY_WAIT_CHANCE, name, share(chance), "C(%s, %s)");
    with(work, 2, count(cpu->servers), ratio(a), ratio(0));
    say_wait(work, cpu, name, chance);
    if (cpu->shed_when_full > 1e-4)
        say(work, THEORY_SHED_FULL, name, share(cpu->shed_when_full), "");
}

static void say_full(struct work *work, const struct station *cpu, const char *name,
                     struct overload over)
{
    double free = fmax(0, over.room - over.begin);

    say(work, THEORY_FILL, name, ms(free / (over.rate - over.mu)), "%s / (%s − %s)");
    with(work, 3, count(free), per_s(over.rate), per_s(over.mu));
    if (fabs(cpu->shed_when_full - (1 - 1 / cpu->rho)) < 0.005) {
        say(work, THEORY_SHED, name, share(cpu->shed_when_full), "1 − 1/%s");
        with(work, 1, ratio(cpu->rho), ratio(0), ratio(0));
    } else {
        say(work, THEORY_SHED_FULL, name, share(cpu->shed_when_full), "");
    }
}

void say_overload(struct work *work, const struct station *cpu, const char *name, double per_visit)
{
    const struct overload over = {.mu = cpu->capacity / per_visit,
                                  .rate = cpu->rate / per_visit,
                                  .begin = cpu->backlog / per_visit,
                                  .room = cpu->room / per_visit};
    double end = cpu->backlog_end / per_visit;
    bool is_full = over.begin + cpu->growth / per_visit > over.room;

    say(work, THEORY_BACKLOG, name, count(end), is_full ? "min(" : "");
    if (over.begin > 0.5) {
        say_more(work, "%s + ");
        say_with(work, count(over.begin));
    }
    say_more(work, is_full ? "(%s − %s) × %s; %s)" : "(%s − %s) × %s");
    with(work, 3, per_s(over.rate), per_s(over.mu), ms(cpu->seconds));
    if (is_full) {
        say_with(work, count(over.room));
        say_full(work, cpu, name, over);
    }
    say(work, THEORY_LINE_WAIT, name, ms(end / over.mu), "%s / %s");
    with(work, 2, count(end), per_s(over.mu), ratio(0));
}

void say_drain(struct work *work, const struct station *cpu, const char *name, double per_visit)
{
    if (cpu->rho >= 1 || cpu->backlog / per_visit < 1)
        return;
    say(work, THEORY_DRAIN, name, ms(cpu->drain), "%s / (%s − %s)");
    with(work, 3, count(cpu->backlog / per_visit), per_s(cpu->capacity / per_visit),
         per_s(cpu->rate / per_visit));
}

/* One at a time: however many cores there are. */
static void say_lock(struct work *work, uint32_t s, const char *name)
{
    const struct memory_spec *memory = &work->scenario->services[s].shared;
    double likes = work->visits[s][VERB_LIKE] * services_let_in(work, s);
    double hold = seconds_of(memory->hold_ns);

    if (work->scenario->services[s].kind != KIND_COUNTER || memory->design != COUNT_LOCKED)
        return;
    say(work, THEORY_LOCK, name, ratio(likes * (double)memory->adds * hold / work->replicas[s]),
        "%s × %s × %s");
    with(work, 3, per_s(likes / work->replicas[s]), count((double)memory->adds), ms(hold));
}

/* Where turns are taken the slow ones get as much as the others. */
static void say_stragglers(struct work *work, uint32_t s, const char *name, double mean)
{
    const struct service_spec *spec = &work->scenario->services[s];
    struct pace pace = services_pace(work->scenario, spec);
    double visits = services_visits(work, s), come = visits * services_let_in(work, s);
    double each = come * pace.visits / fmin(spec->stragglers, spec->replicas);
    double core = fmin(mean, work->cores_wanted[s] / visits);
    double slow = mean - core + core / pace.mean / spec->straggler_speed; /* Blocking stays. */

    if (spec->stragglers == 0)
        return;
    say(work, THEORY_STRAGGLERS, name, ratio(each * slow / services_own_cores(spec)),
        "%s × %s / %s");
    with(work, 3, per_s(each), ms(slow), count(services_own_cores(spec)));
}

/* Workers; of an event loop the places, where they may run short. */
static void say_inside(struct work *work, uint32_t s, const char *name)
{
    const struct station *threads = &work->threads[s];
    bool is_loop = service_workers(&work->scenario->services[s]) == 0;

    if (threads->rho <= 0)
        return;
    say(work, is_loop ? THEORY_PLACES : THEORY_THREADS, name, ratio(threads->rho), "%s × %s / %s");
    with(work, 3, per_s(threads->rate), ms(threads->service),
         count((double)threads->servers * threads->lines));
    if (threads->shed > 0.001)
        say(work, THEORY_SHED_FULL, name, share(threads->shed_when_full), "");
}

static void say_processors(struct work *work, uint32_t s, const char *name)
{
    const struct service_spec *spec = &work->scenario->services[s];
    const struct station *cpu = &work->cpu[s];
    double c = work->replicas[s] * services_own_cores(spec), mean = mean_work(work, s);
    double per_visit = cpu->service > 0 ? mean / cpu->service : 1;

    say_work(work, s, name, mean);
    if (mean <= 0)
        return;
    if (spec->autoscale.is_on)
        say(work, THEORY_REPLICAS, name, count(work->replicas[s]), "");
    say(work, THEORY_CAPACITY, name, per_s(c / mean), "%s × %s / %s");
    with(work, 3, count(work->replicas[s]), count(services_own_cores(spec)), ms(mean));
    say(work, THEORY_OFFERED, name, ratio(cpu->rate / per_visit * mean), "%s × %s");
    with(work, 2, per_s(cpu->rate / per_visit), ms(mean), ratio(0));
    say(work, THEORY_UTILIZATION, name, ratio(cpu->rho), "%s × %s / %s");
    with(work, 3, per_s(cpu->rate / per_visit), ms(mean), count(c));
    say_lock(work, s, name);
    say_stragglers(work, s, name, mean);
    say_drain(work, cpu, name, per_visit);
    if (cpu->rho < 1)
        say_steady(work, cpu, name);
    else
        say_overload(work, cpu, name, per_visit);
}

/* Whether its work may be done on several cores at once: then it takes less than all of it. */
static bool has_work_together(const struct work *work, uint32_t s, uint32_t verb)
{
    const struct verb_paths *paths = &work->paths[s][verb];

    for (uint32_t p = 0; p < paths->paths_max; p++)
        for (uint32_t i = 0; i < paths->paths[p].legs_max; i++)
            if (paths->paths[p].legs[i].is_concurrent)
                return services_own_cores(&work->scenario->services[s]) > 1;
    return false;
}

static void say_response(struct work *work, uint32_t s, uint32_t verb, const char *name)
{
    double mean = answers_mean(work, s, verb), network = network_s(work->scenario, s, verb);
    double own = work->work[s][verb];

    say(work, THEORY_RESPONSE, name, ms(mean), "%s + %s");
    say_verb(work, verb_name(verb));
    if (has_work_together(work, s, verb)) {
        with(work, 2, ms(network), ms(mean - network), ms(0));
        return;
    }
    say_more(work, " + %s");
    with(work, 3, ms(network), ms(own), ms(mean - network - own));
}

static void say_answers(struct work *work, uint32_t s, const char *name)
{
    const struct scenario *scenario = work->scenario;
    double hops = hops_of(scenario, s), hop = way_s(&scenario->network.way), all = 0, sent = 0;
    double visits = services_visits(work, s), served = visits * services_served(work, s);

    say(work, THEORY_HOPS, name, ms(hops * hop), "%s × %s");
    with(work, 2, count(hops), ms(hop), ratio(0));
    if (handshake_s(scenario, s) > 0)
        say(work, THEORY_HANDSHAKE, name, ms(handshake_s(scenario, s)), "");
    for (uint32_t verb = 0; verb < VERB_MAX; verb++) {
        double inside = answers_mean(work, s, verb) - network_s(scenario, s, verb);

        if (work->visits[s][verb] <= 0)
            continue;
        all += work->visits[s][verb] / visits * inside;
        sent += work->visits[s][verb] *
                (asked_bytes(scenario, s, verb) + answered_bytes(scenario, s, verb)) / 1024;
        say_response(work, s, verb, name);
    }
    say(work, THEORY_LITTLE, name, count(served * all), "%s × %s");
    with(work, 2, per_s(served), ms(all), ratio(0));
    say_traffic(work, name, visits, sent);
}

/* Tokens: those that come, and in this phase those that were saved up. */
static void say_limit(struct work *work, uint32_t s)
{
    const struct station *limit = &work->limit[s];
    double visits = services_visits(work, s);

    if (limit->shed <= 1e-4)
        return;
    if (limit->rho < 1) {
        say(work, THEORY_SHED_FULL, "balancer", share(limit->shed_when_full), "");
        return;
    }
    say(work, THEORY_LIMIT, "balancer", per_s(visits * (1 - limit->shed)), "%s + %s / %s");
    with(work, 3, per_s(limit->capacity), count(fmax(0, limit->room - limit->backlog)),
         ms(limit->seconds));
}

static void say_front(struct work *work, uint32_t s)
{
    const struct station *front = &work->front[s];

    say_limit(work, s);
    if (front->rho < 0.05 || isinf(front->capacity))
        return;
    say(work, THEORY_UTILIZATION, "balancer", ratio(front->rho), "%s × %s / %s");
    with(work, 3, per_s(front->rate), ms(front->service), count(front->servers));
    say_drain(work, front, "balancer", 1);
    if (front->rho >= 1)
        say_overload(work, front, "balancer", 1);
}

static void say_service(struct work *work, uint32_t s)
{
    const char *name = work->scenario->services[s].name;

    if (services_visits(work, s) <= 0)
        return;
    say_front(work, s);
    say_arrivals(work, s, name);
    say_processors(work, s, name);
    say_inside(work, s, name);
    say_answers(work, s, name);
}

void lines_of_phase(struct work *work, double p99_s)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        say_service(work, s);
        lines_of_gateway(work, s);
    }
    lines_of_data(work);
    money_lines(work);
    say(work, THEORY_P99, "", ms(p99_s), "");
}
