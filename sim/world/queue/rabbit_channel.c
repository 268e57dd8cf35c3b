/* rabbit_channel.c — A consumer's connection: how it begins, and the ways in which it ends.
 *
 *   first take --link--> CONSUMING --the process dies, or leaves--> closed, at once
 *                |           |\--no heartbeat for session_ns--> closed
 *                |           \--the broker dies--> closed, at once
 *                +--the broker is down--> closed
 *
 *   closed: what was not acknowledged goes back into the queue, takes that wait are FAILED, and the
 *   node's next take opens another
 *
 * TCP lies below: what is lost or cut off is sent again every 200 ms (Linux's shortest
 * retransmission timeout) until it arrives or the connection is given up. */
#include "sim/world/queue/rabbit_inside.h"

enum { HEARTBEATS_PER_SESSION = 15 };

static const uint64_t heartbeat_least_ns = 1000000;

static struct rabbit_channel *channel_at(struct link *link)
{
    return list_entry(link, struct rabbit_channel, link);
}

struct rabbit_channel *rabbit_channel_of(const struct rabbit_queue *queue, const struct node *node)
{
    for (struct link *link = queue->channels.head.next; link != &queue->channels.head;
         link = link->next)
        if (channel_at(link)->node == node && channel_at(link)->epoch == node->epoch)
            return channel_at(link);
    return NULL;
}

bool rabbit_can_pass(const struct rabbit_model *model, const struct node *node)
{
    return !model->is_cut && !node->is_cut;
}

void rabbit_channel_send(struct rabbit_channel *channel, struct event *event,
                         void (*arrive)(struct event *event), void (*again)(struct event *event))
{
    struct rabbit_model *model = channel->queue->model;

    event->fire = arrive;
    if (rabbit_can_pass(model, channel->node) &&
        link_send(model->link, event, &model->spec->way, 0))
        return;
    event->fire = again;
    event_after(model->events, event, RABBIT_RETRANSMIT_NS);
}

/* ---- Heartbeats ----------------------------------------------------------------------------- */

static bool is_heard(const struct rabbit_model *model, const struct rabbit_channel *channel)
{
    const struct node *node = channel->node;

    return channel->epoch == node->epoch && node_is_up(node) && rabbit_can_pass(model, node) &&
           !node_is_paused(node, rabbit_now(model));
}

static uint64_t heartbeat_ns(const struct rabbit_model *model)
{
    uint64_t every_ns = model->spec->session_ns / HEARTBEATS_PER_SESSION;

    return every_ns > heartbeat_least_ns ? every_ns : heartbeat_least_ns;
}

/* A broker that is stopped judges nobody. */
static void beat(struct event *event)
{
    struct rabbit_channel *channel = list_entry(event, struct rabbit_channel, heartbeat);
    struct rabbit_model *model = channel->queue->model;
    uint64_t now_ns = rabbit_now(model), end_ns = channel->heard_ns + model->spec->session_ns;
    uint64_t next_ns = now_ns + heartbeat_ns(model);

    if (model->is_paused) {
        event_at(model->events, event, next_ns);
    } else if (is_heard(model, channel)) {
        channel->heard_ns = now_ns;
        event_at(model->events, event, next_ns);
    } else if (now_ns >= end_ns) {
        rabbit_channel_close(channel);
    } else {
        event_at(model->events, event, next_ns < end_ns ? next_ns : end_ns);
    }
}

/* ---- From beginning to end ------------------------------------------------------------------ */

static void consume(struct rabbit_channel *channel)
{
    channel->is_consuming = true;
    channel->has_knocked = false;
    rabbit_queue_push(channel->queue);
}

static void knock(struct event *event)
{
    struct rabbit_channel *channel = list_entry(event, struct rabbit_channel, subscribe);
    const struct rabbit_model *model = channel->queue->model;

    if (model->is_down)
        rabbit_channel_close(channel);
    else if (model->is_paused)
        channel->has_knocked = true;
    else
        consume(channel);
}

static void subscribe(struct event *event)
{
    rabbit_channel_send(list_entry(event, struct rabbit_channel, subscribe), event, knock,
                        subscribe);
}

struct rabbit_channel *rabbit_channel_open(struct rabbit_queue *queue, struct node *node)
{
    struct rabbit_model *model = queue->model;
    struct rabbit_channel *channel = world_take_record(node->world, &model->channels);

    *channel = (struct rabbit_channel){.queue = queue,
                                       .node = node,
                                       .epoch = node->epoch,
                                       .number = ++model->channels_made,
                                       .tag = 1,
                                       .heard_ns = rabbit_now(model)};
    channel->subscribe.tag = channel->heartbeat.tag = TAG_QUEUE | node->id;
    channel->heartbeat.fire = beat;
    channel->look = (struct event){.fire = rabbit_channel_look, .tag = TAG_QUEUE | node->id};
    list_init(&channel->unacked);
    list_init(&channel->takes);
    channel->missing = channel->next = &channel->unacked.head;
    list_push_last(&queue->channels, &channel->link);
    rabbit_queue_read_by(queue, node);
    subscribe(&channel->subscribe);
    event_after(model->events, &channel->heartbeat, heartbeat_ns(model));
    return channel;
}

void rabbit_channel_close(struct rabbit_channel *channel)
{
    struct rabbit_queue *queue = channel->queue;

    if (queue->turn == &channel->link)
        queue->turn = channel->link.previous;
    list_remove(&queue->channels, &channel->link);
    event_cancel(&channel->subscribe);
    event_cancel(&channel->heartbeat);
    event_cancel(&channel->look);
    rabbit_queue_take_back(queue, channel);
    rabbit_takes_fail(channel);
    pool_give(&queue->model->channels, channel);
    rabbit_queue_push(queue);
}

void rabbit_channel_thaw(struct rabbit_channel *channel)
{
    channel->heard_ns = rabbit_now(channel->queue->model);
    if (channel->has_knocked)
        consume(channel);
}
