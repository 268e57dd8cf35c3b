/* stage.c — Ports that write down what they are asked and answer nothing.
 *
 * Every port is a member of the stage, so a port's table finds the stage by its place. From top to
 * bottom: what the service says, how the test hears it, setting up. stage_expect.c has one
 * expectation per verb. */
#include "tests/lib/test.h"
#include "tests/lib/stage.h"

#include <string.h>

#include "services/base/list.h"

enum { SERVICE_BYTES = 64 << 20, COPIES_BYTES = 64 << 20, TOLD_MAX = 12 };
static const uint64_t curtain_ns = 1000000000; /* Not 0, so that a forgotten clock shows. */

#define stage_of(port_pointer, member) list_entry(port_pointer, struct stage, member)

/* ---- What the service says ---------------------------------------------------------------- */

static void say(struct stage *stage, struct line line)
{
    assert_true(stage->said - stage->heard < LINES_MAX);
    line.said_ns = stage->now_ns;
    line.is_open = line.call != NULL;
    stage->lines[stage->said++ % LINES_MAX] = line;
}

static void door_says(struct door *door, struct visit *visit, enum call_outcome outcome,
                      int64_t value, uint32_t bytes)
{
    struct stage *stage = stage_of(door, door);

    assert_ptr_equal(visit->world[0], stage); /* Else: answered twice. */
    visit->world[0] = NULL;
    say(stage, (struct line){.kind = LINE_ANSWER,
                             .visit = visit,
                             .outcome = outcome,
                             .value = value,
                             .bytes = bytes});
}

static void door_remarks(struct door *door, struct visit *visit, enum visit_stage at,
                         uint64_t ago_ns)
{
    struct stage *stage = stage_of(door, door);

    assert_ptr_equal(visit->world[0], stage); /* Else: it was answered before. */
    say(stage, (struct line){.kind = LINE_STAGE, .visit = visit, .n = at, .delay_ns = ago_ns});
}

static uint64_t timer_tells(struct timer *timer)
{
    return stage_of(timer, timer)->now_ns;
}

static void timer_says(struct timer *timer, struct call *call, uint64_t delay_ns)
{
    say(stage_of(timer, timer),
        (struct line){.kind = LINE_SLEEP, .call = call, .delay_ns = delay_ns});
}

static void cpu_says(struct cpu *cpu, struct call *call, enum cpu_kind kind, uint64_t ns)
{
    static const enum line_kind lines[] = {
        [CPU_OWN] = LINE_CPU, [CPU_NATIVE] = LINE_NATIVE, [CPU_BLOCK] = LINE_BLOCK};

    say(stage_of(cpu, cpu), (struct line){.kind = lines[kind], .call = call, .delay_ns = ns});
}

static void peer_says(struct peer *peer, struct call *call, uint32_t target, const struct ask *ask,
                      uint64_t timeout_ns)
{
    say(stage_of(peer, peer), (struct line){.kind = LINE_PEER,
                                            .call = call,
                                            .target = target,
                                            .ask = *ask,
                                            .timeout_ns = timeout_ns});
}

static void store_says(struct store *store, struct call *call, const struct store_asked *asked,
                       uint64_t timeout_ns)
{
    static const enum line_kind kinds[] = {
        [STORE_GET] = LINE_STORE_GET,         [STORE_SET] = LINE_STORE_SET,
        [STORE_SET_NEW] = LINE_STORE_SET_NEW, [STORE_ADD] = LINE_STORE_ADD,
        [STORE_EXPIRE] = LINE_STORE_EXPIRE,   [STORE_ADD_IF_NEW] = LINE_STORE_ADD_IF_NEW};

    say(stage_of(store, store), (struct line){.kind = kinds[asked->verb],
                                              .call = call,
                                              .a = asked->key,
                                              .b = asked->member,
                                              .counter = asked->counter,
                                              .value = asked->value,
                                              .bytes = asked->bytes,
                                              .ttl_ns = asked->ttl_ns,
                                              .timeout_ns = timeout_ns});
}

static void put_says(struct queue *queue, struct call *call, uint32_t topic, const struct ask *ask,
                     uint64_t timeout_ns)
{
    say(stage_of(queue, queue), (struct line){.kind = LINE_PUT,
                                              .call = call,
                                              .target = topic,
                                              .ask = *ask,
                                              .timeout_ns = timeout_ns});
}

static void take_says(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                      uint64_t wait_ns, uint64_t timeout_ns)
{
    say(stage_of(queue, queue), (struct line){.kind = LINE_TAKE,
                                              .call = call,
                                              .target = topic,
                                              .n = max,
                                              .delay_ns = wait_ns,
                                              .timeout_ns = timeout_ns});
}

