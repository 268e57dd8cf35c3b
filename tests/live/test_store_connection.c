/* test_store_connection.c — No Redis, no socket, nobody behind the port, or a line that is full.
 *
 * The first connection is waited for; after it has come about or failed, commands are refused
 * whenever there is none. A server that cannot be reached is a socket of this test that never
 * accepts, so that connecting takes as long as the test wants it to. */
#include "tests/live/at_redis.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 50 };

static void a_socket_that_is_not_there_refuses_until_it_is(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    struct store_live *store;
    uint64_t limit_ns = rig_now_ns(rig) + RIG_LIMIT_NS;

    redis_kill(rig_redis(rig));
    unlink(rig_redis(rig)->socket);
    store = open_beside(rig, rig_redis(rig)->socket);
    for (int i = 0; i < 5; i++) {
        store_get(store_live_port(store), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
        rig_expect(&q, CALL_REFUSED, 0);
        rig_pass(rig, MS(30));
    }
    redis_start(rig_redis(rig));
    do {
        rig_pass(rig, MS(10));
        store_get(store_live_port(store), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
        rig_wait(&q);
    } while (q.call.outcome == CALL_REFUSED && rig_now_ns(rig) < limit_ns);
    assert_int_equal(q.call.outcome, CALL_ABSENT);
    store_live_close(store);
}

/* A port of 127.0.0.1 where nobody listens yet; it is free again when the socket is closed. */
static int take_port(char server[static 32])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int deaf = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(deaf >= 0);
    assert_int_equal(bind(deaf, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(deaf, (struct sockaddr *)&address, &length), 0);
    snprintf(server, 32, "127.0.0.1:%d", ntohs(address.sin_port));
    return deaf;
}

/* Never accepts. */
static int listen_deaf(char server[static 32])
{
    int deaf = take_port(server);

    assert_int_equal(listen(deaf, 0), 0);
    return deaf;
}

static void a_server_that_takes_connections_and_says_nothing_times_out(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    char server[32];
    int deaf = listen_deaf(server);
    struct store_live *store = open_beside(rig, server);

    store_get(store_live_port(store), rig_ask(rig, &q), count, MS(50));
    rig_expect(&q, CALL_TIMEOUT, 0);
    store_live_close(store);
    close(deaf);
}

static void a_port_where_nobody_listens_refuses(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    struct store_live *store;
    char server[32];

    close(listen_deaf(server));
    store = open_beside(rig, server);
    for (int i = 0; i < 3; i++) {
        store_get(store_live_port(store), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
        rig_expect(&q, CALL_REFUSED, 0);
    }
    store_live_close(store);
}

static void a_store_can_be_closed_with_calls_under_way(void **state)
{
    static struct rig_question q[MANY];
    struct rig *rig = *state;
    struct store_live *store = open_beside(rig, rig_redis(rig)->socket);

    for (uint64_t i = 0; i < MANY; i++)
        store_get(store_live_port(store), rig_ask(rig, &q[i]), i, MS(30));
    store_live_close(store);
    rig_pass(rig, MS(60));
    for (uint64_t i = 0; i < MANY; i++)
        assert_int_equal(q[i].times, 0);
}

static void addresses_that_cannot_be_are_told_from_those_that_do_not_answer(void **state)
{
    static const struct {
        const char *server;
        int number;
    } wrong[] = {{"", EINVAL},           {"localhost", EINVAL},
                 {"localhost:", EINVAL}, {"localhost:0", EINVAL},
                 {":6379", EINVAL},      {"localhost:70000", EINVAL},
                 {"host:63 79", EINVAL}, {"host:-1", EINVAL},
                 {NULL, ENAMETOOLONG}};
    struct rig *rig = *state;
    char path[200] = "/tmp/", why[160], version[32];

    memset(path + 5, 'p', 103); /* 108 bytes: one too many. */
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *server = wrong[i].server == NULL ? path : wrong[i].server;

        assert_null(store_live_open(&rig->loop, server, "rig", &rig->stats));
        assert_int_equal(errno, wrong[i].number);
        assert_false(store_probe(server, version, why));
        assert_true(why[0] != '\0');
    }
    path[107] = '\0';
    assert_false(store_probe(path, version, why));
    assert_non_null(strstr(why, "No such file"));
    assert_null(store_live_open(&rig->loop, path, "a*b", &rig->stats));
    assert_null(store_live_open(&rig->loop, path, "", &rig->stats));
    assert_null(store_live_open(&rig->loop, path, "a-run-of-24-characters--", &rig->stats));
}

/* ---- A server whose line is full: connecting takes its time ---------------------------------- */

enum { FILLERS = 4 };

/* Linux drops what asks to connect once the line of those not yet accepted is full. */
static void fill_line(const char *server, int fillers[static FILLERS])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    address.sin_port = htons((uint16_t)strtoul(strchr(server, ':') + 1, NULL, 10));
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(fillers[i] >= 0);
        if (connect(fillers[i], (struct sockaddr *)&address, sizeof address) != 0)
            assert_int_equal(errno, EINPROGRESS);
    }
}

