/* test_port.c — A port that is held is nobody else's and our node's. */
#include "tests/lib/test.h"

#include <unistd.h>

#include "services/live/http/http.h"
#include "sim/lab/port.h"

/* Among tests that run beside this one. */
static uint32_t somewhere(void)
{
    return (uint32_t)getpid() * 7919;
}

static int listen_on(uint16_t port)
{
    struct address address = {.host = "127.0.0.1", .port = port};
    char why[160];

    return http_listen(&address, 8, why);
}

static void two_runs_that_begin_at_one_place_hold_different_ports(void **state)
{
    uint32_t first_at = somewhere(), second_at = first_at;
    uint16_t first, second;
    int first_fd = port_hold(&first_at, &first), second_fd = port_hold(&second_at, &second);

    (void)state;
    assert_true(first_fd >= 0 && second_fd >= 0);
    assert_int_not_equal(first, second);
    close(first_fd);
    close(second_fd);
}

static void our_node_listens_on_it_and_again_when_it_comes_back(void **state)
{
    uint32_t at = somewhere() + 100, other_at;
    uint16_t port, other;
    int held = port_hold(&at, &port), other_fd;

    (void)state;
    assert_true(held >= 0);
    for (int i = 0; i < 3; i++) {
        int listens = listen_on(port);

        assert_true(listens >= 0);
        other_at = at - 1;
        other_fd = port_hold(&other_at, &other);
        assert_int_not_equal(other, port);
        close(other_fd);
        close(listens);
    }
    other_at = at - 1; /* It is down, and its port is not for others. */
    other_fd = port_hold(&other_at, &other);
    assert_int_not_equal(other, port);
    close(other_fd);
    close(held);
}

static void whoever_listens_already_keeps_its_port(void **state)
{
    uint32_t at = somewhere() + 200, again;
    uint16_t port, other;
    int held = port_hold(&at, &port), listens = listen_on(port), other_fd;

    (void)state;
    assert_true(held >= 0 && listens >= 0);
    close(held);
    again = at - 1;
    other_fd = port_hold(&again, &other);
    assert_int_not_equal(other, port);
    close(other_fd);
    close(listens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_runs_that_begin_at_one_place_hold_different_ports),
        cmocka_unit_test(our_node_listens_on_it_and_again_when_it_comes_back),
        cmocka_unit_test(whoever_listens_already_keeps_its_port),
    };

    return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
