/* metrics.h — What a threshold may be about: the names, their units, a line of help.
 *
 * sim/measure knows how to read these figures; this side knows only what they are called, because
 * the arrows of the house point from there to here. tests/scenario holds the two lists to each
 * other. */
#ifndef SIM_SCENARIO_METRICS_H
#define SIM_SCENARIO_METRICS_H

#include <stddef.h>

#include "sim/scenario/keys/keys.h"
#include "sim/scenario/keys/units.h"

struct metric_word {
    const char *name; /* "latency.p99"; of a service: what follows "services.NAME." */
    enum unit unit;   /* UNIT_NUMBER stands for a count, which may have decimals. */
    const char *en, *ru;
};

/* Both end with a NULL name. */
const struct metric_word *metrics(void);
const struct metric_word *service_metrics(void);

/* Splits "services.NAME.utilization": the word, and where NAME stands. NULL when there is none. */
const struct metric_word *metric_named(const char *name, const char **service, size_t *length);

/* The name that was probably meant, for a scenario with these services; NULL when none is near. */
const char *metric_nearest(const struct scenario *scenario, const char *name, char near[160]);

#endif
