/* http_parse.c — HTTP/1.1 messages, line by line (RFC 9112).
 *
 *   find the LF ──none──> over head_max? 431 : MORE
 *        │
 *        └─> first line: the request's or the answer's
 *            header line: its shape, and the few names that say where the message ends
 *            empty line: judge the whole head; then the body is a matter of counting
 *
 * Working by lines instead of by states of a byte costs nothing here (memchr runs at many bytes per
 * nanosecond) and lets each line be read as the grammar writes it. The order of the refusals does
 * not depend on how the bytes were cut: a line is judged when its LF is there, and the head's
 * length before the line. */
#include "services/live/http/http_parse.h"

#include <string.h>
#include <strings.h>

/* ---- Characters ------------------------------------------------------------------------------ */

#define BIT(c) (UINT64_C(1) << ((c)&63))
#define BITS(first, last) ((BIT(last) - BIT(first)) | BIT(last))

/* tchar of RFC 9110, section 5.6.2. */
static const uint64_t token_bits[2] = {
    BIT('!') | BITS('#', '\'') | BIT('*') | BIT('+') | BIT('-') | BIT('.') | BITS('0', '9'),
    BITS('A', 'Z') | BITS('^', '`') | BITS('a', 'z') | BIT('|') | BIT('~'),
};

static bool is_token(struct span span)
{
    for (size_t i = 0; i < span.length; i++) {
        unsigned char c = (unsigned char)span.bytes[i];

        if (c >= 128 || (token_bits[c >> 6] & BIT(c)) == 0)
            return false;
    }
    return span.length > 0;
}

