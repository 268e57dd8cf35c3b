/* pipeline.c — A visit's way through the stages: its passage.
 *
 *   visit -> ACCEPT -> ROUTE -> VALIDATE -> DEPENDENCIES -> HANDLE --an answer--> VALIDATE_ANSWER
 *     |                                                       |                         |
 *     | health, late, no room: answered at once               +------an error-----> SERIALISE
 *     v                                                                                 |
 *   answer <----------------------------------------------------------------------- SEND
 *
 * A task that gave way in a line by priority ends it: shed before the handler, failed behind it.
 *
 * The states are the stages themselves. Those of a half (before HANDLE, and behind it) are one turn
 * on a core; what each of them costs is drawn when the half begins, and a passage stands at the
 * first of them until the turn is over. So the step is the same for all, and what differs between
 * them is a row of the config.
 *
 * The service inside is given a visit that lives in the passage, so that its answer finds the
 * passage by its place. What the stages behind the handler ask may be asked in another visit's step
 * (who follows in a single flight is answered in its leader's); door_stage says whose it is. */
#include "services/pipeline/pipeline.h"

#include "services/base/list.h"
#include "services/base/pool.h"

struct passage {
    struct call call; /* What it waits for. First, so that a call is its passage. */
    struct pipeline *pipeline;
    struct visit *visit; /* Borrowed until it is answered. */
    struct visit inner;  /* Lent to the service inside until that answers it. */
    enum visit_stage stage;
    uint64_t work_ns[VISIT_STAGES]; /* Of this half. */
    enum call_outcome outcome;      /* The answer, once there is one. */
    uint32_t bytes;
    int64_t value;
};

struct pipeline {
    struct pipeline_config config;
    struct ports ports;
    struct door door; /* The inner service's. */
    const struct service_ops *inner_ops;
    void *inner_service;
    struct pool passages;
};

static void passage_answer(struct passage *passage)
{
    struct pipeline *pipeline = passage->pipeline;
    struct visit *visit = passage->visit;
    enum call_outcome outcome = passage->outcome;
    int64_t value = passage->value;
    uint32_t bytes = passage->bytes;

    pool_give(&pipeline->passages, passage);
    door_answer(pipeline->ports.door, visit, outcome, value, bytes);
}

static void passage_handle(struct passage *passage)
{
    const struct pipeline *pipeline = passage->pipeline;

    passage->stage = STAGE_HANDLE;
    door_stage(pipeline->ports.door, passage->visit, STAGE_HANDLE, 0);
    passage->inner = (struct visit){.ask = passage->visit->ask};
    pipeline->inner_ops->visit(pipeline->inner_service, &passage->inner);
}

/* A half is over. */
static void passage_go_on(struct passage *passage)
{
    if (passage->stage < STAGE_HANDLE)
        passage_handle(passage);
    else
        passage_answer(passage);
}

static bool is_end(enum visit_stage stage)
{
    return stage == STAGE_HANDLE || stage == VISIT_STAGES;
}

/* From this stage to its half's end. */
static uint64_t passage_work_ns(const struct passage *passage, enum visit_stage from)
{
    uint64_t sum_ns = 0;

    for (enum visit_stage stage = from; !is_end(stage); stage++)
        sum_ns += passage->work_ns[stage];
    return sum_ns;
}

static void passage_draw(struct passage *passage, enum visit_stage from, uint32_t bytes)
{
    const struct pipeline *pipeline = passage->pipeline;

    for (enum visit_stage stage = from; !is_end(stage); stage++) {
        const struct pipeline_cost *cost = &pipeline->config.costs[stage];

        passage->work_ns[stage] =
            dist_draw_ns(&cost->work, pipeline->ports.dice) + cost->kib_ns * bytes / 1024;
    }
}

/* The half that begins with this stage. */
static void passage_begin(struct passage *passage, enum visit_stage from, uint32_t bytes)
{
    const struct ports *ports = &passage->pipeline->ports;
    uint64_t work_ns;

    passage_draw(passage, from, bytes);
    work_ns = passage_work_ns(passage, from);
    passage->stage = from;
    if (work_ns == 0) {
        passage_go_on(passage);
        return;
    }
    while (passage->work_ns[passage->stage] == 0)
        passage->stage++;
    door_stage(ports->door, passage->visit, passage->stage, 0);
    cpu_run(ports->cpu, &passage->call, work_ns);
}

/* The turn is over: where its later stages began follows from what is behind them. */
static void passage_name_stages(const struct passage *passage)
{
    const struct pipeline *pipeline = passage->pipeline;

    for (enum visit_stage stage = passage->stage + 1; !is_end(stage); stage++) {
        double behind_ns = (double)passage_work_ns(passage, stage) / pipeline->config.speed;

        if (passage->work_ns[stage] > 0)
            door_stage(pipeline->ports.door, passage->visit, stage, (uint64_t)(behind_ns + 0.5));
    }
}

