/* measure.h — What a run notes down while it runs; both worlds feed it.
 *
 * The world tells of every request four things at most: it was offered, it was tried, it ended,
 * and what it was worth. A request is measured when its *intended* arrival is at or after the end
 * of the warm-up, and then all of it is, whenever it ends; otherwise nothing of it is. So
 *
 *     offered = ok + late + failed + in_flight
 *
 * holds after every call, and latency counts from the intended arrival, however late the client
 * got round to asking (coordinated omission).
 *
 *     offered ──> in flight ──┬──> ok       in time: latency and goodput
 *                             ├──> late     answered after the client gave up: throughput only
 *                             └──> failed   timeout, shed, refused, error
 *
 * Times are virtual (or live) nanoseconds since the start of the run. Nothing here allocates,
 * nothing reads a clock, and nothing feeds back into the run. */
#ifndef SIM_MEASURE_MEASURE_H
#define SIM_MEASURE_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/check.h"
#include "sim/measure/ledger.h"
#include "sim/measure/result.h"

/* ---- Levels over time ---------------------------------------------------------------------- */

/* The area under a level (requests inside, cores busy): its mean over time is L of Little's law. */
struct area {
    uint64_t since_ns; /* Of the last change. */
    uint64_t value;
    unsigned __int128 sum; /* value x ns, up to since_ns. */
};

static inline void area_init(struct area *area, uint64_t now_ns, uint64_t value)
{
    *area = (struct area){.since_ns = now_ns, .value = value};
}

static inline void area_change(struct area *area, uint64_t now_ns, uint64_t value)
{
    check(now_ns >= area->since_ns);
    area->sum += (unsigned __int128)area->value * (now_ns - area->since_ns);
    area->since_ns = now_ns;
    area->value = value;
}

/* The warm-up is over: the level stays, the area so far is forgotten. */
static inline void area_restart(struct area *area, uint64_t now_ns)
{
    area_init(area, now_ns, area->value);
}

/* Time that is known only when it has passed; the level stays what it is. */
static inline void area_spend(struct area *area, uint64_t ns)
{
    area->sum += ns;
}

/* Since the last init or restart. */
static inline unsigned __int128 area_sum(const struct area *area, uint64_t now_ns)
{
    return area->sum + (unsigned __int128)area->value * (now_ns - area->since_ns);
}

/* from_ns: when the area was last initialised or restarted. 0 when no time has passed. */
static inline double area_mean(const struct area *area, uint64_t from_ns, uint64_t now_ns)
{
    return now_ns <= from_ns ? 0 : (double)area_sum(area, now_ns) / (double)(now_ns - from_ns);
}

/* A line in which something waits, or a room in which it stays. Little's law is then an identity:
 * once it is empty, the area under its length is the sum of the stays, to the nanosecond. */
struct line_stat {
    struct area length;
    uint32_t longest;
    uint64_t left;              /* Those who have left it, and those who passed it by. */
    unsigned __int128 stays_ns; /* Their time in it, added up. */
    struct histogram *stays;    /* Lent by the world, or NULL. */
};

void line_init(struct line_stat *line, uint64_t now_ns, struct histogram *stays);
void line_restart(struct line_stat *line, uint64_t now_ns); /* Empties the histogram as well. */

static inline void line_enter(struct line_stat *line, uint64_t now_ns)
{
    uint32_t length = (uint32_t)line->length.value + 1;

    area_change(&line->length, now_ns, length);
    line->longest = length > line->longest ? length : line->longest;
}

static inline void line_left(struct line_stat *line, uint64_t stay_ns)
{
    line->left++;
    line->stays_ns += stay_ns;
    if (line->stays != NULL)
        histogram_record(line->stays, stay_ns);
}

static inline void line_leave(struct line_stat *line, uint64_t now_ns, uint64_t stay_ns)
{
    check(line->length.value > 0);
    area_change(&line->length, now_ns, line->length.value - 1);
    line_left(line, stay_ns);
}

/* Found no line: a stay of nothing, which counts in the mean (Wq). */
static inline void line_pass(struct line_stat *line)
{
    line_left(line, 0);
}

