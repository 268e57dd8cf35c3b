/* queue_consumer.c — Takes that wait at the broker, and commits.
 *
 *   take --link--> PARKED --records enough, or old enough--> link --> OK, the position moves on
 *                    |  \--100 ms of a rebalance, or it begins--> link --> FAILED
 *                    \-- the take's timeout: ABSENT, there and then
 *
 *   commit --link--> its own partition? --> link --> OK, or ABSENT
 *
 * The position is the consumer's: it moves when the records arrive. An answer that is lost, or
 * that comes after a timeout, a pause or a rebalance, moves nothing, and its records are handed
 * out again. Until then no other take is given the same partition.
 *
 * A timeout is told at its instant without a message: that is how a consumer's poll ends. A broker
 * that is down answers a take with CALL_FAILED (ask again), a commit with CALL_REFUSED. Fetching
 * costs the broker nothing; what limits it is the consumer. */
#include "sim/world/queue/queue_inside.h"

#include "sim/world/link_op.h"

static const uint64_t rebalance_answer_ns = 100000000;

static struct queue_model *model_of(const struct op *op)
{
    return world_parts(op->node->world)->queue;
}

static struct queue_request *request_at(struct link *link)
{
    return list_entry(link, struct queue_request, link);
}

/* ---- The way back --------------------------------------------------------------------------- */

static void end(struct event *event)
{
    struct queue_request *request = (struct queue_request *)event;

    op_end(&request->op, request->outcome, 0, NULL, &model_of(&request->op)->requests);
}

static void reply(struct queue_model *model, struct queue_request *request,
                  enum call_outcome outcome)
{
    request->outcome = outcome;
    request->op.event.fire = end;
    if (!op_is_waited_for(&request->op))
        end(&request->op.event);
    else if (!link_op_send(model->link, &request->op, model->is_cut, &model->spec->way))
        op_lost(&request->op, &model->requests);
}

/* ---- Takes ---------------------------------------------------------------------------------- */

static void unpark(struct queue_request *take)
{
    list_remove(&take->member->parked, &take->link);
    event_cancel(&take->op.event);
    take->is_parked = false;
    take->member = NULL;
}

static void count_delivered(struct queue_model *model, struct queue_share *share, uint64_t from,
                            uint32_t n)
{
    uint64_t end = from + n;

    model->counts.taken += n;
    if (share->delivered > from)
        model->counts.redelivered += (share->delivered < end ? share->delivered : end) - from;
    if (share->delivered < end)
        share->delivered = end;
}

/* The records have arrived. */
static void deliver(struct event *event)
{
    struct queue_request *take = (struct queue_request *)event;
    struct queue_model *model = model_of(&take->op);
    struct queue_group *group = take->group;
    struct queue_share *share = &group->shares[take->partition];
    bool is_stale = take->generation != group->generation;
    bool is_wanted =
        op_is_waited_for(&take->op) && !node_is_paused(take->op.node, queue_now(model));
    uint32_t n = 0;

    if (!is_stale)
        share->in_hand = NULL;
    if (is_wanted && !is_stale && !group->is_rebalancing) {
        const struct queue_log *log = queue_log_of(model, group->topic, take->partition);

        n = queue_log_copy(model, log, take->offset, take->max, model->answer);
    }
    if (n > 0) {
        share->position = take->offset + take->max;
        count_delivered(model, share, model->answer[0].offset, n);
    }
    if (!is_stale && share->owner != NULL)
        queue_serve(model, share->owner);
    if (n > 0)
        op_end(&take->op, CALL_OK, n, model->answer, &model->requests);
    else
        op_end(&take->op, CALL_FAILED, 0, NULL, &model->requests);
}

static void fetch(struct queue_model *model, struct queue_request *take, uint32_t partition,
                  uint64_t available)
{
    struct queue_share *share = &take->group->shares[partition];

    unpark(take);
    take->partition = partition;
    take->offset = share->position;
    take->max = available < take->max ? (uint32_t)available : take->max;
    take->generation = take->group->generation;
    take->op.event.fire = deliver;
    if (link_op_send(model->link, &take->op, model->is_cut, &model->spec->way))
        share->in_hand = take;
    else
        op_lost(&take->op, &model->requests);
}

