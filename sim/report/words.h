/* words.h — Everything that a report says, in English and Russian, in one place.
 *
 * A word with %s in it is a sentence for figure_fill(); both languages take the same figures in
 * the same order. */
#ifndef SIM_REPORT_WORDS_H
#define SIM_REPORT_WORDS_H

#include "sim/measure/figure.h"

enum word {
    /* What came out. */
    WORD_VARIANTS_AS_EXPECTED,     /* How many, of how many. */
    WORD_VARIANTS_AS_EXPECTED_ONE, /* The same where Russian wants the singular: of 1, 21, 31 … */
    WORD_NOT_AS_EXPECTED,
    WORD_VARIANTS_PASS, /* The same where nothing is expected of any variant. */
    WORD_FAILING,
    WORD_THRESHOLDS_HOLD, /* How many, of how many. */
    WORD_NO_THRESHOLDS,
    WORD_PASSES,
    WORD_FAILS,
    WORD_WANTED, /* A bound. */
    WORD_NOT_MEASURED,
    WORD_EXPECTED,
    WORD_OUTCOME,
    WORD_PASS,
    WORD_FAIL,

    /* What went wrong with the run itself. */
    WORD_INVARIANT_BROKEN, /* Name, virtual time, seed. */
    WORD_INVARIANTS_MORE,  /* How many more. */
    WORD_INTERRUPTED,
    WORD_ALL_VARIANTS,
    WORD_LIMIT, /* Which. */
    WORD_LIMIT_UNKNOWN,
    WORD_INVARIANTS_HOLD, /* How many were checked. */

    /* Facts about the run. */
    WORD_SEED,        /* The seed. */
    WORD_SEEDS,       /* The first, how many. */
    WORD_MEASURED,    /* How long. */
    WORD_FAULT_CRASH, /* Of what, from when, to when. */
    WORD_FAULT_PAUSE,
    WORD_FAULT_CUT,
    WORD_FAULT_END, /* The end of the run. */
    WORD_VIRTUAL,
    WORD_LIVE,
    WORD_EVENTS, /* How many, how long it took. */
    WORD_REPEAT,

    /* Tables. */
    WORD_TITLE_THRESHOLDS,
    WORD_TITLE_ANSWERS,
    WORD_TITLE_FAILURES,
    WORD_TITLE_BOTTLENECK,
    WORD_TITLE_AUTH,
    WORD_TITLE_RUNTIMES,
    WORD_TITLE_COUNTER,
    WORD_TITLE_QUEUE,
    WORD_TITLE_MONEY,      /* The currency. */
    WORD_TITLE_MONEY_LOST, /* The currency. */
    WORD_TITLE_TIME,       /* How long in all, how long one mark is. */
    WORD_GOODPUT,
    WORD_THROUGHPUT,
    WORD_IN_TIME,
    WORD_IN_TIME_OR_LATE,
    WORD_LATENCY,
    WORD_P50,
    WORD_P99,
    WORD_ATTEMPTS,
    WORD_PER_REQUEST,
    WORD_LOST_REQUESTS,
    WORD_IN_ALL,
    WORD_TIMEOUT,
    WORD_SHED,
    WORD_REFUSED,
    WORD_ERROR,
    WORD_DENIED,
    WORD_UNANSWERED,
    WORD_LATE,
    WORD_NOTHING_FAILED,
    WORD_LOGINS,
    WORD_REFRESHES,
    WORD_LOGOUTS,
    WORD_STOLEN_TOKENS,
    WORD_REFUSED_TOKENS,
    WORD_FORGED,
    WORD_REVOKED_TOKENS,
    WORD_ACCEPTED,
    WORD_EXPOSURE,
    WORD_MEAN,
    WORD_LONGEST,
    WORD_STORE_COMMANDS,
    WORD_ADDED,
    WORD_INCREMENTS,
    WORD_OVERWRITTEN,
    WORD_FORGOTTEN,
    WORD_BY_CRASHES,
    WORD_TIME,
    WORD_PER_ADD,
    WORD_PER_READ,
    WORD_LOCK,
    WORD_FOUND_HELD,
    WORD_RETRIES,
    WORD_IN_VAIN,
    WORD_OBJECTS,
    WORD_GARBAGE,
    WORD_BYTES,
    WORD_DEAD_LETTERS,
    WORD_RECORDS,
    WORD_LAG,
    WORD_AT_MOST,
    WORD_AT_THE_END,
    WORD_COMMISSION,
    WORD_DELIVERY,
    WORD_SUBSCRIPTION,
    WORD_ADS,
    WORD_PREMIUM,
    WORD_REVENUE,
    WORD_COURIERS,
    WORD_PAYMENT,
    WORD_REFUNDS,
    WORD_SUPPORT,
    WORD_SERVERS,
    WORD_PROFIT,
    WORD_CONTRIBUTION,
    WORD_PER_ORDER,
    WORD_CHEAPEST,        /* Which variant, what its servers cost. */
    WORD_MOST_PROFITABLE, /* Which variant, its profit. */
    WORD_LOST_MONEY,
    WORD_HELD,
    WORD_BY_VISITS,
    WORD_GIL,
    WORD_GIL_HELD,
    WORD_GIL_WAIT,
    WORD_MEMORY,
    WORD_MIB,
    WORD_OFFERED,
    WORD_QUEUE,
    WORD_QUEUE_AND_LOG, /* Where a log holds work as well. */
    WORD_NOTHING_IN_TIME,
    WORD_NONE,
    WORD_COMPONENT_STORE,
    WORD_COMPONENT_MEMCACHED,
    WORD_COMPONENT_QUEUE,
    WORD_COMPONENT_RABBIT,
    WORD_COMPONENT_TABLE,