static void commit_says(struct queue *queue, struct call *call, uint32_t topic, uint32_t partition,
                        uint64_t next_offset, uint64_t timeout_ns)
{
    say(stage_of(queue, queue), (struct line){.kind = LINE_COMMIT,
                                              .call = call,
                                              .target = topic,
                                              .n = partition,
                                              .a = next_offset,
                                              .timeout_ns = timeout_ns});
}

static void read_says(struct table *table, struct call *call, enum table_read how, uint8_t of,
                      uint64_t a, uint64_t b, uint64_t timeout_ns)
{
    say(stage_of(table, table), (struct line){.kind = LINE_TABLE_READ,
                                              .call = call,
                                              .how = how,
                                              .table = of,
                                              .a = a,
                                              .b = b,
                                              .timeout_ns = timeout_ns});
}

static void write_says(struct table *table, struct call *call, const struct table_op *ops,
                       uint32_t ops_max, uint64_t timeout_ns)
{
    struct stage *stage = stage_of(table, table);
    struct table_op *copy = arena_take(&stage->copies, ops_max * sizeof(*ops));

    memcpy(copy, ops, ops_max * sizeof(*ops));
    say(stage, (struct line){.kind = LINE_TABLE_WRITE,
                             .call = call,
                             .ops = copy,
                             .n = ops_max,
                             .timeout_ns = timeout_ns});
}

static void fleet_tells(struct fleet *fleet, struct fleet_view *view)
{
    *view = stage_of(fleet, fleet)->view;
}

static void fleet_says(struct fleet *fleet, uint32_t replicas)
{
    say(stage_of(fleet, fleet), (struct line){.kind = LINE_RESIZE, .target = replicas});
}

static void issue_says(struct tokens *tokens, struct call *call, const struct token_order *order)
{
    say(stage_of(tokens, tokens),
        (struct line){.kind = LINE_ISSUE, .call = call, .order = *order, .a = order->renews});
}

static void verify_says(struct tokens *tokens, struct call *call, uint64_t token,
                        enum token_part part)
{
    say(stage_of(tokens, tokens),
        (struct line){.kind = LINE_VERIFY, .call = call, .a = token, .part = part});
}

static void drop_says(struct tokens *tokens, uint64_t token)
{
    say(stage_of(tokens, tokens), (struct line){.kind = LINE_DROP, .a = token});
}

static void lay_says(struct memory *memory, const struct memory_layout *layout)
{
    stage_of(memory, memory)->layout = *layout;
}

static void memory_add_says(struct memory *memory, struct call *call, uint32_t slot, uint64_t adds)
{
    say(stage_of(memory, memory),
        (struct line){.kind = LINE_MEMORY_ADD, .call = call, .a = slot, .b = adds});
}

static void memory_read_says(struct memory *memory, struct call *call, uint32_t slot)
{
    say(stage_of(memory, memory), (struct line){.kind = LINE_MEMORY_READ, .call = call, .a = slot});
}

static const struct door_ops door_ops = {.answer = door_says, .stage = door_remarks};
static const struct timer_ops timer_ops = {.now_ns = timer_tells, .sleep = timer_says};
static const struct cpu_ops cpu_ops = {.run = cpu_says};
static const struct peer_ops peer_ops = {.ask = peer_says};
static const struct store_ops store_ops = {.ask = store_says};
static const struct queue_ops queue_ops = {
    .put = put_says, .take = take_says, .commit = commit_says};
static const struct queue_ops work_queue_ops = {
    .put = put_says, .take = take_says, .commit = commit_says, .is_work_queue = true};
static const struct table_ops table_ops = {.read = read_says, .write = write_says};
static const struct fleet_ops fleet_ops = {.look = fleet_tells, .resize = fleet_says};
static const struct tokens_ops tokens_ops = {
    .issue = issue_says, .verify = verify_says, .drop = drop_says};
static const struct memory_ops memory_ops = {
    .lay = lay_says, .add = memory_add_says, .read = memory_read_says};

/* ---- How the test hears it ---------------------------------------------------------------- */

static const char *const kind_names[LINE_KINDS] = {
    [LINE_ANSWER] = "answer",
    [LINE_STAGE] = "stage",
    [LINE_SLEEP] = "sleep",
    [LINE_CPU] = "cpu",
    [LINE_NATIVE] = "cpu_native",
    [LINE_BLOCK] = "cpu_block",
    [LINE_PEER] = "peer",
    [LINE_STORE_GET] = "store_get",
    [LINE_STORE_SET] = "store_set",
    [LINE_STORE_SET_NEW] = "store_set_new",
    [LINE_STORE_ADD] = "store_add",
    [LINE_STORE_EXPIRE] = "store_expire",
    [LINE_STORE_ADD_IF_NEW] = "store_add_if_new",
    [LINE_PUT] = "queue_put",
    [LINE_TAKE] = "queue_take",
    [LINE_COMMIT] = "queue_commit",
    [LINE_TABLE_READ] = "table_read",
    [LINE_TABLE_WRITE] = "table_write",
    [LINE_RESIZE] = "fleet_resize",
    [LINE_ISSUE] = "tokens_issue",
    [LINE_VERIFY] = "tokens_verify",
    [LINE_DROP] = "tokens_drop",
    [LINE_MEMORY_ADD] = "memory_add",
    [LINE_MEMORY_READ] = "memory_read",
};

