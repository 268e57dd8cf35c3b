/* The wire: whatever an ask or an answer holds comes back, and hostile text does not come in. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/dice.h"
#include "services/live/http/http_parse.h"
#include "services/live/http/wire.h"
#include "services/port/schema.h"
#include "services/port/store.h"

enum { ROUNDS = 20000 };
#define NOW_NS UINT64_C(5000000123)

static const struct address to = {"127.0.0.1", 8080};

static struct span text_span(const char *text)
{
    return (struct span){text, strlen(text)};
}

/* Numbers of every length, the extremes among them. */
static uint64_t any_number(struct dice *dice)
{
    uint64_t bits = dice_below(dice, 66);

    return bits == 65 ? UINT64_MAX : bits == 0 ? 0 : dice_next(dice) >> (bits - 1);
}

static struct ask any_ask(struct dice *dice)
{
    struct ask ask = {
        .verb = (uint8_t)dice_below(dice, VERB_MAX),
        .priority = (uint8_t)any_number(dice),
        .attempt = (uint8_t)any_number(dice),
        .zone = (uint8_t)any_number(dice),
        .bytes = (uint32_t)(any_number(dice) >> (dice_chance(dice, 0.9) ? 50 : 40)),
        .key = any_number(dice) & STORE_ID_MAX,
        .user = any_number(dice),
        .id = any_number(dice),
        .amount = (int64_t)any_number(dice),
        .deadline_ns = dice_chance(dice, 0.5) ? 0 : NOW_NS + any_number(dice) / 4,
    };

    if (ask.verb == VERB_ORDER)
        ask.amount &= INT64_MAX;
    return ask;
}

/* As the server would hand it over. */
static struct http_request parsed(const char *bytes, uint32_t length)
{
    struct http_request request = {0};
    struct http_parse parse;
    const char *mark;

    http_parse_begin(&parse, false, 8192, HTTP_BODY_MAX);
    assert_int_equal(http_parse(&parse, bytes, length), HTTP_DONE);
    assert_int_equal(parse.head_length + parse.body_length, length);
    request.method = parse.method;
    request.path = (struct span){bytes + parse.target.from, parse.target.length};
    mark = memchr(request.path.bytes, '?', request.path.length);
    if (mark != NULL) {
        request.query.bytes = mark + 1;
        request.query.length = request.path.length - (size_t)(mark + 1 - request.path.bytes);
        request.path.length = (size_t)(mark - request.path.bytes);
    }
    request.head = (struct span){bytes + parse.headers.from, parse.headers.length};
    request.body = (struct span){bytes + parse.head_length, parse.body_length};
    return request;
}

static uint32_t write_ask(char *bytes, const struct ask *ask, uint64_t now_ns)
{
    uint32_t filler;
    size_t length = wire_write_ask(bytes, ask, &to, now_ns, &filler);

    assert_true(length <= WIRE_ASK_MAX && filler <= HTTP_BODY_MAX);
    memset(bytes + length, ' ', filler);
    return (uint32_t)length + filler;
}

static void expect_same(const struct ask *a, const struct ask *b)
{
    assert_int_equal(a->verb, b->verb);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->attempt, b->attempt);
    assert_int_equal(a->zone, b->zone);
    assert_int_equal(a->bytes, b->bytes);
    assert_true(a->key == b->key && a->user == b->user && a->id == b->id);
    assert_true(a->amount == b->amount);
}

static void an_ask_comes_back_through_a_balancer_with_all_its_fields(void **state)
{
    char *bytes = malloc(WIRE_ASK_MAX + HTTP_BODY_MAX);
    struct dice dice;
    const char *why;

    (void)state;
    dice_init(&dice, 1, "wire");
    for (int i = 0; i < ROUNDS; i++) {
        struct ask ask = any_ask(&dice), hop, end;
        struct http_request request = parsed(bytes, write_ask(bytes, &ask, NOW_NS));

        assert_int_equal(wire_read_ask(&hop, &request, NOW_NS, &why), WIRE_ASK);
        expect_same(&ask, &hop);
        request = parsed(bytes, write_ask(bytes, &hop, NOW_NS + 1000000));
        assert_int_equal(wire_read_ask(&end, &request, NOW_NS + 1000000, &why), WIRE_ASK);
        expect_same(&ask, &end);
        if (ask.deadline_ns == 0) {
            assert_true(end.deadline_ns == 0);
        } else if (ask.deadline_ns > NOW_NS + 1000000) { /* Rounded down to 1 us, twice. */
            assert_true(end.deadline_ns <= ask.deadline_ns);
            assert_true(ask.deadline_ns - end.deadline_ns <= 2000);
        } else {
            assert_true(end.deadline_ns > 0 && end.deadline_ns <= NOW_NS + 1000000);
        }
    }
    free(bytes);
}

