/* wire.c — The API's routes as one table, read from both sides.
 *
 *   ask ──wire_write_ask──> request ──http──> wire_read_ask ──> ask
 *
 * A balancer reads an ask and writes it again, so whatever an ask holds must be somewhere in the
 * request: in the path where people expect it, in the query or the body under the field's own
 * name, in a header where it is about the request and not about its subject. */
#include "services/live/http/wire.h"

#include <string.h>

#include "services/live/http/wire_json.h"
#include "services/port/store.h"

enum { NS_PER_US = 1000, BODY_MAX = 160 };

/* ---- The routes ------------------------------------------------------------------------------ */

enum field { USER, ZONE, AMOUNT, KEY, ID, ATTEMPT, PRIORITY, DEADLINE, BYTES, FIELDS };

#define SEEN(field) (1u << (field))

struct route {
    enum http_method method;
    const char *before, *behind; /* The path around the number. */
    enum field in_path;          /* KEY, ID; FIELDS: no number. */
    const char *key;             /* ask.key's name in query or body; NULL: it is in the path. */
    unsigned wanted;             /* Fields that must be there. */
    bool has_body;
};

static const struct route routes[VERB_MAX] = {
    [VERB_CALL] = {HTTP_POST, "/call/", "", KEY, NULL, 0, true},
    [VERB_HEALTH] = {HTTP_GET, "/healthz", "", FIELDS, "key", 0, false},
    [VERB_LIKE] = {HTTP_POST, "/posts/", "/likes", KEY, NULL, SEEN(USER), true},
    [VERB_UNLIKE] = {HTTP_DELETE, "/posts/", "/likes", KEY, NULL, SEEN(USER), false},
    [VERB_COUNT] = {HTTP_GET, "/posts/", "/likes", KEY, NULL, 0, false},
    [VERB_MENU] = {HTTP_GET, "/restaurants/", "/menu", KEY, NULL, 0, false},
    [VERB_ORDER] = {HTTP_POST, "/orders", "", FIELDS, "restaurant",
                    SEEN(USER) | SEEN(AMOUNT) | SEEN(KEY) | SEEN(ID), true},
    [VERB_TRACK] = {HTTP_GET, "/orders/", "", ID, "key", 0, false},
    [VERB_LOGIN] = {HTTP_POST, "/login", "", FIELDS, "key", SEEN(USER), true},
    [VERB_REFRESH] = {HTTP_POST, "/refresh", "", FIELDS, "key", 0, true},
    [VERB_REVOKE] = {HTTP_POST, "/logout", "", FIELDS, "key", 0, true},
};

static const char *const method_names[] = {
    [HTTP_GET] = "GET ", [HTTP_POST] = "POST ", [HTTP_PUT] = "PUT ", [HTTP_DELETE] = "DELETE "};

/* The name where it is always the same one; KEY and ID are called by their route. */
static const struct {
    const char *name;
    uint64_t max;
    const char *wrong, *twice, *missing;
} fields[FIELDS] = {
    [USER] = {"user", UINT64_MAX, "user is not a whole number", "user is given twice",
              "user is missing"},
    [ZONE] = {"zone", UINT8_MAX, "zone is not a whole number from 0 to 255", "zone is given twice",
              "zone is missing"},
    [AMOUNT] = {"amount", INT64_MAX, "amount is not a whole number of minor units that fits",
                "amount is given twice", "amount is missing"},
    [KEY] = {NULL, STORE_ID_MAX,
             "what it is about is not a whole number from 0 to 72057594037927935",
             "what it is about is given twice", "restaurant is missing"},
    [ID] = {NULL, UINT64_MAX, "the request's id is not a whole number",
            "the request's id is given twice", "the header Idempotency-Key is missing"},
    [ATTEMPT] = {"X-Attempt", UINT8_MAX, "X-Attempt is not a whole number from 0 to 255",
                 "X-Attempt is given twice", ""},
    [PRIORITY] = {"X-Priority", UINT8_MAX, "X-Priority is not a whole number from 0 to 255",
                  "X-Priority is given twice", ""},
    [DEADLINE] = {"X-Deadline-Us", UINT64_MAX, "X-Deadline-Us is not a whole number",
                  "X-Deadline-Us is given twice", ""},
    [BYTES] = {"X-Bytes", ASK_BYTES_MAX, "X-Bytes is not a whole number from 0 to 16777216",
               "X-Bytes is given twice", ""},
};