double line_stay_mean_ns(const struct line_stat *line); /* 0 when nobody has left. */

/* Busy servers out of those there are: cores, connections, one thread. */
struct usage {
    struct area busy, capacity;
    unsigned __int128 busy_before, capacity_before; /* Their areas at the last second. */
    double peak;                                    /* Of the busiest second so far, 0 … 1. */
};

void usage_init(struct usage *usage, uint64_t now_ns, uint64_t capacity);
void usage_restart(struct usage *usage, uint64_t now_ns); /* The warm-up is over. */

static inline void usage_change(struct usage *usage, uint64_t now_ns, uint64_t busy)
{
    area_change(&usage->busy, now_ns, busy);
}

static inline void usage_spend(struct usage *usage, uint64_t busy_ns)
{
    area_spend(&usage->busy, busy_ns);
}

static inline void usage_resize(struct usage *usage, uint64_t now_ns, uint64_t capacity)
{
    area_change(&usage->capacity, now_ns, capacity);
}

void usage_second(struct usage *usage, uint64_t now_ns);       /* At each whole second: the peak. */
double usage_mean(const struct usage *usage, uint64_t now_ns); /* Since init or restart, 0 … 1. */

/* ---- Requests ------------------------------------------------------------------------------- */

/* The latencies of one second, forgotten at its end; only the touched range is cleared. */
struct recent {
    uint32_t counts[HISTOGRAM_BUCKETS];
    uint32_t total, lowest, highest;
};

struct measure { /* Owned by the world; scenario and result are borrowed. */
    const struct scenario *scenario;
    struct result *result;
    uint64_t warmup_ns, load_end_ns;
    uint64_t origin_s;                 /* The whole second in which the warm-up ends. */
    uint64_t ok_in_load, late_in_load; /* Answers that came while there was load. */
    struct recent recent;
    struct ledger ledger;
};

/* Clears the whole result and fills in scenario and seed; everything else but what the calls below
 * name (services, store, queue, table, likes, events …) is for the world to write. */
void measure_init(struct measure *measure, const struct scenario *scenario, struct result *result);

void measure_offered(struct measure *measure, uint64_t intended_ns);
void measure_attempt(struct measure *measure, uint64_t intended_ns); /* Each try, first included. */

/* The one end of a request; now_ns >= intended_ns. */
void measure_ok(struct measure *measure, uint64_t intended_ns, uint64_t now_ns);
void measure_late(struct measure *measure, uint64_t intended_ns, uint64_t now_ns);
void measure_failed(struct measure *measure, uint64_t intended_ns, uint64_t now_ns,
                    enum failure cause);

/* Once for each order, when it ends. cause: enum failure, or FAILURES for late; not read when
 * is_ok. See ledger.h for what is booked. */
void measure_order(struct measure *measure, uint64_t intended_ns, const struct sale *sale,
                   bool is_ok, bool was_charged, unsigned cause);

/* Once for each menu, when it ends; the same of cause. view: the ask's id. */
void measure_view(struct measure *measure, uint64_t intended_ns, uint64_t view, uint64_t customer,
                  bool is_ok, unsigned cause);

/* By default every order that is ok rides alone. Where couriers carry several: `orders` of them
 * rode in `trips` (measured orders only, each told to measure_order as well); the difference is
 * taken off the couriers' pay. Any time before the close. */
void measure_trips(struct measure *measure, uint64_t orders, uint64_t trips);

/* At each whole second, after what happened before it: closes the second that ends now. queue:
 * waiting anywhere in services; replicas: ready, all services; lag: records, all partitions. */
void measure_second(struct measure *measure, uint64_t now_ns, uint32_t queue, uint32_t replicas,
                    uint64_t lag);

/* Works out measured_s, throughput, goodput, what time has earned and cost, and fills money. The
 * world has written services[].core_seconds and replicas_max, and store, queue and table .is_used
 * before. Rates are answers that came while there was load, over that time after the warm-up; a
 * drain adds to the counts alone. A second that was cut off is in no series. */
void measure_close(struct measure *measure, uint64_t end_ns);

#endif
