/* lines.c — A phase as it would be said at the whiteboard: each service, then what it leans on.
 *
 * Only what matters is said: no line about a store that nobody asks, no drain where nothing has
 * gathered. The numbers are those that the stations worked with. */
#include <math.h>
#include <string.h>

#include "sim/theory/queueing.h"
#include "sim/theory/theory_inside.h"

static struct theory_number ms(double seconds)
{
    return (struct theory_number){THEORY_MS, seconds * 1e3};
}

static struct theory_number per_s(double rate)
{
    return (struct theory_number){THEORY_RATE, rate};
}

static struct theory_number kib(double value)
{
    return (struct theory_number){THEORY_KIB, value};
}

static struct theory_number share(double value)
{
    return (struct theory_number){THEORY_SHARE, value};
}

static struct theory_number count(double value)
{
    return (struct theory_number){THEORY_COUNT, value};
}

static struct theory_number ratio(double value)
{
    return (struct theory_number){THEORY_RATIO, value};
}

/* Three numbers are what most formulas take; `n` of them. */
static void with(struct work *work, unsigned n, struct theory_number a, struct theory_number b,
                 struct theory_number c)
{
    if (n > 0)
        say_with(work, a);
    if (n > 1)
        say_with(work, b);
    if (n > 2)
        say_with(work, c);
}

/* What is sent: bodies, or values. Not said of what a packet or two hold. */
static void say_traffic(struct work *work, const char *name, double rate, double kib_per_s)
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

static void say_steady(struct work *work, const struct station *cpu, const char *name)
{
    double a = cpu->rho * cpu->servers, chance = erlang_c(cpu->servers, a);
    double g = cpu->rate > 0 ? regularity(cpu->rho, cpu->ca2, cpu->cs2) : 1;

    if (cpu->chooses_of_two) {
        say(work, THEORY_WAIT_TWO, name, ms(cpu->wait), "");
        return;
    }
    say(work, THEORY_WAIT_CHANCE, name, share(chance), "C(%s, %s)");
    with(work, 2, count(cpu->servers), ratio(a), ratio(0));
    say(work, g < 0.995 ? THEORY_WAIT_REGULAR : THEORY_WAIT, name, ms(cpu->wait),
        "%s × %s / (%s × (1 − %s)) × (%s + %s) / 2");
    with(work, 3, share(chance), ms(cpu->service), count(cpu->servers));
    with(work, 3, ratio(cpu->rho), ratio(cpu->ca2), ratio(cpu->cs2));
    if (g < 0.995) {
        say_more(work, " × %s");
        with(work, 1, ratio(g), ratio(0), ratio(0));
    }
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

/* per_visit: turns at a core that one visit takes. */
static void say_overload(struct work *work, const struct station *cpu, const char *name,
                         double per_visit)
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

static void say_drain(struct work *work, const struct station *cpu, const char *name,
                      double per_visit)
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
    double likes = work->visits[s][VERB_LIKE], hold = seconds_of(memory->hold_ns);

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
    double each = services_visits(work, s) * pace.visits / fmin(spec->stragglers, spec->replicas);
    double core = fmin(mean, work->cores_wanted[s] / services_visits(work, s));
    double slow = mean - core + core / pace.mean / spec->straggler_speed; /* Blocking stays. */

    if (spec->stragglers == 0)
        return;
    say(work, THEORY_STRAGGLERS, name, ratio(each * slow / services_own_cores(spec)),
        "%s × %s / %s");
    with(work, 3, per_s(each), ms(slow), count(services_own_cores(spec)));
}

static void say_processors(struct work *work, uint32_t s, const char *name)
{
    const struct service_spec *spec = &work->scenario->services[s];
    const struct station *cpu = &work->cpu[s];
    double c = work->replicas[s] * services_own_cores(spec), mean = mean_work(work, s);
    double visits = services_visits(work, s);
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
    if (work->threads[s].rho > 0) {
        say(work, THEORY_THREADS, name, ratio(work->threads[s].rho), "%s × %s / %s");
        with(work, 3, per_s(visits), ms(work->threads[s].service),
             count(service_workers(spec) * work->replicas[s]));
    }
}

static void say_answers(struct work *work, uint32_t s, const char *name)
{
    const struct scenario *scenario = work->scenario;
    double hops = hops_of(scenario, s), hop = way_s(&scenario->network.way), all = 0, sent = 0;

    say(work, THEORY_HOPS, name, ms(hops * hop), "%s × %s");
    with(work, 2, count(hops), ms(hop), ratio(0));
    if (handshake_s(scenario, s) > 0)
        say(work, THEORY_HANDSHAKE, name, ms(handshake_s(scenario, s)), "");
    for (uint32_t verb = 0; verb < VERB_MAX; verb++) {
        double mean, work_s = work->work[s][verb], network = network_s(scenario, s, verb);

        if (work->visits[s][verb] <= 0)
            continue;
        mean = answers_mean(work, s, verb);
        all += work->visits[s][verb] * (mean - network);
        sent += work->visits[s][verb] *
                (asked_bytes(scenario, s, verb) + answered_bytes(scenario, s, verb)) / 1024;
        say(work, THEORY_RESPONSE, name, ms(mean), "%s + %s + %s");
        say_verb(work, verb_name(verb));
        with(work, 3, ms(network), ms(work_s), ms(mean - network - work_s));
    }
    say(work, THEORY_LITTLE, name, count(all), "%s × %s");
    with(work, 2, per_s(services_visits(work, s)), ms(all / services_visits(work, s)), ratio(0));
    say_traffic(work, name, services_visits(work, s), sent);
}

