/* queue_group.c — Who reads which partition: members, heartbeats, rebalances.
 *
 *           a node joins or leaves; a session ends; the broker is back
 *   STABLE ------------------------------------------------------------> REBALANCING
 *      ^                                                                      |
 *      +--- after rebalance_ns, when everyone left in it has been heard ------+
 *
 * This is the classic, eager protocol (KIP-429 describes it and what came after): everybody gives
 * everything back, the coordinator waits for all the members that it knows to join again, then
 * ranges are handed out in the order of joining and each owner starts at the committed offset. A
 * member that died without a word is known until its session ends; meanwhile its partitions stand
 * still, and a rebalance that somebody else asks for waits for it with the whole group.
 *
 * A heartbeat is a look at the node every fifteenth of a session (3 s of 45 s, Kafka's defaults):
 * it is sent by a live process that is not stopped, over a cable that is not cut, to a broker that
 * listens. A process that died and came back is a new member. Left out: max.poll.interval, so a
 * member that lives and never takes keeps its partitions. */
#include "sim/world/queue/queue_inside.h"

#include <string.h>

enum { HEARTBEATS_PER_SESSION = 15 };

static const uint64_t heartbeat_least_ns = 1000000;

/* ---- Groups --------------------------------------------------------------------------------- */

static bool is_named(const struct queue_group *group, const char *service, size_t length)
{
    return strncmp(group->service, service, length) == 0 && group->service[length] == '\0';
}

static void begin_group(struct queue_model *model, struct queue_group *group, const char *service,
                        size_t length, uint32_t topic);

struct queue_group *queue_group_of(struct queue_model *model, const char *node_name, uint32_t topic,
                                   bool may_begin)
{
    size_t length = strcspn(node_name, "/");

    for (uint32_t i = 0; i < model->groups_max; i++)
        if (model->groups[i].topic == topic && is_named(&model->groups[i], node_name, length))
            return &model->groups[i];
    if (!may_begin)
        return NULL;
    check(model->groups_max < QUEUE_GROUPS_MAX); /* Services times topics. */
    begin_group(model, &model->groups[model->groups_max], node_name, length, topic);
    return &model->groups[model->groups_max++];
}

static void settle(struct event *event);

static void begin_group(struct queue_model *model, struct queue_group *group, const char *service,
                        size_t length, uint32_t topic)
{
    check(length < sizeof group->service);
    memcpy(group->service, service, length);
    group->model = model;
    group->topic = topic;
    group->settle = (struct event){.fire = settle, .tag = TAG_QUEUE | QUEUE_SETTLE_PLACE};
    list_init(&group->members);
    for (uint32_t i = 0; i < model->spec->partitions; i++) {
        const struct queue_log *log = queue_log_of(model, topic, i);

        group->shares[i] = (struct queue_share){
            .committed = log->begin, .position = log->begin, .delivered = log->begin};
        queue_lag_change(model, log->end - log->begin, 0);
    }
}

/* ---- Members -------------------------------------------------------------------------------- */

static struct queue_member *member_at(struct link *link)
{
    return list_entry(link, struct queue_member, link);
}

struct queue_member *queue_member_of(struct queue_group *group, const struct node *node)
{
    for (struct link *link = group->members.head.next; link != &group->members.head;
         link = link->next)
        if (member_at(link)->node == node && member_at(link)->epoch == node->epoch)
            return member_at(link);
    return NULL;
}

/* Whether the broker hears from it now. */
static bool is_heard(const struct queue_model *model, const struct queue_member *member)
{
    const struct node *node = member->node;

    return member->epoch == node->epoch && node_is_up(node) && !node->is_cut && !model->is_cut &&
           !node_is_paused(node, queue_now(model));
}

static bool has_expired(const struct queue_model *model, const struct queue_member *member)
{
    return queue_now(model) >= member->heard_ns + model->spec->session_ns;
}

static uint64_t heartbeat_ns(const struct queue_model *model)
{
    uint64_t every_ns = model->spec->session_ns / HEARTBEATS_PER_SESSION;

    return every_ns > heartbeat_least_ns ? every_ns : heartbeat_least_ns;
}

/* A broker that is stopped or away judges nobody. */
static void beat(struct event *event)
{
    struct queue_member *member = list_entry(event, struct queue_member, heartbeat);
    struct queue_group *group = member->group;
    struct queue_model *model = group->model;
    uint64_t next_ns = queue_now(model) + heartbeat_ns(model);
    uint64_t end_ns = member->heard_ns + model->spec->session_ns;

    if (model->is_paused || model->is_down) {
        event_at(model->events, event, next_ns);
    } else if (is_heard(model, member)) {
        member->heard_ns = queue_now(model);
        event_at(model->events, event, next_ns);
        if (group->is_rebalancing && queue_now(model) >= group->settles_ns)
            event_after(model->events, &group->settle, 0); /* It was waited for. */
    } else if (has_expired(model, member)) {
        queue_group_leave(group, member);
    } else {
        event_at(model->events, event, next_ns < end_ns ? next_ns : end_ns);
    }
}

static void rebalance_for(struct queue_group *group, uint64_t still_ns)
{
    struct queue_model *model = group->model;

    if (group->is_rebalancing)
        return;
    group->is_rebalancing = true;
    group->settles_ns = queue_now(model) + still_ns;
    for (struct link *link = group->members.head.next; link != &group->members.head;
         link = link->next)
        queue_fail_parked(model, member_at(link));
    event_after(model->events, &group->settle, still_ns);
}

