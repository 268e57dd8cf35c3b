/* The HTTP server on real sockets: order, limits, deadlines, and clients who are slow or gone. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "services/live/http/http_stream.h"
#include "tests/live/http_rig.h"

enum { HELD_MAX = 64 };

struct rig {
    struct loop loop;
    struct http_server *server;
    struct http_request *held[HELD_MAX]; /* Of "/hold", until the test answers them. */
    int holding;
    char why[160];
    char text[RIG_TEXT];
};

static struct rig rig;

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_LAST(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/* "/hold" waits for the test; "/big" answers 300 kB of filler; all else gets its path and body. */
static void handle(void *context, struct http_request *request)
{
    char body[64 * 1024];
    int length = snprintf(body, sizeof body, "<%.*s|%.*s>", (int)request->path.length,
                          request->path.bytes, (int)request->body.length, request->body.bytes);

    assert_ptr_equal(context, &rig);
    if (request->path.length == 5 && memcmp(request->path.bytes, "/hold", 5) == 0) {
        assert_true(rig.holding < HELD_MAX);
        rig.held[rig.holding++] = request;
        return;
    }
    assert_true(length > 0 && length < (int)sizeof body);
    http_reply(request, 200, "text/plain", (struct span){body, (size_t)length},
               memcmp(request->path.bytes, "/big", 4) == 0 ? 300 * 1024 : 0);
}

static void rig_open(struct http_server_config config)
{
    memset(&rig, 0, sizeof rig);
    assert_true(loop_open(&rig.loop, 0));
    config.listen = (struct address){"127.0.0.1", 0};
    rig.server = http_server_open(&rig.loop, &config, handle, &rig, rig.why);
    assert_non_null(rig.server);
}

static void rig_close(void)
{
    http_server_close(rig.server);
    loop_close(&rig.loop);
}

static int come(void)
{
    return socket_to(http_server_port(rig.server));
}

static void say(int fd, const char *text)
{
    socket_say_text(&rig.loop, fd, text);
}

static uint32_t open_now(void)
{
    return http_server_stats(rig.server)->open;
}

static void expect_answer_of(int fd, const char *inside)
{
    size_t got = 0;

    memset(rig.text, 0, 4096);
    while (strstr(rig.text, inside) == NULL) {
        size_t more = socket_hear(&rig.loop, fd, rig.text + got, 1);

        assert_int_equal(more, 1);
        got += more;
        assert_true(got < 4096);
    }
}

static void pipelined_requests_are_answered_in_order_one_inside_at_a_time(void **state)
{
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    fd = come();
    say(fd, GET("/1") GET("/hold") GET("/2") GET("/hold") GET_LAST("/3"));
    rig_until(&rig.loop, rig.holding == 1);
    for (int i = 0; i < 20; i++)
        rig_turn(&rig.loop);
    assert_int_equal(rig.holding, 1);
    assert_int_equal(http_server_stats(rig.server)->requests, 2);
    http_reply(rig.held[0], 200, "text/plain", text_span("<held>"), 2);
    assert_int_equal(http_server_stats(rig.server)->requests, 2); /* Nothing runs inside it. */
    rig_until(&rig.loop, rig.holding == 2);
    http_reply(rig.held[1], 404, "text/plain", text_span("<too>"), 0);
    socket_hear_all(&rig.loop, fd, rig.text);
    assert_non_null(strstr(rig.text, "\r\n\r\n</1|>HTTP/1.1 200 OK\r\nContent-Type: text/plain"
                                     "\r\nContent-Length: 8\r\n\r\n<held>  HTTP/1.1 200 OK"));
    assert_non_null(strstr(rig.text, "</2|>HTTP/1.1 404 Not Found"));
    assert_non_null(strstr(rig.text, "<too>HTTP/1.1 200 OK"));
    assert_non_null(strstr(rig.text, "Connection: close\r\n\r\n</3|>"));
    close(fd);
    rig_close();
}

static void hundreds_of_pipelined_requests_all_come_back(void **state)
{
    enum { REQUESTS = 500 };
    int fd;
    const char *at;

    (void)state;
    rig_open(http_server_defaults());
    fd = come();
    for (int i = 0; i < REQUESTS; i++)
        say(fd, i + 1 < REQUESTS ? GET("/x") : GET_LAST("/x"));
    socket_hear_all(&rig.loop, fd, rig.text);
    at = rig.text;
    for (int i = 0; i < REQUESTS; i++) {
        at = strstr(at, "</x|>");
        assert_non_null(at);
        at++;
    }
    assert_int_equal(http_server_stats(rig.server)->requests, REQUESTS);
    assert_int_equal(http_server_stats(rig.server)->connections, 1);
    close(fd);
    rig_close();
}

static void a_request_a_byte_at_a_time_is_a_request(void **state)
{
    static const char text[] = "POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    fd = come();
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        socket_say(&rig.loop, fd, text + i, 1);
        rig_turn(&rig.loop);
    }
    expect_answer_of(fd, "</a|body>");
    close(fd);
    rig_close();
}