static void say_front(struct work *work, uint32_t s)
{
    const struct station *front = &work->front[s];

    if (front->rho < 0.05 || isinf(front->capacity))
        return;
    say(work, THEORY_UTILIZATION, "balancer", ratio(front->rho), "%s × %s / %s");
    with(work, 3, per_s(front->rate), ms(front->service), count(front->servers));
}

static void say_service(struct work *work, uint32_t s)
{
    const char *name = work->scenario->services[s].name;

    if (services_visits(work, s) <= 0)
        return;
    say_front(work, s);
    say_arrivals(work, s, name);
    say_processors(work, s, name);
    say_answers(work, s, name);
}

/* ---- What services lean on ------------------------------------------------------------------ */

static double ttl_of(const struct scenario *scenario)
{
    const struct service_spec *service = cache_of_menus(scenario);

    return service == NULL ? 0 : seconds_of(service->menu_ttl_ns);
}

/* From a miss to the menu in the store: two messages, the rows, the page. */
static double refill_s(const struct scenario *scenario, const struct service_spec *service)
{
    return 2 * way_s(&scenario->table.way) + seconds_of(scenario->table.statement_ns) +
           service->work_read.mean * 1e-9 * services_pace(scenario, service).mean;
}

/* What an expiry of the hottest menu sends to the table: Vattani, VLDB 2015, for the early one. */
static void say_refills(struct work *work)
{
    const struct service_spec *service = cache_of_menus(work->scenario);
    double top = services_top_key(work, VERB_MENU), rate = work->menus.total / work->seconds;
    double made_s = refill_s(work->scenario, service), all = 1 + rate * top * made_s;

    if (service->menu_early > 0) {
        say(work, THEORY_REFILLS_EARLY, "store", ratio(exp(1 / service->menu_early)), "e^(1/%s)");
        with(work, 1, ratio(service->menu_early), ratio(0), ratio(0));
    } else if (service->menu_lease_ns > 0) {
        say(work, THEORY_REFILLS_LEASE, "store", count(1), "");
    } else if (service->single_flight) {
        say(work, THEORY_REFILLS_REPLICAS, "store", count(fmin(service->replicas, all)),
            "min(%s, %s)");
        with(work, 2, count(service->replicas), count(all), ratio(0));
    } else {
        say(work, THEORY_REFILLS, "store", count(all), "1 + %s × %s × %s");
        with(work, 3, per_s(rate), share(top), ms(made_s));
    }
}

static void say_hits(struct work *work, const struct popularity *asks, double hits,
                     enum theory_what how)
{
    double rate = asks->total / work->seconds;

    say(work, how, "store", share(hits), "");
    if (how == THEORY_HIT_FIRST) {
        say_more(work, "1 − %s / %s");
        with(work, 2, count(asks->total * (1 - hits)), count(asks->total), ratio(0));
    } else {
        say_more(work, how == THEORY_HIT_TTL ? ", T = %s" : ", Tc = %s");
        with(work, 1, ms(how == THEORY_HIT_TTL ? ttl_of(work->scenario) : work->lru_age), ratio(0),
             ratio(0));
    }
    say(work, THEORY_MISSES, "store", per_s(rate * (1 - hits)), "%s × (1 − %s)");
    with(work, 2, per_s(rate), share(hits), ratio(0));
    if (how == THEORY_HIT_TTL)
        say_refills(work);
}

static void say_store(struct work *work)
{
    double ttl = ttl_of(work->scenario);
    bool is_young = ttl == 0 || ttl >= work->from_s + work->seconds;

    if (work->store_load.rate <= 0)
        return;
    if (work->menus.total > 0)
        say_hits(work, &work->menus, work->menu_hits,
                 work->lru_age > 0 ? THEORY_HIT_LRU
                 : is_young        ? THEORY_HIT_FIRST
                                   : THEORY_HIT_TTL);
    if (work->counts.total > 0)
        say_hits(work, &work->counts, work->count_hits, THEORY_HIT_FIRST);
    say_traffic(work, "store", work->store_load.rate, work->store_bytes / 1024);
    if (work->store.lines > 1) {
        say(work, THEORY_STORE_THREADS, "store", ratio(work->store.rho), "%s × %s / %s");
        with(work, 3, per_s(work->store.rate), ms(work->store.service), count(work->store.lines));
        return;
    }
    say(work, THEORY_STORE, "store", ratio(work->store.rho), "%s × %s");
    with(work, 2, per_s(work->store.rate), ms(work->store.service), ratio(0));
}

