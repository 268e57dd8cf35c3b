/* processor.c — Cores, the line before them, slices, and a lock that lets one compute at a time.
 *
 *     run --has the lock, core free--> RUNNING --done---------------> op_end
 *      |                                ^   |
 *      | all cores busy                 |   | slice used up, others wait
 *      v                                |   v
 *     WAITING FOR A CORE ---------------+   WAITING FOR A CORE (at the end of the line)
 *      ^      |                             |
 *      |      +-- somebody more urgent came, and the line was full --> op_end, shed
 *      | the lock is let go of              | asked to drop the lock
 *     WAITING FOR THE LOCK (gil.h) <--------+
 *
 * Without such a lock everybody has it. A task that runs alone is not sliced: with nobody waiting
 * its next slice follows at once. Who holds the lock keeps it while it waits for a core, as a
 * thread does that the system has taken off its core.
 *
 * A blocking call of a thread or a process is a nap that is counted as such. On an event loop it
 * takes its turn in the line like any task; the node then is as one that was stopped (node.h), save
 * that it stopped itself, and what its handlers had in line before goes first. */
#include "sim/world/processor.h"

#include "services/base/number.h"
#include "sim/world/tracing.h"
#include "sim/world/world_inside.h"

static void turn_ends(struct event *event);  /* Of an event loop, … */
static void piece_ends(struct event *event); /* … and of a thread or a process. */
static void call_returns(struct event *event);

void processor_init(struct processor *processor, const struct service_spec *spec, uint32_t replica)
{
    *processor = (struct processor){.cores = spec->cores,
                                    .speed = service_speed(spec, replica),
                                    .queue = spec->queue,
                                    .in_flight = spec->in_flight,
                                    .workers = service_workers(spec),
                                    .has_processes = spec->runtime == RUNTIME_PROCESSES};
    if (spec->runtime != RUNTIME_EVENT_LOOP)
        processor->quantum_ns = spec->quantum_ns;
    gil_init(&processor->gil, spec->runtime == RUNTIME_GIL_THREADS ? spec->switch_interval_ns : 0);
    ranks_init(&processor->waiting);
    list_init(&processor->running);
    list_init(&processor->blocking);
    door_line_init(&processor->door, spec->line);
}

/* ---- What is counted ------------------------------------------------------------------------- */

static uint32_t computing(const struct processor *processor)
{
    return processor->busy - processor->blocked;
}

static void change(struct node *node, struct usage *usage, uint32_t before, uint32_t now)
{
    if (before != now)
        usage_change(usage, world_now_ns(node->world), usage->busy.value - before + now);
}

struct before { /* What was busy before something happened. */
    uint32_t computing, blocked;
    bool is_locked;
};

static struct before look(const struct node *node)
{
    const struct processor *processor = &node->processor;

    return (struct before){computing(processor), processor->blocked, processor->gil.holder != NULL};
}

static void note(struct node *node, struct before before)
{
    struct group *group = node->group;
    const struct processor *processor = &node->processor;

    if (before.computing != computing(processor)) {
        change(node, &group->cores, before.computing, computing(processor));
        area_change(&node->processor.computing, world_now_ns(node->world), computing(processor));
    }
    change(node, &group->workers, before.blocked, processor->blocked);
    change(node, &group->gil, before.is_locked, processor->gil.holder != NULL);
    node->world->touched = node;
}

static void note_workers(struct node *node, uint32_t before)
{
    change(node, &node->group->workers, before, node->processor.workers_held);
}

void processor_take_worker(struct node *node)
{
    check(processor_has_free_worker(&node->processor));
    node->processor.workers_held++;
    note_workers(node, node->processor.workers_held - 1);
}

void processor_free_worker(struct node *node)
{
    check(node->processor.workers_held > 0);
    node->processor.workers_held--;
    note_workers(node, node->processor.workers_held + 1);
}

/* ---- A core ---------------------------------------------------------------------------------- */

/* How long it runs before somebody may have to go on in its place. */
static uint64_t piece_ns(struct node *node, const struct task *task)
{
    struct processor *processor = &node->processor;
    uint64_t piece = task->left_ns, now_ns = world_now_ns(node->world), asked_ns;

    if (processor->quantum_ns > 0 && piece > processor->quantum_ns)
        piece = processor->quantum_ns;
    if (processor->gil.holder != task)
        return piece;
    asked_ns = gil_asked_ns(&processor->gil, now_ns + piece);
    if (asked_ns >= now_ns + piece)
        return piece;
    return asked_ns > now_ns ? asked_ns - now_ns : 0;
}

