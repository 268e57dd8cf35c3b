/* paths.c — What each verb of each service waits for, leg by leg, with the table's own prices.
 *
 * The flows of services/likes, services/delivery, services/counter and services/custom, and the
 * pipeline around them, in the ordinary case: no timeouts, nobody to follow in a single flight. On
 * an event loop what a handler computes without waiting between is one turn on a core, however many
 * pieces it is written in; a thread that has used up one piece may find its core taken for the
 * next. */
#include "sim/theory/queueing.h"
#include "sim/theory/theory_inside.h"

static const double scv_most = 100; /* Of a Pareto, whose may be infinite. */

static struct path *add_path(struct verb_paths *to, double share)
{
    struct path *path = &to->paths[to->paths_max++];

    *path = (struct path){.share = share};
    return path;
}

static void add_leg(struct path *path, struct leg leg)
{
    path->legs[path->legs_max++] = leg;
    path->answered = path->legs_max;
}

static void add_behind(struct path *path, struct leg leg)
{
    path->legs[path->legs_max++] = leg;
}

static struct leg core_leg(const struct work *work, const struct service_spec *service,
                           double mean_ns, double cs2)
{
    struct pace pace = services_pace(work->scenario, service);
    double seconds = mean_ns * 1e-9 * pace.mean;

    return (struct leg){.kind = LEG_CPU,
                        .mean = seconds,
                        .core = seconds,
                        .cs2 = (1 + cs2) * pace.square / (pace.mean * pace.mean) - 1};
}

static struct leg cpu_leg(const struct work *work, const struct service_spec *service,
                          const struct dist *time)
{
    return core_leg(work, service, time->mean, dist_scv(time, scv_most));
}

static struct leg store_leg(const struct work *work, double bytes)
{
    const struct store_spec *store = &work->scenario->store;

    return (struct leg){.kind = LEG_STORE,
                        .bytes = bytes,
                        .mean = seconds_of(store->command_ns) +
                                seconds_of(store->kib_ns) * bytes / 1024};
}

static double scan_s(const struct work *work)
{
    return work->likes_rows * seconds_of(work->scenario->table.scan_row_ns);
}

static struct leg read_leg(const struct work *work, double scans)
{
    return (struct leg){.kind = LEG_READ,
                        .mean =
                            seconds_of(work->scenario->table.statement_ns) + scans * scan_s(work)};
}

static struct leg write_leg(const struct work *work, uint32_t statements, uint32_t rows,
                            double scans)
{
    const struct table_spec *table = &work->scenario->table;

    return (struct leg){.kind = LEG_WRITE,
                        .mean = statements * seconds_of(table->statement_ns) +
                                rows * seconds_of(table->row_ns) + scans * scan_s(work)};
}

static struct leg put_leg(uint32_t topic)
{
    return (struct leg){.kind = LEG_PUT, .target = topic};
}

/* ---- Likes ---------------------------------------------------------------------------------- */

static void count_paths(const struct work *work, const struct service_spec *service,
                        struct verb_paths *to)
{
    bool has_store = service->design >= DESIGN_CACHED;
    struct path *miss = add_path(to, has_store ? 1 - work->count_hits : 1);
    struct path *hit;

    add_leg(miss, cpu_leg(work, service, &service->work_read));
    if (has_store)
        add_leg(miss, store_leg(work, 0));
    add_leg(miss, read_leg(work, service->design == DESIGN_TABLE));
    if (service->design == DESIGN_CACHED) {
        add_leg(miss, store_leg(work, 0));
        add_behind(miss, store_leg(work, 8));
    }
    if (!has_store)
        return;
    hit = add_path(to, work->count_hits);
    add_leg(hit, cpu_leg(work, service, &service->work_read));
    add_leg(hit, store_leg(work, 8));
}

static void like_paths(const struct work *work, const struct service_spec *service,
                       struct verb_paths *to)
{
    struct path *path = add_path(to, 1);
    struct leg row = write_leg(work, 1, 1, service->design == DESIGN_TABLE);

