/* services.c — From arrivals to processors, balancer first; and on to everything that is asked.
 *
 * Services are worked in the order in which they ask each other. What a line turns away or holds
 * back is not asked further on, so a table behind two slow replicas sees what they can do and not
 * what arrived. A token bucket is a line of the tokens that are spent: nobody waits in it, and who
 * finds it full is shed.
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
                if (asks_passed_on(&scenario->services[s], to) > 0)
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
static double replicas_of(const struct work *work, uint32_t service)
{
    const struct service_spec *spec = &work->scenario->services[service];
    const struct autoscale_spec *scale = &spec->autoscale;
    double wanted = spec->replicas;

    if (work->scenario->balancer.policy == POLICY_NONE)
        return 1;
    if (!scale->is_on)
        return wanted;
    if (scale->signal == SIGNAL_CPU)
        wanted = ceil(work->cores_wanted[service] / spec->cores / scale->target - 1e-9);
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

/* Where tokens come faster than visits those find the bucket empty by chance alone: the less the
 * more regular they are, as if there were more tokens. */
static void work_limit(struct work *work, uint32_t service)
{
    const struct balancer_spec *balancer = &work->scenario->balancer;
    struct station *limit = &work->limit[service];

    *limit = (struct station){.seconds = work->seconds,
                              .rate = services_visits(work, service),
                              .ca2 = arrivals_ca2(work, service),
                              .servers = 1,
                              .lines = 1,
                              .room = balancer->limit_burst - 1.0,
                              .backlog = work->past->limit[service]};
    if (balancer->limit_rate <= 0)
        return;
    limit->service = 1 / balancer->limit_rate;
    if (limit->rate < balancer->limit_rate)
        limit->room = limit->ca2 > 0 ? limit->room * 2 / limit->ca2 : INFINITY;
    station_work(limit);
}

static void work_front(struct work *work, uint32_t service)
{
    const struct balancer_spec *balancer = &work->scenario->balancer;
    struct station *front = &work->front[service];

    *front =
        (struct station){.seconds = work->seconds,
                         .rate = services_visits(work, service) * (1 - work->limit[service].shed),
                         .service = seconds_of(balancer->work_ns),
                         .ca2 = arrivals_ca2(work, service),
                         .servers = balancer->cores,
                         .lines = 1,
                         .room = INFINITY,
                         .backlog = work->past->front[service]};
    station_work(front);
}

static double passed_by(const struct station *station)
{
    return station->rate > 0 ? station->out / station->rate : 1;
}

static double past_balancer(const struct work *work, uint32_t service)
{
    if (!services_has_front(work->scenario, service))
        return 1;
    return (1 - work->limit[service].shed) * passed_by(&work->front[service]);
}

double services_let_in(const struct work *work, uint32_t service)
{
    return past_balancer(work, service) * work->admitted[service];
}

double services_served(const struct work *work, uint32_t service)
{
    return services_let_in(work, service) * passed_by(&work->cpu[service]);
}

static double places_of(const struct service_spec *spec)
{
    double places = spec->queue;

    if (service_workers(spec) > 0)
        return fmin(places + service_workers(spec), spec->in_flight);
    return fmin(places, spec->in_flight);
}

