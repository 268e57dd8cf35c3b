/* twin.h — The virtual worlds of this machine as seen, which --both holds against a real one.
 *
 *     machine, or --calibration FILE --laid over--> a variant --> worlds with other luck each
 *
 * The virtual world is given what this machine was measured to do, for it cannot know the price of
 * a hop here. What the scenario says of another machine (a store on a slow core, a small broker) is
 * left out: the measured run has this one. */
#ifndef SIM_COMMAND_TWIN_H
#define SIM_COMMAND_TWIN_H

#include "sim/command/job.h"
#include "sim/command/machine.h"
#include "sim/command/runs.h"

struct twin {
    const struct job *job;          /* Borrowed. */
    struct story story;             /* With what was seen laid over it. */
    const struct scenario *variant; /* Of it. */
    struct runs runs;
};

/* The variant of that name. machine: NULL where --calibration was given; else borrowed for the time
 * of the call. An exit code; what went wrong has been said on stderr. twin_close is due in any
 * case. */
int twin_open(struct twin *twin, const struct job *job, const char *variant,
              const struct machine *machine);

/* Runs it so many times, with this and the following chances of world.h, into twin->runs.
 * EXIT_INTERRUPTED: some of them are parts, or were not begun. */
int twin_simulate(struct twin *twin, unsigned first_chance, unsigned runs_max);

void twin_close(struct twin *twin);

#endif
