/* custom.c — Runs a visit through the steps of the scenario, one after another.
 *
 *   visit -> step 0 -> step 1 -> … -> last step -> answer CALL_OK
 *               |         |               |
 *               +---------+---------------+------> answer, with the outcome of what failed
 *
 * What a run waits for is the step that it stands at, so `at` is its state and the step's kind
 * names it. This is the M/M/c benchmark's inner loop: between a visit and its first call there are
 * one pool record, one draw and no branch that an ordinary run takes twice. */
#include "services/custom/custom.h"

#include "services/base/pool.h"
#include "services/port/schema.h"

struct run {
    struct call call; /* What it waits for. First, so that a call is its run. */
    struct custom *custom;
    struct visit *visit; /* Borrowed until it is answered. */
    uint32_t at;         /* The step that it waits for. */
};

struct custom {
    struct custom_config config;
    struct ports ports;
    struct pool runs;
};

static void run_answer(struct run *run, enum call_outcome outcome)
{
    struct custom *custom = run->custom;
    struct visit *visit = run->visit;
    int64_t value = run->call.value;

    pool_give(&custom->runs, run);
    door_answer(custom->ports.door, visit, outcome, value, 0);
}

static void run_write(struct run *run, uint64_t timeout_ns)
{
    const struct table_op op = {.verb = TABLE_SET,
                                .table = TABLE_CUSTOM,
                                .a = run->visit->ask.key,
                                .value = run->visit->ask.amount};

    table_write(run->custom->ports.table, &run->call, &op, 1, timeout_ns);
}

/* The table of contents: what each kind of step asks, and of whom. */
static void run_ask(struct run *run, const struct custom_step *step)
{
    const struct ports *ports = &run->custom->ports;
    const struct ask *ask = &run->visit->ask;
    const uint64_t key = store_key(SPACE_CUSTOM, ask->key);
    struct call *call = &run->call;

    switch (step->kind) {
    case CUSTOM_COMPUTE:
        cpu_run(ports->cpu, call, dist_draw_ns(&step->time, ports->dice));
        return;
    case CUSTOM_NATIVE:
        cpu_run_native(ports->cpu, call, dist_draw_ns(&step->time, ports->dice));
        return;
    case CUSTOM_SLEEP:
        timer_sleep(ports->timer, call, dist_draw_ns(&step->time, ports->dice));
        return;
    case CUSTOM_BLOCK:
        cpu_block(ports->cpu, call, dist_draw_ns(&step->time, ports->dice));
        return;
    case CUSTOM_STORE_GET:
        store_get(ports->store, call, key, step->timeout_ns);
        return;
    case CUSTOM_STORE_SET:
        store_set(ports->store, call, key, ask->amount, ask->bytes, step->ttl_ns, step->timeout_ns);
        return;
    case CUSTOM_STORE_ADD:
        store_add(ports->store, call, key, 1, step->timeout_ns);
        return;
    case CUSTOM_TABLE_READ:
        table_read(ports->table, call, TABLE_ROW, TABLE_CUSTOM, ask->key, 0, step->timeout_ns);
        return;
    case CUSTOM_TABLE_WRITE:
        run_write(run, step->timeout_ns);
        return;
    case CUSTOM_PUT:
        queue_put(ports->queue, call, TOPIC_CUSTOM, ask, step->timeout_ns);
        return;
    case CUSTOM_ASK:
        peer_ask(ports->peer, call, step->target, ask, step->timeout_ns);
        return;
    }
}

static void run_go_on(struct run *run)
{
    const struct custom_config *config = &run->custom->config;

    if (run->at == config->steps_max)
        run_answer(run, CALL_OK);
    else
        run_ask(run, &config->steps[run->at]);
}

/* A step has ended. */
static void run_step(struct call *call)
{
    struct run *run = (struct run *)call;

    if (!call_is_served(call->outcome)) {
        run_answer(run, call->outcome);
        return;
    }
    run->at++;
    run_go_on(run);
}

/* How a visit is refused before any work; CALL_OK: it is not. */
static enum call_outcome custom_judge(const struct custom *custom, const struct ask *ask)
{
    if (ask->verb >= VERB_MAX)
        return CALL_FAILED;
    if (ask_is_late(ask, timer_now_ns(custom->ports.timer)))
        return CALL_TIMEOUT;
    return CALL_OK;
}

static void custom_visit(void *service, struct visit *visit)
{
    struct custom *custom = service;
    enum call_outcome verdict = custom_judge(custom, &visit->ask);
    struct run *run;

    if (verdict != CALL_OK || visit->ask.verb == VERB_HEALTH) {
        door_answer(custom->ports.door, visit, verdict, 0, 0);
        return;
    }
    run = pool_take(&custom->runs);
    if (run == NULL) {
        door_answer(custom->ports.door, visit, CALL_SHED, 0, 0);
        return;
    }
    *run = (struct run){.call.done = run_step,
                        .call.priority = visit->ask.priority,
                        .custom = custom,
                        .visit = visit};
    run_go_on(run);
}

size_t custom_bytes(const struct custom_config *config)
{
    return sizeof(struct custom) + 64 + pool_bytes(sizeof(struct run), config->in_flight);
}

struct custom *custom_init(const struct custom_config *config, const struct ports *ports)
{
    struct custom *custom = arena_take(ports->arena, sizeof(*custom));

    check(config->steps_max <= CUSTOM_STEPS_MAX);
    *custom = (struct custom){.config = *config, .ports = *ports};
    pool_init(&custom->runs, ports->arena, sizeof(struct run), config->in_flight);
    return custom;
}

const struct service_ops custom_service = {.visit = custom_visit};