/* Whoever is up when time begins was up before: the first gathering is no part of what a spike
 * meets, and live nobody asks before it is over. */
static bool was_there_before(const struct queue_model *model, const struct node *node)
{
    return node->ready_ns == 0 && node->epoch == 0 && queue_now(model) < model->spec->rebalance_ns;
}

struct queue_member *queue_group_join(struct queue_group *group, struct node *node)
{
    struct queue_model *model = group->model;
    struct queue_member *member = world_take_record(node->world, &model->members);

    *member = (struct queue_member){
        .group = group, .node = node, .epoch = node->epoch, .heard_ns = queue_now(model)};
    member->heartbeat = (struct event){.fire = beat, .tag = TAG_QUEUE | node->id};
    list_init(&member->parked);
    list_push_last(&group->members, &member->link);
    event_after(model->events, &member->heartbeat, heartbeat_ns(model));
    rebalance_for(group, was_there_before(model, node) ? 0 : model->spec->rebalance_ns);
    return member;
}

static void forget(struct queue_group *group, struct queue_member *member)
{
    for (uint32_t i = 0; i < member->shares; i++)
        group->shares[member->first + i].owner = NULL;
    queue_fail_parked(group->model, member);
    event_cancel(&member->heartbeat);
    list_remove(&group->members, &member->link);
    pool_give(&group->model->members, member);
}

void queue_group_leave(struct queue_group *group, struct queue_member *member)
{
    forget(group, member);
    queue_group_rebalance(group);
}

/* ---- Rebalance ------------------------------------------------------------------------------ */

void queue_group_rebalance(struct queue_group *group)
{
    rebalance_for(group, group->model->spec->rebalance_ns);
}

/* Where the new owner of a partition begins. */
static uint64_t start_of(const struct queue_model *model, const struct queue_log *log,
                         const struct queue_share *share)
{
#ifdef SIM_PLANTED_BUGS
    if (model->bug == QUEUE_STARTS_OVER)
        return log->begin;
    if (model->bug == QUEUE_SKIPS)
        return log->end;
#else
    (void)model;
    (void)log;
#endif
    return share->committed;
}

static void give_shares(struct queue_group *group, struct queue_member *member, uint32_t first,
                        uint32_t shares)
{
    member->first = first;
    member->shares = shares;
    member->turn = 0;
    for (uint32_t i = first; i < first + shares; i++) {
        struct queue_share *share = &group->shares[i];

        share->owner = member;
        share->in_hand = NULL;
        share->position =
            start_of(group->model, queue_log_of(group->model, group->topic, i), share);
    }
}

static void assign(struct queue_group *group)
{
    uint32_t partitions = group->model->spec->partitions;
    uint32_t members = group->members.length, first = 0, i = 0;

    for (struct link *link = group->members.head.next; link != &group->members.head;
         link = link->next, i++) {
        uint32_t shares = partitions / members + (i < partitions % members);

        give_shares(group, member_at(link), first, shares);
        first += shares;
    }
    group->generation++;
    group->is_rebalancing = false;
    group->model->counts.rebalances += members > 0;
}

/* Drops the silent members whose session is over. The earliest end of the others' sessions;
 * UINT64_MAX: nobody is silent. */
static uint64_t wait_for_silent(struct queue_group *group)
{
    struct queue_model *model = group->model;
    struct link *link = group->members.head.next;
    uint64_t earliest_ns = UINT64_MAX;

    while (link != &group->members.head) {
        struct queue_member *member = member_at(link);
        uint64_t end_ns = member->heard_ns + model->spec->session_ns;

        link = link->next;
        if (is_heard(model, member))
            continue;
        if (has_expired(model, member))
            forget(group, member);
        else if (end_ns < earliest_ns)
            earliest_ns = end_ns;
    }
    return earliest_ns;
}

static void settle(struct event *event)
{
    struct queue_group *group = list_entry(event, struct queue_group, settle);
    struct queue_model *model = group->model;
    uint64_t wait_ns;

    if (model->is_paused || model->is_down)
        return; /* queue_group_thaw and _restart go on from here. */
    wait_ns = wait_for_silent(group);
    if (wait_ns != UINT64_MAX) {
        event_at(model->events, &group->settle, wait_ns);
        return;
    }
    assign(group);
    for (struct link *link = group->members.head.next; link != &group->members.head;
         link = link->next)
        queue_serve(model, member_at(link));
}

/* ---- The broker goes on --------------------------------------------------------------------- */

void queue_group_thaw(struct queue_group *group)
{
    struct queue_model *model = group->model;

    if (group->is_rebalancing && !event_is_asked(&group->settle))
        event_after(model->events, &group->settle, 0);
    for (struct link *link = group->members.head.next; link != &group->members.head;
         link = link->next) {
        member_at(link)->heard_ns = queue_now(model);
        queue_serve(model, member_at(link));
    }
}

void queue_group_restart(struct queue_group *group)
{
    for (struct link *link = group->members.head.next; link != &group->members.head;
         link = link->next)
        member_at(link)->heard_ns = queue_now(group->model);
    group->is_rebalancing = false;
    queue_group_rebalance(group);
}
