/* processor.c — Cores, the line before them, and slices.
 *
 *     run --core free--> RUNNING --done--------------> op_end
 *      |                  ^   |
 *      | all busy         |   | slice used up, others wait
 *      v                  |   v
 *     WAITING ------------+   WAITING (at the end of the line)
 *      |
 *      +--somebody more urgent came, and the line was full--> op_end, shed
 *
 * A task that runs alone is not sliced: with nobody waiting its next slice follows at once. */
#include "sim/world/processor.h"

#include "sim/world/world_inside.h"

static void slice_ends(struct event *event);

void processor_init(struct processor *processor, const struct service_spec *spec)
{
    *processor = (struct processor){.cores = spec->cores,
                                    .speed = spec->speed,
                                    .queue = spec->queue,
                                    .in_flight = spec->in_flight,
                                    .is_by_priority = spec->line == LINE_PRIORITY};
    if (spec->runtime == RUNTIME_THREADS) {
        processor->quantum_ns = spec->quantum_ns;
        processor->threads = spec->threads;
    }
    ranks_init(&processor->waiting);
    list_init(&processor->running);
    ranks_init(&processor->at_the_door);
}

static void note_busy(struct node *node, uint32_t before)
{
    struct usage *cores = &node->group->cores;

    usage_change(cores, world_now_ns(node->world),
                 cores->busy.value - before + node->processor.busy);
    node->world->touched = node;
}

static void note_threads(struct node *node, uint32_t before)
{
    struct usage *threads = &node->group->threads;

    usage_change(threads, world_now_ns(node->world),
                 threads->busy.value - before + node->processor.threads_held);
}

void processor_take_thread(struct node *node)
{
    check(node->processor.threads_held < node->processor.threads);
    node->processor.threads_held++;
    note_threads(node, node->processor.threads_held - 1);
}

void processor_free_thread(struct node *node)
{
    check(node->processor.threads_held > 0);
    node->processor.threads_held--;
    note_threads(node, node->processor.threads_held + 1);
}

static void start(struct node *node, struct task *task)
{
    struct processor *processor = &node->processor;
    uint64_t slice_ns = task->left_ns;

    if (processor->quantum_ns > 0 && slice_ns > processor->quantum_ns)
        slice_ns = processor->quantum_ns;
    list_push_last(&processor->running, &task->link);
    processor->busy++;
    task->due_ns = world_now_ns(node->world) + slice_ns;
    event_at(node->world->parts.events, &task->op.event, task->due_ns);
}

/* Under threads the wait that is told of is the one for a thread, at the door: a thread that has
 * been given comes and goes between the cores many times. */
static void enter_line(struct node *node, const struct task *task)
{
    if (node->processor.threads > 0)
        return;
    line_enter(&node->group->wait, task->since_ns);
    group_note_line(node->group, node->processor.waiting.length);
}

static void leave_line(struct node *node, const struct task *task)
{
    uint64_t now_ns = world_now_ns(node->world);

    if (node->processor.threads == 0)
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

static void wait_in_line(struct node *node, struct task *task)
{
    task->since_ns = world_now_ns(node->world);
    ranks_push(&node->processor.waiting, &task->link, task->rank);
    enter_line(node, task);
}

static uint64_t scaled_ns(const struct processor *processor, uint64_t work_ns)
{
    if (processor->speed == 1.0)
        return work_ns;
    return (uint64_t)((double)work_ns / processor->speed + 0.5);
}

void processor_run(struct node *node, struct call *call, enum op_kind kind, uint64_t work_ns,
                   enum call_outcome outcome, int64_t value, const void *span)
{
    struct processor *processor = &node->processor;
    struct task *task = world_take(node->world, &node->world->tasks);

    if (task == NULL)
        return;
    task->op.event.fire = slice_ends;
    task->op.event.tag = TAG_CPU | node->id;
    op_begin(&task->op, node, call, kind, 0);
    task->op.outcome = (uint8_t)outcome;
    task->op.value = value;
    task->span = span;
    task->left_ns = scaled_ns(processor, work_ns);
    task->rank = (uint8_t)processor_rank(processor, call->priority);
    if (processor->busy == processor->cores) {
        wait_in_line(node, task);
        node->world->touched = node;
        return;
    }
    if (processor->threads == 0)
        line_pass(&node->group->wait);
    start(node, task);
    note_busy(node, processor->busy - 1);
}

static void run(struct cpu *cpu, struct call *call, uint64_t work_ns)
{
    processor_run(node_of(cpu, cpu), call, OP_CPU, work_ns, CALL_OK, 0, NULL);
}

static void slice_ends(struct event *event)
{
    struct task *task = (struct task *)event;
    struct node *node = task->op.node;
    struct processor *processor = &node->processor;
    uint32_t busy = processor->busy;

    task->left_ns -= processor->quantum_ns > 0 && task->left_ns > processor->quantum_ns
                         ? processor->quantum_ns
                         : task->left_ns;
    list_remove(&processor->running, &task->link);
    processor->busy--;
    if (task->left_ns > 0)
        wait_in_line(node, task);
    if (!world_has_planted(node->world, PLANT_IDLE_CORE) || processor->waiting.length % 7 != 6)
        start_next(node);
    note_busy(node, busy);
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

static void drop_waiting(struct node *node)
{
    struct link *link;

    while ((link = ranks_take_first(&node->processor.waiting)) != NULL) {
        struct task *task = list_entry(link, struct task, link);

        leave_line(node, task);
        pool_give(&node->world->tasks, task);
    }
}

static void drop_running(struct node *node)
{
    struct link *link;

    while ((link = list_take_first(&node->processor.running)) != NULL) {
        struct task *task = list_entry(link, struct task, link);

        event_cancel(&task->op.event);
        pool_give(&node->world->tasks, task);
    }
}

void processor_drop_all(struct node *node)
{
    struct processor *processor = &node->processor;
    uint32_t busy = processor->busy, threads_held = processor->threads_held;

    drop_waiting(node);
    drop_running(node);
    ranks_init(&processor->at_the_door);
    processor->threads_held = 0;
    note_threads(node, threads_held);
    processor->busy = 0;
    note_busy(node, busy);
}

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

bool processor_is_full(const struct node *node)
{
    const struct processor *processor = &node->processor;

    if (node->visits.length >= processor->in_flight)
        return true;
    if (processor->threads > 0)
        return processor->threads_held == processor->threads &&
               processor->at_the_door.length >= processor->queue;
    return processor->busy == processor->cores && processor->waiting.length >= processor->queue;
}

bool processor_is_busy_enough(const struct processor *processor)
{
    return ranks_are_empty(&processor->waiting) || processor->busy == processor->cores;
}

const struct cpu_ops processor_ops = {.run = run};
