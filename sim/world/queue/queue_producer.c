/* queue_producer.c — From a producer's put to its acknowledgement.
 *
 *   put --> OPEN --full, or linger--> link --> LINE --> APPENDING --> (REPLICATING) --+
 *             |                         |        |                                    |
 *             | node died               | lost   | down: refused; crash: failed       v
 *             v                         v        v                              in the log
 *           lost                    (timeout)  answer <--------- link <----------- answer
 *
 * A producer keeps one open batch per partition; it leaves when it holds `batch` records or when
 * linger_ns have passed since its first, whichever is first (with no linger: at the end of the
 * instant). A partition's leader appends one batch at a time: append_ns and record_ns per record;
 * that is what makes a hot partition. With acks all a batch is in the log, and visible, when the
 * followers have it; batches overtake nobody on that way. With acks none the producer is told as
 * soon as the batch leaves.
 *
 * Left out: retries by the producer (a service may put again: at least once), and a limit on
 * batches in flight. */
#include "sim/world/queue/queue_inside.h"

static struct queue_model *model_of(const struct node *node)
{
    return world_parts(node->world)->queue;
}

static struct queue_batch *placed(struct link *link)
{
    return list_entry(link, struct queue_batch, place);
}

/* ---- Telling the producers ------------------------------------------------------------------ */

static void tell_all(struct queue_model *model, struct queue_batch *batch)
{
    for (struct link *link = batch->letters.head.next; link != &batch->letters.head;
         link = link->next) {
        struct queue_letter *letter = list_entry(link, struct queue_letter, link);
        struct queue_put *put = letter->put;

        letter->put = NULL;
        if (put != NULL)
            op_end(&put->op, batch->outcome, 0, NULL, &model->puts);
    }
}

/* Whoever still waits will hear of nothing but a timeout. */
static void discard(struct queue_model *model, struct queue_batch *batch)
{
    struct link *first;

    while ((first = list_take_first(&batch->letters)) != NULL) {
        struct queue_letter *letter = list_entry(first, struct queue_letter, link);

        if (letter->put != NULL)
            op_lost(&letter->put->op, &model->puts);
        pool_give(&model->letters, letter);
    }
    event_cancel(&batch->event);
    pool_give(&model->batches, batch);
}

static bool send(struct queue_model *model, struct queue_batch *batch,
                 void (*fire)(struct event *event))
{
    batch->event.fire = fire;
    return !model->is_cut && !batch->node->is_cut &&
           link_send(model->link, &batch->event, &model->spec->way, 0);
}

static void come_back(struct event *event)
{
    struct queue_batch *batch = (struct queue_batch *)event;
    struct queue_model *model = model_of(batch->node);

    tell_all(model, batch);
    discard(model, batch);
}

static void answer(struct queue_model *model, struct queue_batch *batch, enum call_outcome outcome)
{
    batch->outcome = outcome;
    if (model->spec->acks == ACKS_NONE || !send(model, batch, come_back))
        discard(model, batch);
}

/* ---- At the leader -------------------------------------------------------------------------- */

static void start_append(struct queue_model *model, struct queue_log *log);

static void wake_consumers(struct queue_model *model, const struct queue_log *log)
{
    for (uint32_t i = 0; i < model->groups_max; i++) {
        struct queue_group *group = &model->groups[i];

        if (group->topic == log->topic && group->shares[log->partition].owner != NULL)
            queue_serve(model, group->shares[log->partition].owner);
    }
}

static void write(struct queue_model *model, struct queue_batch *batch)
{
    bool has_room = true;

    list_remove(&model->at_broker, &batch->place);
    for (struct link *link = batch->letters.head.next; link != &batch->letters.head;
         link = link->next)
        has_room = has_room && queue_log_append(model, batch->log,
                                                &list_entry(link, struct queue_letter, link)->ask);
    model->counts.batches++;
    queue_log_trim(model, batch->log);
    wake_consumers(model, batch->log);
    answer(model, batch, has_room ? CALL_OK : CALL_FAILED);
}

static void replicated(struct event *event)
{
    struct queue_batch *batch = (struct queue_batch *)event;

    write(model_of(batch->node), batch);
}

/* The broker's next step with this batch, after_ns from now. */
static void step_after(struct queue_model *model, struct queue_batch *batch,
                       void (*fire)(struct event *event), uint64_t after_ns)
{
    batch->event.fire = fire;
    batch->due_ns = queue_now(model) + after_ns;
    event_after(model->events, &batch->event, after_ns);
}

static void appended(struct event *event)
{
    struct queue_batch *batch = (struct queue_batch *)event;
    struct queue_model *model = model_of(batch->node);
    struct queue_log *log = batch->log;

    log->appending = NULL;
    if (model->spec->acks == ACKS_ALL)
        step_after(model, batch, replicated, model->spec->replicate_ns);
    else
        write(model, batch);
    start_append(model, log);
}

static void start_append(struct queue_model *model, struct queue_log *log)
{
    struct queue_batch *batch;

    if (log->appending != NULL || model->is_paused || list_is_empty(&log->line))
        return;
    batch = list_entry(list_take_first(&log->line), struct queue_batch, link);
    log->appending = batch;
    step_after(model, batch, appended,
               model->spec->append_ns + model->spec->record_ns * batch->letters.length);
}

