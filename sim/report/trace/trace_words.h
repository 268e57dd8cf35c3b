/* trace_words.h — What spans and shares are called, for people and for programs. */
#ifndef SIM_REPORT_TRACE_TRACE_WORDS_H
#define SIM_REPORT_TRACE_TRACE_WORDS_H

#include "sim/report/trace/trace_path.h"
#include "sim/report/words.h"

/* What a line of the waterfall is called; nodes by their names. */
const char *trace_span_word(const struct trace *trace, const struct trace_span *span,
                            enum language language);
const char *trace_outcome_word(enum call_outcome outcome, bool is_late, enum language language);
const char *trace_share_word(const struct trace_share *share, enum language language);

/* Keys of documents: the same in every language. */
const char *trace_span_key(const struct trace_span *span); /* "ask", "visit", "validate", "cpu" … */
const char *trace_outcome_key(enum call_outcome outcome, bool is_late);
const char *trace_share_key(const struct trace_share *share);

#endif