static void work_cpu(struct work *work, uint32_t service)
{
    const struct service_spec *spec = &work->scenario->services[service];
    struct station *cpu = &work->cpu[service];
    double visits = services_visits(work, service);
    struct demand demand = {0};

    add_work(work, service, &demand);
    work->replicas[service] = replicas_of(work, service);
    *cpu = (struct station){.seconds = work->seconds,
                            .rate = demand.rate * services_let_in(work, service),
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
    table->timeout = fmax(table->timeout, rate > 0 ? leg->timeout : 0);
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
        work->store_timeout = fmax(work->store_timeout, rate > 0 ? leg->timeout : 0);
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

/* Visits that one replica can have past its door at once. */
static uint32_t inside_most(const struct service_spec *spec)
{
    uint32_t workers = service_workers(spec);

    return workers > 0 && workers < spec->in_flight ? workers : spec->in_flight;
}

static bool is_of_table(const struct leg *leg)
{
    return leg->kind == LEG_READ || leg->kind == LEG_WRITE;
}

static void ask_others(struct work *work, uint32_t service, double passed)
{
    bool puts[TOPICS] = {false}, asks_table = false;

    for (uint32_t verb = 0; verb < VERB_MAX; verb++)
        for (uint32_t p = 0; p < work->paths[service][verb].paths_max; p++) {
            const struct path *path = &work->paths[service][verb].paths[p];

            for (uint32_t i = 0; i < path->legs_max; i++) {
                double rate = work->visits[service][verb] * passed * path->share;

                ask(work, &path->legs[i], verb, rate);
                if (path->legs[i].kind == LEG_PUT && rate > 0)
                    puts[path->legs[i].target] = true;
                asks_table |= is_of_table(&path->legs[i]) && rate > 0;
            }
        }
    for (uint32_t t = 0; t < TOPICS; t++)
        work->topics[t].nodes += puts[t] ? work->replicas[service] : 0;
    if (asks_table)
        work->table.inside_max +=
            inside_most(&work->scenario->services[service]) * work->replicas[service];
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
    work->store_bytes = work->store_timeout = 0;
    work->table = (struct table_load){0};
    for (uint32_t t = 0; t < TOPICS; t++)
        work->topics[t].rate = work->topics[t].nodes = 0;
    order(scenario, ordered);
    for (uint32_t i = 0; i < scenario->services_max; i++) {
        uint32_t s = ordered[i];

        if (scenario->services[s].kind == KIND_BATCHER)
            continue;
        if (services_has_front(scenario, s)) {
            work_limit(work, s);
            work_front(work, s);
        }
        work_cpu(work, s);
        ask_others(work, s, services_served(work, s));
    }
}

/* ---- Who is inside -------------------------------------------------------------------------- */

static double mean_wait(const struct station *station)
{
    double sum = 0;

    for (unsigned slice = 0; slice < STATION_SLICES; slice++)
        sum += station->waits[slice];
    return sum / STATION_SLICES;
}

/* A thread is held from the visit to its answer, whatever it waits for; so is a place inside an
 * event loop. */
static double held_s(const struct work *work, uint32_t s, bool with_wait_for_core)
{
    const struct station *cpu = &work->cpu[s], *front = &work->front[s];
    double visits = services_visits(work, s), held = 0;

    for (uint32_t verb = 0; verb < VERB_MAX; verb++)
        if (work->visits[s][verb] > 0)
            held += work->visits[s][verb] / visits *
                    (answers_mean(work, s, verb) - network_s(work->scenario, s, verb));
    if (services_has_front(work->scenario, s))
        held -= mean_wait(front) + front->service;
    if (!with_wait_for_core)
        held -= mean_wait(cpu) * cpu->rate / (visits * services_let_in(work, s));
    return fmax(0, held);
}

/* So many are inside by chance once in a thousand million times. */
static bool is_never_full(const struct station *threads)
{
    double inside = threads->rate / threads->lines * threads->service;

    return threads->servers > inside + 6 * sqrt(inside) + 6;
}

/* Whether the cores are as narrow a place: who waits stands in their line then, be it inside or at
 * the door. A hundredth is for threads that do nothing but compute, one per core. */
static bool is_hidden(const struct work *work, uint32_t s, const struct station *threads)
{
    return threads->rate * work->admitted[s] * threads->service <=
           1.01 * work->cpu[s].rho * threads->servers * threads->lines;
}

/* Threads that hide are said to be held all the same. */
static void note_hidden(struct work *work, uint32_t s, const struct station *threads)
{
    double all = (double)threads->servers * threads->lines;

    if (service_workers(&work->scenario->services[s]) == 0 || work->cpu[s].rho >= 1)
        return;
    work->threads[s] = *threads;
    work->threads[s].rho = threads->rate * threads->service / all;
    work->threads[s].out = threads->rate;
}

static void work_threads(struct work *work, uint32_t s)
{
    const struct service_spec *spec = &work->scenario->services[s];
    double rate = services_visits(work, s) * past_balancer(work, s);
    bool is_loop = service_workers(spec) == 0;
    struct station threads = {.seconds = work->seconds,
                              .rate = rate,
                              .ca2 = work->cpu[s].ca2,
                              .cs2 = 1,
                              .servers = inside_most(spec),
                              .lines = (uint32_t)work->replicas[s],
                              .backlog = work->past->threads[s]};

    work->threads[s] = (struct station){.seconds = work->seconds};
    if (rate <= 0 || work->table.station.rho >= 1)
        return;
    threads.service = held_s(work, s, false);
    if (is_loop && is_never_full(&threads))
        return;
    if (is_hidden(work, s, &threads)) {
        note_hidden(work, s, &threads);
        return;
    }
    if (!is_loop) {
        threads.room = fmin(spec->queue, spec->in_flight - threads.servers) * threads.lines;
        threads.service = held_s(work, s, work->cpu[s].rho < 1);
    }
    station_work(&threads);
    work->threads[s] = threads;
}

/* Who is asked first: how long it takes to answer decides how long its asker holds a thread. */
void threads_work(struct work *work)
{
    uint32_t ordered[SCENARIO_SERVICES_MAX] = {0};

    order(work->scenario, ordered);
    for (uint32_t i = work->scenario->services_max; i > 0; i--)
        work_threads(work, ordered[i - 1]);
}

/* The more are let in, the longer each is held; half of each step is enough to meet. */
bool threads_admit(struct work *work)
{
    bool has_moved = false;

    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        double was = work->admitted[s], now = passed_by(&work->threads[s]);

        if (fabs(now - was) <= 0.001 * was)
            continue;
        work->admitted[s] = was == 1 ? now : (was + now) / 2;
        has_moved = true;
    }
    return has_moved;
}
