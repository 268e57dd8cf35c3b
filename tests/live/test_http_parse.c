/* The HTTP parser: what it takes, what it refuses and with which status, however the bytes come. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/live/http/http_parse.h"

enum { HEAD_MAX = 512, BODY_MAX = 64 };

struct row {
    const char *text;
    unsigned status; /* 0: it is whole and fine. */
};

/* From a copy of exactly these bytes, so that the sanitizer sees a read beyond them. */
static enum http_verdict parse_at_once(struct http_parse *parse, bool is_answer, const char *text,
                                       size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    enum http_verdict verdict;

    assert_non_null(copy);
    memcpy(copy, text, length);
    http_parse_begin(parse, is_answer, HEAD_MAX, BODY_MAX);
    verdict = http_parse(parse, copy, (uint32_t)length);
    free(copy);
    return verdict;
}

static enum http_verdict parse_by_bytes(struct http_parse *parse, bool is_answer, const char *text,
                                        size_t length)
{
    enum http_verdict verdict = HTTP_MORE;

    http_parse_begin(parse, is_answer, HEAD_MAX, BODY_MAX);
    for (size_t n = 1; n <= length && verdict == HTTP_MORE; n++) {
        char *copy = malloc(n);

        assert_non_null(copy);
        memcpy(copy, text, n);
        verdict = http_parse(parse, copy, (uint32_t)n);
        free(copy);
    }
    return verdict;
}

static void expect(bool is_answer, const struct row *row)
{
    struct http_parse whole, bytes;
    size_t length = strlen(row->text);
    enum http_verdict verdict = parse_at_once(&whole, is_answer, row->text, length);

    if (verdict != (row->status == 0 ? HTTP_DONE : HTTP_BAD) ||
        (row->status != 0 && whole.status != row->status))
        fail_msg("verdict %d, status %u for: %s", (int)verdict, whole.status, row->text);
    assert_int_equal(parse_by_bytes(&bytes, is_answer, row->text, length), verdict);
    assert_int_equal(bytes.status, whole.status);
    if (verdict != HTTP_DONE)
        return;
    assert_int_equal(bytes.head_length, whole.head_length);
    assert_int_equal(bytes.body_length, whole.body_length);
    assert_int_equal(bytes.headers.length, whole.headers.length);
    assert_int_equal(whole.head_length + whole.body_length, length);
    assert_int_equal(bytes.keeps_alive, whole.keeps_alive);
}

#define HOST "Host: a\r\n"

static const struct row requests[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", 0},
    {"GET / HTTP/1.0\r\n\r\n", 0},
    {"OPTIONS /x HTTP/1.1\r\n" HOST "\r\n", 0},
    {"POST /a?b=c HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 0},
    {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 0},
    {"PUT /a HTTP/1.1\r\nhOsT:a\r\ncontent-LENGTH:\t 2 \t\r\n\r\nab", 0},
    {"DELETE /a HTTP/1.1\r\n" HOST "X-Empty:\r\nX-High: \xd0\xb6\r\n\r\n", 0},
    {"POST /a HTTP/1.1\r\n" HOST "Content-Length: 64\r\n\r\n"
     "0123456789012345678901234567890123456789012345678901234567890123",
     0},
    /* The first line. */
    {"GET /\r\n" HOST "\r\n", 400},
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /  HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
    {" GET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"G\x01T / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET x HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET http://a/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET * HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\x7f HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /a\tb HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / http/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.11\r\n" HOST "\r\n", 400},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"GET / HTTP/1.2\r\n" HOST "\r\n", 505},
    {"GET / HTTP/0.9\r\n" HOST "\r\n", 505},
    {"BREW / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"HEAD / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"get / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"GETT / HTTP/1.1\r\n" HOST "\r\n", 501},
    /* Lines. */
    {"GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X(: a\r\n\r\n", 400},
    /* Whose host. */
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    /* Where it ends. */
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 65\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 4294967297\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551615\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999999\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 411},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\na", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n", 417},
    {"GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 501},
};

static const struct row answers[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0},
    {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 0},
    {"HTTP/1.0 404 Not Found\r\nContent-Length: 1\r\n\r\nx", 0},
    {"HTTP/1.1 204 No Content\r\n\r\n", 0},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0},
    {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 400},
    {"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", 400},
    {"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", 400},
    {"HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n", 400},
    {"HTTP/1.1 100 Continue\r\n\r\n", 400},
    {"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", 505},
    {"ICY 200 OK\r\nContent-Length: 0\r\n\r\n", 400},
    {"HTTP/1.1 200 OK\r\n\r\n", 411},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
    {"HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", 413},
};

static void requests_are_taken_or_refused_with_their_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        expect(false, &requests[i]);
}

static void answers_are_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        expect(true, &answers[i]);
}

static void a_zero_byte_is_refused_wherever_it_stands(void **state)
{
    static const char text[] = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n";
    char bytes[sizeof text];
    struct http_parse parse;

    (void)state;
    for (size_t at = 0; at + 5 < sizeof text - 1; at++) {
        memcpy(bytes, text, sizeof text);
        bytes[at] = '\0';
        assert_int_equal(parse_at_once(&parse, false, bytes, sizeof text - 1), HTTP_BAD);
    }
}

