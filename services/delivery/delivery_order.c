/* delivery_order.c — Takes an order, so that it is charged once however often it comes.
 *
 *   CPU --sync----> TABLE --ok, new or a repeat--> answer: the order's id
 *    |                 +-----anything else-------> answer: the same outcome
 *    +----queued--> QUEUE --accepted-------------> answer: the order's id
 *    +----gave way-------------------------------> answer CALL_SHED
 *                      +-----anything else-------> answer: the same outcome
 *
 * ask.id is the idempotency key and the primary key of both rows. A client that timed out sends
 * the same id again: the transaction finds its rows there, changes nothing, and the client hears
 * what it would have heard the first time. A timeout is passed on as one, because the rows may be
 * there; only the client can decide to ask again.
 *
 * Queued, the order is answered when the log has it, and the batcher does the work. Records
 * are keyed by area, so that one consumer sees the orders that can share a courier. */
#include "services/delivery/delivery_flow.h"

static void order_place(struct order *order)
{
    const struct delivery *delivery = order->flow.delivery;
    const struct ask *ask = &order->flow.visit->ask;
    const struct table_op ops[] = {
        {.verb = TABLE_INSERT, .table = TABLE_ORDERS, .a = ask->id, .value = ask->amount},
        {.verb = TABLE_INSERT, .table = TABLE_CHARGES, .a = ask->id, .value = ask->amount},
    };

    order->state = ORDER_TABLE;
    table_write(delivery->ports.table, &order->flow.call, ops, 2,
                delivery->config.table_timeout_ns);
}

static void order_put(struct order *order)
{
    const struct delivery *delivery = order->flow.delivery;
    struct ask ask = order->flow.visit->ask;

    ask.key = ask.zone;
    order->state = ORDER_QUEUE;
    queue_put(delivery->ports.queue, &order->flow.call, TOPIC_ORDERS, &ask,
              delivery->config.queue_timeout_ns);
}

static void order_answer(struct order *order)
{
    enum call_outcome outcome = order->flow.call.outcome;
    uint64_t id = order->flow.visit->ask.id;

    if (outcome == CALL_OK)
        delivery_answer(&order->flow, CALL_OK, (int64_t)id, RECEIPT_BYTES);
    else
        delivery_answer(&order->flow, outcome, 0, 0);
}

static void order_step(struct call *call)
{
    struct order *order = (struct order *)call;

    switch (order->state) {
    case ORDER_CPU:
        if (call->outcome != CALL_OK)
            order_answer(order);
        else if (order->flow.delivery->config.orders == DELIVERY_QUEUED)
            order_put(order);
        else
            order_place(order);
        return;
    case ORDER_TABLE:
    case ORDER_QUEUE:
        order_answer(order);
        return;
    }
}

void delivery_order_begin(struct order *order)
{
    const struct delivery_config *config = &order->flow.delivery->config;

    order->flow.call.done = order_step;
    order->state = ORDER_CPU;
    delivery_work(&order->flow,
                  config->orders == DELIVERY_QUEUED ? &config->work_light : &config->work_write);
}