static void start(struct node *node, struct task *task)
{
    struct processor *processor = &node->processor;

    task->piece_ns = piece_ns(node, task);
    if (node->world->trace != NULL)
        tracing_runs(&task->op);
    list_push_last(&processor->running, &task->link);
    task->is_running = true;
    processor->busy++;
    processor->blocked += task->kind == CPU_BLOCK;
    task->due_ns = world_now_ns(node->world) + task->piece_ns;
    event_at(node->world->parts.events, &task->op.event, task->due_ns);
}

static void stop(struct node *node, struct task *task)
{
    struct processor *processor = &node->processor;

    if (node->world->trace != NULL)
        tracing_stops(&task->op);
    list_remove(&processor->running, &task->link);
    task->is_running = false;
    task->left_ns -= task->piece_ns;
    processor->busy--;
    processor->blocked -= task->kind == CPU_BLOCK;
}

/* With workers the wait that is told of is the one for a worker, at the door: a thread that has
 * been given comes and goes between the cores many times. */
static void enter_line(struct node *node, const struct task *task)
{
    if (node->processor.workers > 0)
        return;
    line_enter(&node->group->wait, task->since_ns);
    group_note_line(node->group, node->processor.waiting.length);
}

static void leave_line(struct node *node, const struct task *task)
{
    uint64_t now_ns = world_now_ns(node->world);

    if (node->processor.workers == 0)
        line_leave(&node->group->wait, now_ns, now_ns - task->since_ns);
}

static void start_next(struct node *node)
{
    struct link *first = ranks_take_first(&node->processor.waiting);

    if (first == NULL)
        return;

    struct task *task = list_entry(first, struct task, link);

    leave_line(node, task);
    start(node, task);
}

/* With the planted bug a core that has come free is left idle now and then. */
static bool takes_next(const struct node *node)
{
    return !world_has_planted(node->world, PLANT_IDLE_CORE) ||
           node->processor.waiting.length % 7 != 6;
}

static void wait_in_line(struct node *node, struct task *task)
{
    task->since_ns = world_now_ns(node->world);
    ranks_push(&node->processor.waiting, &task->link, task->rank);
    enter_line(node, task);
}

static void want_core(struct node *node, struct task *task)
{
    const struct processor *processor = &node->processor;

    if (processor->busy == processor->cores) {
        wait_in_line(node, task);
        return;
    }
    if (processor->workers == 0)
        line_pass(&node->group->wait);
    start(node, task);
}

/* ---- The lock -------------------------------------------------------------------------------- */

static bool wants_gil(const struct processor *processor, const struct task *task)
{
    return processor->gil.interval_ns > 0 && task->kind == CPU_OWN;
}

/* With the planted bug some of them forget to take it. */
static bool takes_gil(const struct node *node, const struct task *task)
{
    return wants_gil(&node->processor, task) &&
           !(world_has_planted(node->world, PLANT_FORGETS_LOCK) && task->left_ns % 7 == 0);
}

/* Somebody waits now, who will ask before the piece under way would end. */
static void cut_short(struct node *node)
{
    struct task *holder = node->processor.gil.holder;
    uint64_t now_ns = world_now_ns(node->world), asked_ns;

    if (!holder->is_running)
        return;
    asked_ns = gil_asked_ns(&node->processor.gil, holder->due_ns);
    if (asked_ns < now_ns) /* The holder was waiting for a core then. */
        asked_ns = now_ns;
    if (asked_ns >= holder->due_ns)
        return;
    holder->piece_ns -= holder->due_ns - asked_ns;
    holder->due_ns = asked_ns;
    event_at(node->world->parts.events, &holder->op.event, holder->due_ns);
}

static void want_gil(struct node *node, struct task *task)
{
    struct gil *gil = &node->processor.gil;

    if (gil_enter(gil, task, world_now_ns(node->world))) {
        line_pass(&node->group->gil_wait);
        want_core(node, task);
        return;
    }
    line_enter(&node->group->gil_wait, task->since_ns);
    cut_short(node);
}

static void let_go_of_gil(struct node *node)
{
    uint64_t now_ns = world_now_ns(node->world);
    struct task *next = gil_leave(&node->processor.gil, now_ns);

    if (next == NULL)
        return;
    line_leave(&node->group->gil_wait, now_ns, now_ns - next->since_ns);
    wait_in_line(node, next); /* The core that has just come free may be another's turn. */
}

