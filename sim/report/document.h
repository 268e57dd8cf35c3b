/* document.h — The JSON document of report.h as a tree, for who writes it into something larger. */
#ifndef SIM_REPORT_DOCUMENT_H
#define SIM_REPORT_DOCUMENT_H

#include <jansson.h>

#include "sim/report/report.h"

json_t *report_document(const struct report *report); /* The caller's, to json_decref. */

#endif