/* When a partition can answer a take; 0: it has enough, UINT64_MAX: it has nothing. */
static uint64_t ready_ns(const struct queue_model *model, const struct queue_log *log,
                         const struct queue_share *share, const struct queue_request *take)
{
    if (share->in_hand != NULL || share->position >= log->end)
        return UINT64_MAX;
    if (log->end - share->position >= take->max)
        return 0;
    return queue_log_record(model, log, share->position)->put_ns + take->wait_ns;
}

/* Answers a parked take now, or asks to be woken when that may be possible. */
static void try(struct queue_model *model, struct queue_request *take)
{
    struct queue_member *member = take->member;
    uint64_t earliest_ns = UINT64_MAX;

    for (uint32_t i = 0; i < member->shares; i++) {
        uint32_t turn = (member->turn + i) % member->shares;
        const struct queue_log *log =
            queue_log_of(model, member->group->topic, member->first + turn);
        const struct queue_share *share = &member->group->shares[member->first + turn];
        uint64_t at_ns = ready_ns(model, log, share, take);

        if (at_ns <= queue_now(model)) {
            member->turn = (turn + 1) % member->shares;
            fetch(model, take, member->first + turn, log->end - share->position);
            return;
        }
        earliest_ns = at_ns < earliest_ns ? at_ns : earliest_ns;
    }
    event_cancel(&take->op.event);
    if (earliest_ns != UINT64_MAX)
        event_at(model->events, &take->op.event, earliest_ns);
}

/* While the broker is paused everything waits for queue_group_thaw. */
static void look(struct queue_model *model, struct queue_request *take)
{
    if (model->is_paused)
        return;
    if (!op_is_waited_for(&take->op)) {
        unpark(take);
        reply(model, take, CALL_FAILED);
    } else if (!take->group->is_rebalancing) {
        try(model, take);
    } else if (!event_is_asked(&take->op.event)) {
        event_after(model->events, &take->op.event, rebalance_answer_ns);
    }
}

void queue_serve(struct queue_model *model, struct queue_member *member)
{
    struct link *link = member->parked.head.next;

    while (link != &member->parked.head) {
        struct queue_request *take = request_at(link);

        link = link->next;
        look(model, take);
    }
}

static void wake(struct event *event)
{
    struct queue_request *take = (struct queue_request *)event;
    struct queue_model *model = model_of(&take->op);

    if (take->group->is_rebalancing && !model->is_paused) {
        unpark(take);
        reply(model, take, CALL_FAILED);
    } else {
        look(model, take);
    }
}

static void park(struct queue_model *model, struct queue_request *take)
{
    struct node *node = take->op.node;

    take->group = queue_group_of(model, node->name, take->topic, true);
    take->member = queue_member_of(take->group, node);
    if (take->member == NULL)
        take->member = queue_group_join(take->group, node);
    take->is_parked = true;
    take->op.event.fire = wake;
    list_push_last(&take->member->parked, &take->link);
    look(model, take);
}

void queue_fail_parked(struct queue_model *model, struct queue_member *member)
{
    struct link *first;

    while ((first = list_first(&member->parked)) != NULL) {
        unpark(request_at(first));
        reply(model, request_at(first), CALL_FAILED);
    }
}

static void time_out(struct event *event)
{
    struct queue_request *take = list_entry(event, struct queue_request, op.timer);

    if (take->is_parked && op_is_waited_for(&take->op)) {
        unpark(take);
        op_end(&take->op, CALL_ABSENT, 0, NULL, &model_of(&take->op)->requests);
    } else {
        take->time_out(event);
    }
}

/* ---- Commits -------------------------------------------------------------------------------- */

static void move_on(struct queue_model *model, struct queue_log *log, struct queue_share *share,
                    uint64_t next)
{
    if (next > log->end)
        next = log->end;
    if (next <= share->committed)
        return; /* It never goes back. */
    model->counts.committed += next - share->committed;
    queue_lag_change(model, 0, next - share->committed);
    share->committed = next;
    share->position = share->position > next ? share->position : next;
    share->delivered = share->delivered > next ? share->delivered : next;
    queue_log_trim(model, log);
}