/* Holds the lock, has work left, and was asked to drop it. */
static bool must_drop(struct node *node, const struct task *task)
{
    struct gil *gil = &node->processor.gil;
    uint64_t now_ns = world_now_ns(node->world);

    return gil->holder == task && gil_asked_ns(gil, now_ns) <= now_ns;
}

static void drop_gil(struct node *node, struct task *task)
{
    let_go_of_gil(node);
    want_gil(node, task);
}

/* ---- From the asking to the end -------------------------------------------------------------- */

static uint64_t scaled_ns(const struct processor *processor, uint64_t work_ns)
{
    if (processor->speed == 1.0)
        return work_ns;
    return number_round((double)work_ns / processor->speed);
}

/* A thread or a process waits, and nobody else: no core, no lock. */
static void block(struct node *node, struct task *task)
{
    uint64_t now_ns = world_now_ns(node->world);

    list_push_last(&node->processor.blocking, &task->link);
    task->op.event.fire = call_returns;
    event_at(node->world->parts.events, &task->op.event,
             now_ns + (task->left_ns < UINT64_MAX - now_ns ? task->left_ns : UINT64_MAX - now_ns));
}

static void call_returns(struct event *event)
{
    struct task *task = (struct task *)event;
    struct node *node = task->op.node;

    list_remove(&node->processor.blocking, &task->link);
    op_end(&task->op, CALL_OK, 0, NULL, &node->world->tasks);
}

/* The only loop of a node is held by a blocking call: until it returns nothing is read, nobody is
 * woken and nothing is sent. */
static void stall(struct node *node)
{
    const struct processor *processor = &node->processor;
    const struct task *task;

    if (processor->blocked == 0 || processor->cores > 1)
        return;
    task = list_entry(list_first(&processor->running), struct task, link);
    if (task->due_ns > node->resumes_ns)
        node->resumes_ns = task->due_ns;
}

static void begin(struct node *node, struct task *task)
{
    struct before before = look(node);

    if (takes_gil(node, task))
        want_gil(node, task);
    else if (task->kind == CPU_BLOCK && node->processor.workers > 0)
        block(node, task);
    else
        want_core(node, task);
    if (node->processor.is_in_turn)
        return;
    note(node, before);
    stall(node);
}

/* How it will end stands in the op, where an answer that is held stands too. */
static void submit(struct node *node, struct call *call, enum cpu_kind kind, enum op_kind as,
                   uint64_t ns, struct end end)
{
    struct task *task = world_take(node->world, &node->world->tasks);

    if (task == NULL)
        return;
    task->op.event.fire = node->processor.workers > 0 ? piece_ends : turn_ends;
    task->op.event.tag = TAG_CPU | node->id;
    op_begin(&task->op, node, call, as, 0);
    task->op.outcome = (uint8_t)end.outcome;
    task->op.value = end.value;
    task->span = end.span;
    task->kind = (uint8_t)kind;
    task->is_running = false;
    task->rank = (uint8_t)processor_rank(&node->processor, call->priority);
    task->left_ns = kind == CPU_BLOCK ? ns : scaled_ns(&node->processor, ns);
    begin(node, task);
}

static void run(struct cpu *cpu, struct call *call, enum cpu_kind kind, uint64_t ns)
{
    submit(node_of(cpu, cpu), call, kind, kind == CPU_BLOCK ? OP_BLOCK : OP_CPU, ns,
           (struct end){.outcome = CALL_OK});
}

void processor_run(struct node *node, struct call *call, enum op_kind as, uint64_t work_ns,
                   struct end end)
{
    submit(node, call, CPU_NATIVE, as, work_ns, end);
}

/* The handler of an event loop goes on before anybody else does: what it asks for at once, it has
 * in the same turn. Only then the loop takes the next one, which may be a blocking call: that stops
 * the loop behind the handler, and not before it. */
static void turn_ends(struct event *event)
{
    struct task *task = (struct task *)event;
    struct node *node = task->op.node;
    struct processor *processor = &node->processor;
    struct before before = look(node);

    stop(node, task);
    processor->is_in_turn = true;
    op_end(&task->op, (enum call_outcome)task->op.outcome, task->op.value, task->span,
           &node->world->tasks);
    processor->is_in_turn = false;
    if (processor->busy < processor->cores && takes_next(node))
        start_next(node);
    note(node, before);
    stall(node);
}