static void a_deadline_travels_as_time_left(void **state)
{
    const struct ask ask = {.verb = VERB_COUNT, .key = 1, .deadline_ns = 7000000};
    char bytes[WIRE_ASK_MAX];
    struct http_request request = parsed(bytes, write_ask(bytes, &ask, 2000000));
    struct ask read;
    const char *why;

    (void)state;
    assert_true(span_is(http_header(&request, "X-Deadline-Us"), "5000"));
    assert_int_equal(wire_read_ask(&read, &request, 90000000, &why), WIRE_ASK);
    assert_true(read.deadline_ns == 95000000); /* Another clock. */
    request = parsed(bytes, write_ask(bytes, &ask, 8000000));
    assert_int_equal(wire_read_ask(&read, &request, 0, &why), WIRE_ASK);
    assert_true(read.deadline_ns == 1); /* It is over, which is not the same as none. */
}

static void requests_look_as_documented(void **state)
{
    const struct ask order = {.verb = VERB_ORDER,
                              .key = 1,
                              .user = 7,
                              .zone = 3,
                              .amount = 120000,
                              .id = 99,
                              .attempt = 1,
                              .bytes = 55};
    const struct ask unlike = {.verb = VERB_UNLIKE, .key = 12, .user = 7};
    char bytes[2 * WIRE_ASK_MAX];
    uint32_t length;

    (void)state;
    length = write_ask(bytes, &order, 0);
    bytes[length] = '\0';
    assert_string_equal(bytes,
                        "POST /orders HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nIdempotency-Key: 99\r\n"
                        "X-Attempt: 1\r\nContent-Type: application/json\r\nContent-Length: 55\r\n"
                        "\r\n{\"restaurant\":1,\"user\":7,\"zone\":3,\"amount\":120000}     ");
    length = write_ask(bytes, &unlike, 0);
    bytes[length] = '\0';
    assert_string_equal(bytes,
                        "DELETE /posts/12/likes?user=7 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
}

static void an_answer_comes_back_with_its_outcome_and_value(void **state)
{
    char text[WIRE_ANSWER_MAX];
    struct dice dice;

    (void)state;
    dice_init(&dice, 2, "wire");
    for (int i = 0; i < ROUNDS; i++) {
        const struct ask ask = {.verb = (uint8_t)dice_below(&dice, VERB_MAX)};
        enum call_outcome outcome = (enum call_outcome)(CALL_OK + dice_below(&dice, 6));
        int64_t value = (int64_t)(any_number(&dice) - dice_below(&dice, 6)), read;
        struct http_exchange exchange = {.end = HTTP_ANSWERED};

        exchange.body =
            (struct span){text, wire_write_answer(text, &ask, outcome, value, &exchange.status)};
        assert_int_equal(wire_read_answer(&ask, &exchange, &read), outcome);
        assert_true(read == value);
    }
}

static void answers_look_as_documented(void **state)
{
    static const struct {
        enum verb verb;
        enum call_outcome outcome;
        int64_t value;
        unsigned status;
        const char *text;
    } rows[] = {
        {VERB_LIKE, CALL_OK, 1, 200, "{\"new\":true}"},
        {VERB_LIKE, CALL_ABSENT, 0, 200, "{\"new\":false,\"absent\":true}"},
        {VERB_UNLIKE, CALL_OK, 0, 200, "{\"removed\":false}"},
        {VERB_COUNT, CALL_OK, 1500, 200, "{\"likes\":1500}"},
        {VERB_TRACK, CALL_OK, ORDER_DISPATCHED, 200, "{\"status\":\"dispatched\"}"},
        {VERB_TRACK, CALL_ABSENT, ORDER_ACCEPTED, 200, "{\"status\":\"accepted\",\"absent\":true}"},
        {VERB_TRACK, CALL_ABSENT, 0, 404, "{\"status\":\"unknown\",\"absent\":true}"},
        {VERB_ORDER, CALL_TIMEOUT, 0, 504, "{\"error\":\"timeout\"}"},
        {VERB_MENU, CALL_SHED, 0, 503, "{\"error\":\"overloaded\"}"},
        {VERB_CALL, CALL_REFUSED, 0, 502, "{\"error\":\"nobody is there\"}"},
        {VERB_HEALTH, CALL_FAILED, 0, 500, "{\"error\":\"failed\"}"},
    };
    char text[WIRE_ANSWER_MAX];
    unsigned status;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct ask ask = {.verb = (uint8_t)rows[i].verb};
        size_t length = wire_write_answer(text, &ask, rows[i].outcome, rows[i].value, &status);

        assert_true(span_is((struct span){text, length}, rows[i].text));
        assert_int_equal(status, rows[i].status);
    }
}

