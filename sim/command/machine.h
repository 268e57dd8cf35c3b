/* machine.h — What this machine does at the moment, looked at as a variant will use it: what it
 * asks for, and beside as many others as it has asks. */
#ifndef SIM_COMMAND_MACHINE_H
#define SIM_COMMAND_MACHINE_H

#include "sim/command/job.h"
#include "sim/lab/calibrate.h"

struct machine {
    struct lab_rates rates; /* For which it was looked at, … */
    unsigned parts;         /* … and at what of it; 0: not at all, yet. */
    struct calibration calibration;
};

/* Measures it, for half a minute or two. An exit code; what went wrong has been said on stderr. */
int machine_look(struct machine *machine, const struct job *job, const struct scenario *variant);

/* Whether a look for this variant would be at the same. */
bool machine_is_for(const struct machine *machine, const struct scenario *variant);

/* Writes what was seen as a configuration, into a file in /tmp that the caller removes; its name
 * into path, "" as long as there is none. */
int machine_write(const struct machine *machine, char *path, size_t path_bytes);

#endif
