/* hpa.h — How many replicas there should be: the rule of the Kubernetes HorizontalPodAutoscaler.
 *
 * Pure: no port, no clock; the time is passed in. Follows the page "Horizontal Pod Autoscaling" of
 * the Kubernetes documentation (algorithm details, default behaviour), and where the page is
 * silent, the code behind it (pkg/controller/podautoscaler: replica_calculator.go, horizontal.go).
 *
 *   1. Outside min … max: back to the nearer of them, whatever the metric says.
 *   2. ratio = metric / target over the replicas that are ready. Replicas without a metric count
 *      as at the target (or 100 %, see hpa_sample.full) when the ratio says down and as idle when
 *      it says up; replicas not yet ready count as idle when it says up.
 *   3. |ratio - 1| <= tolerance, or a direction turned by step 2: no move.
 *      Otherwise ceil(ratio x replicas counted).
 *   4. On the way down, the highest recommendation of the last down_window.
 *   5. On the way up, at most the greater of 4 replicas and 100 % more per 15 s.
 *   6. min … max.
 *
 * Debt of the original that is kept: an average over replicas hides one that is stuck; with CPU
 * as the signal a queue in front of idle consumers is not seen at all. */
#ifndef SERVICES_AUTOSCALER_HPA_H
#define SERVICES_AUTOSCALER_HPA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/arena.h"

struct hpa_config {
    double target;                       /* Above 0, in the metric's unit. */
    uint32_t replicas_min, replicas_max; /* 1 <= min <= max. */
    double tolerance;                    /* 0.1 */
    uint64_t every_ns;                   /* Between decisions; 15 s. */
    uint64_t down_window_ns;             /* 5 min; 0: shrinks at once. */
};

/* What is known about the replicas at one instant. */
struct hpa_sample {
    double metric;     /* Mean over the `ready` ones. */
    double full;       /* What a replica without a metric is taken to use on the way down: 100 % in
                          the metric's unit where it has one, else 0; never less than the target. */
    uint32_t ready;    /* Ready, and with a metric. */
    uint32_t missing;  /* Ready, without a metric. */
    uint32_t starting; /* Not yet ready. */
};

struct hpa_note { /* A number of replicas, said at an instant. */
    uint64_t at_ns;
    int64_t replicas;
};

struct hpa_log { /* The latest notes, in a ring: as many as fit into its window. */
    struct hpa_note *notes;
    uint32_t notes_max;
    uint64_t length; /* Ever written. */
};

struct hpa {
    struct hpa_config config;
    struct hpa_log recommendations; /* For the way down. */
    struct hpa_log moves;           /* Signed: replicas added, taken away. */
};

size_t hpa_bytes(const struct hpa_config *config);
void hpa_init(struct hpa *hpa, const struct hpa_config *config, struct arena *arena);

/* Steps 2 and 3: what this sample alone asks for. No ready replica: no move. */
uint32_t hpa_recommend(const struct hpa_config *config, const struct hpa_sample *sample);

/* All six steps; remembers what it recommended and how it moved. now_ns never goes back. */
uint32_t hpa_decide(struct hpa *hpa, const struct hpa_sample *sample, uint64_t now_ns);

#endif