static void arrive(struct event *event)
{
    struct queue_batch *batch = (struct queue_batch *)event;
    struct queue_model *model = model_of(batch->node);

    if (model->is_down) {
        answer(model, batch, CALL_REFUSED);
        return;
    }
    batch->left_ns = UINT64_MAX; /* It stands in line, and a stopped broker leaves it there. */
    list_push_last(&model->at_broker, &batch->place);
    list_push_last(&batch->log->line, &batch->link);
    start_append(model, batch->log);
}

/* ---- At the producer ------------------------------------------------------------------------ */

static void close_batch(struct queue_model *model, struct queue_batch *batch)
{
    uint64_t *place = map_find(&model->open, batch->node->id, batch->log->index);

    if (place != NULL && *place == (uint64_t)(uintptr_t)batch)
        map_drop(&model->open, batch->node->id, batch->log->index);
}

void queue_batch_send(struct queue_model *model, struct queue_batch *batch)
{
    close_batch(model, batch);
    list_remove(&model->open_batches, &batch->place);
    event_cancel(&batch->event);
    batch->outcome = CALL_OK;
    if (model->spec->acks == ACKS_NONE)
        tell_all(model, batch);
    if (!send(model, batch, arrive))
        discard(model, batch);
}

void queue_batch_lose(struct queue_model *model, struct queue_batch *batch)
{
    close_batch(model, batch);
    list_remove(&model->open_batches, &batch->place);
    discard(model, batch);
}

/* A stopped process sends nothing: its batch leaves when it goes on. */
static void leave(struct event *event)
{
    struct queue_batch *batch = (struct queue_batch *)event;
    struct queue_model *model = model_of(batch->node);

    if (node_is_paused(batch->node, queue_now(model)))
        event_at(model->events, event, batch->node->resumes_ns);
    else
        queue_batch_send(model, batch);
}

static struct queue_batch *open_batch(struct queue_model *model, struct node *node,
                                      struct queue_log *log)
{
    uint64_t *place = map_put(&model->open, node->id, log->index, NULL);
    struct queue_batch *batch = (struct queue_batch *)(uintptr_t)*place;

    if (batch != NULL)
        return batch;
    batch = pool_take(&model->batches);
    check(batch != NULL); /* As many as letters, and none is empty. */
    *batch = (struct queue_batch){.node = node, .log = log};
    batch->event = (struct event){.fire = leave, .tag = TAG_QUEUE | node->id};
    list_init(&batch->letters);
    list_push_last(&model->open_batches, &batch->place);
    event_after(model->events, &batch->event, model->spec->linger_ns);
    *place = (uint64_t)(uintptr_t)batch;
    return batch;
}

static void refuse(struct event *event)
{
    struct queue_put *put = (struct queue_put *)event;

    op_end(&put->op, CALL_REFUSED, 0, NULL, &model_of(put->op.node)->puts);
}

void queue_put_record(struct queue *queue, struct call *call, uint32_t topic, const struct ask *ask,
                      uint64_t timeout_ns)
{
    struct node *node = node_of(queue, queue);
    struct queue_model *model = model_of(node);
    struct queue_put *put = world_take_record(node->world, &model->puts);
    struct queue_letter *letter = pool_take(&model->letters);
    struct queue_batch *batch;

    check(topic > 0 && topic < TOPIC_KINDS);
    model->is_used = true;
    put->op.event = (struct event){.fire = refuse, .tag = TAG_QUEUE | node->id};
    op_begin(&put->op, node, call, OP_QUEUE, timeout_ns);
    if (letter == NULL) {
        event_after(model->events, &put->op.event, 0);
        return;
    }
    letter->ask = *ask;
    letter->put = put;
    batch =
        open_batch(model, node, queue_log_of(model, topic, queue_model_partition(model, ask->key)));
    list_push_last(&batch->letters, &letter->link);
    if (batch->letters.length >= model->spec->batch) {
        close_batch(model, batch);
        event_after(model->events, &batch->event, 0);
    }
}

/* ---- Faults --------------------------------------------------------------------------------- */

void queue_batches_freeze(struct queue_model *model)
{
    for (struct link *link = model->at_broker.head.next; link != &model->at_broker.head;
         link = link->next) {
        struct queue_batch *batch = placed(link);

        batch->left_ns = UINT64_MAX; /* It stands in line. */
        if (event_is_asked(&batch->event))
            batch->left_ns = batch->due_ns - queue_now(model);
        event_cancel(&batch->event);
    }
}

void queue_batches_thaw(struct queue_model *model)
{
    for (struct link *link = model->at_broker.head.next; link != &model->at_broker.head;
         link = link->next) {
        struct queue_batch *batch = placed(link);

        if (batch->left_ns != UINT64_MAX)
            step_after(model, batch, batch->event.fire, batch->left_ns);
    }
    for (uint32_t i = 0; i < TOPIC_KINDS * model->spec->partitions; i++)
        start_append(model, &model->logs[i]);
}

void queue_batches_fail(struct queue_model *model)
{
    struct link *first;

    for (uint32_t i = 0; i < TOPIC_KINDS * model->spec->partitions; i++) {
        list_init(&model->logs[i].line);
        model->logs[i].appending = NULL;
    }
    while ((first = list_take_first(&model->at_broker)) != NULL) {
        event_cancel(&placed(first)->event);
        answer(model, placed(first), CALL_FAILED);
    }
}
