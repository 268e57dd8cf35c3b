/* html.h — A report as one HTML file that needs nothing else: no network, no server.
 *
 *   page/, uPlot  --assemble.cmake-->  html_template: bytes with holes in them
 *                                                               |
 *   report --words--> markup in both languages                  v
 *          --JSON---> data for the drawings          -->  one file
 *
 * What is text (verdict, tables, why) is written here, in English and in Russian, with the words
 * and the figures of the terminal's report, and can be read where scripts are off. What is drawn
 * (charts, the topology, bars) is drawn by the scripts of page/ from the JSON document. The page
 * may load nothing: its Content-Security-Policy names the hashes of its one script and its styles,
 * and forbids all else. Text from scenarios is escaped wherever it stands. */
#ifndef SIM_REPORT_HTML_H
#define SIM_REPORT_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/report/beside.h"
#include "sim/report/report.h"

/* False: this sim was built where npm could not bring uPlot, and report_html must not be called. */
bool html_has_charts(void);

/* beside: how the three answers compare, shown as well; NULL: there is one answer. */
void report_html(const struct report *report, const struct beside *beside, FILE *out);

#endif
