/* The HTTP client against all kinds of servers: ours, one that says what a test wrote, and none. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>

#include "tests/live/http_rig.h"

enum { ASKS_MAX = 16 };

struct asked { /* An exchange, and what became of it. */
    struct http_exchange exchange;
    int ended;
    char body[64];
};

struct rig {
    struct loop loop;
    struct http_server *server;
    struct http_client *client;
    int listener; /* A bare socket, where the test plays the server. */
    bool is_asking;
    int again; /* So many more are asked, each in the `done` of the one before. */
    struct asked asks[ASKS_MAX];
};

static struct rig rig;

#define ASK "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void ask(int who, bool is_repeatable, uint64_t timeout_ns);

static void ended(struct http_exchange *exchange)
{
    struct asked *asked = (struct asked *)exchange;

    assert_false(rig.is_asking); /* Never inside http_ask. */
    asked->ended++;
    if (rig.again > 0) { /* The body is lent until this returns, whatever is asked meanwhile. */
        rig.again--;
        asked->ended = 0;
        ask((int)(asked - rig.asks), true, WAIT_NS);
    }
    if (exchange->end == HTTP_ANSWERED)
        (void)snprintf(asked->body, sizeof asked->body, "%.*s", (int)exchange->body.length,
                       exchange->body.bytes);
}

static void ask(int who, bool is_repeatable, uint64_t timeout_ns)
{
    bool is_inside = rig.is_asking;

    rig.asks[who].exchange.done = ended;
    rig.is_asking = true;
    http_ask(rig.client, &rig.asks[who].exchange, text_span(ASK), is_repeatable, timeout_ns);
    rig.is_asking = is_inside;
}

static void expect_end(int who, enum http_end end)
{
    rig_until(&rig.loop, rig.asks[who].ended == 1);
    assert_int_equal(rig.asks[who].exchange.end, end);
}

static void expect_answer(int who, unsigned status, const char *body)
{
    expect_end(who, HTTP_ANSWERED);
    assert_int_equal(rig.asks[who].exchange.status, status);
    assert_string_equal(rig.asks[who].body, body);
    rig.asks[who].ended = 0;
}

static void answer_path(void *context, struct http_request *request)
{
    (void)context;
    http_reply(request, 200, "text/plain", request->path, 0);
}

static void rig_open(uint32_t connections_max, const struct http_server_config *config)
{
    struct address to = {"127.0.0.1", 0};
    char why[160];

    memset(&rig, 0, sizeof rig);
    assert_true(loop_open(&rig.loop, 0));
    rig.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (config != NULL) {
        struct http_server_config own = *config;

        own.listen = to;
        rig.server = http_server_open(&rig.loop, &own, answer_path, NULL, why);
        assert_non_null(rig.server);
        to.port = http_server_port(rig.server);
    } else {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t length = sizeof at;

        assert_int_equal(bind(rig.listener, (struct sockaddr *)&at, sizeof at), 0);
        assert_int_equal(listen(rig.listener, 16), 0);
        assert_int_equal(fcntl(rig.listener, F_SETFL, O_NONBLOCK), 0);
        assert_int_equal(getsockname(rig.listener, (struct sockaddr *)&at, &length), 0);
        to.port = ntohs(at.sin_port);
    }
    rig.client = http_client_open(&rig.loop, &to, connections_max);
    assert_non_null(rig.client);
}

static void rig_close(void)
{
    if (rig.client != NULL)
        http_client_close(rig.client);
    if (rig.server != NULL)
        http_server_close(rig.server);
    if (rig.listener >= 0)
        close(rig.listener);
    loop_close(&rig.loop);
}

static int take_connection(void)
{
    int fd = -1;

    rig_until(&rig.loop, (fd = fd >= 0 ? fd : accept(rig.listener, NULL, NULL)) >= 0);
    return fd;
}

/* The next connection that the client makes, with its request read. */
static int take_request(void)
{
    char text[sizeof ASK];
    int fd = take_connection();

    assert_int_equal(socket_hear(&rig.loop, fd, text, sizeof ASK - 1), sizeof ASK - 1);
    assert_string_equal(text, ASK);
    return fd;
}

