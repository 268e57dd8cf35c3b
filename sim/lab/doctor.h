/* doctor.h — What a live run needs on this machine, and what of it is there.
 *
 *   sim-node, redis-server, memcached, libraries; the user's servers where they are named; how many
 *   files may be open, cores, whether they stay awake, whether we go first, how late timers are
 *
 * Nothing is left behind: one program is asked for its version, servers are asked who they are. */
#ifndef SIM_LAB_DOCTOR_H
#define SIM_LAB_DOCTOR_H

#include "sim/lab/lab.h"

enum { DOCTOR_FINDINGS_MAX = 28 };

enum doctor_state {
    DOCTOR_OK,
    DOCTOR_POOR,   /* It will run, and the figures may suffer. */
    DOCTOR_MISSING /* A live run needs it. */
};

struct doctor_finding {
    struct text name; /* "redis-server". Static, as is the cure. */
    enum doctor_state state;
    struct message found; /* Where, which version, how much; or why not. */
    struct text cure;     /* Empty where nothing is wrong. */
};

/* Returns how many findings there are, in that language (message.h). A server that is named makes
 * the embedded one needless. */
unsigned doctor_look(const struct lab_servers *servers, const char *lang,
                     struct doctor_finding findings[static DOCTOR_FINDINGS_MAX]);

#endif
