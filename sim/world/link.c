/* link.c — One leg of a message's way.
 *
 * A way without jitter keeps messages in order and goes through a lane of the event queue. With
 * jitter each message is late by its own exponential draw and may overtake another; within one
 * connection TCP would put them in order again, which is left out: the askers here have one
 * question each in flight. A large body takes longer and holds up nobody else: a link is never
 * full. */
#include "sim/world/link.h"

#include "services/base/number.h"

void link_init(struct link_model *link, struct events *events, const struct network_spec *spec,
               uint64_t seed)
{
    *link = (struct link_model){.events = events, .spec = spec};
    dice_init(&link->dice, seed, "link");
}

bool link_send(struct link_model *link, struct event *event, const struct way *way,
               uint64_t more_ns)
{
    double loss = link->spec->loss;
    uint64_t late_ns = more_ns;

    if (loss > 0 && dice_chance(&link->dice, loss))
        return false;
    if (way->jitter_ns > 0)
        late_ns += number_round((double)way->jitter_ns * dice_exponential(&link->dice));
    if (late_ns == 0)
        event_after(link->events, event, way->latency_ns);
    else
        event_at(link->events, event, events_now_ns(link->events) + way->latency_ns + late_ns);
    return true;
}
