/* html.c — Fills the holes of the template: language, title, body, data. */
#include "sim/report/html/html.h"

#include <string.h>

#include "sim/report/html/html_inside.h"
#include "sim/report/words.h"

static void put_language(const struct html *html, FILE *out)
{
    fputs(language_of(html->report->lang) == LANGUAGE_RU ? "ru" : "en", out);
}

static void put_title(const struct html *html, FILE *out)
{
    const struct scenario *scenario = html->report->variants[0].result->scenario;
    const char *title = text_in(language_of(html->report->lang), &scenario->title);

    html_put(out, title[0] != 0 ? title : scenario->name);
}

static void put_data(const struct html *html, FILE *out)
{
    json_t *data = html_data(html);

    html_put_json(out, data);
    json_decref(data);
}

static const struct hole {
    const char *name;
    void (*put)(const struct html *html, FILE *out);
} holes[] = {
    {"lang", put_language},
    {"title", put_title},
    {"body", html_put_body},
    {"data", put_data},
};

static void fill(const struct html *html, const char *name, size_t length, FILE *out)
{
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++)
        if (strlen(holes[i].name) == length && strncmp(holes[i].name, name, length) == 0)
            holes[i].put(html, out);
}

bool html_has_charts(void)
{
    return html_template_has_charts;
}

void report_html(const struct report *report, const struct beside *beside, FILE *out)
{
    static const char mark[] = "@@";
    const struct html html = {report, beside};
    const char *at = (const char *)html_template;

    for (const char *hole; (hole = strstr(at, mark)) != NULL;) {
        const char *name = hole + 2, *end = strstr(name, mark);

        fwrite(at, 1, (size_t)(hole - at), out);
        if (end == NULL) /* assemble.cmake lets no lone mark through. */
            return;
        fill(&html, name, (size_t)(end - name), out);
        at = end + 2;
    }
    fputs(at, out);
}
