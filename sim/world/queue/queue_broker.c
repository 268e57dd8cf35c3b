/* queue_broker.c — The one queue that a world has, whichever kind of server it is. */
#include "sim/world/queue/queue_inside.h"

/* Both kinds of model begin with it. */
static const struct queue_broker *broker_of(const struct queue_model *model)
{
    return *(const struct queue_broker *const *)(const void *)model;
}

struct queue_model *queue_model_open(const struct model_setup *with, const struct queue_spec *spec)
{
    switch (spec->kind) {
    case QUEUE_KAFKA:
        return queue_kafka.open(with, spec);
    case QUEUE_RABBITMQ:
        return queue_rabbit.open(with, spec);
    }
    check(spec->kind <= QUEUE_RABBITMQ);
    return NULL;
}

const struct queue_ops *queue_model_ops(const struct queue_model *model)
{
    return &broker_of(model)->ops;
}

void queue_model_close(struct queue_model *model, struct queue_result *result)
{
    broker_of(model)->close(model, result);
}

/* ---- Faults --------------------------------------------------------------------------------- */

void queue_model_crash(struct queue_model *model)
{
    broker_of(model)->crash(model);
}

void queue_model_restart(struct queue_model *model)
{
    broker_of(model)->restart(model);
}

void queue_model_pause(struct queue_model *model)
{
    broker_of(model)->pause(model);
}

void queue_model_resume(struct queue_model *model)
{
    broker_of(model)->resume(model);
}

void queue_model_cut(struct queue_model *model, bool is_cut)
{
    broker_of(model)->cut(model, is_cut);
}

void queue_model_node_died(struct queue_model *model, const struct node *node)
{
    broker_of(model)->node_died(model, node);
}

void queue_model_node_left(struct queue_model *model, const struct node *node)
{
    broker_of(model)->node_left(model, node);
}

/* ---- For the autoscaler and the invariants -------------------------------------------------- */

uint64_t queue_model_lag(const struct queue_model *model)
{
    return broker_of(model)->lag(model);
}

uint64_t queue_model_group_lag(const struct queue_model *model, const char *service)
{
    return broker_of(model)->group_lag(model, service);
}

uint64_t queue_model_on_the_way(const struct queue_model *model)
{
    return broker_of(model)->on_the_way(model);
}

uint64_t queue_model_end(const struct queue_model *model, enum schema_topic topic,
                         uint32_t partition)
{
    return broker_of(model)->end(model, topic, partition);
}

uint64_t queue_model_committed(const struct queue_model *model, const char *service,
                               enum schema_topic topic, uint32_t partition)
{
    return broker_of(model)->committed(model, service, topic, partition);
}

bool queue_model_is_whole(const struct queue_model *model)
{
    return broker_of(model)->is_whole(model);
}

void queue_model_plant(struct queue_model *model, enum queue_bug bug)
{
    broker_of(model)->plant(model, bug);
}