static void close_all(const int fillers[static FILLERS])
{
    for (int i = 0; i < FILLERS; i++)
        close(fillers[i]);
}

static void commands_wait_for_the_first_connection(void **state)
{
    struct rig *rig = *state;
    struct store_live *store;
    struct rig_question q;
    char server[32];
    int deaf = listen_deaf(server), fillers[FILLERS];

    fill_line(server, fillers);
    store = open_beside(rig, server);
    store_get(store_live_port(store), rig_ask(rig, &q), count, MS(60));
    rig_expect(&q, CALL_TIMEOUT, 0);
    assert_false(store->is_connected);
    store_live_close(store);
    close_all(fillers);
    close(deaf);
}

static bool is_connected(void *context)
{
    return ((const struct store_live *)context)->is_connected;
}

static bool is_connecting_again(void *context)
{
    const struct store_live *store = context;

    return !store->is_connected && store->context != NULL;
}

static void a_first_connection_that_failed_is_waited_for_no_more(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    char server[32];
    int deaf = take_port(server), fillers[FILLERS];
    struct store_live *store = open_beside(rig, server);
    const void *context;

    store_get(store_live_port(store), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    assert_int_equal(listen(deaf, 0), 0);
    fill_line(server, fillers);
    assert_true(rig_run_until(rig, is_connecting_again, store, RIG_LIMIT_NS));
    context = store->context;
    store_get(store_live_port(store), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    assert_ptr_equal(store->context, context);
    store_live_close(store);
    close_all(fillers);
    close(deaf);
}

static void commands_are_refused_at_once_while_a_later_connection_is_being_made(void **state)
{
    struct rig *rig = *state;
    struct rig_question q;
    char server[32];
    int deaf = listen_deaf(server), fillers[FILLERS], accepted;
    struct store_live *store = open_beside(rig, server);
    const void *context;

    assert_true(rig_run_until(rig, is_connected, store, RIG_LIMIT_NS));
    accepted = accept(deaf, NULL, NULL);
    assert_true(accepted >= 0);
    fill_line(server, fillers);
    close(accepted);
    assert_true(rig_run_until(rig, is_connecting_again, store, RIG_LIMIT_NS));
    context = store->context;
    store_get(store_live_port(store), rig_ask(rig, &q), count, RIG_TIMEOUT_NS);
    rig_expect(&q, CALL_REFUSED, 0);
    assert_ptr_equal(store->context, context); /* It is still being made. */
    assert_false(store->is_connected);
    store_live_close(store);
    close_all(fillers);
    close(deaf);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_socket_that_is_not_there_refuses_until_it_is),
    cmocka_unit_test(a_server_that_takes_connections_and_says_nothing_times_out),
    cmocka_unit_test(a_port_where_nobody_listens_refuses),
    cmocka_unit_test(commands_wait_for_the_first_connection),
    cmocka_unit_test(a_first_connection_that_failed_is_waited_for_no_more),
    cmocka_unit_test(commands_are_refused_at_once_while_a_later_connection_is_being_made),
    cmocka_unit_test(a_store_can_be_closed_with_calls_under_way),
    cmocka_unit_test(addresses_that_cannot_be_are_told_from_those_that_do_not_answer),
};

int main(void)
{
    static const struct rig_world *const worlds[] = {&rig_store_live};

    return rig_run(worlds, 1, tests, sizeof tests / sizeof *tests);
}
