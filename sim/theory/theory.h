/* theory.h — The whiteboard estimate: what a candidate can work out aloud, phase by phase.
 *
 *   scenario --> time line --> per phase: arrivals --> service --> store, table, log --> answers
 *                 (rates)                  (rho, Erlang-C, or backlog)         (R, p99, L)
 *
 * Closed forms and a fluid's straight lines, no events and no chance: the first of the three
 * answers, beside what is simulated and what is measured. Every line keeps the numbers that went
 * into it, so that it can be printed as it would be said:
 *
 *   ρ = λ E[S] / c = 240/s × 5.6 ms / 2 = 0.67
 *
 * A ramp is taken in two halves, each at its mean rate: that is how many come. What a whiteboard
 * has no formula for (faults, lost messages, retries of what was lost, a breaker, whom a line that
 * is too long turns away, how soon an autoscaler reacts) is left out, and the figures that hang on
 * it say that they are not estimable and why. */
#ifndef SIM_THEORY_THEORY_H
#define SIM_THEORY_THEORY_H

#include "sim/scenario/scenario.h"

enum {
    THEORY_NUMBERS_MAX = 24, /* Two of each verb, and what they are divided by. */
    THEORY_PATTERN_BYTES = 160,
    THEORY_TEXT_BYTES = 512,
    THEORY_NOTES_MAX = 16,
    THEORY_WHY_MAX = 16
};

enum theory_unit {
    THEORY_MS,    /* Milliseconds. */
    THEORY_RATE,  /* Per second. */
    THEORY_SHARE, /* 0 … 1; printed in %. */
    THEORY_COUNT, /* Requests, records, places. */
    THEORY_RATIO, /* A plain number, two decimals: rho, erlangs. */
    THEORY_KIB,
    THEORY_KIB_RATE, /* KiB per second. */
    THEORY_MONEY,    /* Minor units; printed in whole ones, without their currency. */
    THEORY_UNITS
};

enum theory_what {
    THEORY_ARRIVALS,
    THEORY_LIMIT,
    THEORY_WORK,
    THEORY_CAPACITY,
    THEORY_OFFERED,
    THEORY_UTILIZATION,
    THEORY_WAIT_CHANCE,
    THEORY_WAIT,
    THEORY_WAIT_REGULAR,
    THEORY_WAIT_FINITE,
    THEORY_WAIT_TWO,
    THEORY_BACKLOG,
    THEORY_FILL,
    THEORY_LINE_WAIT,
    THEORY_SHED,
    THEORY_SHED_FULL,
    THEORY_DRAIN,
    THEORY_REPLICAS,
    THEORY_THREADS,
    THEORY_PLACES,
    THEORY_LOCK,
    THEORY_STRAGGLERS,
    THEORY_HOPS,
    THEORY_HANDSHAKE,
    THEORY_TRAFFIC,
    THEORY_RESPONSE,
    THEORY_P99,
    THEORY_LITTLE,
    THEORY_HIT_TTL,
    THEORY_HIT_LRU,
    THEORY_HIT_FIRST,
    THEORY_MISSES,
    THEORY_REFILLS,
    THEORY_REFILLS_REPLICAS,
    THEORY_REFILLS_LEASE,
    THEORY_REFILLS_EARLY,
    THEORY_STORE,
    THEORY_STORE_THREADS,
    THEORY_TABLE_RATE,
    THEORY_TABLE_CORES,
    THEORY_TABLE_POOL,
    THEORY_TABLE_FLUSHES,
    THEORY_TABLE_COMMITS,
    THEORY_TABLE_ROW,
    THEORY_TABLE_WRITERS,
    THEORY_TABLE_CEILING,
    THEORY_TABLE_LATE,
    THEORY_LOG_RATE,
    THEORY_LOG_HOT,
    THEORY_LOG_PARTITION,
    THEORY_LOG_PROCESS,
    THEORY_BATCH_TIME,
    THEORY_BATCH_CAPACITY,
    THEORY_BATCH_UTILIZATION,
    THEORY_LAG,
    THEORY_LAG_DRAIN,
    THEORY_TOKENS_VERIFY,
    THEORY_TOKENS_LOOKUPS,
    THEORY_TOKENS_REFRESH,
    THEORY_EXPOSURE_MEAN,
    THEORY_EXPOSURE_LEEWAY,
    THEORY_EXPOSURE_MOST,
    THEORY_COMMISSION,
    THEORY_DELIVERY_FEE,
    THEORY_LISTING,
    THEORY_ADS,
    THEORY_PREMIUM,
    THEORY_COURIER,
    THEORY_PAYMENT,
    THEORY_CONTRIBUTION,
    THEORY_WHATS
};

struct theory_number {
    enum theory_unit unit;
    double value;
};

struct theory_line {
    enum theory_what what;
    uint32_t phase;
    const char
        *service;     /* Lent by the scenario; "store", "table", "queue", "money", "": clients. */
    const char *verb; /* "": all. */
    char numbers[THEORY_PATTERN_BYTES]; /* The formula again, with %s for each of `of`; or "". */
    struct theory_number of[THEORY_NUMBERS_MAX];
    uint32_t of_max;
    struct theory_number value;
};

struct theory_phase {
    uint64_t from_ns, to_ns;
    double rate;      /* Of all loads. */
    bool is_ramp;     /* Some load's rate changes within. */
    uint32_t same_as; /* The earlier phase of which every line is true here; itself: none. */
    uint32_t line, lines_max; /* Its lines, in the order in which they are said. */
};

struct estimate_figure {
    bool has_value; /* False: not estimable; see theory.why. */
    double value;
};

/* After warm-up, weighted by arrivals: what a run's result says, estimated. */
struct estimate_result {
    struct estimate_figure throughput_rps, goodput_rps;
    struct estimate_figure p50_ms, p95_ms, p99_ms; /* Of answers in time. */
    struct estimate_figure lost;                   /* Failed or late, share of offered. */
    struct estimate_figure utilization[SCENARIO_SERVICES_MAX];
    struct estimate_figure hit_rate; /* Of the store's reads. */
    struct estimate_figure lag_end;  /* Records, after the drain; 0 without a log. */
};

struct theory {
    const struct scenario *scenario; /* Borrowed. */
    struct theory_phase *phases;
    uint32_t phases_max;
    struct theory_line *lines;
    uint32_t lines_max;
    struct estimate_result result;
    struct text notes[THEORY_NOTES_MAX]; /* What was assumed; static texts. */
    uint32_t notes_max;
    struct text why[THEORY_WHY_MAX]; /* Why figures are not estimable; static texts. */
    uint32_t why_max;
};

/* The estimate of one variant; NULL: no memory. The scenario stays the caller's and must outlive
 * it. */
struct theory *theory_open(const struct scenario *scenario);
void theory_close(struct theory *theory);

/* ---- As text: `lang` is "en" or "ru". ------------------------------------------------------- */

const struct text *theory_label(enum theory_what what); /* "utilisation" */
const char *theory_key(enum theory_what what);          /* "utilization": the same in JSON. */
const char *theory_unit_key(enum theory_unit unit);     /* "ms", "per_s", "share" … */

/* "240/s", "5,6 мс": three digits that matter. */
void theory_put_number(char *text, size_t size, const char *lang, struct theory_number number);

/* "ρ = λ E[S] / c = 240/s × 5.6 ms / 2 = 0.67" */
void theory_put_formula(char *text, size_t size, const char *lang, const struct theory_line *line);

#endif