    add_leg(path, cpu_leg(work, service, &service->work_write));
    switch (service->design) {
    case DESIGN_TABLE:
        add_leg(path, row);
        return;
    case DESIGN_INDEXED:
        row = write_leg(work, 2, 2, 0);
        row.is_locking = true;
        add_leg(path, row);
        return;
    case DESIGN_CACHED:
        add_leg(path, row);
        add_leg(path, store_leg(work, 0));
        return;
    case DESIGN_QUEUED:
    case DESIGN_BATCHED:
        add_leg(path, store_leg(work, 0));
        if (work->scenario->store.kind == STORE_MEMCACHED) /* The member, then the counter. */
            add_leg(path, store_leg(work, 0));
        if (service->ack == ACK_STORE)
            add_behind(path, put_leg(TOPIC_KIND_LIKES));
        else
            add_leg(path, put_leg(TOPIC_KIND_LIKES));
        return;
    }
}

/* ---- Delivery ------------------------------------------------------------------------------- */

static void menu_paths(const struct work *work, const struct service_spec *service,
                       struct verb_paths *to)
{
    struct path *miss = add_path(to, service->menu_cache ? 1 - work->menu_hits : 1);
    struct path *hit;

    add_leg(miss, cpu_leg(work, service, &service->work_light));
    if (service->menu_cache)
        add_leg(miss, store_leg(work, 0));
    add_leg(miss, read_leg(work, 0));
    add_leg(miss, cpu_leg(work, service, &service->work_read));
    if (!service->menu_cache)
        return;
    add_behind(miss, store_leg(work, service->menu_bytes));
    hit = add_path(to, work->menu_hits);
    add_leg(hit, cpu_leg(work, service, &service->work_light));
    add_leg(hit, store_leg(work, service->menu_bytes));
}

static void order_paths(const struct work *work, const struct service_spec *service,
                        struct verb_paths *to)
{
    struct path *path = add_path(to, 1);
    bool is_queued = service->orders == ORDERS_QUEUED;

    add_leg(path, cpu_leg(work, service, is_queued ? &service->work_light : &service->work_write));
    add_leg(path, is_queued ? put_leg(TOPIC_KIND_ORDERS) : write_leg(work, 2, 2, 0));
}

/* Who tracks asks about the n-th order at most, n trackers so far: is it there? */
static double orders_known(const struct work *work)
{
    double orders = 0, tracks = 0;

    for (uint32_t l = 0; l < work->scenario->loads_max; l++) {
        orders += work->scenario->loads[l].verb == VERB_ORDER ? work->rates[l] : 0;
        tracks += work->scenario->loads[l].verb == VERB_TRACK ? work->rates[l] : 0;
    }
    return orders >= tracks ? 1 : orders / tracks;
}

static void track_paths(const struct work *work, const struct service_spec *service,
                        struct verb_paths *to)
{
    double known = orders_known(work);

    for (unsigned i = 0; i < 2; i++) {
        struct path *path = add_path(to, i == 0 ? known : 1 - known);

        add_leg(path, cpu_leg(work, service, &service->work_light));
        add_leg(path, read_leg(work, 0));
        if (i == 0)
            add_leg(path, read_leg(work, 0));
    }
}

/* ---- Counter -------------------------------------------------------------------------------- */

/* One increment with nobody in its way. */
static double increment_ns(const struct memory_spec *memory, const struct sharing_spec *sharing)
{
    double work_ns = (double)memory->work_ns, atomic_ns = (double)sharing->atomic_ns;

    switch (memory->design) {
    case COUNT_UNLOCKED:
        return work_ns + (double)memory->gap_ns;
    case COUNT_LOCKED:
        return work_ns + (double)memory->hold_ns;
    case COUNT_ATOMIC:
        return work_ns + atomic_ns;
    case COUNT_COPIED:
        return work_ns + atomic_ns + (double)sharing->allocate_ns +
               (double)sharing->copy_ns * memory->bytes / 1024;
    case COUNT_SHARDED:
        break;
    }
    return work_ns + 1;
}