/* During a rebalance the owner of before may still commit, as long as nobody else has it. */
static void commit(struct queue_model *model, struct queue_request *request)
{
    struct node *node = request->op.node;
    struct queue_group *group = queue_group_of(model, node->name, request->topic, false);
    struct queue_member *member = group == NULL ? NULL : queue_member_of(group, node);
    struct queue_share *share = group == NULL ? NULL : &group->shares[request->partition];

    if (member == NULL || share->owner != member) {
        reply(model, request, CALL_ABSENT);
        return;
    }
    move_on(model, queue_log_of(model, request->topic, request->partition), share, request->offset);
    reply(model, request, CALL_OK);
}

/* ---- The port ------------------------------------------------------------------------------- */

static void arrive(struct event *event)
{
    struct queue_request *request = (struct queue_request *)event;
    struct queue_model *model = model_of(&request->op);

    if (model->is_down)
        reply(model, request, request->is_take ? CALL_FAILED : CALL_REFUSED);
    else if (model->is_paused)
        list_push_last(&model->frozen, &request->link);
    else if (!request->is_take)
        commit(model, request);
    else if (op_is_waited_for(&request->op))
        park(model, request);
    else
        reply(model, request, CALL_FAILED); /* To nobody. */
}

static struct queue_request *begin(struct queue *queue, struct call *call, uint32_t topic,
                                   uint64_t timeout_ns)
{
    struct node *node = node_of(queue, queue);
    struct queue_model *model = world_parts(node->world)->queue;
    struct queue_request *request = world_take_record(node->world, &model->requests);

    check(topic > 0 && topic < TOPIC_KINDS);
    model->is_used = true;
    request->is_parked = false;
    request->topic = topic;
    request->group = NULL;
    request->member = NULL;
    request->op.event.fire = arrive;
    request->op.event.tag = TAG_QUEUE | node->id;
    op_begin(&request->op, node, call, OP_QUEUE, timeout_ns);
    return request;
}

static void send(struct queue_request *request)
{
    struct queue_model *model = model_of(&request->op);

    if (!link_op_send(model->link, &request->op, model->is_cut, &model->spec->way))
        op_lost(&request->op, &model->requests);
}

void queue_take_records(struct queue *queue, struct call *call, uint32_t topic, uint32_t max,
                        uint64_t wait_ns, uint64_t timeout_ns)
{
    struct queue_request *take = begin(queue, call, topic, timeout_ns);

    take->is_take = true;
    take->max = max < QUEUE_TAKE_MAX ? max : QUEUE_TAKE_MAX;
    take->wait_ns = wait_ns;
    take->time_out = take->op.timer.fire;
    take->op.timer.fire = time_out;
    send(take);
}

void queue_commit_offset(struct queue *queue, struct call *call, uint32_t topic, uint32_t partition,
                         uint64_t next_offset, uint64_t timeout_ns)
{
    struct queue_request *request = begin(queue, call, topic, timeout_ns);

    check(partition < model_of(&request->op)->spec->partitions);
    request->is_take = false;
    request->partition = partition;
    request->offset = next_offset;
    send(request);
}

/* ---- Faults --------------------------------------------------------------------------------- */

void queue_requests_thaw(struct queue_model *model)
{
    struct link *first;

    while ((first = list_take_first(&model->frozen)) != NULL)
        arrive(&request_at(first)->op.event);
}

void queue_requests_fail(struct queue_model *model)
{
    struct link *first;

    while ((first = list_take_first(&model->frozen)) != NULL)
        reply(model, request_at(first), CALL_FAILED);
    for (uint32_t i = 0; i < model->groups_max; i++) {
        struct list *members = &model->groups[i].members;

        for (struct link *link = members->head.next; link != &members->head; link = link->next)
            queue_fail_parked(model, list_entry(link, struct queue_member, link));
    }
}