static const char *id_header(enum verb verb)
{
    return verb == VERB_ORDER ? "Idempotency-Key" : "X-Request-Id";
}

/* ---- Writing an ask -------------------------------------------------------------------------- */

struct listing { /* Fields as a query or as an object. */
    struct writer *writer;
    bool is_query, has_some;
};

static void list_name(struct listing *listing, const char *name)
{
    if (!listing->is_query) {
        write_field(listing->writer, name);
        return;
    }
    write_text(listing->writer, listing->has_some ? "&" : "?");
    write_text(listing->writer, name);
    write_text(listing->writer, "=");
    listing->has_some = true;
}

static void list_unsigned(struct listing *listing, const char *name, uint64_t value, bool is_wanted)
{
    if (value == 0 && !is_wanted)
        return;
    list_name(listing, name);
    write_unsigned(listing->writer, value);
}

static void write_fields(struct writer *writer, const struct ask *ask, bool is_query)
{
    const struct route *route = &routes[ask->verb];
    struct listing listing = {writer, is_query, false};
    bool is_order = ask->verb == VERB_ORDER;

    if (route->key != NULL)
        list_unsigned(&listing, route->key, ask->key, is_order);
    list_unsigned(&listing, "user", ask->user, (route->wanted & SEEN(USER)) != 0);
    list_unsigned(&listing, "zone", ask->zone, is_order);
    if (ask->amount != 0 || is_order) {
        list_name(&listing, "amount");
        write_signed(writer, ask->amount);
    }
}

static void write_header(struct writer *writer, const char *name, uint64_t value)
{
    write_text(writer, name);
    write_text(writer, ": ");
    write_unsigned(writer, value);
    write_text(writer, "\r\n");
}

static void write_request_line(struct writer *writer, const struct ask *ask,
                               const struct address *to)
{
    const struct route *route = &routes[ask->verb];
    bool is_ipv6 = strchr(to->host, ':') != NULL;

    write_text(writer, method_names[route->method]);
    write_text(writer, route->before);
    if (route->in_path != FIELDS)
        write_unsigned(writer, route->in_path == ID ? ask->id : ask->key);
    write_text(writer, route->behind);
    if (!route->has_body)
        write_fields(writer, ask, true);
    write_text(writer, is_ipv6 ? " HTTP/1.1\r\nHost: [" : " HTTP/1.1\r\nHost: ");
    write_text(writer, to->host);
    write_text(writer, is_ipv6 ? "]:" : ":");
    write_unsigned(writer, to->port);
    write_text(writer, "\r\n");
}

static void write_headers(struct writer *writer, const struct ask *ask, uint64_t now_ns,
                          uint64_t body)
{
    const struct route *route = &routes[ask->verb];
    uint64_t left_ns = ask->deadline_ns > now_ns ? ask->deadline_ns - now_ns : 0;

    if (route->in_path != ID && (ask->id != 0 || ask->verb == VERB_ORDER))
        write_header(writer, id_header(ask->verb), ask->id);
    if (ask->attempt != 0)
        write_header(writer, "X-Attempt", ask->attempt);
    if (ask->priority != 0)
        write_header(writer, "X-Priority", ask->priority);
    if (ask->deadline_ns != 0)
        write_header(writer, "X-Deadline-Us", left_ns / NS_PER_US);
    if (ask->bytes != body)
        write_header(writer, "X-Bytes", ask->bytes);
    if (route->has_body)
        write_text(writer, "Content-Type: application/json\r\n");
    if (route->has_body || body > 0)
        write_header(writer, "Content-Length", body);
    write_text(writer, "\r\n");
}

