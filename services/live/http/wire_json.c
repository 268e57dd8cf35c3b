/* wire_json.c — A flat JSON object (RFC 8259), one field at a time.
 *
 *   '{' ─┬─> name ':' value ─┬─',' ─> name …
 *        └─────── '}' <──────┘ then white space to the end */
#include "services/live/http/wire_json.h"

#include <string.h>

/* ---- Reading --------------------------------------------------------------------------------- */

/* Filler is hundreds of kilobytes of spaces: so many at once. */
static void skip_spaces(struct span *rest)
{
    static const char spaces[] = "                                "
                                 "                                ";
    const size_t length = sizeof spaces - 1;

    while (rest->length >= length && memcmp(rest->bytes, spaces, length) == 0) {
        rest->bytes += length;
        rest->length -= length;
    }
}

static void skip_blanks(struct json *json)
{
    struct span *rest = &json->rest;

    skip_spaces(rest);
    while (rest->length > 0 && (*rest->bytes == ' ' || *rest->bytes == '\n' ||
                                *rest->bytes == '\r' || *rest->bytes == '\t')) {
        rest->bytes++;
        rest->length--;
    }
}

/* 0: the end of the text. */
static char peek(const struct json *json)
{
    return json->rest.length == 0 ? '\0' : *json->rest.bytes;
}

static struct span take(struct json *json, size_t length)
{
    struct span taken = {json->rest.bytes, length};

    json->rest.bytes += length;
    json->rest.length -= length;
    return taken;
}

static bool take_mark(struct json *json, char mark)
{
    skip_blanks(json);
    if (json->rest.length == 0 || *json->rest.bytes != mark)
        return false;
    (void)take(json, 1);
    return true;
}

static bool fail(struct json *json, const char *why)
{
    json->why = why;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Bytes of the escape at `at`; 0: it is none. */
static size_t escape_length(struct span text, size_t at)
{
    if (at + 1 >= text.length || text.bytes[at + 1] == '\0')
        return 0;
    if (text.bytes[at + 1] != 'u')
        return strchr("\"\\/bfnrt", text.bytes[at + 1]) != NULL ? 2 : 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        if (i >= text.length || !is_hex(text.bytes[i]))
            return 0;
    }
    return 6;
}

/* From behind the first quote. */
static bool read_string(struct json *json, struct span *string, bool *has_escapes)
{
    size_t at = 0;

    *has_escapes = false;
    while (at < json->rest.length && json->rest.bytes[at] != '"') {
        size_t step = 1;

        if ((unsigned char)json->rest.bytes[at] < 0x20)
            return fail(json, "a string holds a control byte");
        if (json->rest.bytes[at] == '\\') {
            step = escape_length(json->rest, at);
            *has_escapes = true;
        }
        if (step == 0)
            return fail(json, "a string holds an escape that JSON does not know");
        at += step;
    }
    if (at == json->rest.length)
        return fail(json, "a string has no end");
    *string = take(json, at);
    (void)take(json, 1);
    return true;
}

static size_t digits_at(struct span text, size_t at)
{
    size_t length = 0;

    while (at + length < text.length && is_digit(text.bytes[at + length]))
        length++;
    return length;
}

static bool byte_at_is(struct span text, size_t at, const char *choice)
{
    return at < text.length && text.bytes[at] != '\0' && strchr(choice, text.bytes[at]) != NULL;
}

static bool read_number(struct json *json, struct json_field *field)
{
    struct span rest = json->rest;
    size_t at = byte_at_is(rest, 0, "-"), digits = digits_at(rest, at);

    if (digits == 0 || (digits > 1 && rest.bytes[at] == '0'))
        return fail(json, "a number is not written as JSON wants it");
    at += digits;
    field->kind = JSON_WHOLE;
    if (byte_at_is(rest, at, ".")) {
        digits = digits_at(rest, ++at);
        at += digits;
        field->kind = JSON_REAL;
    }
    if (digits > 0 && byte_at_is(rest, at, "eE")) {
        at++;
        at += byte_at_is(rest, at, "+-");
        digits = digits_at(rest, at);
        at += digits;
        field->kind = JSON_REAL;
    }
    if (digits == 0)
        return fail(json, "a number is not written as JSON wants it");
    field->text = take(json, at);
    return true;
}

