/* rabbit_model.c — RabbitMQ from open to close, and what can befall it.
 *
 * One broker stands for the cluster. Queues are durable and messages persistent: what was confirmed
 * is there after a crash, and all of it is ready again, for every connection is gone. What had been
 * put and not flushed is failed, or, with acks none, gone without a word. Left out: a majority that
 * is lost, and messages that grow old. */
#include "sim/world/queue/rabbit_inside.h"

#include <string.h>

static struct rabbit_model *model_of(struct queue_model *model)
{
    return (struct rabbit_model *)(void *)model;
}

static const struct rabbit_model *const_of(const struct queue_model *model)
{
    return (const struct rabbit_model *)(const void *)model;
}

struct rabbit_model *rabbit_of(const struct node *node)
{
    return model_of(world_parts(node->world)->queue);
}

/* ---- From open to close --------------------------------------------------------------------- */

static void warm(struct event *event)
{
    struct rabbit_model *model = list_entry(event, struct rabbit_model, warm);

    model->counts = (struct queue_result){.lag_max = model->lag};
    for (uint32_t i = 0; i < TOPIC_KINDS; i++)
        model->queues[i].put = 0;
}

static void init_queue(struct rabbit_model *model, uint32_t topic)
{
    struct rabbit_queue *queue = &model->queues[topic];

    *queue = (struct rabbit_queue){.model = model, .topic = topic};
    list_init(&queue->ready);
    list_init(&queue->channels);
    queue->turn = &queue->channels.head;
    rabbit_puts_init(queue);
}

static struct queue_model *rabbit_open(const struct model_setup *with,
                                       const struct queue_spec *spec)
{
    struct rabbit_model *model = arena_take(with->arena, sizeof *model);
    struct arena *arena = with->arena;

    check(spec->prefetch > 0);
    model->broker = &queue_rabbit;
    model->events = with->events;
    model->link = with->link;
    model->spec = spec;
    pool_init(&model->messages, arena, sizeof(struct rabbit_message), RABBIT_MESSAGES_MAX);
    pool_init(&model->puts, arena, sizeof(struct rabbit_put), 4 * RABBIT_PUTS_MAX);
    pool_init(&model->requests, arena, sizeof(struct rabbit_request), RABBIT_REQUESTS_MAX);
    pool_init(&model->channels, arena, sizeof(struct rabbit_channel), RABBIT_CHANNELS_MAX);
    model->answer = arena_take(arena, QUEUE_TAKE_MAX * sizeof *model->answer);
    list_init(&model->frozen_puts);
    list_init(&model->frozen_acks);
    list_init(&model->blocked);
    for (uint32_t topic = 0; topic < TOPIC_KINDS; topic++)
        init_queue(model, topic);
    model->warm = (struct event){.fire = warm, .tag = TAG_QUEUE | QUEUE_WARM_PLACE};
    if (with->warmup_ns > 0)
        event_at(model->events, &model->warm, with->warmup_ns);
    return (struct queue_model *)(void *)model;
}

static void rabbit_close(struct queue_model *queue_model, struct queue_result *result)
{
    const struct rabbit_model *model = model_of(queue_model);

    *result = model->counts;
    result->is_used = model->is_used;
    result->lag_end = model->lag;
    if (result->batches > 0)
        result->batch_mean = (double)result->put / (double)result->batches;
    for (uint32_t i = 0; i < TOPIC_KINDS; i++)
        if (model->queues[i].put > result->max_partition_put)
            result->max_partition_put = model->queues[i].put;
}

/* ---- Its own timers ------------------------------------------------------------------------- */

void rabbit_timer_set(struct rabbit_model *model, struct rabbit_timer *timer, uint64_t after_ns)
{
    timer->due_ns = rabbit_now(model) + after_ns;
    event_after(model->events, &timer->event, after_ns);
}

static void timer_stop(const struct rabbit_model *model, struct rabbit_timer *timer)
{
    timer->left_ns = event_is_asked(&timer->event) ? timer->due_ns - rabbit_now(model) : UINT64_MAX;
    event_cancel(&timer->event);
}

static void timer_go(struct rabbit_model *model, struct rabbit_timer *timer)
{
    if (timer->left_ns != UINT64_MAX)
        rabbit_timer_set(model, timer, timer->left_ns);
}

/* ---- Faults --------------------------------------------------------------------------------- */

/* Whatever it does with a channel, the next one is known before. */
static void each_channel(struct rabbit_model *model, const struct node *node,
                         void (*deal)(struct rabbit_channel *channel))
{
    for (uint32_t i = 0; i < TOPIC_KINDS; i++) {
        struct list *channels = &model->queues[i].channels;
        struct link *link = channels->head.next;

        while (link != &channels->head) {
            struct rabbit_channel *channel = list_entry(link, struct rabbit_channel, link);

            link = link->next;
            if (node == NULL || channel->node == node)
                deal(channel);
        }
    }
}

