/* topic_name.h — What a topic of a run is called at the broker: "sim-{run}-likes" and so on.
 *
 * The run is in the name because a real broker is shared: by runs, and by whoever else uses it. */
#ifndef SERVICES_LIVE_QUEUE_TOPIC_NAME_H
#define SERVICES_LIVE_QUEUE_TOPIC_NAME_H

#include <stdio.h>

#include "services/base/check.h"
#include "services/port/schema.h"

enum { TOPIC_NAME_MAX = 64 };

static inline void topic_name(char name[static TOPIC_NAME_MAX], const char *run, unsigned topic)
{
    static const char *const words[TOPIC_KINDS] = {[TOPIC_LIKES] = "likes",
                                                   [TOPIC_ORDERS] = "orders",
                                                   [TOPIC_DEAD] = "dead",
                                                   [TOPIC_CUSTOM] = "custom"};
    int length;

    check(topic > 0 && topic < TOPIC_KINDS);
    length = snprintf(name, TOPIC_NAME_MAX, "sim-%s-%s", run, words[topic]);
    check(length > 0 && length < TOPIC_NAME_MAX);
}

#endif
