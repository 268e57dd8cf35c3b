/* document.h — The JSON document of report.h as a tree, for who writes it into something larger. */
#ifndef SIM_REPORT_DOCUMENT_H
#define SIM_REPORT_DOCUMENT_H

#include <jansson.h>

#include "sim/report/report.h"

/* The caller's, to json_decref. */
json_t *report_document(const struct report *report);
json_t *report_series(const struct result *result); /* Second by second: a variant's "series". */

#endif
