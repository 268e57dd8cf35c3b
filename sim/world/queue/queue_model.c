/* queue_model.c — Kafka from open to close, and what can befall it.
 *
 * One broker stands for the cluster: a crash takes all partitions and the coordinator with it, and
 * its log is on disk. What had reached the log is there afterwards, acknowledged or not; what had
 * not is failed, or, with acks none, gone without a word. Left out: the loss of records that only
 * a dead leader had (acks leader with a failover), and leaders on several brokers. */
#include "sim/world/queue/queue_inside.h"

#include <string.h>

#include "services/base/partition.h"

/* ---- From open to close --------------------------------------------------------------------- */

static void warm(struct event *event)
{
    struct queue_model *model = list_entry(event, struct queue_model, warm);

    model->counts = (struct queue_result){.lag_max = model->lag};
    for (uint32_t i = 0; i < TOPIC_KINDS * model->spec->partitions; i++)
        model->logs[i].put = 0;
}

static void init_pools(struct queue_model *model, struct arena *arena)
{
    /* Every record on its way is a letter; a put may outlive it until its timeout. */
    pool_init(&model->letters, arena, sizeof(struct queue_letter), QUEUE_LETTERS_MAX);
    pool_init(&model->batches, arena, sizeof(struct queue_batch), QUEUE_LETTERS_MAX);
    pool_init(&model->puts, arena, sizeof(struct queue_put), 4 * QUEUE_LETTERS_MAX);
    pool_init(&model->requests, arena, sizeof(struct queue_request), QUEUE_REQUESTS_MAX);
    pool_init(&model->members, arena, sizeof(struct queue_member), QUEUE_MEMBERS_MAX);
    map_init(&model->open, arena, 1024);
    model->answer = arena_take(arena, QUEUE_TAKE_MAX * sizeof *model->answer);
}

static struct queue_model *kafka_open(const struct model_setup *with, const struct queue_spec *spec)
{
    struct queue_model *model = arena_take(with->arena, sizeof *model);
    struct queue_share *shares;

    check(spec->partitions > 0);
    model->broker = &queue_kafka;
    model->events = with->events;
    model->link = with->link;
    model->spec = spec;
    init_pools(model, with->arena);
    queue_logs_init(model, with->arena);
    list_init(&model->open_batches);
    list_init(&model->at_broker);
    list_init(&model->frozen);
    shares = arena_take(with->arena, QUEUE_GROUPS_MAX * spec->partitions * sizeof *shares);
    for (uint32_t i = 0; i < QUEUE_GROUPS_MAX; i++)
        model->groups[i].shares = &shares[i * spec->partitions];
    model->warm = (struct event){.fire = warm, .tag = TAG_QUEUE | QUEUE_WARM_PLACE};
    if (with->warmup_ns > 0)
        event_at(model->events, &model->warm, with->warmup_ns);
    return model;
}

static void kafka_close(struct queue_model *model, struct queue_result *result)
{
    *result = model->counts;
    result->is_used = model->is_used;
    result->lag_end = model->lag;
    if (result->batches > 0)
        result->batch_mean = (double)result->put / (double)result->batches;
    for (uint32_t i = 0; i < TOPIC_KINDS * model->spec->partitions; i++)
        if (model->logs[i].put > result->max_partition_put)
            result->max_partition_put = model->logs[i].put;
}

/* ---- Faults --------------------------------------------------------------------------------- */

static void kafka_crash(struct queue_model *model)
{
    model->is_down = true;
    model->is_paused = false;
    queue_batches_fail(model);
    queue_requests_fail(model);
}

static void kafka_restart(struct queue_model *model)
{
    if (!model->is_down)
        return;
    model->is_down = false;
    for (uint32_t i = 0; i < model->groups_max; i++)
        queue_group_restart(&model->groups[i]);
}

static void kafka_pause(struct queue_model *model)
{
    if (model->is_paused || model->is_down)
        return;
    model->is_paused = true;
    queue_batches_freeze(model);
}

