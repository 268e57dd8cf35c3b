/* rabbit_publish.c — From a put to its confirm.
 *
 *   put --link--> LINE --> WORK --> DIRTY --> FLUSH --> in the queue --link--> confirmed
 *                  ^        message_ns each   flush_ns, for all that are dirty when it begins
 *                  |                          (acks all: + replicate_ns, to a majority)
 *               BLOCKED, while the messages' memory is full
 *
 * A queue is one process of the broker, so its messages pass one at a time; its flush to disk is
 * shared, as SQL's is. What is confirmed is on disk. With acks none the producer asks for no
 * confirms and is told at once.
 *
 * A broker that has too much in memory reads no more from publishers (RabbitMQ, "Memory Alarm
 * Threshold"): their puts wait, and mostly time out. Consumers go on, and make room.
 *
 * Left out: transient messages, and that a message may be pushed before its flush. */
#include "sim/world/queue/rabbit_inside.h"

#include "sim/world/link_op.h"

static struct rabbit_put *put_at(struct link *link)
{
    return list_entry(link, struct rabbit_put, link);
}

/* ---- The way back --------------------------------------------------------------------------- */

static void end(struct event *event)
{
    struct rabbit_put *put = (struct rabbit_put *)event;

    op_end(&put->op, put->outcome, 0, NULL, &rabbit_of(put->op.node)->puts);
}

static void answer(struct rabbit_model *model, struct rabbit_put *put, enum call_outcome outcome)
{
    put->outcome = outcome;
    put->op.event.fire = end;
    if (!op_is_waited_for(&put->op))
        end(&put->op.event);
    else if (!link_op_send(model->link, &put->op, model->is_cut, &model->spec->way))
        op_lost(&put->op, &model->puts);
}

/* ---- At the queue's process ----------------------------------------------------------------- */

static void start_work(struct rabbit_queue *queue)
{
    if (queue->working != NULL || queue->model->is_paused || list_is_empty(&queue->line))
        return;
    queue->working = put_at(list_take_first(&queue->line));
    rabbit_timer_set(queue->model, &queue->work, queue->model->spec->message_ns);
}

static void start_flush(struct rabbit_queue *queue)
{
    const struct queue_spec *spec = queue->model->spec;
    struct link *first;

    if (!list_is_empty(&queue->flushing) || list_is_empty(&queue->dirty))
        return;
    while ((first = list_take_first(&queue->dirty)) != NULL)
        list_push_last(&queue->flushing, first);
    rabbit_timer_set(queue->model, &queue->flush,
                     spec->flush_ns + (spec->acks == ACKS_ALL ? spec->replicate_ns : 0));
}

static void worked(struct event *event)
{
    struct rabbit_queue *queue = list_entry(event, struct rabbit_queue, work.event);

    list_push_last(&queue->dirty, &queue->working->link);
    queue->working = NULL;
    start_flush(queue);
    start_work(queue);
}

static void flushed(struct event *event)
{
    struct rabbit_queue *queue = list_entry(event, struct rabbit_queue, flush.event);
    struct link *first;

    while ((first = list_take_first(&queue->flushing)) != NULL)
        answer(queue->model, put_at(first),
               rabbit_queue_enter(queue, &put_at(first)->ask) ? CALL_OK : CALL_FAILED);
    queue->model->counts.batches++;
    rabbit_queue_push(queue);
    start_flush(queue);
}

void rabbit_puts_init(struct rabbit_queue *queue)
{
    list_init(&queue->line);
    list_init(&queue->dirty);
    list_init(&queue->flushing);
    queue->work.event =
        (struct event){.fire = worked, .tag = TAG_QUEUE | (0xfffff0 + queue->topic)};
    queue->flush.event =
        (struct event){.fire = flushed, .tag = TAG_QUEUE | (0xffffe0 + queue->topic)};
}

/* ---- Arrival -------------------------------------------------------------------------------- */

