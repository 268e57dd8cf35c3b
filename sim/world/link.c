/* link.c — One leg of a message's way.
 *
 * A way without jitter keeps messages in order and goes through a lane of the event queue. With
 * jitter each message is late by its own exponential draw and may overtake another; within one
 * connection TCP would put them in order again, which is left out: the askers here have one
 * question each in flight. Bandwidth is left out too: messages are small. */
#include "sim/world/link.h"

#include "services/base/number.h"

void link_init(struct link_model *link, struct events *events, const struct network_spec *spec,
               uint64_t seed)
{
    *link = (struct link_model){.events = events, .spec = spec};
    dice_init(&link->dice, seed, "link");
}

bool link_send(struct link_model *link, struct event *event, const struct way *way)
{
    double loss = link->spec->loss;

    if (loss > 0 && dice_chance(&link->dice, loss))
        return false;
    if (way->jitter_ns == 0) {
        event_after(link->events, event, way->latency_ns);
    } else {
        double late_ns = (double)way->jitter_ns * dice_exponential(&link->dice);

        event_at(link->events, event,
                 events_now_ns(link->events) + way->latency_ns + number_round(late_ns));
    }
    return true;
}