static void counter_paths(const struct work *work, const struct service_spec *service,
                          uint32_t verb, struct verb_paths *to)
{
    const struct memory_spec *memory = &service->shared;
    const struct sharing_spec *sharing = &work->scenario->memory;
    double lines = memory->design == COUNT_SHARDED ? service->threads : 1;
    double ns = verb == VERB_LIKE ? (double)memory->adds * increment_ns(memory, sharing)
                                  : lines * (double)sharing->line_ns;

    add_leg(add_path(to, 1), core_leg(work, service, ns, 0));
}

/* ---- Custom --------------------------------------------------------------------------------- */

/* What takes a loop's time stands in its line like work, be it work or not. Beside an interpreter's
 * lock native work is taken to find a core at once: it is what there is left of them. */
static struct leg wait_leg(const struct service_spec *service, const struct step_spec *step)
{
    struct leg leg = {
        .kind = LEG_CPU, .mean = step->time.mean * 1e-9, .cs2 = dist_scv(&step->time, scv_most)};

    if (step->kind == STEP_SLEEP || service->runtime != RUNTIME_EVENT_LOOP)
        leg.kind = LEG_SLEEP;
    return leg;
}

static struct leg step_leg(const struct work *work, const struct service_spec *service,
                           const struct step_spec *step, double bytes)
{
    struct leg leg = {.kind = LEG_ASK, .target = step->service};

    switch (step->kind) {
    case STEP_COMPUTE:
        return cpu_leg(work, service, &step->time);
    case STEP_NATIVE:
        leg = cpu_leg(work, service, &step->time);
        if (service->runtime == RUNTIME_GIL_THREADS)
            leg.kind = LEG_SLEEP;
        return leg;
    case STEP_SLEEP:
    case STEP_BLOCK:
        return wait_leg(service, step);
    case STEP_STORE_GET:
    case STEP_STORE_SET:
        return store_leg(work, bytes);
    case STEP_STORE_ADD:
        return store_leg(work, 0);
    case STEP_TABLE_READ:
        return read_leg(work, 0);
    case STEP_TABLE_WRITE:
        leg = write_leg(work, 1, 1, 0);
        leg.is_locking = true;
        return leg;
    case STEP_PUT:
        return put_leg(TOPIC_OF_CUSTOM);
    case STEP_ASK:
        break;
    }
    return leg;
}

/* A step that takes one of a few times, the first of its kind: each is a path of its own, since no
 * mean and variance say that one in two hundred blocks. None: steps_max. */
static uint32_t step_of_few(const struct service_spec *service)
{
    for (uint32_t i = 0; i < service->steps_max; i++) {
        const struct dist *time = &service->steps[i].time;

        if (time->kind == DIST_EMPIRICAL && time->points_max <= PATHS_MAX)
            return i;
    }
    return service->steps_max;
}

/* Its values are as large as what it was asked with. The step at `fixed`, if there is one, takes so
 * long and no other time. */
static void add_steps(const struct work *work, const struct service_spec *service, double bytes,
                      uint32_t fixed, double fixed_ns, struct path *path)
{
    for (uint32_t i = 0; i < service->steps_max; i++) {
        struct step_spec step = service->steps[i];
        struct leg leg;

        if (i == fixed)
            step.time = (struct dist){.kind = DIST_CONSTANT, .mean = fixed_ns};
        leg = step_leg(work, service, &step, bytes);
        leg.is_concurrent = step.is_concurrent;
        leg.timeout = seconds_of(step.timeout_ns);
        add_leg(path, leg);
    }
}

static void custom_paths(const struct work *work, const struct service_spec *service, double bytes,
                         struct verb_paths *to)
{
    uint32_t few = step_of_few(service);
    const struct dist *time;
    double weights = 0;

    if (few == service->steps_max) {
        add_steps(work, service, bytes, few, 0, add_path(to, 1));
        return;
    }
    time = &service->steps[few].time;
    for (size_t p = 0; p < time->points_max; p++)
        weights += time->points[p].weight;
    for (size_t p = 0; p < time->points_max; p++)
        add_steps(work, service, bytes, few, time->points[p].value,
                  add_path(to, time->points[p].weight / weights));
}

/* ---- Gateways ------------------------------------------------------------------------------- */