static void the_size_of_an_answer_survives_a_hop(void **state)
{
    (void)state;
    assert_int_equal(wire_filler(12, 0), 0);
    assert_int_equal(wire_filler(12, 11), 0);
    assert_int_equal(12 + wire_filler(12, 4096), 4096);
    assert_int_equal(12 + wire_filler(12, UINT32_MAX), HTTP_BODY_MAX);
}

static enum call_outcome outcome_of(enum verb verb, enum http_end end, unsigned status,
                                    const char *body)
{
    const struct ask ask = {.verb = (uint8_t)verb};
    struct http_exchange exchange = {.end = end, .status = status, .body = text_span(body)};
    int64_t value;

    return wire_read_answer(&ask, &exchange, &value);
}

static void an_exchange_that_ends_otherwise_is_an_outcome_too(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_TIMEOUT, 0, ""), CALL_TIMEOUT);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_REFUSED, 0, ""), CALL_REFUSED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_BROKEN, 0, ""), CALL_FAILED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_ANSWERED, 503, "<html>"), CALL_SHED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_ANSWERED, 404, "{}"), CALL_FAILED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_ANSWERED, 200, "{}"), CALL_FAILED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_ANSWERED, 200, "{\"likes\":1.5}"), CALL_FAILED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_ANSWERED, 200, "{\"likes\":1,\"likes\":2}"),
                     CALL_FAILED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_ANSWERED, 200, "{\"likes\":9223372036854775808}"),
                     CALL_FAILED);
    assert_int_equal(outcome_of(VERB_COUNT, HTTP_ANSWERED, 301, "{\"likes\":1}"), CALL_FAILED);
}

static enum wire_verdict read_text(const char *text, struct ask *ask, const char **why)
{
    struct http_request request = parsed(text, (uint32_t)strlen(text));

    return wire_read_ask(ask, &request, NOW_NS, why);
}

/* A POST with a Content-Length that fits. */
static enum wire_verdict read_post(const char *path, const char *body, struct ask *ask,
                                   const char **why)
{
    char text[2048];

    (void)snprintf(text, sizeof text,
                   "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", path,
                   strlen(body), body);
    return read_text(text, ask, why);
}