static void what_is_not_understood_is_told_its_status_and_closed(void **state)
{
    static const struct {
        const char *text, *status;
    } rows[] = {
        {"GET / HTTP/1.1\n", "HTTP/1.1 400 "},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", "HTTP/1.1 413 "},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 411 "},
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 417 "},
        {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 501 "},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505 "},
    };

    (void)state;
    rig_open(http_server_defaults());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = come();

        say(fd, rows[i].text);
        say(fd, GET("/smuggled"));
        socket_hear_all(&rig.loop, fd, rig.text);
        assert_memory_equal(rig.text, rows[i].status, strlen(rows[i].status));
        assert_non_null(strstr(rig.text, "Connection: close\r\n"));
        assert_null(strstr(rig.text, "smuggled"));
        close(fd);
    }
    assert_int_equal(http_server_stats(rig.server)->malformed, sizeof rows / sizeof *rows);
    assert_int_equal(http_server_stats(rig.server)->requests, 0);
    rig_close();
}

static void a_refusal_is_read_by_a_client_that_still_sends(void **state)
{
    static char flood[1024 * 1024];
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    memset(flood, 'a', sizeof flood);
    fd = come();
    say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n");
    socket_say(&rig.loop, fd, flood, sizeof flood);
    socket_hear_all(&rig.loop, fd, rig.text);
    assert_memory_equal(rig.text, "HTTP/1.1 413 ", 13);
    close(fd);
    rig_until(&rig.loop, open_now() == 0);
    rig_close();
}

static void a_head_without_end_is_431(void **state)
{
    char line[1024];
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    memset(line, 'x', sizeof line);
    fd = come();
    say(fd, "GET / HTTP/1.1\r\nHost: ");
    for (int i = 0; i < 9; i++)
        socket_say(&rig.loop, fd, line, sizeof line);
    socket_hear_all(&rig.loop, fd, rig.text);
    assert_memory_equal(rig.text, "HTTP/1.1 431 ", 13);
    close(fd);
    rig_close();
}

static void a_client_that_says_it_sends_no_more_is_answered(void **state)
{
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    fd = come();
    say(fd, GET("/hold") GET("/behind"));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    rig_until(&rig.loop, rig.holding == 1);
    for (int i = 0; i < 20; i++)
        rig_turn(&rig.loop);
    http_reply(rig.held[0], 200, "text/plain", text_span("<held>"), 0);
    socket_hear_all(&rig.loop, fd, rig.text);
    assert_non_null(strstr(rig.text, "<held>"));
    assert_non_null(strstr(rig.text, "</behind|>"));
    rig_until(&rig.loop, open_now() == 0);
    close(fd);
    rig_close();
}