static void a_head_over_the_limit_is_431_whether_its_line_ends_or_not(void **state)
{
    char text[HEAD_MAX + 2];
    struct http_parse parse;
    const size_t length = sizeof text - 1;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "GET / HTTP/1.1\r\nHost: ", 22);
    assert_int_equal(parse_at_once(&parse, false, text, HEAD_MAX), HTTP_MORE);
    assert_int_equal(parse_at_once(&parse, false, text, length), HTTP_BAD);
    assert_int_equal(parse.status, 431);
    memcpy(text + length - 2, "\r\n", 2);
    assert_int_equal(parse_at_once(&parse, false, text, length), HTTP_BAD);
    assert_int_equal(parse.status, 431);
    assert_int_equal(parse_by_bytes(&parse, false, text, length), HTTP_BAD);
    assert_int_equal(parse.status, 431);
}

static void what_follows_a_whole_message_is_not_looked_at(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n\x01\n\nnonsense";
    struct http_parse parse;

    (void)state;
    assert_int_equal(parse_at_once(&parse, false, text, sizeof text - 1), HTTP_DONE);
    assert_int_equal(parse.head_length, 27);
}

static void each_byte_is_searched_once(void **state)
{
    enum { LENGTH = 4 * 1024 * 1024 };
    char *text = malloc(LENGTH);
    struct http_parse parse;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', LENGTH);
    memcpy(text, "GET / HTTP/1.1\r\nHost: ", 22);
    http_parse_begin(&parse, false, LENGTH, BODY_MAX);
    for (uint32_t n = 1; n <= LENGTH; n++) /* Quadratic work would be 8 * 10^12 bytes: hours. */
        assert_int_equal(http_parse(&parse, text, n), HTTP_MORE);
    assert_int_equal(parse.searched, LENGTH);
    free(text);
}

static void whether_a_connection_stays_is_said_by_version_and_header(void **state)
{
    static const struct {
        const char *text;
        bool keeps_alive;
    } rows[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", true},
        {"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: TE , CLOSE\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    struct http_parse parse;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(parse_at_once(&parse, false, rows[i].text, strlen(rows[i].text)),
                         HTTP_DONE);
        assert_int_equal(parse.keeps_alive, rows[i].keeps_alive);
    }
}

static void a_header_is_found_in_any_case_without_its_spaces(void **state)
{
    static const char head[] = "Host: a\r\nX-One:  two words\t\r\nX-Empty:\r\n";
    const struct http_request request = {.head = {head, sizeof head - 1}};

    (void)state;
    assert_true(span_is(http_header(&request, "x-ONE"), "two words"));
    assert_non_null(http_header(&request, "X-Empty").bytes);
    assert_int_equal(http_header(&request, "X-Empty").length, 0);
    assert_null(http_header(&request, "X-On").bytes);
}

static void addresses_are_read_or_refused(void **state)
{
    static const struct {
        const char *text, *host; /* NULL: refused. */
        unsigned port;
        bool is_loopback;
    } rows[] = {
        {"127.0.0.1:80", "127.0.0.1", 80, true},
        {"127.9.9.9:0", "127.9.9.9", 0, true},
        {"localhost:65535", "localhost", 65535, true},
        {"LocalHost:1", "LocalHost", 1, true},
        {"[::1]:8080", "::1", 8080, true},
        {"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true},
        {"[2001:db8::2]:1", "2001:db8::2", 1, false},
        {"balancer:8080", "balancer", 8080, false},
        {"10.0.0.1:8080", "10.0.0.1", 8080, false},
        {"127.example.org:1", "127.example.org", 1, false},
        {"", NULL, 0, false},
        {"localhost", NULL, 0, false},
        {":80", NULL, 0, false},
        {"a:", NULL, 0, false},
        {"a:65536", NULL, 0, false},
        {"a:080808", NULL, 0, false},
        {"a:-1", NULL, 0, false},
        {"a:8a", NULL, 0, false},
        {"a b:80", NULL, 0, false},
        {"-a:80", NULL, 0, false},
        {"a..b:80", NULL, 0, false},
        {"127.0.0.256:80", NULL, 0, false},
        {"127.0.1:80", NULL, 0, false},
        {"::1:80", NULL, 0, false},
        {"[::1:80", NULL, 0, false},
        {"[]:80", NULL, 0, false},
        {"[a]:80", NULL, 0, false},
        {"a/b:80", NULL, 0, false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1", NULL, 0, false},
    };
    struct address address;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (address_read(&address, rows[i].text) != (rows[i].host != NULL))
            fail_msg("%s", rows[i].text);
        if (rows[i].host == NULL)
            continue;
        assert_string_equal(address.host, rows[i].host);
        assert_int_equal(address.port, rows[i].port);
        assert_int_equal(address_is_loopback(&address), rows[i].is_loopback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_taken_or_refused_with_their_status),
        cmocka_unit_test(answers_are_taken_or_refused),
        cmocka_unit_test(a_zero_byte_is_refused_wherever_it_stands),
        cmocka_unit_test(a_head_over_the_limit_is_431_whether_its_line_ends_or_not),
        cmocka_unit_test(what_follows_a_whole_message_is_not_looked_at),
        cmocka_unit_test(each_byte_is_searched_once),
        cmocka_unit_test(whether_a_connection_stays_is_said_by_version_and_header),
        cmocka_unit_test(a_header_is_found_in_any_case_without_its_spaces),
        cmocka_unit_test(addresses_are_read_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