static void what_is_no_ask_is_told_apart(void **state)
{
    static const struct {
        const char *text;
        enum wire_verdict verdict;
    } rows[] = {
        {"GET /posts/1/likes HTTP/1.0\r\n\r\n", WIRE_ASK},
        {"GET /posts/1/likes?x=%20&user=5&&y HTTP/1.0\r\n\r\n", WIRE_ASK},
        {"GET /healthz HTTP/1.0\r\n\r\n", WIRE_ASK},
        {"GET /orders/18446744073709551615 HTTP/1.0\r\nX-Request-Id: not-ours\r\n\r\n", WIRE_ASK},
        {"GET / HTTP/1.0\r\n\r\n", WIRE_NOT_FOUND},
        {"GET /metrics HTTP/1.0\r\n\r\n", WIRE_NOT_FOUND},
        {"GET /healthz/ HTTP/1.0\r\n\r\n", WIRE_NOT_FOUND},
        {"GET /posts//likes HTTP/1.0\r\n\r\n", WIRE_NOT_FOUND},
        {"GET /posts/1/2/likes HTTP/1.0\r\n\r\n", WIRE_NOT_FOUND},
        {"GET /posts/likes HTTP/1.0\r\n\r\n", WIRE_NOT_FOUND},
        {"GET /orders/ HTTP/1.0\r\n\r\n", WIRE_NOT_FOUND},
        {"PUT /posts/1/likes HTTP/1.0\r\n\r\n", WIRE_NOT_METHOD},
        {"PATCH /orders HTTP/1.0\r\n\r\n", WIRE_NOT_METHOD},
        {"GET /orders HTTP/1.0\r\n\r\n", WIRE_NOT_METHOD},
        {"GET /posts/x/likes HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/-1/likes HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/%31/likes HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/72057594037927935/likes HTTP/1.0\r\n\r\n", WIRE_ASK},
        {"GET /posts/72057594037927936/likes HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/18446744073709551616/likes HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /healthz?key=72057594037927937 HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes?user= HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes?user HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes?user=1&user=1 HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes?zone=256 HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes?amount=- HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Attempt: 256\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Attempt: 1\r\nx-attempt: 1\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Priority: high\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Bytes: 16777216\r\n\r\n", WIRE_ASK},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Bytes: 16777217\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Bytes: 4294967295\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Deadline-Us: -1\r\n\r\n", WIRE_MALFORMED},
        {"GET /posts/1/likes HTTP/1.0\r\nX-Request-Id: c0ffee\r\n\r\n", WIRE_MALFORMED},
        {"DELETE /posts/1/likes HTTP/1.0\r\n\r\n", WIRE_MALFORMED},
    };
    struct ask ask;
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (read_text(rows[i].text, &ask, &why) != rows[i].verdict)
            fail_msg("%s", rows[i].text);
        assert_int_equal(why != NULL, rows[i].verdict == WIRE_MALFORMED);
    }
}

static void hostile_bodies_are_refused_with_a_reason(void **state)
{
    static const char *const bodies[] = {
        "",
        " ",
        "7",
        "null",
        "[]",
        "[{\"user\":7}]",
        "{",
        "{}",
        "{}}",
        "{\"user\"}",
        "{\"user\":}",
        "{\"user\":7",
        "{\"user\":7,}",
        "{,\"user\":7}",
        "{\"user\":7 \"zone\":1}",
        "{\"user\":7}{}",
        "{\"user\":7}x",
        "{'user':7}",
        "{user:7}",
        "{\"user\":7,\"user\":8}",
        "{\"user\":7,\"us\\u0065r\":8}",
        "{\"user\":\"7\"}",
        "{\"user\":true}",
        "{\"user\":null}",
        "{\"user\":-7}",
        "{\"user\":+7}",
        "{\"user\":07}",
        "{\"user\":7.0}",
        "{\"user\":7e0}",
        "{\"user\":7.}",
        "{\"user\":0x7}",
        "{\"user\":NaN}",
        "{\"user\":18446744073709551616}",
        "{\"user\":99999999999999999999999999999999999999999999}",
        "{\"user\":7,\"zone\":256}",
        "{\"user\":7,\"amount\":9223372036854775808}",
        "{\"user\":7,\"amount\":-9223372036854775809}",
        "{\"user\":7,\"x\":{}}",
        "{\"user\":7,\"x\":[1]}",
        "{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "{\"user\":7,\"x\":\"a\nb\"}",
        "{\"user\":7,\"x\":\"\\q\"}",
        "{\"user\":7,\"x\":\"\\u12G4\"}",
        "{\"user\":7,\"x\":\"\\",
        "{\"user\":7,\"x\":\"\\u1",
        "{\"user\":7,\"x\":tru}",
        "{\"user\":7,\"x\":1e}",
        "{\"user\":7,\"x\":-}",
        "{\"user\":7} //",
        "\xef\xbb\xbf{\"user\":7}",
    };
    struct ask ask;
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        if (read_post("/posts/1/likes", bodies[i], &ask, &why) != WIRE_MALFORMED)
            fail_msg("%s", bodies[i]);
        assert_non_null(why);
    }
}