/* Visible bytes, spaces, tabs and whatever stands above ASCII: no control bytes. */
static bool is_text(struct span span)
{
    for (size_t i = 0; i < span.length; i++) {
        unsigned char c = (unsigned char)span.bytes[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_target(struct span span)
{
    for (size_t i = 0; i < span.length; i++) {
        if (span.bytes[i] <= 0x20 || span.bytes[i] >= 0x7f || span.bytes[i] == '#')
            return false;
    }
    return span.length > 0 && span.bytes[0] == '/';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trimmed(struct span span)
{
    while (span.length > 0 && is_blank(span.bytes[0])) {
        span.bytes++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.bytes[span.length - 1]))
        span.length--;
    return span;
}

bool span_is(struct span span, const char *text)
{
    return strlen(text) == span.length && memcmp(span.bytes, text, span.length) == 0;
}

bool span_is_named(struct span span, const char *name)
{
    return strlen(name) == span.length && strncasecmp(span.bytes, name, span.length) == 0;
}

bool span_read_number(struct span span, uint64_t *number)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < span.length; i++) {
        unsigned digit = (unsigned)(unsigned char)span.bytes[i] - '0';

        if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return span.length > 0;
}

/* What stands before `mark`, taken from the front of `rest` with the mark; false: no mark. */
static bool take_until(struct span *rest, char mark, struct span *taken)
{
    const char *end = rest->length == 0 ? NULL : memchr(rest->bytes, mark, rest->length);

    if (end == NULL)
        return false;
    *taken = (struct span){rest->bytes, (size_t)(end - rest->bytes)};
    rest->bytes += taken->length + 1;
    rest->length -= taken->length + 1;
    return true;
}

/* ---- The first line -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    {"GET", HTTP_GET},       {"POST", HTTP_POST},   {"PUT", HTTP_PUT},
    {"DELETE", HTTP_DELETE}, {"PATCH", HTTP_OTHER}, {"OPTIONS", HTTP_OTHER},
};

static bool find_method(struct span name, enum http_method *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (span_is(name, methods[i].name)) {
            *method = methods[i].method;
            return true;
        }
    }
    return false;
}

/* 0, or the status that refuses it. */
static unsigned read_version(struct http_parse *parse, struct span version)
{
    const char *bytes = version.bytes;

    if (version.length != 8 || memcmp(bytes, "HTTP/", 5) != 0 || bytes[6] != '.' ||
        bytes[5] < '0' || bytes[5] > '9' || bytes[7] < '0' || bytes[7] > '9')
        return 400;
    if (bytes[5] != '1' || bytes[7] > '1')
        return 505;
    parse->is_old = bytes[7] == '0';
    return 0;
}

static unsigned read_request_line(struct http_parse *parse, struct span line, const char *bytes)
{
    struct span method, target;
    unsigned refusal;

    if (!take_until(&line, ' ', &method) || !is_token(method) || !take_until(&line, ' ', &target) ||
        !is_target(target))
        return 400;
    refusal = read_version(parse, line);
    if (refusal != 0)
        return refusal;
    parse->target = (struct http_place){(uint32_t)(target.bytes - bytes), (uint32_t)target.length};
    return find_method(method, &parse->method) ? 0 : 501;
}

static unsigned read_status_line(struct http_parse *parse, struct span line)
{
    struct span version, code;
    uint64_t status;
    unsigned refusal;

    if (!take_until(&line, ' ', &version) || !take_until(&line, ' ', &code) || !is_text(line))
        return 400;
    refusal = read_version(parse, version);
    if (refusal != 0)
        return refusal;
    if (code.length != 3 || !span_read_number(code, &status) || status < 200 || status > 599)
        return 400;
    parse->status = (unsigned)status;
    return 0;
}

/* ---- Header lines ---------------------------------------------------------------------------- */

static bool split_header(struct span line, struct span *name, struct span *value)
{
    *value = line;
    if (!take_until(value, ':', name))
        return false;
    *value = trimmed(*value);
    return true;
}

static unsigned read_length(struct http_parse *parse, struct span value)
{
    if (parse->has_length || value.length == 0)
        return 400;
    for (size_t i = 0; i < value.length; i++) {
        if (value.bytes[i] < '0' || value.bytes[i] > '9')
            return 400;
    }
    parse->has_length = true;
    if (!span_read_number(value, &parse->length))
        parse->length = UINT64_MAX; /* Too large for a number is too large for us. */
    return 0;
}

static unsigned read_coding(struct http_parse *parse, struct span value)
{
    if (parse->has_coding)
        return 400;
    parse->has_coding = true;
    parse->is_chunked = span_is_named(value, "chunked");
    return 0;
}

static unsigned read_connection(struct http_parse *parse, struct span value)
{
    while (value.length > 0) {
        struct span option = value;

        if (!take_until(&value, ',', &option))
            value.length = 0;
        option = trimmed(option);
        parse->says_close |= span_is_named(option, "close");
        parse->says_keep |= span_is_named(option, "keep-alive");
    }
    return 0;
}

static unsigned read_header(struct http_parse *parse, struct span line)
{
    struct span name, value;

    if (!split_header(line, &name, &value) || !is_token(name) || !is_text(value))
        return 400;
    switch (name.length) { /* Most headers are none of these, and few names have their lengths. */
    case 4:
        parse->hosts = (uint8_t)(parse->hosts + (parse->hosts < 2 && span_is_named(name, "Host")));
        return 0;
    case 6:
        parse->has_expect |= span_is_named(name, "Expect");
        return 0;
    case 7:
        parse->has_upgrade |= span_is_named(name, "Upgrade");
        return 0;
    case 10:
        return span_is_named(name, "Connection") ? read_connection(parse, value) : 0;
    case 14:
        return span_is_named(name, "Content-Length") ? read_length(parse, value) : 0;
    case 17:
        return span_is_named(name, "Transfer-Encoding") ? read_coding(parse, value) : 0;
    default:
        return 0;
    }
}

bool http_header_next(struct span *head, struct span *name, struct span *value)
{
    struct span line;

    if (!take_until(head, '\n', &line))
        return false;
    line.length -= line.length > 0 && line.bytes[line.length - 1] == '\r';
    return split_header(line, name, value);
}

struct span http_header(const struct http_request *request, const char *name)
{
    struct span head = request->head, found, value;

    while (http_header_next(&head, &found, &value)) {
        if (span_is_named(found, name))
            return value;
    }
    return (struct span){NULL, 0};
}

/* ---- The whole head -------------------------------------------------------------------------- */

static unsigned judge_coding(const struct http_parse *parse)
{
    if (parse->has_length || parse->is_old)
        return 400;
    return parse->is_chunked ? 411 : 501;
}

static unsigned judge_request(const struct http_parse *parse)
{
    if (parse->hosts > 1 || (parse->hosts == 0 && !parse->is_old))
        return 400;
    if (parse->has_expect)
        return 417;
    return parse->has_upgrade ? 501 : 0;
}

static unsigned judge_head(struct http_parse *parse)
{
    bool is_bodiless = parse->is_answer && (parse->status == 204 || parse->status == 304);
    unsigned refusal;

    if (parse->has_coding)
        return judge_coding(parse);
    refusal = parse->is_answer ? 0 : judge_request(parse);
    if (refusal != 0)
        return refusal;
    if (parse->is_answer && !parse->has_length && !is_bodiless)
        return 411;
    if (parse->length > parse->body_max)
        return 413;
    parse->body_length = is_bodiless ? 0 : (uint32_t)parse->length;
    parse->keeps_alive = !parse->says_close && (!parse->is_old || parse->says_keep);
    return 0;
}

/* A line without its CRLF; `next` is where the one behind it begins. */
static unsigned read_line(struct http_parse *parse, const char *bytes, struct span line,
                          uint32_t next)
{
    unsigned refusal;

    if (parse->line == 0) {
        refusal = parse->is_answer ? read_status_line(parse, line)
                                   : read_request_line(parse, line, bytes);
        parse->headers.from = next;
        return refusal;
    }
    if (line.length > 0)
        return read_header(parse, line);
    parse->headers.length = parse->line - parse->headers.from;
    refusal = judge_head(parse);
    if (refusal == 0)
        parse->head_length = next;
    return refusal;
}

static enum http_verdict refuse(struct http_parse *parse, unsigned status)
{
    parse->status = status;
    return HTTP_BAD;
}

/* HTTP_DONE when the head is whole. */
static enum http_verdict parse_head(struct http_parse *parse, const char *bytes, uint32_t length)
{
    while (parse->head_length == 0) {
        const char *end = memchr(bytes + parse->searched, '\n', length - parse->searched);
        uint32_t next = end == NULL ? length : (uint32_t)(end - bytes) + 1;
        struct span line = {bytes + parse->line, next - parse->line};
        unsigned refusal;

        parse->searched = next;
        if (next > parse->head_max)
            return refuse(parse, 431);
        if (end == NULL)
            return HTTP_MORE;
        if (line.length < 2 || line.bytes[line.length - 2] != '\r')
            return refuse(parse, 400);
        line.length -= 2;
        refusal = read_line(parse, bytes, line, next);
        if (refusal != 0)
            return refuse(parse, refusal);
        parse->line = next;
    }
    return HTTP_DONE;
}

void http_parse_begin(struct http_parse *parse, bool is_answer, uint32_t head_max,
                      uint32_t body_max)
{
    *parse =
        (struct http_parse){.is_answer = is_answer, .head_max = head_max, .body_max = body_max};
}

enum http_verdict http_parse(struct http_parse *parse, const char *bytes, uint32_t length)
{
    enum http_verdict verdict = HTTP_DONE;

    check(length >= parse->searched);
    if (length == 0)
        return HTTP_MORE;
    if (parse->head_length == 0)
        verdict = parse_head(parse, bytes, length);
    if (verdict != HTTP_DONE)
        return verdict;
    return length - parse->head_length >= parse->body_length ? HTTP_DONE : HTTP_MORE;
}
