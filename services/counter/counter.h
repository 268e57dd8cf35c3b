/* counter.h — Likes counted in the memory of the process that serves them.
 *
 *   VERB_LIKE     key: post. Adds `adds` to its counter. Value: 1.
 *   VERB_COUNT    key: post. Value: likes shown.
 *   VERB_HEALTH   CALL_OK at once.
 *
 * A like here stands for a burst of them (a batch from a phone that was offline, a minute of a
 * log): one increment takes nanoseconds, so that a thousand requests per second with one each would
 * never meet, and the race would be there and not show.
 *
 * The counter belongs to one process. Another replica counts for itself, and a crash takes the
 * count along: what to do about that is the likes service's subject. Here it is what the threads of
 * one process do to each other, and the cure is the design (services/port/memory.h).
 *
 * Posts are 1 … posts. Any other post or verb is answered CALL_FAILED, a visit past its deadline
 * CALL_TIMEOUT, one too many CALL_SHED. Nothing tells one like from the next, so a like that is
 * tried again is counted again. */
#ifndef SERVICES_COUNTER_COUNTER_H
#define SERVICES_COUNTER_COUNTER_H

#include "services/port/ports.h"

struct counter_config {
    uint32_t in_flight;          /* Visits inside at once; beyond it they are shed. */
    uint64_t adds;               /* Of one like, above 0. */
    struct memory_layout layout; /* slots: the posts. */
};

struct counter;

/* Arena bytes that counter_init takes. */
size_t counter_bytes(const struct counter_config *config);

/* Copies both; wants the door, timer, memory and arena. */
struct counter *counter_init(const struct counter_config *config, const struct ports *ports);

extern const struct service_ops counter_service;

#endif