static void fields_that_nobody_knows_are_ignored(void **state)
{
    struct ask ask;
    const char *why;

    (void)state;
    assert_int_equal(
        read_post("/posts/3/likes",
                  " {\t\"a\" : \"\\\"\\u00e9 \xd0\xb6\" ,\r\n\"user\":7,\"b\":-1.5e+3,\"c\":null,"
                  "\"a\":true,\"\":0} \n",
                  &ask, &why),
        WIRE_ASK);
    assert_true(ask.user == 7 && ask.key == 3);
}

static void an_order_needs_all_but_its_zone(void **state)
{
    static const struct {
        const char *key, *body, *why; /* NULL: it is an order. */
    } rows[] = {
        {"Idempotency-Key: 9\r\n", "{\"restaurant\":1,\"user\":7,\"amount\":5}", NULL},
        {"", "{\"restaurant\":1,\"user\":7,\"amount\":5}", "Idempotency-Key is missing"},
        {"Idempotency-Key: a-b\r\n", "{\"restaurant\":1,\"user\":7,\"amount\":5}", "id is not"},
        {"Idempotency-Key: 9\r\n", "{\"user\":7,\"amount\":5}", "restaurant is missing"},
        {"Idempotency-Key: 9\r\n", "{\"restaurant\":1,\"amount\":5}", "user is missing"},
        {"Idempotency-Key: 9\r\n", "{\"restaurant\":1,\"user\":7}", "amount is missing"},
        {"Idempotency-Key: 9\r\n", "{\"restaurant\":1,\"user\":7,\"amount\":-5}", "negative"},
    };
    char text[512];
    struct ask ask;
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(text, sizeof text,
                       "POST /orders HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s",
                       rows[i].key, strlen(rows[i].body), rows[i].body);
        assert_int_equal(read_text(text, &ask, &why),
                         rows[i].why == NULL ? WIRE_ASK : WIRE_MALFORMED);
        if (rows[i].why != NULL)
            assert_non_null(strstr(why, rows[i].why));
    }
}

static void a_record_comes_back_with_all_its_fields(void **state)
{
    char text[WIRE_RECORD_MAX];
    struct dice dice;

    (void)state;
    dice_init(&dice, 3, "wire");
    for (int i = 0; i < ROUNDS; i++) {
        struct ask ask = any_ask(&dice), read;

        assert_true(wire_read_record(&read, (struct span){text, wire_write_record(text, &ask)}));
        expect_same(&ask, &read);
        assert_true(read.deadline_ns == 0);
    }
}

static void records_of_others_are_none_of_ours(void **state)
{
    static const char *const records[] = {
        "",
        "{}",
        "{\"verb\":\"like\"}",
        "{\"key\":1}",
        "{\"verb\":\"Like\",\"key\":1}",
        "{\"verb\":2,\"key\":1}",
        "{\"verb\":\"like\",\"key\":-1}",
        "{\"verb\":\"like\",\"key\":1,\"key\":1}",
        "{\"verb\":\"like\",\"key\":1,\"bytes\":4294967296}",
        "{\"verb\":\"like\",\"key\":1} {}",
        "{\"verb\":\"like\",\"key\":1",
    };
    struct ask ask;

    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        assert_false(wire_read_record(&ask, text_span(records[i])));
    assert_true(wire_read_record(&ask, text_span("{\"later\":1.5,\"key\":1,\"verb\":\"like\"}")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ask_comes_back_through_a_balancer_with_all_its_fields),
        cmocka_unit_test(a_deadline_travels_as_time_left),
        cmocka_unit_test(requests_look_as_documented),
        cmocka_unit_test(an_answer_comes_back_with_its_outcome_and_value),
        cmocka_unit_test(answers_look_as_documented),
        cmocka_unit_test(the_size_of_an_answer_survives_a_hop),
        cmocka_unit_test(an_exchange_that_ends_otherwise_is_an_outcome_too),
        cmocka_unit_test(what_is_no_ask_is_told_apart),
        cmocka_unit_test(hostile_bodies_are_refused_with_a_reason),
        cmocka_unit_test(fields_that_nobody_knows_are_ignored),
        cmocka_unit_test(an_order_needs_all_but_its_zone),
        cmocka_unit_test(a_record_comes_back_with_all_its_fields),
        cmocka_unit_test(records_of_others_are_none_of_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
