/* The peer port over HTTP: what becomes of a target's connections when it moves, and how much is
 * kept of what was asked. The other side is a bare socket, which the test answers for. */
#include "tests/lib/test.h"

#include <stdio.h>

#include "services/live/http/wire.h"
#include "services/live/node/peer_live.h"
#include "services/live/node/stats.h"
#include "tests/live/http_rig.h"

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"value\":5}"

static struct rig {
    struct loop loop;
    struct node_stats stats;
    struct peer_live *peer;
    int listeners[2];
    struct address at[2];
    struct call call;
    int ended;
} rig;

static int setup(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(loop_open(&rig.loop, 0));
    for (int i = 0; i < 2; i++) {
        char why[160] = "";

        strcpy(rig.at[i].host, "127.0.0.1");
        rig.listeners[i] = http_listen(&rig.at[i], 16, why);
        assert_string_equal(why, "");
        rig.at[i].port = http_listens_on(rig.listeners[i]);
    }
    rig.peer = peer_live_open(&rig.loop, 1, &rig.stats);
    assert_true(peer_live_set(rig.peer, 0, &rig.at[0]));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    peer_live_close(rig.peer);
    for (int i = 0; i < 2; i++)
        close(rig.listeners[i]);
    loop_close(&rig.loop);
    return 0;
}

static void ended(struct call *call)
{
    assert_int_equal(call->outcome, CALL_OK);
    assert_int_equal(call->value, 5);
    rig.ended++;
}

static void ask(uint32_t bytes)
{
    const struct ask ask = {.verb = VERB_CALL, .key = 3, .bytes = bytes};

    rig.call.done = ended;
    peer_ask(peer_live_port(rig.peer), &rig.call, 0, &ask, WAIT_NS);
}

/* The connection that the peer makes to one of the two. */
static int come_to(int which)
{
    int fd = -1;

    rig_until(&rig.loop, (fd = fd >= 0 ? fd : accept(rig.listeners[which], NULL, NULL)) >= 0);
    return fd;
}

static void answer(int fd)
{
    int before = rig.ended;

    socket_say_text(&rig.loop, fd, ANSWER);
    rig_until(&rig.loop, rig.ended == before + 1);
}

/* What was asked has been read or not: the end of it is what counts. */
static void expect_closed(int fd)
{
    char bytes[1024];
    ssize_t got = 1;

    rig_until(&rig.loop, (got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) == 0);
    close(fd);
}

static void who_has_moved_is_left_at_once_when_nobody_waits(void **state)
{
    int fd;

    (void)state;
    ask(0);
    fd = come_to(0);
    answer(fd);
    assert_true(peer_live_set(rig.peer, 0, &rig.at[1]));
    expect_closed(fd);
}

static void who_has_moved_is_left_behind_its_last_answer(void **state)
{
    int fd, elsewhere;

    (void)state;
    ask(0);
    fd = come_to(0);
    assert_true(peer_live_set(rig.peer, 0, &rig.at[1]));
    answer(fd);
    expect_closed(fd);
    ask(0);
    elsewhere = come_to(1);
    answer(elsewhere);
    close(elsewhere);
}

static void a_large_ask_is_sent_whole_and_never_written_out(void **state)
{
    static char text[RIG_TEXT];
    size_t before, got, head;
    int fd;

    (void)state;
    if (__sanitizer_get_current_allocated_bytes == NULL)
        skip();
    ask(0);
    fd = come_to(0);
    answer(fd);
    assert_true(recv(fd, text, sizeof text, 0) > 0);
    before = __sanitizer_get_current_allocated_bytes();
    ask(HTTP_BODY_MAX);
    got = socket_hear(&rig.loop, fd, text, 4096);
    head = (size_t)(strstr(text, "\r\n\r\n{}") + 4 - text);
    got += socket_hear(&rig.loop, fd, text + got, head + HTTP_BODY_MAX - got);
    assert_int_equal(got, head + HTTP_BODY_MAX);
    assert_int_equal(strspn(text + head + 2, " "), HTTP_BODY_MAX - 2);
    assert_true(__sanitizer_get_current_allocated_bytes() < before + HTTP_BODY_MAX / 4);
    answer(fd);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_has_moved_is_left_at_once_when_nobody_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_has_moved_is_left_behind_its_last_answer, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_large_ask_is_sent_whole_and_never_written_out, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("peer, live", tests, NULL, NULL);
}
