/* wire_answer.c — An outcome and a value as a status and a JSON object; and back.
 *
 *   outcome, value ──wire_write_answer──> answer ──http──> wire_read_answer ──> outcome, value
 *
 * The value stands under its verb's own word, in the word's own form where it has one (true, false,
 * an order's status) and as a number where it has none, so that every value comes back. */
#include "services/live/http/wire.h"
#include "services/live/http/wire_json.h"
#include "services/port/schema.h"
#include "services/port/tokens.h"

static const char *const value_names[VERB_MAX] = {
    [VERB_CALL] = "value",     [VERB_HEALTH] = "value",   [VERB_LIKE] = "new",
    [VERB_UNLIKE] = "removed", [VERB_COUNT] = "likes",    [VERB_MENU] = "version",
    [VERB_ORDER] = "order",    [VERB_TRACK] = "status",   [VERB_LOGIN] = "value",
    [VERB_REFRESH] = "value",  [VERB_REVOKE] = "revoked",
};

static const struct {
    unsigned status;
    const char *error; /* NULL: it is an answer. */
} outcomes[] = {
    [CALL_OK] = {200, NULL},
    [CALL_ABSENT] = {404, NULL}, /* Or 200. */
    [CALL_TIMEOUT] = {504, "timeout"},
    [CALL_SHED] = {503, "overloaded"},
    [CALL_REFUSED] = {502, "nobody is there"},
    [CALL_FAILED] = {500, "failed"},
    [CALL_DENIED] = {401, "denied"},
};
#define OUTCOMES ((unsigned)(sizeof outcomes / sizeof *outcomes))

static const char *const order_statuses[] = {
    [ORDER_UNKNOWN] = "unknown",
    [ORDER_ACCEPTED] = "accepted",
    [ORDER_PLACED] = "placed",
    [ORDER_DISPATCHED] = "dispatched",
};
enum { ORDER_STATUSES = sizeof order_statuses / sizeof *order_statuses };

/* Why somebody was denied. Who asks may know: a client renews a token that has expired. */
static const char *const flaws[TOKEN_FLAWS] = {
    [TOKEN_SOUND] = "none",
    [TOKEN_MISSING] = "missing",
    [TOKEN_MALFORMED] = "malformed",
    [TOKEN_OVERSIZED] = "oversized",
    [TOKEN_ALG_NONE] = "alg_none",
    [TOKEN_ALG_CONFUSED] = "alg_confused",
    [TOKEN_BAD_SIGNATURE] = "bad_signature",
    [TOKEN_WRONG_AUDIENCE] = "wrong_audience",
    [TOKEN_NOT_YET] = "not_yet",
    [TOKEN_EXPIRED] = "expired",
    [TOKEN_REVOKED] = "revoked",
};

/* Whether it is said in true and false, as people would. */
static bool is_claim(enum verb verb)
{
    return verb == VERB_LIKE || verb == VERB_UNLIKE || verb == VERB_REVOKE;
}

static void write_value(struct writer *writer, enum verb verb, int64_t value)
{
    write_field(writer, value_names[verb]);
    if (is_claim(verb) && (value == 0 || value == 1)) {
        write_text(writer, value == 1 ? "true" : "false");
    } else if (verb == VERB_TRACK && value >= 0 && value < ORDER_STATUSES) {
        write_text(writer, "\"");
        write_text(writer, order_statuses[value]);
        write_text(writer, "\"");
    } else {
        write_signed(writer, value);
    }
}

static void write_reason(struct writer *writer, int64_t flaw)
{
    write_field(writer, "reason");
    write_text(writer, "\"");
    write_text(writer, flaws[flaw > 0 && flaw < TOKEN_FLAWS ? flaw : TOKEN_SOUND]);
    write_text(writer, "\"");
}

size_t wire_write_answer(char text[static WIRE_ANSWER_MAX], const struct ask *ask,
                         enum call_outcome outcome, int64_t value, unsigned *status)
{
    struct writer writer = {text, 0, WIRE_ANSWER_MAX};
    enum verb verb = (enum verb)ask->verb;

    check(verb < VERB_MAX && outcome > CALL_PENDING && (unsigned)outcome < OUTCOMES);
    *status = outcomes[outcome].status;
    if (outcome == CALL_ABSENT && (is_claim(verb) || value != 0))
        *status = 200;
    write_text(&writer, "{");
    if (outcomes[outcome].error != NULL) {
        write_field(&writer, "error");
        write_text(&writer, "\"");
        write_text(&writer, outcomes[outcome].error);
        write_text(&writer, "\"");
    }
    if (outcome == CALL_DENIED)
        write_reason(&writer, value);
    else if (outcomes[outcome].error == NULL || value != 0)
        write_value(&writer, verb, value);
    if (outcome == CALL_ABSENT) {
        write_field(&writer, "absent");
        write_text(&writer, "true");
    }
    write_text(&writer, "}");
    return writer.length;
}

struct answer {
    int64_t value;
    bool has_value, is_absent;
};

static bool read_word(const struct json_field *text, int64_t *value)
{
    for (int64_t status = 0; status < ORDER_STATUSES; status++) {
        if (text->kind == JSON_WORD && span_is(text->text, order_statuses[status])) {
            *value = status;
            return true;
        }
    }
    return json_signed(text, value);
}

static bool read_reason(const struct json_field *text, int64_t *value)
{
    for (int64_t flaw = TOKEN_SOUND; flaw < TOKEN_FLAWS; flaw++) {
        if (text->kind == JSON_WORD && span_is(text->text, flaws[flaw])) {
            *value = flaw;
            return true;
        }
    }
    return false;
}

static bool read_answer(const struct ask *ask, struct span body, struct answer *answer)
{
    const char *name = value_names[ask->verb];
    struct json_field text;
    struct json json;
    bool is_right = true;

    *answer = (struct answer){0, false, false};
    json_begin(&json, body);
    while (is_right && json_next(&json, &text)) {
        if (span_is(text.name, name)) {
            is_right = !answer->has_value && read_word(&text, &answer->value);
            answer->has_value = true;
        } else if (span_is(text.name, "reason")) {
            is_right = !answer->has_value && read_reason(&text, &answer->value);
            answer->has_value = true;
        } else if (span_is(text.name, "absent")) {
            is_right = !answer->is_absent && text.kind == JSON_TRUE;
            answer->is_absent = true;
        }
    }
    return is_right && json.why == NULL;
}

static enum call_outcome outcome_of(unsigned status, const struct answer *answer)
{
    if ((status == 200 || status == 404) && answer->is_absent && answer->has_value)
        return CALL_ABSENT;
    if (status == 200)
        return answer->has_value ? CALL_OK : CALL_FAILED;
    for (unsigned outcome = CALL_TIMEOUT; outcome < OUTCOMES; outcome++) {
        if (outcomes[outcome].status == status)
            return (enum call_outcome)outcome;
    }
    return CALL_FAILED;
}

enum call_outcome wire_read_answer(const struct ask *ask, const struct http_exchange *exchange,
                                   int64_t *value)
{
    struct answer answer = {0, false, false};

    check(ask->verb < VERB_MAX);
    *value = 0;
    switch (exchange->end) {
    case HTTP_TIMEOUT:
        return CALL_TIMEOUT;
    case HTTP_REFUSED:
        return CALL_REFUSED;
    case HTTP_BROKEN:
        return CALL_FAILED;
    case HTTP_ANSWERED:
        break;
    }
    if (!read_answer(ask, exchange->body, &answer))
        answer = (struct answer){0, false, false};
    *value = answer.value;
    return outcome_of(exchange->status, &answer);
}