static void rabbit_crash(struct queue_model *queue_model)
{
    struct rabbit_model *model = model_of(queue_model);

    model->is_down = true;
    model->is_paused = false;
    rabbit_puts_fail(model);
    rabbit_acks_drop(model);
    each_channel(model, NULL, rabbit_channel_close);
}

static void rabbit_restart(struct queue_model *queue_model)
{
    model_of(queue_model)->is_down = false;
}

static void rabbit_pause(struct queue_model *queue_model)
{
    struct rabbit_model *model = model_of(queue_model);

    if (model->is_paused || model->is_down)
        return;
    model->is_paused = true;
    for (uint32_t i = 0; i < TOPIC_KINDS; i++) {
        timer_stop(model, &model->queues[i].work);
        timer_stop(model, &model->queues[i].flush);
    }
}

static void rabbit_resume(struct queue_model *queue_model)
{
    struct rabbit_model *model = model_of(queue_model);

    if (!model->is_paused)
        return; /* It crashed meanwhile. */
    model->is_paused = false;
    for (uint32_t i = 0; i < TOPIC_KINDS; i++) {
        timer_go(model, &model->queues[i].work);
        timer_go(model, &model->queues[i].flush);
    }
    rabbit_acks_thaw(model);
    each_channel(model, NULL, rabbit_channel_thaw);
    for (uint32_t i = 0; i < TOPIC_KINDS; i++)
        rabbit_queue_push(&model->queues[i]);
    rabbit_puts_thaw(model);
}

static void rabbit_cut(struct queue_model *queue_model, bool is_cut)
{
    model_of(queue_model)->is_cut = is_cut;
}

/* Its kernel closes the connection, if that can be told to anybody; else heartbeats are missed. */
static void rabbit_node_died(struct queue_model *queue_model, const struct node *node)
{
    struct rabbit_model *model = model_of(queue_model);

    if (rabbit_can_pass(model, node))
        each_channel(model, node, rabbit_channel_close);
    else
        each_channel(model, node, rabbit_takes_fail);
}

static void rabbit_node_left(struct queue_model *queue_model, const struct node *node)
{
    each_channel(model_of(queue_model), node, rabbit_channel_close);
}

/* ---- For the autoscaler and the invariants -------------------------------------------------- */

static uint64_t unacked_in(const struct rabbit_queue *queue)
{
    uint64_t sum = 0;

    for (struct link *link = queue->channels.head.next; link != &queue->channels.head;
         link = link->next)
        sum += list_entry(link, struct rabbit_channel, link)->unacked.length;
    return sum;
}

static uint64_t rabbit_lag(const struct queue_model *model)
{
    return const_of(model)->lag;
}

static uint64_t rabbit_group_lag(const struct queue_model *model, const char *service)
{
    uint64_t lag = 0;

    for (uint32_t i = 0; i < TOPIC_KINDS; i++) {
        const struct rabbit_queue *queue = &const_of(model)->queues[i];

        if (strcmp(queue->service, service) == 0)
            lag += queue->ready.length + unacked_in(queue);
    }
    return lag;
}

static uint64_t rabbit_on_the_way(const struct queue_model *model)
{
    return const_of(model)->puts.taken;
}

static uint64_t rabbit_end(const struct queue_model *model, enum schema_topic topic,
                           uint32_t partition)
{
    return partition == 0 ? const_of(model)->queues[topic].entered : 0;
}

static uint64_t rabbit_committed(const struct queue_model *model, const char *service,
                                 enum schema_topic topic, uint32_t partition)
{
    const struct rabbit_queue *queue = &const_of(model)->queues[topic];

    return partition == 0 && strcmp(queue->service, service) == 0 ? queue->acked : 0;
}

static bool rabbit_is_whole(const struct queue_model *model)
{
    for (uint32_t i = 0; i < TOPIC_KINDS; i++) {
        const struct rabbit_queue *queue = &const_of(model)->queues[i];

        if (queue->entered != queue->ready.length + unacked_in(queue) + queue->acked)
            return false;
    }
    return true;
}

static void rabbit_plant(struct queue_model *model, enum queue_bug bug)
{
    model_of(model)->bug = bug;
}

const struct queue_broker queue_rabbit = {
    .ops = {.put = rabbit_put_record,
            .take = rabbit_take_records,
            .commit = rabbit_commit_offset,
            .is_work_queue = true},
    .open = rabbit_open,
    .close = rabbit_close,
    .crash = rabbit_crash,
    .restart = rabbit_restart,
    .pause = rabbit_pause,
    .resume = rabbit_resume,
    .cut = rabbit_cut,
    .node_died = rabbit_node_died,
    .node_left = rabbit_node_left,
    .lag = rabbit_lag,
    .group_lag = rabbit_group_lag,
    .on_the_way = rabbit_on_the_way,
    .end = rabbit_end,
    .committed = rabbit_committed,
    .is_whole = rabbit_is_whole,
    .plant = rabbit_plant,
};