    WORD_TITLE_STAGES, /* The service. */

    /* One request's waterfall. */
    WORD_TRACE_REQUEST, /* The verb, its number, of how many, how long, how it ended. */
    WORD_TRACE_RUN,     /* Scenario, variant, seed, when it began. */
    WORD_TRACE_START,
    WORD_TRACE_TOOK,
    WORD_TRACE_CLIENT,
    WORD_TRACE_CPU,
    WORD_TRACE_PAUSE,
    WORD_TRACE_BACKOFF,
    WORD_TRACE_BLOCK,
    WORD_TRACE_TOKENS,
    WORD_TRACE_MEMORY,
    WORD_TRACE_STORE,
    WORD_TRACE_QUEUE,
    WORD_TRACE_TABLE,
    WORD_TRACE_NETWORK,
    WORD_TRACE_ELSE,
    WORD_TRACE_CORE_WAIT,
    WORD_TRACE_THREAD_WAIT,
    WORD_TRACE_TRY, /* Which. */
    WORD_TRACE_HEDGE,
    WORD_TRACE_BEHIND,
    WORD_TRACE_UNFINISHED,
    WORD_TRACE_OK,
    WORD_TRACE_WHERE,
    WORD_TRACE_ON_CORES, /* How long in all. */
    WORD_TRACE_LEGEND_RUN,
    WORD_TRACE_LEGEND_WAIT,
    WORD_TRACE_LEGEND_CALL,
    WORD_TRACE_LEGEND_BELOW,
    WORD_TRACE_MORE,   /* How many lines more. */
    WORD_STAGE_ACCEPT, /* From here on in the order of enum visit_stage. */
    WORD_STAGE_ROUTE,
    WORD_STAGE_VALIDATE,
    WORD_STAGE_DEPENDENCIES,
    WORD_STAGE_HANDLE,
    WORD_STAGE_VALIDATE_ANSWER,
    WORD_STAGE_SERIALISE,
    WORD_STAGE_SEND,
    WORDS
};

/* "ru" and anything that begins so is Russian ("ru_RU.UTF-8"); all else, NULL too, English. */
enum language language_of(const char *lang);

const char *word(enum language language, enum word word);

/* The one of the two that the language asks for; never NULL. */
const char *text_in(enum language language, const struct text *text);

#endif
