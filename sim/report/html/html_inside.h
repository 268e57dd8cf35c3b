/* html_inside.h — What the files of sim/report/html ask of each other. */
#ifndef SIM_REPORT_HTML_INSIDE_H
#define SIM_REPORT_HTML_INSIDE_H

#include <jansson.h>

#include "sim/report/html/html.h"
#include "sim/report/grid.h"

/* Made at build time by assemble.cmake. Holes are names between two pairs of "@". */
extern const unsigned char html_template[]; /* Ends with a zero. */
extern const bool html_template_has_charts;

struct html { /* Borrowed. */
    const struct report *report;
    const struct beside *beside; /* Or NULL. */
};

/* html_text.c: text of any origin, as text. */
void html_put(FILE *out, const char *text); /* Between tags, or inside "…". */
void html_put_bytes(FILE *out, const char *text, size_t bytes);
void html_put_json(FILE *out, const json_t *document); /* Inside <script>: without any "<". */

/* html_lines.c: a page whose lines and grids become markup in `out`; each line must be ended. */
struct html_lines {
    struct page page; /* For the functions of page.h. */
    FILE *out;        /* Borrowed. */
    FILE *line;       /* The line that has begun, into `text`; NULL: none has. */
    char *text;
    size_t bytes;
    enum color first, color; /* Of the line, and of what comes last in it. */
    bool is_uniform;         /* All of it has the first one's colour. */
};
void html_lines_init(struct html_lines *lines, FILE *out);

/* html_body.c: everything that can be read without a script. */
void html_put_body(const struct html *html, FILE *out);

/* html_data.c: what the scripts draw from; the caller's. */
json_t *html_data(const struct html *html);

/* html_topology.c: {"nodes": […], "edges": […]} of one variant; the caller's. */
json_t *html_topology(const struct result *result);

#endif
