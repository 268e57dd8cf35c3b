/* wire_token.c — Bearer tokens, read and written without a copy. */
#include "services/live/http/wire_token.h"

#include <string.h>

#include "services/live/http/wire_json.h"

static bool is_token_letter(char letter)
{
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
           (letter >= '0' && letter <= '9') ||
           (letter != '\0' && strchr("-._~+/=", letter) != NULL);
}

static bool is_token(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_token_letter(text.bytes[i]))
            return false;
    return text.length > 0 && text.length <= WIRE_TOKEN_MAX;
}

/* What stands behind the scheme; empty: another scheme, or nothing. */
static struct span credentials(struct span value)
{
    static const char scheme[] = "bearer";
    const size_t length = sizeof scheme - 1;
    struct span name = {value.bytes, length};

    if (value.length <= length || value.bytes[length] != ' ' || !span_is_named(name, scheme))
        return (struct span){value.bytes, 0};
    value.bytes += length;
    value.length -= length;
    while (value.length > 0 && value.bytes[0] == ' ') {
        value.bytes++;
        value.length--;
    }
    return is_token(value) ? value : (struct span){value.bytes, 0};
}

enum wire_bearer wire_read_bearer(const struct http_request *request, struct span *text)
{
    struct span head = request->head, name, value;
    enum wire_bearer found = WIRE_NO_TOKEN;

    while (http_header_next(&head, &name, &value)) {
        if (!span_is_named(name, "Authorization"))
            continue;
        if (found != WIRE_NO_TOKEN)
            return WIRE_TWO_TOKENS;
        found = WIRE_TOKEN;
        *text = credentials(value);
    }
    return found;
}

size_t wire_add_bearer(char *text, size_t length, size_t max, struct span token)
{
    static const char before[] = "Authorization: Bearer ";
    const size_t added = sizeof before - 1 + token.length + 2;
    const char *line = memchr(text, '\n', length);
    size_t at = line == NULL ? 0 : (size_t)(line - text) + 1;

    if (at == 0 || length + added > max || token.length > WIRE_TOKEN_MAX)
        return 0;
    memmove(text + at + added, text + at, length - at);
    memcpy(text + at, before, sizeof before - 1);
    memcpy(text + at + sizeof before - 1, token.bytes, token.length);
    memcpy(text + at + added - 2, "\r\n", 2);
    return length + added;
}

/* ---- Grants ---------------------------------------------------------------------------------- */

static void put(char *text, size_t *length, const char *bytes, size_t count)
{
    memcpy(text + *length, bytes, count);
    *length += count;
}

#define PUT(text, length, literal) put(text, length, literal, sizeof(literal) - 1)

size_t wire_write_grant(char text[static WIRE_GRANT_MAX], struct span access, struct span session)
{
    size_t length = 0;

    check(is_token(access) && is_token(session));
    PUT(text, &length, "{\"access_token\":\"");
    put(text, &length, access.bytes, access.length);
    PUT(text, &length, "\",\"token_type\":\"Bearer\",\"refresh_token\":\"");
    put(text, &length, session.bytes, session.length);
    PUT(text, &length, "\"}");
    return length;
}

bool wire_read_grant(struct span body, struct span *access, struct span *session)
{
    struct json_field field;
    struct json json;

    *access = *session = (struct span){NULL, 0};
    json_begin(&json, body);
    while (json_next(&json, &field)) {
        struct span *to = span_is(field.name, "access_token")    ? access
                          : span_is(field.name, "refresh_token") ? session
                                                                 : NULL;

        if (to == NULL)
            continue;
        if (to->bytes != NULL || field.kind != JSON_WORD || !is_token(field.text))
            return false;
        *to = field.text;
    }
    return json.why == NULL && access->bytes != NULL && session->bytes != NULL;
}
