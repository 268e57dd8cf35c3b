/* failpoint.h — Where a test build kills itself, so that a test can ask what survives.
 *
 * FAILPOINT_BETWEEN_COMMITS wraps two ports: the first queue commit that follows a table write is
 * not made; the process is killed instead (SIGKILL, no exit handler runs), with the rows in SQL and
 * the offset not in the queue. Only the build with SIM_PLANTED_BUGS (sim-node-planted) can. */
#ifndef SERVICES_LIVE_NODE_FAILPOINT_H
#define SERVICES_LIVE_NODE_FAILPOINT_H

#include <stdbool.h>

#include "services/live/node/settings.h"
#include "services/port/ports.h"

bool failpoint_is_known(enum failpoint failpoint); /* To this build. */

/* Puts itself between the service and its ports; once per process. */
void failpoint_arm(enum failpoint failpoint, struct ports *ports);

#endif
