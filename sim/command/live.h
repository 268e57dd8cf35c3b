/* live.h — The chosen variants, one after the other, on real processes: for --live and --both. */
#ifndef SIM_COMMAND_LIVE_H
#define SIM_COMMAND_LIVE_H

#include "sim/command/job.h"
#include "sim/lab/lab.h"
#include "sim/report/report.h"

struct live { /* Results are owned. */
    const struct job *job;
    struct result *results[SCENARIO_VARIANTS_MAX]; /* As many as were begun. */
    struct lab_report reports[SCENARIO_VARIANTS_MAX];
    unsigned begun;
};

/* Where --redis, --memcached, --kafka and --db, or the environment, say that the servers are. */
struct lab_servers live_servers(const struct live_options *given);

enum { LIVE_RUN_MAX = 24 };

/* What nodes and driver call a run that somebody else has started: --run, or scenario-variant. So
 * each variant has tables of its own. Returns run, or what was given. */
const char *live_run_name(char run[static LIVE_RUN_MAX], const struct live_options *given,
                          const struct scenario *scenario);

/* The next one, which is the v-th. EXIT_AS_EXPECTED when there is something to report, perhaps a
 * part; else it has said why on stderr. */
int live_run(struct live *live, unsigned v);
void live_free(struct live *live);

/* What a report says of one of those begun; borrows the result. */
struct report_variant live_variant(const struct live *live, unsigned v);

/* Lines for people, on stderr: what the figures stand on (servers, send lag), and which of them
 * are void. */
void live_tell(const struct live *live);

#endif