static void read_request(int fd)
{
    char text[sizeof ASK];

    assert_int_equal(socket_hear(&rig.loop, fd, text, sizeof ASK - 1), sizeof ASK - 1);
}

static void exchanges_share_a_connection_one_after_the_other(void **state)
{
    struct http_server_config config = http_server_defaults();

    (void)state;
    rig_open(4, &config);
    for (int i = 0; i < 10; i++) {
        ask(0, true, WAIT_NS);
        expect_answer(0, 200, "/x");
    }
    assert_int_equal(http_server_stats(rig.server)->connections, 1);
    assert_int_equal(http_server_stats(rig.server)->requests, 10);
    rig_close();
}

static void an_end_may_ask_the_next(void **state)
{
    struct http_server_config config = http_server_defaults();

    (void)state;
    rig_open(1, &config);
    rig.again = 20;
    ask(0, true, WAIT_NS);
    expect_answer(0, 200, "/x");
    assert_int_equal(http_server_stats(rig.server)->requests, 21);
    assert_int_equal(http_server_stats(rig.server)->connections, 1);
    rig_close();
}

static void the_connection_used_last_is_used_first(void **state)
{
    int first, second;

    (void)state;
    rig_open(2, NULL);
    ask(0, true, WAIT_NS);
    first = take_request();
    ask(1, true, WAIT_NS);
    second = take_request();
    socket_say_text(&rig.loop, second, OK);
    expect_answer(1, 200, "ok");
    socket_say_text(&rig.loop, first, OK);
    expect_answer(0, 200, "ok");
    ask(0, true, WAIT_NS);
    read_request(first);
    socket_say_text(&rig.loop, first, OK);
    expect_answer(0, 200, "ok");
    close(first);
    close(second);
    rig_close();
}

static void one_exchange_more_than_connections_is_refused(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    ask(0, true, WAIT_NS);
    ask(1, true, WAIT_NS);
    ask(2, true, WAIT_NS);
    assert_int_equal(rig.asks[1].ended, 0);
    expect_end(1, HTTP_REFUSED);
    expect_end(2, HTTP_REFUSED);
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(0, 200, "ok");
    close(fd);
    rig_close();
}

static void nobody_there_is_refused(void **state)
{
    (void)state;
    rig_open(4, NULL);
    close(rig.listener);
    rig.listener = -1;
    ask(0, true, WAIT_NS);
    ask(1, false, UINT64_MAX);
    expect_end(0, HTTP_REFUSED);
    expect_end(1, HTTP_REFUSED);
    rig_close();
}

static void a_name_that_means_nothing_has_no_client(void **state)
{
    struct address nowhere = {"no-such-host.invalid", 80};

    (void)state;
    rig_open(1, NULL);
    assert_null(http_client_open(&rig.loop, &nowhere, 1));
    rig_close();
}

static void silence_is_a_timeout_and_closes_the_connection(void **state)
{
    char text[8];
    int fd;

    (void)state;
    rig_open(1, NULL);
    ask(0, true, 30 * MS);
    fd = take_request();
    socket_say_text(&rig.loop, fd, "HTTP/1.1 200 OK\r\nContent-Le");
    expect_end(0, HTTP_TIMEOUT);
    assert_int_equal(socket_hear(&rig.loop, fd, text, 1), 0);
    close(fd);
    ask(1, true, WAIT_NS); /* Its place is free again. */
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(1, 200, "ok");
    close(fd);
    rig_close();
}

static void a_longer_deadline_is_not_cut_by_an_earlier_one(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    ask(0, true, 40 * MS); /* Its alarm is still set when the second one is under way. */
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(0, 200, "ok");
    ask(1, true, WAIT_NS);
    read_request(fd);
    loop_enter(&rig.loop);
    (void)loop_run(&rig.loop, loop_now_ns(&rig.loop) + 80 * MS);
    assert_int_equal(rig.asks[1].ended, 0);
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(1, 200, "ok");
    close(fd);
    rig_close();
}

