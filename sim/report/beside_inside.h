/* beside_inside.h — What beside.c prints and beside_json.c writes: rows with their three values.
 * Shared by these two and beside_rows.c, which fills them in. */
#ifndef SIM_REPORT_BESIDE_INSIDE_H
#define SIM_REPORT_BESIDE_INSIDE_H

#include "sim/measure/metric.h"
#include "sim/report/beside.h"

enum { BESIDE_ROWS_MAX = 10 + 2 * SCENARIO_SERVICES_MAX };

enum beside_trust { /* Why a variant is not judged; the first that is so. */
                    BESIDE_JUDGED,
                    BESIDE_PARTIAL,  /* One of the two runs ended early. */
                    BESIDE_VOID,     /* The driver was late. */
                    BESIDE_TOO_FAST, /* More than BESIDE_RATE_MAX. */
                    BESIDE_NO_CORE   /* Is left for driver, balancers and servers. */
};

struct beside_figure { /* What is compared. */
    const char *key;   /* In JSON: "throughput_rps". */
    struct text label; /* "throughput" */
    enum metric_unit unit;
    double goal;        /* Share of the measured, or points; 0: none. */
    const char *metric; /* metric.h; NULL: each service has its own. */
};

struct beside_row {
    const struct beside_figure *of;
    const char *service;                  /* Of a figure that each service has; else NULL. */
    double estimate, simulated, measured; /* NaN: no value. */
    double least, most;                   /* Of the simulated runs. */

    double error;   /* A share of the measured, or a difference of shares. NaN: none. */
    bool has_goal;  /* There is a goal, the variant is judged, and there is something to judge. */
    bool is_within; /* Of has_goal. */
    bool is_by_chance; /* Of has_goal, and not is_within. */
};

struct beside_rows {
    struct beside_row row[BESIDE_ROWS_MAX];
    unsigned rows_max;
    struct beside_goals goals; /* Of this variant. */
    enum beside_trust trust;
};

enum beside_trust beside_trust(const struct beside_variant *variant);
void beside_rows(struct beside_rows *rows, const struct beside_variant *variant);
const char *beside_name(const struct beside_variant *variant);

#endif
