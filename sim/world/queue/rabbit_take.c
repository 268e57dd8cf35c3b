/* rabbit_take.c — Takes and commits, as a client library answers them from what was pushed to it.
 *
 *   take --> WAITING --messages enough, or the first old enough, or no more may come--> OK
 *              |  \--the connection breaks--> FAILED
 *              \--its timeout--> ABSENT
 *
 *   commit --> is it this connection's? --> OK, and the acknowledgement is on its way
 *                     \--> ABSENT: those messages are in the queue again, or with somebody else
 *
 * No more may come when the channel has all that `prefetch` allows: then a take is answered with
 * fewer than it wants, rather than wait for what it holds up itself.
 *
 * An offset holds the channel's number, so that an acknowledgement of what another connection had
 * brought cannot be taken for one of this connection's messages; tags begin with 1 on each. */
#include "sim/world/queue/rabbit_inside.h"

#include "sim/world/link_op.h"

static struct rabbit_request *request_at(struct link *link)
{
    return list_entry(link, struct rabbit_request, link);
}

static struct rabbit_message *message_at(struct link *link)
{
    return list_entry(link, struct rabbit_message, link);
}

static struct rabbit_request *begin(struct rabbit_model *model, struct node *node,
                                    struct call *call, uint64_t timeout_ns)
{
    struct rabbit_request *request = world_take_record(node->world, &model->requests);

    request->is_waiting = false;
    request->op.event = (struct event){.tag = TAG_QUEUE | node->id};
    op_begin(&request->op, node, call, OP_QUEUE, timeout_ns);
    return request;
}

static void end(struct event *event)
{
    struct rabbit_request *request = (struct rabbit_request *)event;

    op_end(&request->op, request->outcome, 0, NULL, &rabbit_of(request->op.node)->requests);
}

/* ---- Takes ---------------------------------------------------------------------------------- */

static void stop_waiting(struct rabbit_request *take)
{
    list_remove(&take->channel->takes, &take->link);
    take->is_waiting = false;
}

static void hand_over(struct rabbit_channel *channel, struct rabbit_request *take, uint32_t n)
{
    struct rabbit_model *model = channel->queue->model;

    for (uint32_t i = 0; i < n; i++) {
        model->answer[i] = message_at(channel->next)->record;
        model->counts.redelivered += message_at(channel->next)->is_repeat;
        channel->next = channel->next->next;
    }
    channel->handed += n;
    model->counts.taken += n;
    stop_waiting(take);
    op_end(&take->op, CALL_OK, n, model->answer, &model->requests);
}

/* When it can be answered; 0: now, UINT64_MAX: not by time alone. */
static uint64_t ready_ns(const struct rabbit_channel *channel, const struct rabbit_request *take)
{
    const struct rabbit_model *model = channel->queue->model;
    uint64_t there = channel->arrived - channel->handed;
    bool has_all = channel->missing == &channel->unacked.head &&
                   channel->unacked.length >= model->spec->prefetch;

    if (there == 0)
        return UINT64_MAX;
    if (there >= take->max || has_all)
        return 0;
    return message_at(channel->next)->record.put_ns + take->wait_ns;
}

/* Nothing runs at a stopped node: what was pushed to it waits in its socket. */
void rabbit_channel_look(struct event *event)
{
    struct rabbit_channel *channel = list_entry(event, struct rabbit_channel, look);
    struct rabbit_model *model = channel->queue->model;
    uint64_t now_ns = rabbit_now(model), at_ns;

    while (!list_is_empty(&channel->takes)) {
        struct rabbit_request *take = request_at(list_first(&channel->takes));
        uint64_t there = channel->arrived - channel->handed;

        if (node_is_paused(channel->node, now_ns)) {
            event_at(model->events, event, channel->node->resumes_ns);
            return;
        }
        at_ns = ready_ns(channel, take);
        if (at_ns > now_ns) {
            if (at_ns != UINT64_MAX)
                event_at(model->events, event, at_ns);
            return;
        }
        hand_over(channel, take, there < take->max ? (uint32_t)there : take->max);
    }
}

/* At the end of the instant, when a node that dies in it is dead. */
void rabbit_takes_fail(struct rabbit_channel *channel)
{
    struct link *first;

    while ((first = list_first(&channel->takes)) != NULL) {
        struct rabbit_request *take = request_at(first);

        stop_waiting(take);
        take->outcome = CALL_FAILED;
        take->op.event.fire = end;
        event_after(channel->queue->model->events, &take->op.event, 0);
    }
}