static void say_disk(struct work *work)
{
    const struct table_spec *spec = &work->scenario->table;
    const struct table_load *table = &work->table;
    double f = seconds_of(spec->commit_ns);

    if (table->writes.rate <= 0 || f <= 0)
        return;
    if (spec->group_commit)
        say(work, THEORY_TABLE_FLUSHES, "table", share(table->disk), ", λf = %s × %s");
    else
        say(work, THEORY_TABLE_COMMITS, "table", ratio(table->disk), "%s × %s");
    with(work, 2, per_s(table->writes.rate), ms(f), ratio(0));
    if (table->locking <= 0)
        return;
    say(work, THEORY_TABLE_ROW, "table", ratio(table->row), "%s × %s × %s");
    with(work, 3, per_s(table->writes.rate), share(table->locking / table->writes.rate), ms(f));
}

static void say_table(struct work *work)
{
    const struct table_spec *spec = &work->scenario->table;
    const struct table_load *table = &work->table;
    double all = table->reads.rate + table->writes.rate;

    if (all <= 0)
        return;
    say(work, THEORY_TABLE_RATE, "table", per_s(all), "%s + %s");
    with(work, 2, per_s(table->reads.rate), per_s(table->writes.rate), ratio(0));
    say(work, THEORY_TABLE_CORES, "table", ratio(table->cores_rho), "%s × %s / %s");
    with(work, 3, per_s(all), ms((table->reads.sum + table->writes.sum) / all), count(spec->cores));
    say_disk(work);
    say(work, THEORY_TABLE_POOL, "table", ratio(table->pool), "%s × %s / %s");
    with(work, 3, per_s(all), ms(table->hold), count(spec->connections));
    say(work, THEORY_TABLE_CEILING, "table", per_s(table->station.capacity), "");
    say_drain(work, &table->station, "table", 1);
    if (table->station.rho >= 1)
        say_overload(work, &table->station, "table", 1);
}

static void say_log(struct work *work, uint32_t t)
{
    const struct topic_load *topic = &work->topics[t];

    if (topic->rate <= 0)
        return;
    say(work, THEORY_LOG_RATE, "queue", per_s(topic->rate), "");
    if (work->scenario->queue.kind == QUEUE_RABBITMQ) {
        say(work, THEORY_LOG_PROCESS, "queue", ratio(topic->partition), "");
        return;
    }
    say(work, THEORY_LOG_HOT, "queue", per_s(topic->rate * topic->hot), "%s × %s");
    with(work, 2, per_s(topic->rate), share(topic->hot), ratio(0));
    say(work, THEORY_LOG_PARTITION, "queue", ratio(topic->partition), "");
}

static void say_lag(struct work *work, uint32_t s, const char *name)
{
    const struct batcher_load *batcher = &work->batchers[s];
    struct lag before = work->past->lag[s];
    double hot = batcher->rate * batcher->hot - batcher->capacity;
    double others = batcher->rate * (1 - batcher->hot) - batcher->capacity * (batcher->active - 1);
    double end =
        fmax(0, before.hot + hot * work->seconds) + fmax(0, before.others + others * work->seconds);

    if (hot > 0 || others > 0) {
        say(work, THEORY_LAG, name, count(end), hot > 0 && others < 0 ? "(%s − %s) × %s" : "");
        if (hot > 0 && others < 0)
            with(work, 3, per_s(batcher->rate * batcher->hot), per_s(batcher->capacity),
                 ms(work->seconds));
    }
    if (before.hot >= 1 && hot < 0) {
        say(work, THEORY_LAG_DRAIN, name, ms(before.hot / -hot), "%s / (%s − %s)");
        with(work, 3, count(before.hot), per_s(batcher->capacity),
             per_s(batcher->rate * batcher->hot));
    }
}

static void say_batcher(struct work *work, uint32_t s)
{
    const struct service_spec *spec = &work->scenario->services[s];
    const struct batcher_load *batcher = &work->batchers[s];
    double most = batch_most(work, spec), full_s = most / batcher->capacity;

    if (spec->kind != KIND_BATCHER)
        return;
    say(work, THEORY_BATCH_TIME, spec->name, ms(full_s), "");
    say(work, THEORY_BATCH_CAPACITY, spec->name, per_s(batcher->capacity * batcher->active),
        "%s × %s / %s");
    with(work, 3, count(batcher->active), count(most), ms(full_s));
    say(work, THEORY_BATCH_UTILIZATION, spec->name,
        ratio(batcher->rate / (batcher->capacity * batcher->active)), "%s / %s");
    with(work, 2, per_s(batcher->rate), per_s(batcher->capacity * batcher->active), ratio(0));
    say_lag(work, s, spec->name);
}

void lines_of_phase(struct work *work, double p99_s)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        say_service(work, s);
        lines_of_gateway(work, s);
    }
    say_store(work);
    for (uint32_t t = 0; t < TOPICS; t++)
        say_log(work, t);
    for (uint32_t s = 0; s < work->scenario->services_max; s++)
        say_batcher(work, s);
    say_table(work);
    money_lines(work);
    say(work, THEORY_P99, "", ms(p99_s), "");
}
