/* custom.c — Runs a visit through the steps of the scenario, one after another.
 *
 *   visit -> step 0 -> step 1 -> … -> last step -> answer CALL_OK
 *               |         |               |
 *               +---------+---------------+------> answer, with the outcome of what failed
 *
 * What a run waits for is the step that it stands at, so `at` is its state and the step's kind
 * names it. Where several steps run together each is a branch with a call of its own, and the last
 * one back goes on with the run; `at` is the step behind them then. This is the M/M/c benchmark's
 * inner loop: between a visit and its first call there are one pool record, one draw and no branch
 * that an ordinary run takes twice. */
#include "services/custom/custom.h"

#include "services/base/pool.h"
#include "services/port/schema.h"

struct run {
    struct call call; /* What it waits for. First, so that a call is its run. */
    struct custom *custom;
    struct visit *visit; /* Borrowed until it is answered. */
    uint8_t at;          /* The step that it waits for. */
    uint8_t branches;    /* Under way. */
    uint8_t failed;      /* enum call_outcome of the first branch that did; CALL_OK: none. */
    bool has_acted;      /* A step of it changed something, or may have. */
};

struct branch {
    struct call call; /* First. */
    struct run *run;
    const struct custom_step *step;
};

struct custom {
    struct custom_config config;
    uint8_t together[CUSTOM_STEPS_MAX]; /* Steps that begin with this one, itself included. */
    struct ports ports;
    struct pool runs, branches;
};

static bool did_nothing(enum call_outcome outcome)
{
    return outcome == CALL_SHED || outcome == CALL_REFUSED || outcome == CALL_DENIED;
}

/* That it did not happen is true of the step; of a visit that did something before it would be a
 * lie, and who hears it asks again elsewhere. */
static enum call_outcome told(const struct run *run, enum call_outcome outcome)
{
    return did_nothing(outcome) && run->has_acted ? CALL_FAILED : outcome;
}

static void run_answer(struct run *run, enum call_outcome outcome, int64_t value)
{
    struct custom *custom = run->custom;
    struct visit *visit = run->visit;

    outcome = told(run, outcome);
    pool_give(&custom->runs, run);
    door_answer(custom->ports.door, visit, outcome, value, 0);
}

static void note_deed(struct run *run, const struct custom_step *step, enum call_outcome outcome)
{
    switch (step->kind) {
    case CUSTOM_STORE_SET:
    case CUSTOM_STORE_ADD:
    case CUSTOM_TABLE_WRITE:
    case CUSTOM_PUT:
    case CUSTOM_ASK:
        run->has_acted |= !did_nothing(outcome);
        return;
    case CUSTOM_COMPUTE:
    case CUSTOM_NATIVE:
    case CUSTOM_SLEEP:
    case CUSTOM_BLOCK:
    case CUSTOM_STORE_GET:
    case CUSTOM_TABLE_READ:
        return;
    }
}

static void run_write(struct run *run, struct call *call, uint64_t timeout_ns)
{
    const struct table_op op = {.verb = TABLE_SET,
                                .table = TABLE_CUSTOM,
                                .a = run->visit->ask.key,
                                .value = run->visit->ask.amount};

    table_write(run->custom->ports.table, call, &op, 1, timeout_ns);
}

/* The table of contents: what each kind of step asks, and of whom. */
static void run_ask(struct run *run, struct call *call, const struct custom_step *step)
{
    const struct ports *ports = &run->custom->ports;
    const struct ask *ask = &run->visit->ask;
    const uint64_t key = store_key(SPACE_CUSTOM, ask->key);

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
        run_write(run, call, step->timeout_ns);
        return;
    case CUSTOM_PUT:
        queue_put(ports->queue, call, TOPIC_CUSTOM, ask, step->timeout_ns);
        return;
    case CUSTOM_ASK:
        peer_ask(ports->peer, call, step->target, ask, step->timeout_ns);
        return;
    }
}

static uint32_t steps_together(const struct custom_config *config, uint32_t first)
{
    uint32_t end = first + 1;

    while (end < config->steps_max && config->steps[end].is_concurrent)
        end++;
    return end - first;
}

static void branch_ended(struct call *call);

static void run_part(struct run *run, uint8_t branches)
{
    struct custom *custom = run->custom;
    const struct custom_step *steps = &custom->config.steps[run->at];

    run->branches = branches;
    run->at = (uint8_t)(run->at + branches);
    for (uint32_t i = 0; i < branches; i++) {
        struct branch *branch = pool_take(&custom->branches);

        check(branch != NULL); /* There are as many as all runs can have. */
        *branch = (struct branch){.call.done = branch_ended,
                                  .call.priority = run->call.priority,
                                  .run = run,
                                  .step = &steps[i]};
        run_ask(run, &branch->call, &steps[i]);
    }
}

static void run_go_on(struct run *run, int64_t value)
{
    const struct custom *custom = run->custom;

    if (run->at == custom->config.steps_max)
        run_answer(run, CALL_OK, value);
    else if (custom->together[run->at] > 1)
        run_part(run, custom->together[run->at]);
    else
        run_ask(run, &run->call, &custom->config.steps[run->at]);
}

/* A step has ended. */
static void run_step(struct call *call)
{
    struct run *run = (struct run *)call;

    note_deed(run, &run->custom->config.steps[run->at], call->outcome);
    if (!call_is_served(call->outcome)) {
        run_answer(run, call->outcome, call->value);
        return;
    }
    run->at++;
    run_go_on(run, call->value);
}

static void branch_ended(struct call *call)
{
    struct branch *branch = (struct branch *)call;
    struct run *run = branch->run;
    int64_t value = call->value;

    note_deed(run, branch->step, call->outcome);
    if (!call_is_served(call->outcome) && run->failed == CALL_OK) {
        run->failed = (uint8_t)call->outcome;
        run->call.value = value; /* Of the run's own call, which is not under way meanwhile. */
    }
    pool_give(&run->custom->branches, branch);
    if (--run->branches > 0)
        return;
    if (run->failed != CALL_OK)
        run_answer(run, (enum call_outcome)run->failed, run->call.value);
    else
        run_go_on(run, value);
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
                        .visit = visit,
                        .failed = CALL_OK};
    run_go_on(run, 0);
}

/* Of all runs, at the step that has most. */
static uint32_t branches_most(const struct custom_config *config)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < config->steps_max; i++) {
        uint32_t together = steps_together(config, i);

        if (together > most)
            most = together;
    }
    return most > 1 ? most * config->in_flight : 0;
}

size_t custom_bytes(const struct custom_config *config)
{
    return sizeof(struct custom) + 64 + pool_bytes(sizeof(struct run), config->in_flight) +
           pool_bytes(sizeof(struct branch), branches_most(config));
}

struct custom *custom_init(const struct custom_config *config, const struct ports *ports)
{
    struct custom *custom = arena_take(ports->arena, sizeof(*custom));

    check(config->steps_max <= CUSTOM_STEPS_MAX);
    *custom = (struct custom){.config = *config, .ports = *ports};
    for (uint32_t i = 0; i < config->steps_max; i++)
        custom->together[i] = (uint8_t)steps_together(config, i);
    pool_init(&custom->runs, ports->arena, sizeof(struct run), config->in_flight);
    pool_init(&custom->branches, ports->arena, sizeof(struct branch), branches_most(config));
    return custom;
}

const struct service_ops custom_service = {.visit = custom_visit};
