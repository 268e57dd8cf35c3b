/* services.c — From arrivals to processors, balancer first; and on to everything that is asked.
 *
 * Services are worked in the order in which they ask each other. What a line turns away or holds
 * back is not asked further on, so a table behind two slow replicas sees what they can do and not
 * what arrived.
 *
 *   policy                            taken for
 *   none, one replica                 one line, M/G/c
 *   round_robin, weighted             a line per replica, arrivals n times more regular
 *   random, consistent_hash           a line per replica, arrivals as random as before
 *   least_connections, peak_ewma      one shared line: a little better than life
 *   two_choices                       Mitzenmacher's limit for single cores, else a shared line */
#include <math.h>

#include "sim/theory/theory_inside.h"

void demand_add(struct demand *demand, double rate, double mean, double cs2)
{
    demand->rate += rate;
    demand->sum += rate * mean;
    demand->squares += rate * mean * mean * (1 + cs2);
}

static bool goes_by_speed(enum balancer_policy policy)
{
    switch (policy) {
    case POLICY_WEIGHTED:
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_TWO_CHOICES:
    case POLICY_PEAK_EWMA:
        return true;
    case POLICY_NONE:
    case POLICY_ROUND_ROBIN:
    case POLICY_RANDOM:
    case POLICY_CONSISTENT_HASH:
        return false;
    }
    return false;
}

struct pace services_pace(const struct scenario *scenario, const struct service_spec *service)
{
    double all = scenario->balancer.policy == POLICY_NONE ? 1 : service->replicas;
    double slow = fmin(service->stragglers, all), visits = slow / all;
    double pace = 1 / service->speed, slow_pace = slow > 0 ? 1 / service->straggler_speed : pace;

    if (goes_by_speed(scenario->balancer.policy))
        visits = slow / slow_pace / (slow / slow_pace + (all - slow) / pace);
    return (struct pace){.mean = visits * slow_pace + (1 - visits) * pace,
                         .square = visits * slow_pace * slow_pace + (1 - visits) * pace * pace,
                         .visits = visits};
}

bool services_has_front(const struct scenario *scenario, uint32_t service)
{
    return scenario->balancer.policy != POLICY_NONE &&
           scenario->services[service].kind != KIND_BATCHER;
}

double services_visits(const struct work *work, uint32_t service)
{
    double visits = 0;

    for (uint32_t verb = 0; verb < VERB_MAX; verb++)
        visits += work->visits[service][verb];
    return visits;
}

double services_top_key(const struct work *work, uint32_t verb)
{
    struct popularity keys;

    popularity_init(&keys);
    for (uint32_t l = 0; l < work->scenario->loads_max; l++)
        if (work->scenario->loads[l].verb == verb)
            popularity_add(&keys, &work->scenario->loads[l].keys, work->rates[l]);
    return popularity_top(&keys);
}

/* ---- Who asks whom -------------------------------------------------------------------------- */

/* Who asks is not as deep as who is asked. */
static void deepen(uint32_t *depth, uint32_t asker, uint32_t asked, uint32_t most)
{
    if (depth[asked] <= depth[asker] && depth[asker] < most)
        depth[asked] = depth[asker] + 1;
}

/* Services in an order in which nobody is asked by a later one; circles are refused before. */
static void order(const struct scenario *scenario, uint32_t *ordered)
{
    uint32_t depth[SCENARIO_SERVICES_MAX] = {0}, n = 0;

    for (uint32_t turn = 0; turn < scenario->services_max; turn++)
        for (uint32_t s = 0; s < scenario->services_max; s++)
            for (uint32_t to = 0; to < scenario->services_max; to++)
                if (passes_on(&scenario->services[s], to))
                    deepen(depth, s, to, scenario->services_max);
    for (uint32_t d = 0; d <= scenario->services_max; d++)
        for (uint32_t s = 0; s < scenario->services_max; s++)
            if (depth[s] == d && n < scenario->services_max)
                ordered[n++] = s;
}

/* ---- One service ---------------------------------------------------------------------------- */

static double arrivals_ca2(const struct work *work, uint32_t service)
{
    double regular = 0, visits = services_visits(work, service);

    for (uint32_t l = 0; l < work->scenario->loads_max; l++)
        if (work->scenario->loads[l].service == service &&
            work->scenario->loads[l].arrivals == ARRIVALS_CONSTANT)
            regular += work->rates[l];
    return visits > 0 ? 1 - regular / visits : 1;
}