uint32_t wire_filler(size_t length, uint32_t bytes)
{
    bytes = bytes < HTTP_BODY_MAX ? bytes : HTTP_BODY_MAX;
    return bytes > length ? bytes - (uint32_t)length : 0;
}

size_t wire_write_ask(char text[static WIRE_ASK_MAX], const struct ask *ask,
                      const struct address *to, uint64_t now_ns, uint32_t *filler)
{
    struct writer writer = {text, 0, WIRE_ASK_MAX};
    char bytes[BODY_MAX];
    struct writer body = {bytes, 0, sizeof bytes - 1};

    check(ask->verb < VERB_MAX);
    if (routes[ask->verb].has_body) {
        write_text(&body, "{");
        write_fields(&body, ask, false);
        write_text(&body, "}");
    }
    bytes[body.length] = '\0';
    *filler = wire_filler(body.length, ask->bytes);
    write_request_line(&writer, ask, to);
    write_headers(&writer, ask, now_ns, body.length + *filler);
    write_text(&writer, bytes);
    return writer.length;
}

/* ---- Reading an ask -------------------------------------------------------------------------- */

struct reading {
    struct ask *ask;
    uint64_t now_ns;
    unsigned seen; /* SEEN(field) of those that were there. */
    const char *why;
};

static bool fail(struct reading *reading, const char *why)
{
    reading->why = why;
    return false;
}

static void set_deadline(struct reading *reading, uint64_t left_us)
{
    uint64_t now_ns = reading->now_ns;
    bool fits = left_us < (UINT64_MAX - now_ns) / NS_PER_US;
    uint64_t deadline_ns = fits ? now_ns + left_us * NS_PER_US : UINT64_MAX;

    reading->ask->deadline_ns = deadline_ns > 0 ? deadline_ns : 1; /* 0 would be none. */
}

static void set_field(struct reading *reading, enum field field, uint64_t value)
{
    struct ask *ask = reading->ask;

    switch (field) {
    case USER:
        ask->user = value;
        return;
    case ZONE:
        ask->zone = (uint8_t)value;
        return;
    case KEY:
        ask->key = value;
        return;
    case ID:
        ask->id = value;
        return;
    case ATTEMPT:
        ask->attempt = (uint8_t)value;
        return;
    case PRIORITY:
        ask->priority = (uint8_t)value;
        return;
    case DEADLINE:
        set_deadline(reading, value);
        return;
    case BYTES:
        ask->bytes = (uint32_t)value;
        return;
    case AMOUNT:
    case FIELDS:
        return;
    }
}

static bool read_field(struct reading *reading, enum field field, const struct json_field *text)
{
    uint64_t value = 0;
    bool is_right = field == AMOUNT ? json_signed(text, &reading->ask->amount)
                                    : json_unsigned(text, fields[field].max, &value);

    if ((reading->seen & SEEN(field)) != 0)
        return fail(reading, fields[field].twice);
    if (!is_right || text->kind != JSON_WHOLE)
        return fail(reading, fields[field].wrong);
    reading->seen |= SEEN(field);
    set_field(reading, field, value);
    return true;
}

/* Those of queries and bodies; FIELDS: it is none of them. */
static enum field field_named(const struct route *route, struct span name)
{
    for (enum field field = USER; field <= AMOUNT; field++) {
        if (span_is(name, fields[field].name))
            return field;
    }
    return route->key != NULL && span_is(name, route->key) ? KEY : FIELDS;
}

/* What stands before the mark; rest goes on behind it. */
static struct span split(struct span *rest, char mark)
{
    const char *at = rest->length == 0 ? NULL : memchr(rest->bytes, mark, rest->length);
    struct span piece = {rest->bytes, at == NULL ? rest->length : (size_t)(at - rest->bytes)};
    size_t taken = piece.length + (at != NULL);

    if (taken > 0)
        rest->bytes += taken;
    rest->length -= taken;
    return piece;
}

