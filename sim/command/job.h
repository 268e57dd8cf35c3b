/* job.h — One `sim run`: what was asked, bound and chosen; and the three ways of doing it. */
#ifndef SIM_COMMAND_JOB_H
#define SIM_COMMAND_JOB_H

#include <stdatomic.h>
#include <stdio.h>

#include "sim/command/chosen.h"
#include "sim/command/options.h"

struct job { /* Everything is borrowed from run.c. */
    const struct story *story;
    const struct options *options;
    const struct settings *settings;
    struct chosen chosen;
    uint64_t seed;
    const char *repeat; /* The command line that repeats it. */
    FILE *json;         /* NULL: none. */
    const atomic_bool *is_interrupted;
};

/* Each returns an enum exit_code after it has reported, or said on stderr why it cannot. */
int job_virtual(const struct job *job); /* virtual.c: on all cores, in virtual time. */
int job_live(const struct job *job);    /* live.c: one after the other, on real processes. */
int job_both(const struct job *job);    /* both.c: estimated, simulated, measured. */

int job_no_memory(const struct settings *settings); /* Says so; EXIT_RUNTIME. */

#endif