static bool is_full(const struct rabbit_model *model)
{
    return model->spec->memory > 0 && model->bytes >= model->spec->memory;
}

static void line_up(struct rabbit_model *model, struct rabbit_put *put)
{
    struct rabbit_queue *queue = &model->queues[put->topic];

    list_push_last(&queue->line, &put->link);
    start_work(queue);
}

static void arrive(struct event *event)
{
    struct rabbit_put *put = (struct rabbit_put *)event;
    struct rabbit_model *model = rabbit_of(put->op.node);

    if (model->is_down) {
        answer(model, put, CALL_REFUSED);
    } else if (model->is_paused) {
        list_push_last(&model->frozen_puts, &put->link);
    } else if (is_full(model)) {
        model->counts.blocked++;
        list_push_last(&model->blocked, &put->link);
    } else {
        line_up(model, put);
    }
}

/* ---- The port ------------------------------------------------------------------------------- */

static struct rabbit_put *begin(struct rabbit_model *model, struct node *node, struct call *call,
                                void (*fire)(struct event *event), uint64_t timeout_ns)
{
    struct rabbit_put *put = world_take_record(node->world, &model->puts);

    put->op.event = (struct event){.fire = fire, .tag = TAG_QUEUE | node->id};
    op_begin(&put->op, node, call, OP_QUEUE, timeout_ns);
    return put;
}

static void end_now(struct rabbit_model *model, struct node *node, struct call *call,
                    enum call_outcome outcome)
{
    struct rabbit_put *put = begin(model, node, call, end, 0);

    put->outcome = outcome;
    event_after(model->events, &put->op.event, 0);
}

void rabbit_put_record(struct queue *port, struct call *call, uint32_t topic, const struct ask *ask,
                       uint64_t timeout_ns)
{
    struct node *node = node_of(port, queue);
    struct rabbit_model *model = rabbit_of(node);
    bool has_confirms = model->spec->acks != ACKS_NONE;
    struct rabbit_put *put;

    check(topic > 0 && topic < TOPIC_KINDS);
    model->is_used = true;
    if (model->puts.taken >= RABBIT_PUTS_MAX) {
        end_now(model, node, call, CALL_REFUSED);
        return;
    }
    put = begin(model, node, has_confirms ? call : NULL, arrive, timeout_ns);
    put->ask = *ask;
    put->topic = topic;
    if (!has_confirms)
        end_now(model, node, call, CALL_OK);
    if (!link_op_send(model->link, &put->op, model->is_cut, &model->spec->way))
        op_lost(&put->op, &model->puts);
}

/* ---- Faults --------------------------------------------------------------------------------- */

void rabbit_puts_thaw(struct rabbit_model *model)
{
    struct link *first;

    for (uint32_t i = 0; i < TOPIC_KINDS; i++)
        start_work(&model->queues[i]);
    while ((first = list_take_first(&model->frozen_puts)) != NULL)
        arrive(&put_at(first)->op.event);
}

void rabbit_puts_unblock(struct rabbit_model *model)
{
    struct link *first;

    while (!is_full(model) && (first = list_take_first(&model->blocked)) != NULL)
        line_up(model, put_at(first));
}

static void fail_all(struct rabbit_model *model, struct list *puts)
{
    struct link *first;

    while ((first = list_take_first(puts)) != NULL)
        answer(model, put_at(first), CALL_FAILED);
}

void rabbit_puts_fail(struct rabbit_model *model)
{
    fail_all(model, &model->frozen_puts);
    fail_all(model, &model->blocked);
    for (uint32_t i = 0; i < TOPIC_KINDS; i++) {
        struct rabbit_queue *queue = &model->queues[i];

        event_cancel(&queue->work.event);
        event_cancel(&queue->flush.event);
        if (queue->working != NULL)
            answer(model, queue->working, CALL_FAILED);
        queue->working = NULL;
        fail_all(model, &queue->line);
        fail_all(model, &queue->dirty);
        fail_all(model, &queue->flushing);
    }
}
