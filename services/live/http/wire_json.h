/* wire_json.h — The JSON of the wire: one flat object, read field by field; and a writer of text.
 *
 * The bodies of sim's API are objects of whole numbers, booleans and words. This reader takes no
 * memory, goes through the text once, and refuses what it does not need: an object or an array
 * within, a field name with an escape in it (two spellings of one name are how duplicates hide),
 * control bytes, anything but white space behind the object. Numbers with a fraction and strings
 * with escapes are let through where nobody asks for them; bytes above ASCII are not held to UTF-8,
 * since no field that we read may contain any. */
#ifndef SERVICES_LIVE_HTTP_WIRE_JSON_H
#define SERVICES_LIVE_HTTP_WIRE_JSON_H

#include "services/live/http/http_parse.h"

enum json_kind { JSON_WHOLE, JSON_REAL, JSON_WORD, JSON_TRUE, JSON_FALSE, JSON_NULL };

struct json_field {
    struct span name;
    enum json_kind kind;
    struct span text; /* The number, or the word without its quotes (escapes as sent). */
};

struct json {
    struct span rest;
    const char *why; /* What is wrong, or NULL. */
    bool has_begun, has_ended;
};

void json_begin(struct json *json, struct span text);

/* The next field. False: the object is over, or json->why says what is wrong. */
bool json_next(struct json *json, struct json_field *field);

/* Numbers in range, without a fraction. true and false are 1 and 0. */
bool json_unsigned(const struct json_field *field, uint64_t max, uint64_t *value);
bool json_signed(const struct json_field *field, int64_t *value);

/* ---- Writing --------------------------------------------------------------------------------- */

struct writer { /* Text that must fit: too little room is our own mistake. */
    char *text;
    size_t length, max;
};

void write_text(struct writer *writer, const char *text);
void write_unsigned(struct writer *writer, uint64_t value);
void write_signed(struct writer *writer, int64_t value);

/* {"a":1,"b":2: a comma goes before all but the first. */
void write_field(struct writer *writer, const char *name);

#endif