static void a_server_that_dies_with_the_request_in_hand_is_broken(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    ask(0, true, WAIT_NS); /* On a new connection: it is not stale, and not sent again. */
    fd = take_request();
    close(fd);
    expect_end(0, HTTP_BROKEN);
    ask(1, true, WAIT_NS);
    fd = take_request();
    socket_say_text(&rig.loop, fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    close(fd);
    expect_end(1, HTTP_BROKEN);
    rig_close();
}

static void what_is_not_http_is_broken(void **state)
{
    static const char *const answers[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
    };

    (void)state;
    rig_open(1, NULL);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        int fd;

        ask((int)i, true, WAIT_NS);
        fd = take_request();
        socket_say_text(&rig.loop, fd, answers[i]);
        expect_end((int)i, HTTP_BROKEN);
        close(fd);
    }
    rig_close();
}

/* An exchange has been answered on `fd`, which is idle. */
static int used_connection(void)
{
    int fd;

    ask(0, true, WAIT_NS);
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(0, 200, "ok");
    return fd;
}

static void a_stale_connection_is_replaced_and_the_exchange_sent_again(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    close(used_connection()); /* The client has not looked yet when it is asked. */
    ask(1, true, WAIT_NS);
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(1, 200, "ok");
    close(fd);
    rig_close();
}

static void it_is_sent_again_once(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    fd = used_connection();
    ask(1, true, WAIT_NS);
    read_request(fd);
    close(fd);
    fd = take_request();
    close(fd);
    expect_end(1, HTTP_BROKEN);
    rig_close();
}

static void it_is_not_sent_again_when_it_must_not_be(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    fd = used_connection();
    ask(1, false, WAIT_NS);
    read_request(fd);
    close(fd);
    expect_end(1, HTTP_BROKEN);
    fd = used_connection();
    close(fd);
    ask(2, false, WAIT_NS); /* Seen to be closed before anything was sent: a new one is made. */
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(2, 200, "ok");
    close(fd);
    rig_close();
}

static void what_had_perhaps_happened_is_broken_and_not_refused(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    fd = used_connection();
    close(rig.listener);
    rig.listener = -1;
    ask(1, true, WAIT_NS);
    read_request(fd); /* It was there, and then it was gone. */
    close(fd);
    expect_end(1, HTTP_BROKEN);
    rig_close();
}

static void a_server_that_closes_behind_its_answer_is_left(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    ask(0, true, WAIT_NS);
    fd = take_request();
    socket_say_text(&rig.loop, fd,
                    "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\nConnection: close\r\n\r\n-");
    expect_answer(0, 503, "-");
    ask(1, false, WAIT_NS);
    close(fd);
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(1, 200, "ok");
    close(fd);
    rig_close();
}

static void an_answer_that_nobody_asked_for_is_never_taken_for_the_next(void **state)
{
    int fd;

    (void)state;
    rig_open(1, NULL);
    ask(0, true, WAIT_NS);
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong");
    expect_answer(0, 200, "ok");
    ask(1, true, WAIT_NS);
    close(fd);
    fd = take_request();
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(1, 200, "ok");
    close(fd);
    rig_close();
}

static void a_body_of_filler_arrives_whole(void **state)
{
    static char text[RIG_TEXT];
    const size_t head = strlen("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n");
    int fd;

    (void)state;
    rig_open(1, NULL);
    rig.asks[0].exchange.done = ended;
    rig.asks[0].exchange.filler = 200000;
    http_ask(rig.client, &rig.asks[0].exchange,
             text_span("POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n"), true, WAIT_NS);
    fd = take_connection();
    assert_int_equal(socket_hear(&rig.loop, fd, text, head + 200000), head + 200000);
    assert_int_equal(strspn(text + head, " "), 200000);
    socket_say_text(&rig.loop, fd, OK);
    expect_answer(0, 200, "ok");
    close(fd);
    rig_close();
}