static void kafka_resume(struct queue_model *model)
{
    if (!model->is_paused)
        return; /* It crashed meanwhile. */
    model->is_paused = false;
    queue_batches_thaw(model);
    for (uint32_t i = 0; i < model->groups_max; i++)
        queue_group_thaw(&model->groups[i]);
    queue_requests_thaw(model);
}

static void kafka_cut(struct queue_model *model, bool is_cut)
{
    model->is_cut = is_cut;
}

/* Every open batch of the node is dealt with, and is then no longer open. */
static void close_batches(struct queue_model *model, const struct node *node,
                          void (*deal)(struct queue_model *model, struct queue_batch *batch))
{
    struct link *link = model->open_batches.head.next;

    while (link != &model->open_batches.head) {
        struct queue_batch *batch = list_entry(link, struct queue_batch, place);

        link = link->next;
        if (batch->node == node)
            deal(model, batch);
    }
}

static void kafka_node_died(struct queue_model *model, const struct node *node)
{
    close_batches(model, node, queue_batch_lose);
}

static void kafka_node_left(struct queue_model *model, const struct node *node)
{
    close_batches(model, node, queue_batch_send);
    for (uint32_t i = 0; i < model->groups_max; i++) {
        struct queue_member *member = queue_member_of(&model->groups[i], node);

        if (member != NULL)
            queue_group_leave(&model->groups[i], member);
    }
}

/* ---- For the autoscaler and the invariants -------------------------------------------------- */

static uint64_t kafka_lag(const struct queue_model *model)
{
    return model->lag;
}

static const struct queue_group *group_named(const struct queue_model *model, const char *service,
                                             uint32_t topic)
{
    for (uint32_t i = 0; i < model->groups_max; i++)
        if (model->groups[i].topic == topic && strcmp(model->groups[i].service, service) == 0)
            return &model->groups[i];
    return NULL;
}

static uint64_t kafka_group_lag(const struct queue_model *model, const char *service)
{
    uint64_t lag = 0;

    for (uint32_t topic = 0; topic < TOPIC_KINDS; topic++) {
        const struct queue_group *group = group_named(model, service, topic);

        for (uint32_t i = 0; group != NULL && i < model->spec->partitions; i++)
            lag += queue_log_of(model, topic, i)->end - group->shares[i].committed;
    }
    return lag;
}

static uint64_t kafka_on_the_way(const struct queue_model *model)
{
    return model->letters.taken;
}

static uint64_t kafka_end(const struct queue_model *model, enum schema_topic topic,
                          uint32_t partition)
{
    return queue_log_of(model, topic, partition)->end;
}

static uint64_t kafka_committed(const struct queue_model *model, const char *service,
                                enum schema_topic topic, uint32_t partition)
{
    const struct queue_group *group = group_named(model, service, topic);

    return group == NULL ? 0 : group->shares[partition].committed;
}

uint32_t queue_model_partition(const struct queue_model *model, uint64_t key)
{
    return partition_of(key, model->spec->partitions);
}

static void kafka_plant(struct queue_model *model, enum queue_bug bug)
{
    model->bug = bug;
}

/* A record is where its offset says; nothing else can be the matter with it. */
static bool kafka_is_whole(const struct queue_model *model)
{
    for (uint32_t g = 0; g < model->groups_max; g++)
        for (uint32_t i = 0; i < model->spec->partitions; i++) {
            const struct queue_share *share = &model->groups[g].shares[i];

            if (share->committed > queue_log_of(model, model->groups[g].topic, i)->end)
                return false;
        }
    return true;
}

const struct queue_broker queue_kafka = {
    .ops = {.put = queue_put_record, .take = queue_take_records, .commit = queue_commit_offset},
    .open = kafka_open,
    .close = kafka_close,
    .crash = kafka_crash,
    .restart = kafka_restart,
    .pause = kafka_pause,
    .resume = kafka_resume,
    .cut = kafka_cut,
    .node_died = kafka_node_died,
    .node_left = kafka_node_left,
    .lag = kafka_lag,
    .group_lag = kafka_group_lag,
    .on_the_way = kafka_on_the_way,
    .end = kafka_end,
    .committed = kafka_committed,
    .is_whole = kafka_is_whole,
    .plant = kafka_plant,
};
