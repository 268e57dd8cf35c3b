/* rabbit_queue.c — One queue: its messages in their order, and who is given the next one.
 *
 *              number: 3   5   8   9 …                 channel a: 4 7     channel b: 6
 *   ready --->        [   ][   ][   ][   ]   --push--> unacked, by tag
 *                        ^                                   |
 *                        +-- back to its place by number ----+  a's connection broke
 *
 * Channels take turns; one that has `prefetch` messages without an acknowledgement is passed over.
 * With single_active only the channel that came first is given anything. "When a message is
 * requeued, it will be placed to its original position in its queue, if possible" (RabbitMQ,
 * "Consumer Acknowledgements"): here always, which is the best that can be said of the order. */
#include "sim/world/queue/rabbit_inside.h"

#include <string.h>

static struct rabbit_message *message_at(struct link *link)
{
    return list_entry(link, struct rabbit_message, link);
}

static struct rabbit_channel *channel_at(struct link *link)
{
    return list_entry(link, struct rabbit_channel, link);
}

static uint64_t bytes_of(const struct rabbit_message *message)
{
    return message->record.ask.bytes + RABBIT_MESSAGE_BYTES;
}

static void lag_change(struct rabbit_queue *queue, uint64_t more, uint64_t less)
{
    struct rabbit_model *model = queue->model;

    model->lag = model->lag + more - less;
    if (model->lag > model->counts.lag_max)
        model->counts.lag_max = model->lag;
}

static bool is_read(const struct rabbit_queue *queue)
{
    return queue->service[0] != '\0';
}

/* What nobody has ever taken from (dead letters) is no lag, until somebody does. */
void rabbit_queue_read_by(struct rabbit_queue *queue, const struct node *node)
{
    size_t length = strcspn(node->name, "/");

    if (is_read(queue))
        return;
    check(length < sizeof queue->service);
    memcpy(queue->service, node->name, length);
    lag_change(queue, queue->ready.length, 0);
}

bool rabbit_queue_enter(struct rabbit_queue *queue, const struct ask *ask)
{
    struct rabbit_model *model = queue->model;
    struct rabbit_message *message = pool_take(&model->messages);

    if (message == NULL)
        return false;
    *message = (struct rabbit_message){.number = queue->entered++};
    message->record =
        (struct record){.ask = *ask, .put_ns = rabbit_now(model), .topic = queue->topic};
    list_push_last(&queue->ready, &message->link);
    model->bytes += bytes_of(message);
    model->counts.put++;
    model->counts.dead += queue->topic == TOPIC_DEAD;
    queue->put++;
    if (is_read(queue))
        lag_change(queue, 1, 0);
    return true;
}

/* ---- Out ------------------------------------------------------------------------------------ */

static void arrive(struct event *event)
{
    struct rabbit_message *message = (struct rabbit_message *)event;
    struct rabbit_channel *channel = message->channel;

    message->has_arrived = true;
    while (channel->missing != &channel->unacked.head &&
           message_at(channel->missing)->has_arrived) {
        channel->missing = channel->missing->next;
        channel->arrived++;
    }
    event_after(channel->queue->model->events, &channel->look, 0);
}

static void send(struct event *event)
{
    rabbit_channel_send(((struct rabbit_message *)event)->channel, event, arrive, send);
}

static void push(struct rabbit_channel *channel, struct rabbit_message *message)
{
    struct rabbit_model *model = channel->queue->model;

    message->channel = channel;
    message->has_arrived = false;
    message->record.offset = channel->number << RABBIT_TAG_BITS | channel->tag++;
    message->event.tag = TAG_QUEUE | channel->node->id;
    list_push_last(&channel->unacked, &message->link);
    if (channel->missing == &channel->unacked.head)
        channel->missing = &message->link;
    if (channel->next == &channel->unacked.head)
        channel->next = &message->link;
    if (channel->unacked.length > model->counts.unacked_max)
        model->counts.unacked_max = channel->unacked.length;
    send(&message->event);
}

static bool has_room(const struct rabbit_channel *channel)
{
    return channel->is_consuming && channel->unacked.length < channel->queue->model->spec->prefetch;
}

/* The next by turns after the one that was given something last; NULL: nobody has room. */
static struct rabbit_channel *next_channel(const struct rabbit_queue *queue)
{
    struct link *link = queue->turn;

    if (queue->model->spec->single_active) {
        link = queue->channels.head.next;
        return !list_is_empty(&queue->channels) && has_room(channel_at(link)) ? channel_at(link)
                                                                              : NULL;
    }
    for (uint32_t i = 0; i <= queue->channels.length; i++) {
        link = link->next;
        if (link != &queue->channels.head && has_room(channel_at(link)))
            return channel_at(link);
    }
    return NULL;
}

void rabbit_queue_push(struct rabbit_queue *queue)
{
    struct rabbit_channel *channel;

    if (queue->model->is_paused || queue->model->is_down)
        return;
    while (!list_is_empty(&queue->ready) && (channel = next_channel(queue)) != NULL) {
        queue->turn = &channel->link;
        push(channel, message_at(list_take_first(&queue->ready)));
    }
}

/* ---- Back, and gone ------------------------------------------------------------------------- */

static void drop(struct rabbit_queue *queue, struct rabbit_message *message)
{
    struct rabbit_model *model = queue->model;

    event_cancel(&message->event);
    model->bytes -= bytes_of(message);
    pool_give(&model->messages, message);
    lag_change(queue, 0, 1);
}

/* After the last one that came back, which mostly stood just before. */
static void put_back(struct rabbit_queue *queue, struct rabbit_message *message, struct link **last)
{
    struct link *place = (*last)->next;

    if (*last != &queue->ready.head && message_at(*last)->number > message->number)
        place = queue->ready.head.next;
    while (place != &queue->ready.head && message_at(place)->number < message->number)
        place = place->next;
    message->channel = NULL;
    message->is_repeat = true;
    event_cancel(&message->event);
    list_push_before(&queue->ready, place, &message->link);
    *last = &message->link;
}

void rabbit_queue_take_back(struct rabbit_queue *queue, struct rabbit_channel *channel)
{
    struct link *last = &queue->ready.head, *first;

    while ((first = list_take_first(&channel->unacked)) != NULL) {
#ifdef SIM_PLANTED_BUGS
        if (queue->model->bug == QUEUE_SKIPS) {
            drop(queue, message_at(first));
            continue;
        }
#endif
        put_back(queue, message_at(first), &last);
    }
}

void rabbit_queue_forget(struct rabbit_queue *queue, struct rabbit_channel *channel, uint64_t tag)
{
    const uint64_t behind = channel->number << RABBIT_TAG_BITS | tag;
    struct link *first;

    while ((first = list_first(&channel->unacked)) != NULL &&
           message_at(first)->record.offset < behind) {
        list_remove(&channel->unacked, first);
        drop(queue, message_at(first));
        queue->acked++;
        queue->model->counts.committed++;
    }
}