/* Who is done tells its handler once the core has gone on. */
static void piece_ends(struct event *event)
{
    struct task *task = (struct task *)event;
    struct node *node = task->op.node;
    struct processor *processor = &node->processor;
    struct before before = look(node);

    stop(node, task);
    if (task->left_ns == 0 && processor->gil.holder == task)
        let_go_of_gil(node);
    else if (task->left_ns > 0 && must_drop(node, task))
        drop_gil(node, task);
    else if (task->left_ns > 0)
        wait_in_line(node, task);
    if (takes_next(node))
        start_next(node);
    note(node, before);
    if (task->left_ns == 0)
        op_end(&task->op, (enum call_outcome)task->op.outcome, task->op.value, task->span,
               &node->world->tasks);
}

void processor_stand_still(struct node *node, uint64_t for_ns)
{
    const struct list *running = &node->processor.running;

    for (struct link *link = running->head.next; link != &running->head; link = link->next) {
        struct task *task = list_entry(link, struct task, link);

        task->due_ns += for_ns;
        event_at(node->world->parts.events, &task->op.event, task->due_ns);
    }
}

/* ---- Death ----------------------------------------------------------------------------------- */

static void drop_waiting(struct node *node)
{
    struct link *link;

    while ((link = ranks_take_first(&node->processor.waiting)) != NULL) {
        struct task *task = list_entry(link, struct task, link);

        leave_line(node, task);
        pool_give(&node->world->tasks, task);
    }
    while ((link = list_take_first(&node->processor.gil.waiting)) != NULL) {
        struct task *task = list_entry(link, struct task, link);
        uint64_t now_ns = world_now_ns(node->world);

        line_leave(&node->group->gil_wait, now_ns, now_ns - task->since_ns);
        pool_give(&node->world->tasks, task);
    }
}

static void drop(struct node *node, struct list *tasks)
{
    struct link *link;

    while ((link = list_take_first(tasks)) != NULL) {
        struct task *task = list_entry(link, struct task, link);

        event_cancel(&task->op.event);
        pool_give(&node->world->tasks, task);
    }
}

void processor_drop_all(struct node *node)
{
    struct processor *processor = &node->processor;
    struct before before = look(node);
    uint32_t workers_held = processor->workers_held;

    drop_waiting(node);
    drop(node, &processor->running);
    drop(node, &processor->blocking);
    gil_reset(&processor->gil);
    door_line_init(&processor->door, processor->door.order);
    processor->busy = processor->blocked = processor->workers_held = 0;
    note_workers(node, workers_held);
    note(node, before);
}

/* ---- Giving way ------------------------------------------------------------------------------ */

static void gave_way(struct event *event)
{
    struct task *task = (struct task *)event;

    op_end(&task->op, CALL_SHED, 0, NULL, &task->op.node->world->tasks);
}

/* It is told by an event of its own: its service must not answer within another's arrival. */
bool processor_gives_way(struct node *node, uint8_t priority)
{
    struct processor *processor = &node->processor;
    struct link *link = ranks_take_below(&processor->waiting, processor_rank(processor, priority));
    struct task *task;

    if (link == NULL)
        return false;
    task = list_entry(link, struct task, link);
    leave_line(node, task);
    node->group->shed++;
    task->op.event.fire = gave_way;
    event_after(node->world->parts.events, &task->op.event, 0);
    return true;
}

/* ---- Questions ------------------------------------------------------------------------------- */

bool processor_is_full(const struct node *node)
{
    const struct processor *processor = &node->processor;

    if (node->visits.length >= processor->in_flight)
        return true;
    if (processor->workers > 0)
        return !processor_has_free_worker(processor) &&
               processor->door.waiting.length >= processor->queue;
    return processor->busy == processor->cores && processor->waiting.length >= processor->queue;
}

const char *processor_finding(const struct processor *processor)
{
    const struct list *running = &processor->running;
    uint32_t own = 0;

    if (!ranks_are_empty(&processor->waiting) && processor->busy != processor->cores)
        return "no core idles beside a waiting task";
    if (processor->gil.interval_ns == 0)
        return NULL;
    if (!list_is_empty(&processor->gil.waiting) && processor->gil.holder == NULL)
        return "no lock is free beside one who waits";
    for (struct link *link = running->head.next; link != &running->head; link = link->next)
        own += list_entry(link, struct task, link)->kind == CPU_OWN;
    return own > 1 ? "one at a time computes by the lock" : NULL;
}

const struct cpu_ops processor_ops = {.run = run};
