/* two_steps.h — add_if_new on a server without scripts: a command on the member, then one on the
 * counter.
 *
 *   MEMBER --it was new (or, to take out, there)--> MOVE --moved--------------> ended, OK
 *     |                                             ^  | absent
 *     | not: ended, ABSENT                          |  v
 *     |                          begun by another --+ BEGIN, at the delta ----> ended, OK
 *     v
 *   anything else: ended. Behind MEMBER it has happened by half, and is CALL_FAILED.
 *
 * Each step is atomic and they are not one: whoever dies or gives up between them leaves the
 * counter one off. MEMBER comes first because the other order is worse: a like that is sent again
 * would be counted again. The virtual and the live memcached both go by this. */
#ifndef SERVICES_PORT_TWO_STEPS_H
#define SERVICES_PORT_TWO_STEPS_H

#include <stdbool.h>

#include "services/port/call.h"

enum two_step { TWO_STEPS_MEMBER, TWO_STEPS_MOVE, TWO_STEPS_BEGIN, TWO_STEPS_ENDED };

struct two_steps { /* Zeroed: nothing has been asked. */
    enum two_step step;
    enum call_outcome outcome; /* Once ended. */
    int64_t value;
};

static inline void two_steps_end(struct two_steps *steps, enum call_outcome outcome, int64_t value)
{
    *steps = (struct two_steps){TWO_STEPS_ENDED, outcome, value};
}

/* outcome and value are the answer to the step that was asked last. MEMBER: CALL_ABSENT when there
 * is nothing to count; MOVE: CALL_ABSENT when there is no counter; BEGIN: CALL_ABSENT when there is
 * one by now. */
static inline void two_steps_answered(struct two_steps *steps, enum call_outcome outcome,
                                      int64_t value)
{
    switch (steps->step) {
    case TWO_STEPS_MEMBER:
        if (outcome == CALL_OK)
            steps->step = TWO_STEPS_MOVE;
        else
            two_steps_end(steps, outcome, 0);
        return;
    case TWO_STEPS_MOVE:
    case TWO_STEPS_BEGIN:
        if (outcome == CALL_OK)
            two_steps_end(steps, CALL_OK, value);
        else if (outcome == CALL_ABSENT)
            steps->step = steps->step == TWO_STEPS_MOVE ? TWO_STEPS_BEGIN : TWO_STEPS_MOVE;
        else
            two_steps_end(steps, CALL_FAILED, 0);
        return;
    case TWO_STEPS_ENDED:
        check(steps->step != TWO_STEPS_ENDED); /* Nobody asks then. */
        return;
    }
}

#endif
