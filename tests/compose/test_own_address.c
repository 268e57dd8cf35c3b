/* By which address a node is reached that listens on all of them. */
#include "tests/lib/test.h"

#include <stdio.h>

#include "sim/lab/servers.h"

static struct address at(const char *text)
{
    struct address address = {0};

    if (text[0] != '\0')
        assert_true(address_read(&address, text));
    return address;
}

static const char *own(const char *listen_text, const char *front_text)
{
    static char text[80];
    struct address listen = at(listen_text), front = at(front_text), address;

    if (!servers_own_address(&listen, &front, &address))
        return "nobody";
    snprintf(text, sizeof text, "%s:%u", address.host, address.port);
    return text;
}

static void it_is_where_it_listens_if_that_is_one_address(void **state)
{
    (void)state;
    assert_string_equal(own("127.0.0.2:81", "127.0.0.1:80"), "127.0.0.2:81");
    assert_string_equal(own("127.0.0.2:81", ""), "127.0.0.2:81");
}

static void it_is_the_one_from_which_the_balancer_is_reached(void **state)
{
    (void)state;
    assert_string_equal(own("0.0.0.0:8080", "127.0.0.1:80"), "127.0.0.1:8080");
    assert_string_equal(own("0.0.0.0:8080", "localhost:80"), "127.0.0.1:8080");
}

static void without_a_balancer_it_is_left_open(void **state)
{
    (void)state;
    assert_string_equal(own("0.0.0.0:8080", ""), "0.0.0.0:8080");
}

static void a_balancer_that_nobody_knows_is_said_so(void **state)
{
    (void)state;
    assert_string_equal(own("0.0.0.0:8080", "no-such-host.invalid:80"), "nobody");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_where_it_listens_if_that_is_one_address),
        cmocka_unit_test(it_is_the_one_from_which_the_balancer_is_reached),
        cmocka_unit_test(without_a_balancer_it_is_left_open),
        cmocka_unit_test(a_balancer_that_nobody_knows_is_said_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