/* The last lines of the dialogue, so that a failure shows what led to it. */
static void tell_dialogue(const struct stage *stage)
{
    uint64_t first = stage->said > TOLD_MAX ? stage->said - TOLD_MAX : 0;

    for (uint64_t i = first; i < stage->said; i++) {
        const struct line *line = &stage->lines[i % LINES_MAX];

        print_error("  %s %s  a=%llu b=%llu target=%u n=%u value=%lld outcome=%d\n",
                    i < stage->heard ? "heard" : "said ", kind_names[line->kind],
                    (unsigned long long)line->a, (unsigned long long)line->b, line->target, line->n,
                    (long long)line->value, (int)line->outcome);
    }
}

struct line *stage_hear(struct stage *stage, enum line_kind kind)
{
    struct line *line = &stage->lines[stage->heard % LINES_MAX];

    if (stage->heard == stage->said) {
        tell_dialogue(stage);
        fail_msg("expected %s, but the service is silent", kind_names[kind]);
    }
    if (line->kind != kind) {
        tell_dialogue(stage);
        fail_msg("expected %s, but the service said %s", kind_names[kind], kind_names[line->kind]);
    }
    stage->heard++;
    return line;
}

void stage_reply(struct stage *stage, struct line *line, enum call_outcome outcome, int64_t value)
{
    uint64_t wake_ns = line->said_ns + line->delay_ns;

    if (line->call == NULL || outcome == CALL_PENDING)
        return;
    assert_true(line->is_open); /* Else: replied to twice. */
    line->is_open = false;
    if ((line->kind == LINE_SLEEP || line->kind == LINE_BLOCK) && wake_ns > stage->now_ns)
        stage->now_ns = wake_ns;
    call_complete(line->call, outcome, value);
}

void expect_silence(struct stage *stage)
{
    if (stage->heard == stage->said)
        return;
    tell_dialogue(stage);
    fail_msg("expected silence, but the service said %s",
             kind_names[stage->lines[stage->heard % LINES_MAX].kind]);
}

/* ---- Setting up ----------------------------------------------------------------------------- */

void stage_open(struct stage *stage)
{
    *stage = (struct stage){
        .door.ops = &door_ops,
        .timer.ops = &timer_ops,
        .cpu.ops = &cpu_ops,
        .peer.ops = &peer_ops,
        .store.ops = &store_ops,
        .queue.ops = &queue_ops,
        .table.ops = &table_ops,
        .fleet.ops = &fleet_ops,
        .tokens.ops = &tokens_ops,
        .memory.ops = &memory_ops,
        .now_ns = curtain_ns,
        .ports = {.door = &stage->door,
                  .timer = &stage->timer,
                  .cpu = &stage->cpu,
                  .peer = &stage->peer,
                  .store = &stage->store,
                  .queue = &stage->queue,
                  .table = &stage->table,
                  .fleet = &stage->fleet,
                  .tokens = &stage->tokens,
                  .memory = &stage->memory,
                  .dice = &stage->dice,
                  .arena = &stage->arena},
    };
    assert_true(arena_open(&stage->arena, SERVICE_BYTES));
    assert_true(arena_open(&stage->copies, COPIES_BYTES));
    dice_init(&stage->dice, 1, "stage");
}

void stage_has_work_queue(struct stage *stage)
{
    stage->queue.ops = &work_queue_ops;
}

void stage_start(struct stage *stage, const struct service_ops *ops, void *service)
{
    stage->ops = ops;
    stage->service = service;
    if (ops->start != NULL)
        ops->start(service);
}

void stage_close(struct stage *stage)
{
    arena_close(&stage->arena);
    arena_close(&stage->copies);
}

struct visit *stage_ask(struct stage *stage, const struct ask *ask)
{
    struct visit *visit = &stage->visits[stage->visits_made++ % VISITS_MAX];

    assert_null(visit->world[0]); /* Else: VISITS_MAX visits are open at once. */
    *visit = (struct visit){.ask = *ask, .world[0] = stage};
    stage->ops->visit(stage->service, visit);
    return visit;
}

struct visit *stage_visit(struct stage *stage, enum verb verb, uint64_t key, uint64_t user)
{
    return stage_ask(stage, &(struct ask){.verb = (uint8_t)verb, .key = key, .user = user});
}