/* Everything but logins and what follows from them: those are few. */
static void gateway_paths(const struct work *work, const struct service_spec *service,
                          struct verb_paths *to)
{
    const struct tokens_spec *tokens = &work->scenario->tokens;
    struct path *path = add_path(to, 1);
    uint64_t token_ns =
        auth_signs(service) ? tokens->verify_ns[service->auth.algorithm] : tokens->session_ns;

    add_leg(path, cpu_leg(work, service, &service->work_light));
    if (service->auth.kind != AUTH_NONE)
        add_leg(path, core_leg(work, service, (double)token_ns, 0));
    if (auth_looks_up(service))
        add_leg(path, store_leg(work, 0));
    add_leg(path, (struct leg){.kind = LEG_ASK, .target = service->behind});
}

/* ---- The pipeline around them --------------------------------------------------------------- */

struct stages { /* Of one half, which is one turn on a core. */
    const struct dist *works[4];
    uint32_t works_max;
    uint64_t kib_ns;
    double bytes;
};

static struct leg stages_leg(const struct work *work, const struct service_spec *service,
                             const struct stages *stages)
{
    double mean = (double)stages->kib_ns * stages->bytes / 1024, variance = 0;

    for (uint32_t i = 0; i < stages->works_max; i++) {
        const struct dist *time = stages->works[i];

        mean += time->mean;
        variance += time->mean * time->mean * dist_scv(time, scv_most);
    }
    return core_leg(work, service, mean, mean > 0 ? variance / (mean * mean) : 0);
}

/* In front of the leg at `at`; nothing where it costs nothing. */
static void insert(struct path *path, uint32_t at, struct leg leg)
{
    if (!(leg.mean > 0))
        return;
    for (uint32_t i = path->legs_max; i > at; i--)
        path->legs[i] = path->legs[i - 1];
    path->legs[at] = leg;
    path->legs_max++;
    path->answered++;
}

uint32_t asks_passed_on(const struct service_spec *spec, uint32_t to)
{
    uint32_t asks = 0;

    if (spec->kind == KIND_GATEWAY)
        return spec->behind == to ? 1 : 0;
    for (uint32_t i = 0; spec->kind == KIND_CUSTOM && i < spec->steps_max; i++)
        asks += spec->steps[i].kind == STEP_ASK && spec->steps[i].service == to;
    return asks;
}

double asked_bytes(const struct scenario *scenario, uint32_t service, uint32_t verb)
{
    for (uint32_t l = 0; l < scenario->loads_max; l++)
        if (scenario->loads[l].verb == verb && scenario->loads[l].service == service)
            return scenario->loads[l].bytes;
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (asks_passed_on(&scenario->services[s], service) > 0)
            return asked_bytes(scenario, s, verb);
    return 0;
}

/* All answers but a menu are small enough to be taken for nothing. */
double answered_bytes(const struct scenario *scenario, uint32_t service, uint32_t verb)
{
    const struct service_spec *spec = &scenario->services[service];

    if (spec->kind == KIND_GATEWAY)
        return answered_bytes(scenario, spec->behind, verb);
    return spec->kind == KIND_DELIVERY && verb == VERB_MENU ? spec->menu_bytes : 0;
}

static void surround(const struct work *work, uint32_t s, uint32_t verb, struct verb_paths *to)
{
    const struct service_spec *service = &work->scenario->services[s];
    const struct pipeline_spec *stage = &service->pipeline;
    const struct stages before = {
        {&stage->accept, &stage->route, &stage->validate, &stage->dependencies},
        4,
        stage->validate_kib_ns,
        asked_bytes(work->scenario, s, verb)};
    const struct stages after = {{&stage->validate_answer, &stage->serialise, &stage->send},
                                 3,
                                 stage->validate_answer_kib_ns + stage->serialise_kib_ns +
                                     stage->send_kib_ns,
                                 answered_bytes(work->scenario, s, verb)};

    for (uint32_t p = 0; p < to->paths_max; p++) {
        insert(&to->paths[p], 0, stages_leg(work, service, &before));
        insert(&to->paths[p], to->paths[p].answered, stages_leg(work, service, &after));
    }
}

