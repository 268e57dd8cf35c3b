/* html_text.c — Escaping: nothing that a scenario says can end a tag or begin one.
 *
 * What utf8.h calls unsafe (controls, what turns the direction of writing, zero widths) and bytes
 * that are no UTF-8 are shown as U+FFFD: a title that reads one way and is written another would
 * be a lie in a report. In JSON only "<" matters: an HTML parser looks for </script and <!-- and
 * nothing else there, and a backslash escape means the same to JSON wherever "<" can stand. */
#include <string.h>

#include "sim/report/html/html_inside.h"
#include "sim/scenario/yaml/utf8.h"

static const char *const unshown = "\xef\xbf\xbd"; /* U+FFFD */

static const char *entity_of(uint32_t code)
{
    switch (code) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return utf8_is_unsafe(code) ? unshown : NULL;
    }
}

void html_put(FILE *out, const char *text)
{
    html_put_bytes(out, text, strlen(text));
}

void html_put_bytes(FILE *out, const char *text, size_t text_bytes)
{
    const char *end = text + text_bytes;

    while (text < end) {
        uint32_t code = 0;
        size_t bytes = utf8_step(text, end, &code);
        const char *instead = bytes == 0 ? unshown : entity_of(code);

        if (instead != NULL)
            fputs(instead, out);
        else
            fwrite(text, 1, bytes, out);
        text += bytes == 0 ? 1 : bytes;
    }
}

static int put_without_tags(const char *bytes, size_t bytes_max, void *context)
{
    FILE *out = context;

    for (size_t at = 0; at < bytes_max; at++)
        if (bytes[at] == '<')
            fputs("\\u003c", out);
        else
            putc(bytes[at], out);
    return 0;
}

void html_put_json(FILE *out, const json_t *document)
{
    enum { DIGITS = 10 }; /* As in json.c. */

    json_dump_callback(document, put_without_tags, out, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
}