static void time_out(struct event *event)
{
    struct rabbit_request *take = list_entry(event, struct rabbit_request, op.timer);

    if (take->is_waiting && op_is_waited_for(&take->op)) {
        stop_waiting(take);
        op_end(&take->op, CALL_ABSENT, 0, NULL, &rabbit_of(take->op.node)->requests);
    } else {
        take->time_out(event);
    }
}

void rabbit_take_records(struct queue *port, struct call *call, uint32_t topic, uint32_t max,
                         uint64_t wait_ns, uint64_t timeout_ns)
{
    struct node *node = node_of(port, queue);
    struct rabbit_model *model = rabbit_of(node);
    struct rabbit_request *take = begin(model, node, call, timeout_ns);
    struct rabbit_channel *channel;

    check(topic > 0 && topic < TOPIC_KINDS);
    model->is_used = true;
    channel = rabbit_channel_of(&model->queues[topic], node);
    if (channel == NULL)
        channel = rabbit_channel_open(&model->queues[topic], node);
    take->channel = channel;
    take->max = max < QUEUE_TAKE_MAX ? max : QUEUE_TAKE_MAX;
    take->wait_ns = wait_ns;
    take->time_out = take->op.timer.fire;
    take->op.timer.fire = time_out;
    take->is_waiting = true;
    list_push_last(&channel->takes, &take->link);
    event_after(model->events, &channel->look, 0);
}

/* ---- Acknowledgements ----------------------------------------------------------------------- */

static struct rabbit_channel *channel_numbered(const struct rabbit_queue *queue, uint64_t number)
{
    for (struct link *link = queue->channels.head.next; link != &queue->channels.head;
         link = link->next)
        if (list_entry(link, struct rabbit_channel, link)->number == number)
            return list_entry(link, struct rabbit_channel, link);
    return NULL;
}

/* It comes to nobody when the connection has broken meanwhile. */
static void arrive(struct event *event)
{
    struct rabbit_request *ack = (struct rabbit_request *)event;
    struct rabbit_model *model = ack->queue->model;
    struct rabbit_channel *channel = channel_numbered(ack->queue, ack->number);

    if (model->is_paused) {
        list_push_last(&model->frozen_acks, &ack->link);
        return;
    }
    if (channel != NULL) {
        rabbit_queue_forget(ack->queue, channel, ack->tag);
        rabbit_queue_push(ack->queue);
        rabbit_puts_unblock(model);
    }
    op_end(&ack->op, CALL_OK, 0, NULL, &model->requests);
}

/* Sent again until it arrives, or its connection is no more. */
static void send(struct event *event)
{
    struct rabbit_request *ack = (struct rabbit_request *)event;
    struct rabbit_model *model = ack->queue->model;

    ack->op.event.fire = arrive;
    if (link_op_send(model->link, &ack->op, model->is_cut, &model->spec->way))
        return;
    ack->op.event.fire = send;
    if (channel_numbered(ack->queue, ack->number) != NULL)
        event_after(model->events, &ack->op.event, RABBIT_RETRANSMIT_NS);
    else
        op_end(&ack->op, CALL_OK, 0, NULL, &model->requests);
}

void rabbit_commit_offset(struct queue *port, struct call *call, uint32_t topic, uint32_t partition,
                          uint64_t next_offset, uint64_t timeout_ns)
{
    struct node *node = node_of(port, queue);
    struct rabbit_model *model = rabbit_of(node);
    struct rabbit_queue *queue = &model->queues[topic];
    struct rabbit_channel *channel = rabbit_channel_of(queue, node);
    struct rabbit_request *told = begin(model, node, call, timeout_ns), *ack;
    uint64_t last = next_offset - 1, tag = last & ((UINT64_C(1) << RABBIT_TAG_BITS) - 1);

    check(topic > 0 && topic < TOPIC_KINDS);
    (void)partition;
    told->outcome = CALL_ABSENT;
    if (channel != NULL && last >> RABBIT_TAG_BITS == channel->number) {
        told->outcome = CALL_OK;
        ack = begin(model, node, NULL, 0);
        ack->queue = queue;
        ack->number = channel->number;
        ack->tag = tag < channel->handed ? tag + 1 : channel->handed + 1;
        send(&ack->op.event);
    }
    told->op.event.fire = end;
    event_after(model->events, &told->op.event, 0);
}

/* ---- Faults --------------------------------------------------------------------------------- */

void rabbit_acks_thaw(struct rabbit_model *model)
{
    struct link *first;

    while ((first = list_take_first(&model->frozen_acks)) != NULL)
        arrive(&request_at(first)->op.event);
}

void rabbit_acks_drop(struct rabbit_model *model)
{
    struct link *first;

    while ((first = list_take_first(&model->frozen_acks)) != NULL)
        op_end(&request_at(first)->op, CALL_OK, 0, NULL, &model->requests);
}
