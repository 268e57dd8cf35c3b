/* tracing.c — What happens in the world, as spans with causes. */
#include "sim/world/tracing.h"

#include "sim/world/world_inside.h"

static uint32_t begin(struct world *world, enum span_kind kind, uint32_t parent,
                      const struct node *node)
{
    return trace_begin(world->trace, kind, parent, node->id, world_now_ns(world));
}

void tracing_opens(struct world *world)
{
    for (uint32_t i = 0; i < world->nodes_max; i++)
        trace_name_node(world->trace, i, world->nodes[i].name);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static uint32_t cause_of(const struct op *op)
{
    const struct world *world = op->node->world;

    return op->node == world->clients_node ? trace_root(world->trace, op->call) : world->cause;
}

void tracing_asked(struct op *op)
{
    static const uint8_t kinds[OP_KINDS] = {
        [OP_CPU] = SPAN_CPU,     [OP_TIMER] = SPAN_TIMER,   [OP_PEER] = SPAN_ASK,
        [OP_STORE] = SPAN_STORE, [OP_QUEUE] = SPAN_QUEUE,   [OP_TABLE] = SPAN_TABLE,
        [OP_BLOCK] = SPAN_BLOCK, [OP_TOKENS] = SPAN_TOKENS, [OP_MEMORY] = SPAN_MEMORY,
    };
    struct world *world = op->node->world;
    const struct node *node = op->kind == OP_PEER ? ((struct exchange *)op)->to : op->node;
    uint32_t span = begin(world, kinds[op->kind], cause_of(op), node);

    if (span != 0)
        world->trace->spans[span].is_behind = op->call == NULL;
    op->timer.note = span;
    op->event.note = 0;
}

uint32_t tracing_ends(struct op *op, enum call_outcome outcome)
{
    return trace_end(op->node->world->trace, op->timer.note, world_now_ns(op->node->world),
                     outcome);
}

/* Signing and checking tokens is work on a core, too. */
static bool is_task(const struct op *op)
{
    return op->timer.note != 0 && (op->kind == OP_CPU || op->kind == OP_TOKENS);
}

/* What lies between two runs, or between the asking and the first, is a wait. */
void tracing_runs(struct op *task)
{
    struct world *world = task->node->world;
    struct trace *trace = world->trace;
    struct trace_span *last = &trace->spans[task->event.note];
    uint64_t now_ns = world_now_ns(world), since_ns = task->asked_ns;

    if (!is_task(task))
        return;
    if (task->event.note != 0 && last->end_ns == now_ns) {
        last->outcome = CALL_PENDING; /* It goes on at once. */
        return;
    }
    if (task->event.note != 0)
        since_ns = last->end_ns;
    if (since_ns < now_ns)
        trace_end(trace, trace_begin(trace, SPAN_WAIT, task->timer.note, task->node->id, since_ns),
                  now_ns, CALL_OK);
    task->event.note = begin(world, SPAN_RUN, task->timer.note, task->node);
}

void tracing_stops(struct op *task)
{
    struct world *world = task->node->world;

    if (is_task(task))
        trace_end(world->trace, task->event.note, world_now_ns(world), CALL_OK);
}

/* ---- Visits ---------------------------------------------------------------------------------- */

void tracing_enters(struct exchange *exchange)
{
    exchange->span = begin(exchange->to->world, SPAN_VISIT, exchange->op.timer.note, exchange->to);
    exchange->stage_span = 0;
}

void tracing_waits_at_the_door(struct exchange *exchange)
{
    exchange->stage_span = begin(exchange->to->world, SPAN_WAIT, exchange->span, exchange->to);
}

void tracing_handed_over(struct exchange *exchange)
{
    struct world *world = exchange->to->world;

    trace_end(world->trace, exchange->stage_span, world_now_ns(world), CALL_OK);
    exchange->stage_span = 0;
    world->cause = exchange->span;
}

/* The last child of that kind, if it has just ended; 0: there is none. */
static uint32_t just_ended(const struct world *world, uint32_t parent, enum span_kind kind)
{
    const struct trace *trace = world->trace;

    for (uint32_t i = trace->spans_max - 1; i > parent; i--)
        if (trace->spans[i].parent == parent && trace->spans[i].kind == kind)
            return trace->spans[i].end_ns == world_now_ns(world) ? i : 0;
    return 0;
}

/* A turn on a core that is over is parted between two stages: what it did since the second began is
 * that one's. */
static void part(struct world *world, uint32_t first, uint32_t second, const struct node *node)
{
    struct trace *trace = world->trace;
    uint32_t task = just_ended(world, first, SPAN_CPU);
    uint32_t run = task == 0 ? 0 : just_ended(world, task, SPAN_RUN);
    uint64_t from_ns = trace->spans[second].begin_ns, now_ns = world_now_ns(world);

    if (run == 0 || trace->spans[run].begin_ns > from_ns)
        return;
    trace->spans[task].end_ns = trace->spans[run].end_ns = from_ns;
    task = trace_begin(trace, SPAN_CPU, second, node->id, from_ns);
    run = trace_begin(trace, SPAN_RUN, task, node->id, from_ns);
    trace_end(trace, run, now_ns, CALL_OK);
    trace_end(trace, task, now_ns, CALL_OK);
}

void tracing_staged(struct exchange *exchange)
{
    struct world *world = exchange->to->world;
    uint32_t before = exchange->stage_span;
    uint32_t stage = trace_begin(world->trace, SPAN_STAGE, exchange->span, exchange->to->id,
                                 exchange->staged_ns);

    trace_end(world->trace, before, exchange->staged_ns, CALL_OK);
    if (stage != 0) {
        world->trace->spans[stage].stage = exchange->stage;
        if (before != 0 && exchange->staged_ns < world_now_ns(world))
            part(world, before, stage, exchange->to);
    }
    exchange->stage_span = stage;
    world->cause = stage;
}

void tracing_leaves(struct exchange *exchange, enum call_outcome outcome)
{
    struct world *world = exchange->to->world;

    trace_end(world->trace, exchange->stage_span, world_now_ns(world), outcome);
    trace_end(world->trace, exchange->span, world_now_ns(world), outcome);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void heard_offered(void *context, const struct request *request)
{
    struct world *world = context;

    trace_offer(world->trace, &request->call, &request->ask, world->clients_node->id,
                request->intended_ns);
    world->ears.offered(&world->audit, request);
}

static void heard_tried(void *context, const struct request *request)
{
    struct world *world = context;

    world->ears.tried(&world->audit, request);
}

static void heard_finished(void *context, const struct request *request, enum call_outcome outcome,
                           bool is_late)
{
    struct world *world = context;
    const struct trace_ending ending = {.intended_ns = request->intended_ns,
                                        .now_ns = world_now_ns(world),
                                        .tries = request->attempts,
                                        .outcome = outcome,
                                        .is_late = is_late,
                                        .is_counted =
                                            request->intended_ns >= world->scenario->warmup_ns};

    trace_finish(world->trace, &request->call, &ending);
    world->ears.finished(&world->audit, request, outcome, is_late);
}

static void heard_token(void *context, const struct token_news *news)
{
    struct world *world = context;

    world->ears.token(&world->audit, news);
}

const struct clients_ears tracing_ears = {heard_offered, heard_tried, heard_finished, heard_token};