/* ---- Of all paths --------------------------------------------------------------------------- */

/* Who is asked by a step has that step's timeout, else the service's. */
static void set_timeouts(const struct service_spec *service, struct path *path)
{
    for (uint32_t i = 0; i < path->legs_max; i++) {
        struct leg *leg = &path->legs[i];

        if (leg->timeout > 0)
            continue;
        if (leg->kind == LEG_STORE)
            leg->timeout = seconds_of(service->store_timeout_ns);
        else if (leg->kind == LEG_READ || leg->kind == LEG_WRITE)
            leg->timeout = seconds_of(service->table_timeout_ns);
    }
}

/* Both are done on one core, so if that is a slow one both are. */
static struct leg joined(const struct leg *a, const struct leg *b, struct pace pace)
{
    double mean = a->mean + b->mean, spread = pace.square / (pace.mean * pace.mean) - 1;
    double variance =
        a->mean * a->mean * a->cs2 + b->mean * b->mean * b->cs2 + 2 * a->core * b->core * spread;

    return (struct leg){.kind = LEG_CPU,
                        .mean = mean,
                        .core = a->core + b->core,
                        .cs2 = mean > 0 ? variance / (mean * mean) : 0};
}

static bool stands_alone(const struct path *path, uint32_t i)
{
    return !path->legs[i].is_concurrent &&
           (i + 1 == path->legs_max || !path->legs[i + 1].is_concurrent);
}

static bool is_one_turn(const struct path *path, uint32_t i)
{
    return path->legs[i].kind == LEG_CPU && path->legs[i + 1].kind == LEG_CPU &&
           stands_alone(path, i) && stands_alone(path, i + 1);
}

/* The handler of an event loop goes on in its turn until it awaits something. */
static void join_turns(struct path *path, struct pace pace)
{
    uint32_t i = 0;

    while (i + 1 < path->answered) {
        if (!is_one_turn(path, i)) {
            i++;
            continue;
        }
        path->legs[i] = joined(&path->legs[i], &path->legs[i + 1], pace);
        path->legs_max--;
        path->answered--;
        for (uint32_t k = i + 1; k < path->legs_max; k++)
            path->legs[k] = path->legs[k + 1];
    }
}

static void finish(const struct work *work, const struct service_spec *service,
                   struct verb_paths *to)
{
    struct pace pace = services_pace(work->scenario, service);

    for (uint32_t p = 0; p < to->paths_max; p++) {
        set_timeouts(service, &to->paths[p]);
        if (service->runtime == RUNTIME_EVENT_LOOP)
            join_turns(&to->paths[p], pace);
    }
}

static void make(struct work *work, uint32_t s, uint32_t verb, struct verb_paths *to)
{
    const struct service_spec *service = &work->scenario->services[s];

    to->paths_max = 0;
    if (service->kind == KIND_CUSTOM)
        custom_paths(work, service, asked_bytes(work->scenario, s, verb), to);
    else if (service->kind == KIND_GATEWAY)
        gateway_paths(work, service, to);
    else if (service->kind == KIND_LIKES && verb == VERB_COUNT)
        count_paths(work, service, to);
    else if (service->kind == KIND_LIKES && (verb == VERB_LIKE || verb == VERB_UNLIKE))
        like_paths(work, service, to);
    else if (service->kind == KIND_COUNTER && (verb == VERB_LIKE || verb == VERB_COUNT))
        counter_paths(work, service, verb, to);
    else if (service->kind == KIND_DELIVERY && verb == VERB_MENU)
        menu_paths(work, service, to);
    else if (service->kind == KIND_DELIVERY && verb == VERB_ORDER)
        order_paths(work, service, to);
    else if (service->kind == KIND_DELIVERY && verb == VERB_TRACK)
        track_paths(work, service, to);
    surround(work, s, verb, to);
    finish(work, service, to);
}

void paths_make(struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++)
        for (uint32_t verb = 0; verb < VERB_MAX; verb++)
            make(work, s, verb, &work->paths[s][verb]);
}