/* Its task gave way in the line. Before the handler nothing has happened; behind it perhaps much
 * has, and the answer is lost. */
static void passage_give_up(struct passage *passage)
{
    passage->outcome = passage->stage < STAGE_HANDLE ? CALL_SHED : CALL_FAILED;
    passage->value = 0;
    passage->bytes = 0;
    passage_answer(passage);
}

static void passage_step(struct call *call)
{
    struct passage *passage = (struct passage *)call;

    if (call->outcome != CALL_OK) {
        passage_give_up(passage);
        return;
    }
    passage_name_stages(passage);
    passage_go_on(passage);
}

/* ---- The service inside ---------------------------------------------------------------------- */

static struct passage *passage_of(struct visit *inner)
{
    return list_entry(inner, struct passage, inner);
}

static void inner_answer(struct door *door, struct visit *inner, enum call_outcome outcome,
                         int64_t value, uint32_t bytes)
{
    struct passage *passage = passage_of(inner);
    bool is_error = !call_is_served(outcome);

    (void)door;
    passage->outcome = outcome;
    passage->value = value;
    passage->bytes = bytes;
    passage_begin(passage, is_error ? STAGE_SERIALISE : STAGE_VALIDATE_ANSWER, bytes);
}

/* It may have stages of its own. */
static void inner_stage(struct door *door, struct visit *inner, enum visit_stage stage,
                        uint64_t ago_ns)
{
    struct pipeline *pipeline = list_entry(door, struct pipeline, door);

    door_stage(pipeline->ports.door, passage_of(inner)->visit, stage, ago_ns);
}

static const struct door_ops inner_door_ops = {.answer = inner_answer, .stage = inner_stage};

struct ports pipeline_inner(struct pipeline *pipeline)
{
    struct ports ports = pipeline->ports;

    ports.door = &pipeline->door;
    return ports;
}

void pipeline_surround(struct pipeline *pipeline, const struct service_ops *ops, void *service)
{
    pipeline->inner_ops = ops;
    pipeline->inner_service = service;
}

/* ---- The door -------------------------------------------------------------------------------- */

/* How a visit is answered before any work; CALL_IDLE: it is not. */
static enum call_outcome pipeline_judge(const struct pipeline *pipeline, const struct ask *ask)
{
    if (ask->verb == VERB_HEALTH)
        return CALL_OK;
    if (ask_is_late(ask, timer_now_ns(pipeline->ports.timer)))
        return CALL_TIMEOUT;
    return CALL_IDLE;
}

static void pipeline_visit(void *service, struct visit *visit)
{
    struct pipeline *pipeline = service;
    enum call_outcome verdict = pipeline_judge(pipeline, &visit->ask);
    struct passage *passage = NULL;

    if (verdict == CALL_IDLE) {
        passage = pool_take(&pipeline->passages);
        verdict = CALL_SHED;
    }
    if (passage == NULL) {
        door_answer(pipeline->ports.door, visit, verdict, 0, 0);
        return;
    }
    *passage = (struct passage){.call.done = passage_step,
                                .call.priority = visit->ask.priority,
                                .pipeline = pipeline,
                                .visit = visit};
    passage_begin(passage, STAGE_ACCEPT, visit->ask.bytes);
}

static void pipeline_start(void *service)
{
    struct pipeline *pipeline = service;

    if (pipeline->inner_ops->start != NULL)
        pipeline->inner_ops->start(pipeline->inner_service);
}

bool pipeline_is_free(const struct pipeline_config *config)
{
    for (int stage = STAGE_ACCEPT; stage < VISIT_STAGES; stage++)
        if (config->costs[stage].work.mean > 0 || config->costs[stage].kib_ns > 0)
            return false;
    return true;
}

size_t pipeline_bytes(const struct pipeline_config *config)
{
    return sizeof(struct pipeline) + 64 + pool_bytes(sizeof(struct passage), config->in_flight);
}

struct pipeline *pipeline_init(const struct pipeline_config *config, const struct ports *ports)
{
    struct pipeline *pipeline = arena_take(ports->arena, sizeof(*pipeline));

    *pipeline = (struct pipeline){.config = *config, .ports = *ports, .door.ops = &inner_door_ops};
    pool_init(&pipeline->passages, ports->arena, sizeof(struct passage), config->in_flight);
    return pipeline;
}

const struct service_ops pipeline_service = {.visit = pipeline_visit, .start = pipeline_start};