static void a_request_whose_client_has_gone_may_still_be_answered(void **state)
{
    const struct linger reset = {1, 0};

    (void)state;
    rig_open(http_server_defaults());
    for (int i = 0; i < 4; i++) {
        int fd = come();

        say(fd, GET("/hold"));
        rig_until(&rig.loop, rig.holding == i + 1);
        if (i % 2 == 1)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    for (int i = 0; i < 20; i++)
        rig_turn(&rig.loop);
    assert_int_equal(open_now(), 4);
    for (int i = 0; i < 4; i++) {
        assert_memory_equal(rig.held[i]->path.bytes, "/hold", 5);
        http_reply(rig.held[i], 200, "text/plain", text_span("late"), 100000);
    }
    rig_until(&rig.loop, open_now() == 0);
    rig_close();
}

static void a_dripping_head_is_cut_off_while_others_are_served(void **state)
{
    struct http_server_config config = http_server_defaults();
    uint64_t end_ns = loop_clock_ns() + WAIT_NS;
    int slow, quick, served = 0;

    (void)state;
    config.arrive_ns = 150 * MS;
    rig_open(config);
    slow = come();
    quick = come();
    say(slow, "GET / HTTP/1.1\r\nX: ");
    while (http_server_stats(rig.server)->too_slow == 0 && loop_clock_ns() < end_ns) {
        say(slow, "a"); /* Always some byte: it does not move the deadline. */
        say(quick, GET("/quick"));
        expect_answer_of(quick, "</quick|>");
        served++;
    }
    assert_int_equal(http_server_stats(rig.server)->too_slow, 1);
    assert_true(served > 0);
    socket_hear_all(&rig.loop, slow, rig.text);
    assert_memory_equal(rig.text, "HTTP/1.1 408 ", 13);
    say(quick, GET("/after"));
    expect_answer_of(quick, "</after|>");
    close(slow);
    close(quick);
    rig_close();
}

static void a_dripping_body_is_cut_off_too(void **state)
{
    struct http_server_config config = http_server_defaults();
    uint64_t end_ns = loop_clock_ns() + WAIT_NS;
    int fd;

    (void)state;
    config.arrive_ns = 50 * MS;
    rig_open(config);
    fd = come();
    say(fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    while (http_server_stats(rig.server)->too_slow == 0 && loop_clock_ns() < end_ns) {
        say(fd, "a");
        rig_turn(&rig.loop);
    }
    assert_int_equal(http_server_stats(rig.server)->requests, 0);
    socket_hear_all(&rig.loop, fd, rig.text);
    assert_memory_equal(rig.text, "HTTP/1.1 408 ", 13);
    close(fd);
    rig_close();
}

static void an_idle_connection_is_closed(void **state)
{
    struct http_server_config config = http_server_defaults();
    int fresh, used;

    (void)state;
    config.idle_ns = 50 * MS;
    rig_open(config);
    fresh = come();
    used = come();
    say(used, GET("/once"));
    expect_answer_of(used, "</once|>");
    assert_int_equal(socket_hear_all(&rig.loop, used, rig.text), 0);
    assert_int_equal(socket_hear_all(&rig.loop, fresh, rig.text), 0);
    assert_int_equal(open_now(), 0);
    assert_int_equal(http_server_stats(rig.server)->too_slow, 0);
    close(fresh);
    close(used);
    rig_close();
}

static void an_answer_that_is_not_taken_is_given_up(void **state)
{
    struct http_server_config config = http_server_defaults();
    int few = 4096, fd;

    (void)state;
    config.leave_ns = 100 * MS;
    rig_open(config);
    fd = come();
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &few, sizeof few);
    for (int i = 0; i < 64; i++) /* 19 MB: more than any socket buffers. */
        say(fd, GET("/big"));
    rig_until(&rig.loop, http_server_stats(rig.server)->too_slow == 1);
    assert_int_equal(open_now(), 0);
    assert_true(http_server_stats(rig.server)->requests < 64); /* It read no more meanwhile. */
    close(fd);
    rig_close();
}

static void a_large_answer_comes_whole(void **state)
{
    size_t got;
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    fd = come();
    say(fd, GET_LAST("/big"));
    got = socket_hear_all(&rig.loop, fd, rig.text);
    assert_non_null(strstr(rig.text, "Content-Length: 307207\r\n"));
    assert_non_null(strstr(rig.text, "\r\n\r\n</big|>  "));
    assert_int_equal(strstr(rig.text, "\r\n\r\n") + 4 + 307207 - rig.text, got);
    close(fd);
    rig_close();
}

static void never_woken(int fd, short events, void *context)
{
    (void)fd;
    (void)events;
    (void)context;
}

static void a_buffer_grows_with_the_bytes_that_came_and_not_with_those_promised(void **state)
{
    struct http_stream stream = {.fd = -1};
    static char bytes[100000];
    uint32_t sent = 0;
    int pair[2];

    (void)state;
    rig_open(http_server_defaults());
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    http_stream_open(&stream, &rig.loop, pair[0], never_woken, NULL);
    assert_int_equal(http_stream_read(&stream, HTTP_BODY_MAX, false), HTTP_WAITS);
    assert_true(stream.capacity <= 4096);
    while (sent < sizeof bytes) {
        ssize_t n = send(pair[1], bytes + sent, 1000, 0);

        assert_int_equal(n, 1000);
        sent += (uint32_t)n;
        while (http_stream_read(&stream, HTTP_BODY_MAX, false) == HTTP_FLOWS)
            assert_true(stream.capacity <= 2 * sent + 4096);
    }
    assert_int_equal(stream.to - stream.from, sizeof bytes);
    http_stream_drop(&stream, sizeof bytes);
    assert_int_equal(http_stream_read(&stream, HTTP_BODY_MAX, false), HTTP_WAITS);
    assert_true(stream.capacity <= 4096); /* And is given back. */
    http_stream_close(&stream);
    http_stream_free(&stream);
    close(pair[1]);
    rig_close();
}

static void one_connection_more_than_the_cap_is_told_503(void **state)
{
    struct http_server_config config = http_server_defaults();
    int first, second, third;

    (void)state;
    config.connections_max = 2;
    rig_open(config);
    first = come();
    second = come();
    say(second, GET("/in"));
    expect_answer_of(second, "</in|>");
    third = come();
    say(third, GET("/out"));
    socket_hear_all(&rig.loop, third, rig.text);
    assert_memory_equal(rig.text, "HTTP/1.1 503 ", 13);
    assert_int_equal(http_server_stats(rig.server)->refused, 1);
    close(third);
    close(first);
    rig_until(&rig.loop, open_now() == 1);
    third = come(); /* There is room again. */
    say(third, GET("/in"));
    expect_answer_of(third, "</in|>");
    close(second);
    close(third);
    rig_close();
}

/* One large body that never ends has all that there is: the next is told so, a short request is
 * served; and when the first has gone there is room again. */
static void large_requests_share_a_memory_and_short_ones_are_served_without(void **state)
{
    static char body[32 * 1024];
    struct http_server_config config = http_server_defaults();
    int first, second, third;

    (void)state;
    memset(body, ' ', sizeof body);
    config.memory_max = 16 * 1024;
    rig_open(config);
    first = come();
    say(first, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 2; i++) { /* The second half meets the bound, and is not waited for. */
        socket_say(&rig.loop, first, body, 15 * 1024);
        rig_turn(&rig.loop);
    }
    second = come();
    say(second, "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n");
    socket_say(&rig.loop, second, body, 20000);
    third = come();
    say(third, GET("/3"));
    expect_answer_of(third, "</3|>");
    socket_hear_all(&rig.loop, second, rig.text);
    assert_non_null(strstr(rig.text, "HTTP/1.1 503 "));
    assert_true(http_server_stats(rig.server)->refused > 0);
    close(first);
    close(second);
    rig_until(&rig.loop, open_now() == 1);
    say(third, "POST /4 HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n");
    socket_say(&rig.loop, third, body, 8000);
    expect_answer_of(third, "</4|");
    close(third);
    rig_close();
}

static void a_server_that_drains_answers_what_it_has_and_takes_no_more(void **state)
{
    uint16_t port;
    int idle, busy;

    (void)state;
    rig_open(http_server_defaults());
    port = http_server_port(rig.server);
    idle = come();
    say(idle, GET("/idle"));
    expect_answer_of(idle, "</idle|>");
    busy = come();
    say(busy, GET("/hold"));
    rig_until(&rig.loop, rig.holding == 1);
    http_server_drain(rig.server);
    assert_int_equal(socket_hear_all(&rig.loop, idle, rig.text), 0);
    assert_int_equal(open_now(), 1);
    http_reply(rig.held[0], 200, "text/plain", text_span("<held>"), 0);
    socket_hear_all(&rig.loop, busy, rig.text);
    assert_non_null(strstr(rig.text, "Connection: close\r\n\r\n<held>"));
    close(idle);
    close(busy);
    rig_until(&rig.loop, open_now() == 0);
    idle = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(
        connect(idle,
                (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET,
                                                         .sin_port = htons(port),
                                                         .sin_addr = {htonl(INADDR_LOOPBACK)}},
                sizeof(struct sockaddr_in)),
        -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(idle);
    rig_close();
}

static void http_1_0_closes_unless_it_asks_to_stay(void **state)
{
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    fd = come();
    say(fd, "GET /stay HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect_answer_of(fd, "</stay|>");
    assert_non_null(strstr(rig.text, "Connection: keep-alive\r\n"));
    say(fd, "GET /go HTTP/1.0\r\n\r\n");
    socket_hear_all(&rig.loop, fd, rig.text);
    assert_non_null(strstr(rig.text, "Connection: close\r\n\r\n</go|>"));
    close(fd);
    rig_close();
}

static void an_address_that_is_taken_says_so(void **state)
{
    struct http_server_config config = http_server_defaults();

    (void)state;
    rig_open(config);
    config.listen = (struct address){"127.0.0.1", http_server_port(rig.server)};
    assert_null(http_server_open(&rig.loop, &config, handle, &rig, rig.why));
    assert_non_null(strstr(rig.why, "cannot listen on 127.0.0.1 port "));
    config.listen = (struct address){"", 1};
    assert_null(http_server_open(&rig.loop, &config, handle, &rig, rig.why));
    assert_non_null(strstr(rig.why, "HOST:PORT"));
    rig_close();
}

static void a_server_closes_with_requests_inside(void **state)
{
    int fd;

    (void)state;
    rig_open(http_server_defaults());
    fd = come();
    say(fd, GET("/hold") GET("/x"));
    rig_until(&rig.loop, rig.holding == 1);
    rig_close();
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_requests_are_answered_in_order_one_inside_at_a_time),
        cmocka_unit_test(hundreds_of_pipelined_requests_all_come_back),
        cmocka_unit_test(a_request_a_byte_at_a_time_is_a_request),
        cmocka_unit_test(what_is_not_understood_is_told_its_status_and_closed),
        cmocka_unit_test(a_refusal_is_read_by_a_client_that_still_sends),
        cmocka_unit_test(a_head_without_end_is_431),
        cmocka_unit_test(a_client_that_says_it_sends_no_more_is_answered),
        cmocka_unit_test(a_request_whose_client_has_gone_may_still_be_answered),
        cmocka_unit_test(a_dripping_head_is_cut_off_while_others_are_served),
        cmocka_unit_test(a_dripping_body_is_cut_off_too),
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(an_answer_that_is_not_taken_is_given_up),
        cmocka_unit_test(a_large_answer_comes_whole),
        cmocka_unit_test(a_buffer_grows_with_the_bytes_that_came_and_not_with_those_promised),
        cmocka_unit_test(one_connection_more_than_the_cap_is_told_503),
        cmocka_unit_test(large_requests_share_a_memory_and_short_ones_are_served_without),
        cmocka_unit_test(a_server_that_drains_answers_what_it_has_and_takes_no_more),
        cmocka_unit_test(http_1_0_closes_unless_it_asks_to_stay),
        cmocka_unit_test(an_address_that_is_taken_says_so),
        cmocka_unit_test(a_server_closes_with_requests_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