/* The rule of Kubernetes in steady state: as many as bring the signal to its target. */
static double replicas_of(const struct work *work, uint32_t service, const struct demand *cpu)
{
    const struct service_spec *spec = &work->scenario->services[service];
    const struct autoscale_spec *scale = &spec->autoscale;
    double wanted = spec->replicas;

    if (work->scenario->balancer.policy == POLICY_NONE)
        return 1;
    if (!scale->is_on)
        return wanted;
    if (scale->signal == SIGNAL_CPU)
        wanted = ceil(cpu->sum / spec->cores / scale->target - 1e-9);
    else if (scale->signal == SIGNAL_RATE)
        wanted = ceil(services_visits(work, service) / scale->target - 1e-9);
    return fmin(fmax(wanted, scale->replicas_min), scale->replicas_max);
}

static void add_work(struct work *work, uint32_t service, struct demand *cpu)
{
    work->cores_wanted[service] = 0;
    for (uint32_t verb = 0; verb < VERB_MAX; verb++) {
        const struct verb_paths *paths = &work->paths[service][verb];

        work->work[service][verb] = 0;
        for (uint32_t p = 0; p < paths->paths_max; p++)
            for (uint32_t i = 0; i < paths->paths[p].legs_max; i++) {
                const struct leg *leg = &paths->paths[p].legs[i];
                double share = paths->paths[p].share;

                work->cores_wanted[service] += work->visits[service][verb] * share * leg->core;
                if (leg->kind != LEG_CPU)
                    continue;
                work->work[service][verb] += share * leg->mean;
                demand_add(cpu, work->visits[service][verb] * share, leg->mean, leg->cs2);
            }
    }
}

uint32_t services_own_cores(const struct service_spec *spec)
{
    if (spec->runtime == RUNTIME_GIL_THREADS)
        return 1;
    if (spec->runtime == RUNTIME_PROCESSES && spec->processes < spec->cores)
        return spec->processes;
    if (spec->kind == KIND_COUNTER && spec->threads < spec->cores) /* All they do is compute. */
        return spec->threads;
    return spec->cores;
}

/* How the replicas share the arrivals: lines, servers, regularity. */
static void split(const struct work *work, uint32_t service, struct station *cpu)
{
    const struct service_spec *spec = &work->scenario->services[service];
    uint32_t n = (uint32_t)work->replicas[service];
    double ca2 = arrivals_ca2(work, service);

    cpu->lines = n;
    cpu->servers = services_own_cores(spec);
    cpu->ca2 = 1 - 1.0 / n + ca2 / n;
    switch (work->scenario->balancer.policy) {
    case POLICY_ROUND_ROBIN:
    case POLICY_WEIGHTED:
        cpu->ca2 = ca2 / n;
        return;
    case POLICY_NONE:
    case POLICY_RANDOM:
    case POLICY_CONSISTENT_HASH:
        return;
    case POLICY_TWO_CHOICES:
        cpu->chooses_of_two = n > 2 && services_own_cores(spec) == 1;
        if (cpu->chooses_of_two)
            return;
        break;
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_PEAK_EWMA:
        break;
    }
    cpu->lines = 1;
    cpu->servers = n * services_own_cores(spec);
    cpu->ca2 = ca2;
}

static void work_front(struct work *work, uint32_t service)
{
    const struct balancer_spec *balancer = &work->scenario->balancer;
    struct station *front = &work->front[service];

    *front = (struct station){.seconds = work->seconds,
                              .rate = services_visits(work, service),
                              .service = seconds_of(balancer->work_ns),
                              .ca2 = arrivals_ca2(work, service),
                              .servers = balancer->cores,
                              .lines = 1,
                              .room = INFINITY,
                              .backlog = work->past->front[service]};
    station_work(front);
}

static double places_of(const struct service_spec *spec)
{
    double places = spec->queue;

    if (service_workers(spec) > 0)
        return fmin(places + service_workers(spec), spec->in_flight);
    return fmin(places, spec->in_flight);
}

static void work_cpu(struct work *work, uint32_t service, double passed)
{
    const struct service_spec *spec = &work->scenario->services[service];
    struct station *cpu = &work->cpu[service];
    double visits = services_visits(work, service);
    struct demand demand = {0};

    add_work(work, service, &demand);
    work->replicas[service] = replicas_of(work, service, &demand);
    *cpu = (struct station){.seconds = work->seconds,
                            .rate = demand.rate * passed,
                            .service = demand.rate > 0 ? demand.sum / demand.rate : 0,
                            .room = places_of(spec) * work->replicas[service],
                            .backlog = work->past->cpu[service]};
    if (demand.sum > 0)
        cpu->cs2 = fmax(0, demand.squares * demand.rate / (demand.sum * demand.sum) - 1);
    split(work, service, cpu);
    if (demand.rate > visits && visits > 0) /* Later turns come when they come. */
        cpu->ca2 = 1 + (cpu->ca2 - 1) * visits / demand.rate;
    station_work(cpu);
}

/* ---- What it asks of others ----------------------------------------------------------------- */

static void ask_table(struct work *work, const struct leg *leg, uint32_t verb, double rate)
{
    struct table_load *table = &work->table;

    demand_add(leg->kind == LEG_READ ? &table->reads : &table->writes, rate, leg->mean, 0);
    if (leg->is_locking)
        table->locking += rate * services_top_key(work, verb);
}

