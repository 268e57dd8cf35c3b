/* fuzz_http.c — Any bytes as a request, an answer, an ask's body, and a record of the log.
 *
 * The first byte chooses. Messages are parsed at once and by pieces, in buffers of exactly their
 * size, and must end alike. A request that is an ask is written again and must come back the same;
 * so must a record. An answer may mean anything, so long as it means something.
 *
 *   cmake --preset fuzz && cmake --build --preset fuzz
 *   build/fuzz/tests/fuzz/fuzz_http -max_len=2048 CORPUS */
#include <stdlib.h>
#include <string.h>

#include "services/base/check.h"
#include "services/live/http/http_parse.h"
#include "services/live/http/wire.h"

enum { HEAD_MAX = 1024, BODY_MAX = 512 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static char *copy_of(const char *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);

    check(copy != NULL);
    memcpy(copy, bytes, length);
    return copy;
}

static enum http_verdict parse_by_pieces(struct http_parse *parse, bool is_answer,
                                         const char *bytes, uint32_t length, uint32_t step)
{
    enum http_verdict verdict = HTTP_MORE;

    http_parse_begin(parse, is_answer, HEAD_MAX, BODY_MAX);
    for (uint32_t n = 0; verdict == HTTP_MORE && n < length;) {
        char *copy;

        n = n + step < length ? n + step : length;
        copy = copy_of(bytes, n);
        verdict = http_parse(parse, copy, n);
        free(copy);
    }
    return verdict;
}

static enum http_verdict parse_both_ways(struct http_parse *parse, bool is_answer,
                                         const char *bytes, uint32_t length)
{
    struct http_parse pieces;
    enum http_verdict verdict = parse_by_pieces(parse, is_answer, bytes, length, UINT32_MAX / 2);
    enum http_verdict again = parse_by_pieces(&pieces, is_answer, bytes, length, 1 + length % 7);

    check(verdict == again);
    if (verdict == HTTP_BAD)
        check(parse->status == pieces.status && parse->status >= 400);
    if (verdict == HTTP_DONE) {
        check(parse->head_length == pieces.head_length);
        check(parse->body_length == pieces.body_length && parse->body_length <= BODY_MAX);
        check(parse->head_length <= HEAD_MAX && parse->head_length + parse->body_length <= length);
    }
    return verdict;
}

static void split_target(struct http_request *request, struct span target)
{
    const char *mark = memchr(target.bytes, '?', target.length);
    size_t path = mark == NULL ? target.length : (size_t)(mark - target.bytes);

    request->path = (struct span){target.bytes, path};
    request->query =
        (struct span){target.bytes + path + (mark != NULL), target.length - path - (mark != NULL)};
}

static bool is_same(const struct ask *a, const struct ask *b)
{
    return a->verb == b->verb && a->priority == b->priority && a->attempt == b->attempt &&
           a->zone == b->zone && a->bytes == b->bytes && a->key == b->key && a->user == b->user &&
           a->id == b->id && a->amount == b->amount && a->deadline_ns == b->deadline_ns;
}

static struct http_request request_of(const struct http_parse *parse, const char *bytes)
{
    struct http_request request = {.method = parse->method};

    split_target(&request, (struct span){bytes + parse->target.from, parse->target.length});
    request.head = (struct span){bytes + parse->headers.from, parse->headers.length};
    request.body = (struct span){bytes + parse->head_length, parse->body_length};
    return request;
}

/* What was read as an ask, written and read again. */
static void hold_round_trip(const struct ask *ask)
{
    static char text[WIRE_ASK_MAX + HTTP_BODY_MAX];
    const struct address to = {"::1", 1};
    struct http_request request;
    struct http_parse parse;
    struct ask again;
    const char *why;
    uint32_t filler;
    size_t length = wire_write_ask(text, ask, &to, 0, &filler);

    memset(text + length, ' ', filler);
    http_parse_begin(&parse, false, WIRE_ASK_MAX, HTTP_BODY_MAX);
    check(http_parse(&parse, text, (uint32_t)length + filler) == HTTP_DONE);
    request = request_of(&parse, text);
    check(wire_read_ask(&again, &request, 0, &why) == WIRE_ASK);
    again.deadline_ns = ask->deadline_ns; /* Saturation and rounding: test_wire.c. */
    check(is_same(ask, &again));
}

static void judge_request(const char *bytes, uint32_t length)
{
    struct http_request request;
    struct http_parse parse;
    struct ask ask;
    const char *why;

    if (parse_both_ways(&parse, false, bytes, length) != HTTP_DONE)
        return;
    request = request_of(&parse, bytes);
    switch (wire_read_ask(&ask, &request, 1, &why)) {
    case WIRE_ASK:
        hold_round_trip(&ask);
        return;
    case WIRE_MALFORMED:
        check(why != NULL && why[0] != '\0');
        return;
    case WIRE_NOT_FOUND:
    case WIRE_NOT_METHOD:
        check(why == NULL);
        return;
    }
}

static void judge_answer(const char *bytes, uint32_t length, uint8_t verb)
{
    const struct ask ask = {.verb = verb % VERB_MAX};
    struct http_exchange exchange = {.end = HTTP_ANSWERED, .status = 200};
    struct http_parse parse;
    int64_t value;

    if (parse_both_ways(&parse, true, bytes, length) == HTTP_DONE) {
        exchange.status = parse.status;
        exchange.body = (struct span){bytes + parse.head_length, parse.body_length};
        check(wire_read_answer(&ask, &exchange, &value) > CALL_PENDING);
    }
    exchange.body = (struct span){bytes, length};
    check(wire_read_answer(&ask, &exchange, &value) > CALL_PENDING);
}

static void judge_record(const char *bytes, size_t length)
{
    char text[WIRE_RECORD_MAX];
    struct ask ask, again;

    if (!wire_read_record(&ask, (struct span){bytes, length}))
        return;
    check(wire_read_record(&again, (struct span){text, wire_write_record(text, &ask)}));
    check(is_same(&ask, &again));
}

/* A body by itself, so that the fuzzer need not find a Content-Length for each. */
static void judge_body(const char *bytes, size_t length)
{
    static const char *const paths[] = {"/posts/1/likes", "/orders", "/call/2"};
    struct http_request request = {.method = HTTP_POST, .body = {bytes, length}};
    struct ask ask;
    const char *why;

    request.head = (struct span){"Idempotency-Key: 5\r\n", 20};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        request.path = (struct span){paths[i], strlen(paths[i])};
        if (wire_read_ask(&ask, &request, 1, &why) == WIRE_ASK)
            hold_round_trip(&ask);
        else
            check(why != NULL);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *bytes;

    if (size == 0 || size > UINT16_MAX)
        return 0;
    bytes = copy_of((const char *)data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        judge_request(bytes, (uint32_t)(size - 1));
        break;
    case 1:
        judge_answer(bytes, (uint32_t)(size - 1), data[0] >> 2);
        break;
    case 2:
        judge_record(bytes, size - 1);
        break;
    default:
        judge_body(bytes, size - 1);
        break;
    }
    free(bytes);
    return 0;
}
