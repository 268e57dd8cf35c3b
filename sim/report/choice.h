/* choice.h — Which of several designs one would take, by money.
 *
 * Two answers, because they may differ: the cheapest that does what was asked, which is the
 * engineer's, and the most profitable, which is the owner's. */
#ifndef SIM_REPORT_CHOICE_H
#define SIM_REPORT_CHOICE_H

#include "sim/report/report.h"

enum { CHOICE_NONE = -1 };

/* The variant that holds all its thresholds with the least spent on servers, the first of equals.
 * CHOICE_NONE: there is one variant only, none holds them, or nothing was to be held or spent. */
int choice_cheapest(const struct report *report);

/* The variant with the highest profit. CHOICE_NONE: there is one variant only, or no order. */
int choice_most_profitable(const struct report *report);

#endif
