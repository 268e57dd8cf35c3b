/* delivery_track.c — Where is my order? Two rows at most.
 *
 *   CPU -> ORDER --a row--> TRIP --a row-------> answer: dispatched
 *            |                +----no such row-> answer: placed
 *            |                +----otherwise---> answer: the same outcome
 *            +----no such row------------------> answer CALL_ABSENT: accepted where orders are
 *            |                                   queued, for it may be on its way; else unknown
 *            +----otherwise--------------------> answer: the same outcome
 *
 * Not drawn: who gave way to somebody more urgent before any work answers CALL_SHED. */
#include "services/delivery/delivery_flow.h"

static void track_read(struct track *track, enum track_state state, uint8_t table)
{
    const struct delivery *delivery = track->flow.delivery;

    track->state = state;
    table_read(delivery->ports.table, &track->flow.call, TABLE_ROW, table,
               track->flow.visit->ask.id, 0, delivery->config.table_timeout_ns);
}

static void track_answer(struct track *track, enum order_status status)
{
    delivery_answer(&track->flow, CALL_OK, status, RECEIPT_BYTES);
}

static void track_answer_absent(struct track *track)
{
    bool is_queued = track->flow.delivery->config.orders == DELIVERY_QUEUED;

    delivery_answer(&track->flow, CALL_ABSENT, is_queued ? ORDER_ACCEPTED : ORDER_UNKNOWN,
                    RECEIPT_BYTES);
}

static void track_step(struct call *call)
{
    struct track *track = (struct track *)call;

    switch (track->state) {
    case TRACK_CPU:
        if (call->outcome != CALL_OK)
            delivery_answer(&track->flow, call->outcome, 0, 0);
        else
            track_read(track, TRACK_ORDER, TABLE_ORDERS);
        return;
    case TRACK_ORDER:
        if (call->outcome == CALL_OK)
            track_read(track, TRACK_TRIP, TABLE_TRIPS);
        else if (call->outcome == CALL_ABSENT)
            track_answer_absent(track);
        else
            delivery_answer(&track->flow, call->outcome, 0, 0);
        return;
    case TRACK_TRIP:
        if (call->outcome == CALL_OK)
            track_answer(track, ORDER_DISPATCHED);
        else if (call->outcome == CALL_ABSENT)
            track_answer(track, ORDER_PLACED);
        else
            delivery_answer(&track->flow, call->outcome, 0, 0);
        return;
    }
}

void delivery_track_begin(struct track *track)
{
    track->flow.call.done = track_step;
    track->state = TRACK_CPU;
    delivery_work(&track->flow, &track->flow.delivery->config.work_light);
}
