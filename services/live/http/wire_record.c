/* wire_record.c — A record of the log as JSON, so that `kcat` shows what it is.
 *
 *     {"verb":"like","key":12,"user":7,"id":99,"amount":0,"zone":3,"priority":0,"attempt":0,
 *      "bytes":64}
 *
 * The log outlives the programs that write to it: a reader takes fields in any order, ignores those
 * that it does not know, and gives zero for those that are not there; verb and key must be. */
#include <string.h>

#include "services/live/http/wire.h"
#include "services/live/http/wire_json.h"

enum field { VERB, KEY, USER, ID, AMOUNT, ZONE, PRIORITY, ATTEMPT, BYTES, FIELDS };

static const struct {
    const char *name;
    uint64_t max;
} fields[FIELDS] = {
    [VERB] = {"verb", 0},
    [KEY] = {"key", UINT64_MAX},
    [USER] = {"user", UINT64_MAX},
    [ID] = {"id", UINT64_MAX},
    [AMOUNT] = {"amount", 0},
    [ZONE] = {"zone", UINT8_MAX},
    [PRIORITY] = {"priority", UINT8_MAX},
    [ATTEMPT] = {"attempt", UINT8_MAX},
    [BYTES] = {"bytes", UINT32_MAX},
};

static void write_number(struct writer *writer, enum field field, uint64_t value)
{
    write_field(writer, fields[field].name);
    write_unsigned(writer, value);
}

size_t wire_write_record(char text[static WIRE_RECORD_MAX], const struct ask *ask)
{
    struct writer writer = {text, 0, WIRE_RECORD_MAX};

    check(ask->verb < VERB_MAX);
    write_text(&writer, "{\"verb\":\"");
    write_text(&writer, verb_name(ask->verb));
    write_text(&writer, "\"");
    write_number(&writer, KEY, ask->key);
    write_number(&writer, USER, ask->user);
    write_number(&writer, ID, ask->id);
    write_field(&writer, fields[AMOUNT].name);
    write_signed(&writer, ask->amount);
    write_number(&writer, ZONE, ask->zone);
    write_number(&writer, PRIORITY, ask->priority);
    write_number(&writer, ATTEMPT, ask->attempt);
    write_number(&writer, BYTES, ask->bytes);
    write_text(&writer, "}");
    return writer.length;
}

static enum field field_named(struct span name)
{
    enum field field = VERB;

    while (field < FIELDS && !span_is(name, fields[field].name))
        field++;
    return field;
}

static bool read_verb(struct ask *ask, const struct json_field *text)
{
    for (unsigned verb = 0; verb < VERB_MAX; verb++) {
        if (text->kind == JSON_WORD && span_is(text->text, verb_name(verb))) {
            ask->verb = (uint8_t)verb;
            return true;
        }
    }
    return false;
}

static bool read_number(struct ask *ask, enum field field, const struct json_field *text)
{
    uint64_t value;

    if (text->kind != JSON_WHOLE || !json_unsigned(text, fields[field].max, &value))
        return false;
    switch (field) {
    case KEY:
        ask->key = value;
        break;
    case USER:
        ask->user = value;
        break;
    case ID:
        ask->id = value;
        break;
    case ZONE:
        ask->zone = (uint8_t)value;
        break;
    case PRIORITY:
        ask->priority = (uint8_t)value;
        break;
    case ATTEMPT:
        ask->attempt = (uint8_t)value;
        break;
    case BYTES:
        ask->bytes = (uint32_t)value;
        break;
    case VERB:
    case AMOUNT:
    case FIELDS:
        break;
    }
    return true;
}

static bool read_field(struct ask *ask, enum field field, const struct json_field *text)
{
    if (field == VERB)
        return read_verb(ask, text);
    if (field == AMOUNT)
        return text->kind == JSON_WHOLE && json_signed(text, &ask->amount);
    return read_number(ask, field, text);
}

bool wire_read_record(struct ask *ask, struct span text)
{
    const unsigned wanted = 1u << VERB | 1u << KEY;
    struct json_field read;
    struct json json;
    unsigned seen = 0;

    *ask = (struct ask){0};
    json_begin(&json, text);
    while (json_next(&json, &read)) {
        enum field field = field_named(read.name);

        if (field == FIELDS)
            continue;
        if ((seen & 1u << field) != 0 || !read_field(ask, field, &read))
            return false;
        seen |= 1u << field;
    }
    return json.why == NULL && (seen & wanted) == wanted;
}