static void a_large_buffer_goes_back_with_its_answer_or_its_connection(void **state)
{
    static const char *const fields[] = {"", "Connection: close\r\n"};
    static char text[RIG_TEXT];
    const size_t large = 200000;

    (void)state;
    if (__sanitizer_get_current_allocated_bytes == NULL)
        skip();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t before, head = (size_t)snprintf(text, sizeof text,
                                               "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n",
                                               large, fields[i]);
        int fd;

        rig_open(1, NULL);
        fd = used_connection();
        before = __sanitizer_get_current_allocated_bytes();
        memset(text + head, 'x', large);
        ask(0, true, WAIT_NS);
        read_request(fd);
        socket_say(&rig.loop, fd, text, head + large);
        expect_end(0, HTTP_ANSWERED);
        assert_int_equal(rig.asks[0].exchange.body.length, large);
        assert_true(__sanitizer_get_current_allocated_bytes() < before + large / 4);
        close(fd);
        rig_close();
    }
}

static void close_client(struct http_exchange *exchange)
{
    struct asked *asked = (struct asked *)exchange;

    http_client_close(rig.client);
    rig.client = NULL;
    asked->ended++;
}

static void a_client_may_be_closed_by_the_end_of_an_exchange(void **state)
{
    static const enum http_end ends[] = {HTTP_ANSWERED, HTTP_BROKEN, HTTP_TIMEOUT, HTTP_REFUSED};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        int who = ends[i] == HTTP_REFUSED, fd;

        rig_open(1, NULL);
        ask(0, true, ends[i] == HTTP_TIMEOUT ? 30 * MS : WAIT_NS);
        fd = take_request();
        if (who == 1)
            ask(1, true, WAIT_NS);
        rig.asks[who].exchange.done = close_client;
        if (ends[i] == HTTP_ANSWERED)
            socket_say_text(&rig.loop, fd, OK);
        if (ends[i] == HTTP_BROKEN)
            shutdown(fd, SHUT_RDWR);
        expect_end(who, ends[i]);
        close(fd);
        rig_close();
    }
}

static void a_client_closes_with_exchanges_under_way(void **state)
{
    (void)state;
    rig_open(2, NULL);
    ask(0, true, WAIT_NS);
    close(take_request());
    ask(1, true, WAIT_NS);
    ask(2, true, WAIT_NS);
    rig_close();
    assert_int_equal(rig.asks[1].ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchanges_share_a_connection_one_after_the_other),
        cmocka_unit_test(an_end_may_ask_the_next),
        cmocka_unit_test(the_connection_used_last_is_used_first),
        cmocka_unit_test(one_exchange_more_than_connections_is_refused),
        cmocka_unit_test(nobody_there_is_refused),
        cmocka_unit_test(a_name_that_means_nothing_has_no_client),
        cmocka_unit_test(silence_is_a_timeout_and_closes_the_connection),
        cmocka_unit_test(a_longer_deadline_is_not_cut_by_an_earlier_one),
        cmocka_unit_test(a_server_that_dies_with_the_request_in_hand_is_broken),
        cmocka_unit_test(what_is_not_http_is_broken),
        cmocka_unit_test(a_stale_connection_is_replaced_and_the_exchange_sent_again),
        cmocka_unit_test(it_is_sent_again_once),
        cmocka_unit_test(it_is_not_sent_again_when_it_must_not_be),
        cmocka_unit_test(what_had_perhaps_happened_is_broken_and_not_refused),
        cmocka_unit_test(a_server_that_closes_behind_its_answer_is_left),
        cmocka_unit_test(an_answer_that_nobody_asked_for_is_never_taken_for_the_next),
        cmocka_unit_test(a_body_of_filler_arrives_whole),
        cmocka_unit_test(a_large_buffer_goes_back_with_its_answer_or_its_connection),
        cmocka_unit_test(a_client_may_be_closed_by_the_end_of_an_exchange),
        cmocka_unit_test(a_client_closes_with_exchanges_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