static bool read_query(struct reading *reading, struct span query)
{
    while (query.length > 0) {
        struct span value = split(&query, '&');
        struct span name = split(&value, '=');
        enum field field = field_named(&routes[reading->ask->verb], name);
        struct json_field text = {name, JSON_WHOLE, value};

        if (field != FIELDS && !read_field(reading, field, &text))
            return false;
    }
    return true;
}

static bool read_body(struct reading *reading, struct span body)
{
    struct json_field text;
    struct json json;

    json_begin(&json, body);
    while (json_next(&json, &text)) {
        enum field field = field_named(&routes[reading->ask->verb], text.name);

        if (field != FIELDS && !read_field(reading, field, &text))
            return false;
    }
    return json.why == NULL || fail(reading, json.why);
}

static enum field header_named(const struct ask *ask, struct span name)
{
    if (name.length == 12 || name.length == 15) { /* Those of the ids, and no other's. */
        bool is_id = span_is_named(name, id_header(ask->verb));

        return is_id && routes[ask->verb].in_path != ID ? ID : FIELDS;
    }
    for (enum field field = ATTEMPT; field < FIELDS; field++) {
        if (span_is_named(name, fields[field].name))
            return field;
    }
    return FIELDS;
}

static bool read_headers(struct reading *reading, struct span head)
{
    struct span name, value;

    while (http_header_next(&head, &name, &value)) {
        enum field field = header_named(reading->ask, name);
        struct json_field text = {name, JSON_WHOLE, value};

        if (field != FIELDS && !read_field(reading, field, &text))
            return false;
    }
    return true;
}

/* The number in the path, if the path is this route's. */
static bool path_is(const struct route *route, struct span path, struct span *number)
{
    size_t before = strlen(route->before), behind = strlen(route->behind);

    if (path.length < before + behind || memcmp(path.bytes, route->before, before) != 0)
        return false;
    *number = (struct span){path.bytes + before, path.length - before - behind};
    if (memcmp(number->bytes + number->length, route->behind, behind) != 0)
        return false;
    if (route->in_path == FIELDS)
        return number->length == 0;
    return number->length > 0 && memchr(number->bytes, '/', number->length) == NULL;
}

static enum wire_verdict find_route(struct ask *ask, const struct http_request *request,
                                    struct span *number)
{
    enum wire_verdict verdict = WIRE_NOT_FOUND;

    for (unsigned verb = 0; verb < VERB_MAX; verb++) {
        if (!path_is(&routes[verb], request->path, number))
            continue;
        ask->verb = (uint8_t)verb;
        if (routes[verb].method == request->method)
            return WIRE_ASK;
        verdict = WIRE_NOT_METHOD;
    }
    return verdict;
}

static bool has_all(struct reading *reading)
{
    unsigned missing = routes[reading->ask->verb].wanted & ~reading->seen;

    for (enum field field = USER; field < FIELDS; field++) {
        if ((missing & SEEN(field)) != 0)
            return fail(reading, fields[field].missing);
    }
    if (reading->ask->verb == VERB_ORDER && reading->ask->amount < 0)
        return fail(reading, "amount must not be negative");
    return true;
}

static bool read_parts(struct reading *reading, const struct http_request *request,
                       struct span number)
{
    const struct route *route = &routes[reading->ask->verb];
    struct json_field text = {{NULL, 0}, JSON_WHOLE, number};

    if (route->in_path != FIELDS && !read_field(reading, route->in_path, &text))
        return false;
    if (!read_headers(reading, request->head) || !read_query(reading, request->query))
        return false;
    if (route->has_body && !read_body(reading, request->body))
        return false;
    return has_all(reading);
}

enum wire_verdict wire_read_ask(struct ask *ask, const struct http_request *request,
                                uint64_t now_ns, const char **why)
{
    struct reading reading = {.ask = ask, .now_ns = now_ns};
    struct span number = {NULL, 0};
    enum wire_verdict verdict;

    *ask = (struct ask){.bytes = (uint32_t)request->body.length};
    *why = NULL;
    verdict = find_route(ask, request, &number);
    if (verdict != WIRE_ASK || read_parts(&reading, request, number))
        return verdict;
    *why = reading.why;
    return WIRE_MALFORMED;
}