static bool read_literal(struct json *json, struct json_field *field)
{
    static const struct {
        const char *text;
        enum json_kind kind;
    } literals[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};

    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        size_t length = strlen(literals[i].text);

        if (json->rest.length >= length &&
            memcmp(json->rest.bytes, literals[i].text, length) == 0) {
            field->kind = literals[i].kind;
            field->text = take(json, length);
            return true;
        }
    }
    return fail(json, "a value is neither a number, nor a string, nor true, false or null");
}

static bool read_value(struct json *json, struct json_field *field)
{
    bool has_escapes;

    skip_blanks(json);
    switch (peek(json)) {
    case '"':
        (void)take(json, 1);
        field->kind = JSON_WORD;
        return read_string(json, &field->text, &has_escapes);
    case '{':
    case '[':
        return fail(json, "the object must be flat: no object or array within");
    case '-':
        return read_number(json, field);
    default:
        return is_digit(peek(json)) ? read_number(json, field) : read_literal(json, field);
    }
}

static bool read_name(struct json *json, struct json_field *field)
{
    bool has_escapes;

    if (!take_mark(json, '"'))
        return fail(json, "a field begins with its name in quotes");
    if (!read_string(json, &field->name, &has_escapes))
        return false;
    if (has_escapes)
        return fail(json, "the name of a field holds an escape");
    return take_mark(json, ':') || fail(json, "a colon follows the name of a field");
}

static bool end(struct json *json)
{
    json->has_ended = true;
    skip_blanks(json);
    return json->rest.length > 0 ? fail(json, "something stands behind the object") : false;
}

void json_begin(struct json *json, struct span text)
{
    *json = (struct json){.rest = text};
}

bool json_next(struct json *json, struct json_field *field)
{
    if (json->why != NULL || json->has_ended)
        return false;
    if (!json->has_begun) {
        json->has_begun = true;
        if (!take_mark(json, '{'))
            return fail(json, "the body is not a JSON object");
        if (take_mark(json, '}'))
            return end(json);
    } else if (take_mark(json, '}')) {
        return end(json);
    } else if (!take_mark(json, ',')) {
        return fail(json, "fields are separated by commas");
    }
    return read_name(json, field) && read_value(json, field);
}

bool json_unsigned(const struct json_field *field, uint64_t max, uint64_t *value)
{
    if (field->kind == JSON_TRUE || field->kind == JSON_FALSE)
        *value = field->kind == JSON_TRUE;
    else if (field->kind != JSON_WHOLE || !span_read_number(field->text, value))
        return false;
    return *value <= max;
}

bool json_signed(const struct json_field *field, int64_t *value)
{
    bool is_negative =
        field->kind == JSON_WHOLE && field->text.length > 0 && *field->text.bytes == '-';
    struct json_field number = *field;
    uint64_t size;

    if (is_negative) {
        number.text.bytes++;
        number.text.length--;
    }
    if (!json_unsigned(&number, (uint64_t)INT64_MAX + is_negative, &size))
        return false;
    *value = is_negative ? -(int64_t)(size - (size > 0)) - (size > 0) : (int64_t)size;
    return true;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_bytes(struct writer *writer, const char *bytes, size_t length)
{
    check(length <= writer->max - writer->length);
    memcpy(writer->text + writer->length, bytes, length);
    writer->length += length;
}

void write_text(struct writer *writer, const char *text)
{
    write_bytes(writer, text, strlen(text));
}

void write_unsigned(struct writer *writer, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    write_bytes(writer, digits + at, sizeof digits - at);
}

void write_signed(struct writer *writer, int64_t value)
{
    if (value < 0)
        write_text(writer, "-");
    write_unsigned(writer, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void write_field(struct writer *writer, const char *name)
{
    bool is_first = writer->length > 0 && writer->text[writer->length - 1] == '{';

    write_text(writer, is_first ? "\"" : ",\"");
    write_text(writer, name);
    write_text(writer, "\":");
}
