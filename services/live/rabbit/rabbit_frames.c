/* rabbit_frames.c — Confirms and deliveries, frame by frame.
 *
 * A delivery is a method, a header and the pieces of its body; those of other channels may come in
 * between. A confirm names one put, or all up to it. What cannot be routed comes back before it is
 * confirmed: the queue is gone, and with it our belief in that connection. */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "services/live/rabbit/rabbit_inside.h"

/* ---- Confirms -------------------------------------------------------------------------------- */

static void confirm(struct rabbit *rabbit, uint64_t number, bool is_multiple,
                    enum call_outcome outcome)
{
    struct link *link, *next;

    pthread_mutex_lock(&rabbit->lock);
    for (link = rabbit->sent.head.next; link != &rabbit->sent.head; link = next) {
        struct rabbit_put *put = list_entry(link, struct rabbit_put, link);

        next = link->next;
        if (put->number > number)
            break;
        if (put->number < number && !is_multiple)
            continue;
        list_remove(&rabbit->sent, link);
        rabbit_end_locked(rabbit, put, outcome);
    }
    rabbit->confirms++;
    pthread_mutex_unlock(&rabbit->lock);
    bell_ring(&rabbit->news);
}

/* ---- Deliveries ------------------------------------------------------------------------------ */

static struct rabbit_incoming *incoming_on(struct rabbit *rabbit, amqp_channel_t channel)
{
    uint32_t topic = (uint32_t)channel - RABBIT_PUT_CHANNEL;

    return topic > 0 && topic < TOPIC_KINDS ? &rabbit->incoming[topic] : NULL;
}

static void keep(struct rabbit *rabbit, uint32_t topic, const struct rabbit_incoming *incoming)
{
    struct rabbit_delivery *delivery = calloc(1, sizeof *delivery);
    bool is_first;

    check(delivery != NULL);
    delivery->topic = topic;
    delivery->offset = rabbit->connections << RABBIT_TAG_BITS | incoming->tag;
    delivery->wall_ns = incoming->wall_ns;
    delivery->is_repeat = incoming->is_repeat;
    if (!wire_read_record(&delivery->ask, (struct span){incoming->text, incoming->size}))
        delivery->ask.verb = VERB_MAX; /* None of ours: nobody makes anything of it. */
    pthread_mutex_lock(&rabbit->lock);
    is_first = rabbit->deliveries.length == 0; /* All are taken at once. */
    list_push_last(&rabbit->deliveries, &delivery->link);
    pthread_mutex_unlock(&rabbit->lock);
    if (is_first)
        bell_ring(&rabbit->news);
}

static void finish_delivery(struct rabbit *rabbit, amqp_channel_t channel)
{
    struct rabbit_incoming *incoming = incoming_on(rabbit, channel);

    if (incoming->got < incoming->size)
        return;
    incoming->is_open = false;
    if (incoming->size > sizeof incoming->text)
        incoming->size = 0; /* Longer than any record of ours. */
    keep(rabbit, (uint32_t)channel - RABBIT_PUT_CHANNEL, incoming);
}

static uint64_t wall_ns_of(const amqp_basic_properties_t *properties)
{
    amqp_bytes_t wanted = amqp_cstring_bytes(RABBIT_PUT_NS_HEADER);

    if (!(properties->_flags & AMQP_BASIC_HEADERS_FLAG))
        return 0;
    for (int i = 0; i < properties->headers.num_entries; i++) {
        const amqp_table_entry_t *entry = &properties->headers.entries[i];

        if (entry->key.len == wanted.len &&
            memcmp(entry->key.bytes, wanted.bytes, wanted.len) == 0 &&
            entry->value.kind == AMQP_FIELD_KIND_I64 && entry->value.value.i64 > 0)
            return (uint64_t)entry->value.value.i64;
    }
    return 0;
}

static bool read_header(struct rabbit *rabbit, const amqp_frame_t *frame)
{
    struct rabbit_incoming *incoming = incoming_on(rabbit, frame->channel);

    if (incoming == NULL || !incoming->is_open)
        return false;
    incoming->size = frame->payload.properties.body_size;
    incoming->got = 0;
    incoming->wall_ns = wall_ns_of(frame->payload.properties.decoded);
    finish_delivery(rabbit, frame->channel);
    return true;
}

static bool read_body(struct rabbit *rabbit, const amqp_frame_t *frame)
{
    struct rabbit_incoming *incoming = incoming_on(rabbit, frame->channel);
    amqp_bytes_t piece = frame->payload.body_fragment;

    if (incoming == NULL || !incoming->is_open)
        return false;
    if (incoming->got + piece.len <= sizeof incoming->text)
        memcpy(&incoming->text[incoming->got], piece.bytes, piece.len);
    incoming->got += piece.len;
    finish_delivery(rabbit, frame->channel);
    return true;
}

/* ---- Frames ---------------------------------------------------------------------------------- */

/* Anything else on these channels is the broker taking its leave. */
static bool read_method(struct rabbit *rabbit, const amqp_frame_t *frame)
{
    struct rabbit_incoming *incoming = incoming_on(rabbit, frame->channel);
    void *decoded = frame->payload.method.decoded;

    if (frame->payload.method.id == AMQP_BASIC_ACK_METHOD) {
        const amqp_basic_ack_t *ack = decoded;

        confirm(rabbit, ack->delivery_tag, ack->multiple, CALL_OK);
        return true;
    }
    if (frame->payload.method.id == AMQP_BASIC_NACK_METHOD) {
        const amqp_basic_nack_t *nack = decoded;

        confirm(rabbit, nack->delivery_tag, nack->multiple, CALL_FAILED);
        return true;
    }
    if (frame->payload.method.id == AMQP_BASIC_DELIVER_METHOD && incoming != NULL) {
        const amqp_basic_deliver_t *deliver = decoded;

        incoming->is_open = true;
        incoming->is_repeat = deliver->redelivered;
        incoming->tag = deliver->delivery_tag;
        return true;
    }
    return frame->payload.method.id == AMQP_CONNECTION_BLOCKED_METHOD ||
           frame->payload.method.id == AMQP_CONNECTION_UNBLOCKED_METHOD;
}

static bool read_frame(struct rabbit *rabbit, const amqp_frame_t *frame)
{
    switch (frame->frame_type) {
    case AMQP_FRAME_METHOD:
        return read_method(rabbit, frame);
    case AMQP_FRAME_HEADER:
        return read_header(rabbit, frame);
    case AMQP_FRAME_BODY:
        return read_body(rabbit, frame);
    default: /* It is a byte. */
        return false;
    }
}

bool rabbit_read_frames(struct rabbit *rabbit)
{
    struct timeval none = {0};
    amqp_frame_t frame;
    int status;

    while ((status = amqp_simple_wait_frame_noblock(rabbit->state, &frame, &none)) ==
           AMQP_STATUS_OK) {
        if (!read_frame(rabbit, &frame))
            return false;
        amqp_maybe_release_buffers(rabbit->state);
    }
    return status == AMQP_STATUS_TIMEOUT;
}
