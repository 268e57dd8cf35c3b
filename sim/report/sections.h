/* sections.h — The parts of the terminal's report, in the order in which they are printed.
 *
 * Each prints its part with a blank line before it, or nothing where there is nothing to say. A
 * page may be a terminal's or a browser's: html/html_lines.c makes markup of the same lines. */
#ifndef SIM_REPORT_SECTIONS_H
#define SIM_REPORT_SECTIONS_H

#include "sim/report/page.h"
#include "sim/report/report.h"
#include "sim/report/words.h"

/* verdict.c */
bool variant_is_as_expected(const struct report_variant *variant);
const char *variant_name(const struct report *report, unsigned variant);
unsigned variant_names_width(const struct report *report); /* In columns, within bounds. */
void section_warnings(struct page *page, const struct report *report); /* Invariants, partial. */
void section_verdict(struct page *page, const struct report *report);
void print_verdict(struct page *page, const struct report *report); /* ✓ or ✗, and how many. */
void print_facts(struct page *page, const struct report *report);   /* Seed, time, which world. */
/* What breaks meanwhile, in all variants; a variant's own faults are its title's business. */
void print_faults(struct page *page, const struct report *report);

/* why.c: where the variant failed, one line of why, beginning and going on at column `indent`. */
void print_why(struct page *page, const struct report *report, unsigned variant, unsigned indent);

/* compare.c */
struct estimate variant_estimate(const struct report_variant *variant, const char *metric);
void section_thresholds(struct page *page, const struct report *report);
void section_answers(struct page *page, const struct report *report);
void section_failures(struct page *page, const struct report *report);
void section_auth(struct page *page, const struct report *report);
void section_runtimes(struct page *page, const struct report *report);
void section_counter(struct page *page, const struct report *report);
void section_queue(struct page *page, const struct report *report);
void section_money(struct page *page, const struct report *report);
void section_money_lost(struct page *page, const struct report *report);

/* stages.c */
void section_stages(struct page *page, const struct report *report);

/* over_time.c */
void section_over_time(struct page *page, const struct report *report);

/* terminal.c: what stands between the verdict and the work done, in this order. */
struct section {
    void (*print)(struct page *page, const struct report *report); /* NULL: the end. */
    bool is_drawn; /* The HTML page draws it instead. */
};
extern const struct section sections[];

/* One variant's, to the end of the line. */
void print_bottleneck(struct page *page, const struct report *report, unsigned variant,
                      unsigned indent);
void section_work(struct page *page, const struct report *report);

#endif