static void ask(struct work *work, const struct leg *leg, uint32_t verb, double rate)
{
    switch (leg->kind) {
    case LEG_CPU:
    case LEG_SLEEP:
        return;
    case LEG_STORE:
        demand_add(&work->store_load, rate, leg->mean, 0);
        work->store_bytes += rate * leg->bytes;
        return;
    case LEG_READ:
    case LEG_WRITE:
        ask_table(work, leg, verb, rate);
        return;
    case LEG_PUT:
        work->topics[leg->target].rate += rate;
        return;
    case LEG_ASK:
        work->visits[leg->target][verb] += rate;
        return;
    }
}

static void note_limits(struct work *work, uint32_t service)
{
    const struct service_spec *spec = &work->scenario->services[service];
    double inside =
        service_workers(spec) > 0 ? fmin(service_workers(spec), spec->in_flight) : spec->in_flight;

    work->table.timeout = fmax(work->table.timeout, seconds_of(spec->table_timeout_ns));
    work->store_timeout = fmax(work->store_timeout, seconds_of(spec->store_timeout_ns));
    for (uint32_t i = 0; i < spec->steps_max; i++) {
        double timeout = seconds_of(spec->steps[i].timeout_ns);

        work->table.timeout = fmax(work->table.timeout, timeout);
        work->store_timeout = fmax(work->store_timeout, timeout);
    }
    work->table.inside_max += inside * work->replicas[service];
}

static void ask_others(struct work *work, uint32_t service, double passed)
{
    bool puts[TOPICS] = {false};

    for (uint32_t verb = 0; verb < VERB_MAX; verb++)
        for (uint32_t p = 0; p < work->paths[service][verb].paths_max; p++) {
            const struct path *path = &work->paths[service][verb].paths[p];

            for (uint32_t i = 0; i < path->legs_max; i++) {
                double rate = work->visits[service][verb] * passed * path->share;

                ask(work, &path->legs[i], verb, rate);
                if (path->legs[i].kind == LEG_PUT && rate > 0)
                    puts[path->legs[i].target] = true;
            }
        }
    for (uint32_t t = 0; t < TOPICS; t++)
        work->topics[t].nodes += puts[t] ? work->replicas[service] : 0;
    note_limits(work, service);
}

void services_work(struct work *work)
{
    const struct scenario *scenario = work->scenario;
    uint32_t ordered[SCENARIO_SERVICES_MAX] = {0};

    for (uint32_t s = 0; s < scenario->services_max; s++)
        for (uint32_t verb = 0; verb < VERB_MAX; verb++)
            work->visits[s][verb] = 0;
    for (uint32_t l = 0; l < scenario->loads_max; l++)
        work->visits[scenario->loads[l].service][scenario->loads[l].verb] += work->rates[l];
    work->store_load = (struct demand){0};
    work->store_bytes = 0;
    work->table = (struct table_load){0};
    for (uint32_t t = 0; t < TOPICS; t++)
        work->topics[t].rate = work->topics[t].nodes = 0;
    order(scenario, ordered);
    for (uint32_t i = 0; i < scenario->services_max; i++) {
        uint32_t s = ordered[i];
        double passed = 1;

        if (scenario->services[s].kind == KIND_BATCHER)
            continue;
        if (services_has_front(scenario, s)) {
            work_front(work, s);
            passed = work->front[s].rate > 0 ? work->front[s].out / work->front[s].rate : 1;
        }
        work_cpu(work, s, passed);
        if (work->cpu[s].rate > 0)
            passed *= work->cpu[s].out / work->cpu[s].rate;
        ask_others(work, s, passed);
    }
}

/* A thread is held from the visit to its answer, whatever it waits for. */
void threads_work(struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        const struct service_spec *spec = &work->scenario->services[s];
        struct station *threads = &work->threads[s];
        double visits = services_visits(work, s), held = 0;

        *threads = (struct station){.seconds = work->seconds};
        if (service_workers(spec) == 0 || visits <= 0 || work->cpu[s].rho >= 1 ||
            work->table.station.rho >= 1)
            continue;
        for (uint32_t verb = 0; verb < VERB_MAX; verb++)
            if (work->visits[s][verb] > 0)
                held += work->visits[s][verb] / visits *
                        (answers_mean(work, s, verb) - network_s(work->scenario, s, verb));
        threads->rate = visits;
        threads->service = held;
        threads->ca2 = work->cpu[s].ca2;
        threads->cs2 = 1;
        threads->servers = service_workers(spec);
        threads->lines = (uint32_t)work->replicas[s];
        threads->room = (double)spec->queue * work->replicas[s];
        threads->backlog = work->past->threads[s];
        station_work(threads);
    }
}
