/* trace_words.c — One table per question. */
#include "sim/report/trace/trace_words.h"

/* ---- Spans ----------------------------------------------------------------------------------- */

static enum word stage_word(uint8_t stage)
{
    return stage == STAGE_DOOR ? WORD_TRACE_CPU
                               : (enum word)(WORD_STAGE_ACCEPT + stage - STAGE_ACCEPT);
}

static enum word wait_word(const struct trace *trace, const struct trace_span *span)
{
    return trace->spans[span->parent].kind == SPAN_VISIT ? WORD_TRACE_THREAD_WAIT
                                                         : WORD_TRACE_CORE_WAIT;
}

const char *trace_span_word(const struct trace *trace, const struct trace_span *span,
                            enum language language)
{
    switch ((enum span_kind)span->kind) {
    case SPAN_REQUEST:
        return word(language, WORD_TRACE_CLIENT);
    case SPAN_ASK:
    case SPAN_VISIT:
        return trace->nodes[span->node];
    case SPAN_STAGE:
        return word(language, stage_word(span->stage));
    case SPAN_CPU:
    case SPAN_RUN:
        return word(language, WORD_TRACE_CPU);
    case SPAN_TIMER:
        return word(language, trace->spans[span->parent].kind == SPAN_REQUEST ? WORD_TRACE_BACKOFF
                                                                              : WORD_TRACE_PAUSE);
    case SPAN_MEMORY:
        return word(language, WORD_TRACE_MEMORY);
    case SPAN_TOKENS:
        return word(language, WORD_TRACE_TOKENS);
    case SPAN_BLOCK:
        return word(language, WORD_TRACE_BLOCK);
    case SPAN_STORE:
        return word(language, WORD_TRACE_STORE);
    case SPAN_QUEUE:
        return word(language, WORD_TRACE_QUEUE);
    case SPAN_TABLE:
        return word(language, WORD_TRACE_TABLE);
    case SPAN_WAIT:
        return word(language, wait_word(trace, span));
    case SPAN_KINDS:
        break;
    }
    return "";
}

const char *trace_span_key(const struct trace_span *span)
{
    static const char *const keys[SPAN_KINDS] = {
        [SPAN_REQUEST] = "request", [SPAN_ASK] = "ask",       [SPAN_VISIT] = "visit",
        [SPAN_STAGE] = "stage",     [SPAN_CPU] = "cpu",       [SPAN_TIMER] = "timer",
        [SPAN_STORE] = "store",     [SPAN_QUEUE] = "queue",   [SPAN_TABLE] = "table",
        [SPAN_BLOCK] = "block",     [SPAN_TOKENS] = "tokens", [SPAN_MEMORY] = "memory",
        [SPAN_WAIT] = "wait",       [SPAN_RUN] = "run",
    };

    return span->kind == SPAN_STAGE ? visit_stage_name((enum visit_stage)span->stage)
                                    : keys[span->kind];
}

/* ---- Outcomes -------------------------------------------------------------------------------- */

const char *trace_outcome_word(enum call_outcome outcome, bool is_late, enum language language)
{
    switch (outcome) {
    case CALL_OK:
    case CALL_ABSENT:
        return word(language, is_late ? WORD_LATE : WORD_TRACE_OK);
    case CALL_TIMEOUT:
        return word(language, WORD_TIMEOUT);
    case CALL_SHED:
        return word(language, WORD_SHED);
    case CALL_REFUSED:
        return word(language, WORD_REFUSED);
    case CALL_DENIED:
        return word(language, WORD_DENIED);
    case CALL_FAILED:
        return word(language, WORD_ERROR);
    case CALL_IDLE:
    case CALL_PENDING:
        break;
    }
    return word(language, WORD_TRACE_UNFINISHED);
}

const char *trace_outcome_key(enum call_outcome outcome, bool is_late)
{
    static const char *const keys[] = {
        [CALL_IDLE] = "unfinished", [CALL_PENDING] = "unfinished", [CALL_OK] = "ok",
        [CALL_ABSENT] = "absent",   [CALL_TIMEOUT] = "timeout",    [CALL_SHED] = "shed",
        [CALL_REFUSED] = "refused", [CALL_FAILED] = "error",       [CALL_DENIED] = "denied",
    };

    return is_late ? "late" : keys[outcome];
}

/* ---- Shares ---------------------------------------------------------------------------------- */

const char *trace_share_word(const struct trace_share *share, enum language language)
{
    static const enum word words[] = {
        [TRACE_CORE_WAIT] = WORD_TRACE_CORE_WAIT, [TRACE_THREAD_WAIT] = WORD_TRACE_THREAD_WAIT,
        [TRACE_STORE] = WORD_TRACE_STORE,         [TRACE_QUEUE] = WORD_TRACE_QUEUE,
        [TRACE_TABLE] = WORD_TRACE_TABLE,         [TRACE_PAUSE] = WORD_TRACE_PAUSE,
        [TRACE_NETWORK] = WORD_TRACE_NETWORK,     [TRACE_ELSE] = WORD_TRACE_ELSE,
    };

    return word(language,
                share->what == TRACE_RUN ? stage_word((uint8_t)share->stage) : words[share->what]);
}

const char *trace_share_key(const struct trace_share *share)
{
    static const char *const keys[] = {
        [TRACE_CORE_WAIT] = "core_wait", [TRACE_THREAD_WAIT] = "thread_wait",
        [TRACE_STORE] = "store",         [TRACE_QUEUE] = "queue",
        [TRACE_TABLE] = "table",         [TRACE_PAUSE] = "pause",
        [TRACE_NETWORK] = "network",     [TRACE_ELSE] = "other",
    };

    if (share->what != TRACE_RUN)
        return keys[share->what];
    return share->stage == STAGE_DOOR ? "cpu" : visit_stage_name(share->stage);
}
